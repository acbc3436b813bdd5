// SPDX-License-Identifier: Apache-2.0
#include "engine/model/jinja_parser.h"

#include "engine/model/vocabulary.h"

#include <algorithm>

namespace moescope::model::jinja {

using Tag = Statement::Kind;

Token TokenStream::take() {
    Token token = now();
    if (m_at + 1 < m_tokens.size()) {
        ++m_at;
    }
    return token;
}

bool TokenStream::takeName(std::string_view name) {
    const bool here = isName(name);
    if (here) {
        take();
    }
    return here;
}

bool TokenStream::takeOperator(std::string_view symbol) {
    const bool here = isOperator(symbol);
    if (here) {
        take();
    }
    return here;
}

void TokenStream::expect(TokenKind kind, std::string_view what) {
    if (!is(kind)) {
        refuseSyntax(line(), std::string(what) + " is missing" +
                                 (now().text.empty() ? "" : " before “" + shortened(now().text) + "”"));
    }
    take();
}

void TokenStream::expectOperator(std::string_view symbol) {
    if (!isOperator(symbol)) {
        refuseSyntax(line(), "“" + std::string(symbol) + "” is missing");
    }
    take();
}

std::string TokenStream::expectName() {
    std::string name = now().text;
    expect(TokenKind::Name, "a name");
    return name;
}

namespace {

class Parser {
public:
    explicit Parser(std::string_view source) : m_tokens(scan(source)), m_expressions(m_tokens) {}

    Body run() {
        Body all = body({});
        if (!m_tokens.is(TokenKind::End)) {
            refuseSyntax(m_tokens.line(), "“" + shortened(m_tokens.ahead().text) + "” ends nothing");
        }
        return all;
    }

private:
    /** To the tag that is one of `ends`, whose “{%” is still there; without ends, to the end of the text. */
    Body body(const std::vector<std::string_view>& ends) {
        const SourceLevel level(m_depth, m_tokens.line());
        Body statements;
        for (;;) {
            if (m_tokens.is(TokenKind::Data)) {
                StatementPtr data = make(Tag::Data);
                data->data = Value(std::make_shared<const Text>(m_tokens.take().text));
                statements.push_back(std::move(data));
            } else if (m_tokens.is(TokenKind::PrintBegin)) {
                m_tokens.take();
                StatementPtr print = make(Tag::Print);
                print->expressions.push_back(m_expressions.expression(true));
                m_tokens.expect(TokenKind::PrintEnd, "“}}”");
                statements.push_back(std::move(print));
            } else if (m_tokens.is(TokenKind::BlockBegin)) {
                const Token& tag = m_tokens.ahead();
                if (tag.kind == TokenKind::Name && std::find(ends.begin(), ends.end(), tag.text) != ends.end()) {
                    return statements;
                }
                if (tag.kind == TokenKind::Name &&
                    (tag.text.starts_with("end") || tag.text == "else" || tag.text == "elif")) {
                    refuseSyntax(tag.line, "“" + shortened(tag.text) + "” ends nothing");
                }
                m_tokens.take();
                statements.push_back(statement());
            } else if (ends.empty()) {
                return statements;
            } else {
                refuseSyntax(m_tokens.line(), "the tag “" + std::string(ends.back()) + "” is missing");
            }
        }
    }

    /** The body of a tag up to `end`, which is passed. */
    Body wholeBody(std::string_view end) {
        m_tokens.expect(TokenKind::BlockEnd, "“%}”");
        Body inner = body({end});
        m_tokens.take();
        m_tokens.take();
        if (end == "endmacro" && m_tokens.is(TokenKind::Name)) {
            m_tokens.take();
        }
        m_tokens.expect(TokenKind::BlockEnd, "“%}”");
        return inner;
    }

    StatementPtr make(Tag kind) const {
        auto made = std::make_unique<Statement>();
        made->kind = kind;
        made->line = m_tokens.line();
        return made;
    }

    StatementPtr statement() {
        const uint32_t line = m_tokens.line();
        if (!m_tokens.is(TokenKind::Name)) {
            refuseSyntax(line, "a tag has no name");
        }
        const std::string tag = m_tokens.take().text;
        struct Known {
            std::string_view name;
            StatementPtr (Parser::*read)();
        };
        static constexpr Known tags[] = {
            {"if", &Parser::condition},   {"for", &Parser::loop},
            {"set", &Parser::assignment}, {"macro", &Parser::macro},
            {"call", &Parser::call},      {"filter", &Parser::filter},
            {"with", &Parser::with},      {"generation", &Parser::generation},
            {"do", &Parser::evaluate},    {"break", &Parser::leave},
            {"continue", &Parser::next},
        };
        for (const Known& known : tags) {
            if (known.name == tag) {
                StatementPtr made = (this->*known.read)();
                made->line = line;
                return made;
            }
        }
        refuseConstruct(line, "the tag “" + shortened(tag) + "”");
    }

    /** Sets a value for a scope of the parser, and puts the old one back. */
    template <class T>
    class Restored {
    public:
        Restored(T& place, T value) : m_place(place), m_before(place) { place = value; }
        ~Restored() { m_place = m_before; }
        Restored(const Restored&) = delete;
        Restored& operator=(const Restored&) = delete;

    private:
        T& m_place;
        T m_before;
    };

    StatementPtr condition() {
        StatementPtr made = make(Tag::If);
        const Restored<bool> conditional(m_expressions.conditional, true);
        for (;;) {
            made->expressions.push_back(m_expressions.expression(true, false));
            m_tokens.expect(TokenKind::BlockEnd, "“%}”");
            made->bodies.push_back(body({"elif", "else", "endif"}));
            const bool goesOn = m_tokens.ahead().text == "elif";
            const bool otherwise = m_tokens.ahead().text == "else";
            m_tokens.take();
            m_tokens.take();
            if (goesOn) {
                continue;
            }
            if (otherwise) {
                made->bodies.push_back(wholeBody("endif"));
            } else {
                m_tokens.expect(TokenKind::BlockEnd, "“%}”");
            }
            return made;
        }
    }

    StatementPtr loop() {
        StatementPtr made = make(Tag::For);
        made->target = m_expressions.target(false);
        if (!m_tokens.takeName("in")) {
            refuseSyntax(m_tokens.line(), "“in” is missing");
        }
        made->expressions.push_back(m_expressions.expression(true, false));
        const Restored<bool> conditional(m_expressions.conditional, false);
        made->expressions.push_back(m_tokens.takeName("if") ? m_expressions.expression() : nullptr);
        if (m_tokens.isName("recursive")) {
            refuseConstruct(m_tokens.line(), "a recursive loop");
        }
        m_tokens.expect(TokenKind::BlockEnd, "“%}”");
        {
            const Restored<int> loops(m_loops, m_loops + 1);
            made->bodies.push_back(body({"else", "endfor"}));
        }
        m_tokens.take();
        if (m_tokens.take().text == "else") {
            made->bodies.push_back(wholeBody("endfor"));
        } else {
            made->bodies.emplace_back();
            m_tokens.expect(TokenKind::BlockEnd, "“%}”");
        }
        return made;
    }

    StatementPtr assignment() {
        StatementPtr made = make(Tag::Set);
        made->target = m_expressions.target(true);
        if (m_tokens.takeOperator("=")) {
            made->expressions.push_back(m_expressions.expression(true));
            m_tokens.expect(TokenKind::BlockEnd, "“%}”");
            return made;
        }
        made->kind = Tag::SetBlock;
        const Restored<int> loops(m_loops, 0);
        const Restored<bool> conditional(m_expressions.conditional, false);
        if (m_tokens.isOperator("|")) {
            made->expressions.push_back(m_expressions.filters(captured(), false));
        }
        made->bodies.push_back(wholeBody("endset"));
        return made;
    }

    ExpressionPtr captured() const {
        auto made = std::make_unique<Expression>();
        made->kind = Expression::Kind::Captured;
        made->line = m_tokens.line();
        return made;
    }

    void signature(Signature& to) {
        if (!m_tokens.takeOperator("(")) {
            return;
        }
        while (!m_tokens.isOperator(")")) {
            to.parameters.push_back(m_tokens.expectName());
            if (m_tokens.takeOperator("=")) {
                to.defaults.push_back(m_expressions.expression());
            } else if (!to.defaults.empty()) {
                refuseSyntax(m_tokens.line(), "a parameter without default follows one with a default");
            }
            if (!m_tokens.takeOperator(",")) {
                break;
            }
        }
        m_tokens.expectOperator(")");
    }

    StatementPtr macro() {
        StatementPtr made = make(Tag::Macro);
        made->signature.name = m_tokens.expectName();
        macroBody(*made, "endmacro");
        return made;
    }

    void macroBody(Statement& made, std::string_view end) {
        const Restored<int> loops(m_loops, 0);
        const Restored<bool> conditional(m_expressions.conditional, false);
        const Restored<Signature*> inner(m_expressions.macro, &made.signature);
        if (end == "endmacro") {
            signature(made.signature);
        }
        made.bodies.push_back(wholeBody(end));
    }

    StatementPtr call() {
        StatementPtr made = make(Tag::Call);
        made->signature.name = "caller";
        signature(made->signature);
        made->expressions.push_back(m_expressions.expression());
        if (made->expressions[0]->kind != Expression::Kind::Call) {
            refuseSyntax(made->line, "the tag “call” calls nothing");
        }
        macroBody(*made, "endcall");
        return made;
    }

    StatementPtr filter() {
        StatementPtr made = make(Tag::Filter);
        made->expressions.push_back(m_expressions.filters(captured(), true));
        const Restored<int> loops(m_loops, 0);
        const Restored<bool> conditional(m_expressions.conditional, false);
        made->bodies.push_back(wholeBody("endfilter"));
        return made;
    }

    StatementPtr with() {
        StatementPtr made = make(Tag::With);
        while (!m_tokens.is(TokenKind::BlockEnd)) {
            made->signature.parameters.push_back(m_tokens.expectName());
            m_tokens.expectOperator("=");
            made->signature.defaults.push_back(m_expressions.expression());
            if (!m_tokens.takeOperator(",")) {
                break;
            }
        }
        made->bodies.push_back(wholeBody("endwith"));
        return made;
    }

    /** {% generation %} marks what the model wrote, for training. */
    StatementPtr generation() {
        StatementPtr made = make(Tag::Scope);
        const Restored<int> loops(m_loops, 0);
        made->bodies.push_back(wholeBody("endgeneration"));
        return made;
    }

    StatementPtr evaluate() {
        StatementPtr made = make(Tag::Do);
        made->expressions.push_back(m_expressions.expression(true));
        m_tokens.expect(TokenKind::BlockEnd, "“%}”");
        return made;
    }

    StatementPtr jump(Tag kind, const char* name) {
        StatementPtr made = make(kind);
        if (m_loops == 0) {
            refuseSyntax(made->line, std::string("“") + name + "” stands in no loop");
        }
        m_tokens.expect(TokenKind::BlockEnd, "“%}”");
        return made;
    }
    StatementPtr leave() { return jump(Tag::Break, "break"); }
    StatementPtr next() { return jump(Tag::Continue, "continue"); }

    TokenStream m_tokens;
    ExpressionParser m_expressions;
    uint32_t m_depth = 0;
    int m_loops = 0; ///< that a break can leave
};

} // namespace

Body parse(std::string_view source) { return Parser(source).run(); }

} // namespace moescope::model::jinja
