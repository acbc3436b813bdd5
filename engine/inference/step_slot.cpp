// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/step_slot.h"

namespace moescope::inference {

using vulkan::MemoryKind;

StepSlot::StepSlot(vulkan::Device& device, const ActivationSizes& sizes)
    : recorder(device, "token"), logits(device, sizes.step_logits, MemoryKind::HostVisible, "step_logits"),
      router_log(device, sizes.step_router_log, MemoryKind::HostVisible, "step_router_log"),
      router_probs(device, sizes.step_router_probs, MemoryKind::HostVisible, "step_router_probs"),
      sample(device, sizes.sampled, MemoryKind::HostVisible, "step_sample") {}

trace::MemoryUse StepSlot::use() const {
    trace::MemoryUse use = logits.use();
    use += router_log.use();
    use += router_probs.use();
    use += sample.use();
    return use;
}

} // namespace moescope::inference
