// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/jinja_syntax.h"
#include "engine/model/jinja_value.h"

namespace moescope::model::jinja {

// All as Python has them; what Python refuses fails with the line.

Value arithmetic(Run& run, Operator op, const Value& a, const Value& b);
bool compare(Run& run, Operator op, const Value& a, const Value& b);
bool contains(Run& run, const Value& whole, const Value& part);
Value negated(Run& run, const Value& value);
/** a[key]: an item, else an attribute, else undefined. */
Value item(Run& run, const Value& value, const Value& key);
/** a.name: an attribute, else an item, else undefined. */
Value attribute(Run& run, const Value& value, std::string_view name);
/** Null: left out. */
Value slice(Run& run, const Value& value, const Value* begin, const Value* end, const Value* step);
/** text % values: %s, %d, %i, %r and %%. */
Value formatPercent(Run& run, const Text& pattern, const Value& values);

} // namespace moescope::model::jinja
