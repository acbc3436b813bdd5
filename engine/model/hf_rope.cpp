// SPDX-License-Identifier: Apache-2.0
#include "engine/model/bounds.h"
#include "engine/model/hf_config_parts.h"
#include "engine/model/rope_config.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace moescope::model {

namespace {

constexpr double huge = 1e30;

/** A number above 0 that must be stated. */
double positive(const HfValues& values, const char* key) {
    const double value = values.number(key, 0, largestRopeFactor).value_or(0);
    if (value <= 0) {
        values.refuse(key, "a positive number");
    }
    return value;
}

/** Length of the training before the scaling: stated beside the factors or, by Phi-3, outside of them. */
uint32_t originalContext(const HfValues& config, const HfValues& scaling) {
    constexpr const char* key = "original_max_position_embeddings";
    const bool inside = scaling.has(key) || !config.has(key);
    return (inside ? scaling : config).count(key, 1, bounds::context);
}

/** Llama 3: pairs that turn slowly are slowed down by the whole factor, fast ones not at all, and those between by
 *  a mean of the two. */
void readLlama3(const HfValues& config, const HfValues& scaling, HfModel& model) {
    const ModelConfig& c = model.config;
    const double factor = positive(scaling, "factor");
    const double low = positive(scaling, "low_freq_factor");
    const double high = positive(scaling, "high_freq_factor");
    const uint32_t original = originalContext(config, scaling);
    if (high <= low) {
        scaling.refuse("high_freq_factor", "a number above “low_freq_factor”");
    }
    std::vector<float> factors(c.rope_dimension_count / 2);
    for (size_t j = 0; j < factors.size(); ++j) {
        const double exponent = 2.0 * static_cast<double>(j) / c.rope_dimension_count;
        const double wave = 2 * std::numbers::pi * std::pow(static_cast<double>(c.rope_freq_base), exponent);
        const double turns = original / wave;
        const double kept = std::clamp((turns - low) / (high - low), 0.0, 1.0);
        factors[j] = static_cast<float>(1 / ((1 - kept) / factor + kept));
    }
    model.config.rope_scaling = RopeScaling::Factors;
    model.computed["rope_freqs.weight"] = std::move(factors);
}

void readYarn(const HfValues& config, const HfValues& scaling, const HfRopeRules& rules, ModelConfig& c) {
    if (scaling.flag("truncate").value_or(true) != rules.truncates) {
        scaling.refuse("truncate", rules.truncates ? "true" : "false");
    }
    c.rope_scaling = RopeScaling::Yarn;
    c.rope_scaling_factor = static_cast<float>(positive(scaling, "factor"));
    const bool stated = scaling.has("original_max_position_embeddings");
    c.rope_original_context_length = stated ? originalContext(config, scaling) : c.context_length;
    c.rope_yarn_beta_fast = scaling.has("beta_fast") ? static_cast<float>(positive(scaling, "beta_fast")) : 32.0F;
    c.rope_yarn_beta_slow = scaling.has("beta_slow") ? static_cast<float>(positive(scaling, "beta_slow")) : 1.0F;
    c.rope_yarn_truncate = rules.truncates;
    c.rope_attn_factor = yarnAttentionFactor(c.rope_scaling_factor);
    const double mscale = scaling.number("mscale", 0, largestRopeFactor).value_or(0);
    const double ofAll = scaling.number("mscale_all_dim", 0, largestRopeFactor).value_or(0);
    if (scaling.has("attention_factor")) {
        c.rope_attn_factor = static_cast<float>(positive(scaling, "attention_factor"));
    } else if (mscale > 0 && ofAll > 0) {
        const double grown =
            c.rope_scaling_factor <= 1 ? 0 : 0.1 * std::log(static_cast<double>(c.rope_scaling_factor));
        c.rope_attn_factor = static_cast<float>((mscale * grown + 1) / (ofAll * grown + 1));
    }
}

std::vector<float> factorList(const HfValues& scaling, const char* key, uint32_t pairs) {
    const std::string needed = "a list of " + std::to_string(pairs) + " positive numbers";
    const Json* list = scaling.find(key);
    if (list == nullptr || !list->is_array() || list->size() != pairs) {
        scaling.refuse(key, needed);
    }
    std::vector<float> factors;
    for (const Json& entry : *list) {
        const double factor = entry.is_number() ? entry.get<double>() : 0;
        if (!(factor >= leastRopeFactor && factor <= largestRopeFactor)) {
            scaling.refuse(key, needed);
        }
        factors.push_back(static_cast<float>(factor));
    }
    return factors;
}

void readLongRope(const HfValues& config, const HfValues& scaling, HfModel& model) {
    ModelConfig& c = model.config;
    for (const char* key : {"short_mscale", "long_mscale"}) {
        if (scaling.has(key)) {
            scaling.refuse(key, "none, as one factor holds for all contexts,");
        }
    }
    const uint32_t pairs = c.rope_dimension_count / 2;
    model.computed["rope_factors_long.weight"] = factorList(scaling, "long_factor", pairs);
    model.computed["rope_factors_short.weight"] = factorList(scaling, "short_factor", pairs);
    c.rope_scaling = RopeScaling::LongFactors;
    c.rope_original_context_length = originalContext(config, scaling);
    const double original = c.rope_original_context_length;
    const double stretched = scaling.has("factor") ? positive(scaling, "factor") : c.context_length / original;
    if (scaling.has("attention_factor")) {
        c.rope_attn_factor = static_cast<float>(positive(scaling, "attention_factor"));
    } else if (stretched > 1) {
        if (original < 2) {
            scaling.refuse("original_max_position_embeddings", "a length above 1");
        }
        c.rope_attn_factor = static_cast<float>(std::sqrt(1 + std::log(stretched) / std::log(original)));
    }
}

/** Folds alpha into the base. Without it the base stays as it is up to max_position_embeddings, which is the limit of
 *  the context. */
void readDynamic(const HfValues& scaling, ModelConfig& c, double& theta) {
    const double alpha = scaling.number("alpha", 0, 1e12).value_or(0);
    if (alpha > 0 && c.head_dim <= 2) {
        scaling.refuse("alpha", "a “head_dim” above 2 with it");
    }
    if (alpha > 0) {
        theta *= std::pow(alpha, static_cast<double>(c.head_dim) / (c.head_dim - 2.0));
    }
}

void readPart(const HfValues& values, const HfRopeRules& rules, ModelConfig& c) {
    const double part = values.number("partial_rotary_factor", 0, 1).value_or(1);
    const auto turning = static_cast<uint32_t>(c.head_dim * part);
    if (turning == c.head_dim) {
        return;
    }
    if (!rules.partial || turning < 2 || turning % 2 != 0) {
        values.refuse("partial_rotary_factor", rules.partial ? "a part that is an even number of dimensions" : "1");
    }
    c.rope_dimension_count = turning;
}

void setBase(const HfValues& config, double theta, ModelConfig& c) {
    c.rope_freq_base = static_cast<float>(theta);
    if (!std::isfinite(c.rope_freq_base)) {
        config.refuse("rope_theta", "a base that fits a 32-bit number after scaling");
    }
}

void readScaling(const HfValues& config, const HfValues& scaling, const HfRopeRules& rules, double theta,
                 HfModel& model) {
    ModelConfig& c = model.config;
    const std::string type = scaling.text("type").value_or(scaling.text("rope_type").value_or(""));
    theta = scaling.number("rope_theta", 1, huge).value_or(theta);
    readPart(scaling, rules, c);
    const double factor = scaling.number("factor", 0, largestRopeFactor).value_or(1);
    // Checked wherever it is stated: the releases write it beside other types too.
    scaling.number("alpha", 0, 1e12);
    if (type == "dynamic" && rules.dynamic) {
        readDynamic(scaling, c, theta);
    }
    setBase(config, theta, c);
    if (type == "linear") {
        if (factor <= 0) {
            scaling.refuse("factor", "a positive number");
        }
        c.rope_scaling = RopeScaling::Linear;
        c.rope_scaling_factor = static_cast<float>(factor);
    } else if (type == "llama3" && !rules.dynamic) {
        readLlama3(config, scaling, model);
    } else if (type == "yarn" && !rules.dynamic) {
        readYarn(config, scaling, rules, c);
    } else if ((type == "longrope" || type == "su") && !rules.dynamic) {
        readLongRope(config, scaling, model);
    } else if (type != "default" && !(type == "dynamic" && rules.dynamic)) {
        scaling.refuse(scaling.has("type") || !scaling.has("rope_type") ? "type" : "rope_type",
                       rules.dynamic ? "“linear” or “dynamic”" : "“linear”, “llama3”, “yarn” or “longrope”");
    }
}

/** The base of layers with a window, which turn unscaled. */
void readWindowBase(const HfValues& config, const Json* local, ModelConfig& c) {
    double base = config.number("rope_local_base_freq", 1, huge).value_or(10000);
    if (local != nullptr) {
        const HfValues values(*local, "sliding_attention” of “" + config.file());
        base = values.number("rope_theta", 1, huge).value_or(base);
        if (values.text("rope_type").value_or("default") != "default") {
            values.refuse("rope_type", "“default”");
        }
    }
    c.rope_freq_base_swa = static_cast<float>(base);
}

} // namespace

void readHfRope(const HfValues& config, const HfRopeRules& rules, HfModel& model) {
    ModelConfig& c = model.config;
    const double theta = config.number("rope_theta", 1, huge).value_or(rules.base);
    readPart(config, rules, c);
    std::string key = config.has("rope_scaling") ? "rope_scaling" : "rope_parameters";
    const Json* object = config.find(key);
    const Json* local = nullptr;
    if (object != nullptr && !object->is_object()) {
        config.refuse(key, "an object or null");
    }
    if (object != nullptr && rules.of_window && object->contains("full_attention")) {
        local = object->contains("sliding_attention") ? &(*object)["sliding_attention"] : nullptr;
        object = &(*object)["full_attention"];
        key = "full_attention";
    }
    if (object != nullptr) {
        readScaling(config, HfValues(*object, key + "” of “" + config.file()), rules, theta, model);
    } else {
        setBase(config, theta, c);
    }
    if (rules.of_window) {
        readWindowBase(config, local, c);
    }
}

} // namespace moescope::model
