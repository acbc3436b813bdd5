// SPDX-License-Identifier: Apache-2.0
#include "engine/vulkan/compute_pipeline.h"

#include "engine/vulkan/device_impl.h"
#include "engine/vulkan/reflection.h"
#include "engine/vulkan/result.h"

#include <stdexcept>

namespace moescope::vulkan {

namespace {

constexpr uint32_t maxPushConstantBytes = 128; // what every device has

/** The kernel's code as long as a pipeline is made of it. */
class ShaderModule {
public:
    ShaderModule(VkDevice device, std::span<const uint32_t> words) : m_device(device) {
        VkShaderModuleCreateInfo info{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
        info.codeSize = words.size_bytes();
        info.pCode = words.data();
        check(vkCreateShaderModule(device, &info, nullptr, &m_module), "vkCreateShaderModule");
    }
    ~ShaderModule() { vkDestroyShaderModule(m_device, m_module, nullptr); }
    ShaderModule(const ShaderModule&) = delete;
    ShaderModule& operator=(const ShaderModule&) = delete;
    VkShaderModule handle() const { return m_module; }

private:
    VkDevice m_device;
    VkShaderModule m_module = VK_NULL_HANDLE;
};

void checkKernel(const Device& device, const std::string& name, const Reflection& kernel) {
    if (kernel.push_constant_bytes > maxPushConstantBytes) {
        throw std::logic_error("kernel " + name + ": " + std::to_string(kernel.push_constant_bytes) +
                               " bytes of push constants, at most " + std::to_string(maxPushConstantBytes));
    }
    const VkPhysicalDeviceLimits& limits = device.impl().adapter.properties.limits;
    uint64_t invocations = 1;
    for (uint32_t i = 0; i < 3; ++i) {
        invocations *= kernel.local_size[i];
        if (kernel.local_size[i] == 0 || kernel.local_size[i] > limits.maxComputeWorkGroupSize[i]) {
            throw std::logic_error("kernel " + name + ": a workgroup of " + std::to_string(kernel.local_size[i]) +
                                   " in dimension " + std::to_string(i));
        }
    }
    if (invocations > limits.maxComputeWorkGroupInvocations) {
        throw std::logic_error("kernel " + name + ": " + std::to_string(invocations) +
                               " invocations in a workgroup, at most " +
                               std::to_string(limits.maxComputeWorkGroupInvocations));
    }
    if (kernel.binding_count > limits.maxPerStageDescriptorStorageBuffers) {
        throw std::logic_error("kernel " + name + ": " + std::to_string(kernel.binding_count) + " bindings, at most " +
                               std::to_string(limits.maxPerStageDescriptorStorageBuffers));
    }
}

VkDescriptorSetLayout makeSetLayout(VkDevice device, uint32_t count, uint32_t texel_buffers) {
    std::vector<VkDescriptorSetLayoutBinding> bindings(count);
    for (uint32_t i = 0; i < count; ++i) {
        const bool texels = (texel_buffers >> i & 1U) != 0;
        bindings[i] = {i, texels ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1,
                       VK_SHADER_STAGE_COMPUTE_BIT, nullptr};
    }
    VkDescriptorSetLayoutCreateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO};
    info.bindingCount = count;
    info.pBindings = bindings.data();
    VkDescriptorSetLayout layout = VK_NULL_HANDLE;
    check(vkCreateDescriptorSetLayout(device, &info, nullptr, &layout), "vkCreateDescriptorSetLayout");
    return layout;
}

VkPipelineLayout makeLayout(VkDevice device, VkDescriptorSetLayout set_layout, uint32_t push_constant_bytes) {
    const VkPushConstantRange range{VK_SHADER_STAGE_COMPUTE_BIT, 0, push_constant_bytes};
    VkPipelineLayoutCreateInfo info{VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
    info.setLayoutCount = 1;
    info.pSetLayouts = &set_layout;
    info.pushConstantRangeCount = push_constant_bytes > 0 ? 1 : 0;
    info.pPushConstantRanges = &range;
    VkPipelineLayout layout = VK_NULL_HANDLE;
    check(vkCreatePipelineLayout(device, &info, nullptr, &layout), "vkCreatePipelineLayout");
    return layout;
}

VkPipeline makePipeline(Device& device, std::span<const uint32_t> words, const Constants& constants,
                        const std::array<uint32_t, 3>& local_size, VkPipelineLayout layout) {
    const ShaderModule module(device.handle(), words);
    std::vector<uint32_t> values;
    std::vector<VkSpecializationMapEntry> entries;
    for (const auto& [id, value] : constants) {
        entries.push_back({id, static_cast<uint32_t>(values.size() * sizeof(uint32_t)), sizeof(uint32_t)});
        values.push_back(value);
    }
    const VkSpecializationInfo specialization{static_cast<uint32_t>(entries.size()), entries.data(),
                                              values.size() * sizeof(uint32_t), values.data()};

    VkComputePipelineCreateInfo info{VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
    info.layout = layout;
    info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
    info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
    info.stage.module = module.handle();
    info.stage.pName = "main";
    info.stage.pSpecializationInfo = entries.empty() ? nullptr : &specialization;

    // A driver may otherwise choose another subgroup size for each kernel, or leave subgroups partly empty.
    const Adapter& adapter = device.impl().adapter;
    const uint32_t subgroup = adapter.limits.subgroup_size;
    VkPipelineShaderStageRequiredSubgroupSizeCreateInfo pinned{
        VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO};
    pinned.requiredSubgroupSize = subgroup;
    const uint64_t invocations = uint64_t{local_size[0]} * local_size[1] * local_size[2];
    if (adapter.pinned_subgroup && invocations <= uint64_t{subgroup} * adapter.max_subgroups) {
        info.stage.pNext = &pinned;
        if (local_size[0] % subgroup == 0) {
            info.stage.flags = VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT;
        }
    }

    VkPipelineCreationFeedback feedback{};
    VkPipelineCreationFeedback stage_feedback{};
    VkPipelineCreationFeedbackCreateInfo feedback_info{VK_STRUCTURE_TYPE_PIPELINE_CREATION_FEEDBACK_CREATE_INFO};
    feedback_info.pPipelineCreationFeedback = &feedback;
    feedback_info.pipelineStageCreationFeedbackCount = 1;
    feedback_info.pPipelineStageCreationFeedbacks = &stage_feedback;
    info.pNext = &feedback_info;

    VkPipeline pipeline = VK_NULL_HANDLE;
    check(vkCreateComputePipelines(device.handle(), device.pipelineCache(), 1, &info, nullptr, &pipeline),
          "vkCreateComputePipelines");
    ++device.counters().pipelines_created;
    constexpr VkPipelineCreationFeedbackFlags hit =
        VK_PIPELINE_CREATION_FEEDBACK_VALID_BIT | VK_PIPELINE_CREATION_FEEDBACK_APPLICATION_PIPELINE_CACHE_HIT_BIT;
    if ((feedback.flags & hit) == hit) {
        ++device.counters().pipeline_cache_hits;
    }
    return pipeline;
}

} // namespace

ComputePipeline::ComputePipeline(Device& device, const Shader& shader, Constants constants)
    : m_device(device), m_name(shader.name), m_words(shader.words), m_constants(std::move(constants)) {
    const Reflection kernel = reflect(shader, m_constants);
    checkKernel(device, m_name, kernel);
    m_localSize = kernel.local_size;
    m_bindingCount = kernel.binding_count;
    m_texelBuffers = kernel.texel_buffers;
    m_pushConstantBytes = kernel.push_constant_bytes;
    try {
        m_setLayout = makeSetLayout(device.handle(), m_bindingCount, m_texelBuffers);
        m_layout = makeLayout(device.handle(), m_setLayout, m_pushConstantBytes);
    } catch (...) {
        release();
        throw;
    }
}

ComputePipeline::~ComputePipeline() { release(); }

void ComputePipeline::make() const {
    const std::scoped_lock lock(m_making);
    if (m_pipeline == nullptr) {
        m_pipeline = makePipeline(m_device, m_words, m_constants, m_localSize, m_layout);
        m_device.setName(reinterpret_cast<uint64_t>(m_pipeline), VK_OBJECT_TYPE_PIPELINE, m_name);
    }
}

void ComputePipeline::release() {
    vkDestroyPipeline(m_device.handle(), m_pipeline, nullptr);
    vkDestroyPipelineLayout(m_device.handle(), m_layout, nullptr);
    vkDestroyDescriptorSetLayout(m_device.handle(), m_setLayout, nullptr);
}

} // namespace moescope::vulkan
