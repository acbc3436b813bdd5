// SPDX-License-Identifier: Apache-2.0
#include "app/controller/computedprompt.h"

#include <gtest/gtest.h>

using namespace moescope;
using controller::computedPrompt;

namespace {

trace::TokenTracePtr tokenAt(uint32_t position, int32_t id) {
    auto token = std::make_shared<trace::TokenTrace>();
    token->position = position;
    token->token = id;
    return token;
}

controller::AnsweredPrompt promptWith(uint32_t tokens, std::vector<trace::TokenTracePtr> kept) {
    controller::AnsweredPrompt prompt;
    prompt.tokens = tokens;
    prompt.kept = std::move(kept);
    return prompt;
}

} // namespace

TEST(ComputedPrompt, IsWhatWasKeptWhereAllWas) {
    const auto prompt = promptWith(3, {tokenAt(1, 11), tokenAt(0, 10), tokenAt(2, 12), tokenAt(7, 99)});
    EXPECT_EQ(computedPrompt(prompt, {10, 11, 12, 13}), (std::vector<int32_t>{10, 11, 12}));
    EXPECT_EQ(computedPrompt(prompt, {}), (std::vector<int32_t>{10, 11, 12}));
}

TEST(ComputedPrompt, IsTheRenderedOneWhereThatAgreesWithTheRest) {
    const auto prompt = promptWith(4, {tokenAt(2, 12), tokenAt(3, 13)}); // the first two were reused
    EXPECT_EQ(computedPrompt(prompt, {10, 11, 12, 13}), (std::vector<int32_t>{10, 11, 12, 13}));
    EXPECT_EQ(computedPrompt(promptWith(2, {}), {10, 11}), (std::vector<int32_t>{10, 11}));
    EXPECT_EQ(computedPrompt(promptWith(0, {}), {10, 11}), (std::vector<int32_t>{10, 11})); // of which nothing is known
}

TEST(ComputedPrompt, SaysWhereItIsAnother) {
    const auto prompt = promptWith(4, {tokenAt(2, 12), tokenAt(3, 13)});
    for (const std::vector<int32_t>& rendered :
         {std::vector<int32_t>{10, 11, 12}, {10, 11, 12, 14}, {10, 11, 12, 13, 14}}) {
        try {
            computedPrompt(prompt, rendered);
            FAIL() << rendered.size();
        } catch (const trace::Error& error) {
            EXPECT_EQ(error.id(), "app.other_prompt");
        }
    }
    // However many a damaged store names, there is no room made for them.
    EXPECT_THROW(computedPrompt(promptWith(0xFFFFFFFF, {tokenAt(2, 12)}), {10, 11, 12}), trace::Error);
}
