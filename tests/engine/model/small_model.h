// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/hugging_face.h"
#include "tests/engine/model/model_files.h"

namespace moescope::tests {

/** A GGUF of one layer and a few weights: metadata and tensors can be bent before it is written. */
struct SmallModel {
    std::string architecture = "hunyuan-large";
    std::map<std::string, gguf::WriteValue> keys{
        {"block_count", gguf::U32{2}},
        {"context_length", gguf::U32{64}},
        {"embedding_length", gguf::U32{8}},
        {"feed_forward_length", gguf::U32{6}},
        {"attention.head_count", gguf::U32{2}},
        {"attention.head_count_kv", gguf::U32{1}},
        {"attention.key_length", gguf::U32{4}},
        {"attention.value_length", gguf::U32{4}},
        {"attention.layer_norm_rms_epsilon", gguf::F32{1e-5F}},
        {"attention.cla_share_factor", gguf::U32{2}},
        {"rope.freq_base", gguf::F32{10000.0F}},
        {"expert_count", gguf::U32{3}},
        {"expert_used_count", gguf::U32{1}},
        {"expert_feed_forward_length", gguf::U32{6}},
        {"expert_shared_count", gguf::U32{1}},
        {"expert_shared_feed_forward_length", gguf::U32{6}},
    };
    std::vector<model::ExpectedTensor> tensors;
    std::map<std::string, gguf::TensorType> types; ///< of tensors that are not F32

    SmallModel() { layOut(2, 1); }

    void layOut(uint32_t claFactor, uint32_t shared) {
        shape([&](model::ModelConfig& c) {
            c.cla_share_factor = claFactor;
            c.expert_shared_count = shared;
        });
    }

    /** Tensors of a model without shared caches that differs by `change`. */
    void shape(const std::function<void(model::ModelConfig&)>& change) {
        model::ModelConfig c;
        c.block_count = 2;
        c.embedding_length = 8;
        c.head_count = 2;
        c.head_count_kv = 1;
        c.head_dim = 4;
        c.expert_count = 3;
        c.expert_feed_forward_length = 6;
        c.expert_shared_count = 1;
        c.expert_shared_feed_forward_length = 6;
        c.vocab_size = 10;
        change(c);
        tensors = model::expectedTensors(c);
    }

    gguf::TensorType typeOf(const std::string& name) const {
        const auto at = types.find(name);
        return at == types.end() ? gguf::TensorType::F32 : at->second;
    }

    model::ExpectedTensor& tensor(const std::string& name) {
        for (model::ExpectedTensor& t : tensors) {
            if (t.name == name) {
                return t;
            }
        }
        throw std::out_of_range(name);
    }

    void remove(const std::string& name) {
        std::erase_if(tensors, [&](const model::ExpectedTensor& t) { return t.name == name; });
    }

    Path write(const Scratch& scratch) const {
        Path path = scratch / "small.gguf";
        gguf::Writer writer(path);
        writer.add("general.architecture", architecture);
        for (const auto& [key, value] : keys) {
            writer.add(architecture + "." + key, value);
        }
        for (const model::ExpectedTensor& t : tensors) {
            writer.addTensor(t.name, typeOf(t.name), t.shape);
        }
        writer.beginData();
        for (const model::ExpectedTensor& t : tensors) {
            uint64_t bytes = gguf::rowBytes(typeOf(t.name), t.shape[0]);
            for (size_t i = 1; i < t.shape.size(); ++i) {
                bytes *= t.shape[i];
            }
            writer.data(std::vector<uint8_t>(bytes));
        }
        writer.commit();
        return path;
    }

    model::ModelConfig read() const {
        const Scratch scratch;
        return model::readConfig(gguf::Reader(write(scratch)));
    }

    trace::Error refusal() const {
        return errorOf([this] { read(); });
    }
};

} // namespace moescope::tests
