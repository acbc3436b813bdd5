// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/pre_tokenizer_table.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace moescope::model {

/** The compiled passes that cut text into the pieces inside which byte pairs are merged. */
class PreTokenizer {
public:
    explicit PreTokenizer(std::span<const SplitPass> passes);
    ~PreTokenizer();
    PreTokenizer(PreTokenizer&&) noexcept;

    /** Goes through one text after the other. Text between two matches is a piece of its own, so that nothing is lost. */
    class Scanner {
    public:
        explicit Scanner(const PreTokenizer& splitter);
        ~Scanner();
        Scanner(const Scanner&) = delete;
        Scanner& operator=(const Scanner&) = delete;

        /** `text` must be well-formed UTF-8 and stay until it is gone through. */
        void start(std::string_view text);
        /** The next piece; false at the end. Only a pass behind ByteLevel can cut a character in two. */
        bool next(std::string_view& piece);

    private:
        struct State;
        /** Where one pass is in the piece that the pass before it cut. */
        struct Cursor {
            std::string_view text;
            size_t at = 0;
            size_t matchBegin = 0; ///< a match that was found behind text that no match covers
            size_t matchEnd = 0;
        };

        std::string_view cut(size_t pass);

        std::unique_ptr<State> m_state;
        std::vector<Cursor> m_cursors; ///< one a pass
        size_t m_pass = 0;
    };

private:
    struct Code;
    std::vector<std::unique_ptr<Code>> m_codes;
};

/** An expression of tokenizer.json in PCRE2's language: \s and \S are written out, as PCRE2's \s also has U+180E, which
 *  Unicode took out of White_Space. */
std::string toPcre(std::string_view regex);

} // namespace moescope::model
