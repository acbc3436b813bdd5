// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/cancel.h"

#include <QList>
#include <QString>

#include <vector>

namespace moescope::ui {

/** The longest common subsequence of two sequences: for each element of `a` its partner in `b`, −1: none; partners ascend.
 *  Of several, one that keeps the common beginning and end. O(|a| × |b|) time, O(|a| + |b|) memory (Hirschberg). */
std::vector<int> align(const std::vector<int>& a, const std::vector<int>& b);

/** The same for texts: equal strings are equal elements. */
std::vector<int> align(const QList<QString>& a, const QList<QString>& b);

/** Which elements of two runs stand for each other. */
struct Alignment {
    std::vector<int> partner; ///< for each element of A its partner in B, −1: none; partners ascend
    /** Too long for the longest common subsequence: what stands once in both, and in the same order, was taken to belong
     *  together, and between such anchors the longest was found. */
    bool approximate = false;
};
/** Elements of a run up to which its alignment is exact. */
constexpr int exactElements = 4096;

/** align() where both have at most exactElements; else anchored. O(exactElements² × longer ÷ exactElements) time at worst. Throws
 *  trace::Error{work.cancelled}. */
Alignment alignRuns(const std::vector<int>& a, const std::vector<int>& b, trace::CancelFlag cancel = nullptr);

} // namespace moescope::ui
