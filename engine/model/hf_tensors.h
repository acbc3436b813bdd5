// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/hf_config.h"
#include "engine/model/row_run.h"

#include <vector>

namespace moescope::model {

/** Where a tensor of the GGUF file comes from: runs of rows, one after the other, or values that were computed. */
struct TensorSource {
    ExpectedTensor expected;
    std::vector<RowRun> runs;
    std::vector<float> values; ///< if not empty, in place of runs
};

/** The sources of expectedTensors(model.config), in its order. A tensor that is missing, of a wrong shape or of a type
 *  that cannot be read, and one that has no place, is a trace::Error naming it. What sees pictures is left out, with a
 *  line in `warnings`. */
std::vector<TensorSource> mapTensors(const HfModel& model, const WeightFolder& weights,
                                     std::vector<std::string>& warnings);

} // namespace moescope::model
