// SPDX-License-Identifier: Apache-2.0
#include "engine/model/byte_unicode.h"

#include <array>
#include <cstdint>

namespace moescope::model {
namespace {

/** All of them lie below U+0180, so two bytes of UTF-8 are enough. */
constexpr size_t alphabetEnd = 0x180;

struct Alphabet {
    std::array<uint16_t, 256> character{};
    std::array<int16_t, alphabetEnd> byte{};
};

constexpr Alphabet makeAlphabet() {
    Alphabet a;
    for (int16_t& b : a.byte) {
        b = -1;
    }
    uint16_t next = 0x100;
    for (uint16_t b = 0; b < 256; ++b) {
        const bool printable = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || (b >= 0xAE && b <= 0xFF);
        a.character[b] = printable ? b : next++;
        a.byte[a.character[b]] = static_cast<int16_t>(b);
    }
    return a;
}

constexpr Alphabet alphabet = makeAlphabet();

} // namespace

std::string toByteUnicode(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const uint16_t character = alphabet.character[static_cast<uint8_t>(c)];
        if (character < 0x80) {
            out += static_cast<char>(character);
        } else {
            out += static_cast<char>(0xC0 | (character >> 6));
            out += static_cast<char>(0x80 | (character & 0x3F));
        }
    }
    return out;
}

std::optional<std::string> fromByteUnicode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        const auto lead = static_cast<uint8_t>(text[i]);
        size_t character = lead;
        if (lead >= 0x80) {
            if ((lead & 0xE0) != 0xC0 || i + 1 == text.size()) {
                return std::nullopt;
            }
            character = (size_t{lead} & 0x1F) << 6 | (static_cast<uint8_t>(text[++i]) & 0x3FU);
        }
        if (character >= alphabetEnd || alphabet.byte[character] < 0) {
            return std::nullopt;
        }
        out += static_cast<char>(alphabet.byte[character]);
    }
    return out;
}

} // namespace moescope::model
