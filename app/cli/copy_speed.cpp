// SPDX-License-Identifier: Apache-2.0
#include "app/cli/copy_speed.h"

#include "app/platform/paths.h"
#include "engine/vulkan/command_recorder.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace moescope::cli {

double copyGigabytesPerSecond(const std::string& device_name) {
    vulkan::DeviceOptions options;
    options.selector = device_name;
    options.cache_folder = platform::usableCacheFolder();
    const auto device = vulkan::Device::create(options);
    // Larger than any cache of a processor, small enough for every device.
    const uint64_t bytes =
        std::min<uint64_t>({uint64_t{128} << 20, device->limits().largestBuffer(), device->freeBytes() / 4}) &
        ~uint64_t{255};
    const vulkan::Buffer from(*device, bytes, vulkan::MemoryKind::DeviceLocal, "copy source");
    const vulkan::Buffer to(*device, bytes, vulkan::MemoryKind::DeviceLocal, "copy target");
    vulkan::CommandRecorder recorder(*device, "copy");
    recorder.begin();
    recorder.copy(from, 0, to, 0, bytes);
    recorder.end();
    recorder.submitAndWait(); // pages are touched for the first time
    std::array<double, 5> speeds{};
    for (double& speed : speeds) {
        const auto start = std::chrono::steady_clock::now();
        recorder.submitAndWait();
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        speed = 2.0 * static_cast<double>(bytes) / seconds.count() / 1e9;
    }
    std::sort(speeds.begin(), speeds.end());
    return speeds[speeds.size() / 2];
}

} // namespace moescope::cli
