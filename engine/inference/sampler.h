// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/info.h"
#include "shaders/common/sampler_state.h"

#include <cstdint>
#include <deque>
#include <optional>
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

/** Repetition penalty over the last 64 tokens, temperature, top-k, top-p, min-p, in this order; of what is left the largest of
 *  logit ÷ temperature + noise. Equal logits: lower id first. The noise of a token follows from seed, position and id alone:
 *  the same settings, seed and logits give the same tokens on every platform, and logits that differ a little from others mostly
 *  give the others' tokens.
 *
 *  The kernels sample_top and sample do the same, to the bit, where fitsDevice(). */
class Sampler {
public:
    Sampler(const SamplerSettings& settings, const trace::SamplingDefaults& defaults);

    /** Tokens of prompt and answer, for the penalty. */
    void accept(int32_t token);
    /** Whether the kernels can: greedy, or a top-k of 1 to SAMPLER_MOST_TOP. */
    bool fitsDevice() const;
    /** What the kernels sample with from here on, where fitsDevice(). `token_count`: ids from here on are padding and never
     *  produced. */
    shaders::SamplerState deviceState(uint32_t token_count) const;

    /** The token at `position`. Throws trace::Error{sampler.nan} if a logit is NaN or +∞. */
    int32_t choose(std::span<const float> logits, uint32_t token_count, uint32_t position);
    /** What `token`, which choose() or the kernels took by these logits, was taken from; `candidates`: how many of the
     *  likeliest are told. Before accept(token). */
    SampledToken tell(int32_t token, std::span<const float> logits, uint32_t token_count, uint32_t candidates);
    uint64_t seed() const { return m_seed; }

private:
    /** Logit and token. */
    using Scored = std::pair<float, int32_t>;

    void penalise(std::span<float> logits) const;
    /** What the samplers leave of `logits`, best first, into m_kept, m_scaled and m_weights. */
    void keep(std::span<const float> logits);

    float m_temperature, m_topP, m_minP, m_repetitionPenalty;
    uint32_t m_topK; ///< 0: all
    uint64_t m_seed;
    std::deque<int32_t> m_recent;
    std::vector<float> m_penalised;
    std::vector<Scored> m_kept;
    std::vector<float> m_scaled;  ///< (logit − the best's) ÷ temperature
    std::vector<float> m_weights; ///< e to that
};

/** Throws trace::Error{sampler.nan}. */
[[noreturn]] void throwNoLogit(uint32_t token);

} // namespace moescope::inference
