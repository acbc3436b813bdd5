// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <string>

namespace moescope::tests {

/** Short valid UTF-8 of many scripts, blanks, digits, marks and signs, the same for the same seed. */
class RandomText {
public:
    explicit RandomText(uint32_t seed) : m_random(seed) {}

    std::string next() {
        std::string text;
        for (size_t left = m_random() % 40; left > 0; --left) {
            append(text, codepoint());
        }
        return text;
    }

private:
    uint32_t codepoint() {
        struct Range {
            uint32_t first;
            uint32_t last;
        };
        constexpr Range ranges[] = {
            {0x20, 0x20},       {0x20, 0x7E},       {0x20, 0x7E},       {0x61, 0x7A},     {0x30, 0x39},
            {0x09, 0x0D},       {0xA0, 0xFF},       {0x100, 0x24F},     {0x300, 0x36F},   {0x400, 0x4FF},
            {0x5D0, 0x6FF},     {0x900, 0x97F},     {0x1100, 0x11FF},   {0x1E00, 0x1FFF}, {0x2000, 0x206F},
            {0x2150, 0x218F},   {0x3000, 0x30FF},   {0x4E00, 0x9FFF},   {0xAC00, 0xD7A3}, {0xFF00, 0xFFEF},
            {0x1F300, 0x1FAFF}, {0x10000, 0x1FFFF}, {0xE000, 0x10FFFF},
        };
        const Range range = ranges[m_random() % std::size(ranges)];
        return range.first + static_cast<uint32_t>(m_random() % (range.last - range.first + 1));
    }

    static void append(std::string& text, uint32_t c) {
        const auto tail = [&](unsigned shift) { text += static_cast<char>(0x80 | (c >> shift & 0x3F)); };
        if (c < 0x80) {
            text += static_cast<char>(c);
        } else if (c < 0x800) {
            text += static_cast<char>(0xC0 | c >> 6);
            tail(0);
        } else if (c < 0x10000) {
            text += static_cast<char>(0xE0 | c >> 12);
            tail(6);
            tail(0);
        } else {
            text += static_cast<char>(0xF0 | c >> 18);
            tail(12);
            tail(6);
            tail(0);
        }
    }

    std::mt19937 m_random;
};

} // namespace moescope::tests
