// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace moescope::trace {

/** SplitMix64 (Steele, Lea, Flood 2014), drawn from by integers alone: the same numbers on every system. */
class Random {
public:
    explicit Random(uint64_t seed) : m_state(seed) {}
    /** Of several numbers that name a draw together: their order counts. */
    template <typename... More>
    explicit Random(uint64_t seed, uint64_t next, More... more) : Random(seed) {
        m_state = this->next() ^ next;
        ((m_state = this->next() ^ static_cast<uint64_t>(more)), ...);
    }

    uint64_t next() {
        uint64_t z = m_state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
    /** 0 … n − 1, each as likely; n > 0. */
    uint64_t below(uint64_t n) {
        const uint64_t uneven = (0 - n) % n; // 2⁶⁴ mod n: so many of the lowest would come once too often
        for (;;) {
            if (const uint64_t drawn = next(); drawn >= uneven) {
                return drawn % n;
            }
        }
    }
    uint64_t between(uint64_t least, uint64_t most) { return least + below(most - least + 1); }

    /** As many of `n` things as fall on one side of a coin each. */
    uint64_t halfOf(uint64_t n) {
        uint64_t count = 0;
        for (; n >= 64; n -= 64) {
            count += static_cast<uint64_t>(std::popcount(next()));
        }
        if (n > 0) {
            count += static_cast<uint64_t>(std::popcount(next() >> (64 - n)));
        }
        return count;
    }

    template <typename T>
    void shuffle(std::vector<T>& list) {
        for (size_t left = list.size(); left > 1; --left) {
            std::swap(list[left - 1], list[below(left)]);
        }
    }

private:
    uint64_t m_state;
};

} // namespace moescope::trace
