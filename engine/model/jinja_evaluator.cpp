// SPDX-License-Identifier: Apache-2.0
#include "engine/model/jinja_evaluator.h"

#include "engine/model/jinja.h"
#include "engine/model/jinja_filters.h"
#include "engine/model/jinja_macro.h"
#include "engine/model/jinja_methods.h"
#include "engine/model/jinja_operators.h"
#include "engine/model/jinja_parser.h"
#include "engine/model/vocabulary.h"

#include <array>

namespace moescope::model::jinja {

struct Template::Impl {
    Body body;
};

Template::Template(std::string_view source) : m_impl(std::make_unique<const Impl>(Impl{parse(source)})) {}
Template::~Template() = default;
Template::Template(Template&&) noexcept = default;

Text Template::render(Run& run, const Dict& variables, const std::vector<Value>& watched,
                      std::vector<int64_t>* starts) const {
    auto scope = std::make_shared<Scope>(nullptr);
    setGlobals(run, *scope);
    for (const auto& [name, value] : variables.entries()) {
        if (name.is(Kind::String)) {
            scope->set(run, name.bytes(), value);
        }
    }
    return Evaluator(run, watched, starts).render(m_impl->body, scope);
}

Evaluator::Evaluator(Run& run, const std::vector<Value>& watched, std::vector<int64_t>* starts)
    : m_run(run), m_starts(starts) {
    if (starts != nullptr) {
        starts->assign(watched.size(), -1);
        for (size_t i = 0; i < watched.size(); ++i) {
            m_watched.emplace(&watched[i].dict(), i);
        }
    }
}

Text Evaluator::render(const Body& body, ScopePtr scope) {
    Text out;
    m_result = &out;
    execute(body, std::make_shared<Scope>(std::move(scope)), out);
    return out;
}

Evaluator::Flow Evaluator::execute(const Body& body, const ScopePtr& scope, Text& out) {
    for (const StatementPtr& statement : body) {
        if (const Flow flow = execute(*statement, scope, out); flow != Flow::Next) {
            return flow;
        }
    }
    return Flow::Next;
}

Evaluator::Flow Evaluator::execute(const Statement& statement, const ScopePtr& scope, Text& out) {
    const Run::Level level(m_run);
    m_run.step();
    m_run.line = statement.line;
    switch (statement.kind) {
    case Statement::Kind::Data: print(statement.data, out); break;
    case Statement::Kind::Print: print(evaluate(*statement.expressions[0], scope), out); break;
    case Statement::Kind::If: return choose(statement, scope, out);
    case Statement::Kind::For: return repeat(statement, scope, out);
    case Statement::Kind::Set: assign(*statement.target, evaluate(*statement.expressions[0], scope), *scope); break;
    case Statement::Kind::SetBlock: {
        Value value = capture(statement.bodies[0], scope);
        if (!statement.expressions.empty()) {
            value = filtered(*statement.expressions[0], std::move(value), scope);
        }
        assign(*statement.target, value, *scope);
        break;
    }
    case Statement::Kind::Macro:
        scope->set(m_run, statement.signature.name, makeMacro(m_run, *this, statement, scope));
        break;
    case Statement::Kind::Call: callBlock(statement, scope, out); break;
    case Statement::Kind::Filter:
        print(filtered(*statement.expressions[0], capture(statement.bodies[0], scope), scope), out);
        break;
    case Statement::Kind::With: {
        const ScopePtr inner = makeScope(m_run, scope);
        for (size_t i = 0; i < statement.signature.parameters.size(); ++i) {
            inner->set(m_run, statement.signature.parameters[i], evaluate(*statement.signature.defaults[i], scope));
        }
        return execute(statement.bodies[0], inner, out);
    }
    case Statement::Kind::Scope: return execute(statement.bodies[0], makeScope(m_run, scope), out);
    case Statement::Kind::Do: evaluate(*statement.expressions[0], scope); break;
    case Statement::Kind::Break: return Flow::Break;
    case Statement::Kind::Continue: return Flow::Continue;
    }
    return Flow::Next;
}

Evaluator::Flow Evaluator::choose(const Statement& statement, const ScopePtr& scope, Text& out) {
    for (size_t i = 0; i < statement.expressions.size(); ++i) {
        if (truth(evaluate(*statement.expressions[i], scope))) {
            return execute(statement.bodies[i], scope, out);
        }
    }
    const bool otherwise = statement.bodies.size() > statement.expressions.size();
    return otherwise ? execute(statement.bodies.back(), scope, out) : Flow::Next;
}

Evaluator::Flow Evaluator::repeat(const Statement& statement, const ScopePtr& scope, Text& out) {
    std::vector<Value> items = iterate(m_run, evaluate(*statement.expressions[0], scope));
    std::function<bool(const Value&)> passes;
    if (const Expression* condition = statement.expressions[1].get()) {
        // The loop lives as long as the rendering: it keeps the scope, which knows the loop by a plain pointer alone.
        passes = [this, condition, &statement, scope](const Value& item) {
            const ScopePtr inner = makeScope(m_run, scope);
            assign(*statement.target, item, *inner);
            return truth(evaluate(*condition, inner));
        };
    }
    auto* const loop = m_run.make<Loop>(std::move(items), std::move(passes));
    bool any = false;
    ScopePtr inner;
    while (loop->advance(m_run)) {
        any = true;
        m_run.step();
        if (inner != nullptr && inner.use_count() == 1) {
            inner->clear(); // no macro and no loop keeps it
        } else {
            inner = makeScope(m_run, scope);
        }
        inner->set(m_run, "loop", Value(static_cast<Object*>(loop)));
        if (m_starts != nullptr && &out == m_result && loop->current().is(Kind::Dict)) {
            if (const auto at = m_watched.find(&loop->current().dict()); at != m_watched.end()) {
                (*m_starts)[at->second] = static_cast<int64_t>(out.size());
            }
        }
        assign(*statement.target, loop->current(), *inner);
        if (execute(statement.bodies[0], inner, out) == Flow::Break) {
            break;
        }
    }
    return any ? Flow::Next : execute(statement.bodies[1], makeScope(m_run, scope), out);
}

void Evaluator::print(const Value& value, Text& out) {
    if (value.is(Kind::String)) {
        m_run.look(value.text().size());
        m_run.checkOutput(out.size() + value.text().size());
        m_run.hold(2 * value.text().size());
        out.append(value.text());
    } else {
        const Text text = jinja::print(m_run, value);
        m_run.checkOutput(out.size() + text.size());
        m_run.hold(2 * text.size());
        out.append(text);
    }
}

void Evaluator::assign(const Expression& target, const Value& value, Scope& scope) {
    m_run.step();
    if (target.kind == Expression::Kind::Name) {
        scope.set(m_run, target.name, value);
    } else if (target.kind == Expression::Kind::Attribute) {
        const std::string& name = target.children[0]->name;
        const Value* object = scope.find(m_run, name);
        if (object == nullptr || !object->is(Kind::Object) || !object->object()->assign(m_run, target.name, value)) {
            m_run.fail("“" + shortened(name) + "” is no namespace, so that its attribute cannot be set");
        }
    } else {
        const std::vector<Value> parts = iterate(m_run, value);
        if (parts.size() != target.children.size()) {
            m_run.fail("there are " + std::to_string(parts.size()) + " values for " +
                       std::to_string(target.children.size()) + " names");
        }
        for (size_t i = 0; i < parts.size(); ++i) {
            assign(*target.children[i], parts[i], scope);
        }
    }
}

Value Evaluator::capture(const Body& body, const ScopePtr& scope) {
    Text out;
    execute(body, makeScope(m_run, scope), out);
    return makeText(m_run, std::move(out));
}

Value Evaluator::filtered(const Expression& filter, Value captured, const ScopePtr& scope) {
    m_captured.push_back(std::move(captured));
    Value value = evaluate(filter, scope);
    m_captured.pop_back();
    return value;
}

void Evaluator::callBlock(const Statement& statement, const ScopePtr& scope, Text& out) {
    const Value caller = makeMacro(m_run, *this, statement, scope);
    print(call(*statement.expressions[0], scope, &caller), out);
}

Value Evaluator::evaluate(const Expression& expression, const ScopePtr& scope) {
    using Node = Expression::Kind;
    const Run::Level level(m_run);
    m_run.step();
    m_run.line = expression.line;
    switch (expression.kind) {
    case Node::Constant: return expression.constant;
    case Node::Name: return name(expression, scope);
    case Node::Captured: return m_captured.back();
    case Node::List:
    case Node::Tuple: return sequence(expression, scope);
    case Node::Dict: return dict(expression, scope);
    case Node::Attribute: return attribute(m_run, child(expression, 0, scope), expression.name);
    case Node::Item: return item(m_run, child(expression, 0, scope), child(expression, 1, scope));
    case Node::Slice: return sliced(expression, scope);
    case Node::Call: return call(expression, scope);
    case Node::Filter:
        return applyFilter(m_run, expression.name, child(expression, 0, scope), arguments(expression, scope));
    case Node::Test:
        return applyTest(m_run, expression.name, child(expression, 0, scope), arguments(expression, scope));
    case Node::Negate: return negated(m_run, child(expression, 0, scope));
    case Node::Plus: return negated(m_run, negated(m_run, child(expression, 0, scope)));
    case Node::Not: return !truth(child(expression, 0, scope));
    case Node::And:
    case Node::Or: {
        Value left = child(expression, 0, scope);
        return truth(left) == (expression.kind == Node::Or) ? left : child(expression, 1, scope);
    }
    case Node::Binary: {
        const Value left = child(expression, 0, scope);
        const Value right = child(expression, 1, scope);
        m_run.line = expression.line;
        return arithmetic(m_run, expression.operators[0], left, right);
    }
    case Node::Compare: return compared(expression, scope);
    case Node::Concat: return concatenated(expression, scope);
    case Node::Choice: return choice(expression, scope);
    }
    return {};
}

Value Evaluator::name(const Expression& expression, const ScopePtr& scope) {
    const Value* found = scope->find(m_run, expression.name);
    return found != nullptr ? *found : makeUndefined(m_run, "“" + shortened(expression.name) + "”");
}

Value Evaluator::call(const Expression& expression, const ScopePtr& scope, const Value* caller) {
    const Expression& callee = *expression.children[0];
    Value function;
    Arguments given;
    if (callee.kind == Expression::Kind::Attribute) {
        const Value self = evaluate(*callee.children[0], scope);
        given = arguments(expression, scope);
        m_run.line = expression.line;
        if (std::optional<Value> result = callMethod(m_run, self, callee.name, given)) {
            return *result;
        }
        function = attribute(m_run, self, callee.name);
    } else {
        function = evaluate(callee, scope);
        given = arguments(expression, scope);
    }
    if (caller != nullptr) {
        given.named.emplace_back("caller", *caller);
    }
    m_run.line = expression.line;
    if (!function.is(Kind::Object)) {
        m_run.fail(describe(function) + " cannot be called");
    }
    return function.object()->call(m_run, given);
}

Value Evaluator::sequence(const Expression& expression, const ScopePtr& scope) {
    std::vector<Value> items;
    for (const ExpressionPtr& part : expression.children) {
        items.push_back(evaluate(*part, scope));
    }
    return makeSequence(m_run, expression.kind == Expression::Kind::List ? Kind::List : Kind::Tuple, std::move(items));
}

Value Evaluator::dict(const Expression& expression, const ScopePtr& scope) {
    Dict dict;
    for (size_t i = 0; i + 1 < expression.children.size(); i += 2) {
        const Value key = child(expression, i, scope);
        dict.set(m_run, key, child(expression, i + 1, scope));
    }
    return makeDict(m_run, std::move(dict));
}

Value Evaluator::sliced(const Expression& expression, const ScopePtr& scope) {
    std::array<Value, 4> parts;
    std::array<const Value*, 4> given{};
    for (size_t i = 0; i < parts.size(); ++i) {
        if (expression.children[i]) {
            parts[i] = child(expression, i, scope);
            given[i] = &parts[i];
        }
    }
    return slice(m_run, parts[0], given[1], given[2], given[3]);
}

Value Evaluator::compared(const Expression& expression, const ScopePtr& scope) {
    Value left = child(expression, 0, scope);
    for (size_t i = 0; i < expression.operators.size(); ++i) {
        Value right = child(expression, i + 1, scope);
        m_run.line = expression.line;
        if (!compare(m_run, expression.operators[i], left, right)) {
            return false;
        }
        left = std::move(right);
    }
    return true;
}

Value Evaluator::concatenated(const Expression& expression, const ScopePtr& scope) {
    Writer out(m_run);
    for (const ExpressionPtr& part : expression.children) {
        out.add(jinja::print(m_run, evaluate(*part, scope)));
    }
    return out.made();
}

Value Evaluator::choice(const Expression& expression, const ScopePtr& scope) {
    if (truth(child(expression, 1, scope))) {
        return child(expression, 0, scope);
    }
    return expression.children[2] ? child(expression, 2, scope) : makeUndefined(m_run, "a choice without “else”");
}

Arguments Evaluator::arguments(const Expression& expression, const ScopePtr& scope) {
    Arguments given;
    for (size_t i = 1; i < expression.children.size(); ++i) {
        given.positional.push_back(child(expression, i, scope));
    }
    for (const auto& [name, value] : expression.named) {
        given.named.emplace_back(name, evaluate(*value, scope));
    }
    return given;
}

} // namespace moescope::model::jinja
