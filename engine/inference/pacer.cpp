// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/pacer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace moescope::inference {

Pacer::Pacer(vulkan::Device& device, std::string name) : m_recorder(device, std::move(name)) {}

using trace::StepPart;

void Pacer::begin(uint32_t tokens, uint32_t position, const std::atomic<bool>* cancel, StepClock* clock) {
    m_tokens = tokens;
    m_position = position;
    m_cancel = cancel;
    m_clock = clock;
    m_dispatches = 0;
    m_expectedMs = 0;
    m_inSlice.fill(0);
    m_inPass.fill(0);
    beginSlice();
}

void Pacer::beginSlice() {
    host(m_clock, StepPart::Record);
    m_recorder.begin();
    m_marks.clear();
    if (m_clock != nullptr) {
        m_recorder.timestamp();
    }
}

void Pacer::mark(StepPart kind, int32_t layer) {
    if (m_clock != nullptr) {
        m_recorder.timestamp();
        m_marks.push_back({kind, layer});
    }
}

double Pacer::units(size_t kind) const {
    const bool looksBack = kind == attention || kind == ropeAttention;
    return looksBack ? m_tokens * (positionsOfToken + m_position + m_tokens / 2.0) : m_tokens;
}

uint32_t Pacer::parts(StepPart kind) const {
    constexpr double most = 4096;
    const double ms = expectedMs(static_cast<size_t>(kind));
    return static_cast<uint32_t>(std::clamp(std::ceil(ms / (0.8 * sliceMs)), 1.0, most));
}

bool Pacer::next(StepPart kind, int32_t layer, uint32_t parts) {
    const auto index = static_cast<size_t>(kind);
    const double expected = expectedMs(index) / parts;
    m_inSlice[index] += 1.0 / parts;
    m_inPass[index] += 1.0 / parts;
    m_expectedMs += expected;
    double longest = 0;
    for (size_t other = 0; other < kinds; ++other) {
        const double ms = expectedMs(other);
        longest = std::max(longest, m_mayPart[other] ? std::min(ms, 0.8 * sliceMs) : ms);
    }
    // Submitted where the next interval, whatever it is, might not fit any more.
    if (m_msPerUnit[index] == 0 || m_expectedMs + longest > sliceMs) {
        if (isCancelled()) {
            return false;
        }
        mark(kind, layer);
        submit();
        beginSlice();
        return !isCancelled();
    }
    m_recorder.barrier();
    mark(kind, layer);
    return true;
}

bool Pacer::finish() {
    if (isCancelled()) {
        return false;
    }
    mark(StepPart::ReadBack, -1);
    submit();
    return true;
}

void Pacer::submit() {
    m_dispatches += m_recorder.dispatchCount();
    m_recorder.end();
    host(m_clock, StepPart::Submit);
    const auto start = std::chrono::steady_clock::now();
    m_recorder.submit();
    host(m_clock, StepPart::Wait);
    m_recorder.wait();
    const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    host(m_clock, StepPart::Collect);
    if (m_clock != nullptr) {
        m_clock->device(m_marks, m_recorder.timestampsMs(), m_recorder.dispatchCount());
    }
    // Kinds that were measured before take their share of the slice in proportion to what was expected of them; those
    // that were not take what is left, each the same.
    double unknown = 0;
    for (size_t kind = 0; kind < kinds; ++kind) {
        unknown += m_msPerUnit[kind] == 0 ? m_inSlice[kind] : 0;
    }
    const double left = std::max(ms - m_expectedMs, 0.05 * ms);
    for (size_t kind = 0; kind < kinds; ++kind) {
        if (m_inSlice[kind] == 0) {
            continue;
        }
        if (m_msPerUnit[kind] == 0) {
            m_msPerUnit[kind] = std::max(left / unknown / units(kind), 1e-9);
        } else if (unknown == 0) {
            m_msPerUnit[kind] *= 0.7 + 0.3 * ms / m_expectedMs;
        }
    }
    m_expectedMs = 0;
    m_inSlice.fill(0);
}

PassCost Pacer::passCost() const {
    PassCost cost;
    for (size_t kind = 0; kind < kinds; ++kind) {
        if (kind != static_cast<size_t>(StepPart::Logits) && kind != static_cast<size_t>(StepPart::AllLogits)) {
            (kind == attention ? cost.attention_ms : cost.rest_ms) += m_inPass[kind] * expectedMs(kind);
        }
    }
    return cost;
}

uint32_t Pacer::advisedTokens(uint32_t most) const {
    // The logits of one row cost the same for any number of tokens.
    double longest = 0;
    for (size_t kind = 0; kind < kinds; ++kind) {
        const bool counts = !m_mayPart[kind] && kind != static_cast<size_t>(StepPart::Logits);
        longest = counts ? std::max(longest, m_msPerUnit[kind]) : longest;
    }
    if (longest == 0) {
        return std::min<uint32_t>(most, 32);
    }
    return static_cast<uint32_t>(std::clamp(0.8 * sliceMs / longest, 1.0, static_cast<double>(most)));
}

} // namespace moescope::inference
