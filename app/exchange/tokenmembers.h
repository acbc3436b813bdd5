// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/token_trace.h"

#include <QtGlobal>

#include <cstdint>
#include <vector>

// What capturetokens.h describes, by the names that writing and reading share.
namespace moescope::exchange {

constexpr auto idsName = "token_ids.npy";
constexpr auto positionsName = "token_positions.npy";
constexpr auto flagsName = "token_flags.npy";
constexpr auto probabilitiesName = "token_probabilities.npy";
constexpr auto textEndsName = "token_text_ends.npy";
constexpr auto textsName = "token_texts.bin";
constexpr auto candidateEndsName = "candidate_ends.npy";
constexpr auto candidateIdsName = "candidate_ids.npy";
constexpr auto candidateProbsName = "candidate_probabilities.npy";
constexpr auto candidateTextEndsName = "candidate_text_ends.npy";
constexpr auto candidateTextsName = "candidate_texts.bin";
constexpr auto expertsName = "routed_experts.npy";
constexpr auto weightsName = "router_weights.npy";
constexpr auto chosenName = "chosen_probabilities.npy";
constexpr auto runnerUpName = "runner_up.npy";
constexpr auto runnerUpProbName = "runner_up_probabilities.npy";
constexpr auto allProbsName = "expert_probabilities.npy";

enum TokenFlag : quint8 { Generated = 1, HasRouter = 2, HasProbs = 4, ChoicesOnly = 8 };

using Floats = std::vector<float> trace::RouterTrace::*;
using Ids = std::vector<uint16_t> trace::RouterTrace::*;

} // namespace moescope::exchange
