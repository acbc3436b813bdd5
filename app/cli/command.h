// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

#include <functional>

namespace moescope::cli {

/** What the chosen command does, set while the arguments are parsed and run afterwards. */
using Action = std::function<void()>;

// Each adds one command to the program.
void addDevices(CLI::App& program, Action& action);
void addInfo(CLI::App& program, Action& action);
void addTokenize(CLI::App& program, Action& action);
void addTemplate(CLI::App& program, Action& action);
void addRun(CLI::App& program, Action& action);
void addChat(CLI::App& program, Action& action);
void addTrace(CLI::App& program, Action& action);
void addBench(CLI::App& program, Action& action);
void addPlan(CLI::App& program, Action& action);
void addConvert(CLI::App& program, Action& action);
void addQuantize(CLI::App& program, Action& action);
void addSynth(CLI::App& program, Action& action);
void addNeedle(CLI::App& program, Action& action);
void addPerplexity(CLI::App& program, Action& action);

/** Ties a command's options to what it does: `act(options)` runs once everything is parsed. */
template <typename Options>
void setAction(CLI::App& command, Action& action, std::shared_ptr<Options> options, void (*act)(const Options&)) {
    command.callback([options, act, &action] { action = [options, act] { act(*options); }; });
}

} // namespace moescope::cli
