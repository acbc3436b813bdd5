// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hf_config.h"

#include "engine/model/bounds.h"
#include "engine/model/hf_config_parts.h"
#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"

#include <cmath>

namespace moescope::model {

using trace::Error;

namespace {

constexpr const char* fileName = "config.json";

/** "Refuse rather than guess": families with similar names need graphs of their own. Class and type must both be known
 *  where both are stated, and of one family. */
const HfClass& checkFamily(const HfValues& config) {
    const std::optional<std::string> type = config.text("model_type");
    std::string shown = type.value_or("");
    const HfClass* found = type ? findHfClass(*type, &HfClass::model_type) : nullptr;
    if (const Json* list = config.find("architectures")) {
        if (!list->is_array() || list->empty() || !list->front().is_string()) {
            config.refuse("architectures", "a list of names");
        }
        const auto name = list->front().get<std::string>();
        const HfClass* named = findHfClass(name, &HfClass::name);
        shown = named != nullptr ? shown : name;
        const bool agree =
            named != nullptr && (!type || (found != nullptr && found->architecture == named->architecture));
        found = agree ? (found != nullptr ? found : named) : nullptr;
    }
    if (shown.empty() && found == nullptr) {
        throw Error("hf.no_architecture",
                    "“{file}” names no architecture: neither “architectures” nor “model_type” says one.",
                    {{"file", fileName}});
    }
    if (found == nullptr) {
        throw Error("hf.architecture", "The architecture “{name}” is not supported; {known} are.",
                    {{"name", shortened(shown)}, {"known", hfClassNames()}});
    }
    return *found;
}

/** The experts of gpt-oss are published as MXFP4. */
void refuseQuantised(const HfValues& config, const HfClass& known) {
    if (!config.has("quantization_config")) {
        return;
    }
    const HfValues quantization(*config.find("quantization_config"), "quantization_config");
    const std::string method = quantization.text("quant_method").value_or("");
    if (method == "fp8" || method == "compressed-tensors") {
        refuseFp8("quantization_config");
    }
    if (method == "mxfp4" && known.mxfp4) {
        return;
    }
    throw Error("hf.quantised",
                "The weights are quantised already (“{method}”); convert the folder with BF16 weights instead.",
                {{"method", shortened(method)}});
}

uint32_t countOr(const HfValues& config, const char* key, uint32_t most, uint32_t fallback) {
    return fallback > 0 ? config.optionalCount(key, 1, most).value_or(fallback) : config.count(key, 1, most);
}

} // namespace

void checkHfSwitches(const HfValues& config, std::span<const HfSwitch> switches) {
    for (const HfSwitch& known : switches) {
        const Json* value = config.find(known.key);
        if (value != nullptr && (known.needed == nullptr || *value != Json::parse(known.needed))) {
            config.refuse(known.key, known.needed == nullptr ? "null" : known.needed);
        }
    }
}

void readHfSizes(const HfValues& config, ModelConfig& c, const HfDefaults& defaults) {
    c.block_count = config.count("num_hidden_layers", 1, bounds::layers);
    c.embedding_length = config.count("hidden_size", 1, bounds::width);
    c.context_length = countOr(config, "max_position_embeddings", bounds::context, defaults.context);
}

void readHfHeads(const HfValues& config, ModelConfig& c, const HfDefaults& defaults) {
    c.head_count = countOr(config, "num_attention_heads", bounds::heads, defaults.heads);
    c.head_count_kv = config.optionalCount("num_key_value_heads", 1, bounds::heads)
                          .value_or(defaults.kv_heads > 0 ? defaults.kv_heads : c.head_count);
    if (c.head_count % c.head_count_kv != 0) {
        throw Error(
            "hf.indivisible",
            "“num_attention_heads” ({heads}) in “{file}” is no multiple of “num_key_value_heads” ({kv}).",
            {{"heads", std::to_string(c.head_count)}, {"kv", std::to_string(c.head_count_kv)}, {"file", fileName}});
    }
    std::optional<uint32_t> width = config.optionalCount("head_dim", 1, bounds::head_dim);
    if (!width) {
        width = config.optionalCount("attention_head_dim", 1, bounds::head_dim);
    }
    if (!width && defaults.head_dim > 0) {
        width = defaults.head_dim;
    }
    if (!width && c.embedding_length % c.head_count != 0) {
        throw Error("hf.indivisible",
                    "“hidden_size” ({hidden}) in “{file}” is no multiple of “num_attention_heads” ({heads}).",
                    {{"hidden", std::to_string(c.embedding_length)},
                     {"heads", std::to_string(c.head_count)},
                     {"file", fileName}});
    }
    c.head_dim = width.value_or(c.embedding_length / c.head_count);
    if (c.head_dim % 2 != 0 || c.head_dim > bounds::head_dim) {
        throw Error(
            "hf.head_dim", "“head_dim” from “{file}” is {value}; an even number of 2 to {most} is needed.",
            {{"value", std::to_string(c.head_dim)}, {"most", std::to_string(bounds::head_dim)}, {"file", fileName}});
    }
    c.attention_scale = 1.0F / std::sqrt(static_cast<float>(c.head_dim));
    c.rope_dimension_count = c.head_dim;
}

void readHfVocabulary(const HfValues& config, const WeightFolder* weights, ModelConfig& c, const HfDefaults& defaults) {
    const SafeTensor* embedding =
        weights == nullptr ? nullptr : weights->find(textPrefix(*weights) + "embed_tokens.weight");
    if (embedding != nullptr && embedding->shape.size() == 2 && embedding->shape[0] >= 1 &&
        embedding->shape[0] <= bounds::vocabulary) {
        config.optionalCount("vocab_size", 1, bounds::vocabulary);
        c.vocab_size = static_cast<uint32_t>(embedding->shape[0]);
    } else {
        c.vocab_size = countOr(config, "vocab_size", bounds::vocabulary, defaults.vocabulary);
    }
    c.token_count = c.vocab_size;
    const bool head = weights != nullptr && weights->find("lm_head.weight") != nullptr;
    c.tied_embeddings = config.flag("tie_word_embeddings").value_or(!head);
}

std::string textPrefix(const WeightFolder& weights) {
    for (const char* prefix : {"model.language_model.", "language_model.model."}) {
        if (weights.find(std::string(prefix) + "embed_tokens.weight") != nullptr) {
            return prefix;
        }
    }
    return "model.";
}

HfModel parseHuggingFace(const Json& json, const WeightFolder* weights) {
    const HfValues config(json, fileName);
    const HfClass& known = checkFamily(config);
    refuseQuantised(config, known);
    if (known.architecture.empty()) {
        return readHunyuan(config, weights);
    }
    if (const Json* text = config.find("text_config"); text != nullptr && known.in_text_config) {
        return readHfFamily(HfValues(*text, std::string("text_config” of “") + fileName), weights, known);
    }
    return readHfFamily(config, weights, known);
}

ModelConfig readHuggingFaceConfig(const std::filesystem::path& config_json) {
    return parseHuggingFace(readJson(config_json, smallJson), nullptr).config;
}

} // namespace moescope::model
