// SPDX-License-Identifier: Apache-2.0
#include "engine/model/utf8.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace moescope::model {
namespace {

bool isAscii(char c) { return static_cast<unsigned char>(c) < 0x80; }

/** End of the run of ASCII that starts at `at`. */
size_t asciiEnd(std::string_view text, size_t at) {
    while (at < text.size() && isAscii(text[at])) {
        ++at;
    }
    return at;
}

int combiningClass(int32_t codepoint) { return utf8proc_get_property(codepoint)->combining_class; }

/** Decomposes canonically. utf8proc's own ordering of marks is quadratic in the length of a run of them, which a
 *  hostile text can make as long as itself; so each character is taken apart alone and the runs are sorted here. */
std::vector<int32_t> decomposed(std::string_view text) {
    constexpr auto options = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_STABLE);
    std::vector<int32_t> out;
    out.reserve(text.size());
    std::array<int32_t, 64> parts{};
    int boundclass = 0;
    const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
    for (size_t at = 0; at < text.size();) {
        int32_t codepoint = 0;
        at += static_cast<size_t>(
            utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(text.size() - at), &codepoint));
        const auto count = utf8proc_decompose_char(codepoint, parts.data(), parts.size(), options, &boundclass);
        out.insert(out.end(), parts.begin(), parts.begin() + count);
    }
    for (size_t at = 0; at < out.size();) {
        if (combiningClass(out[at]) == 0) {
            ++at;
            continue;
        }
        size_t end = at + 1;
        while (end < out.size() && combiningClass(out[end]) != 0) {
            ++end;
        }
        std::stable_sort(out.begin() + static_cast<ptrdiff_t>(at), out.begin() + static_cast<ptrdiff_t>(end),
                         [](int32_t a, int32_t b) { return combiningClass(a) < combiningClass(b); });
        at = end;
    }
    return out;
}

void appendNfc(std::string_view text, std::string& out) {
    std::vector<int32_t> points = decomposed(text);
    constexpr auto options = static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    const auto count = utf8proc_normalize_utf32(points.data(), static_cast<utf8proc_ssize_t>(points.size()), options);
    std::array<uint8_t, 4> encoded{};
    for (utf8proc_ssize_t i = 0; i < count; ++i) {
        const auto bytes = utf8proc_encode_char(points[static_cast<size_t>(i)], encoded.data());
        out.append(reinterpret_cast<const char*>(encoded.data()), static_cast<size_t>(bytes));
    }
}

} // namespace

std::string toNfc(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
        // ASCII stands for itself, but its last character may take the marks that follow it.
        size_t end = asciiEnd(text, at);
        if (end == text.size()) {
            out.append(text.substr(at));
            break;
        }
        const size_t keep = end > at ? end - 1 : end;
        out.append(text.substr(at, keep - at));
        while (end < text.size() && !isAscii(text[end])) {
            ++end;
        }
        appendNfc(text.substr(keep, end - keep), out);
        at = end;
    }
    return out;
}

bool isWhiteSpace(int32_t code) {
    return (code >= 9 && code <= 13) || code == ' ' || code == 0x85 || code == 0xa0 || code == 0x1680 ||
           (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f ||
           code == 0x3000;
}

} // namespace moescope::model
