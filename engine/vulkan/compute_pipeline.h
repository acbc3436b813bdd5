// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/vulkan/device.h"

#include <array>
#include <map>
#include <mutex>
#include <span>

struct VkPipeline_T;
struct VkPipelineLayout_T;
struct VkDescriptorSetLayout_T;

namespace moescope::vulkan {

/** SPIR-V of one kernel as generated from shaders/NAME.comp: see the generated header shaders/NAME.h. */
struct Shader {
    const char* name;
    std::span<const uint32_t> words;
};

/** Specialisation constants by id. */
using Constants = std::map<uint32_t, uint32_t>;

/** A kernel, its bindings and push-constant size read from the SPIR-V itself. The driver compiles it when it is first
 *  needed, or before that on a thread that has nothing else to do. `shader` must outlive it. */
class ComputePipeline {
public:
    ComputePipeline(Device& device, const Shader& shader, Constants constants = {});
    ~ComputePipeline();
    ComputePipeline(const ComputePipeline&) = delete;
    ComputePipeline& operator=(const ComputePipeline&) = delete;

    const std::string& name() const { return m_name; }
    uint32_t bindingCount() const { return m_bindingCount; }
    /** Whether binding `index` is read as a uniform texel buffer of uvec4. */
    bool isTexelBuffer(uint32_t index) const { return (m_texelBuffers >> index & 1U) != 0; }
    uint32_t pushConstantBytes() const { return m_pushConstantBytes; }
    /** Lets the driver compile the kernel; does nothing where that is done, and waits for another thread that is at it.
     *  Throws trace::Error{vulkan.memory_call}, {vulkan.failed}, {vulkan.device_lost}; the next call tries again. */
    void make() const;
    /** After make(). */
    VkPipeline_T* handle() const {
        make();
        return m_pipeline;
    }
    VkPipelineLayout_T* layout() const { return m_layout; }
    VkDescriptorSetLayout_T* setLayout() const { return m_setLayout; }

private:
    void release();

    Device& m_device;
    std::string m_name;
    std::span<const uint32_t> m_words;
    Constants m_constants;
    std::array<uint32_t, 3> m_localSize{};
    uint32_t m_bindingCount = 0;
    uint32_t m_texelBuffers = 0;
    uint32_t m_pushConstantBytes = 0;
    VkPipelineLayout_T* m_layout = nullptr;
    VkDescriptorSetLayout_T* m_setLayout = nullptr;
    mutable std::mutex m_making;
    mutable VkPipeline_T* m_pipeline = nullptr; ///< under m_making until it is made
};

} // namespace moescope::vulkan
