// SPDX-License-Identifier: Apache-2.0
#include "app/cli/device_speed.h"

#include "app/platform/paths.h"
#include "engine/inference/kernels.h"
#include "engine/inference/open_device.h"
#include "engine/vulkan/command_recorder.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

namespace moescope::cli {
namespace {

/** Median time of a recording, in seconds. */
double medianSeconds(vulkan::CommandRecorder& recorder) {
    recorder.submitAndWait(); // pages are touched and kernels compiled for the first time
    std::array<double, 5> seconds{};
    for (double& one : seconds) {
        const auto start = std::chrono::steady_clock::now();
        recorder.submitAndWait();
        one = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
    std::sort(seconds.begin(), seconds.end());
    return seconds[seconds.size() / 2];
}

double copySpeed(vulkan::Device& device) {
    // Larger than any cache of a processor, small enough for every device.
    const uint64_t bytes =
        std::min<uint64_t>({uint64_t{128} << 20, device.limits().largestBuffer(), device.freeBytes() / 4}) &
        ~uint64_t{255};
    const vulkan::Buffer from(device, bytes, vulkan::MemoryKind::DeviceLocal, "copy source");
    const vulkan::Buffer to(device, bytes, vulkan::MemoryKind::DeviceLocal, "copy target");
    vulkan::CommandRecorder recorder(device, "copy");
    recorder.begin();
    recorder.copy(from, 0, to, 0, bytes);
    recorder.end();
    return 2.0 * static_cast<double>(bytes) / medianSeconds(recorder) / 1e9;
}

double fmaSpeed(vulkan::Device& device) {
    inference::Kernels kernels(device);
    const bool software = device.limits().software;
    const uint32_t groups = software ? 16 * std::max(std::thread::hardware_concurrency(), 1U) : 4096;
    const uint64_t invocations = uint64_t{groups} * kernels.fmaSpeedInvocations();
    const vulkan::Buffer out(device, invocations * sizeof(float), vulkan::MemoryKind::DeviceLocal, "fma out");
    vulkan::CommandRecorder recorder(device, "fma");
    constexpr double operations = 8 * 4 * 2; // chains, components, multiply and add
    // Until a submission is long enough to be measured, and on a slow GPU none that its driver takes for a hang.
    constexpr double enoughSeconds = 0.02;
    constexpr uint32_t mostRounds = 1U << 24;
    double most = 0; // the longest is not always the fastest: on a busy machine it is parted
    double seconds = 0;
    for (uint32_t rounds = 16; seconds < enoughSeconds && rounds <= mostRounds; rounds *= 2) {
        recorder.begin();
        kernels.fmaSpeed(recorder, out, groups, rounds, 0.5F);
        recorder.end();
        seconds = medianSeconds(recorder);
        most = std::max(most, static_cast<double>(invocations) * rounds * operations / seconds / 1e9);
    }
    return most;
}

} // namespace

DeviceSpeed measureDevice(const std::string& device_name) {
    vulkan::DeviceOptions options;
    options.selector = device_name;
    options.cache_folder = platform::usableCacheFolder();
    options.shader_hash = inference::shaderHash();
    const auto device = vulkan::Device::create(options);
    return {.copy_gb_per_second = copySpeed(*device), .fma_gflop_per_second = fmaSpeed(*device)};
}

} // namespace moescope::cli
