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

controller::DivergenceJob jobWith(uint32_t tokens, std::vector<trace::TokenTracePtr> kept) {
    controller::DivergenceJob job;
    job.prompt_tokens = tokens;
    job.prompt = std::move(kept);
    return job;
}

} // namespace

TEST(ComputedPrompt, IsWhatWasKeptWhereAllWas) {
    const auto job = jobWith(3, {tokenAt(1, 11), tokenAt(0, 10), tokenAt(2, 12), tokenAt(7, 99)});
    EXPECT_EQ(computedPrompt(job, {10, 11, 12, 13}), (std::vector<int32_t>{10, 11, 12}));
    EXPECT_EQ(computedPrompt(job, {}), (std::vector<int32_t>{10, 11, 12}));
}

TEST(ComputedPrompt, IsTheRenderedOneWhereThatAgreesWithTheRest) {
    const auto job = jobWith(4, {tokenAt(2, 12), tokenAt(3, 13)}); // the first two were reused
    EXPECT_EQ(computedPrompt(job, {10, 11, 12, 13}), (std::vector<int32_t>{10, 11, 12, 13}));
    EXPECT_EQ(computedPrompt(jobWith(2, {}), {10, 11}), (std::vector<int32_t>{10, 11}));
    EXPECT_EQ(computedPrompt(jobWith(0, {}), {10, 11}), (std::vector<int32_t>{10, 11})); // of which nothing is known
}

TEST(ComputedPrompt, SaysWhereItIsAnother) {
    const auto job = jobWith(4, {tokenAt(2, 12), tokenAt(3, 13)});
    for (const std::vector<int32_t>& rendered :
         {std::vector<int32_t>{10, 11, 12}, {10, 11, 12, 14}, {10, 11, 12, 13, 14}}) {
        try {
            computedPrompt(job, rendered);
            FAIL() << rendered.size();
        } catch (const trace::Error& error) {
            EXPECT_EQ(error.id(), "app.other_prompt");
        }
    }
    // However many a damaged store names, there is no room made for them.
    EXPECT_THROW(computedPrompt(jobWith(0xFFFFFFFF, {tokenAt(2, 12)}), {10, 11, 12}), trace::Error);
}
