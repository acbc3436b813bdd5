// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/device_weights.h"

#include "engine/inference/weight_layout.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace moescope::inference {

using trace::Error;

namespace {

constexpr size_t sliceBytes = size_t{4} << 20;

class Uploader {
public:
    Uploader(vulkan::Device& device, const gguf::Reader& file, const std::function<bool(uint64_t, uint64_t)>& progress)
        : m_device(device), m_file(file), m_progress(progress) {
        for (const gguf::TensorInfo& tensor : file.tensors()) {
            m_total += tensor.bytes;
        }
    }

    Matrix matrix(const std::string& name) { return matrixOf({&findTensor(m_file, name)}); }

    /** Tensors of one width, their rows one below the other, in as few matrices as types and device allow: each costs a
     *  dispatch a token. */
    std::vector<Matrix> stacked(const std::vector<std::string>& names) {
        std::vector<const gguf::TensorInfo*> tensors;
        std::vector<StackPart> parts;
        for (const std::string& name : names) {
            tensors.push_back(&findTensor(m_file, name));
            parts.push_back({tensors.back()->type, bytesOf(*tensors.back())});
        }
        std::vector<Matrix> matrices;
        auto first = tensors.begin();
        const vulkan::Limits& limits = m_device.limits();
        for (const size_t count : stackSizes(parts, std::min(limits.max_storage_range, limits.max_allocation))) {
            matrices.push_back(matrixOf({first, first + static_cast<ptrdiff_t>(count)}));
            first += static_cast<ptrdiff_t>(count);
        }
        return matrices;
    }

    Matrix optionalMatrix(const std::string& name) { return m_file.find(name) != nullptr ? matrix(name) : Matrix{}; }

    std::vector<float> values(const std::string& name) {
        const gguf::TensorInfo& tensor = findTensor(m_file, name);
        std::vector<uint8_t> source(tensor.bytes);
        m_file.read(tensor, 0, source);
        check(tensor, source);
        std::vector<float> decoded(tensor.elements());
        gguf::dequantize(tensor.type, source, decoded);
        advance(source.size());
        return decoded;
    }

    Vector vector(const std::string& name) { return vector(name, values(name)); }

    Vector vector(const std::string& name, std::vector<float> decoded) {
        decoded.resize(stride(static_cast<uint32_t>(decoded.size())));
        const uint64_t bytes = decoded.size() * sizeof(float);
        auto made = buffer(name, bytes);
        made->upload(0, std::span(reinterpret_cast<const uint8_t*>(decoded.data()), bytes));
        return made;
    }

    uint64_t bytes() const { return m_bytes; }

private:
    static uint64_t bytesOf(const gguf::TensorInfo& tensor) {
        return tensor.rows() * rowWords(tensor.type, static_cast<uint32_t>(tensor.shape[0])) * 16;
    }

    /** `parts`: at least one, of one type and width. */
    Matrix matrixOf(const std::vector<const gguf::TensorInfo*>& parts) {
        const gguf::TensorInfo& top = *parts.front();
        Matrix matrix;
        matrix.type = top.type;
        matrix.width = static_cast<uint32_t>(top.shape[0]);
        matrix.row_words = rowWords(top.type, matrix.width);
        uint64_t bytes = 0;
        for (const gguf::TensorInfo* part : parts) {
            matrix.rows += static_cast<uint32_t>(part->shape[1]);
            bytes += bytesOf(*part);
        }
        checkRange(top, bytes);
        matrix.buffer = buffer(top.name, bytes);
        uint64_t at = 0;
        for (const gguf::TensorInfo* part : parts) {
            fill(matrix, *part, at);
            at += bytesOf(*part);
        }
        return matrix;
    }

    /** Reads, checks and lays out a tensor's rows at byte `offset` of the matrix. */
    void fill(const Matrix& matrix, const gguf::TensorInfo& tensor, uint64_t offset) {
        const uint64_t rows = tensor.rows();
        const uint64_t rowBytes = uint64_t{matrix.row_words} * 16;
        const uint64_t fileRowBytes = gguf::rowBytes(tensor.type, matrix.width);
        const uint64_t step = std::max<uint64_t>(1, sliceBytes / rowBytes);
        std::vector<uint8_t> source;
        std::vector<uint8_t> laidOut;
        for (uint64_t row = 0; row < rows; row += step) {
            const uint64_t count = std::min(step, rows - row);
            source.resize(count * fileRowBytes);
            laidOut.assign(count * rowBytes, 0);
            m_file.read(tensor, row * fileRowBytes, source);
            check(tensor, source);
            for (uint64_t i = 0; i < count; ++i) {
                layOutRow(tensor.type, std::span(source).subspan(i * fileRowBytes, fileRowBytes), matrix.width,
                          std::span(laidOut).subspan(i * rowBytes, rowBytes));
            }
            matrix.buffer->upload(offset + row * rowBytes, laidOut);
            advance(source.size());
        }
    }

    void checkRange(const gguf::TensorInfo& tensor, uint64_t bytes) const {
        const uint64_t most = m_device.limits().max_storage_range;
        if (bytes > most) {
            throw Error("weights.range",
                        "The tensor “{tensor}” needs {bytes} and {device} can bind at most {most} at once, so this "
                        "model cannot run on it.",
                        {{"tensor", tensor.name},
                         {"bytes", trace::bytesText(bytes)},
                         {"device", m_device.info().name},
                         {"most", trace::bytesText(most)}});
        }
    }

    std::unique_ptr<vulkan::Buffer> buffer(const std::string& name, uint64_t bytes) {
        m_bytes += bytes;
        return std::make_unique<vulkan::Buffer>(m_device, bytes, vulkan::MemoryKind::DeviceLocal, name);
    }

    static void check(const gguf::TensorInfo& tensor, std::span<const uint8_t> source) {
        if (!isFinite(tensor.type, source)) {
            throw Error("weights.nan",
                        "The tensor “{tensor}” holds a weight that is NaN or infinite, so the model cannot be used.",
                        {{"tensor", tensor.name}});
        }
    }

    void advance(uint64_t bytes) {
        m_done += bytes;
        if (m_progress && !m_progress(m_done, m_total)) {
            throw Error("load.cancelled", "Loading the model was cancelled.");
        }
    }

    vulkan::Device& m_device;
    const gguf::Reader& m_file;
    const std::function<bool(uint64_t, uint64_t)>& m_progress;
    uint64_t m_total = 0;
    uint64_t m_done = 0;
    uint64_t m_bytes = 0;
};

} // namespace

DeviceWeights::DeviceWeights(vulkan::Device& device, const model::ModelConfig& config, const gguf::Reader& file,
                             const std::function<bool(uint64_t, uint64_t)>& progress) {
    Uploader upload(device, file, progress);
    token_embd = upload.matrix("token_embd.weight");
    output_norm = upload.vector("output_norm.weight");
    if (!config.tied_embeddings) {
        m_output = upload.matrix("output.weight");
    }
    for (uint32_t i = 0; i < config.block_count; ++i) {
        const std::string block = "blk." + std::to_string(i) + ".";
        LayerWeights layer;
        layer.attn_norm = upload.vector(block + "attn_norm.weight");
        std::vector<std::string> qkv{block + "attn_q.weight"};
        if (config.ownsKv(i)) {
            qkv.insert(qkv.end(), {block + "attn_k.weight", block + "attn_v.weight"});
        }
        layer.attn_qkv = upload.stacked(qkv);
        layer.attn_output = upload.matrix(block + "attn_output.weight");
        std::vector<float> qk(config.head_dim, 1.0F);
        if (config.qk_norm) {
            qk = upload.values(block + "attn_q_norm.weight");
            const std::vector<float> key = upload.values(block + "attn_k_norm.weight");
            std::transform(qk.begin(), qk.end(), key.begin(), qk.begin(), std::multiplies<>());
        }
        layer.attn_qk_norm = upload.vector(block + "attn_qk_norm", std::move(qk));
        layer.ffn_norm = upload.vector(block + "ffn_norm.weight");
        if (config.isMoe(i)) {
            layer.ffn_gate_inp = upload.matrix(block + "ffn_gate_inp.weight");
            layer.ffn_gate_exps = upload.matrix(block + "ffn_gate_exps.weight");
            layer.ffn_up_exps = upload.matrix(block + "ffn_up_exps.weight");
            layer.ffn_down_exps = upload.matrix(block + "ffn_down_exps.weight");
            layer.ffn_gate = upload.optionalMatrix(block + "ffn_gate_shexp.weight");
            layer.ffn_up = upload.optionalMatrix(block + "ffn_up_shexp.weight");
            layer.ffn_down = upload.optionalMatrix(block + "ffn_down_shexp.weight");
        } else {
            layer.ffn_gate = upload.matrix(block + "ffn_gate.weight");
            layer.ffn_up = upload.matrix(block + "ffn_up.weight");
            layer.ffn_down = upload.matrix(block + "ffn_down.weight");
        }
        layers.push_back(std::move(layer));
    }
    m_bytes = upload.bytes();
}

const gguf::TensorInfo& findTensor(const gguf::Reader& file, const std::string& name) {
    const gguf::TensorInfo* tensor = file.find(name);
    if (tensor == nullptr) {
        throw Error("weights.missing", "The file “{file}” has no tensor “{tensor}”.",
                    {{"file", file.path().filename().string()}, {"tensor", name}});
    }
    return *tensor;
}

uint64_t deviceBytes(const model::ExpectedTensor& tensor, gguf::TensorType type) {
    const auto width = static_cast<uint32_t>(tensor.shape[0]);
    if (tensor.shape.size() == 1) {
        return tensor.name.ends_with("attn_k_norm.weight") ? 0 : uint64_t{stride(width)} * sizeof(float);
    }
    uint64_t rows = 1;
    for (size_t i = 1; i < tensor.shape.size(); ++i) {
        rows *= tensor.shape[i];
    }
    return rows * rowWords(type, width) * 16;
}

} // namespace moescope::inference
