// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/vulkan/compute_pipeline.h"

#include <array>

namespace moescope::vulkan {

/** What a kernel's SPIR-V says about how it wants to be called. */
struct Reflection {
    uint32_t binding_count = 0;       ///< of set 0: highest binding + 1
    uint32_t texel_buffers = 0;       ///< bit i: binding i is a uniform texel buffer, not a storage buffer
    uint32_t push_constant_bytes = 0; ///< end of the block's last member
    std::array<uint32_t, 3> local_size{1, 1, 1};
};

/** Reads one compute entry point; `constants` specialise the local size. Throws std::logic_error naming the kernel
 *  when the words are not such SPIR-V or use anything but storage and uniform texel buffers of set 0. */
Reflection reflect(const Shader& shader, const Constants& constants);

} // namespace moescope::vulkan
