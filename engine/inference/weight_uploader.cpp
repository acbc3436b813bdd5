// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weight_uploader.h"

#include "engine/inference/weight_layout.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <functional>

namespace moescope::inference {

using trace::Error;

namespace {

constexpr size_t sliceBytes = size_t{4} << 20;

uint32_t widthOf(const TensorRows& part) { return static_cast<uint32_t>(part.tensor->shape[0]); }

uint64_t bytesOf(const TensorRows& part) { return layoutBytes(part.tensor->type, widthOf(part), part.count); }

void check(const gguf::TensorInfo& tensor, std::span<const uint8_t> source) {
    if (!isFinite(tensor.type, source)) {
        throw Error("weights.nan",
                    "The tensor “{tensor}” holds a weight that is NaN or infinite, so the model cannot be used.",
                    {{"tensor", tensor.name}});
    }
}

} // namespace

/** Takes the rows of a matrix one after the other and uploads them, some whole groups at a time. */
class RowStream {
public:
    RowStream(vulkan::Buffer& buffer, uint32_t row_words, uint32_t group)
        : m_buffer(buffer), m_rowWords(row_words), m_group(group), m_rowBytes(size_t{row_words} * 16),
          m_rows(std::max<size_t>(1, sliceBytes / m_rowBytes / mostGroupedRows) * mostGroupedRows * m_rowBytes) {}

    /** Zeroed room for the next row. */
    std::span<uint8_t> next() {
        if (m_used == m_rows.size()) {
            upload();
        }
        m_used += m_rowBytes;
        return std::span(m_rows).subspan(m_used - m_rowBytes, m_rowBytes);
    }
    /** Uploads what is left, with rows of zeros behind it. */
    void finish() {
        const size_t groupBytes = mostGroupedRows * m_rowBytes;
        m_used = (m_used + groupBytes - 1) / groupBytes * groupBytes;
        upload();
    }

private:
    void upload() {
        std::span rows(m_rows.data(), m_used);
        if (m_group > 1) {
            m_grouped.resize(m_used);
            groupRows(rows, m_rowWords, m_group, m_grouped);
            rows = m_grouped;
        }
        m_buffer.upload(m_offset, rows);
        m_offset += m_used;
        m_used = 0;
        std::fill(m_rows.begin(), m_rows.end(), uint8_t{0});
    }

    vulkan::Buffer& m_buffer;
    uint32_t m_rowWords;
    uint32_t m_group;
    size_t m_rowBytes;
    std::vector<uint8_t> m_rows;
    std::vector<uint8_t> m_grouped;
    size_t m_used = 0; ///< bytes of m_rows
    uint64_t m_offset = 0;
};

WeightUploader::WeightUploader(vulkan::Device& device, const gguf::Reader& file, uint32_t group)
    : m_device(device), m_file(file), m_group(group) {
    for (const gguf::TensorInfo& tensor : file.tensors()) {
        m_total += tensor.bytes;
    }
}

TensorRows WeightUploader::wholeOf(const std::string& name) const {
    const gguf::TensorInfo& tensor = findTensor(m_file, name);
    return {&tensor, 0, tensor.rows()};
}

Matrix WeightUploader::optionalMatrix(const std::string& name) {
    return m_file.find(name) != nullptr ? matrix(name) : Matrix{};
}

Matrix WeightUploader::rowsOf(const std::string& name, uint64_t first, uint64_t count) {
    return matrixOf({{&findTensor(m_file, name), first, count}});
}

Matrix WeightUploader::joined(const std::vector<std::string>& names) {
    std::vector<TensorRows> parts;
    for (const std::string& name : names) {
        parts.push_back(wholeOf(name));
    }
    return matrixOf(parts);
}

std::vector<Matrix> WeightUploader::stacked(const std::vector<std::string>& names) {
    std::vector<TensorRows> rows;
    std::vector<StackPart> parts;
    for (const std::string& name : names) {
        rows.push_back(wholeOf(name));
        parts.push_back({rows.back().tensor->type, bytesOf(rows.back())});
    }
    std::vector<Matrix> matrices;
    auto first = rows.begin();
    for (const size_t count : stackSizes(parts, largestMatrix())) {
        matrices.push_back(matrixOf({first, first + static_cast<ptrdiff_t>(count)}));
        first += static_cast<ptrdiff_t>(count);
    }
    return matrices;
}

std::vector<float> WeightUploader::values(const std::string& name) {
    const gguf::TensorInfo& tensor = findTensor(m_file, name);
    const uint64_t width = tensor.shape[0];
    const uint64_t fileRowBytes = gguf::rowBytes(tensor.type, width);
    const uint64_t step = std::max<uint64_t>(1, sliceBytes / fileRowBytes);
    std::vector<float> decoded(tensor.elements());
    std::vector<uint8_t> source;
    for (uint64_t row = 0; row < tensor.rows(); row += step) {
        const uint64_t count = std::min(step, tensor.rows() - row);
        source.resize(count * fileRowBytes);
        m_file.read(tensor, row * fileRowBytes, source);
        check(tensor, source);
        gguf::dequantize(tensor.type, source, std::span(decoded).subspan(row * width, count * width));
        advance(source.size());
    }
    return decoded;
}

Vector WeightUploader::vector(const std::string& name, const std::vector<std::string>& tensors) {
    uint64_t floats = 0;
    for (const std::string& tensor : tensors) {
        floats += findTensor(m_file, tensor).elements();
    }
    return vectorOf(name, floats, [this, tensors] {
        std::vector<float> all;
        for (const std::string& tensor : tensors) {
            const std::vector<float> part = values(tensor);
            all.insert(all.end(), part.begin(), part.end());
        }
        return all;
    });
}

Vector WeightUploader::product(const std::string& name, const std::string& a, const std::string& b) {
    findTensor(m_file, b);
    return vectorOf(name, findTensor(m_file, a).elements(), [this, a, b] {
        std::vector<float> product = values(a);
        const std::vector<float> other = values(b);
        std::transform(product.begin(), product.end(), other.begin(), product.begin(), std::multiplies<>());
        return product;
    });
}

Vector WeightUploader::vectorOf(const std::string& name, uint64_t floats, std::function<std::vector<float>()> decode) {
    const uint64_t bytes = uint64_t{stride(static_cast<uint32_t>(floats))} * sizeof(float);
    checkRange(name, bytes, m_device.limits().max_storage_range);
    auto made = buffer(name, bytes);
    m_fills.emplace_back([target = made.get(), bytes, decode = std::move(decode)] {
        std::vector<float> decoded = decode();
        decoded.resize(bytes / sizeof(float));
        target->upload(0, std::span(reinterpret_cast<const uint8_t*>(decoded.data()), bytes));
    });
    return made;
}

Matrix WeightUploader::matrixOf(const std::vector<TensorRows>& parts) {
    const gguf::TensorInfo& top = *parts.front().tensor;
    Matrix matrix;
    matrix.type = top.type;
    matrix.width = widthOf(parts.front());
    matrix.row_words = rowWords(top.type, matrix.width);
    matrix.group = m_group;
    uint64_t rows = 0;
    for (const TensorRows& part : parts) {
        const bool experts = part.tensor->shape.size() > 2;
        matrix.rows += static_cast<uint32_t>(experts ? part.tensor->shape[1] : part.count);
        rows += part.count;
    }
    const uint64_t bytes = layoutBytes(top.type, matrix.width, rows);
    checkRange(top.name, bytes, m_group > 1 ? m_device.limits().max_texel_range : m_device.limits().max_storage_range);
    matrix.buffer = buffer(top.name, bytes);
    m_fills.emplace_back([this, parts, target = matrix.buffer.get(), rowWords = matrix.row_words] {
        RowStream out(*target, rowWords, m_group);
        for (const TensorRows& part : parts) {
            fill(out, part);
        }
        out.finish();
    });
    return matrix;
}

void WeightUploader::upload(const Progress& progress) {
    m_progress = progress;
    for (const std::function<void()>& fill : m_fills) {
        fill();
    }
    m_fills.clear();
    m_progress = nullptr;
}

void WeightUploader::fill(RowStream& out, const TensorRows& part) {
    const gguf::TensorInfo& tensor = *part.tensor;
    const uint64_t fileRowBytes = gguf::rowBytes(tensor.type, widthOf(part));
    const uint64_t step = std::max<uint64_t>(1, sliceBytes / fileRowBytes);
    std::vector<uint8_t> source;
    for (uint64_t row = 0; row < part.count; row += step) {
        const uint64_t count = std::min(step, part.count - row);
        source.resize(count * fileRowBytes);
        m_file.read(tensor, (part.first + row) * fileRowBytes, source);
        check(tensor, source);
        for (uint64_t i = 0; i < count; ++i) {
            layOutRow(tensor.type, std::span(source).subspan(i * fileRowBytes, fileRowBytes), widthOf(part),
                      out.next());
        }
        advance(source.size());
    }
}

uint64_t WeightUploader::largestMatrix() const {
    const vulkan::Limits& limits = m_device.limits();
    return std::min(m_group > 1 ? limits.max_texel_range : limits.max_storage_range, limits.max_allocation);
}

void WeightUploader::checkRange(const std::string& name, uint64_t bytes, uint64_t most) const {
    if (bytes > most) {
        throw Error("weights.range",
                    "The tensor “{tensor}” needs {bytes} and {device} can bind at most {most} at once, so this "
                    "model cannot run on it.",
                    {{"tensor", name},
                     {"bytes", trace::bytesText(bytes)},
                     {"device", m_device.info().name},
                     {"most", trace::bytesText(most)}});
    }
}

std::unique_ptr<vulkan::Buffer> WeightUploader::buffer(const std::string& name, uint64_t bytes) {
    auto made = std::make_unique<vulkan::Buffer>(m_device, bytes, vulkan::MemoryKind::DeviceLocal, name,
                                                 vulkan::Contents::Undefined);
    m_use.of(purposeOf(name)) += made->use();
    return made;
}

void WeightUploader::advance(uint64_t bytes) {
    m_done += bytes;
    if (m_progress && !m_progress(m_done, m_total)) {
        throw Error("load.cancelled", "Loading the model was cancelled.");
    }
}

} // namespace moescope::inference
