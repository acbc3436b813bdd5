// SPDX-License-Identifier: Apache-2.0
#include "engine/trace/error.h"
#include "engine/trace/info.h"
#include "engine/trace/intervention.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace moescope::trace {
namespace {

/** Layer 0 is dense: three layers with four experts each, two of which answer. */
ModelInfo small() {
    ModelInfo model;
    model.name = "Small";
    model.block_count = 4;
    model.leading_dense_block_count = 1;
    model.expert_count = 4;
    model.expert_used_count = 2;
    model.expert_shared_count = 1;
    return model;
}

/** Id and sentence of what is wrong; empty: nothing. */
std::string refusal(const Intervention& intervention, const ModelInfo& model = small()) {
    try {
        checkIntervention(intervention, model);
    } catch (const Error& error) {
        EXPECT_EQ(std::string(error.what()).find('{'), std::string::npos) << error.what();
        return error.id();
    }
    return {};
}

TEST(Intervention, WhatAModelCanRunIsTaken) {
    EXPECT_EQ(refusal({}), "");
    EXPECT_EQ(refusal({.banned = {{0, 1}, {0, 2}, {2, 3}}, .forced = {{0, 0}, {0, 3}}, .without_shared = true}), "");
    EXPECT_EQ(refusal({.banned = {{1, 1}}, .biases = {{{1, 1}, -4.0F}}, .experts_used = 3}), "");
    EXPECT_EQ(refusal({.forced = {{1, 0}, {1, 1}, {1, 2}, {1, 3}}, .experts_used = 4}), "");
}

TEST(Intervention, WhatItCannotRunIsASentence) {
    EXPECT_EQ(refusal({.banned = {{3, 0}}}), "intervention.layer");
    EXPECT_EQ(refusal({.forced = {{2, 4}}}), "intervention.expert");
    EXPECT_EQ(refusal({.biases = {{{0, 9}, 1.0F}}}), "intervention.expert");
    EXPECT_EQ(refusal({.banned = {{0, 1}}, .forced = {{0, 1}}}), "intervention.twice");
    EXPECT_EQ(refusal({.biases = {{{0, 1}, 1.0F}, {{0, 1}, 2.0F}}}), "intervention.twice");
    EXPECT_EQ(refusal({.biases = {{{0, 1}, std::numeric_limits<float>::infinity()}}}), "intervention.bias");
    EXPECT_EQ(refusal({.forced = {{0, 0}, {0, 1}, {0, 2}}}), "intervention.forced");
    EXPECT_EQ(refusal({.banned = {{1, 0}, {1, 1}, {1, 2}}}), "intervention.banned");
    EXPECT_EQ(refusal({.banned = {{1, 0}, {1, 1}}, .experts_used = 3}), "intervention.banned");
    EXPECT_EQ(refusal({.experts_used = 5}), "intervention.experts_used");
}

TEST(Intervention, AModelWithoutThePartIsASentence) {
    ModelInfo dense = small();
    dense.expert_count = 0;
    EXPECT_EQ(refusal({.banned = {{0, 0}}}, dense), "intervention.dense");
    EXPECT_EQ(refusal({}, dense), "");
    ModelInfo unshared = small();
    unshared.expert_shared_count = 0;
    EXPECT_EQ(refusal({.without_shared = true}, unshared), "intervention.shared");
}

} // namespace
} // namespace moescope::trace
