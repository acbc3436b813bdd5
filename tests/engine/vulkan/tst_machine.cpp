// SPDX-License-Identifier: Apache-2.0
// Machines without a driver or a layer: each test runs by itself with the environment that CMakeLists.txt gives it.
#include "engine/trace/error.h"
#include "engine/vulkan/command_recorder.h"
#include "tests/engine/vulkan/not_enabled.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace moescope::vulkan {

namespace {

std::string idOf(const DeviceOptions& options) {
    try {
        Device::create(options);
    } catch (const trace::Error& error) {
        return error.id();
    }
    return "none thrown";
}

TEST(Machine, WithoutDriver) {
    ASSERT_NE(std::getenv("VK_DRIVER_FILES"), nullptr) << "ctest sets it";
    EXPECT_TRUE(Device::enumerate().empty());
    EXPECT_EQ(idOf({}), "vulkan.none");
    DeviceOptions options;
    options.selector.assign(1, '0');
    EXPECT_EQ(idOf(options), "vulkan.none");
}

TEST(Machine, WithoutValidationLayer) {
    ASSERT_NE(std::getenv("VK_LAYER_PATH"), nullptr) << "ctest sets it";
    DeviceOptions options;
    options.validation = true;
    EXPECT_EQ(idOf(options), "vulkan.no_validation");
    EXPECT_NE(idOf({}), "vulkan.no_validation");
}

TEST(Machine, WithValidationLayer) {
    const auto device = Device::create();
    EXPECT_EQ(device->counters().validation_messages, 0U);
    const ComputePipeline pipeline(*device, shaders::not_enabled);
    pipeline.make();
    EXPECT_GT(device->counters().validation_messages, 0U);
}

TEST(Machine, WithChecksOfBarriers) {
    const auto device = Device::create();
    const Buffer a(*device, 64, MemoryKind::DeviceLocal, "a");
    const Buffer b(*device, 64, MemoryKind::DeviceLocal, "b");
    CommandRecorder recorder(*device, "barriers");
    const auto messages = [&](bool barrier) {
        recorder.begin();
        recorder.fill(a, 0, 64, 1);
        if (barrier) {
            recorder.barrier();
        }
        recorder.copy(a, 0, b, 0, 64);
        recorder.end();
        recorder.submitAndWait();
        return device->counters().validation_messages.load();
    };
    EXPECT_EQ(messages(true), 0U);
    EXPECT_GT(messages(false), 0U);
}

} // namespace

} // namespace moescope::vulkan
