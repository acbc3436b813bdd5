// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/step_slot.h"

#include <string>

namespace moescope::inference {

using vulkan::MemoryKind;

StepSlot::StepSlot(vulkan::Device& device, const ActivationSizes& sizes)
    : logits(device, sizes.step_logits, MemoryKind::HostVisible, "step_logits"),
      router_log(device, sizes.step_router_log, MemoryKind::HostVisible, "step_router_log"),
      router_probs(device, sizes.step_router_probs, MemoryKind::HostVisible, "step_router_probs"),
      sample(device, sizes.sampled, MemoryKind::HostVisible, "step_sample"), m_device(device) {
    addPart();
}

void StepSlot::addPart() {
    const std::string name = "token, part " + std::to_string(m_parts.size());
    m_parts.push_back(std::unique_ptr<Part>(new Part{.recorder = {m_device, name}}));
}

void StepSlot::clear() {
    recorded.reset();
    m_recorded = 0;
}

StepSlot::Part& StepSlot::beginPart() {
    if (m_recorded == m_parts.size()) {
        addPart();
    }
    Part& part = *m_parts[m_recorded++];
    part.recorder.begin();
    part.marks.clear();
    return part;
}

trace::MemoryUse StepSlot::use() const {
    trace::MemoryUse use = logits.use();
    use += router_log.use();
    use += router_probs.use();
    use += sample.use();
    return use;
}

} // namespace moescope::inference
