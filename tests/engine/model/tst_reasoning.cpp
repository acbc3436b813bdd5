// SPDX-License-Identifier: Apache-2.0
#include "engine/model/reasoning.h"

#include <gtest/gtest.h>

#include <string>

using namespace moescope::model;

namespace {

struct Case {
    const char* text;
    bool opened;
    const char* thinking;
    const char* answer;
};

const Case cases[] = {
    {"Hello", false, "", "Hello"},
    {"", false, "", ""},
    {" \n Hello ", false, "", " \n Hello "},
    {"<think>\nHm.\n</think>\n\nYes.\n", false, "Hm.", "Yes.\n"},
    {"\n<think>Hm</think>Yes", false, "Hm", "Yes"},
    {"<think>\n\n</think>\n\nYes", false, "", "Yes"},
    {"<think>Hm", false, "Hm", ""},
    {"<think>Hm \n", false, "Hm", ""},
    {"<think>a </thin b</think>c", false, "a </thin b", "c"},
    {"<think>a\n\nb</think>c", false, "a\n\nb", "c"},
    {"Hm\n</think>\nYes", true, "Hm", "Yes"},
    {"\n\nHm", true, "Hm", ""},
    {"Say <think>no</think>", false, "", "Say <think>no</think>"},
    {"<thinner>", false, "", "<thinner>"},
    {"<thi", false, "", "<thi"},
    {"<think>\na\n</think>\n<answer>\nb\n</answer>", false, "a", "b"},
    {"<think>a</think><answer>b</answer>\n", false, "a", "b"},
    {"<think>a</think><answer>b</answer> c", false, "a", "b</answer> c"},
    {"<think>a</think><answer>b </answe", false, "a", "b </answe"},
    {"<think>a</think><ans", false, "a", "<ans"},
    {"<answer>b</answer>", false, "", "b"},
    {"<think>a</think>b</answer>", false, "a", "b</answer>"},
    {"[THINK]a[/THINK]b", false, "a", "b"},
    {"<seed:think>a</seed:think>b", false, "a", "b"},
    {"<thinking>a</think></thinking>b", false, "a</think>", "b"},
    {"<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b", false, "a", "b"},
    {"<|channel|>final<|message|>b", false, "", "b"},
    {"<|channel|>comment", false, "", "<|channel|>comment"},
    {"<think>a <think>b</think>c</think>d", false, "a <think>b", "c</think>d"},
    {"<think>\n```\n<b>\n```\n</think>d", false, "```\n<b>\n```", "d"},
    {"```\n<think>a</think>\n```", false, "", "```\n<think>a</think>\n```"},
};

} // namespace

TEST(Reasoning, TakesAnswersApart) {
    for (const Case& one : cases) {
        const ReasonedText parts = splitReasoning(one.text, one.opened);
        EXPECT_EQ(parts.thinking, one.thinking) << one.text;
        EXPECT_EQ(parts.answer, one.answer) << one.text;
    }
}

TEST(Reasoning, EveryCutGivesTheSameParts) {
    for (const Case& one : cases) {
        const std::string text = one.text;
        for (size_t first = 0; first <= text.size(); ++first) {
            for (size_t second = first; second <= text.size(); ++second) {
                ReasoningSplitter splitter(one.opened);
                ReasonedText parts;
                const auto take = [&](const ReasonedText& more) {
                    parts.thinking += more.thinking;
                    parts.answer += more.answer;
                };
                take(splitter.push(text.substr(0, first)));
                take(splitter.push(text.substr(first, second - first)));
                take(splitter.push(text.substr(second)));
                take(splitter.finish());
                ASSERT_EQ(parts.thinking, one.thinking) << text << " cut at " << first << " and " << second;
                ASSERT_EQ(parts.answer, one.answer) << text << " cut at " << first << " and " << second;
            }
        }
    }
}

TEST(Reasoning, HoldsBackNoMoreThanItMust) {
    ReasoningSplitter splitter;
    EXPECT_EQ(splitter.push("<think>One two").thinking, "One two");
    EXPECT_TRUE(splitter.isThinking());
    EXPECT_EQ(splitter.push(" three </th").thinking, " three");
    EXPECT_EQ(splitter.push("e").thinking, " </the");
    EXPECT_EQ(splitter.push("</think>\n").answer, "");
    EXPECT_FALSE(splitter.isThinking());
    EXPECT_EQ(splitter.push("Yes").answer, "Yes");
    ReasoningSplitter plain;
    EXPECT_EQ(plain.push("Hello").answer, "Hello");
}

TEST(Reasoning, SaysWhereThePartsStand) {
    for (const Case& one : cases) {
        if (one.opened) {
            continue; // the mark is not in the text
        }
        const std::string_view text = one.text;
        for (size_t cut = 0; cut <= text.size(); ++cut) {
            // Up to each place the spans are of what was given out until then.
            ReasoningSplitter splitter;
            const ReasonedText parts = splitter.push(text.substr(0, cut));
            const ReasonedSpans spans = locateReasoning(text.substr(0, cut), false);
            ASSERT_EQ(text.substr(spans.thinking_begin, spans.thinking_end - spans.thinking_begin), parts.thinking)
                << text << " up to " << cut;
            ASSERT_EQ(text.substr(spans.answer_begin, spans.answer_end - spans.answer_begin), parts.answer)
                << text << " up to " << cut;
            ASSERT_EQ(spans.answered, !parts.answer.empty()) << text << " up to " << cut;
            ASSERT_EQ(spans.thinking, splitter.isThinking()) << text << " up to " << cut;
        }
        const ReasonedSpans whole = locateReasoning(text, true);
        EXPECT_EQ(text.substr(whole.thinking_begin, whole.thinking_end - whole.thinking_begin), one.thinking) << text;
        EXPECT_EQ(text.substr(whole.answer_begin, whole.answer_end - whole.answer_begin), one.answer) << text;
        EXPECT_FALSE(whole.thinking);
    }
}

TEST(Reasoning, FindsTheMarkThatThePromptEndsWith) {
    EXPECT_EQ(openingMark("<|im_start|>assistant\n<think>\n"), "<think>");
    EXPECT_EQ(openingMark("<seed:think>"), "<seed:think>");
    EXPECT_EQ(openingMark("<think>\n\n</think>\n\n"), "");
    EXPECT_EQ(openingMark(""), "");
    EXPECT_EQ(closingMark("<seed:think>"), "</seed:think>");
    EXPECT_EQ(closingMark("<b>"), "");
    EXPECT_EQ(leadingMark("<think>\nHm"), 8U);
    EXPECT_EQ(leadingMark("<think>Hm"), 7U);
    EXPECT_EQ(leadingMark("Hm <think>\n"), 0U);
}
