// SPDX-License-Identifier: Apache-2.0
// The device samples: each step leaves the next token for the step behind it, so that several can be in flight.
#include "engine/inference/transformer.h"

#include <algorithm>
#include <exception>
#include <stdexcept>

namespace moescope::inference {

void Transformer::recordSampling(vulkan::CommandRecorder& r, StepSlot& slot) {
    m_kernels.sampleTop(r, m_act.logits, m_act.sampler, m_act.sample_top, m_act.sample_refused, m_config.token_count);
    r.barrier();
    m_kernels.sample(r, m_act.sample_top, m_act.sample_refused, m_act.sampler, m_act.step, m_act.token_ids,
                     m_act.sampled, m_config.token_count);
    r.barrier();
    r.copy(m_act.sampled, 0, slot.sample, 0, sizeof(StepSample));
}

StepSample Transformer::beginSampling(const shaders::SamplerState& sampler, uint32_t position,
                                      const PassOptions& options) {
    if (!m_inFlight.empty() || position == 0) {
        throw std::logic_error("transformer: sampling begins while a step is in flight, or before any token");
    }
    const shaders::StepState before = stepState(position - 1, options); // the kernel goes one on
    m_act.sampler.upload(0, std::span(reinterpret_cast<const uint8_t*>(&sampler), sizeof(sampler)));
    m_act.step.upload(0, std::span(reinterpret_cast<const uint8_t*>(&before), sizeof(before)));
    StepSlot& slot = *m_slots.front();
    m_firstSample.begin();
    recordSampling(m_firstSample, slot);
    m_firstSample.end();
    m_firstSample.submitAndWait();
    return *slot.sample.mapped<StepSample>();
}

StepSlot& Transformer::freeSlot() {
    const auto isFree = [this](const std::unique_ptr<StepSlot>& slot) {
        return std::find(m_inFlight.begin(), m_inFlight.end(), slot.get()) == m_inFlight.end();
    };
    if (const auto found = std::find_if(m_slots.begin(), m_slots.end(), isFree); found != m_slots.end()) {
        return **found;
    }
    if (m_slots.size() == mostStepsInFlight) {
        throw std::logic_error("transformer: a step is submitted while as many as can be are in flight");
    }
    return *m_slots.emplace_back(std::make_unique<StepSlot>(m_device, stepSizes(m_experts.expert_used_count)));
}

void Transformer::submitStep(const PassOptions& options) {
    StepSlot& slot = freeSlot();
    prepare(slot, shapeFor(options, true), options.clock, true);
    submit(slot, options.clock);
}

void Transformer::abandonSteps() {
    std::exception_ptr failure; // of the first: the others must not be left in flight
    for (; !m_inFlight.empty(); m_inFlight.pop_front()) {
        const StepSlot& slot = *m_inFlight.front();
        for (const auto& part : slot.parts().first(slot.submitted)) {
            try {
                part->recorder.wait();
            } catch (...) {
                failure = failure ? failure : std::current_exception();
            }
        }
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
}

} // namespace moescope::inference
