// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/kv_type.h"
#include "engine/model/model_config.h"

#include <cstdint>
#include <vector>

namespace moescope::inference {

/** Rows of `tokens` tokens as Engine::appendKv() takes them, of numbers that follow from `seed` alone, of sizes between a half and
 *  one: to measure how a model computes behind many tokens without reading them. What it then says means nothing. */
std::vector<uint8_t> syntheticKvRows(const model::ModelConfig& config, KvType type, uint32_t tokens, uint64_t seed);

} // namespace moescope::inference
