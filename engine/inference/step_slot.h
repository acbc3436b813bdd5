// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/activations.h"
#include "engine/inference/step_clock.h"
#include "engine/vulkan/command_recorder.h"

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace moescope::inference {

/** What the kernel `sample` leaves of a token. */
struct StepSample {
    uint32_t token = 0;
    uint32_t refused = 0; ///< a token whose logit is NaN or +∞; SAMPLER_NONE: there is none
};

/** What a decode step was recorded for. */
struct StepShape {
    // What it leaves for the host.
    bool router = false;
    bool router_probs = false;
    bool logits = false;

    bool timed = false;
    bool samples = false; ///< goes on with the device's own token and samples the next; else the host gives its token
    uint32_t layers_each = 0; ///< of a submission; a cancel is heard in between. 0: all layers are in one

    bool operator==(const StepShape&) const = default;
    /** Leaves all that `other` does, and is fed, timed and cut alike. */
    bool covers(const StepShape& other) const {
        return timed == other.timed && samples == other.samples && layers_each == other.layers_each &&
               router >= other.router && router_probs >= other.router_probs && logits >= other.logits;
    }
};

/** A recorded decode step with read-backs of its own: as many can be in flight as there are. */
class StepSlot {
public:
    StepSlot(vulkan::Device& device, const ActivationSizes& sizes);

    /** What is submitted at once. */
    struct Part {
        vulkan::CommandRecorder recorder;
        std::vector<IntervalMark> marks = {}; ///< its intervals, if the step is timed
    };
    /** Forgets what was recorded. */
    void clear();
    /** Of a recording that clear() began. */
    Part& beginPart();
    std::span<const std::unique_ptr<Part>> parts() const { return std::span(m_parts).first(m_recorded); }
    /** For the rehearsal of a load: the one that the recording of an uncut step begins with. */
    vulkan::CommandRecorder& firstRecorder() { return m_parts.front()->recorder; }

    std::optional<StepShape> recorded;
    size_t submitted = 0; ///< parts, since the step began
    bool alone = true;    ///< no other step was in flight when it began
    std::chrono::steady_clock::time_point since;

    vulkan::Buffer logits;       ///< [vocab_size]
    vulkan::Buffer router_log;   ///< [moe_layers][logEntry]
    vulkan::Buffer router_probs; ///< [moe_layers][expert_count]
    vulkan::Buffer sample;       ///< StepSample

    trace::MemoryUse use() const;

private:
    void addPart();

    vulkan::Device& m_device;
    std::vector<std::unique_ptr<Part>> m_parts; ///< at least one
    size_t m_recorded = 0;                      ///< of them
};

} // namespace moescope::inference
