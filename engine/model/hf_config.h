// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/hugging_face.h"
#include "engine/model/json.h"
#include "engine/model/weight_folder.h"

#include <map>

namespace moescope::model {

/** What config.json says of a model. */
struct HfModel {
    ModelConfig config;
    /** Tensors of the GGUF file that no tensor of the folder holds, by name: factors of the rotary embedding. */
    std::map<std::string, std::vector<float>, std::less<>> computed;
};

/** config.json → HfModel. Where `weights` is given, the tensors decide what config.json does not state (Hunyuan's CLA,
 *  experts and QK norm; tied embeddings), and the rows of the vocabulary. A switch that changes what is computed and is
 *  not supported is a trace::Error naming it. */
HfModel parseHuggingFace(const Json& json, const WeightFolder* weights);

/** What precedes "embed_tokens" in the names of the folder: "model.", or the place of the language in a model that sees
 *  pictures too. */
std::string textPrefix(const WeightFolder& weights);

} // namespace moescope::model
