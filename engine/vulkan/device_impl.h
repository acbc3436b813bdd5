// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/vulkan/adapter.h"
#include "engine/vulkan/device.h"
#include "engine/vulkan/instance.h"
#include "engine/vulkan/transfer.h"

namespace moescope::vulkan {

struct Device::Impl {
    std::unique_ptr<Instance> instance;
    Adapter adapter;
    std::unique_ptr<Transfer> transfer; ///< made on first use, under transfer_mutex
    std::mutex transfer_mutex;
    void (*prepare_memory)(void* memory, uint64_t bytes) = nullptr; ///< as DeviceOptions has it
    std::atomic<bool> lost = false;                                 ///< for good: no call of a lost device succeeds
    // Calls until the injected failure; below zero: none.
    std::atomic<int64_t> allocations_left = -1;
    std::atomic<int64_t> submissions_left = -1;
    std::atomic<uint64_t> saved_pipelines = 0; ///< pipelines_created when the cache was last written
};

/** Takes one call from an injected failure; true: this call fails. */
bool failsNow(std::atomic<int64_t>& calls_left);

/** Hands `commands` to the queue; `fence` is signalled when they are done. */
void submitCommands(Device& device, VkCommandBuffer commands, VkFence fence);

/** Sleeps until `fence` is signalled. */
void waitForFence(Device& device, VkFence fence);

/** Makes all writes so far seen by all that follows: shaders, transfers, indirect arguments and the host. */
void recordBarrier(VkCommandBuffer commands);

} // namespace moescope::vulkan
