// SPDX-License-Identifier: Apache-2.0
#include "engine/model/chat_template.h"
#include "engine/model/model_config.h"
#include "engine/trace/error.h"

#include <cmath>

namespace moescope::model {

using trace::Error;

namespace {

/** Weights of one tensor that work on one token. */
uint64_t activeElements(const gguf::TensorInfo& tensor, const trace::ModelInfo& m, bool tied) {
    if (tensor.name == "token_embd.weight") {
        return tied ? tensor.elements() : 0; // looking a row up is no work; multiplying by all rows is
    }
    const bool routed = tensor.name.find("_exps.") != std::string::npos;
    return routed && m.expert_count > 0 ? tensor.elements() / m.expert_count * m.expert_used_count : tensor.elements();
}

void countTensors(const gguf::Reader& file, trace::ModelInfo& m) {
    const bool tied = file.find("output.weight") == nullptr;
    uint64_t most = 0;
    for (const gguf::TensorInfo& tensor : file.tensors()) {
        m.parameters += tensor.elements();
        m.active_parameters += activeElements(tensor, m, tied);
        trace::TypeUse& use = m.quantization[std::string(gguf::typeName(tensor.type))];
        ++use.tensors;
        use.bytes += tensor.bytes;
    }
    for (const auto& [type, use] : m.quantization) {
        if (use.bytes > most) {
            most = use.bytes;
            m.main_type = type;
        }
    }
}

float number(const gguf::Reader& file, const char* key, float fallback, float least, float most) {
    const float value = file.f32(key).value_or(fallback);
    if (!std::isfinite(value) || value < least || value > most) {
        throw Error("config.sampling", "The model states {value} as “{key}”, which makes no sense there.",
                    {{"value", std::to_string(value)}, {"key", key}});
    }
    return value;
}

void readSampling(const gguf::Reader& file, trace::SamplingDefaults& s) {
    s.temperature = number(file, "moescope.sampling.temperature", s.temperature, 0, 100);
    s.top_k = file.u32("moescope.sampling.top_k").value_or(s.top_k);
    s.top_p = number(file, "moescope.sampling.top_p", s.top_p, 0, 1);
    s.repetition_penalty = number(file, "moescope.sampling.repetition_penalty", s.repetition_penalty, 0.01F, 100);
}

} // namespace

trace::ModelInfo readInfo(const gguf::Reader& file) {
    trace::ModelInfo m;
    const std::u8string path = file.path().u8string();
    const std::u8string fileName = file.path().filename().u8string();
    m.path.assign(path.begin(), path.end());
    m.file_name.assign(fileName.begin(), fileName.end());
    m.file_bytes = file.fileBytes();
    m.architecture = file.text("general.architecture").value_or("");
    if (m.architecture.empty()) {
        throw Error("config.architecture", "“{file}” does not state an architecture.", {{"file", m.file_name}});
    }
    m.name = file.text("general.name").value_or("");
    m.license = file.text("general.license").value_or("");
    m.synthetic = file.boolean("moescope.synthetic").value_or(false);

    const auto count = [&](const char* key, uint32_t fallback = 0) {
        return file.u32(m.architecture + "." + key).value_or(fallback);
    };
    m.block_count = count("block_count");
    m.leading_dense_block_count = std::min(count("leading_dense_block_count"), m.block_count);
    m.embedding_length = count("embedding_length");
    m.context_length = count("context_length");
    m.cla_share_factor = std::max(1U, count("attention.cla_share_factor", 1));
    // Both may be a list with one value a layer; layers that share their owner's cache have 0.
    const auto heads = [&](const char* key, uint32_t fallback) {
        const std::string full = m.architecture + "." + key;
        const auto at = file.metadata().find(full);
        if (at != file.metadata().end() && (std::holds_alternative<std::vector<uint64_t>>(at->second) ||
                                            std::holds_alternative<std::vector<int64_t>>(at->second))) {
            const std::vector<uint32_t> values = file.u32s(full).value();
            return values.empty() ? fallback : values.front();
        }
        return file.u32(full).value_or(fallback);
    };
    m.head_count = heads("attention.head_count", 0);
    m.head_count_kv = heads("attention.head_count_kv", m.head_count);
    m.head_dim = count("attention.key_length", m.head_count > 0 ? m.embedding_length / m.head_count : 0);
    const uint32_t experts = count("expert_count");
    m.expert_count = experts > 1 ? experts : 0;
    if (m.expert_count > 0) {
        m.expert_used_count = std::min(count("expert_used_count"), m.expert_count);
        m.expert_shared_count = count("expert_shared_count");
        m.expert_feed_forward_length = count("expert_feed_forward_length");
    }
    const std::vector<std::string>* tokens = file.texts("tokenizer.ggml.tokens");
    m.vocab_size = count("vocab_size", tokens != nullptr ? static_cast<uint32_t>(tokens->size()) : 0);
    m.tokenizer = file.text("tokenizer.ggml.model").value_or("");
    if (const auto pre = file.text("tokenizer.ggml.pre")) {
        m.tokenizer += "/" + *pre;
    }
    m.chat_template = storedTemplate(file);
    countTensors(file, m);
    readSampling(file, m.sampling);
    return m;
}

} // namespace moescope::model
