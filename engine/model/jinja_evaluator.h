// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/jinja_objects.h"
#include "engine/model/jinja_syntax.h"

#include <unordered_map>

namespace moescope::model::jinja {

/** Walks a template for one rendering. */
class Evaluator {
public:
    Evaluator(Run& run, const std::vector<Value>& watched, std::vector<int64_t>* starts);

    Text render(const Body& body, ScopePtr scope);

    enum class Flow { Next, Break, Continue };
    Flow execute(const Body& body, const ScopePtr& scope, Text& out);
    Value evaluate(const Expression& expression, const ScopePtr& scope);
    /** What `body` prints in a scope of its own. */
    Value capture(const Body& body, const ScopePtr& scope);

private:
    Flow execute(const Statement& statement, const ScopePtr& scope, Text& out);
    Flow choose(const Statement& statement, const ScopePtr& scope, Text& out);
    Flow repeat(const Statement& statement, const ScopePtr& scope, Text& out);
    void print(const Value& value, Text& out);
    void assign(const Expression& target, const Value& value, Scope& scope);
    void callBlock(const Statement& statement, const ScopePtr& scope, Text& out);
    Value filtered(const Expression& filter, Value captured, const ScopePtr& scope);

    Value name(const Expression& expression, const ScopePtr& scope);
    Value call(const Expression& expression, const ScopePtr& scope, const Value* caller = nullptr);
    Value sequence(const Expression& expression, const ScopePtr& scope);
    Value dict(const Expression& expression, const ScopePtr& scope);
    Value sliced(const Expression& expression, const ScopePtr& scope);
    Value compared(const Expression& expression, const ScopePtr& scope);
    Value concatenated(const Expression& expression, const ScopePtr& scope);
    Value choice(const Expression& expression, const ScopePtr& scope);
    Arguments arguments(const Expression& expression, const ScopePtr& scope);
    Value child(const Expression& expression, size_t at, const ScopePtr& scope) {
        return evaluate(*expression.children[at], scope);
    }

    Run& m_run;
    std::vector<Value> m_captured;
    const Text* m_result = nullptr;
    std::unordered_map<const Dict*, size_t> m_watched;
    std::vector<int64_t>* m_starts;
};

} // namespace moescope::model::jinja
