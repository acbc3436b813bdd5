// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/open_device.h"

#include "engine/inference/kernels.h"
#include "engine/inference/memory_plan.h"
#include "shaders/shader_hash.h"

#include <chrono>
#include <thread>

namespace moescope::inference {

namespace {

constexpr double bytesPerMs = 3e6; // of weights that one thread reads and multiplies, measured: tests/bench/NOTES.md
constexpr uint32_t dispatchesOfLayer = 8; // of a token
constexpr uint32_t measuredDispatches = 64;

/** Milliseconds of a dispatch that computes next to nothing. */
double idleDispatchMs(vulkan::Device& device) {
    constexpr uint32_t width = 64;
    Kernels kernels(device);
    const vulkan::Buffer row(device, width * sizeof(float), vulkan::MemoryKind::DeviceLocal, "idle row");
    const vulkan::Buffer out(device, width * sizeof(float), vulkan::MemoryKind::DeviceLocal, "idle out");
    vulkan::CommandRecorder recorder(device, "idle dispatches");
    recorder.begin();
    for (uint32_t i = 0; i < measuredDispatches; ++i) {
        kernels.rmsNorm(recorder, row, row, out, width, 1, 1);
        recorder.barrier();
    }
    recorder.end();
    recorder.submitAndWait(); // compiles it
    const auto start = std::chrono::steady_clock::now();
    recorder.submitAndWait();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    return took.count() / measuredDispatches;
}

bool computesFasterAlone(vulkan::Device& device, const model::ModelConfig& config, const gguf::Reader& file) {
    const double aloneMs = static_cast<double>(bytesPerToken(config, file)) / bytesPerMs;
    const double savedMs = aloneMs * (1 - 1.0 / std::max(std::thread::hardware_concurrency(), 1U));
    return idleDispatchMs(device) * dispatchesOfLayer * config.block_count > savedMs;
}

} // namespace

uint64_t shaderHash() { return shaders::shaderHash; }

std::unique_ptr<vulkan::Device> openDevice(const vulkan::DeviceOptions& options, const model::ModelConfig& config,
                                           const gguf::Reader& file, const Variants& variants) {
    auto device = vulkan::Device::create(options);
    const bool given = !device->limits().software || vulkan::driverThreadsAreSet();
    if (given || (variants.threads ? *variants.threads : !computesFasterAlone(*device, config, file))) {
        return device;
    }
    vulkan::DeviceOptions alone = options;
    alone.threads = vulkan::DriverThreads::None;
    device.reset();
    return vulkan::Device::create(alone);
}

} // namespace moescope::inference
