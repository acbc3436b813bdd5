// SPDX-License-Identifier: Apache-2.0
#include "engine/model/rope_config.h"

#include "engine/model/bounds.h"
#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace moescope::model {

using trace::Error;

namespace {

void readBase(const ConfigKeys& keys, ModelConfig& c) {
    double base = keys.positive("rope.freq_base", 10000.0F);
    if (keys.has("rope.scaling.alpha")) {
        const double alpha = keys.positive("rope.scaling.alpha", std::nullopt);
        if (c.head_dim <= 2) {
            throw Error("config.range", "“{key}” needs heads wider than 2.",
                        {{"key", keys.full("rope.scaling.alpha")}});
        }
        base *= std::pow(alpha, static_cast<double>(c.head_dim) / (c.head_dim - 2.0));
    }
    c.rope_freq_base = static_cast<float>(base);
    // YaRN divides by the base's logarithm; and up to 1 no pair would turn slower than the first.
    if (!std::isfinite(c.rope_freq_base) || c.rope_freq_base <= 1) {
        throw Error(
            "config.range",
            "The base of the rotary embedding, “{key}” with its scaling, is {value}; a number above 1 is needed.",
            {{"key", keys.full("rope.freq_base")}, {"value", std::to_string(c.rope_freq_base)}});
    }
}

/** The base of layers with a window, where it may differ from that of the others. */
void readWindowBase(const ConfigKeys& keys, const Family& family, ModelConfig& c) {
    constexpr std::string_view key = "rope.freq_base_swa";
    if (c.sliding_window == 0) {
        return;
    }
    if (family.rope_of_window) {
        c.rope_freq_base_swa = keys.positive(key, 10000.0F);
    } else if (const float base = keys.positive(key, c.rope_freq_base); base != c.rope_freq_base) {
        throw Error("config.rope",
                    "“{key}” is {value}, but in a model of “{architecture}” all layers turn by one base, {base}.",
                    {{"key", keys.full(key)},
                     {"value", std::to_string(base)},
                     {"architecture", c.architecture},
                     {"base", std::to_string(c.rope_freq_base)}});
    }
}

void readYarn(const ConfigKeys& keys, const Family& family, ModelConfig& c) {
    c.rope_scaling = RopeScaling::Yarn;
    c.rope_scaling_factor = keys.positive("rope.scaling.factor", std::nullopt);
    c.rope_original_context_length = keys.count("rope.scaling.original_context_length", 1, bounds::context);
    c.rope_attn_factor *= yarnAttentionFactor(c.rope_scaling_factor);
    c.rope_yarn_beta_fast = keys.positive("rope.scaling.yarn_beta_fast", 32.0F);
    c.rope_yarn_beta_slow = keys.positive("rope.scaling.yarn_beta_slow", 1.0F);
    c.rope_yarn_truncate = family.yarn_truncates;
    if (const float multiplier = keys.number("rope.scaling.yarn_log_multiplier").value_or(0); multiplier != 0) {
        throw Error("config.rope", "“{key}” is {value}; such a factor of the attention is not supported.",
                    {{"key", keys.full("rope.scaling.yarn_log_multiplier")}, {"value", std::to_string(multiplier)}});
    }
}

/** How far along the pairs a dimension lies that turns `turns` times within the original context. */
double yarnDimension(const ModelConfig& c, double turns) {
    const double length = c.rope_original_context_length / (turns * 2 * std::numbers::pi);
    return c.rope_dimension_count * std::log(length) / (2 * std::log(static_cast<double>(c.rope_freq_base)));
}

} // namespace

void checkRopeFactors(const std::string& tensor, std::span<const float> factors) {
    for (const float factor : factors) {
        if (!(factor >= leastRopeFactor && factor <= largestRopeFactor)) {
            throw Error(
                "config.rope",
                "The tensor “{tensor}” divides the turns of a pair of dimensions by {value}; numbers from "
                "{least} to {most} are supported.",
                {{"tensor", tensor}, {"value", std::to_string(factor)}, {"least", "0.000001"}, {"most", "1,000,000"}});
        }
    }
}

float yarnAttentionFactor(float factor) { return factor <= 1 ? 1.0F : 0.1F * std::log(factor) + 1.0F; }

void readRope(const ConfigKeys& keys, const Family& family, ModelConfig& c) {
    readBase(keys, c);
    c.rope_style = family.rope;
    c.rope_dimension_count = keys.countOr("rope.dimension_count", c.head_dim, 2, c.head_dim);
    if (c.rope_dimension_count % 2 != 0) {
        throw Error("config.rope", "“{key}” is {n}; an even number is needed, as dimensions turn in pairs.",
                    {{"key", keys.full("rope.dimension_count")}, {"n", std::to_string(c.rope_dimension_count)}});
    }
    readWindowBase(keys, family, c);
    const gguf::Reader& file = keys.file();
    const bool factors = file.find("rope_freqs.weight") != nullptr;
    const bool longFactors = file.find("rope_factors_long.weight") != nullptr;
    // Old files state the factor of a linear scaling alone, and the oldest call it by another name.
    const float factor = keys.positive("rope.scaling.factor", keys.positive("rope.scale_linear", 1.0F));
    const std::string type = keys.textOr("rope.scaling.type", factor == 1 ? "none" : "linear");
    c.rope_attn_factor = keys.positive("rope.scaling.attn_factor", 1.0F);
    if ((factors || longFactors) && (type == "none" || type == "longrope")) {
        c.rope_scaling = longFactors ? RopeScaling::LongFactors : RopeScaling::Factors;
        if (longFactors) {
            c.rope_original_context_length = keys.count("rope.scaling.original_context_length", 1, bounds::context);
        }
    } else if (type == "linear" && !factors && !longFactors) {
        c.rope_scaling = RopeScaling::Linear;
        c.rope_scaling_factor = factor;
    } else if (type == "yarn" && !factors && !longFactors) {
        readYarn(keys, family, c);
    } else if (type != "none") {
        throw Error("config.rope",
                    "The rotary embedding is scaled as “{type}”; “none”, “linear”, “yarn” and factors of the file "
                    "alone are supported.",
                    {{"type", shortened(type)}});
    }
}

std::vector<float> ropeFrequencies(const ModelConfig& c, bool window, std::span<const float> factors) {
    const uint32_t pairs = c.rope_dimension_count / 2;
    const double base = window ? c.rope_freq_base_swa : c.rope_freq_base;
    double low = 0;
    double high = 0;
    if (c.rope_scaling == RopeScaling::Yarn) {
        low = yarnDimension(c, c.rope_yarn_beta_fast);
        high = yarnDimension(c, c.rope_yarn_beta_slow);
        if (c.rope_yarn_truncate) {
            low = std::floor(low);
            high = std::ceil(high);
        }
        low = std::max(low, 0.0);
        high = std::min(high, c.rope_dimension_count - 1.0);
        high += low == high ? 0.001 : 0; // no division by zero
    }
    std::vector<float> frequencies(pairs);
    for (uint32_t j = 0; j < pairs; ++j) {
        double frequency = std::pow(base, -2.0 * j / c.rope_dimension_count);
        if (!window && c.rope_scaling == RopeScaling::Linear) {
            frequency /= c.rope_scaling_factor;
        } else if (!window && c.rope_scaling == RopeScaling::Yarn) {
            const double stretched = std::clamp((j - low) / (high - low), 0.0, 1.0);
            frequency = frequency * (1 - stretched) + frequency / c.rope_scaling_factor * stretched;
        } else if (!window && !factors.empty()) {
            frequency /= factors[j];
        }
        frequencies[j] = static_cast<float>(frequency);
    }
    return frequencies;
}

} // namespace moescope::model
