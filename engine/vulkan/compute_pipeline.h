// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/vulkan/device.h"

#include <map>
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

/** A kernel, its bindings and push-constant size read from the SPIR-V itself. */
class ComputePipeline {
public:
    ComputePipeline(Device& device, const Shader& shader, const Constants& constants = {});
    ~ComputePipeline();
    ComputePipeline(const ComputePipeline&) = delete;
    ComputePipeline& operator=(const ComputePipeline&) = delete;

    const std::string& name() const { return m_name; }
    uint32_t bindingCount() const { return m_bindingCount; }
    /** Whether binding `index` is read as a uniform texel buffer of uvec4. */
    bool isTexelBuffer(uint32_t index) const { return (m_texelBuffers >> index & 1U) != 0; }
    uint32_t pushConstantBytes() const { return m_pushConstantBytes; }
    VkPipeline_T* handle() const { return m_pipeline; }
    VkPipelineLayout_T* layout() const { return m_layout; }
    VkDescriptorSetLayout_T* setLayout() const { return m_setLayout; }

private:
    void release();

    Device& m_device;
    std::string m_name;
    uint32_t m_bindingCount = 0;
    uint32_t m_texelBuffers = 0;
    uint32_t m_pushConstantBytes = 0;
    VkPipeline_T* m_pipeline = nullptr;
    VkPipelineLayout_T* m_layout = nullptr;
    VkDescriptorSetLayout_T* m_setLayout = nullptr;
};

} // namespace moescope::vulkan
