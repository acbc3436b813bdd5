// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/vulkan/buffer.h"

#include <cstdint>

/** What the sources of Kernels share. */
namespace moescope::inference {

// Ids of specialisation constants, as in the shaders.
constexpr uint32_t workgroupId = 0;
constexpr uint32_t activationId = 5;
constexpr uint32_t subgroupId = 6;

constexpr uint32_t texelRows = 8;    // of an invocation: shaders/common/matvec.glsl and tile.glsl
constexpr uint32_t lowestBlock = 16; // rows and tokens of a subgroup, at least: shaders/common/block_coopmat.glsl
constexpr uint32_t blockRows = 64;   // of a workgroup: shaders/common/block.glsl
constexpr uint32_t blockStep = 32;   // weights of a row at a time, with cooperative matrices: there as well

constexpr uint32_t ceilDiv(uint32_t a, uint32_t b) { return (a + b - 1) / b; }

/** What is bound where a kernel's variant reads nothing. */
inline const vulkan::Buffer& orAny(const vulkan::Buffer* buffer, const vulkan::Buffer& any) {
    return buffer != nullptr ? *buffer : any;
}

} // namespace moescope::inference
