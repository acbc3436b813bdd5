// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/engine.h"
#include "engine/trace/error.h"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

namespace moescope::cli {

/** --json and -v: every command has them. */
struct OutputOptions {
    bool json = false;
    bool verbose = false;
};
void addOutput(CLI::App& command, OutputOptions& options);

/** -m: a path or `builtin`. `names` may add a place where it stands alone. */
void addModel(CLI::App& command, std::string& model, const std::string& names = "-m,--model");
/** --device: an index or a part of the name. */
void addDevice(CLI::App& command, std::string& device);
/** --kv, checked. */
void addKv(CLI::App& command, std::string& kv);
/** --variant NAME=on|off, checked, as often as wanted. */
void addVariants(CLI::App& command, std::vector<std::string>& variants);
/** --type, checked. `name` may be a place where it stands alone. */
CLI::Option* addType(CLI::App& command, std::string& type, const std::string& name = "--type");

/** Makes wrong usage of what `parse` refuses with a sentence. */
template <typename Parse>
CLI::Validator parsedBy(Parse parse, const std::string& name) {
    return CLI::Validator(
        [parse](std::string& text) -> std::string {
            try {
                parse(text);
                return {};
            } catch (const trace::Error& error) {
                return error.what();
            }
        },
        name);
}

/** A whole number in decimal digits; the library would take "-1" for the largest number and "010" for eight. */
CLI::Validator whole(uint64_t least, uint64_t most);

/** --temp, --top-k, --top-p, --min-p, --repeat-penalty, --seed. */
void addSampling(CLI::App& command, inference::SamplerSettings& settings);

/** A list of counts: "0,4096". Each in least…2²⁴. */
CLI::Option* addCounts(CLI::App& command, const std::string& name, std::vector<uint32_t>& counts, uint32_t least,
                       const std::string& help);

/** With --temp 0, what is not named on the command line is off. */
inference::SamplerSettings effective(inference::SamplerSettings settings);

} // namespace moescope::cli
