// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/writer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <stdexcept>

namespace moescope::gguf {

namespace {

/** Types of metadata values, with GGUF's numbers. */
constexpr uint32_t typeU32 = 4;
constexpr uint32_t typeI32 = 5;
constexpr uint32_t typeF32 = 6;
constexpr uint32_t typeBool = 7;
constexpr uint32_t typeText = 8;
constexpr uint32_t typeArray = 9;
constexpr uint32_t version = 3;
constexpr uint32_t defaultAlignment = 32;

/** Little-endian bytes, whatever the machine. */
class Bytes {
public:
    void u8(uint8_t value) { m_bytes.push_back(value); }
    void u32(uint32_t value) { number(value, 4); }
    void u64(uint64_t value) { number(value, 8); }
    void text(std::string_view value) {
        u64(value.size());
        m_bytes.insert(m_bytes.end(), value.begin(), value.end());
    }
    std::span<const uint8_t> view() const { return m_bytes; }

    /** A value with its type before it. */
    void operator()(const RawValue& raw) { m_bytes.insert(m_bytes.end(), raw.bytes.begin(), raw.bytes.end()); }
    void operator()(const U32& scalar) {
        u32(typeU32);
        u32(scalar.value);
    }
    void operator()(const F32& scalar) {
        u32(typeF32);
        u32(std::bit_cast<uint32_t>(scalar.value));
    }
    void operator()(bool scalar) {
        u32(typeBool);
        u8(scalar ? 1 : 0);
    }
    void operator()(const std::string& scalar) {
        u32(typeText);
        text(scalar);
    }
    void operator()(const std::vector<uint32_t>& list) { words(typeU32, list); }
    void operator()(const std::vector<int32_t>& list) { words(typeI32, list); }
    void operator()(const std::vector<float>& list) { words(typeF32, list); }
    void operator()(const std::vector<std::string>& list) {
        arrayHead(typeText, list.size());
        for (const std::string& element : list) {
            text(element);
        }
    }

private:
    void number(uint64_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) {
            m_bytes.push_back(static_cast<uint8_t>(value >> 8 * i));
        }
    }
    void arrayHead(uint32_t type, uint64_t count) {
        u32(typeArray);
        u32(type);
        u64(count);
    }
    template <typename Word>
    void words(uint32_t type, const std::vector<Word>& list) {
        arrayHead(type, list.size());
        for (const Word element : list) {
            u32(std::bit_cast<uint32_t>(element));
        }
    }

    std::vector<uint8_t> m_bytes;
};

uint64_t aligned(uint64_t position, uint64_t alignment) { return (position + alignment - 1) / alignment * alignment; }

void pad(AtomicFile& file, uint64_t alignment) {
    static constexpr std::array<uint8_t, 4096> zeros{};
    uint64_t missing = aligned(file.position(), alignment) - file.position();
    while (missing > 0) {
        const uint64_t piece = std::min<uint64_t>(missing, zeros.size());
        file.write(std::span(zeros).first(piece));
        missing -= piece;
    }
}

} // namespace

Writer::Writer(const std::filesystem::path& target, uint32_t alignment) : m_file(target), m_alignment(alignment) {
    if (!std::has_single_bit(alignment) || alignment < 8 || alignment > 65536) {
        throw std::invalid_argument("the alignment must be a power of two from 8 to 65536");
    }
    if (alignment != defaultAlignment) {
        m_metadata.emplace_back("general.alignment", U32{alignment});
    }
}

void Writer::add(std::string key, WriteValue value) {
    if (m_inData) {
        throw std::logic_error("Writer::add() after beginData()");
    }
    if (key.empty() || key == "general.alignment" || !m_keys.insert(key).second) {
        throw std::invalid_argument("the metadata entry “" + key + "” is empty, there already or the writer's own");
    }
    m_metadata.emplace_back(std::move(key), std::move(value));
}

void Writer::addTensor(std::string name, TensorType type, std::vector<uint64_t> shape) {
    if (m_inData) {
        throw std::logic_error("Writer::addTensor() after beginData()");
    }
    TensorInfo info{std::move(name), type, std::move(shape), 0, 0};
    if (info.name.empty() || info.shape.empty() || info.shape.size() > 4) {
        throw std::invalid_argument("the tensor “" + info.name + "” needs a name and 1 to 4 dimensions");
    }
    uint64_t rows = 1;
    const uint64_t row = rowBytes(type, info.shape[0]);
    for (size_t i = 0; i < info.shape.size(); ++i) {
        if (info.shape[i] == 0 || (i > 0 && info.shape[i] > (uint64_t{1} << 56) / row / rows)) {
            throw std::invalid_argument("the tensor “" + info.name + "” is empty or too large");
        }
        rows *= i > 0 ? info.shape[i] : 1;
    }
    info.bytes = row * rows;
    if (!m_tensors.empty()) {
        info.offset = aligned(m_tensors.back().offset + m_tensors.back().bytes, m_alignment);
    }
    m_tensors.push_back(std::move(info));
}

void Writer::beginData() {
    if (m_inData) {
        throw std::logic_error("Writer::beginData() twice");
    }
    std::vector<std::string_view> names;
    names.reserve(m_tensors.size());
    for (const TensorInfo& info : m_tensors) {
        names.push_back(info.name);
    }
    std::sort(names.begin(), names.end());
    if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end()) {
        throw std::invalid_argument("the tensor “" + std::string(*twice) + "” was added twice");
    }
    Bytes header;
    for (const char c : std::string_view("GGUF")) {
        header.u8(static_cast<uint8_t>(c));
    }
    header.u32(version);
    header.u64(m_tensors.size());
    header.u64(m_metadata.size());
    for (const auto& [key, value] : m_metadata) {
        header.text(key);
        std::visit(header, value);
    }
    for (const TensorInfo& info : m_tensors) {
        header.text(info.name);
        header.u32(static_cast<uint32_t>(info.shape.size()));
        for (const uint64_t size : info.shape) {
            header.u64(size);
        }
        header.u32(static_cast<uint32_t>(info.type));
        header.u64(info.offset);
    }
    m_file.write(header.view());
    if (!m_tensors.empty()) {
        pad(m_file, m_alignment);
    }
    m_inData = true;
}

void Writer::data(std::span<const uint8_t> bytes) {
    if (!m_inData) {
        throw std::logic_error("Writer::data() before beginData()");
    }
    while (!bytes.empty()) {
        if (m_current == m_tensors.size()) {
            throw std::logic_error("Writer::data() past the last tensor");
        }
        const uint64_t missing = m_tensors[m_current].bytes - m_currentBytes;
        const std::span<const uint8_t> piece = bytes.first(std::min<uint64_t>(missing, bytes.size()));
        m_file.write(piece);
        m_currentBytes += piece.size();
        bytes = bytes.subspan(piece.size());
        if (m_currentBytes == m_tensors[m_current].bytes) {
            pad(m_file, m_alignment);
            ++m_current;
            m_currentBytes = 0;
        }
    }
}

void Writer::commit() {
    if (!m_inData || m_current != m_tensors.size()) {
        throw std::logic_error("Writer::commit() before all tensors are whole");
    }
    m_file.commit();
}

} // namespace moescope::gguf
