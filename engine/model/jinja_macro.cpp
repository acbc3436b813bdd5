// SPDX-License-Identifier: Apache-2.0
#include "engine/model/jinja_macro.h"

#include "engine/model/vocabulary.h"

#include <algorithm>

namespace moescope::model::jinja {

namespace {

class Macro : public Object {
public:
    Macro(Evaluator& evaluator, const Statement& statement, ScopePtr scope)
        : m_evaluator(evaluator), m_statement(statement), m_scope(std::move(scope)) {}

    std::string_view name() const override { return m_statement.signature.name; }
    bool callable() const override { return true; }

    Value call(Run& run, const Arguments& arguments) override {
        const Run::Level level(run);
        const Signature& signature = m_statement.signature;
        const ScopePtr scope = makeScope(run, m_scope);
        std::vector<Value> more;
        for (size_t i = 0; i < arguments.positional.size(); ++i) {
            if (i < signature.parameters.size()) {
                scope->set(run, signature.parameters[i], arguments.positional[i]);
            } else if (signature.takes_more) {
                more.push_back(arguments.positional[i]);
            } else {
                run.fail("the macro “" + shortened(signature.name) + "” is given too many arguments");
            }
        }
        std::vector<bool> given(signature.parameters.size(), false);
        std::fill_n(given.begin(), std::min(given.size(), arguments.positional.size()), true);
        Dict named;
        Value caller = makeUndefined(run, "“caller”");
        for (const auto& [name, value] : arguments.named) {
            run.step(1 + signature.parameters.size() / 16);
            const auto at = std::find(signature.parameters.begin(), signature.parameters.end(), name);
            const auto place = static_cast<size_t>(at - signature.parameters.begin());
            if (at != signature.parameters.end() && !given[place]) {
                given[place] = true;
                scope->set(run, *at, value);
            } else if (at == signature.parameters.end() && name == "caller" && signature.takes_caller) {
                caller = value;
            } else if (at == signature.parameters.end() && name != "caller" && signature.takes_named) {
                named.set(run, makeText(run, name), value);
            } else {
                run.fail("the macro “" + shortened(signature.name) + "” cannot be given “" + shortened(name) + "”");
            }
        }
        const auto setOwn = [&](bool reads, std::string_view name, const auto& value) {
            const auto& all = signature.parameters;
            if (reads && std::find(all.begin(), all.end(), name) == all.end()) {
                scope->set(run, name, value());
            }
        };
        setOwn(signature.takes_more, "varargs", [&] { return makeSequence(run, Kind::Tuple, more); });
        setOwn(signature.takes_named, "kwargs", [&] { return makeDict(run, named); });
        setOwn(signature.takes_caller, "caller", [&] { return caller; });
        setDefaults(run, given, scope);
        return m_evaluator.capture(m_statement.bodies[0], scope);
    }

private:
    /** In order: a default may read the parameters before it. */
    void setDefaults(Run& run, const std::vector<bool>& given, const ScopePtr& scope) {
        const Signature& signature = m_statement.signature;
        const size_t first = signature.parameters.size() - signature.defaults.size();
        for (size_t i = 0; i < signature.parameters.size(); ++i) {
            if (!given[i]) {
                scope->set(run, signature.parameters[i],
                           i < first ? makeUndefined(run, "the parameter “" + shortened(signature.parameters[i]) + "”")
                                     : m_evaluator.evaluate(*signature.defaults[i - first], scope));
            }
        }
    }

    Evaluator& m_evaluator;
    const Statement& m_statement;
    ScopePtr m_scope;
};

} // namespace

Value makeMacro(Run& run, Evaluator& evaluator, const Statement& statement, const ScopePtr& scope) {
    return static_cast<Object*>(run.make<Macro>(evaluator, statement, scope));
}

} // namespace moescope::model::jinja
