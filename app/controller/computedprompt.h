// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/controller/jobs.h"

namespace moescope::controller {

/** The prompt that an answer was given to: its tokens as they were computed, where all were kept, else `rendered`, what
 *  its messages are now; that too where nothing is known of it. Throws Error{app.other_prompt} where `rendered`
 *  contradicts what was kept: a system prompt or a template is another since. */
std::vector<int32_t> computedPrompt(const AnsweredPrompt& prompt, std::vector<int32_t> rendered);

} // namespace moescope::controller
