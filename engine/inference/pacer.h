// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/prefill_estimate.h"
#include "engine/inference/step_clock.h"
#include "engine/vulkan/command_recorder.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

namespace moescope::inference {

/** Cuts a prefill into submissions of at most 30 ms, by measurement, so that a cancel is heard in time and no watchdog of
 *  a display driver is met. Each kind of interval has a running estimate of its ms a token, of attention a token and
 *  position before it; a slice ends behind the first of a kind that has none yet. */
class Pacer {
public:
    static constexpr double sliceMs = 30;
    static constexpr double positionsOfToken = 64; ///< whose keys and values cost what a query costs by itself, about

    /** `name`: of its recorder. */
    explicit Pacer(vulkan::Device& device, std::string name = "prefill");

    /** Starts a pass over `tokens` tokens from `position` on. With a clock each interval is timed. */
    void begin(uint32_t tokens, uint32_t position, const std::atomic<bool>* cancel, StepClock* clock);
    vulkan::CommandRecorder& recorder() { return m_recorder; }
    /** Lets intervals of a kind be recorded in parts, so that no batch needs to be smaller for their sake. */
    void mayPart(trace::StepPart kind) { m_mayPart[static_cast<size_t>(kind)] = true; }
    /** Whether it is known what an interval of this kind takes. */
    bool isMeasured(trace::StepPart kind) const { return m_msPerUnit[static_cast<size_t>(kind)] != 0; }
    /** Into how many parts an interval of this kind is to be cut, so that none is expected to take longer than a slice. */
    uint32_t parts(trace::StepPart kind) const;
    /** Ends the interval of this kind, or one of `parts` alike of it. False: cancelled, stop recording. */
    bool next(trace::StepPart kind, int32_t layer = -1, uint32_t parts = 1);
    /** Submits what is left, which is read back, and waits. False: cancelled before it was submitted. */
    bool finish();
    /** Tokens for which no single interval that may not be parted is expected to take longer than a slice; at most `most`,
     *  at least 1. */
    uint32_t advisedTokens(uint32_t most) const;
    /** Drops all estimates: what was measured while the driver compiled its kernels says nothing. */
    void forget() { m_msPerUnit.fill(0); }
    /** What the intervals recorded since begin() are expected to take, by what is known now; without those of the logits. */
    PassCost passCost() const;
    /** Dispatches recorded since begin(). */
    uint64_t dispatches() const { return m_dispatches; }

private:
    static constexpr size_t kinds = trace::stepPartCount;
    static constexpr auto attention = static_cast<size_t>(trace::StepPart::Attention);
    static constexpr auto ropeAttention = static_cast<size_t>(trace::StepPart::RopeAttention);
    /** Of the pass: what the time of an interval of this kind grows with. */
    double units(size_t kind) const;
    double expectedMs(size_t kind) const { return m_msPerUnit[kind] * units(kind); }
    bool isCancelled() const { return m_cancel != nullptr && m_cancel->load(std::memory_order_relaxed); }
    void beginSlice();
    void mark(trace::StepPart kind, int32_t layer);
    void submit();

    vulkan::CommandRecorder m_recorder;
    const std::atomic<bool>* m_cancel = nullptr;
    StepClock* m_clock = nullptr;
    std::vector<IntervalMark> m_marks; ///< of the slice being recorded, if there is a clock
    uint32_t m_tokens = 0;
    uint32_t m_position = 0;
    uint64_t m_dispatches = 0;
    double m_expectedMs = 0;               ///< of the intervals in the slice being recorded
    std::array<double, kinds> m_inSlice{}; ///< how many of each kind are in it
    std::array<double, kinds> m_inPass{};  ///< … and in the pass
    std::array<bool, kinds> m_mayPart{};
    std::array<double, kinds> m_msPerUnit{}; ///< 0: not measured yet
};

} // namespace moescope::inference
