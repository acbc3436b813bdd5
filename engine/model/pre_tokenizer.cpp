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

PreTokenizer::PreTokenizer(const std::string& pattern) : m_code(std::make_unique<Code>()) {
    int error = 0;
    PCRE2_SIZE offset = 0;
    m_code->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), PCRE2_UTF | PCRE2_UCP,
                                 &error, &offset, nullptr);
    if (m_code->code == nullptr) {
        throw trace::Error("tokenizer.pattern",
                           "The expression that splits text cannot be compiled: PCRE2 error {error} at {offset}.",
                           {{"error", std::to_string(error)}, {"offset", std::to_string(offset)}});
    }
    // Where the system forbids code made at run time, PCRE2 interprets the expression: slower, the same pieces.
    m_code->jit = pcre2_jit_compile(m_code->code, PCRE2_JIT_COMPLETE) == 0;
}

PreTokenizer::~PreTokenizer() = default;
PreTokenizer::PreTokenizer(PreTokenizer&&) noexcept = default;

struct PreTokenizer::Scanner::State {
    const Code* code = nullptr;
    pcre2_match_data* match = nullptr;
    pcre2_match_context* context = nullptr;
    pcre2_jit_stack* stack = nullptr;

    ~State() {
        pcre2_match_data_free(match);
        pcre2_match_context_free(context);
        pcre2_jit_stack_free(stack);
    }
};

PreTokenizer::Scanner::Scanner(const PreTokenizer& splitter, std::string_view text)
    : m_state(std::make_unique<State>()), m_text(text) {
    m_state->code = splitter.m_code.get();
    m_state->match = pcre2_match_data_create_from_pattern(m_state->code->code, nullptr);
    m_state->context = pcre2_match_context_create(nullptr);
    m_state->stack = pcre2_jit_stack_create(size_t{32} << 10, size_t{8} << 20, nullptr);
    if (m_state->match == nullptr || m_state->context == nullptr || m_state->stack == nullptr) {
        throw std::bad_alloc();
    }
    // A run of white space is walked back character by character: steps grow with the text.
    pcre2_set_match_limit(m_state->context, std::numeric_limits<uint32_t>::max());
    pcre2_jit_stack_assign(m_state->context, nullptr, m_state->stack);
}

PreTokenizer::Scanner::~Scanner() = default;

bool PreTokenizer::Scanner::next(std::string_view& piece) {
    if (m_at == m_text.size()) {
        return false;
    }
    if (m_matchEnd <= m_at) {
        const auto* subject = reinterpret_cast<PCRE2_SPTR>(m_text.data());
        const auto run = m_state->code->jit ? pcre2_jit_match : pcre2_match;
        const int found = run(m_state->code->code, subject, m_text.size(), m_at, PCRE2_NO_UTF_CHECK, m_state->match,
                              m_state->context);
        if (found < 0 && found != PCRE2_ERROR_NOMATCH) {
            throw trace::Error("tokenizer.split", "Splitting the text failed at byte {offset}: PCRE2 error {error}.",
                               {{"offset", std::to_string(m_at)}, {"error", std::to_string(found)}});
        }
        const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(m_state->match);
        const bool matched = found >= 0 && bounds[1] > m_at;
        m_matchBegin = matched ? bounds[0] : m_text.size();
        m_matchEnd = matched ? bounds[1] : m_text.size();
    }
    const size_t end = m_matchBegin > m_at ? m_matchBegin : m_matchEnd;
    piece = m_text.substr(m_at, end - m_at);
    m_at = end;
    return true;
}

const std::string& qwen2Pattern() {
    static const std::string pattern = [] {
        const std::string space =
            R"(\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
        return R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^)" + space +
               R"(\p{L}\p{N}]+[\r\n]*|[)" + space + R"(]*[\r\n]+|[)" + space + R"(]+(?![^)" + space + R"(])|[)" +
               space + R"(]+)";
    }();
    return pattern;
}

std::string_view qwen2Regex() {
    return R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
}

} // namespace moescope::model
