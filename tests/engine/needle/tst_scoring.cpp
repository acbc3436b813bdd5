// SPDX-License-Identifier: Apache-2.0
#include "engine/needle/scoring.h"

#include <gtest/gtest.h>

namespace moescope::needle {
namespace {

TEST(Scoring, words_are_whole) {
    EXPECT_EQ(countWords("8304", "8304"), 1U);
    EXPECT_EQ(countWords("The code is 8304.", "8304"), 1U);
    EXPECT_EQ(countWords("18304 83045 x8304 8304x", "8304"), 0U);
    EXPECT_EQ(countWords("8304 and 8304, “8304”", "8304"), 3U);
    EXPECT_EQ(countWords("密码是8304。", "8304"), 1U);
    EXPECT_EQ(countWords("", "8304"), 0U);
    EXPECT_EQ(countWords("a", ""), 0U);
    EXPECT_EQ(countWords("aaa", "aa"), 0U);
}

TEST(Scoring, every_expected_string_is_needed) {
    EXPECT_TRUE(isFound("B and A", {"A", "B"}));
    EXPECT_FALSE(isFound("A and AB", {"A", "B"}));
    EXPECT_TRUE(isFound("anything", {}));
}

TEST(Scoring, wilson_is_the_textbooks) {
    // statsmodels.stats.proportion.proportion_confint(found, n, method="wilson")
    const auto check = [](uint32_t found, uint32_t n, double low, double high) {
        const Interval is = wilson(found, n);
        EXPECT_NEAR(is.low, low, 1e-9) << found << " of " << n;
        EXPECT_NEAR(is.high, high, 1e-9) << found << " of " << n;
    };
    check(2, 10, 0.0566821515, 0.5098375285);
    check(0, 10, 0, 0.2775327999);
    check(10, 10, 0.7224672001, 1);
    check(1, 2, 0.0945312057, 0.9054687943);
    EXPECT_EQ(wilson(0, 0).low, 0);
    EXPECT_EQ(wilson(0, 0).high, 1);
}

} // namespace
} // namespace moescope::needle
