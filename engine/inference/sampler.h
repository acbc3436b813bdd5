// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/info.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <span>
#include <vector>

namespace moescope::inference {

/** What a user asked for; unset fields take the model's defaults (CLI.md, "Order of the sampler"). */
struct SamplerSettings {
    std::optional<float> temperature;        ///< 0: greedy
    std::optional<uint32_t> top_k;           ///< 0: off
    std::optional<float> top_p;              ///< 1: off
    std::optional<float> min_p;              ///< 0: off
    std::optional<float> repetition_penalty; ///< 1: off
    std::optional<uint64_t> seed;            ///< unset: random
};

/** A token before and behind the samplers. */
struct Candidate {
    int32_t token = 0;
    float probability = 0; ///< softmax of the raw logits
    float sampled = 0;     ///< with which it could be sampled; 0: the samplers removed it
};

struct SampledToken {
    int32_t token = 0;
    float probability = 0; ///< softmax of the raw logits
    /** The likeliest by raw probability, best first, and the sampled one after them where it is none of them. */
    std::vector<Candidate> candidates;
};

/** Repetition penalty over the last 64 tokens, temperature, top-k, top-p, min-p, in this order. Equal logits: lower
 *  id first. The same settings, seed and logits give the same tokens on every platform (own uniform draw). */
class Sampler {
public:
    Sampler(const SamplerSettings& settings, const trace::SamplingDefaults& defaults);

    /** Tokens of prompt and answer, for the penalty. */
    void accept(int32_t token);
    /** `token_count`: ids from here on are padding and never produced. `candidates`: how many of the likeliest are told;
     *  which token is sampled does not depend on it. Throws trace::Error{sampler.nan} if a logit is NaN or +Inf. */
    SampledToken sample(std::span<const float> logits, uint32_t token_count, uint32_t candidates = 0);
    /** As if so many tokens had been sampled already. */
    void skip(uint32_t tokens);
    uint64_t seed() const { return m_seed; }

private:
    /** Token and logit; the better one first. */
    using Scored = std::pair<float, int32_t>;

    float m_temperature, m_topP, m_minP, m_repetitionPenalty;
    uint32_t m_topK;
    uint64_t m_seed;
    std::mt19937_64 m_random;
    std::deque<int32_t> m_recent;
    std::vector<Scored> m_candidates;
};

} // namespace moescope::inference
