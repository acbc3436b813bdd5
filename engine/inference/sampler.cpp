// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/sampler.h"

#include "engine/trace/error.h"
#include "shaders/common/sampling.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace moescope::inference {

namespace {

constexpr size_t penaltyWindow = std::size(shaders::SamplerState().recent);

uint64_t randomSeed() {
    std::random_device device;
    return (uint64_t{device()} << 32) | device();
}

/** Higher logits first; equal ones: lower ids first. */
constexpr auto better = [](const std::pair<float, int32_t>& a, const std::pair<float, int32_t>& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
};

std::span<const float> withoutPadding(std::span<const float> logits, uint32_t token_count) {
    return logits.first(std::min<size_t>(token_count, logits.size()));
}

/** How many of `weights`, highest first, top-p and min-p leave. Float by float, as sample.comp does. */
size_t keptOf(std::span<const float> weights, float top_p, float min_p) {
    float total = 0;
    for (const float weight : weights) {
        total += weight;
    }
    const float enough = top_p * total;
    float mass = 0;
    size_t kept = 0;
    while (kept < weights.size() && (kept == 0 || mass < enough)) {
        mass += weights[kept++];
    }
    while (kept > 1 && weights[kept - 1] < min_p) {
        --kept;
    }
    return kept;
}

/** The `count` likeliest, best first, in one pass over logits of which hardly any is among them. */
std::vector<std::pair<float, int32_t>> likeliestOf(std::span<const float> logits, uint32_t count) {
    std::vector<std::pair<float, int32_t>> best;
    best.reserve(count + 1);
    for (size_t id = 0; id < logits.size() && count > 0; ++id) {
        if (best.size() == count && logits[id] <= best.back().first) {
            continue;
        }
        const std::pair<float, int32_t> one{logits[id], static_cast<int32_t>(id)};
        best.insert(std::upper_bound(best.begin(), best.end(), one, better), one);
        best.resize(std::min<size_t>(best.size(), count));
    }
    return best;
}

/** All of them, best first. */
std::vector<std::pair<float, int32_t>> sorted(std::span<const float> logits) {
    std::vector<std::pair<float, int32_t>> all;
    all.reserve(logits.size());
    for (size_t id = 0; id < logits.size(); ++id) {
        all.emplace_back(logits[id], static_cast<int32_t>(id));
    }
    std::sort(all.begin(), all.end(), better);
    return all;
}

} // namespace

void throwNoLogit(uint32_t token) {
    throw trace::Error("sampler.nan",
                       "The model computed a logit that is NaN or infinite for token {id}, so the answer cannot go on.",
                       {{"id", std::to_string(token)}});
}

Sampler::Sampler(const SamplerSettings& settings, const trace::SamplingDefaults& defaults) {
    m_temperature = std::max(0.0F, settings.temperature.value_or(defaults.temperature));
    // Greedy: what is not asked for by name is off, so that the answer is the argmax and nothing else.
    const bool greedy = m_temperature == 0.0F;
    m_topK = settings.top_k.value_or(greedy ? 0 : defaults.top_k);
    m_topP = settings.top_p.value_or(greedy ? 1.0F : defaults.top_p);
    m_minP = settings.min_p.value_or(0.0F);
    m_repetitionPenalty = settings.repetition_penalty.value_or(greedy ? 1.0F : defaults.repetition_penalty);
    m_seed = settings.seed.value_or(randomSeed());
    if (greedy) {
        m_topK = 1;
    }
}

void Sampler::accept(int32_t token) {
    m_recent.push_back(token);
    if (m_recent.size() > penaltyWindow) {
        m_recent.pop_front();
    }
}

bool Sampler::fitsDevice() const { return m_topK >= 1 && m_topK <= shaders::SAMPLER_MOST_TOP; }

shaders::SamplerState Sampler::deviceState(uint32_t token_count) const {
    shaders::SamplerState state{.token_count = token_count,
                                .top_k = std::min(m_topK, token_count),
                                .inverse_temperature = m_temperature > 0 ? 1 / m_temperature : 1,
                                .top_p = m_topP,
                                .min_p = m_minP,
                                .penalty = m_repetitionPenalty,
                                .inverse_penalty = 1 / m_repetitionPenalty,
                                .seed_low = static_cast<uint32_t>(m_seed),
                                .seed_high = static_cast<uint32_t>(m_seed >> 32),
                                .recent_count = static_cast<uint32_t>(m_recent.size()),
                                .recent_next = static_cast<uint32_t>(m_recent.size() % penaltyWindow),
                                .reserved = 0,
                                .recent = {}};
    std::copy(m_recent.begin(), m_recent.end(), state.recent);
    return state;
}

void Sampler::penalise(std::span<float> logits) const {
    std::vector<int32_t> recent(m_recent.begin(), m_recent.end());
    std::sort(recent.begin(), recent.end());
    recent.erase(std::unique(recent.begin(), recent.end()), recent.end());
    for (const int32_t id : recent) {
        if (id >= 0 && static_cast<size_t>(id) < logits.size()) {
            float& logit = logits[static_cast<size_t>(id)];
            logit = shaders::penalised(logit, m_repetitionPenalty, 1 / m_repetitionPenalty);
        }
    }
}

void Sampler::keep(std::span<const float> logits) {
    if (m_repetitionPenalty != 1.0F) {
        m_penalised.assign(logits.begin(), logits.end());
        penalise(m_penalised);
        logits = m_penalised;
    }
    if (m_topK > 0 && m_topK <= shaders::SAMPLER_MOST_TOP) {
        m_kept = likeliestOf(logits, m_topK);
    } else {
        m_kept = sorted(logits);
        m_kept.resize(std::min<size_t>(m_kept.size(), m_topK > 0 ? m_topK : m_kept.size()));
    }
    const float inverse = m_temperature > 0 ? 1 / m_temperature : 1;
    m_scaled.clear();
    m_weights.clear();
    for (const Scored& one : m_kept) {
        m_scaled.push_back((one.first - m_kept.front().first) * inverse);
        m_weights.push_back(shaders::samplingExp(m_scaled.back()));
    }
    const size_t kept = keptOf(m_weights, m_topP, m_minP);
    m_kept.resize(kept);
    m_scaled.resize(kept);
    m_weights.resize(kept);
}

int32_t Sampler::choose(std::span<const float> logits, uint32_t token_count, uint32_t position) {
    const std::span<const float> produced = withoutPadding(logits, token_count);
    for (size_t id = 0; id < produced.size(); ++id) {
        if (std::isnan(produced[id]) || produced[id] == INFINITY) {
            throwNoLogit(static_cast<uint32_t>(id));
        }
    }
    keep(produced);
    size_t choice = 0;
    float most = -INFINITY;
    for (size_t i = 0; i < m_kept.size(); ++i) {
        const float drawn =
            m_scaled[i] + shaders::samplingNoise(static_cast<uint32_t>(m_seed), static_cast<uint32_t>(m_seed >> 32),
                                                 position, static_cast<uint32_t>(m_kept[i].second));
        if (drawn > most) {
            most = drawn;
            choice = i;
        }
    }
    return m_kept[choice].second;
}

SampledToken Sampler::tell(int32_t token, std::span<const float> logits, uint32_t token_count, uint32_t candidates) {
    const std::span<const float> produced = withoutPadding(logits, token_count);
    const float most = *std::max_element(produced.begin(), produced.end());
    double sum = 0;
    for (const float logit : produced) {
        sum += std::exp(logit - most); // each to a rounding of float, as the probability is
    }
    const auto raw = [&](int32_t id) {
        return static_cast<float>(std::exp(static_cast<double>(produced[static_cast<size_t>(id)]) - most) / sum);
    };
    SampledToken told{token, raw(token), {}};
    if (candidates == 0) {
        return told;
    }
    keep(produced);
    double kept = 0;
    for (const float weight : m_weights) {
        kept += weight;
    }
    const auto share = [&](int32_t id) {
        const auto found =
            std::find_if(m_kept.begin(), m_kept.end(), [id](const Scored& one) { return one.second == id; });
        return found == m_kept.end()
                   ? 0.0F
                   : static_cast<float>(m_weights[static_cast<size_t>(found - m_kept.begin())] / kept);
    };
    std::vector<Scored> likeliest = likeliestOf(produced, candidates);
    if (std::none_of(likeliest.begin(), likeliest.end(), [token](const Scored& one) { return one.second == token; })) {
        likeliest.emplace_back(produced[static_cast<size_t>(token)], token);
    }
    for (const Scored& one : likeliest) {
        told.candidates.push_back({one.second, raw(one.second), share(one.second)});
    }
    return told;
}

} // namespace moescope::inference
