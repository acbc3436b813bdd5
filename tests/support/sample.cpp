// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sample.h"

#include <algorithm>
#include <cmath>

namespace moescope::twins {

std::vector<uint32_t> philox(uint64_t key, const std::vector<uint32_t>& counter) {
    std::vector<uint32_t> c = counter;
    auto k0 = static_cast<uint32_t>(key);
    auto k1 = static_cast<uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round) {
        const uint64_t a = uint64_t{0xD2511F53} * c[0];
        const uint64_t b = uint64_t{0xCD9E8D57} * c[2];
        c = {static_cast<uint32_t>(b >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(b),
             static_cast<uint32_t>(a >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(a)};
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    return c;
}

uint32_t sample(std::vector<std::pair<float, uint32_t>> candidates, const shaders::SamplerState& settings,
                uint32_t position) {
    candidates.resize(std::min<size_t>(candidates.size(), settings.top_k));
    std::vector<double> weights;
    double total = 0;
    for (const auto& [logit, token] : candidates) {
        weights.push_back(std::exp((double{logit} - candidates.front().first) * settings.inverse_temperature));
        total += weights.back();
    }
    size_t kept = 0;
    for (double mass = 0; kept < weights.size() && (kept == 0 || mass < settings.top_p * total); ++kept) {
        mass += weights[kept];
    }
    while (kept > 1 && weights[kept - 1] < settings.min_p) {
        --kept;
    }
    const uint64_t seed = uint64_t{settings.seed_high} << 32 | settings.seed_low;
    uint32_t best = 0;
    double most = -INFINITY;
    for (size_t i = 0; i < kept; ++i) {
        const auto& [logit, token] = candidates[i];
        const double u = (philox(seed, {token, position, 0, 0})[0] / 256 + 0.5) / (1 << 24);
        const double drawn =
            (double{logit} - candidates.front().first) * settings.inverse_temperature - std::log(-std::log(u));
        if (i == 0 || drawn > most) {
            most = drawn;
            best = token;
        }
    }
    return best;
}

} // namespace moescope::twins
