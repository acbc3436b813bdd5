// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/rope_qk_norm.h" // what it computes

#include "engine/inference/kv_type.h"

namespace moescope::twins {

/** Whether the kernel is for such heads: whole eights of elements and of pairs, and a cache of F32 or F16. */
bool takesLanes(uint32_t head_dim, uint32_t turning, inference::KvType kv);

} // namespace moescope::twins
