// SPDX-License-Identifier: Apache-2.0
#include "ui/models/alignment.h"

#include <QHash>

#include <algorithm>
#include <span>

namespace moescope::ui {

namespace {

using View = std::span<const int>;

/** Lengths of the common subsequence of `a` with each beginning of `b`. */
std::vector<int> lengths(View a, View b) {
    std::vector<int> before(b.size() + 1, 0);
    std::vector<int> row(b.size() + 1, 0);
    for (const int element : a) {
        for (size_t j = 0; j < b.size(); ++j) {
            row[j + 1] = element == b[j] ? before[j] + 1 : std::max(row[j], before[j + 1]);
        }
        std::swap(row, before);
    }
    return before;
}

/** Lengths with each end of `b`, by where the end begins. */
std::vector<int> lengthsBackwards(View a, View b) {
    std::vector<int> turnedA(a.rbegin(), a.rend());
    std::vector<int> turnedB(b.rbegin(), b.rend());
    std::vector<int> found = lengths(turnedA, turnedB);
    std::reverse(found.begin(), found.end());
    return found;
}

void alignPart(View a, View b, int fromA, int fromB, std::vector<int>& partner) {
    while (!a.empty() && !b.empty() && a.front() == b.front()) {
        partner[size_t(fromA++)] = fromB++;
        a = a.subspan(1);
        b = b.subspan(1);
    }
    while (!a.empty() && !b.empty() && a.back() == b.back()) {
        partner[size_t(fromA) + a.size() - 1] = fromB + static_cast<int>(b.size()) - 1;
        a = a.first(a.size() - 1);
        b = b.first(b.size() - 1);
    }
    if (a.empty() || b.empty()) {
        return;
    }
    if (a.size() == 1) {
        const auto found = std::find(b.begin(), b.end(), a.front());
        partner[size_t(fromA)] = found == b.end() ? -1 : fromB + static_cast<int>(found - b.begin());
        return;
    }
    const size_t middle = a.size() / 2;
    const std::vector<int> left = lengths(a.first(middle), b);
    const std::vector<int> right = lengthsBackwards(a.subspan(middle), b);
    size_t cut = 0;
    for (size_t j = 0; j < left.size(); ++j) {
        cut = left[j] + right[j] > left[cut] + right[cut] ? j : cut;
    }
    alignPart(a.first(middle), b.first(cut), fromA, fromB, partner);
    alignPart(a.subspan(middle), b.subspan(cut), fromA + static_cast<int>(middle), fromB + static_cast<int>(cut),
              partner);
}

} // namespace

std::vector<int> align(const std::vector<int>& a, const std::vector<int>& b) {
    std::vector<int> partner(a.size(), -1);
    alignPart(a, b, 0, 0, partner);
    return partner;
}

std::vector<int> align(const QList<QString>& a, const QList<QString>& b) {
    QHash<QString, int> numbers;
    const auto numbered = [&numbers](const QList<QString>& texts) {
        std::vector<int> ids;
        for (const QString& text : texts) {
            ids.push_back(*numbers.insert(text, numbers.value(text, static_cast<int>(numbers.size()))));
        }
        return ids;
    };
    const std::vector<int> first = numbered(a);
    return align(first, numbered(b));
}

} // namespace moescope::ui
