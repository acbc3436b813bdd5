// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/hugging_face.h"
#include "engine/model/json.h"
#include "engine/model/weight_folder.h"

namespace moescope::model {

/** config.json → ModelConfig. Where `weights` is given, the tensors decide what config.json does not state (CLA,
 *  experts, QK-norm, tied embeddings), and the rows of the vocabulary. */
ModelConfig parseHuggingFaceConfig(const Json& json, const WeightFolder* weights);

} // namespace moescope::model
