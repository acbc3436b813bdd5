// SPDX-License-Identifier: Apache-2.0
#include "engine/trace/utf8.h"

#include <cstdint>

namespace moescope::trace {

Utf8Sequence utf8At(std::string_view text, size_t at) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
    const uint8_t lead = byte(at);
    if (lead < 0x80) {
        return {1, true, true};
    }
    const size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                          : lead >= 0xE0 && lead <= 0xEF ? 3
                          : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                         : 0;
    if (length == 0) {
        return {1, false, true};
    }
    const uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    for (size_t i = 1; i < length; ++i) {
        if (at + i >= text.size()) {
            return {i, false, false};
        }
        const uint8_t next = byte(at + i);
        if (next < (i == 1 ? low : 0x80) || next > (i == 1 ? high : 0xBF)) {
            return {i, false, true};
        }
    }
    return {length, true, true};
}

std::optional<size_t> firstInvalidUtf8(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
        const Utf8Sequence sequence = utf8At(text, at);
        if (!sequence.valid) {
            return at;
        }
        at += sequence.bytes;
    }
    return std::nullopt;
}

} // namespace moescope::trace
