// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/jinja_evaluator.h"

namespace moescope::model::jinja {

/** The macro of a Statement (of kind Macro or Call), which sees `scope`. */
Value makeMacro(Run& run, Evaluator& evaluator, const Statement& statement, const ScopePtr& scope);

} // namespace moescope::model::jinja
