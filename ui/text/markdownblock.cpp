// SPDX-License-Identifier: Apache-2.0
#include "ui/text/markdownblock.h"

#include <algorithm>

namespace moescope::ui {

int RichText::sourceOf(int display) const {
    if (segments.empty()) {
        return -1;
    }
    auto after = std::upper_bound(segments.begin(), segments.end(), display,
                                  [](int position, const TextSegment& segment) { return position < segment.display; });
    if (after == segments.begin()) {
        return segments.front().source;
    }
    const TextSegment& segment = *std::prev(after);
    const int inside = display - segment.display;
    if (inside >= segment.length) {
        return segment.source + segment.source_length;
    }
    return segment.source + (segment.length == segment.source_length ? inside : 0);
}

int RichText::displayOf(int source) const {
    const auto found = std::partition_point(segments.begin(), segments.end(), [source](const TextSegment& segment) {
        return segment.source + segment.source_length <= source;
    });
    if (found == segments.end()) {
        return static_cast<int>(text.size());
    }
    if (source <= found->source) {
        return found->display;
    }
    return found->display + (found->length == found->source_length ? source - found->source : 0);
}

bool DisplayFilter::shows(char32_t character) {
    switch (m_state) {
    case State::Escape:
        m_state = character == U'[' ? State::Sequence : State::Text;
        if (m_state == State::Sequence) {
            return false;
        }
        break;
    case State::Sequence:
        // Parameters and intermediates, then one final character; anything else was no terminal sequence.
        if (character >= 0x20 && character <= 0x3F) {
            return false;
        }
        m_state = State::Text;
        if (character >= 0x40 && character <= 0x7E) {
            return false;
        }
        break;
    case State::Text: break;
    }
    if (character == 0x1B) {
        m_state = State::Escape;
        return false;
    }
    if (character == U'\n' || character == U'\t') {
        return true;
    }
    const bool control = character < 0x20 || (character >= 0x7F && character <= 0x9F);
    // Overrides make text read in another order than it stands, which can disguise a link or code.
    const bool override = character == 0x202D || character == 0x202E;
    return !control && !override;
}

void appendMapped(RichText& into, QStringView text, int source, DisplayFilter& filter) {
    qsizetype from = 0;
    const auto flush = [&](qsizetype to) {
        if (to <= from) {
            return;
        }
        const int length = static_cast<int>(to - from);
        const int begin = source + static_cast<int>(from);
        const int display = static_cast<int>(into.text.size());
        TextSegment* last = into.segments.empty() ? nullptr : &into.segments.back();
        if (last != nullptr && last->length == last->source_length && last->display + last->length == display &&
            last->source + last->source_length == begin) {
            last->length += length;
            last->source_length += length;
        } else {
            into.segments.push_back({display, length, begin, length});
        }
        into.text += text.mid(from, length);
    };
    for (qsizetype i = 0; i < text.size(); ++i) {
        if (!filter.shows(text[i].unicode())) {
            flush(i);
            from = i + 1;
        }
    }
    flush(text.size());
}

void appendReplaced(RichText& into, const QString& text, int source, int sourceLength) {
    into.segments.push_back({static_cast<int>(into.text.size()), static_cast<int>(text.size()), source, sourceLength});
    into.text += text;
}

} // namespace moescope::ui
