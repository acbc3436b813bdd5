// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/config_keys.h"
#include "engine/model/model_config.h"

namespace moescope::model {

/** Reads how positions turn into `config`, whose heads and sliding window are known. trace::Error for a scaling that is
 *  not in RopeScaling. */
void readRope(const ConfigKeys& keys, const Family& family, ModelConfig& config);

/** Factor of sine and cosine under YaRN where the file states none: 0.1 ln(factor) + 1 (arXiv 2309.00071, eq. 22). */
float yarnAttentionFactor(float factor);

/** Angle a position of each pair of dimensions that turns: [rope_dimension_count / 2]. `window`: of layers that turn by
 *  rope_freq_base_swa. `factors`: of the pairs under Factors and LongFactors, which divide. */
std::vector<float> ropeFrequencies(const ModelConfig& config, bool window, std::span<const float> factors);

} // namespace moescope::model
