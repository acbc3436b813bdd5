// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/sampler.h"

#include "engine/trace/error.h"

#include <algorithm>
#include <cmath>

namespace moescope::inference {

namespace {

constexpr size_t penaltyWindow = 64;

uint64_t randomSeed() {
    std::random_device device;
    return (uint64_t{device()} << 32) | device();
}

// 53 random bits: the same on every platform, unlike std::uniform_real_distribution.
double uniform(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1.0p-53; }

/** Higher logits first; equal ones: lower ids first. */
constexpr auto better = [](const std::pair<float, int32_t>& a, const std::pair<float, int32_t>& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
};

} // namespace

Sampler::Sampler(const SamplerSettings& settings, const trace::SamplingDefaults& defaults) {
    m_temperature = std::max(0.0F, settings.temperature.value_or(defaults.temperature));
    // Greedy: what is not asked for by name is off, so that the answer is the argmax and nothing else.
    const bool greedy = m_temperature == 0.0F;
    m_topK = settings.top_k.value_or(greedy ? 0 : defaults.top_k);
    m_topP = settings.top_p.value_or(greedy ? 1.0F : defaults.top_p);
    m_minP = settings.min_p.value_or(0.0F);
    m_repetitionPenalty = settings.repetition_penalty.value_or(greedy ? 1.0F : defaults.repetition_penalty);
    m_seed = settings.seed.value_or(randomSeed());
    m_random.seed(m_seed);
}

void Sampler::accept(int32_t token) {
    m_recent.push_back(token);
    if (m_recent.size() > penaltyWindow) {
        m_recent.pop_front();
    }
}

void Sampler::skip(uint32_t tokens) {
    if (m_temperature > 0.0F) { // the best one is taken without a draw
        m_random.discard(tokens);
    }
}

SampledToken Sampler::sample(std::span<const float> logits, uint32_t token_count, uint32_t candidates) {
    const uint32_t count = std::min<uint32_t>(token_count, static_cast<uint32_t>(logits.size()));
    m_candidates.clear();
    float most = -INFINITY;
    for (uint32_t id = 0; id < count; ++id) {
        if (std::isnan(logits[id]) || logits[id] == INFINITY) {
            throw trace::Error(
                "sampler.nan",
                "The model computed a logit that is NaN or infinite for token {id}, so the answer cannot go on.",
                {{"id", std::to_string(id)}});
        }
        most = std::max(most, logits[id]);
        m_candidates.emplace_back(logits[id], static_cast<int32_t>(id));
    }
    double rawSum = 0;
    for (const auto& [logit, id] : m_candidates) {
        rawSum += std::exp(static_cast<double>(logit) - most);
    }
    // Chosen by the raw logits, and then scored as the samplers see them.
    std::vector<Scored> likeliest(std::min(candidates, count));
    std::partial_sort_copy(m_candidates.begin(), m_candidates.end(), likeliest.begin(), likeliest.end(), better);

    if (m_repetitionPenalty != 1.0F) {
        std::vector<int32_t> recent(m_recent.begin(), m_recent.end());
        std::sort(recent.begin(), recent.end());
        recent.erase(std::unique(recent.begin(), recent.end()), recent.end());
        for (const int32_t id : recent) {
            if (id >= 0 && static_cast<uint32_t>(id) < count) {
                float& logit = m_candidates[static_cast<size_t>(id)].first;
                logit = logit > 0 ? logit / m_repetitionPenalty : logit * m_repetitionPenalty;
            }
        }
    }
    for (auto& [logit, id] : likeliest) {
        logit = m_candidates[static_cast<size_t>(id)].first;
    }
    const auto raw = [&](int32_t id) {
        return static_cast<float>(std::exp(static_cast<double>(logits[static_cast<size_t>(id)]) - most) / rawSum);
    };
    // `share` of a scored token: with which probability it could be sampled.
    const auto sampled = [&](const Scored& chosen, const auto& share) {
        SampledToken token{chosen.second, raw(chosen.second), {}};
        if (candidates == 0) {
            return token;
        }
        if (std::find(likeliest.begin(), likeliest.end(), chosen) == likeliest.end()) {
            likeliest.push_back(chosen);
        }
        for (const Scored& one : likeliest) {
            token.candidates.push_back({one.second, raw(one.second), static_cast<float>(share(one))});
        }
        return token;
    };
    if (m_temperature == 0.0F) {
        const Scored best = *std::min_element(m_candidates.begin(), m_candidates.end(), better);
        return sampled(best, [&best](const Scored& one) { return one == best ? 1.0 : 0.0; });
    }

    if (m_topK > 0 && m_topK < m_candidates.size()) {
        std::nth_element(m_candidates.begin(), m_candidates.begin() + m_topK - 1, m_candidates.end(), better);
        m_candidates.resize(m_topK);
    }
    std::sort(m_candidates.begin(), m_candidates.end(), better);
    const float top = m_candidates.front().first;
    std::vector<double> probabilities;
    double sum = 0;
    for (const auto& [logit, id] : m_candidates) {
        probabilities.push_back(std::exp((static_cast<double>(logit) - top) / m_temperature));
        sum += probabilities.back();
    }
    size_t kept = probabilities.size();
    if (m_topP < 1.0F) {
        double mass = 0;
        for (size_t i = 0; i < kept; ++i) {
            mass += probabilities[i];
            if (mass >= m_topP * sum) {
                kept = i + 1;
            }
        }
    }
    while (kept > 1 && probabilities[kept - 1] < m_minP * probabilities[0]) {
        --kept;
    }
    sum = 0;
    for (size_t i = 0; i < kept; ++i) {
        sum += probabilities[i];
    }
    double left = uniform(m_random) * sum;
    size_t choice = 0;
    while (choice + 1 < kept && left >= probabilities[choice]) {
        left -= probabilities[choice++];
    }
    const Scored& last = m_candidates[kept - 1];
    return sampled(m_candidates[choice], [&, this](const Scored& one) {
        return better(last, one) ? 0.0 : std::exp((static_cast<double>(one.first) - top) / m_temperature) / sum;
    });
}

} // namespace moescope::inference
