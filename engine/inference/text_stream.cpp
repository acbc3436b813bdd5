// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/text_stream.h"

#include "engine/trace/utf8.h"

#include <algorithm>
#include <string_view>

namespace moescope::inference {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

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
        const trace::Utf8Sequence sequence = trace::utf8At(m_held, at);
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
