// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/jinja_value.h"

#include <functional>
#include <map>

namespace moescope::model::jinja {

/** Variables that are seen in one place of a template. Names belong to the template or to the variables given to it. */
class Scope {
public:
    explicit Scope(std::shared_ptr<Scope> parent) : m_parent(std::move(parent)) {}

    /** Null if there is none here nor further out. */
    const Value* find(Run& run, std::string_view name) const;
    void set(Run& run, std::string_view name, Value value);
    void clear() { m_variables.clear(); }

private:
    std::shared_ptr<Scope> m_parent;
    std::vector<std::pair<std::string_view, Value>> m_variables;
};

using ScopePtr = std::shared_ptr<Scope>;
/** One within `parent`. */
ScopePtr makeScope(Run& run, ScopePtr parent);

/** namespace(): the only thing that is changed from inside of a loop. */
class Namespace : public Object {
public:
    std::string_view name() const override { return "a namespace"; }
    std::optional<Value> attribute(Run& run, std::string_view name) override;
    bool assign(Run& run, std::string_view name, Value value) override;

private:
    std::map<std::string, Value, std::less<>> m_values;
};

/** What a for loop goes through, and its `loop`. Items are tested when they are reached, as Python's generators are. */
class Loop : public Object {
public:
    /** `passes`: empty if every item does. */
    Loop(std::vector<Value> items, std::function<bool(const Value&)> passes)
        : m_items(std::move(items)), m_passes(std::move(passes)) {}

    bool advance(Run& run);
    const Value& current() const { return m_current; }

    std::string_view name() const override { return "a loop"; }
    std::optional<Value> attribute(Run& run, std::string_view name) override;
    Value cycle(Run& run, const Arguments& arguments) const;
    bool changed(Run& run, const Arguments& arguments);

private:
    /** Up to `count` items that pass, from m_begin to m_end. */
    void look(Run& run, size_t count);
    size_t ahead() const { return m_end - m_begin; }

    std::vector<Value> m_items; ///< those that passed move to the front
    std::function<bool(const Value&)> m_passes;
    size_t m_begin = 0;
    size_t m_end = 0;  ///< m_begin ≤ m_end ≤ m_next
    size_t m_next = 0; ///< that was not tested yet
    bool m_tests = false;
    int64_t m_index = -1;
    Value m_current;
    Value m_previous;
    std::optional<std::vector<Value>> m_last; ///< what changed() was asked for
};

/** A function of the template language itself. */
class Function : public Object {
public:
    using Call = std::function<Value(Run& run, const Arguments& arguments)>;
    Function(std::string_view name, Call call) : m_name(name), m_call(std::move(call)) {}
    std::string_view name() const override { return m_name; }
    bool callable() const override { return true; }
    Value call(Run& run, const Arguments& arguments) override { return m_call(run, arguments); }

private:
    std::string_view m_name;
    Call m_call;
};

/** range, namespace, dict, raise_exception and strftime_now. */
void setGlobals(Run& run, Scope& scope);

} // namespace moescope::model::jinja
