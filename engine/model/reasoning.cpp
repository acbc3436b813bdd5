// SPDX-License-Identifier: Apache-2.0
#include "engine/model/reasoning.h"

#include <algorithm>
#include <array>

namespace moescope::model {

namespace {

struct Marks {
    std::string_view open;
    std::string_view close;
};

constexpr std::array marks{
    Marks{"<think>", "</think>"},
    Marks{"<thinking>", "</thinking>"},
    Marks{"<seed:think>", "</seed:think>"},
    Marks{"[THINK]", "[/THINK]"},
    Marks{"<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"},
};

constexpr std::string_view answerOpen = "<answer>";
constexpr std::string_view answerClose = "</answer>";
/** Before an answer of gpt-oss without thinking. */
constexpr std::string_view finalChannel = "<|channel|>final<|message|>";
constexpr std::string_view blanks = " \t\r\n";

/** What vocabularies have as one token each. */
constexpr std::array<std::string_view, 14> markTokens{
    "<think>",  "</think>",    "<thinking>",  "</thinking>", "<seed:think>", "</seed:think>", "[THINK]",
    "[/THINK]", "<|channel|>", "<|message|>", "<|start|>",   "<|end|>",      "<answer>",      "</answer>"};

bool couldBecome(std::string_view text, std::string_view mark) {
    return text.size() < mark.size() && mark.starts_with(text);
}

/** Bytes at the end of `text` that may be the begin of `mark`. */
size_t partialAtEnd(std::string_view text, std::string_view mark) {
    for (size_t count = std::min(text.size(), mark.size() - 1); count > 0; --count) {
        if (mark.starts_with(text.substr(text.size() - count))) {
            return count;
        }
    }
    return 0;
}

size_t blanksAtEnd(std::string_view text) {
    const size_t last = text.find_last_not_of(blanks);
    return last == std::string_view::npos ? text.size() : text.size() - last - 1;
}

} // namespace

ReasonedText ReasoningSplitter::push(std::string_view text) {
    m_held += text;
    ReasonedText out;
    advance(false, out);
    return out;
}

ReasonedText ReasoningSplitter::finish() {
    ReasonedText out;
    advance(true, out);
    drop(m_held.size());
    return out;
}

void ReasoningSplitter::drop(size_t bytes) {
    m_held.erase(0, bytes);
    m_dropped += bytes;
}

void ReasoningSplitter::advance(bool last, ReasonedText& out) {
    if (m_state == State::Start && !start(last, out)) {
        return;
    }
    if (m_state == State::Thinking && !think(last, out)) {
        return;
    }
    if (m_state == State::Behind && !behind(last)) {
        return;
    }
    if (!m_spans.answered) {
        m_spans.answer_begin = m_dropped;
        m_spans.answer_end = m_dropped;
    }
    answer(last, out);
    m_spans.answer_end += out.answer.size();
    m_spans.answered = m_spans.answered || !out.answer.empty();
}

/** False while it cannot be told what the text begins with. */
bool ReasoningSplitter::start(bool last, ReasonedText&) {
    const size_t leading = std::min(m_held.find_first_not_of(blanks), m_held.size());
    const std::string_view text = std::string_view(m_held).substr(leading);
    bool open = text.empty() || couldBecome(text, answerOpen) || couldBecome(text, finalChannel);
    for (const Marks& mark : marks) {
        if (text.starts_with(mark.open)) {
            m_close = mark.close;
            drop(leading + mark.open.size());
            m_state = State::Thinking;
            m_spans.thinking_begin = m_dropped;
            m_spans.thinking_end = m_dropped;
            return true;
        }
        open = open || couldBecome(text, mark.open);
    }
    if (text.starts_with(answerOpen)) {
        m_state = State::Behind;
        return true;
    }
    if (text.starts_with(finalChannel)) {
        drop(leading + finalChannel.size());
        m_state = State::Answer;
        return true;
    }
    if (open && !last) {
        return false;
    }
    m_state = State::Answer;
    return true;
}

/** False while the thinking goes on. */
bool ReasoningSplitter::think(bool last, ReasonedText& out) {
    size_t end = std::string::npos;
    size_t skipped = 0;
    size_t partial = 0;
    for (const Marks& mark : marks) {
        if (!m_close.empty() && mark.close != m_close) {
            continue;
        }
        if (const size_t at = m_held.find(mark.close); at < end) {
            end = at;
            skipped = mark.close.size();
        }
        partial = std::max(partial, partialAtEnd(m_held, mark.close));
    }
    const bool closed = end != std::string::npos;
    if (closed) {
        partial = m_held.size() - end;
    } else if (last) {
        partial = 0;
    }
    if (!m_begun) {
        const size_t first = m_held.find_first_not_of(blanks);
        const size_t leading = std::min(first, m_held.size() - partial);
        drop(leading);
        end -= closed ? leading : 0;
        m_begun = first != std::string::npos;
        m_spans.thinking_begin = m_dropped;
        m_spans.thinking_end = m_dropped;
    }
    // Blanks before the mark belong to the mark.
    const std::string_view sure = std::string_view(m_held).substr(0, m_held.size() - std::min(partial, m_held.size()));
    const size_t given = sure.size() - blanksAtEnd(sure);
    out.thinking += sure.substr(0, given);
    m_spans.thinking_end += given;
    drop(closed ? end + skipped : given);
    if (closed) {
        m_state = State::Behind;
    }
    return closed;
}

/** Between the thinking and the answer; false while only blanks and the begin of a mark are there. */
bool ReasoningSplitter::behind(bool last) {
    drop(std::min(m_held.find_first_not_of(blanks), m_held.size()));
    if (!last && !m_wrapped && (m_held.empty() || couldBecome(m_held, answerOpen))) {
        return false;
    }
    if (!m_wrapped && m_held.starts_with(answerOpen)) {
        m_wrapped = true;
        drop(answerOpen.size());
        return behind(last);
    }
    if (!last && m_held.empty()) {
        return false;
    }
    m_state = State::Answer;
    return true;
}

void ReasoningSplitter::answer(bool last, ReasonedText& out) {
    size_t given = m_held.size();
    if (m_wrapped) {
        const std::string_view text = m_held;
        const size_t tail = text.size() - blanksAtEnd(text);
        if (text.substr(0, tail).ends_with(answerClose)) {
            // The last of the answer, unless more comes: held back until then.
            given = tail - answerClose.size();
            given -= blanksAtEnd(text.substr(0, given));
            if (last) {
                m_held.resize(given);
            }
        } else if (!last) {
            given = text.size() - partialAtEnd(text, answerClose);
            given -= blanksAtEnd(text.substr(0, given));
        }
    }
    out.answer += std::string_view(m_held).substr(0, given);
    drop(given);
}

ReasonedText splitReasoning(std::string_view text, bool opened) {
    ReasoningSplitter splitter(opened);
    ReasonedText parts = splitter.push(text);
    const ReasonedText rest = splitter.finish();
    parts.thinking += rest.thinking;
    parts.answer += rest.answer;
    return parts;
}

ReasonedSpans locateReasoning(std::string_view text, bool ended) {
    ReasoningSplitter splitter;
    splitter.push(text);
    if (ended) {
        splitter.finish();
    }
    ReasonedSpans spans = splitter.spans();
    spans.thinking = !ended && splitter.isThinking();
    return spans;
}

std::string_view openingMark(std::string_view prompt) {
    prompt.remove_suffix(blanksAtEnd(prompt));
    const auto found =
        std::find_if(marks.begin(), marks.end(), [&](const Marks& mark) { return prompt.ends_with(mark.open); });
    return found == marks.end() ? std::string_view() : found->open;
}

std::string_view closingMark(std::string_view opening) {
    const auto found =
        std::find_if(marks.begin(), marks.end(), [&](const Marks& mark) { return mark.open == opening; });
    return found == marks.end() ? std::string_view() : found->close;
}

size_t leadingMark(std::string_view text) {
    const auto found =
        std::find_if(marks.begin(), marks.end(), [&](const Marks& mark) { return text.starts_with(mark.open); });
    if (found == marks.end()) {
        return 0;
    }
    const size_t size = found->open.size();
    return size + (text.substr(size).starts_with('\n') ? 1 : 0);
}

bool isReasoningMark(std::string_view token) {
    return std::find(markTokens.begin(), markTokens.end(), token) != markTokens.end();
}

} // namespace moescope::model
