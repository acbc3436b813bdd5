// SPDX-License-Identifier: Apache-2.0
#include "engine/model/weight_encoding.h"

#include "engine/trace/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>

namespace moescope::model {

using gguf::TensorType;
using trace::Error;

namespace {

constexpr float largestHalf = 65504;
constexpr float largestBf16 = 3.3895314e38F; ///< what is half a unit above it is rounded to infinity

/** The largest weight of a type: those whose weights or factors are halves end where these do. */
float largestOf(TensorType type) {
    switch (type) {
    case TensorType::F32:
    case TensorType::MXFP4: return std::numeric_limits<float>::max();
    case TensorType::BF16: return largestBf16;
    default: return largestHalf;
    }
}

} // namespace

uint32_t fileType(TensorType type) {
    switch (type) {
    case TensorType::F32: return 0;
    case TensorType::F16: return 1;
    case TensorType::Q4_0: return 2;
    case TensorType::Q4_1: return 3;
    case TensorType::Q8_0: return 7;
    case TensorType::Q5_0: return 8;
    case TensorType::Q5_1: return 9;
    case TensorType::Q2_K: return 10;
    case TensorType::Q3_K: return 11;
    case TensorType::Q4_K: return 14;
    case TensorType::Q5_K: return 16;
    case TensorType::Q6_K: return 18;
    case TensorType::IQ4_NL: return 25;
    case TensorType::IQ4_XS: return 30;
    case TensorType::BF16: return 32;
    case TensorType::MXFP4: return 38;
    }
    return 0;
}

bool isBlockType(TensorType type) { return gguf::blockShape(type).weights > 1; }

void checkWeights(const std::string& tensor, std::span<const float> weights, TensorType type) {
    const float most = largestOf(type);
    for (const float weight : weights) {
        if (!std::isfinite(weight)) {
            throw Error("convert.not_finite", "The tensor “{tensor}” holds a weight that is NaN or infinite.",
                        {{"tensor", tensor}});
        }
        if (std::abs(weight) > most) {
            throw Error(
                "convert.too_large",
                "The tensor “{tensor}” holds the weight {weight}; {type} is written of weights up to {most}, F32 "
                "of all.",
                {{"tensor", tensor},
                 {"weight", std::to_string(weight)},
                 {"type", std::string(gguf::typeName(type))},
                 {"most", std::to_string(most)}});
        }
    }
}

void encodeBlocks(TensorType type, std::span<const float> weights, std::vector<uint8_t>& out) {
    const gguf::BlockShape shape = gguf::blockShape(type);
    const uint64_t blocks = weights.size() / shape.weights;
    out.resize(gguf::rowBytes(type, weights.size()));
    const auto range = [&](uint64_t begin, uint64_t end) {
        gguf::quantize(type, weights.subspan(begin * shape.weights, (end - begin) * shape.weights),
                       std::span(out).subspan(begin * shape.bytes, (end - begin) * shape.bytes));
    };
    constexpr uint64_t leastBlocks = 16; // that are worth a thread
    const uint64_t cores = std::max(1U, std::thread::hardware_concurrency());
    const uint64_t threads = isBlockType(type) ? std::clamp<uint64_t>(blocks / leastBlocks, 1, cores) : 1;
    std::vector<std::jthread> helpers; // they join when the vector goes
    for (uint64_t i = 1; i < threads; ++i) {
        helpers.emplace_back(range, blocks * i / threads, blocks * (i + 1) / threads);
    }
    range(0, blocks / threads);
}

} // namespace moescope::model
