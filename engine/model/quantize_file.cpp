// SPDX-License-Identifier: Apache-2.0
#include "engine/model/quantize_file.h"

#include "engine/gguf/writer.h"
#include "engine/model/json.h"
#include "engine/model/weight_encoding.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <chrono>

namespace moescope::model {

using gguf::TensorType;
using trace::Error;
namespace fs = std::filesystem;

namespace {

struct Task {
    const gguf::TensorInfo* tensor;
    TensorType type; ///< in the target
    uint64_t bytes;  ///< there
};

class TensorCopy {
public:
    TensorCopy(const gguf::Reader& file, gguf::Writer& writer, const QuantizeOptions& options, uint64_t total)
        : m_file(file), m_writer(writer), m_options(options), m_total(total) {}

    /** In slices of whole blocks of both types, however long the rows are: both divide a row. */
    void copy(const Task& task) {
        const gguf::TensorInfo& tensor = *task.tensor;
        const gguf::BlockShape shape = gguf::blockShape(tensor.type);
        const uint64_t elements = tensor.elements();
        for (uint64_t at = 0; at < elements; at += sliceWeights) {
            const uint64_t count = std::min(sliceWeights, elements - at);
            m_source.resize(count / shape.weights * shape.bytes);
            m_file.read(tensor, at / shape.weights * shape.bytes, m_source);
            if (task.type == tensor.type) {
                write(m_source);
                continue;
            }
            m_weights.resize(count);
            gguf::dequantize(tensor.type, m_source, m_weights);
            checkWeights(tensor.name, m_weights, task.type);
            encodeBlocks(task.type, m_weights, m_encoded);
            write(m_encoded);
        }
    }

private:
    void write(std::span<const uint8_t> bytes) {
        m_writer.data(bytes);
        m_done += bytes.size();
        if (m_options.progress && !m_options.progress(m_done, m_total)) {
            throw Error("quantize.cancelled", "The quantisation was cancelled; no file was written.");
        }
    }

    const gguf::Reader& m_file;
    gguf::Writer& m_writer;
    const QuantizeOptions& m_options;
    uint64_t m_total = 0;
    uint64_t m_done = 0;
    std::vector<uint8_t> m_source;
    std::vector<float> m_weights;
    std::vector<uint8_t> m_encoded;
};

void copyMetadata(const gguf::Reader& file, gguf::Writer& writer, TensorType type, bool anyBlocks) {
    constexpr const char* fileTypeKey = "general.file_type";
    constexpr const char* versionKey = "general.quantization_version";
    for (const gguf::EntryPlace& entry : file.entries()) {
        const bool ours = entry.key == fileTypeKey || entry.key == versionKey || entry.key == "general.alignment";
        if (!ours && !entry.key.starts_with("quantize.")) {
            writer.add(entry.key, gguf::RawValue{file.readEntry(entry)});
        }
    }
    writer.add(fileTypeKey, gguf::U32{fileType(type)});
    if (anyBlocks) {
        writer.add(versionKey, gguf::U32{2});
    }
}

void refuseOwnInput(const gguf::Reader& file, const fs::path& target) {
    for (const fs::path& input : file.files()) {
        if (gguf::isSameFile(input, target)) {
            throw Error("quantize.same_file", "“{file}” is read for the quantisation and cannot be its output too.",
                        {{"file", displayName(input)}});
        }
    }
}

} // namespace

ExpectedTensor expectedFromFile(const gguf::Reader& file, const gguf::TensorInfo& tensor) {
    const std::string prefix = file.text("general.architecture").value_or("") + ".";
    const bool routed = file.u32(prefix + "expert_count").value_or(0) > 1;
    ExpectedTensor expected{tensor.name, tensor.shape};
    setPrecision(expected, routed ? file.u32(prefix + "block_count").value_or(0) : 0);
    return expected;
}

ConvertResult quantizeFile(const fs::path& source, const fs::path& target, const QuantizeOptions& options) {
    const auto start = std::chrono::steady_clock::now();
    const gguf::Reader file(source);
    refuseOwnInput(file, target);
    ConvertResult result;
    gguf::Writer writer(target);
    std::vector<Task> tasks;
    uint64_t total = 0;
    Fallbacks fallbacks(options.type);
    bool anyBlocks = false;
    for (const gguf::TensorInfo& tensor : file.tensors()) {
        const ExpectedTensor expected = expectedFromFile(file, tensor);
        const TensorType type = storedType(expected, options.type);
        fallbacks.add(expected);
        anyBlocks = anyBlocks || isBlockType(type);
        tasks.push_back({&tensor, type, tensor.rows() * gguf::rowBytes(type, tensor.shape[0])});
        writer.addTensor(tensor.name, type, tensor.shape);
        total += tasks.back().bytes;
    }
    if (auto warning = fallbacks.warning()) {
        result.warnings.push_back(std::move(*warning));
    }
    copyMetadata(file, writer, options.type, anyBlocks);
    writer.beginData();
    TensorCopy tensors(file, writer, options, total);
    for (const Task& task : tasks) {
        tensors.copy(task);
    }
    writer.commit();
    result.tensors = tasks.size();
    result.bytes = writer.bytesWritten();
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result;
}

} // namespace moescope::model
