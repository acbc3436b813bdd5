// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/text_stream.h"

#include <gtest/gtest.h>

namespace moescope::inference {

TEST(TextStream, holds_back_half_a_character) {
    TextStream stream({});
    EXPECT_FALSE(stream.isHolding());
    EXPECT_EQ(stream.push("a\xE4\xBD"), "a");
    EXPECT_TRUE(stream.isHolding());
    EXPECT_EQ(stream.push("\xA0"), "你");
    EXPECT_FALSE(stream.isHolding());
    EXPECT_EQ(stream.finish(), "");
}

TEST(TextStream, bytes_that_can_become_no_character_are_replaced) {
    TextStream stream({});
    EXPECT_EQ(stream.push("a\xFF\xC0z"), "a\uFFFD\uFFFDz");
    EXPECT_EQ(stream.push("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD"); // a surrogate
    EXPECT_EQ(stream.push("\xF0\x9F"), "");
    EXPECT_EQ(stream.finish(), "\uFFFD");
}

TEST(TextStream, stop_text_ends_the_answer_also_across_tokens) {
    TextStream stream({"END", "<stop>"});
    EXPECT_EQ(stream.push("one E"), "one ");
    EXPECT_EQ(stream.push("N"), "");
    EXPECT_FALSE(stream.isStopped());
    EXPECT_EQ(stream.push("D two"), "");
    EXPECT_TRUE(stream.isStopped());
    EXPECT_EQ(stream.finish(), "");
}

TEST(TextStream, what_only_looked_like_a_stop_text_is_shown) {
    TextStream stream({"END"});
    EXPECT_EQ(stream.push("E"), "");
    EXPECT_EQ(stream.push("gg"), "Egg");
    EXPECT_EQ(stream.push("EN"), "");
    EXPECT_EQ(stream.finish(), "EN");
}

TEST(TextStream, an_empty_stop_text_is_none) {
    TextStream stream({""});
    EXPECT_EQ(stream.push("abc"), "abc");
    EXPECT_FALSE(stream.isStopped());
}

} // namespace moescope::inference
