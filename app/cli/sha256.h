// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace moescope::cli {

/** SHA-256 (FIPS 180-4) of a stream of bytes. */
class Sha256 {
public:
    void add(std::span<const uint8_t> bytes);
    /** Lower-case hexadecimal. Ends the stream. */
    std::string hex();

private:
    void block(const uint8_t* bytes);

    std::array<uint32_t, 8> m_state{0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                                    0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};
    std::array<uint8_t, 64> m_pending{};
    uint64_t m_bytes = 0;
};

} // namespace moescope::cli
