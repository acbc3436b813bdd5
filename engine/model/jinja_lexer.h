// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moescope::model::jinja {

enum class TokenKind : uint8_t {
    Data,
    BlockBegin,
    BlockEnd,
    PrintBegin,
    PrintEnd,
    Name,
    String,
    Int,
    Float,
    Operator,
    End,
};

struct Token {
    TokenKind kind = TokenKind::End;
    std::string text; ///< of a string: what it stands for
    uint32_t line = 1;
};

/** The pieces of a template, with the blanks taken out that trim_blocks, lstrip_blocks, - and + say. At most
 *  `largestSource` bytes; what cannot be read: trace::Error{template.syntax} with the line. */
std::vector<Token> scan(std::string_view source);

/** trace::Error{template.syntax}; `reason` is a clause. */
[[noreturn]] void refuseSyntax(uint32_t line, const std::string& reason);
/** trace::Error{template.unsupported}; `construct` is a noun: “the tag “include””. */
[[noreturn]] void refuseConstruct(uint32_t line, const std::string& construct);

} // namespace moescope::model::jinja
