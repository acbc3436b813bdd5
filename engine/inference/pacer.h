// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/vulkan/command_recorder.h"

#include <array>
#include <atomic>
#include <cstdint>

namespace moescope::inference {

/** Intervals between two barriers of a prefill, by what they compute. */
enum class Interval : uint8_t { Embed, Qkv, Rope, Attention, Output, Router, GateUp, Down, Combine, Logits, AllLogits };

/** Cuts a prefill into submissions of at most 30 ms, by measurement, so that a cancel is heard in time and no watchdog of
 *  a display driver is met. Each kind of interval has a running estimate of its ms a token; a slice ends behind the
 *  first of a kind that has none yet. */
class Pacer {
public:
    static constexpr double sliceMs = 30;

    explicit Pacer(vulkan::Device& device);

    /** Starts a pass over `tokens` tokens. */
    void begin(uint32_t tokens, const std::atomic<bool>* cancel);
    vulkan::CommandRecorder& recorder() { return m_recorder; }
    /** Ends the interval of this kind. False: cancelled, stop recording. */
    bool next(Interval kind);
    /** Submits what is left and waits. False: cancelled before it was submitted. */
    bool finish();
    /** Tokens for which no single interval is expected to take longer than a slice; at most `most`, at least 1. */
    uint32_t advisedTokens(uint32_t most) const;
    /** Drops all estimates: what was measured while the driver compiled its kernels says nothing. */
    void forget() { m_msPerToken.fill(0); }
    /** Dispatches recorded since begin(). */
    uint64_t dispatches() const { return m_dispatches; }

private:
    static constexpr size_t kinds = 11;
    bool isCancelled() const { return m_cancel != nullptr && m_cancel->load(std::memory_order_relaxed); }
    void submit();

    vulkan::CommandRecorder m_recorder;
    const std::atomic<bool>* m_cancel = nullptr;
    uint32_t m_tokens = 0;
    uint64_t m_dispatches = 0;
    double m_expectedMs = 0;                  ///< of the intervals in the slice being recorded
    std::array<uint32_t, kinds> m_inSlice{};  ///< how many of each kind are in it
    std::array<double, kinds> m_msPerToken{}; ///< 0: not measured yet
};

} // namespace moescope::inference
