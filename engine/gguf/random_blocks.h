// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/tensor_type.h"

#include <cstdint>
#include <span>

namespace moescope::gguf {

/** Blocks of random weights of a type, made without quantising anything: random quants under one constant factor, so that
 *  every weight is finite and bounded. Mean about 0; the standard deviation is `deviation`, within a factor of √2 for the
 *  types whose factors are powers of two (F16, BF16, MXFP4). The same seed gives the same bytes on every machine. */
class RandomBlocks {
public:
    RandomBlocks(TensorType type, float deviation, uint64_t seed);
    /** Fills whole blocks; each call goes on where the last one ended. */
    void fill(std::span<uint8_t> blocks);

private:
    void fillFloats(std::span<uint8_t> bytes);
    void setFactors(std::span<uint8_t> blocks) const;

    TensorType m_type;
    BlockShape m_shape;
    uint64_t m_state;
    float m_scale = 1;    ///< F32: of a whole number of 32 bits
    uint16_t m_exponent;  ///< F16, BF16: that of all weights, in its place
    uint16_t m_factor;    ///< d as half
    uint16_t m_least = 0; ///< m or dmin as half
};

} // namespace moescope::gguf
