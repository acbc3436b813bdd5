// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/activations.h"
#include "engine/inference/step_clock.h"
#include "engine/vulkan/command_recorder.h"

#include <optional>
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
    bool samples =
        false; ///< goes on with the device's own token and samples the next one; else the host gives it its token
    bool operator==(const StepShape&) const = default;
    /** Leaves all that `other` does, and is fed and timed alike. */
    bool covers(const StepShape& other) const {
        return timed == other.timed && samples == other.samples && router >= other.router &&
               router_probs >= other.router_probs && logits >= other.logits;
    }
};

/** A recorded decode step with read-backs of its own: as many can be in flight as there are. */
struct StepSlot {
    StepSlot(vulkan::Device& device, const ActivationSizes& sizes);

    vulkan::CommandRecorder recorder;
    std::optional<StepShape> recorded;
    std::vector<IntervalMark> marks; ///< its intervals, if it is timed
    vulkan::Buffer logits;           ///< [vocab_size]
    vulkan::Buffer router_log;       ///< [moe_layers][logEntry]
    vulkan::Buffer router_probs;     ///< [moe_layers][expert_count]
    vulkan::Buffer sample;           ///< StepSample

    trace::MemoryUse use() const;
};

} // namespace moescope::inference
