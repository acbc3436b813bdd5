// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/model_config.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace moescope::model {

/** A model whose shape `synth` can give to random weights. */
struct SynthShape {
    std::string_view name;   ///< of --like
    std::string_view title;  ///< of the model that has it
    std::string_view config; ///< what counts of its config.json
};

std::span<const SynthShape> synthShapes();
/** "“tiny”, … and “large”". */
std::string synthShapeNames();
/** Throws trace::Error{synth.shape} naming the shapes that are known. */
const SynthShape& findSynthShape(std::string_view name);
/** Its configuration, with another number of layers if one is given. */
ModelConfig synthConfig(const SynthShape& shape, std::optional<uint32_t> layers);

} // namespace moescope::model
