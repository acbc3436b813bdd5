// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/reader.h"
#include "engine/model/hugging_face.h"
#include "engine/model/model_config.h"
#include "engine/trace/memory_ledger.h"
#include "engine/vulkan/buffer.h"

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace moescope::inference {

/** What a weight is for. */
enum class WeightPurpose {
    Routed, ///< experts that a router chooses from
    Shared, ///< experts that answer every token
    Rest,   ///< attention, norms, embeddings, plain FFNs, routers
};

/** Of a tensor by its name in GGUF, or of the buffer that has the name of the first that lies there. */
WeightPurpose purposeOf(std::string_view tensor);

/** Weights on a device, by purpose. */
struct WeightUse {
    trace::MemoryUse routed;
    trace::MemoryUse shared;
    trace::MemoryUse rest;

    trace::MemoryUse& of(WeightPurpose purpose) {
        return purpose == WeightPurpose::Routed ? routed : purpose == WeightPurpose::Shared ? shared : rest;
    }
    uint64_t bytes() const { return routed.bytes + shared.bytes + rest.bytes; }
};

/** A matrix, or a stack of one per expert, in the device layout. Row r of expert e is row e · rows + r of the whole; the words
 *  of each `group` rows alternate. */
struct Matrix {
    std::unique_ptr<vulkan::Buffer> buffer;
    gguf::TensorType type = gguf::TensorType::F32;
    uint32_t width = 0;
    uint32_t rows = 0; ///< of one expert
    uint32_t row_words = 0;
    uint32_t group = 1; ///< groupRows()

    explicit operator bool() const { return buffer != nullptr; }
};

using Vector = std::unique_ptr<vulkan::Buffer>; ///< f32, padded with zeros to whole units of 64

/** What a family does not have is null. */
struct LayerWeights {
    Vector attn_norm;
    /** Rows of attn_q, then of attn_k and attn_v in owners of a KV cache, in matrices by stackSizes(). */
    std::vector<Matrix> attn_qkv;
    Vector attn_qkv_bias; ///< of these rows
    Matrix attn_output;
    Vector attn_output_bias;
    Vector attn_sinks;   ///< [head_count]
    Vector attn_qk_norm; ///< attn_q_norm ∘ attn_k_norm where they come after RoPE, else one after the other
    Vector attn_post_norm;
    Vector ffn_norm;
    Matrix ffn_gate_inp; ///< MoE layers only; with ffn_gate_inp_shexp as its last row where there is one
    Matrix ffn_gate_exps;
    Matrix ffn_up_exps;
    Matrix ffn_down_exps;
    Vector ffn_gate_inp_bias;
    Vector ffn_gate_exps_bias; ///< [expert][rows], as the next two
    Vector ffn_up_exps_bias;
    Vector ffn_down_exps_bias;
    Vector ffn_post_norm;
    Matrix ffn_gate; ///< the shared expert of a MoE layer, or the plain FFN of a dense one
    Matrix ffn_up;
    Matrix ffn_down;
};

class WeightUploader;

/** All weights of a model on a device. Rows are laid out while they stream from the file: the host never holds more than
 *  a few MiB of them. */
class DeviceWeights {
public:
    /** Makes their buffers: what is in them comes with upload(). `group`: of the rows of all matrices (Kernels::rowGroup()).
     *  `file` must outlive it. Throws trace::Error{weights.range} for a tensor larger than the device can bind,
     *  {weights.missing}, {vulkan.memory}. */
    DeviceWeights(vulkan::Device& device, const model::ModelConfig& config, const gguf::Reader& file, uint32_t group);
    ~DeviceWeights();

    /** Once. Throws trace::Error{weights.nan} naming the tensor that holds a NaN or an infinity, {load.cancelled} where
     *  `progress` returns false. */
    void upload(const std::function<bool(uint64_t done, uint64_t total)>& progress);

    Matrix token_embd;
    Vector output_norm;
    std::vector<LayerWeights> layers;
    /** Of each pair of dimensions, for the table of rotations; the second for contexts beyond the original one. Empty
     *  without RopeScaling::Factors and LongFactors. */
    std::vector<float> rope_factors;
    std::vector<float> rope_factors_long;

    const Matrix& output() const { return m_output ? m_output : token_embd; }
    uint64_t bytes() const { return m_use.bytes(); }
    const WeightUse& use() const { return m_use; }

private:
    std::unique_ptr<WeightUploader> m_uploader;
    Matrix m_output; ///< none where the embeddings are tied
    WeightUse m_use;
};

/** Throws trace::Error{weights.missing}. */
const gguf::TensorInfo& findTensor(const gguf::Reader& file, const std::string& name);

/** Bytes of a tensor on the device. What shares a buffer counts with the first that lies there. */
uint64_t deviceBytes(const model::ModelConfig& config, const model::ExpectedTensor& tensor, gguf::TensorType type);

} // namespace moescope::inference
