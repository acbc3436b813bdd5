// SPDX-License-Identifier: Apache-2.0
#include "app/cli/sha256.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace moescope::cli {
namespace {

/** First 32 bits of the fractional parts of the cube roots of the first 64 primes. */
std::array<uint32_t, 64> makeConstants() {
    std::array<uint32_t, 64> constants{};
    size_t count = 0;
    for (uint32_t n = 2; count < constants.size(); ++n) {
        bool prime = true;
        for (uint32_t d = 2; d * d <= n; ++d) {
            prime = prime && n % d != 0;
        }
        if (prime) {
            const double root = std::cbrt(static_cast<double>(n));
            constants[count++] = static_cast<uint32_t>((root - std::floor(root)) * 4294967296.0);
        }
    }
    return constants;
}

} // namespace

void Sha256::block(const uint8_t* bytes) {
    static const std::array<uint32_t, 64> constants = makeConstants();
    std::array<uint32_t, 64> w{};
    for (size_t i = 0; i < 16; ++i) {
        w[i] = uint32_t{bytes[4 * i]} << 24 | uint32_t{bytes[4 * i + 1]} << 16 | uint32_t{bytes[4 * i + 2]} << 8 |
               uint32_t{bytes[4 * i + 3]};
    }
    for (size_t i = 16; i < 64; ++i) {
        const uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
        const uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = m_state;
    for (size_t i = 0; i < 64; ++i) {
        const uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
        const uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + constants[i] + w[i];
        const uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
        const uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    const std::array<uint32_t, 8> sum{a, b, c, d, e, f, g, h};
    for (size_t i = 0; i < 8; ++i) {
        m_state[i] += sum[i];
    }
}

void Sha256::add(std::span<const uint8_t> bytes) {
    while (!bytes.empty()) {
        const size_t at = m_bytes % 64;
        const size_t n = std::min(bytes.size(), 64 - at);
        std::memcpy(m_pending.data() + at, bytes.data(), n);
        m_bytes += n;
        bytes = bytes.subspan(n);
        if (m_bytes % 64 == 0) {
            block(m_pending.data());
        }
    }
}

std::string Sha256::hex() {
    const uint64_t bits = m_bytes * 8;
    const uint8_t one = 0x80;
    const uint8_t zero = 0;
    add({&one, 1});
    while (m_bytes % 64 != 56) {
        add({&zero, 1});
    }
    std::array<uint8_t, 8> length{};
    for (size_t i = 0; i < 8; ++i) {
        length[i] = static_cast<uint8_t>(bits >> (56 - 8 * i));
    }
    add(length);
    std::string text;
    for (const uint32_t word : m_state) {
        for (int shift = 28; shift >= 0; shift -= 4) {
            text += "0123456789abcdef"[(word >> shift) & 15];
        }
    }
    return text;
}

} // namespace moescope::cli
