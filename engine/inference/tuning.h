// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/reader.h"
#include "engine/vulkan/device.h"

#include <vector>

namespace moescope::inference {

/** How the matrix × vector kernels that read buffers cut their work (shaders/common/matvec.glsl). */
struct MatvecCut {
    uint32_t workgroup = 64; ///< invocations
    uint32_t lanes = 32;     ///< of them that share rows: a power of two, at most the subgroup's size
    uint32_t rows = 4;       ///< that they share
    bool operator==(const MatvecCut&) const = default;
};

/** What is taken where nothing was measured. */
MatvecCut defaultCut(const vulkan::Limits& limits);
/** All with which the device can multiply matrices of up to `most_rows` rows. */
std::vector<MatvecCut> possibleCuts(const vulkan::Limits& limits, uint32_t most_rows);

/** The type of most of the file's weights: what a cut is chosen for. */
gguf::TensorType mostBytesType(const gguf::Reader& file);
/** The cut with which the device multiplies weights of `type` fastest: measured once for a device, its driver and these kernels,
 *  and from then on read from the device's cache folder, where it fits `most_rows`, the rows of the largest matrix. The default where there is no such folder, as each run would measure
 *  anew and round otherwise, or where the device has no timestamps or no memory to measure in. `bytes`: of weights that are read for
 *  one measurement, more than a cache holds. */
MatvecCut tunedCut(vulkan::Device& device, gguf::TensorType type, uint32_t most_rows, uint64_t bytes = 128ULL << 20);

} // namespace moescope::inference
