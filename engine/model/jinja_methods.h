// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/jinja_value.h"

#include <initializer_list>

namespace moescope::model::jinja {

/** Arguments by their places in the list of parameters. */
class Bound {
public:
    /** Fails if there are too many, unknown ones, one twice, or fewer than `required`. `what` is the callee's name. */
    Bound(Run& run, std::string_view what, const Arguments& arguments, std::initializer_list<std::string_view> names,
          size_t required = 0);

    /** Null if it was not given. */
    const Value* operator[](size_t at) const { return m_values[at]; }
    const Value& value(size_t at) const { return *m_values[at]; }
    /** Not given, or none: nothing, or the other value. */
    const Text* text(size_t at) const;
    int64_t whole(size_t at, int64_t other) const;
    bool flag(size_t at, bool other) const;

private:
    Run& m_run;
    std::string_view m_what;
    std::vector<const Value*> m_values;
};

/** A method of text, lists or dicts as a value. Undefined for one that would change its object (as in Jinja's immutable
 *  sandbox); nothing if there is none of this name. */
std::optional<Value> method(Run& run, const Value& self, std::string_view name);
/** Calls one without making a value of it; nothing if there is none of this name or it would change its object. */
std::optional<Value> callMethod(Run& run, const Value& self, std::string_view name, const Arguments& arguments);
/** True if all characters have their case, and one has. */
bool isCase(const Text& text, Case wanted);

} // namespace moescope::model::jinja
