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

/** A run of elements by its hash; found again by its first element. */
uint64_t gramAt(View run, size_t at, size_t gram) {
    uint64_t hash = 0;
    for (const int element : run.subspan(at, gram)) {
        hash = hash * 0x100000001B3 + static_cast<uint64_t>(static_cast<uint32_t>(element)) + 1;
    }
    return hash;
}

/** Where each gram begins that stands once in the run. */
QHash<quint64, int> onceIn(View run, size_t gram) {
    QHash<quint64, int> places;
    for (size_t at = 0; at + gram <= run.size(); ++at) {
        const auto found = places.find(gramAt(run, at, gram));
        if (found == places.end()) {
            places.insert(gramAt(run, at, gram), static_cast<int>(at));
        } else {
            *found = -1;
        }
    }
    return places;
}

struct Anchor {
    int a = 0;
    int b = 0;
};

/** Grams that stand once in each, as many as are in the same order in both. */
std::vector<Anchor> anchorsOf(View a, View b, size_t gram) {
    const QHash<quint64, int> inB = onceIn(b, gram);
    std::vector<Anchor> common;
    const QHash<quint64, int> inA = onceIn(a, gram);
    for (size_t at = 0; at + gram <= a.size(); ++at) {
        const uint64_t hash = gramAt(a, at, gram);
        const int place = inB.value(hash, -1);
        if (place >= 0 && inA.value(hash) == static_cast<int>(at) &&
            std::equal(a.begin() + static_cast<ptrdiff_t>(at), a.begin() + static_cast<ptrdiff_t>(at + gram),
                       b.begin() + place)) {
            common.push_back({static_cast<int>(at), place});
        }
    }
    // The longest ascending part: for each length the anchor that ends one lowest, and what came before each.
    std::vector<size_t> ends;
    std::vector<size_t> before(common.size());
    for (size_t i = 0; i < common.size(); ++i) {
        const auto at = std::lower_bound(ends.begin(), ends.end(), i,
                                         [&](size_t one, size_t other) { return common[one].b < common[other].b; });
        before[i] = at == ends.begin() ? i : *(at - 1);
        if (at == ends.end()) {
            ends.push_back(i);
        } else {
            *at = i;
        }
    }
    std::vector<Anchor> chain(ends.size());
    size_t one = ends.empty() ? 0 : ends.back();
    for (size_t i = chain.size(); i-- > 0; one = before[one]) {
        chain[i] = common[one];
    }
    return chain;
}

/** Of `from` and what follows, without elements that both begin or end with. */
struct Stretch {
    View a;
    View b;
    int from_a = 0;
    int from_b = 0;
};

void alignAnchored(const Stretch& stretch, std::vector<int>& partner, trace::CancelFlag cancel) {
    trace::stopIfCancelled(cancel);
    const auto [a, b, fromA, fromB] = stretch;
    if (a.size() * b.size() <= size_t{exactElements} * exactElements) {
        alignPart(a, b, fromA, fromB, partner);
        return;
    }
    for (const size_t gram : {16, 8, 4, 2, 1}) {
        const std::vector<Anchor> anchors = anchorsOf(a, b, gram);
        if (anchors.empty()) {
            continue;
        }
        size_t doneA = 0;
        size_t doneB = 0;
        for (const Anchor& anchor : anchors) {
            const auto atA = static_cast<size_t>(anchor.a);
            const auto atB = static_cast<size_t>(anchor.b);
            if (atA < doneA || atB < doneB) {
                continue; // it overlaps the one before
            }
            alignAnchored({a.subspan(doneA, atA - doneA), b.subspan(doneB, atB - doneB),
                           fromA + static_cast<int>(doneA), fromB + static_cast<int>(doneB)},
                          partner, cancel);
            for (size_t i = 0; i < gram; ++i) {
                partner[static_cast<size_t>(fromA) + atA + i] = fromB + static_cast<int>(atB + i);
            }
            doneA = atA + gram;
            doneB = atB + gram;
        }
        alignAnchored(
            {a.subspan(doneA), b.subspan(doneB), fromA + static_cast<int>(doneA), fromB + static_cast<int>(doneB)},
            partner, cancel);
        return;
    }
    // Nothing that stands once in both: the same thing over and over is not aligned beyond its beginning.
    const size_t same = static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
    for (size_t i = 0; i < same; ++i) {
        partner[static_cast<size_t>(fromA) + i] = fromB + static_cast<int>(i);
    }
}

} // namespace

Alignment alignRuns(const std::vector<int>& a, const std::vector<int>& b, trace::CancelFlag cancel) {
    Alignment alignment{std::vector<int>(a.size(), -1), false};
    alignment.approximate = a.size() > size_t{exactElements} || b.size() > size_t{exactElements};
    if (alignment.approximate) {
        alignAnchored({a, b, 0, 0}, alignment.partner, cancel);
    } else {
        alignPart(a, b, 0, 0, alignment.partner);
    }
    return alignment;
}

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
