// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QList>
#include <QString>

#include <vector>

namespace moescope::ui {

/** The longest common subsequence of two sequences: for each element of `a` its partner in `b`, −1: none; partners ascend.
 *  Of several, one that keeps the common beginning and end. O(|a| × |b|) time, O(|a| + |b|) memory (Hirschberg). */
std::vector<int> align(const std::vector<int>& a, const std::vector<int>& b);

/** The same for texts: equal strings are equal elements. */
std::vector<int> align(const QList<QString>& a, const QList<QString>& b);

} // namespace moescope::ui
