// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/kernel_test.h"

#include "engine/inference/weight_layout.h"

#include "engine/trace/error.h"
#include "tests/support/byte_activations.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace moescope::test {

using gguf::TensorType;
using inference::stride;
using vulkan::Buffer;
using vulkan::MemoryKind;

namespace {

std::optional<bool> wish(const char* variable) {
    const char* value = std::getenv(variable);
    return value == nullptr ? std::nullopt : std::optional(std::string_view(value) == "1");
}

} // namespace

std::vector<MatrixCase> matrixCases() {
    using Sizes = std::vector<std::pair<uint32_t, uint32_t>>; // width, rows
    const Sizes single{{1, 1}, {3, 5}, {16, 64}, {17, 129}, {36, 7}, {100, 300}, {257, 33}};
    const Sizes of32{{32, 1}, {64, 65}, {96, 127}, {288, 40}, {544, 9}};
    const Sizes of256{{256, 1}, {256, 131}, {768, 66}, {1280, 5}};
    std::vector<MatrixCase> cases;
    for (const TensorType type : gguf::tensorTypes()) {
        const uint32_t block = gguf::blockShape(type).weights;
        for (const auto& [width, rows] : block == 1 ? single : block == 32 ? of32 : of256) {
            cases.push_back({type, width, rows});
        }
    }
    return cases;
}

std::vector<MatrixCase> optionCases() {
    std::vector<MatrixCase> cases = matrixCases();
    std::erase_if(cases, [](const MatrixCase& shape) {
        return shape.type != TensorType::F16 && shape.type != TensorType::Q8_0 && shape.type != TensorType::Q6_K;
    });
    return cases;
}

std::string describe(const MatrixCase& shape) {
    return std::string(gguf::typeName(shape.type)) + ", width " + std::to_string(shape.width) + ", rows " +
           std::to_string(shape.rows);
}

void KernelsTest::SetUp() {
    KernelTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) {
        return;
    }
    const inference::Variants variants{.texels = wish("MOESCOPE_TEST_TEXELS"),
                                       .integer_dot = wish("MOESCOPE_TEST_INTEGER_DOT"),
                                       .coopmat = wish("MOESCOPE_TEST_COOPMAT")};
    try {
        m_kernels = std::make_unique<inference::Kernels>(device(), variants);
    } catch (const trace::Error& error) {
        if (error.id() != "variant.device" && error.id() != "variant.build") {
            throw;
        }
        std::fprintf(stderr, "SKIPPED, the variant is not tested: %s\n", error.what());
        GTEST_SKIP() << error.what();
    }
}

std::vector<float> KernelsTest::multiplied(TensorType type, std::span<const float> x, uint32_t width) const {
    if (m_kernels->integerDot() && gguf::blockShape(type).weights > 1) {
        return twins::byteActivations(x, width);
    }
    return {x.begin(), x.end()};
}

void KernelsTest::expectProducts(TensorType type, std::span<const float> actual, std::span<const float> expected,
                                 std::span<const float> half_bounds, float absolute, float relative,
                                 const std::string& parameters) {
    if (!m_kernels->coopmat() || type == TensorType::F32) {
        expectNear(actual, expected, absolute, relative, parameters);
        return;
    }
    ASSERT_EQ(actual.size(), expected.size()) << parameters;
    ASSERT_EQ(half_bounds.size(), expected.size()) << parameters;
    std::vector<float> nearer(actual.begin(), actual.end());
    for (size_t i = 0; i < nearer.size(); ++i) {
        nearer[i] -= std::clamp(actual[i] - expected[i], -half_bounds[i], half_bounds[i]);
    }
    expectNear(nearer, expected, absolute, relative, parameters);
}

TestMatrix KernelsTest::matrix(TensorType type, uint32_t experts, uint32_t rows, uint32_t width, uint32_t seed) {
    TestMatrix made;
    made.matrix.type = type;
    made.matrix.width = width;
    made.matrix.rows = rows;
    made.matrix.row_words = inference::rowWords(type, width);
    const size_t all = size_t{experts} * rows;
    const size_t rowBytes = size_t{made.matrix.row_words} * 16;
    const std::vector<float> values = random(all * width, seed);
    made.decoded.resize(values.size());
    std::vector<uint8_t> block(gguf::rowBytes(type, width));
    made.matrix.group = m_kernels->rowGroup();
    std::vector<uint8_t> laidOut(inference::layoutBytes(type, width, all));
    for (size_t row = 0; row < all; ++row) {
        gguf::quantize(type, std::span(values).subspan(row * width, width), block);
        gguf::dequantize(type, block, std::span(made.decoded).subspan(row * width, width));
        inference::layOutRow(type, block, width, std::span(laidOut).subspan(row * rowBytes, rowBytes));
    }
    std::vector<uint8_t> words(laidOut.size());
    inference::groupRows(laidOut, made.matrix.row_words, made.matrix.group, words);
    made.matrix.buffer = std::make_unique<Buffer>(device(), words.size(), MemoryKind::DeviceLocal, "matrix");
    made.matrix.buffer->upload(0, words);
    return made;
}

std::unique_ptr<Buffer> KernelsTest::zeroRows(uint32_t count, uint32_t width) {
    return zeroWords(uint64_t{count} * stride(width));
}

std::unique_ptr<Buffer> KernelsTest::rows(std::span<const float> values, uint32_t width) {
    const size_t count = values.size() / width;
    std::vector<float> padded(count * stride(width));
    for (size_t row = 0; row < count; ++row) {
        std::copy_n(values.begin() + static_cast<ptrdiff_t>(row * width), width,
                    padded.begin() + static_cast<ptrdiff_t>(row * stride(width)));
    }
    return floats(padded);
}

std::vector<float> KernelsTest::readRows(const Buffer& buffer, uint32_t count, uint32_t width) {
    const std::vector<float> padded = readFloats(buffer, size_t{count} * stride(width));
    std::vector<float> values;
    for (size_t row = 0; row < count; ++row) {
        const auto begin = padded.begin() + static_cast<ptrdiff_t>(row * stride(width));
        values.insert(values.end(), begin, begin + width);
    }
    return values;
}

std::unique_ptr<Buffer> KernelsTest::words(std::span<const uint32_t> values) {
    auto buffer = std::make_unique<Buffer>(device(), values.size_bytes(), MemoryKind::DeviceLocal, "words");
    buffer->upload(0, std::span(reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()));
    return buffer;
}

std::unique_ptr<Buffer> KernelsTest::zeroWords(uint64_t count) {
    return std::make_unique<Buffer>(device(), std::max<uint64_t>(count, 4) * 4, MemoryKind::DeviceLocal, "zero");
}

std::vector<uint32_t> KernelsTest::readWords(const Buffer& buffer, size_t count) {
    std::vector<uint32_t> values(count);
    buffer.download(0, std::span(reinterpret_cast<uint8_t*>(values.data()), count * 4));
    return values;
}

std::unique_ptr<Buffer> KernelsTest::floats(std::span<const float> values) {
    auto buffer = std::make_unique<Buffer>(device(), values.size_bytes(), MemoryKind::DeviceLocal, "floats");
    buffer->upload(0, std::span(reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()));
    return buffer;
}

std::vector<float> KernelsTest::readFloats(const Buffer& buffer, size_t count) {
    std::vector<float> values(count);
    buffer.download(0, std::span(reinterpret_cast<uint8_t*>(values.data()), count * 4));
    return values;
}

std::unique_ptr<Buffer> KernelsTest::step(uint32_t position, bool log_router, bool log_probs) {
    const std::vector<uint32_t> state{position, log_router ? 1U : 0U, log_probs ? 1U : 0U, 0U};
    return words(state);
}

std::vector<KernelsTest::CachePart> KernelsTest::cutCache(const inference::AttentionShape& shape,
                                                          const vulkan::Buffer& keys, const vulkan::Buffer& values,
                                                          uint32_t heads) {
    std::vector<CachePart> parts;
    const uint64_t headBytes = keys.size() / shape.head_count_kv;
    for (uint32_t first = 0; first < shape.head_count_kv; first += heads) {
        CachePart part{.shape = shape};
        part.shape.kv_first = first;
        part.shape.kv_heads = std::min(heads, shape.head_count_kv - first);
        const auto copied = [&](const vulkan::Buffer& whole) {
            std::vector<uint8_t> bytes(part.shape.kv_heads * headBytes);
            whole.download(first * headBytes, bytes);
            auto copy =
                std::make_unique<vulkan::Buffer>(device(), bytes.size(), vulkan::MemoryKind::DeviceLocal, "part");
            copy->upload(0, bytes);
            return copy;
        };
        part.keys = copied(keys);
        part.values = copied(values);
        parts.push_back(std::move(part));
    }
    return parts;
}

void KernelsTest::joinCache(const std::vector<CachePart>& parts, vulkan::Buffer& keys, vulkan::Buffer& values) {
    const uint64_t headBytes = keys.size() / parts.front().shape.head_count_kv;
    for (const CachePart& part : parts) {
        for (const auto& [from, to] : {std::pair(part.keys.get(), &keys), {part.values.get(), &values}}) {
            std::vector<uint8_t> bytes(from->size());
            from->download(0, bytes);
            to->upload(part.shape.kv_first * headBytes, bytes);
        }
    }
}

void KernelsTest::run(const std::function<void(vulkan::CommandRecorder&)>& record) {
    vulkan::CommandRecorder recorder(device(), "test");
    recorder.begin();
    record(recorder);
    recorder.end();
    recorder.submitAndWait();
}

} // namespace moescope::test
