// SPDX-License-Identifier: Apache-2.0
#include "tests/support/rope_qk_norm_lanes.h"

namespace moescope::twins {

bool takesLanes(uint32_t head_dim, uint32_t turning, inference::KvType kv) {
    return head_dim % 8 == 0 && turning % 16 == 0 && kv != inference::KvType::Q8_0;
}

} // namespace moescope::twins
