// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace moescope::model {

/** What a model wrote for itself, and what for the reader. */
struct ReasonedText {
    std::string thinking;
    std::string answer;
};

/** Where the parts stand in the text, in bytes. */
struct ReasonedSpans {
    size_t thinking_begin = 0;
    size_t thinking_end = 0; ///< equal: there is no thinking, or none yet
    size_t answer_begin = 0;
    size_t answer_end = 0;
    bool thinking = false; ///< it goes on
    bool answered = false; ///< the answer has begun
};

/** Takes an answer's text apart while it comes: <think>…</think>, <thinking>…, <seed:think>…, [THINK]…[/THINK] or the
 *  channels of gpt-oss, and an <answer>…</answer> around the rest. Only at the answer's begin: a mark further on is
 *  text. Any cut of the same text into pieces gives the same parts. */
class ReasoningSplitter {
public:
    /** `opened`: the prompt has opened the thinking already (RenderedChat::opens_thinking). */
    explicit ReasoningSplitter(bool opened = false) : m_state(opened ? State::Thinking : State::Start) {}

    /** What is sure to belong to each part; the rest is held back until more comes. */
    ReasonedText push(std::string_view text);
    /** What was held back. */
    ReasonedText finish();
    bool isThinking() const { return m_state == State::Thinking; }
    /** Of what was given out so far, in all that was pushed. */
    const ReasonedSpans& spans() const { return m_spans; }

private:
    enum class State { Start, Thinking, Behind, Answer };

    void advance(bool last, ReasonedText& out);
    bool start(bool last, ReasonedText& out);
    bool think(bool last, ReasonedText& out);
    bool behind(bool last);
    void answer(bool last, ReasonedText& out);
    void drop(size_t bytes);

    State m_state;
    std::string m_held;
    size_t m_dropped = 0; ///< bytes that stood before what is held
    ReasonedSpans m_spans;
    std::string_view m_close; ///< ends the thinking; empty: any mark does
    bool m_begun = false;     ///< some thinking was given out: no longer its leading blanks
    bool m_wrapped = false;   ///< the answer stands in <answer>
};

/** The whole at once. */
ReasonedText splitReasoning(std::string_view text, bool opened = false);
/** Where its parts stand. `ended`: no more of it comes. */
ReasonedSpans locateReasoning(std::string_view text, bool ended);
/** The mark at a prompt's end that opens the thinking; empty if there is none. What the model writes then is an answer
 *  of its own only with this mark before it. */
std::string_view openingMark(std::string_view prompt);
/** What ends the thinking that this mark opens; empty for what is no such mark. */
std::string_view closingMark(std::string_view opening);
/** Bytes of such a mark and the line break behind it at the begin of a text; 0: there is none. */
size_t leadingMark(std::string_view text);
/** Whether a token of this text is part of such marks, though it may be a control token. */
bool isReasoningMark(std::string_view token);

} // namespace moescope::model
