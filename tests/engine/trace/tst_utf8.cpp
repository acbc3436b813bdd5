// SPDX-License-Identifier: Apache-2.0
#include "engine/trace/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <unordered_set>

namespace moescope::trace {
namespace {

/** Every character there is, as the arithmetic of UTF-8 writes it. */
const std::unordered_set<std::string>& characters() {
    static const std::unordered_set<std::string> all = [] {
        std::unordered_set<std::string> made;
        const auto tail = [](uint32_t bits) { return static_cast<char>(0x80 | (bits & 0x3F)); };
        for (uint32_t c = 0; c <= 0x10FFFF; ++c) {
            if (c >= 0xD800 && c <= 0xDFFF) {
                continue;
            }
            if (c < 0x80) {
                made.insert({static_cast<char>(c)});
            } else if (c < 0x800) {
                made.insert({static_cast<char>(0xC0 | (c >> 6)), tail(c)});
            } else if (c < 0x10000) {
                made.insert({static_cast<char>(0xE0 | (c >> 12)), tail(c >> 6), tail(c)});
            } else {
                made.insert({static_cast<char>(0xF0 | (c >> 18)), tail(c >> 12), tail(c >> 6), tail(c)});
            }
        }
        return made;
    }();
    return all;
}

TEST(Utf8, AcceptsEveryCharacter) {
    for (const std::string& character : characters()) {
        const Utf8Sequence whole = utf8At(character + "\x80", 0);
        ASSERT_TRUE(whole.valid && whole.complete && whole.bytes == character.size()) << character;
        for (size_t cut = 1; cut < character.size(); ++cut) {
            const Utf8Sequence part = utf8At(std::string_view(character).substr(0, cut), 0);
            ASSERT_TRUE(!part.valid && !part.complete && part.bytes == cut) << character;
        }
    }
}

TEST(Utf8, RefusesEverythingElse) {
    // Bytes on both sides of each border of the table.
    const std::string bytes(
        "\x00\x41\x7F\x80\x8F\x90\x9F\xA0\xBF\xC0\xC1\xC2\xDF\xE0\xE1\xEC\xED\xEE\xEF\xF0\xF1\xF3\xF4\xF5\xFF", 25);
    size_t valid = 0;
    for (const char a : bytes) {
        for (const char b : bytes) {
            for (const char c : bytes) {
                for (const char d : bytes) {
                    const std::string text{a, b, c, d};
                    size_t expected = 0;
                    for (size_t length = 1; length <= 4; ++length) {
                        expected = characters().contains(text.substr(0, length)) ? length : expected;
                    }
                    const Utf8Sequence found = utf8At(text, 0);
                    ASSERT_EQ(found.valid, expected != 0);
                    ASSERT_TRUE(!found.valid || found.bytes == expected);
                    ASSERT_TRUE(found.bytes >= 1 && found.bytes <= 4);
                    valid += found.valid ? 1 : 0;
                }
            }
        }
    }
    EXPECT_GT(valid, 1000U);
}

TEST(Utf8, TellsWhereATextBreaks) {
    EXPECT_FALSE(firstInvalidUtf8(""));
    EXPECT_FALSE(firstInvalidUtf8("caf\xC3\xA9 \xF0\x9F\x9A\x80"));
    EXPECT_EQ(firstInvalidUtf8("caf\xC3"), 3U);
    EXPECT_EQ(firstInvalidUtf8("ab\xED\xA0\x80"), 2U);
    EXPECT_EQ(firstInvalidUtf8("\xC0\xAF"), 0U);
}

} // namespace
} // namespace moescope::trace
