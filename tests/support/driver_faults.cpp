// SPDX-License-Identifier: Apache-2.0
#include "tests/support/driver_faults.h"

#ifndef VK_NO_PROTOTYPES
#define VK_NO_PROTOTYPES
#endif
#include <volk.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>

namespace moescope::test {

namespace {

bool stands = false;
PFN_vkAllocateMemory realAllocate = nullptr; // these stay: a thread may be within one of ours as it goes
PFN_vkQueueSubmit2 realSubmit = nullptr;
PFN_vkCreateComputePipelines realCreate = nullptr;
std::atomic<int64_t> allocationsLeft = -1; // negative: none fails
std::atomic<int64_t> submissionsLeft = -1;
std::atomic<int64_t> pipelinesLeft = -1;
std::atomic<int64_t> submissionDelayMs = 0;
std::atomic<uint64_t> allocationCount = 0;
std::atomic<uint64_t> submissionCount = 0;
std::atomic<uint64_t> pipelineCount = 0;
std::atomic<uint64_t> pipelinesInside = 0;

/** Holds threads. */
class Gate {
public:
    void close(uint64_t passes) {
        const std::scoped_lock lock(m_mutex);
        m_closed = true;
        m_keeper = std::this_thread::get_id();
        m_passes = passes;
    }
    void open() {
        const std::scoped_lock lock(m_mutex);
        m_closed = false;
        m_changed.notify_all();
    }
    void letThrough(uint64_t passes) {
        const std::scoped_lock lock(m_mutex);
        m_passes += passes;
        m_changed.notify_all();
    }
    void pass() {
        std::unique_lock lock(m_mutex);
        if (std::this_thread::get_id() == m_keeper) {
            return;
        }
        ++m_held;
        m_changed.notify_all();
        m_changed.wait(lock, [&] { return !m_closed || m_passes > 0; });
        --m_held;
        m_passes -= m_closed ? 1 : 0;
    }
    bool waitUntilHeld(uint64_t threads, std::chrono::seconds most) {
        std::unique_lock lock(m_mutex);
        return m_changed.wait_for(lock, most, [&] { return m_closed && m_passes == 0 && m_held >= threads; });
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
    bool m_closed = false;
    std::thread::id m_keeper;
    uint64_t m_passes = 0; ///< that are left while it is closed
    uint64_t m_held = 0;
};
Gate pipelineGate;

bool isItsTurn(std::atomic<int64_t>& left) { return left.load() >= 0 && left.fetch_sub(1) == 0; }

VKAPI_ATTR VkResult VKAPI_CALL allocate(VkDevice device, const VkMemoryAllocateInfo* info,
                                        const VkAllocationCallbacks* callbacks, VkDeviceMemory* memory) {
    ++allocationCount;
    return isItsTurn(allocationsLeft) ? VK_ERROR_OUT_OF_DEVICE_MEMORY : realAllocate(device, info, callbacks, memory);
}

VKAPI_ATTR VkResult VKAPI_CALL submit(VkQueue queue, uint32_t count, const VkSubmitInfo2* submits, VkFence fence) {
    ++submissionCount;
    std::this_thread::sleep_for(std::chrono::milliseconds(submissionDelayMs));
    return isItsTurn(submissionsLeft) ? VK_ERROR_DEVICE_LOST : realSubmit(queue, count, submits, fence);
}

VKAPI_ATTR VkResult VKAPI_CALL create(VkDevice device, VkPipelineCache cache, uint32_t count,
                                      const VkComputePipelineCreateInfo* infos, const VkAllocationCallbacks* callbacks,
                                      VkPipeline* pipelines) {
    ++pipelineCount;
    if (isItsTurn(pipelinesLeft)) {
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    ++pipelinesInside;
    pipelineGate.pass();
    const VkResult result = realCreate(device, cache, count, infos, callbacks, pipelines);
    --pipelinesInside;
    return result;
}

} // namespace

DriverFaults::DriverFaults() {
    if (stands || vkAllocateMemory == nullptr || vkQueueSubmit2 == nullptr || vkCreateComputePipelines == nullptr) {
        throw std::logic_error("one at a time, and after the first device");
    }
    stands = true;
    realAllocate = vkAllocateMemory;
    realSubmit = vkQueueSubmit2;
    realCreate = vkCreateComputePipelines;
    allocationsLeft = -1;
    submissionsLeft = -1;
    pipelinesLeft = -1;
    submissionDelayMs = 0;
    allocationCount = 0;
    submissionCount = 0;
    pipelineCount = 0;
    vkAllocateMemory = allocate;
    vkQueueSubmit2 = submit;
    vkCreateComputePipelines = create;
}

DriverFaults::~DriverFaults() {
    pipelineGate.open();
    vkAllocateMemory = realAllocate;
    vkQueueSubmit2 = realSubmit;
    vkCreateComputePipelines = realCreate;
    stands = false;
}

void DriverFaults::failAllocation(uint32_t after) { allocationsLeft = after; }
void DriverFaults::loseDevice(uint32_t after) { submissionsLeft = after; }
void DriverFaults::slowSubmissions(std::chrono::milliseconds by) { submissionDelayMs = by.count(); }
void DriverFaults::failPipeline(uint32_t after) { pipelinesLeft = after; }
uint64_t DriverFaults::allocations() const { return allocationCount; }
uint64_t DriverFaults::submissions() const { return submissionCount; }
uint64_t DriverFaults::pipelines() const { return pipelineCount; }
uint64_t DriverFaults::pipelinesUnderWay() const { return pipelinesInside; }

void DriverFaults::holdPipelines(uint32_t after) { pipelineGate.close(after); }
void DriverFaults::letThrough(uint32_t pipelines) { pipelineGate.letThrough(pipelines); }
void DriverFaults::holdNoMore() { pipelineGate.open(); }
void DriverFaults::waitUntilHeld(uint32_t threads) {
    if (!pipelineGate.waitUntilHeld(threads, std::chrono::seconds(60))) {
        pipelineGate.open(); // whoever unwinds may have to wait for threads
        throw std::runtime_error("no " + std::to_string(threads) + " threads make pipelines");
    }
}

Trickle::Trickle(DriverFaults& driver)
    : m_thread([this, &driver] {
          using std::chrono::milliseconds;
          std::unique_lock lock(m_mutex);
          for (milliseconds wait(1); !m_changed.wait_for(lock, wait, [&] { return m_over; });
               wait = std::min(2 * wait, milliseconds(250))) {
              driver.letThrough(1);
          }
      }) {}

Trickle::~Trickle() {
    {
        const std::scoped_lock lock(m_mutex);
        m_over = true;
    }
    m_changed.notify_all();
    m_thread.join();
}

} // namespace moescope::test
