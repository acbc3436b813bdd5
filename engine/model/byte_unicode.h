// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace moescope::model {

/** GPT-2's spelling of bytes as printable characters: 0x20 is "Ġ", 0x0A is "Ċ", printable Latin-1 is itself. */
std::string toByteUnicode(std::string_view bytes);
/** The way back; nullopt if a character stands for no byte. `text` must be well-formed UTF-8. */
std::optional<std::string> fromByteUnicode(std::string_view text);

} // namespace moescope::model
