// SPDX-License-Identifier: Apache-2.0
#include "engine/model/jinja_filters.h"
#include "engine/model/jinja_parser.h"
#include "engine/model/vocabulary.h"

#include <array>
#include <charconv>

namespace moescope::model::jinja {

using Node = Expression::Kind;

SourceLevel::SourceLevel(uint32_t& depth, uint32_t line) : m_depth(depth) {
    if (depth >= deepestSource) {
        refuseSyntax(line, "it nests deeper than " + std::to_string(deepestSource) + " levels");
    }
    ++depth;
}

namespace {

template <class... Children>
std::vector<ExpressionPtr> nodes(Children... children) {
    std::vector<ExpressionPtr> all;
    (all.push_back(std::move(children)), ...);
    return all;
}

} // namespace

ExpressionPtr ExpressionParser::make(Node kind, std::vector<ExpressionPtr> children) {
    auto made = std::make_unique<Expression>();
    made->kind = kind;
    made->line = m_tokens.line();
    for (const ExpressionPtr& child : children) {
        made->depth = std::max(made->depth, child ? child->depth + 1 : 1);
    }
    // Long chains of operators are as deep as nested ones when they are computed.
    if (made->depth > deepestSource) {
        refuseSyntax(made->line, "an expression has more than " + std::to_string(deepestSource) + " levels");
    }
    made->children = std::move(children);
    return made;
}

ExpressionPtr ExpressionParser::expression(bool tuple, bool withChoice) {
    const SourceLevel level(m_depth, m_tokens.line());
    const auto one = [&] { return withChoice ? choice() : logic(0); };
    ExpressionPtr first = one();
    if (!tuple || !m_tokens.isOperator(",")) {
        return first;
    }
    std::vector<ExpressionPtr> items;
    items.push_back(std::move(first));
    while (m_tokens.takeOperator(",")) {
        if (m_tokens.is(TokenKind::BlockEnd) || m_tokens.is(TokenKind::PrintEnd) || m_tokens.isOperator(")")) {
            break;
        }
        items.push_back(one());
    }
    return make(Node::Tuple, std::move(items));
}

ExpressionPtr ExpressionParser::target(bool attribute) {
    const SourceLevel level(m_depth, m_tokens.line());
    const auto one = [&]() -> ExpressionPtr {
        if (m_tokens.takeOperator("(")) {
            ExpressionPtr inner = target(false);
            m_tokens.expectOperator(")");
            return inner;
        }
        ExpressionPtr name = make(Node::Name);
        name->name = m_tokens.expectName();
        if (name->name == "true" || name->name == "false" || name->name == "none" || name->name == "True" ||
            name->name == "False" || name->name == "None" || name->name == "loop") {
            refuseSyntax(name->line, "“" + name->name + "” cannot be set");
        }
        if (attribute && m_tokens.takeOperator(".")) {
            ExpressionPtr field = make(Node::Attribute, nodes(std::move(name)));
            field->name = m_tokens.expectName();
            return field;
        }
        return name;
    };
    ExpressionPtr first = one();
    if (!m_tokens.isOperator(",")) {
        return first;
    }
    std::vector<ExpressionPtr> items;
    items.push_back(std::move(first));
    while (m_tokens.takeOperator(",")) {
        if (m_tokens.isName("in") || m_tokens.isOperator("=") || m_tokens.isOperator(")")) {
            break;
        }
        items.push_back(one());
    }
    return make(Node::Tuple, std::move(items));
}

ExpressionPtr ExpressionParser::choice() {
    ExpressionPtr value = logic(0);
    while (m_tokens.takeName("if")) {
        ExpressionPtr condition = logic(0);
        ExpressionPtr other;
        if (m_tokens.takeName("else")) {
            const SourceLevel level(m_depth, m_tokens.line());
            other = choice();
        }
        value = make(Node::Choice, nodes(std::move(value), std::move(condition), std::move(other)));
    }
    return value;
}

/** or, and, not: in the order in which they bind. */
ExpressionPtr ExpressionParser::logic(int level) {
    if (level == 2) {
        if (m_tokens.takeName("not")) {
            const SourceLevel deeper(m_depth, m_tokens.line());
            return make(Node::Not, nodes(logic(2)));
        }
        return comparison();
    }
    ExpressionPtr left = logic(level + 1);
    while (m_tokens.takeName(level == 0 ? "or" : "and")) {
        ExpressionPtr right = logic(level + 1);
        left = make(level == 0 ? Node::Or : Node::And, nodes(std::move(left), std::move(right)));
    }
    return left;
}

ExpressionPtr ExpressionParser::comparison() {
    constexpr std::array<std::pair<std::string_view, Operator>, 6> symbols{{{"==", Operator::Eq},
                                                                            {"!=", Operator::Ne},
                                                                            {"<", Operator::Lt},
                                                                            {"<=", Operator::Le},
                                                                            {">", Operator::Gt},
                                                                            {">=", Operator::Ge}}};
    std::vector<ExpressionPtr> operands;
    std::vector<Operator> operators;
    operands.push_back(arithmetic(0));
    for (bool more = true; more;) {
        more = false;
        for (const auto& [symbol, op] : symbols) {
            if (!more && m_tokens.takeOperator(symbol)) {
                operators.push_back(op);
                more = true;
            }
        }
        if (!more && m_tokens.takeName("in")) {
            operators.push_back(Operator::In);
            more = true;
        } else if (!more && m_tokens.isName("not") && m_tokens.ahead().kind == TokenKind::Name &&
                   m_tokens.ahead().text == "in") {
            m_tokens.take();
            m_tokens.take();
            operators.push_back(Operator::NotIn);
            more = true;
        }
        if (more) {
            operands.push_back(arithmetic(0));
        }
    }
    if (operators.empty()) {
        return std::move(operands[0]);
    }
    ExpressionPtr compared = make(Node::Compare, std::move(operands));
    compared->operators = std::move(operators);
    return compared;
}

/** + and −; ~; *, /, // and %; **: in the order in which they bind. */
ExpressionPtr ExpressionParser::arithmetic(int level) {
    struct Symbol {
        std::string_view text;
        Operator op;
        int level;
    };
    constexpr std::array symbols{Symbol{"+", Operator::Add, 0},       Symbol{"-", Operator::Sub, 0},
                                 Symbol{"*", Operator::Mul, 2},       Symbol{"/", Operator::Div, 2},
                                 Symbol{"//", Operator::FloorDiv, 2}, Symbol{"%", Operator::Mod, 2},
                                 Symbol{"**", Operator::Pow, 3}};
    if (level == 4) {
        return unary(true);
    }
    ExpressionPtr left = arithmetic(level + 1);
    if (level == 1) {
        if (!m_tokens.isOperator("~")) {
            return left;
        }
        std::vector<ExpressionPtr> parts;
        parts.push_back(std::move(left));
        while (m_tokens.takeOperator("~")) {
            parts.push_back(arithmetic(level + 1));
        }
        return make(Node::Concat, std::move(parts));
    }
    for (bool more = true; more;) {
        more = false;
        for (const Symbol& symbol : symbols) {
            if (!more && symbol.level == level && m_tokens.takeOperator(symbol.text)) {
                more = true;
                ExpressionPtr right = arithmetic(level + 1);
                left = make(Node::Binary, nodes(std::move(left), std::move(right)));
                left->operators.push_back(symbol.op);
            }
        }
    }
    return left;
}

ExpressionPtr ExpressionParser::unary(bool filtered) {
    ExpressionPtr value;
    if (m_tokens.isOperator("-") || m_tokens.isOperator("+")) {
        const SourceLevel level(m_depth, m_tokens.line());
        const Node kind = m_tokens.take().text == "-" ? Node::Negate : Node::Plus;
        value = make(kind, nodes(unary(false)));
    } else {
        value = primary();
    }
    value = postfix(std::move(value));
    while (filtered) {
        if (m_tokens.isOperator("|")) {
            value = filters(std::move(value), false);
        } else if (m_tokens.isName("is")) {
            value = test(std::move(value));
        } else if (m_tokens.isOperator("(")) {
            value = postfix(std::move(value));
        } else {
            break;
        }
    }
    return value;
}

ExpressionPtr ExpressionParser::primary() {
    const uint32_t line = m_tokens.line();
    if (m_tokens.is(TokenKind::Name)) {
        const std::string name = m_tokens.take().text;
        const bool yes = name == "true" || name == "True";
        if (yes || name == "false" || name == "False" || name == "none" || name == "None") {
            ExpressionPtr constant = make(Node::Constant);
            constant->constant = name == "none" || name == "None" ? Value(nullptr) : Value(yes);
            return constant;
        }
        if (macro != nullptr) {
            macro->takes_more |= name == "varargs";
            macro->takes_named |= name == "kwargs";
            macro->takes_caller |= name == "caller";
        }
        ExpressionPtr variable = make(Node::Name);
        variable->line = line;
        variable->name = name;
        return variable;
    }
    if (m_tokens.is(TokenKind::String)) {
        std::string text;
        while (m_tokens.is(TokenKind::String)) {
            text += m_tokens.take().text;
        }
        ExpressionPtr constant = make(Node::Constant);
        constant->constant = Value(std::make_shared<const Text>(text));
        return constant;
    }
    if (m_tokens.is(TokenKind::Int) || m_tokens.is(TokenKind::Float)) {
        return number();
    }
    if (m_tokens.takeOperator("(")) {
        if (m_tokens.takeOperator(")")) {
            return make(Node::Tuple);
        }
        ExpressionPtr inner = expression(true);
        m_tokens.expectOperator(")");
        return inner;
    }
    if (m_tokens.isOperator("[")) {
        return list();
    }
    if (m_tokens.isOperator("{")) {
        return dict();
    }
    refuseSyntax(line, m_tokens.now().text.empty() ? std::string("an expression is missing")
                                                   : "“" + shortened(m_tokens.now().text) + "” stands for a value");
}

ExpressionPtr ExpressionParser::number() {
    const Token token = m_tokens.take();
    ExpressionPtr constant = make(Node::Constant);
    const char* const begin = token.text.data();
    const char* const end = begin + token.text.size();
    int64_t whole = 0;
    double real = 0;
    const bool isWhole = token.kind == TokenKind::Int;
    const auto [at, error] = isWhole ? std::from_chars(begin, end, whole) : std::from_chars(begin, end, real);
    if (error != std::errc() || at != end) {
        refuseSyntax(token.line, "the number “" + shortened(token.text) + "” is too large");
    }
    constant->constant = isWhole ? Value(whole) : Value(real);
    return constant;
}

ExpressionPtr ExpressionParser::list() {
    m_tokens.expectOperator("[");
    std::vector<ExpressionPtr> items;
    while (!m_tokens.isOperator("]")) {
        items.push_back(expression());
        if (!m_tokens.takeOperator(",")) {
            break;
        }
    }
    m_tokens.expectOperator("]");
    return make(Node::List, std::move(items));
}

ExpressionPtr ExpressionParser::dict() {
    m_tokens.expectOperator("{");
    std::vector<ExpressionPtr> items;
    while (!m_tokens.isOperator("}")) {
        items.push_back(expression());
        m_tokens.expectOperator(":");
        items.push_back(expression());
        if (!m_tokens.takeOperator(",")) {
            break;
        }
    }
    m_tokens.expectOperator("}");
    return make(Node::Dict, std::move(items));
}

ExpressionPtr ExpressionParser::postfix(ExpressionPtr value) {
    for (;;) {
        if (m_tokens.isOperator(".") || m_tokens.isOperator("[")) {
            value = subscript(std::move(value));
        } else if (m_tokens.isOperator("(")) {
            value = make(Node::Call, nodes(std::move(value)));
            arguments(*value);
        } else {
            return value;
        }
    }
}

ExpressionPtr ExpressionParser::subscript(ExpressionPtr value) {
    if (m_tokens.takeOperator(".")) {
        if (m_tokens.is(TokenKind::Int)) {
            return make(Node::Item, nodes(std::move(value), number()));
        }
        ExpressionPtr field = make(Node::Attribute, nodes(std::move(value)));
        field->name = m_tokens.expectName();
        return field;
    }
    m_tokens.expectOperator("[");
    std::array<ExpressionPtr, 3> parts;
    size_t colons = 0;
    while (!m_tokens.isOperator("]")) {
        if (m_tokens.takeOperator(":")) {
            if (++colons > 2) {
                refuseSyntax(m_tokens.line(), "a slice has more than three parts");
            }
        } else if (parts[colons] != nullptr) {
            refuseConstruct(m_tokens.line(), "an index of several values");
        } else {
            parts[colons] = expression();
        }
    }
    m_tokens.expectOperator("]");
    if (colons == 0) {
        if (parts[0] == nullptr) {
            refuseSyntax(m_tokens.line(), "an index is missing");
        }
        return make(Node::Item, nodes(std::move(value), std::move(parts[0])));
    }
    return make(Node::Slice, nodes(std::move(value), std::move(parts[0]), std::move(parts[1]), std::move(parts[2])));
}

void ExpressionParser::arguments(Expression& call) {
    m_tokens.expectOperator("(");
    while (!m_tokens.isOperator(")")) {
        if (m_tokens.isOperator("*") || m_tokens.isOperator("**")) {
            refuseConstruct(m_tokens.line(), "a call with “" + m_tokens.now().text + "”");
        }
        if (m_tokens.is(TokenKind::Name) && m_tokens.ahead().kind == TokenKind::Operator &&
            m_tokens.ahead().text == "=") {
            std::string name = m_tokens.take().text;
            m_tokens.take();
            call.named.emplace_back(std::move(name), expression());
        } else if (!call.named.empty()) {
            refuseSyntax(m_tokens.line(), "an argument without name follows one with a name");
        } else {
            call.children.push_back(expression());
        }
        const ExpressionPtr& last = call.named.empty() ? call.children.back() : call.named.back().second;
        call.depth = std::max(call.depth, last->depth + 1);
        if (call.depth > deepestSource) {
            refuseSyntax(m_tokens.line(), "an expression has more than " + std::to_string(deepestSource) + " levels");
        }
        if (!m_tokens.takeOperator(",")) {
            break;
        }
    }
    m_tokens.expectOperator(")");
}

ExpressionPtr ExpressionParser::filters(ExpressionPtr subject, bool first) {
    while (first || m_tokens.takeOperator("|")) {
        first = false;
        ExpressionPtr filter = make(Node::Filter, nodes(std::move(subject)));
        filter->name = m_tokens.expectName();
        if (m_tokens.isOperator("(")) {
            arguments(*filter);
        }
        if (!conditional && !isFilter(filter->name)) {
            refuseConstruct(filter->line, "the filter “" + shortened(filter->name) + "”");
        }
        subject = std::move(filter);
    }
    return subject;
}

ExpressionPtr ExpressionParser::test(ExpressionPtr value) {
    m_tokens.take();
    const bool negated = m_tokens.takeName("not");
    ExpressionPtr test = make(Node::Test, nodes(std::move(value)));
    test->name = m_tokens.expectName();
    const bool named =
        m_tokens.is(TokenKind::Name) && !m_tokens.isName("else") && !m_tokens.isName("or") && !m_tokens.isName("and");
    if (m_tokens.isOperator("(")) {
        arguments(*test);
    } else if (named || m_tokens.is(TokenKind::String) || m_tokens.is(TokenKind::Int) ||
               m_tokens.is(TokenKind::Float) || m_tokens.isOperator("[") || m_tokens.isOperator("{")) {
        if (m_tokens.isName("is")) {
            refuseSyntax(m_tokens.line(), "one test follows another");
        }
        test->children.push_back(postfix(primary()));
        test->depth = std::max(test->depth, test->children.back()->depth + 1);
    }
    if (!conditional && !isTest(test->name)) {
        refuseConstruct(test->line, "the test “" + shortened(test->name) + "”");
    }
    return negated ? make(Node::Not, nodes(std::move(test))) : std::move(test);
}

} // namespace moescope::model::jinja
