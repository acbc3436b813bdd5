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

/** Bounds of a factor that divides the angle of a pair: of a tensor, and of Hugging Face's lists. */
constexpr float leastRopeFactor = 1e-6F;
constexpr float largestRopeFactor = 1e6F;
/** trace::Error naming the tensor if one is beyond the bounds. */
void checkRopeFactors(const std::string& tensor, std::span<const float> factors);

/** Angle a position of each pair of dimensions that turns: [rope_dimension_count / 2]. `window`: of layers that turn by
 *  rope_freq_base_swa. `factors`: of the pairs under Factors and LongFactors, which divide. */
std::vector<float> ropeFrequencies(const ModelConfig& config, bool window, std::span<const float> factors);

} // namespace moescope::model
