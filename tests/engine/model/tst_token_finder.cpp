// SPDX-License-Identifier: Apache-2.0
#include "engine/model/token_finder.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

using moescope::model::TokenFinder;

namespace {

using Texts = std::vector<std::pair<std::string_view, int32_t>>;

TokenFinder finderOf(const std::vector<std::string>& texts) {
    Texts tokens;
    for (const std::string& text : texts) {
        tokens.emplace_back(text, static_cast<int32_t>(tokens.size()));
    }
    TokenFinder finder;
    finder.add(tokens);
    return finder;
}

} // namespace

TEST(TokenFinder, FindsTheLongestThatBeginsHere) {
    std::mt19937 random(5);
    const auto below = [&](size_t count) { return static_cast<size_t>(random() % count); };
    size_t found = 0;
    for (int i = 0; i < 5000; ++i) {
        const size_t letters = 1 + below(3);
        const auto made = [&](size_t size) {
            std::string text;
            for (size_t k = 0; k < size; ++k) {
                text += static_cast<char>(below(9) == 0 ? 0xe0 + below(letters) : 'a' + below(letters));
            }
            return text;
        };
        std::vector<std::string> texts(1 + below(12));
        for (std::string& text : texts) {
            text = made(1 + below(8));
        }
        const TokenFinder finder = finderOf(texts);
        for (int k = 0; k < 20; ++k) {
            const std::string rest = made(1 + below(10));
            int32_t best = -1;
            for (size_t token = 0; token < texts.size(); ++token) {
                const size_t longest = best < 0 ? 0 : texts[static_cast<size_t>(best)].size();
                if (rest.starts_with(texts[token]) && texts[token].size() > longest) {
                    best = static_cast<int32_t>(token);
                }
            }
            const TokenFinder::Found here = finder.find(rest);
            ASSERT_EQ(here.token, best) << rest;
            ASSERT_EQ(here.size, best < 0 ? 0 : texts[static_cast<size_t>(best)].size());
            found += best < 0 ? 0 : 1;
        }
    }
    EXPECT_GT(found, 30000U);
    EXPECT_TRUE(TokenFinder().empty());
    EXPECT_EQ(TokenFinder().at("a"), -1);
}

TEST(TokenFinder, TokensInSeveralListsAreOneSet) {
    TokenFinder finder;
    finder.add(Texts{{"<b>", 1}, {"<a>", 2}});
    finder.add(Texts{{"<a>", 3}, {"<a>x", 4}});
    EXPECT_EQ(finder.at("<a>y"), 2);
    EXPECT_EQ(finder.at("<a>x"), 4);
    EXPECT_EQ(finder.at("<b"), -1);
}

/** Thousands of tokens that are all of them begun with at each place of the text. */
TEST(TokenFinder, LongTokensTakeNoLongerThanShortOnes) {
    constexpr size_t longest = 4096;
    std::vector<std::string> texts;
    for (size_t size = 1; size <= longest; ++size) {
        texts.push_back(std::string(size - 1, 'a') + "b");
        texts.push_back(std::string(1, 'a').append(size, 'c'));
    }
    const TokenFinder finder = finderOf(texts);
    const std::string as(size_t{1} << 18, 'a');
    const std::string cs = std::string(1, 'a').append(longest / 2, 'c') + "d";
    const auto begin = std::chrono::steady_clock::now();
    for (size_t at = 0; at < as.size(); ++at) {
        ASSERT_EQ(finder.at(std::string_view(as).substr(at)), -1);
        ASSERT_EQ(finder.find(cs).size, cs.size() - 1);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    EXPECT_LT(took.count(), 60); // less than one; with a comparison for each length, ten minutes
}
