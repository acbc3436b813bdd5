// SPDX-License-Identifier: Apache-2.0
#include "app/controller/contextfit.h"

#include <gtest/gtest.h>

#include <numeric>

using namespace moescope;
using controller::ContextFit;
using controller::fitContext;
using controller::PromptSize;

namespace {

struct Chat {
    std::vector<model::ChatMessage> messages;
    std::vector<uint32_t> tokens; ///< of each
    int asked = 0;                ///< how often a size was asked for

    PromptSize sizeOf(size_t first) {
        ++asked;
        PromptSize size;
        const size_t head = messages.front().role == "system" ? 1 : 0;
        for (size_t i = 0; i < messages.size(); ++i) {
            if (i < head || i >= first) {
                size.message_starts.push_back(size.tokens);
                size.tokens += tokens[i];
            }
        }
        size.message_starts.push_back(size.tokens);
        return size;
    }

    ContextFit fit(uint32_t room, uint32_t context) {
        return fitContext(messages, room, context, [this](size_t first) { return sizeOf(first); });
    }
};

Chat chat(bool system, const std::vector<uint32_t>& tokens) {
    Chat made;
    made.tokens = tokens;
    for (size_t i = 0; i < tokens.size(); ++i) {
        const size_t turn = i - (system ? 1 : 0);
        made.messages.push_back({system && i == 0 ? "system" : turn % 2 == 0 ? "user" : "assistant", "x"});
    }
    return made;
}

} // namespace

TEST(ContextFit, WhatFitsIsNotCut) {
    Chat made = chat(true, {10, 20, 30, 40});
    const ContextFit fit = made.fit(28, 128);
    EXPECT_TRUE(fit.fits());
    EXPECT_EQ(fit.tokens, 100U);
    EXPECT_EQ(made.asked, 1);
    EXPECT_FALSE(made.fit(29, 128).fits());
}

TEST(ContextFit, NoMoreIsCutThanLeavesAQuarterFree) {
    // system 10, then turns of 30 + 30, and the new question of 20: 210 of 200.
    Chat made = chat(true, {10, 30, 30, 30, 30, 30, 30, 20});
    const ContextFit fit = made.fit(16, 200);
    EXPECT_FALSE(fit.fits());
    EXPECT_EQ(fit.first, 3U); // 150 of 200 are left with one turn less
    EXPECT_EQ(fit.newest, 150U);
    EXPECT_EQ(fit.above, 60U);
    EXPECT_EQ(controller::newestOf(made.messages, fit.first).size(), 6U);
    EXPECT_EQ(controller::newestOf(made.messages, fit.first).front().role, "system");
}

TEST(ContextFit, TheLastTurnIsKeptWhereItLeavesRoomAtAll) {
    Chat made = chat(false, {100, 100, 180});
    const ContextFit fit = made.fit(16, 200);
    EXPECT_EQ(fit.first, 2U);
    EXPECT_EQ(fit.newest, 180U);
    EXPECT_EQ(fit.above, 200U);
    Chat longer = chat(false, {100, 100, 190});
    EXPECT_EQ(longer.fit(16, 200).first, 0U);
    EXPECT_EQ(longer.fit(16, 200).newest, 190U);
}

TEST(ContextFit, OneTurnCannotBeCut) {
    Chat made = chat(true, {50, 500});
    const ContextFit fit = made.fit(16, 200);
    EXPECT_EQ(fit.first, 0U);
    EXPECT_EQ(fit.newest, 550U);
    EXPECT_EQ(fit.above, 0U);
}

TEST(ContextFit, ACutBeginsWithWhatAUserSays) {
    for (uint32_t context = 40; context < 400; context += 7) {
        Chat made = chat(context % 2 == 0, {12, 31, 45, 18, 60, 22, 37, 51, 9, 14});
        const ContextFit fit = made.fit(8, context);
        if (fit.first > 0) {
            EXPECT_EQ(made.messages[fit.first].role, "user");
            EXPECT_LE(fit.newest + 8, context);
        }
    }
}
