// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/hf_class.h"
#include "engine/model/hf_config.h"
#include "engine/model/hf_values.h"

#include <span>

namespace moescope::model {

/** A switch that changes what is computed, and the one value of it that is supported. */
struct HfSwitch {
    const char* key;
    const char* needed; ///< JSON; nullptr: it must not be stated
};
void checkHfSwitches(const HfValues& config, std::span<const HfSwitch> switches);

/** Layers, width and context. */
void readHfSizes(const HfValues& config, ModelConfig& c, const HfDefaults& defaults = {});
/** Heads and their width, which must fit each other; of what follows from them, the scale and the dimensions that
 *  turn. */
void readHfHeads(const HfValues& config, ModelConfig& c, const HfDefaults& defaults = {});
/** Rows of the embedding, and whether it is the output matrix too. */
void readHfVocabulary(const HfValues& config, const WeightFolder* weights, ModelConfig& c,
                      const HfDefaults& defaults = {});

/** What may be stated of the rotary embedding. */
struct HfRopeRules {
    double base = 10000;    ///< where no rope_theta is
    bool dynamic = false;   ///< a base that alpha stretches, in place of llama3, yarn and longrope
    bool partial = false;   ///< a part of each head may turn
    bool truncates = true;  ///< what YaRN's “truncate” must be
    bool of_window = false; ///< layers with a window have a base of their own
};

/** Reads rope_theta with rope_scaling, or rope_parameters in the place of both. Heads and contexts are known. */
void readHfRope(const HfValues& config, const HfRopeRules& rules, HfModel& model);

HfModel readHunyuan(const HfValues& config, const WeightFolder* weights);
/** A model of any other class: its row, and that of its family, say what is read. */
HfModel readHfFamily(const HfValues& config, const WeightFolder* weights, const HfClass& known);

} // namespace moescope::model
