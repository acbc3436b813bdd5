// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace moescope::twins {

/** What invocation `index` of a workgroup writes: 32 numbers from `index` on to `index` + 7, four of each, `rounds` times multiplied
 *  by `factor` and increased by it, and summed. */
float fmaSpeed(uint32_t index, uint32_t rounds, float factor);

} // namespace moescope::twins
