// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/vulkan/command_recorder.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace moescope::test {

/** The device of this process, made on first use and gone after the last test; with MOESCOPE_VALIDATION=1 a message of
 *  the validation layer fails the run, with MOESCOPE_TEST_SEPARATE_MEMORY=1 buffers are not mapped. Throws trace::Error{vulkan.none} where there is none. */
vulkan::Device& device();

/** Tests of kernels. Without a Vulkan device they are skipped with a line on stderr, or fail with
 *  MOESCOPE_REQUIRE_VULKAN=1. */
class KernelTest : public ::testing::Test {
protected:
    void SetUp() override;
};

std::unique_ptr<vulkan::Buffer> makeBuffer(uint64_t bytes, const std::string& name = "test");

/** A buffer that holds `values`: float, uint32_t or a struct that the shader knows. */
template <typename T>
std::unique_ptr<vulkan::Buffer> makeBuffer(const std::vector<T>& values, const std::string& name = "test") {
    auto buffer = makeBuffer(values.size() * sizeof(T), name);
    buffer->upload(0, {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(T)});
    return buffer;
}

template <typename T>
std::vector<T> readBack(const vulkan::Buffer& buffer, size_t count, uint64_t offset = 0) {
    std::vector<T> values(count);
    buffer.download(offset, {reinterpret_cast<uint8_t*>(values.data()), count * sizeof(T)});
    return values;
}
/** All of it. */
template <typename T>
std::vector<T> readBack(const vulkan::Buffer& buffer) {
    return readBack<T>(buffer, buffer.size() / sizeof(T));
}

/** Makes the pipeline, dispatches once and waits. */
template <typename Push>
void runKernel(const vulkan::Shader& shader, const vulkan::Constants& constants, vulkan::Groups groups,
               std::initializer_list<vulkan::Binding> bindings, const Push& push) {
    const vulkan::ComputePipeline pipeline(device(), shader, constants);
    vulkan::CommandRecorder recorder(device(), shader.name);
    recorder.begin();
    recorder.dispatch(pipeline, groups, bindings, push);
    recorder.end();
    recorder.submitAndWait();
}
void runKernel(const vulkan::Shader& shader, const vulkan::Constants& constants, vulkan::Groups groups,
               std::initializer_list<vulkan::Binding> bindings);

/** The same numbers on every machine for a seed: no standard distribution is used. */
class Random {
public:
    explicit Random(uint32_t seed = 1) : m_engine(seed) {}
    /** Uniform in [low, high). */
    float uniform(float low = -1.0F, float high = 1.0F);
    uint32_t below(uint32_t bound) { return m_engine() % bound; }
    std::vector<float> uniforms(size_t count, float low = -1.0F, float high = 1.0F);

private:
    std::mt19937 m_engine;
};

/** Fails unless |actual − expected| ≤ absolute + relative · |expected| everywhere; NaN only where both have it. The
 *  message says `parameters`, how many differ, and the first and the worst of them. */
void expectNear(std::span<const float> actual, std::span<const float> expected, float absolute, float relative,
                const std::string& parameters = "");

} // namespace moescope::test
