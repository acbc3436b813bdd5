// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/text_stream.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace moescope::inference {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

struct Sequence {
    size_t bytes = 1;
    bool valid = false;
    bool complete = true; ///< false: the end of the text cuts a sequence that is valid so far
};

// The sequence at `at`, after Unicode's table of well-formed UTF-8.
Sequence sequenceAt(std::string_view text, size_t at) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
    const uint8_t lead = byte(at);
    if (lead < 0x80) {
        return {1, true, true};
    }
    const size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                          : lead >= 0xE0 && lead <= 0xEF ? 3
                          : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                         : 0;
    if (length == 0) {
        return {1, false, true};
    }
    const uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    for (size_t i = 1; i < length; ++i) {
        if (at + i >= text.size()) {
            return {i, true, false};
        }
        const uint8_t next = byte(at + i);
        if (next < (i == 1 ? low : 0x80) || next > (i == 1 ? high : 0xBF)) {
            return {i, false, true};
        }
    }
    return {length, true, true};
}

} // namespace

TextStream::TextStream(std::vector<std::string> stop) : m_stop(std::move(stop)) {
    std::erase_if(m_stop, [](const std::string& text) { return text.empty(); });
}

std::string TextStream::push(const std::string& bytes) {
    if (m_stopped) {
        return {};
    }
    m_held += bytes;
    size_t stop = std::string::npos;
    for (const std::string& text : m_stop) {
        stop = std::min(stop, m_held.find(text));
    }
    if (stop != std::string::npos) {
        m_held.resize(stop);
        m_stopped = true;
        return finish();
    }
    // The longest end of what is held that a stop text could begin with stays back.
    size_t safe = m_held.size();
    for (const std::string& text : m_stop) {
        for (size_t length = std::min(text.size() - 1, m_held.size()); length > 0; --length) {
            if (m_held.compare(m_held.size() - length, length, text, 0, length) == 0) {
                safe = std::min(safe, m_held.size() - length);
                break;
            }
        }
    }
    return take(safe);
}

std::string TextStream::take(size_t bytes) {
    std::string shown;
    size_t at = 0;
    while (at < bytes) {
        const Sequence sequence = sequenceAt(m_held, at);
        if (!sequence.complete || at + sequence.bytes > bytes) {
            break;
        }
        if (sequence.valid) {
            shown.append(m_held, at, sequence.bytes);
        } else {
            shown += replacement;
        }
        at += sequence.bytes;
    }
    m_held.erase(0, at);
    return shown;
}

std::string TextStream::finish() {
    std::string shown = take(m_held.size());
    if (!m_held.empty()) {
        shown += replacement;
        m_held.clear();
    }
    return shown;
}

} // namespace moescope::inference
