// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/tensor_type.h"

#include "engine/gguf/blocks.h"
#include "engine/trace/error.h"

#include <array>
#include <stdexcept>
#include <string>

namespace moescope::gguf {

namespace {

struct Format {
    TensorType type;
    std::string_view name;
    BlockShape shape;
    void (*decode)(const uint8_t*, std::span<float>);
    void (*encode)(std::span<const float>, uint8_t*);
};

constexpr std::array formats{
    Format{TensorType::F32, "F32", {1, 4}, blocks::decodeF32, blocks::encodeF32},
    Format{TensorType::F16, "F16", {1, 2}, blocks::decodeF16, blocks::encodeF16},
    Format{TensorType::BF16, "BF16", {1, 2}, blocks::decodeBf16, blocks::encodeBf16},
    Format{TensorType::Q4_0, "Q4_0", {blocks::nibbleWeights, blocks::q40Bytes}, blocks::decodeQ40, blocks::encodeQ40},
    Format{TensorType::Q4_1, "Q4_1", {blocks::nibbleWeights, blocks::q41Bytes}, blocks::decodeQ41, blocks::encodeQ41},
    Format{TensorType::Q5_0, "Q5_0", {blocks::nibbleWeights, blocks::q50Bytes}, blocks::decodeQ50, blocks::encodeQ50},
    Format{TensorType::Q5_1, "Q5_1", {blocks::nibbleWeights, blocks::q51Bytes}, blocks::decodeQ51, blocks::encodeQ51},
    Format{TensorType::Q8_0, "Q8_0", {blocks::q8Weights, blocks::q8Bytes}, blocks::decodeQ8, blocks::encodeQ8},
    Format{TensorType::Q2_K, "Q2_K", {blocks::kWeights, blocks::q2kBytes}, blocks::decodeQ2K, blocks::encodeQ2K},
    Format{TensorType::Q3_K, "Q3_K", {blocks::kWeights, blocks::q3kBytes}, blocks::decodeQ3K, blocks::encodeQ3K},
    Format{TensorType::Q4_K, "Q4_K", {blocks::kWeights, blocks::q4kBytes}, blocks::decodeQ4K, blocks::encodeQ4K},
    Format{TensorType::Q5_K, "Q5_K", {blocks::kWeights, blocks::q5kBytes}, blocks::decodeQ5K, blocks::encodeQ5K},
    Format{TensorType::Q6_K, "Q6_K", {blocks::kWeights, blocks::q6kBytes}, blocks::decodeQ6K, blocks::encodeQ6K},
    Format{TensorType::IQ4_NL,
           "IQ4_NL",
           {blocks::nibbleWeights, blocks::iq4nlBytes},
           blocks::decodeIq4Nl,
           blocks::encodeIq4Nl},
    Format{
        TensorType::IQ4_XS, "IQ4_XS", {blocks::kWeights, blocks::iq4xsBytes}, blocks::decodeIq4Xs, blocks::encodeIq4Xs},
    Format{TensorType::MXFP4,
           "MXFP4",
           {blocks::nibbleWeights, blocks::mxfp4Bytes},
           blocks::decodeMxfp4,
           blocks::encodeMxfp4},
};

const Format* findFormat(TensorType type) {
    for (const Format& format : formats) {
        if (format.type == type) {
            return &format;
        }
    }
    return nullptr;
}

const Format& formatOf(TensorType type) {
    const Format* format = findFormat(type);
    if (format == nullptr) {
        throw std::invalid_argument("tensor type " + std::to_string(static_cast<uint32_t>(type)) + " is not known");
    }
    return *format;
}

/** The row's format, once its sizes are known to fit. */
const Format& checkedFormat(TensorType type, size_t weights, size_t bytes) {
    const Format& format = formatOf(type);
    if (rowBytes(type, weights) != bytes) {
        throw std::invalid_argument("a row of " + std::to_string(weights) + " weights of type " +
                                    std::string(format.name) + " does not take " + std::to_string(bytes) + " bytes");
    }
    return format;
}

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

} // namespace

bool isKnown(TensorType type) { return findFormat(type) != nullptr; }

std::span<const TensorType> tensorTypes() {
    static constexpr auto types = [] {
        std::array<TensorType, formats.size()> all{};
        for (size_t i = 0; i < all.size(); ++i) {
            all[i] = formats[i].type;
        }
        return all;
    }();
    return types;
}

BlockShape blockShape(TensorType type) { return formatOf(type).shape; }

std::string_view typeName(TensorType type) {
    if (const Format* format = findFormat(type)) {
        return format->name;
    }
    static const std::array<std::string, 256> numbered = [] {
        std::array<std::string, 256> names;
        for (size_t i = 0; i < names.size(); ++i) {
            names[i] = "type " + std::to_string(i);
        }
        return names;
    }();
    const auto number = static_cast<uint32_t>(type);
    return number < numbered.size() ? std::string_view(numbered[number]) : "type above 255";
}

TensorType parseTensorType(std::string_view name) {
    std::string wanted(name);
    for (char& c : wanted) {
        c = upper(c);
    }
    std::string known;
    for (const Format& format : formats) {
        if (format.name == wanted) {
            return format.type;
        }
        known += known.empty() ? "" : ", ";
        known += format.name;
    }
    throw trace::Error("gguf.type", "“{name}” is not a type of weights that this version knows. It knows {known}.",
                       {{"name", std::string(name)}, {"known", known}});
}

uint64_t rowBytes(TensorType type, uint64_t weights) {
    const BlockShape shape = blockShape(type);
    if (weights % shape.weights != 0) {
        throw std::invalid_argument("a row of " + std::to_string(weights) + " weights is not a multiple of " +
                                    std::to_string(shape.weights));
    }
    const uint64_t count = weights / shape.weights;
    if (count > UINT64_MAX / shape.bytes) {
        throw std::invalid_argument("a row of " + std::to_string(weights) + " weights is too long");
    }
    return count * shape.bytes;
}

void dequantize(TensorType type, std::span<const uint8_t> row, std::span<float> out) {
    checkedFormat(type, out.size(), row.size()).decode(row.data(), out);
}

void quantize(TensorType type, std::span<const float> row, std::span<uint8_t> out) {
    checkedFormat(type, row.size(), out.size()).encode(row, out.data());
}

} // namespace moescope::gguf
