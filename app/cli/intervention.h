// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/intervention.h"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace moescope::cli {

/** "L:E,…" → places. Nothing, or anything else: trace::Error{cli.experts}. */
std::vector<trace::ExpertPlace> parsePlaces(const std::string& list);
/** "L:E:X,…" → biases, finite numbers. Nothing, or anything else: trace::Error{cli.experts}. */
std::vector<trace::ExpertBias> parseBiases(const std::string& list);

/** Adds --ban, --force, --bias, --no-shared and --experts-used. What they name is checked against the model later:
 *  trace::checkIntervention(). */
void addIntervention(CLI::App& command, trace::Intervention& intervention);

} // namespace moescope::cli
