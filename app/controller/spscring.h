// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <utility>

namespace moescope::controller {

/** A bounded queue between exactly one writing and one reading thread, without locks. */
template <typename T, size_t Capacity>
class SpscRing {
    static_assert((Capacity & (Capacity - 1)) == 0, "indices wrap by masking");

public:
    /** False, and `value` untouched, if it is full. Writing thread only. */
    bool push(T& value) {
        const size_t head = m_head.load(std::memory_order_relaxed);
        if (head - m_tail.load(std::memory_order_acquire) == Capacity) {
            return false;
        }
        m_slots[head & (Capacity - 1)] = std::move(value);
        m_head.store(head + 1, std::memory_order_release);
        return true;
    }

    /** False if it is empty. Reading thread only. */
    bool pop(T& value) {
        const size_t tail = m_tail.load(std::memory_order_relaxed);
        if (tail == m_head.load(std::memory_order_acquire)) {
            return false;
        }
        value = std::exchange(m_slots[tail & (Capacity - 1)], T());
        m_tail.store(tail + 1, std::memory_order_release);
        return true;
    }

private:
    std::array<T, Capacity> m_slots;
    alignas(64) std::atomic<size_t> m_head = 0;
    alignas(64) std::atomic<size_t> m_tail = 0;
};

} // namespace moescope::controller
