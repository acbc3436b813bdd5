// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/jinja_value.h"

#include <string_view>

namespace moescope::model::jinja {

/** JSON as a value, the order of its keys kept; all its text is of `origin`. What is no JSON, or nests too deep:
 *  trace::Error{json.syntax} and the like, which call it `name`. */
Value fromJson(Run& run, std::string_view json, const std::string& name, Origin origin = Origin::Conversation);

/** The filter tojson as Hugging Face has it: Python's json.dumps, which escapes nothing for HTML. */
Value toJson(Run& run, const Value& value, const Arguments& arguments);

} // namespace moescope::model::jinja
