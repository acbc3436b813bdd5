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

private:
    enum class State { Start, Thinking, Behind, Answer };

    void advance(bool last, ReasonedText& out);
    bool start(bool last, ReasonedText& out);
    bool think(bool last, ReasonedText& out);
    bool behind(bool last);
    void answer(bool last, ReasonedText& out);

    State m_state;
    std::string m_held;
    std::string_view m_close; ///< ends the thinking; empty: any mark does
    bool m_begun = false;     ///< some thinking was given out: no longer its leading blanks
    bool m_wrapped = false;   ///< the answer stands in <answer>
};

/** The whole at once. */
ReasonedText splitReasoning(std::string_view text, bool opened = false);
/** True if a prompt ends with a mark that opens the thinking. */
bool opensThinking(std::string_view prompt);

} // namespace moescope::model
