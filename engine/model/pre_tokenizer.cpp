// SPDX-License-Identifier: Apache-2.0
#include "engine/model/pre_tokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "engine/trace/error.h"

#include <limits>

namespace moescope::model {

struct PreTokenizer::Code {
    pcre2_code* code = nullptr;
    bool jit = false;
    ~Code() { pcre2_code_free(code); }
};

PreTokenizer::PreTokenizer(std::span<const SplitPass> passes) {
    for (const SplitPass& pass : passes) {
        const std::string pattern = pass.after_byte_level
                                        ? std::string(pass.bytes_regex)
                                        : toPcre(pass.linear_regex.empty() ? pass.regex : pass.linear_regex);
        const uint32_t options = pass.after_byte_level ? 0U : PCRE2_UTF | PCRE2_UCP;
        m_codes.push_back(std::make_unique<Code>());
        Code& code = *m_codes.back();
        int error = 0;
        PCRE2_SIZE offset = 0;
        code.code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), options, &error,
                                  &offset, nullptr);
        if (code.code == nullptr) {
            throw trace::Error("tokenizer.pattern",
                               "The expression that splits text cannot be compiled: PCRE2 error {error} at {offset}.",
                               {{"error", std::to_string(error)}, {"offset", std::to_string(offset)}});
        }
        // Where the system forbids code made at run time, PCRE2 interprets the expression: slower, the same pieces.
        code.jit = pcre2_jit_compile(code.code, PCRE2_JIT_COMPLETE) == 0;
    }
}

PreTokenizer::~PreTokenizer() = default;
PreTokenizer::PreTokenizer(PreTokenizer&&) noexcept = default;

struct PreTokenizer::Scanner::State {
    std::vector<const Code*> codes;
    std::vector<pcre2_match_data*> matches; ///< one a pass
    pcre2_match_context* context = nullptr;
    pcre2_jit_stack* stack = nullptr;

    ~State() {
        for (pcre2_match_data* match : matches) {
            pcre2_match_data_free(match);
        }
        pcre2_match_context_free(context);
        pcre2_jit_stack_free(stack);
    }
};

PreTokenizer::Scanner::Scanner(const PreTokenizer& splitter)
    : m_state(std::make_unique<State>()), m_cursors(splitter.m_codes.size()) {
    for (const std::unique_ptr<Code>& code : splitter.m_codes) {
        m_state->codes.push_back(code.get());
        m_state->matches.push_back(pcre2_match_data_create_from_pattern(code->code, nullptr));
        if (m_state->matches.back() == nullptr) {
            throw std::bad_alloc();
        }
    }
    m_state->context = pcre2_match_context_create(nullptr);
    m_state->stack = pcre2_jit_stack_create(size_t{32} << 10, size_t{8} << 20, nullptr);
    if (m_state->context == nullptr || m_state->stack == nullptr) {
        throw std::bad_alloc();
    }
    // A run of white space is walked back character by character: steps grow with the text.
    pcre2_set_match_limit(m_state->context, std::numeric_limits<uint32_t>::max());
    pcre2_jit_stack_assign(m_state->context, nullptr, m_state->stack);
}

PreTokenizer::Scanner::~Scanner() = default;

void PreTokenizer::Scanner::start(std::string_view text) {
    m_pass = 0;
    m_cursors.front() = Cursor{.text = text};
}

std::string_view PreTokenizer::Scanner::cut(size_t pass) {
    Cursor& cursor = m_cursors[pass];
    if (cursor.matchEnd <= cursor.at) {
        const Code& code = *m_state->codes[pass];
        const auto* subject = reinterpret_cast<PCRE2_SPTR>(cursor.text.data());
        const auto run = code.jit ? pcre2_jit_match : pcre2_match;
        const int found = run(code.code, subject, cursor.text.size(), cursor.at, PCRE2_NO_UTF_CHECK,
                              m_state->matches[pass], m_state->context);
        if (found < 0 && found != PCRE2_ERROR_NOMATCH) {
            throw trace::Error("tokenizer.split", "Splitting the text failed at byte {offset}: PCRE2 error {error}.",
                               {{"offset", std::to_string(cursor.at)}, {"error", std::to_string(found)}});
        }
        const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(m_state->matches[pass]);
        const bool matched = found >= 0 && bounds[1] > cursor.at;
        cursor.matchBegin = matched ? bounds[0] : cursor.text.size();
        cursor.matchEnd = matched ? bounds[1] : cursor.text.size();
    }
    const size_t end = cursor.matchBegin > cursor.at ? cursor.matchBegin : cursor.matchEnd;
    const std::string_view piece = cursor.text.substr(cursor.at, end - cursor.at);
    cursor.at = end;
    return piece;
}

bool PreTokenizer::Scanner::next(std::string_view& piece) {
    while (true) {
        if (m_cursors[m_pass].at == m_cursors[m_pass].text.size()) {
            if (m_pass == 0) {
                return false;
            }
            --m_pass;
            continue;
        }
        piece = cut(m_pass);
        if (m_pass + 1 == m_cursors.size()) {
            return true;
        }
        m_cursors[++m_pass] = Cursor{.text = piece};
    }
}

std::string toPcre(std::string_view regex) {
    constexpr std::string_view space =
        R"(\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
    std::string out;
    bool inClass = false;
    for (size_t i = 0; i < regex.size(); ++i) {
        const char c = regex[i];
        if (c != '\\' || i + 1 == regex.size()) {
            inClass = c == '[' || (inClass && c != ']');
            out += c;
            continue;
        }
        const char escaped = regex[++i];
        if (escaped == 's') {
            out += inClass ? std::string(space) : "[" + std::string(space) + "]";
        } else if (escaped == 'S' && !inClass) {
            out += "[^" + std::string(space) + "]";
        } else {
            out += c;
            out += escaped;
        }
    }
    return out;
}

} // namespace moescope::model
