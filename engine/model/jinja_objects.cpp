// SPDX-License-Identifier: Apache-2.0
#include "engine/model/jinja_objects.h"

#include "engine/model/jinja_methods.h"
#include "engine/trace/error.h"
#include "engine/trace/utf8.h"

#include <algorithm>
#include <chrono>
#include <iomanip>
#include <locale>
#include <sstream>

namespace moescope::model::jinja {

const Value* Scope::find(Run& run, std::string_view name) const {
    size_t hops = 0;
    for (const Scope* scope = this; scope != nullptr; scope = scope->m_parent.get()) {
        run.step((scope->m_variables.size() + hops++ % 16) / 16);
        for (const auto& [known, value] : scope->m_variables) {
            if (known == name) {
                return &value;
            }
        }
    }
    return nullptr;
}

void Scope::set(Run& run, std::string_view name, Value value) {
    run.step(m_variables.size() / 16);
    for (auto& [known, place] : m_variables) {
        if (known == name) {
            place = std::move(value);
            return;
        }
    }
    run.hold(sizeof(Value) + sizeof(name));
    m_variables.emplace_back(name, std::move(value));
}

ScopePtr makeScope(Run& run, ScopePtr parent) {
    run.hold(sizeof(Scope) + 64);
    return std::make_shared<Scope>(std::move(parent));
}

std::optional<Value> Namespace::attribute(Run& run, std::string_view name) {
    run.look(16 * name.size());
    const auto at = m_values.find(name);
    return at == m_values.end() ? std::nullopt : std::optional(at->second);
}

bool Namespace::assign(Run& run, std::string_view name, Value value) {
    run.look(16 * name.size());
    run.hold(128 + name.size());
    m_values.insert_or_assign(std::string(name), std::move(value));
    return true;
}

void Loop::look(Run& run, size_t count) {
    while (ahead() < count && m_next < m_items.size()) {
        if (m_tests) {
            run.fail("a loop is asked for its next item while it looks for that item");
        }
        Value item = std::move(m_items[m_next++]);
        m_tests = true;
        const bool passes = !m_passes || m_passes(item);
        m_tests = false;
        if (passes) {
            m_items[m_end++] = std::move(item);
        }
    }
}

bool Loop::advance(Run& run) {
    look(run, 1);
    if (ahead() == 0) {
        return false;
    }
    m_previous = m_index < 0 ? makeUndefined(run, "the item before the first") : std::move(m_current);
    m_current = std::move(m_items[m_begin++]);
    ++m_index;
    return true;
}

std::optional<Value> Loop::attribute(Run& run, std::string_view name) {
    const auto rest = [&] {
        look(run, m_items.size());
        return static_cast<int64_t>(ahead());
    };
    if (name == "index") {
        return m_index + 1;
    }
    if (name == "index0") {
        return m_index;
    }
    if (name == "first") {
        return m_index == 0;
    }
    if (name == "last") {
        look(run, 1);
        return ahead() == 0;
    }
    if (name == "length") {
        return m_index + 1 + rest();
    }
    if (name == "revindex") {
        return rest() + 1;
    }
    if (name == "revindex0") {
        return rest();
    }
    // Of loops that call themselves, which are not supported: it is no count of loops within each other.
    if (name == "depth") {
        return int64_t{1};
    }
    if (name == "depth0") {
        return int64_t{0};
    }
    if (name == "previtem") {
        return m_previous;
    }
    if (name == "nextitem") {
        look(run, 1);
        return ahead() == 0 ? makeUndefined(run, "the item behind the last") : m_items[m_begin];
    }
    if (name == "cycle") {
        return Value(static_cast<Object*>(run.make<Function>(
            "cycle", [this](Run& inner, const Arguments& arguments) { return cycle(inner, arguments); })));
    }
    if (name == "changed") {
        return Value(static_cast<Object*>(run.make<Function>(
            "changed", [this](Run& inner, const Arguments& arguments) { return Value(changed(inner, arguments)); })));
    }
    return std::nullopt;
}

Value Loop::cycle(Run& run, const Arguments& arguments) const {
    if (arguments.positional.empty()) {
        run.fail("“cycle” is given nothing to choose from");
    }
    return arguments.positional[static_cast<size_t>(m_index) % arguments.positional.size()];
}

bool Loop::changed(Run& run, const Arguments& arguments) {
    bool same = m_last && m_last->size() == arguments.positional.size();
    for (size_t i = 0; same && i < arguments.positional.size(); ++i) {
        same = equal(run, (*m_last)[i], arguments.positional[i]);
    }
    m_last = arguments.positional;
    return !same;
}

namespace {

Value makeRange(Run& run, const Arguments& arguments) {
    const Bound given(run, "range", arguments, {"start", "stop", "step"}, 1);
    const bool one = given[1] == nullptr;
    const int64_t start = one ? 0 : given.whole(0, 0);
    const int64_t stop = one ? given.whole(0, 0) : given.whole(1, 0);
    const int64_t step = given.whole(2, 1);
    if (step == 0) {
        run.fail("the step of “range” is zero");
    }
    // Far from what overflows.
    constexpr int64_t furthest = int64_t{1} << 50;
    for (const int64_t number : {start, stop, step}) {
        if (number > furthest || number < -furthest) {
            run.fail("“range” is given a number that is too large");
        }
    }
    const int64_t way = step > 0 ? stop - start : start - stop;
    const int64_t stride = step > 0 ? step : -step;
    const int64_t count = way > 0 ? (way - 1) / stride + 1 : 0;
    // As Jinja's sandbox has it.
    if (count > 100000) {
        run.fail("“range” has more than 100,000 numbers");
    }
    std::vector<Value> items;
    for (int64_t i = 0; i < count; ++i) {
        items.emplace_back(start + i * step);
    }
    std::string label = "range(" + std::to_string(start) + ", " + std::to_string(stop);
    label += step == 1 ? ")" : ", " + std::to_string(step) + ")";
    return makeSequence(run, Kind::View, std::move(items), std::move(label));
}

Value makeNamespace(Run& run, const Arguments& arguments) {
    auto* const made = run.make<Namespace>();
    for (const Value& from : arguments.positional) {
        if (!from.is(Kind::Dict)) {
            run.fail("a namespace is made of " + describe(from));
        }
        for (const auto& [key, value] : from.dict().entries()) {
            made->assign(run, key.is(Kind::String) ? key.bytes() : "", value);
        }
    }
    for (const auto& [name, value] : arguments.named) {
        made->assign(run, name, value);
    }
    return static_cast<Object*>(made);
}

Value makeDictOf(Run& run, const Arguments& arguments) {
    Dict dict;
    if (arguments.positional.size() > 1 ||
        (arguments.positional.size() == 1 && !arguments.positional[0].is(Kind::Dict))) {
        run.fail("“dict” is given what it makes no dict of");
    }
    if (arguments.positional.size() == 1) {
        for (const auto& [key, value] : arguments.positional[0].dict().entries()) {
            dict.set(run, key, value);
        }
    }
    for (const auto& [name, value] : arguments.named) {
        dict.set(run, makeText(run, name), value);
    }
    return makeDict(run, std::move(dict));
}

/** `text` as a part of a sentence: in one line, not longer than a sentence, without its full stop. */
std::string asClause(const std::string& text) {
    constexpr size_t longest = 240;
    std::string clause;
    for (size_t at = 0; at < text.size() && clause.size() < longest;) {
        const Character character = characterAt(text, at);
        clause += isPrintable(character.code) ? text.substr(at, character.end - at)
                  : isSpace(character.code)   ? " "
                                              : "?";
        at = character.end;
    }
    clause += clause.size() >= longest ? "…" : "";
    while (clause.ends_with('.') || clause.ends_with('!') || clause.ends_with(' ')) {
        clause.pop_back();
    }
    return clause;
}

Value raiseException(Run& run, const Arguments& arguments) {
    const Bound given(run, "raise_exception", arguments, {"message"}, 1);
    throw trace::Error("template.refused", "The model's chat template refuses this conversation: {reason}.",
                       {{"reason", asClause(print(run, given.value(0)).bytes())}});
}

Value timeText(Run& run, const Arguments& arguments) {
    const Bound given(run, "strftime_now", arguments, {"format"}, 1);
    const std::string format = given.text(0) == nullptr ? "" : given.text(0)->bytes();
    run.step(16);
    run.look(64 * format.size());
    run.hold(16 * format.size());
    for (size_t at = format.find('%'); at != std::string::npos; at = format.find('%', at + 2)) {
        const char code = at + 1 < format.size() ? format[at + 1] : '\0';
        if (std::string_view("aAbBdHIjmMpSyY%").find(code) == std::string_view::npos) {
            run.fail("“strftime_now” is given a format that is not supported");
        }
    }
    const std::time_t time = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm now{};
    if (run.now) {
        now = *run.now;
    } else if (const std::tm* local = std::localtime(&time)) {
        now = *local;
    }
    std::ostringstream out;
    out.imbue(std::locale::classic());
    out << std::put_time(&now, format.c_str());
    return makeText(run, out.str());
}

} // namespace

void setGlobals(Run& run, Scope& scope) {
    const auto add = [&](std::string_view name, Value (*call)(Run&, const Arguments&)) {
        scope.set(run, name, Value(static_cast<Object*>(run.make<Function>(name, call))));
    };
    add("range", makeRange);
    add("namespace", makeNamespace);
    add("dict", makeDictOf);
    add("raise_exception", raiseException);
    add("strftime_now", timeText);
}

} // namespace moescope::model::jinja
