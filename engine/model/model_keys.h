// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/writer.h"
#include "engine/model/model_config.h"

namespace moescope::model {

/** Writes the keys of an architecture from which readConfig makes the same configuration again. */
void addModelKeys(gguf::Writer& writer, const ModelConfig& config);

} // namespace moescope::model
