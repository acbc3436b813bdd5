// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/info.h"
#include "engine/trace/memory_ledger.h"
#include "engine/vulkan/driver_threads.h"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

// Handles are opaque pointers to everyone but this folder: no Vulkan header leaves it.
struct VkPhysicalDevice_T;
struct VkDevice_T;
struct VkQueue_T;
struct VkPipelineCache_T;

namespace moescope::vulkan {

/** What the Vulkan layer did so far: tests prove "recorded once" with these, not with a clock. */
struct Counters {
    std::atomic<uint64_t> command_buffers_recorded = 0;
    std::atomic<uint64_t> descriptor_sets_updated = 0;
    std::atomic<uint64_t> dispatches_recorded = 0;
    std::atomic<uint64_t> submissions = 0;
    std::atomic<uint64_t> validation_messages = 0;
    // Of all buffers, as the driver gave them; see trace::PlacedBytes.
    std::atomic<uint64_t> device_bytes = 0;
    std::atomic<uint64_t> mapped_bytes = 0;
    std::atomic<uint64_t> host_bytes = 0;
    std::atomic<uint64_t> pipelines_created = 0;
    std::atomic<uint64_t> pipeline_cache_hits = 0;         ///< of these, as the driver says
    std::atomic<uint64_t> pipeline_cache_bytes_loaded = 0; ///< read from disk; 0: started without a cache
};

/** What injectFailure() brings about. */
enum class Fault {
    OutOfMemory, ///< one allocation of a buffer fails
    DeviceLost,  ///< a submission fails, and all after it
};

struct DeviceOptions {
    std::string selector;                       ///< index or part of the name; empty: the best usable device
    std::filesystem::path cache_folder;         ///< of the pipeline cache; empty: none on disk
    uint64_t shader_hash = 0;                   ///< part of the cache's key
    bool validation = false;                    ///< also on when MOESCOPE_VALIDATION=1; =sync adds checks of barriers
    DriverThreads threads = DriverThreads::Own; ///< of a driver that computes on the CPU
    /** Of such a driver: called with the memory of each buffer before it is used; null: nothing is. */
    void (*prepare_memory)(void* memory, uint64_t bytes) = nullptr;
    bool separate_memory = false; ///< for tests: as if the host did not see the device's memory; also on when
                                  ///< MOESCOPE_TEST_SEPARATE_MEMORY=1
};

/** Of a product of cooperative matrices: m × k times k × n. */
struct MatrixShape {
    uint32_t m = 0;
    uint32_t n = 0;
    uint32_t k = 0;
};

struct Limits {
    uint32_t subgroup_size = 0;
    uint32_t max_workgroup_invocations = 0;
    uint32_t max_groups = 0; ///< workgroups of a dispatch along x
    uint32_t max_shared_memory = 0;
    uint64_t max_storage_range = 0;
    uint64_t max_allocation = 0;
    uint32_t storage_offset_alignment = 0;
    uint64_t max_texel_range = 0; ///< bytes of a uniform texel buffer of uvec4
    uint32_t texel_offset_alignment = 0;
    double timestamp_period_ns = 0; ///< 0: no timestamps
    bool unified_memory = false;    ///< host-visible memory is the device's own
    bool software = false;          ///< a CPU driver
    bool integer_dot = false;       ///< products of two words of four signed bytes, summed …
    bool fast_integer_dot = false;  ///< … in hardware
    /** Products of f16 with sums of f32 that a subgroup computes together, in workgroups of at least four subgroups; none: the
     *  device cannot. */
    std::vector<MatrixShape> matrix_shapes;

    /** Bytes of the largest buffer that can be made and bound as a whole. */
    uint64_t largestBuffer() const { return max_storage_range < max_allocation ? max_storage_range : max_allocation; }
};

/** One logical device with one compute queue. The loader is opened at run time; where it or a driver is missing
 *  create() throws trace::Error{vulkan.none} and enumerate() returns nothing. create() throws as well
 *  {vulkan.no_match} when no device answers to the selector, {vulkan.unusable} when the one chosen lacks something
 *  and {vulkan.no_validation} when the validation layer is asked for and not installed. */
class Device {
public:
    static std::vector<trace::DeviceInfo> enumerate();
    static std::unique_ptr<Device> create(const DeviceOptions& options = {});
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    const trace::DeviceInfo& info() const { return m_info; }
    const Limits& limits() const { return m_limits; }
    Counters& counters() { return m_counters; }
    /** Bytes that can still be allocated, by VK_EXT_memory_budget where there is one. */
    uint64_t freeBytes() const;
    /** There is VK_EXT_memory_budget. */
    bool hasMemoryBudget() const;
    /** Of all buffers that there are now. */
    trace::PlacedBytes allocated() const {
        return {m_counters.device_bytes, m_counters.mapped_bytes, m_counters.host_bytes};
    }
    /** Of these, what copies to and from memory go through that the host does not see. */
    trace::MemoryUse staging() const;
    /** File in the cache folder in which `what` is kept for this device, its driver and these kernels; empty without a
     *  folder. */
    std::filesystem::path cacheFile(const std::string& what, const std::string& suffix) const;
    /** Writes the pipeline cache to disk (atomic; failing to write is no error). */
    void savePipelineCache();

    VkDevice_T* handle() const { return m_device; }
    VkPhysicalDevice_T* physical() const { return m_physical; }
    VkQueue_T* queue() const { return m_queue; }
    std::mutex& queueMutex() { return m_queueMutex; }
    uint32_t queueFamily() const { return m_queueFamily; }
    VkPipelineCache_T* pipelineCache() const { return m_pipelineCache; }
    /** Index of a memory type in `allowed` (bit mask), host-visible and coherent (cached preferred) or device-local. */
    uint32_t memoryType(uint32_t allowed, bool host_visible) const;
    void setName(uint64_t object, uint32_t object_type, const std::string& name) const;

    /** For tests: the allocation or submission after the next `after` ones fails as the driver would make it fail. */
    void injectFailure(Fault fault, uint32_t after);

    /** Vulkan's own types, for the sources of this folder. */
    struct Impl;
    Impl& impl() const { return *m_impl; }

private:
    Device();
    std::filesystem::path pipelineCacheFile() const;

    trace::DeviceInfo m_info;
    Limits m_limits;
    Counters m_counters;
    std::unique_ptr<Impl> m_impl;
    VkPhysicalDevice_T* m_physical = nullptr;
    VkDevice_T* m_device = nullptr;
    VkQueue_T* m_queue = nullptr;
    VkPipelineCache_T* m_pipelineCache = nullptr;
    uint32_t m_queueFamily = 0;
    std::mutex m_queueMutex;
    std::filesystem::path m_cacheFolder;
    uint64_t m_shaderHash = 0;
};

} // namespace moescope::vulkan
