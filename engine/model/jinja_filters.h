// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/jinja_value.h"

#include <string_view>

namespace moescope::model::jinja {

bool isFilter(std::string_view name);
bool isTest(std::string_view name);
/** value|name(arguments); fails if there is no such filter. */
Value applyFilter(Run& run, std::string_view name, const Value& value, const Arguments& arguments);
/** value is name(arguments); fails if there is no such test. */
bool applyTest(Run& run, std::string_view name, const Value& value, const Arguments& arguments);

using FilterCall = Value (*)(Run& run, const Value& value, const Arguments& arguments);
struct NamedFilter {
    std::string_view name;
    FilterCall call;
};
/** The filters of texts and numbers, and those of lists and dicts: null if there is none of this name. */
FilterCall findScalarFilter(std::string_view name);
FilterCall findListFilter(std::string_view name);

} // namespace moescope::model::jinja
