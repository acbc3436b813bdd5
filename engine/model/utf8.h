// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace moescope::model {

/** Byte offset of the first byte that is not well-formed UTF-8 (overlong forms and surrogates are not), if any. */
std::optional<size_t> firstInvalidUtf8(std::string_view text);

/** Unicode normalisation form C. `text` must be well-formed; takes linear time but for sorting runs of marks. */
std::string toNfc(std::string_view text);

} // namespace moescope::model
