// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/jinja_lexer.h"
#include "engine/model/jinja_syntax.h"

#include <optional>
#include <string_view>

namespace moescope::model::jinja {

/** Reads a template: trace::Error{template.syntax} or {template.unsupported}, both with the line. */
Body parse(std::string_view source);

/** The tokens of a template, read one after the other. */
class TokenStream {
public:
    explicit TokenStream(std::vector<Token> tokens) : m_tokens(std::move(tokens)) {}

    const Token& now() const { return m_tokens[m_at]; }
    const Token& ahead() const { return m_tokens[std::min(m_at + 1, m_tokens.size() - 1)]; }
    uint32_t line() const { return now().line; }
    Token take();
    bool is(TokenKind kind) const { return now().kind == kind; }
    bool isName(std::string_view name) const { return is(TokenKind::Name) && now().text == name; }
    bool isOperator(std::string_view symbol) const { return is(TokenKind::Operator) && now().text == symbol; }
    bool takeName(std::string_view name);
    bool takeOperator(std::string_view symbol);
    void expect(TokenKind kind, std::string_view what);
    void expectOperator(std::string_view symbol);
    std::string expectName();

private:
    std::vector<Token> m_tokens;
    size_t m_at = 0;
};

/** Reads expressions. */
class ExpressionParser {
public:
    explicit ExpressionParser(TokenStream& tokens) : m_tokens(tokens) {}

    /** `tuple`: a, b is one. `choice`: a if b else c is read. */
    ExpressionPtr expression(bool tuple = false, bool choice = true);
    /** Names, a tuple of them, or an attribute of a namespace. */
    ExpressionPtr target(bool attribute);
    /** name(arguments)|name… on `subject`. */
    ExpressionPtr filters(ExpressionPtr subject, bool first);

    /** What the body of the macro that is read now needs. */
    Signature* macro = nullptr;
    /** Only what is reached is refused: an unknown filter or test, as in jinja2. */
    bool conditional = false;

private:
    ExpressionPtr make(Expression::Kind kind, std::vector<ExpressionPtr> children = {});
    ExpressionPtr choice();
    ExpressionPtr logic(int level);
    ExpressionPtr comparison();
    ExpressionPtr arithmetic(int level);
    ExpressionPtr unary(bool filtered);
    ExpressionPtr primary();
    ExpressionPtr postfix(ExpressionPtr value);
    ExpressionPtr subscript(ExpressionPtr value);
    ExpressionPtr test(ExpressionPtr value);
    ExpressionPtr number();
    ExpressionPtr list();
    ExpressionPtr dict();
    void arguments(Expression& call);

    TokenStream& m_tokens;
    uint32_t m_depth = 0;
};

/** One level deeper in the text while it lives; too deep: trace::Error{template.syntax}. */
class SourceLevel {
public:
    SourceLevel(uint32_t& depth, uint32_t line);
    ~SourceLevel() { --m_depth; }
    SourceLevel(const SourceLevel&) = delete;
    SourceLevel& operator=(const SourceLevel&) = delete;

private:
    uint32_t& m_depth;
};

} // namespace moescope::model::jinja
