// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/rope_qk_norm.h" // what it computes

#include "engine/inference/kv_type.h"

namespace moescope::twins {

/** Whether the kernel is for such heads: whole eights of elements and of pairs, and a cache of F32 or F16. */
constexpr bool takesLanes(uint32_t head_dim, uint32_t turning, inference::KvType kv) {
    return head_dim % 8 == 0 && turning % 16 == 0 && kv != inference::KvType::Q8_0;
}

} // namespace moescope::twins
