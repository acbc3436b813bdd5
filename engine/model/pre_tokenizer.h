// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace moescope::model {

/** A compiled regular expression that cuts text into the pieces inside which byte pairs are merged. */
class PreTokenizer {
public:
    /** `pattern` in PCRE2's language, with Unicode properties. */
    explicit PreTokenizer(const std::string& pattern);
    ~PreTokenizer();
    PreTokenizer(PreTokenizer&&) noexcept;

    /** Goes through one text. Text between two matches is a piece of its own, so that nothing is lost. */
    class Scanner {
    public:
        /** `text` must be well-formed UTF-8 and outlive the scanner. */
        Scanner(const PreTokenizer& splitter, std::string_view text);
        ~Scanner();
        Scanner(const Scanner&) = delete;
        Scanner& operator=(const Scanner&) = delete;

        /** The next piece; false at the end. */
        bool next(std::string_view& piece);

    private:
        struct State;
        std::unique_ptr<State> m_state;
        std::string_view m_text;
        size_t m_at = 0;
        size_t m_matchBegin = 0; ///< a match that was found behind text that no match covers
        size_t m_matchEnd = 0;
    };

private:
    struct Code;
    std::unique_ptr<Code> m_code;
};

/** The split of Qwen2 and Hunyuan (single digits). The same expression as `qwen2Regex()`, but with the set of white
 *  space written out: PCRE2's \s also has U+180E, which Unicode took out of White_Space. */
const std::string& qwen2Pattern();
/** The expression as tokenizer.json spells it. */
std::string_view qwen2Regex();

} // namespace moescope::model
