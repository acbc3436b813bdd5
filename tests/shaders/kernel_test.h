// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/kernels.h"
#include "tests/support/kernel_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace moescope::test {

/** Shape of a matrix of weights in a test. */
struct MatrixCase {
    gguf::TensorType type;
    uint32_t width;
    uint32_t rows;
};

/** Every type of weights at widths that no power of two divides where the type allows it, and rows around the sizes of
 *  a workgroup. */
std::vector<MatrixCase> matrixCases();

/** Those of one type for each size of blocks: where what an option adds (a bias, an activation) does not depend on how the
 *  weights are decoded. A software driver compiles a pipeline in about a second. */
std::vector<MatrixCase> optionCases();

/** Weights as the device holds them, and decoded for the twin. */
struct TestMatrix {
    inference::Matrix matrix;
    std::vector<float> decoded; ///< [experts][rows][width]
};

/** The kernels through their host functions on the process's device: buffers in, one recording, buffers out. With
 *  MOESCOPE_TEST_TEXELS=0 or 1 weights are read as it says, with MOESCOPE_TEST_INTEGER_DOT=1 or MOESCOPE_TEST_COOPMAT=1 batches
 *  are multiplied by integer dot products or cooperative matrices: tests are skipped with a line on stderr where the device or the
 *  build has none. */
class KernelsTest : public KernelTest {
protected:
    void SetUp() override;

    inference::Kernels& kernels() { return *m_kernels; }

    TestMatrix matrix(gguf::TensorType type, uint32_t experts, uint32_t rows, uint32_t width, uint32_t seed);
    static std::vector<float> random(size_t count, uint32_t seed, float scale = 1.0F) {
        return Random(seed).uniforms(count, -scale, scale);
    }

    /** A buffer of rows, each stride(width) floats apart. */
    std::unique_ptr<vulkan::Buffer> rows(std::span<const float> values, uint32_t width);
    std::unique_ptr<vulkan::Buffer> zeroRows(uint32_t count, uint32_t width);
    std::vector<float> readRows(const vulkan::Buffer& buffer, uint32_t count, uint32_t width);
    std::unique_ptr<vulkan::Buffer> words(std::span<const uint32_t> values);
    std::unique_ptr<vulkan::Buffer> zeroWords(uint64_t count);
    std::vector<uint32_t> readWords(const vulkan::Buffer& buffer, size_t count);
    std::unique_ptr<vulkan::Buffer> floats(std::span<const float> values);
    std::vector<float> readFloats(const vulkan::Buffer& buffer, size_t count);
    std::unique_ptr<vulkan::Buffer> step(uint32_t position, bool log_router, bool log_probs);

    /** Some heads of a KV cache, in buffers of their own. */
    struct CachePart {
        inference::AttentionShape shape;
        std::unique_ptr<vulkan::Buffer> keys, values;
    };
    /** Copies of a whole cache's keys and values in parts of `heads` KV heads, the last one with what is left. */
    std::vector<CachePart> cutCache(const inference::AttentionShape& shape, const vulkan::Buffer& keys,
                                    const vulkan::Buffer& values, uint32_t heads);
    /** And back. */
    void joinCache(const std::vector<CachePart>& parts, vulkan::Buffer& keys, vulkan::Buffer& values);
    /** KV heads of a part that a test tries: all, one, all but one. */
    static std::set<uint32_t> headsOfParts(uint32_t head_count_kv) {
        return {head_count_kv, 1U, std::max(head_count_kv - 1, 1U)};
    }

    void run(const std::function<void(vulkan::CommandRecorder&)>& record);

    /** Of activations in rows of `width`, what the kernels multiply with weights of this type: rounded to bytes by integer dot
     *  products. */
    std::vector<float> multiplied(gguf::TensorType type, std::span<const float> x, uint32_t width) const;
    /** expectNear(); where the kernels multiply weights of this type in f16, each may also be off by its bound. */
    void expectProducts(gguf::TensorType type, std::span<const float> actual, std::span<const float> expected,
                        std::span<const float> half_bounds, float absolute, float relative,
                        const std::string& parameters);

private:
    std::unique_ptr<inference::Kernels> m_kernels;
};

std::string describe(const MatrixCase& shape);

} // namespace moescope::test
