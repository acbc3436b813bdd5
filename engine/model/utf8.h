// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace moescope::model {

/** Unicode normalisation form C. `text` must be well-formed; takes linear time but for sorting runs of marks. */
std::string toNfc(std::string_view text);

/** Unicode's White_Space. */
bool isWhiteSpace(int32_t code);

} // namespace moescope::model
