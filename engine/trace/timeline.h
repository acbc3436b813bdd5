// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace moescope::trace {

/** What a span of a step is. */
enum class StepPart : uint8_t {
    // Intervals between two barriers on the device, by what they compute, in the order of a pass.
    Embed,
    Qkv,
    Rope,
    Attention,
    RopeAttention, ///< of one token: both in one kernel
    Output,
    Router,
    RouterSort,   ///< of a micro-batch: its tokens are grouped by expert too
    RouterGateUp, ///< of one token: the shared expert's gate and up run beside its router
    Norm,         ///< of a feed-forward without a router
    GateUp,
    NormGateUp, ///< of one token: a feed-forward without a router
    Down,
    Combine,
    Logits,
    AllLogits, ///< of each token, some rows of the matrix at a time
    NextToken, ///< sampled on the device
    ReadBack,
    // All intervals of a layer in one submission.
    Layer,
    // What the host does.
    Sample,
    Text,
    Record,
    Submit,
    Wait,
    Collect,
    Tell,
};
constexpr size_t stepPartCount = static_cast<size_t>(StepPart::Tell) + 1;

/** "norm + QKV", "wait". */
const char* stepPartName(StepPart part);

/** The kinds that a timeline tells apart by colour. */
enum class KernelKind : uint8_t { Qkv, Attention, Output, Router, GateUp, Down, Ends };
constexpr size_t kernelKindCount = static_cast<size_t>(KernelKind::Ends) + 1;

/** Empty for what is no interval on the device. */
std::optional<KernelKind> kernelKind(StepPart part);

enum class Lane : uint8_t { Layer, Gpu, Host };

struct TimelineSpan {
    Lane lane = Lane::Host;
    StepPart part = StepPart::Record;
    int32_t layer = -1;     ///< −1: before the first or after the last layer, or the host's
    double start_us = 0;    ///< since the step began
    double duration_us = 0; ///< ≥ 0

    double end_us() const { return start_us + duration_us; }
};

enum class StepKind : uint8_t { Decode, Prefill };

/** Where the time of one step went: of a decode step from sampling its token until the token was told of, of a prefill
 *  micro-batch from its recording until its tokens were told of.
 *
 *  Spans of one lane never overlap. The host's follow each other without a gap from the step's begin to its end; the
 *  device's follow each other within a submission. The device has a clock of its own: its durations are exact, and the
 *  last interval of a submission is placed where the host's wait for it ends. */
struct StepTimeline {
    StepKind kind = StepKind::Decode;
    uint32_t position = 0; ///< of the first token, in the context
    uint32_t tokens = 1;
    double total_us = 0;
    uint32_t dispatches = 0;
    bool timestamps = false;         ///< false: the device has none, and only the host's spans are there
    std::vector<TimelineSpan> spans; ///< lane by lane, by start

    /** All intervals on the device together. */
    double kernelsUs() const;
};

using StepTimelinePtr = std::shared_ptr<const StepTimeline>;

} // namespace moescope::trace
