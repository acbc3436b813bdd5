// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/needle/needle_fixture.h"

#include "engine/trace/error.h"
#include "engine/trace/random.h"

#include <gtest/gtest.h>

#include <numeric>

namespace moescope::test {
namespace {

using needle::Haystack;
using needle::sentencesOf;
using Sentences = std::vector<std::string_view>;

TEST(Haystack, a_sentence_ends_where_a_reader_ends_it) {
    EXPECT_EQ(sentencesOf("One. Two! Three? \"Four,\" she said. Five… Six"),
              (Sentences{"One.", "Two!", "Three?", "\"Four,\" she said.", "Five…", "Six"}));
    EXPECT_EQ(sentencesOf("He has 3.5 kg. and more. \"Why?\" asked Ann. (Yes.) Done."),
              (Sentences{"He has 3.5 kg. and more.", "\"Why?\" asked Ann.", "(Yes.)", "Done."}));
    EXPECT_EQ(sentencesOf("第一句。第二句！“第三句？”第四"), (Sentences{"第一句。", "第二句！", "“第三句？”", "第四"}));
    EXPECT_EQ(sentencesOf("A title\n\nText that\ngoes on. End"), (Sentences{"A title", "Text that\ngoes on.", "End"}));
    EXPECT_EQ(sentencesOf(" \n\t "), Sentences{});
    EXPECT_EQ(sentencesOf(""), Sentences{});
    EXPECT_EQ(sentencesOf("..."), Sentences{"..."});
}

TEST(Haystack, a_table_is_cut_at_its_lines) {
    std::string table;
    for (int i = 0; i < 60; ++i) {
        table += "row " + std::to_string(i) + ",value\r\n";
    }
    const Sentences rows = sentencesOf(table);
    ASSERT_EQ(rows.size(), 60U);
    EXPECT_EQ(rows.front(), "row 0,value");
    EXPECT_EQ(rows.back(), "row 59,value");
}

TEST(Haystack, nothing_of_a_text_but_white_space_is_lost) {
    std::string all;
    for (size_t i = 0; i < needleFixture().stories.size(); ++i) {
        all += needleFixture().stories.sentence(i);
    }
    std::string text(needleFixture().stories.text());
    const auto squeeze = [](std::string& s) { std::erase_if(s, [](char c) { return c == ' ' || c == '\n'; }); };
    squeeze(all);
    squeeze(text);
    EXPECT_EQ(all, text);
}

TEST(Haystack, what_is_no_text_is_refused) {
    const model::Tokenizer& tokenizer = needleFixture().tokenizer;
    const auto idOf = [&](const std::string& text) {
        try {
            const Haystack haystack("a", text, tokenizer);
            return std::string();
        } catch (const trace::Error& error) {
            return error.id();
        }
    };
    EXPECT_EQ(idOf("fine. \xC3\x28"), "needle.utf8");
    EXPECT_EQ(idOf(""), "needle.haystack");
    EXPECT_EQ(idOf(" \n\n "), "needle.haystack");
    const std::atomic<bool> stop = true;
    EXPECT_THROW(Haystack("a", "One. Two.", tokenizer, &stop), trace::Error);
}

uint64_t sumOf(const Haystack& haystack, const std::vector<size_t>& chosen) {
    return std::accumulate(chosen.begin(), chosen.end(), uint64_t{0},
                           [&](uint64_t sum, size_t i) { return sum + haystack.tokens(i); });
}

TEST(Haystack, sentences_fill_any_budget_closely) {
    const Haystack& stories = needleFixture().stories;
    trace::Random random(7);
    for (int i = 0; i < 2'000; ++i) {
        const auto budget = static_cast<uint32_t>(random.between(40, 4'000));
        const auto slack = static_cast<uint32_t>(random.below(4));
        const auto chosen = needle::sentencesFor(stories, random.below(stories.size()), budget, slack);
        ASSERT_TRUE(chosen.has_value()) << budget << " less " << slack;
        const uint64_t sum = sumOf(stories, *chosen);
        ASSERT_LE(sum, budget);
        ASSERT_LE(budget - sum, slack);
    }
}

TEST(Haystack, a_short_text_begins_anew_and_an_impossible_one_is_told) {
    const model::Tokenizer& tokenizer = needleFixture().tokenizer;
    const Haystack two("two", "The first. The second.", tokenizer);
    const uint32_t each = two.tokens(0) + two.tokens(1);
    const auto chosen = needle::sentencesFor(two, 1, each * 3, 0);
    ASSERT_TRUE(chosen.has_value());
    EXPECT_EQ(*chosen, (std::vector<size_t>{1, 0, 1, 0, 1, 0}));
    EXPECT_FALSE(needle::sentencesFor(two, 0, two.tokens(0) - 1, 0).has_value());
}

TEST(Random, is_splitmix64_and_even) {
    trace::Random random(1234567); // the reference's first numbers for this seed
    EXPECT_EQ(random.next(), 6457827717110365317U);
    EXPECT_EQ(random.next(), 3203168211198807973U);
    EXPECT_EQ(random.next(), 9817491932198370423U);
    std::vector<int> counts(7);
    for (int i = 0; i < 70'000; ++i) {
        ++counts[random.below(7)];
    }
    for (const int count : counts) {
        EXPECT_NEAR(count, 10'000, 400);
    }
    EXPECT_NE(trace::Random(1, 2, 3).next(), trace::Random(1, 3, 2).next());
}

} // namespace
} // namespace moescope::test
