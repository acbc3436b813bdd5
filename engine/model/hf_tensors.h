// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/hugging_face.h"
#include "engine/model/weight_folder.h"

#include <vector>

namespace moescope::model {

/** Consecutive rows of one tensor of the folder. */
struct RowRun {
    const SafeTensor* tensor = nullptr;
    uint64_t first_row = 0;
    uint64_t rows = 0;
};

/** Where a tensor of the GGUF file comes from: runs of rows, one after the other. */
struct TensorSource {
    ExpectedTensor expected;
    std::vector<RowRun> runs;
};

/** The sources of expectedTensors(config), in its order. A tensor that is missing, of a wrong shape or of a type that
 *  cannot be read, and one that has no place, is a trace::Error naming it. Fused tensors (spec §2.4) are taken apart:
 *  qkv_proj is interleaved by key head (its queries, one key, one value), gate_and_up_proj holds up before gate. */
std::vector<TensorSource> mapTensors(const ModelConfig& config, const WeightFolder& weights);

} // namespace moescope::model
