// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/kernel_parts.h"
#include "engine/inference/kernels.h"
#include "shaders/common/sampling.h"
#include "shaders/sample.h"
#include "shaders/sample_top.h"

#include <algorithm>

namespace moescope::inference {

namespace {

/** Invocations of both kernels: they hold the best of 4,096 logits or the heads of up to 256 chunks. */
uint32_t workgroupOf(const vulkan::Limits& limits) {
    return limits.software ? std::max<uint32_t>(64, limits.subgroup_size)
                           : std::min<uint32_t>(256, limits.max_workgroup_invocations);
}

} // namespace

bool Kernels::canSample(uint32_t token_count) {
    return token_count <= shaders::SAMPLER_MOST_CHUNKS * shaders::SAMPLER_CHUNK;
}

void Kernels::sampleTop(Recorder& recorder, const Buffer& logits, const Buffer& sampler, const Buffer& top,
                        const Buffer& refused, uint32_t token_count) {
    recorder.dispatch(pipeline(shaders::sample_top, {{workgroupId, workgroupOf(m_device.limits())}}),
                      vulkan::Groups{ceilDiv(token_count, shaders::SAMPLER_CHUNK)}, {logits, sampler, top, refused});
}

void Kernels::sample(Recorder& recorder, const Buffer& top, const Buffer& refused, const Buffer& sampler,
                     const Buffer& step, const Buffer& token_ids, const Buffer& sampled, uint32_t token_count) {
    recorder.dispatch(pipeline(shaders::sample, {{workgroupId, workgroupOf(m_device.limits())}}), vulkan::Groups{1},
                      {top, refused, sampler, step, token_ids, sampled},
                      shaders::SamplePush{.chunks = ceilDiv(token_count, shaders::SAMPLER_CHUNK)});
}

} // namespace moescope::inference
