// SPDX-License-Identifier: Apache-2.0
#include "engine/model/safetensors.h"

#include "engine/gguf/tensor_type.h"
#include "engine/model/json.h"
#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <array>
#include <limits>

namespace moescope::model {

using trace::Error;

namespace {

constexpr uint64_t longestHeader = uint64_t{128} << 20;
constexpr size_t mostDimensions = 8;

struct KnownType {
    std::string_view name;
    SafeType type;
    uint32_t bytes;
};

constexpr std::array knownTypes{
    KnownType{"F32", SafeType::F32, 4},     KnownType{"F16", SafeType::F16, 2},
    KnownType{"BF16", SafeType::Bf16, 2},   KnownType{"F8_E4M3", SafeType::Fp8, 1},
    KnownType{"F8_E5M2", SafeType::Fp8, 1}, KnownType{"F64", SafeType::Other, 8},
    KnownType{"I64", SafeType::Other, 8},   KnownType{"U64", SafeType::Other, 8},
    KnownType{"I32", SafeType::Other, 4},   KnownType{"U32", SafeType::Other, 4},
    KnownType{"I16", SafeType::Other, 2},   KnownType{"U16", SafeType::Other, 2},
    KnownType{"I8", SafeType::Other, 1},    KnownType{"U8", SafeType::U8, 1},
    KnownType{"BOOL", SafeType::Other, 1},
};

/** What a sentence about one tensor needs. */
struct Place {
    const std::string& file;
    const std::string& tensor;

    [[noreturn]] void refuse(const char* id, std::string_view pattern, Error::Arguments arguments = {}) const {
        arguments.emplace_back("file", file);
        arguments.emplace_back("tensor", shortened(tensor));
        throw Error(id, pattern, std::move(arguments));
    }
};

const KnownType& parseType(const Json& entry, const Place& place) {
    const auto at = entry.find("dtype");
    if (at == entry.end() || !at->is_string()) {
        place.refuse("safetensors.entry", "The tensor “{tensor}” in “{file}” has no dtype.");
    }
    const std::string name = at->get<std::string>();
    for (const KnownType& known : knownTypes) {
        if (known.name == name) {
            return known;
        }
    }
    place.refuse("safetensors.type", "The tensor “{tensor}” in “{file}” is of the unknown type “{type}”.",
                 {{"type", shortened(name)}});
}

std::vector<uint64_t> parseShape(const Json& entry, const Place& place) {
    const auto at = entry.find("shape");
    const bool list = at != entry.end() && at->is_array() && at->size() <= mostDimensions &&
                      std::all_of(at->begin(), at->end(), [](const Json& n) { return n.is_number_unsigned(); });
    if (!list) {
        place.refuse("safetensors.entry",
                     "The shape of the tensor “{tensor}” in “{file}” is no list of up to 8 sizes.");
    }
    return at->get<std::vector<uint64_t>>();
}

uint64_t shapeBytes(const std::vector<uint64_t>& shape, uint32_t each, const Place& place) {
    uint64_t bytes = each;
    for (const uint64_t n : shape) {
        if (n != 0 && bytes > std::numeric_limits<uint64_t>::max() / n) {
            place.refuse("safetensors.shape",
                         "The sizes of the tensor “{tensor}” in “{file}” multiply to more than any file holds.");
        }
        bytes *= n;
    }
    return bytes;
}

SafeTensor parseTensor(const std::string& name, const Json& entry, const gguf::MappedFile& file, uint64_t dataBegin,
                       const std::string& fileName) {
    const Place place{fileName, name};
    if (!entry.is_object()) {
        place.refuse("safetensors.entry", "The entry of the tensor “{tensor}” in “{file}” is no object.");
    }
    const KnownType& type = parseType(entry, place);
    SafeTensor tensor;
    tensor.name = name;
    tensor.type_name = std::string(type.name);
    tensor.type = type.type;
    tensor.shape = parseShape(entry, place);
    tensor.file = &file;
    tensor.bytes = shapeBytes(tensor.shape, type.bytes, place);

    const auto at = entry.find("data_offsets");
    if (at == entry.end() || !at->is_array() || at->size() != 2 || !(*at)[0].is_number_unsigned() ||
        !(*at)[1].is_number_unsigned()) {
        place.refuse("safetensors.entry", "The data_offsets of the tensor “{tensor}” in “{file}” are no two offsets.");
    }
    const auto begin = (*at)[0].get<uint64_t>();
    const auto end = (*at)[1].get<uint64_t>();
    const uint64_t available = file.size() - dataBegin;
    if (begin > end || end > available) {
        place.refuse(
            "safetensors.offsets",
            "The tensor “{tensor}” in “{file}” is said to lie at {begin} to {end} of {available} bytes: the file is "
            "cut "
            "short or damaged. Download it again.",
            {{"begin", std::to_string(begin)}, {"end", std::to_string(end)}, {"available", std::to_string(available)}});
    }
    if (end - begin != tensor.bytes) {
        place.refuse("safetensors.bytes",
                     "The tensor “{tensor}” in “{file}” holds {held} bytes; its type and shape ask for {asked}.",
                     {{"held", std::to_string(end - begin)}, {"asked", std::to_string(tensor.bytes)}});
    }
    if (begin % type.bytes != 0) {
        place.refuse("safetensors.unaligned",
                     "The tensor “{tensor}” in “{file}” lies at {begin}, which is no multiple of {bytes}.",
                     {{"begin", std::to_string(begin)}, {"bytes", std::to_string(type.bytes)}});
    }
    tensor.offset = dataBegin + begin;
    return tensor;
}

} // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : m_file(path) {
    const std::string name = displayName(path);
    std::array<uint8_t, 8> prefix{};
    if (m_file.size() < prefix.size()) {
        throw Error("safetensors.header", "“{file}” has {bytes} and is no safetensors file. Download it again.",
                    {{"file", name}, {"bytes", trace::bytesText(m_file.size())}});
    }
    m_file.read(0, prefix);
    uint64_t length = 0;
    for (size_t i = prefix.size(); i-- > 0;) {
        length = length << 8 | prefix[i];
    }
    if (length > m_file.size() - prefix.size() || length > longestHeader) {
        throw Error(
            "safetensors.header",
            "“{file}” states a header of {length} bytes, but has {bytes} in all; at most {most} are read. It is cut "
            "short or no safetensors file: download it again.",
            {{"file", name},
             {"length", std::to_string(length)},
             {"bytes", trace::bytesText(m_file.size())},
             {"most", trace::bytesText(longestHeader)}});
    }
    std::string text(length, '\0');
    m_file.read(prefix.size(), {reinterpret_cast<uint8_t*>(text.data()), text.size()});
    const Json header = parseJson(text, name);
    if (!header.is_object()) {
        throw Error("safetensors.header", "The header of “{file}” is no JSON object.", {{"file", name}});
    }
    for (const auto& [key, entry] : header.items()) {
        if (key != "__metadata__") {
            m_tensors.push_back(parseTensor(key, entry, m_file, prefix.size() + length, name));
        }
    }
    std::sort(m_tensors.begin(), m_tensors.end(), [](const SafeTensor& a, const SafeTensor& b) {
        return a.offset != b.offset ? a.offset < b.offset : a.bytes < b.bytes;
    });
    for (size_t i = 1; i < m_tensors.size(); ++i) {
        const SafeTensor& before = m_tensors[i - 1];
        if (before.offset + before.bytes > m_tensors[i].offset) {
            throw Error("safetensors.overlap", "The tensors “{first}” and “{second}” in “{file}” overlap.",
                        {{"first", shortened(before.name)}, {"second", shortened(m_tensors[i].name)}, {"file", name}});
        }
    }
}

void readWeights(const SafeTensor& tensor, uint64_t first, std::span<float> out) {
    const uint64_t each = tensor.type == SafeType::F32 ? 4 : 2;
    if (tensor.type == SafeType::F32) {
        std::span bytes(reinterpret_cast<uint8_t*>(out.data()), out.size_bytes());
        tensor.file->read(tensor.offset + first * each, bytes);
        return;
    }
    std::vector<uint16_t> halves(out.size());
    tensor.file->read(tensor.offset + first * each, {reinterpret_cast<uint8_t*>(halves.data()), halves.size() * each});
    const auto decode = tensor.type == SafeType::F16 ? gguf::halfToFloat : gguf::bf16ToFloat;
    std::transform(halves.begin(), halves.end(), out.begin(), decode);
}

std::string shapeText(std::span<const uint64_t> shape) {
    std::string text;
    for (const uint64_t n : shape) {
        text += (text.empty() ? "" : " × ") + std::to_string(n);
    }
    return text.empty() ? "a single number" : text;
}

} // namespace moescope::model
