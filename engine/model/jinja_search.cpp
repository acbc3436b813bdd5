// SPDX-License-Identifier: Apache-2.0
#include "engine/model/jinja_search.h"

#include <algorithm>
#include <functional>

namespace moescope::model::jinja {

namespace {

/** A text, or the same from its end to its begin. */
template <bool mirrored>
class Bytes {
public:
    explicit Bytes(std::string_view text) : m_text(text) {}
    size_t size() const { return m_text.size(); }
    uint8_t operator[](size_t i) const { return static_cast<uint8_t>(m_text[mirrored ? m_text.size() - 1 - i : i]); }

private:
    std::string_view m_text;
};

struct Suffix {
    size_t begin = 0;
    size_t period = 1;
};

/** The suffix that is the largest under an order of bytes, and its period. */
template <class Part, class Less>
Suffix largestSuffix(const Part& part, const Less& less) {
    Suffix best;
    size_t other = 1; // where a suffix begins that is compared with the best
    size_t equal = 0; // bytes in which they are the same, within one period
    while (other + equal < part.size()) {
        const uint8_t mine = part[best.begin + equal];
        const uint8_t its = part[other + equal];
        if (less(its, mine)) {
            other += equal + 1;
            equal = 0;
            best.period = other - best.begin;
        } else if (its == mine) {
            if (++equal == best.period) {
                other += equal;
                equal = 0;
            }
        } else {
            best = {other, 1};
            ++other;
            equal = 0;
        }
    }
    return best;
}

} // namespace

Search::Search(Run& run, std::string_view part, bool fromRight) : m_run(run), m_part(part), m_fromRight(fromRight) {
    if (part.size() > 1) {
        run.look(4 * part.size());
        fromRight ? factorise<true>() : factorise<false>();
    }
}

template <bool mirrored>
void Search::factorise() {
    const Bytes<mirrored> part(m_part);
    const Suffix up = largestSuffix(part, std::less<>());
    const Suffix down = largestSuffix(part, std::greater<>());
    const Suffix& cut = up.begin > down.begin ? up : down;
    m_cut = cut.begin;
    size_t same = 0;
    while (same < m_cut && cut.period + same < part.size() && part[same] == part[cut.period + same]) {
        ++same;
    }
    const bool periodic = same == m_cut;
    m_shift = periodic ? cut.period : std::max(m_cut, part.size() - m_cut) + 1;
    m_repeat = periodic ? part.size() - cut.period : 0;
}

void Search::count(size_t bytes) {
    m_uncounted += bytes;
    m_run.step(m_uncounted / 64);
    m_uncounted %= 64;
}

size_t Search::in(std::string_view text) {
    count(16); // for finding nothing else, often
    if (m_part.size() > text.size()) {
        return std::string_view::npos;
    }
    if (m_part.size() < 2) {
        const size_t at = m_fromRight ? text.rfind(m_part) : text.find(m_part);
        count(m_fromRight && at != std::string_view::npos ? text.size() - at : std::min(at, text.size()));
        return at;
    }
    if (!m_fromRight) {
        return find<false>(text);
    }
    const size_t at = find<true>(text);
    return at == std::string_view::npos ? at : text.size() - m_part.size() - at;
}

template <bool mirrored>
size_t Search::find(std::string_view whole) {
    const Bytes<mirrored> text(whole);
    const Bytes<mirrored> part(m_part);
    constexpr size_t slice = size_t{1} << 16; // well under a millisecond
    size_t counted = 0;
    size_t known = 0; // bytes of the part that are equal here, from its begin
    size_t at = 0;
    while (at <= text.size() - part.size()) {
        if (at - counted > slice) {
            count(2 * (at - counted));
            counted = at;
        }
        size_t behind = std::max(m_cut, known);
        while (behind < part.size() && part[behind] == text[at + behind]) {
            ++behind;
        }
        if (behind < part.size()) {
            at += behind - m_cut + 1;
            known = 0;
            continue;
        }
        size_t before = m_cut;
        while (before > known && part[before - 1] == text[at + before - 1]) {
            --before;
        }
        if (before <= known) {
            count(2 * (at + part.size() - counted));
            return at;
        }
        at += m_shift;
        known = m_repeat;
    }
    count(2 * (text.size() - counted));
    return std::string_view::npos;
}

} // namespace moescope::model::jinja
