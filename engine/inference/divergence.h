// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/engine.h"
#include "engine/trace/divergence.h"

#include <functional>
#include <span>
#include <vector>

namespace moescope::inference {

struct DivergenceRequest {
    std::vector<int32_t> prompt;
    std::vector<int32_t> answer;
    trace::Intervention base;    ///< of P; empty: the model as it is
    trace::Intervention what_if; ///< of Q
    /** Tokens read so far and in all, both sides together; called once a micro-batch. */
    std::function<void(uint64_t done, uint64_t total)> progress;
    const std::atomic<bool>* cancel = nullptr;
    /** Logits of one side that are held while the other's come; at least one row is. */
    uint64_t held_bytes = uint64_t{256} << 20;
};

/** Reads prompt and answer under both interventions and compares what was predicted where each token of the answer
 *  stands: one entry a token of it, exact over the vocabulary.
 *
 *  Answers whose logits are more than `held_bytes` are compared in pieces, and for each further piece one side is read
 *  once more from the start. Forgets the engine's KV cache, also where it throws: trace::Error{work.cancelled},
 *  {divergence.empty} without a token of prompt or answer, {divergence.too_long}, {divergence.nan} where a logit is no
 *  number, and what Engine::evaluate() throws. */
std::vector<trace::TokenDivergence> divergence(Engine& engine, const DivergenceRequest& request);

} // namespace moescope::inference
