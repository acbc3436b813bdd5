// SPDX-License-Identifier: Apache-2.0
#include "app/cli/options.h"

#include "engine/gguf/tensor_type.h"
#include "engine/trace/error.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>

namespace moescope::cli {
namespace {

/** CLI::Range lets NaN through. */
CLI::Validator between(double low, double high) {
    return CLI::Validator(
        [low, high](std::string& text) -> std::string {
            char* end = nullptr;
            const double value = std::strtod(text.c_str(), &end);
            if (end == text.c_str() || *end != 0 || !(value >= low && value <= high)) {
                return "“" + text + "” is no number from " + CLI::detail::to_string(low) + " to " +
                       CLI::detail::to_string(high);
            }
            return {};
        },
        "NUMBER");
}

} // namespace

void addOutput(CLI::App& command, OutputOptions& options) {
    command.add_flag("--json", options.json, "One JSON object on stdout");
    command.add_flag("-v,--verbose", options.verbose, "Log to stderr");
}

void addModel(CLI::App& command, std::string& model, const std::string& names) {
    command.add_option(names, model, "A .gguf file, or “builtin”")->capture_default_str();
}

void addDevice(CLI::App& command, std::string& device) {
    command.add_option("--device", device, "Vulkan device: its index or a part of its name");
}

void addKv(CLI::App& command, std::string& kv) {
    command.add_option("--kv", kv, "Type of the KV cache: f32, f16 or q8_0")
        ->capture_default_str()
        ->check(parsedBy([](const std::string& text) { inference::parseKvType(text); }, "TYPE"));
}

void addVariants(CLI::App& command, std::vector<std::string>& variants) {
    command
        .add_option("--variant", variants,
                    "Force a way to compute on or off, NAME=on|off: " + inference::variantNames() +
                        ". With “sampling” on, a top-k of 0 or above 64 is sampled on the host all the same.")
        ->check(parsedBy(
            [](const std::string& text) {
                inference::Variants tried;
                inference::forceVariant(tried, text);
            },
            "NAME=on|off"))
        ->take_all();
    command.parse_complete_callback([&variants] {
        inference::Variants all;
        try {
            for (const std::string& text : variants) {
                inference::forceVariant(all, text);
            }
            checkExclusive(all);
        } catch (const trace::Error& error) {
            throw CLI::ValidationError("--variant", error.what());
        }
    });
}

CLI::Option* addType(CLI::App& command, std::string& type, const std::string& name) {
    std::string known;
    for (const gguf::TensorType each : gguf::tensorTypes()) {
        known += known.empty() ? "" : each == gguf::tensorTypes().back() ? " or " : ", ";
        for (const char c : gguf::typeName(each)) {
            known += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
    }
    return command.add_option(name, type, "Type of the matrices: " + known)
        ->capture_default_str()
        ->check(parsedBy([](const std::string& text) { gguf::parseTensorType(text); }, "TYPE"));
}

CLI::Validator whole(uint64_t least, uint64_t most) {
    return CLI::Validator(
        [least, most](std::string& text) -> std::string {
            uint64_t value = 0;
            const char* const end = text.data() + text.size();
            const auto [next, error] = std::from_chars(text.data(), end, value);
            if (error != std::errc() || next != end || value < least || value > most) {
                return "“" + text + "” is no whole number from " + std::to_string(least) + " to " +
                       std::to_string(most);
            }
            text = std::to_string(value);
            return {};
        },
        "NUMBER");
}

void addSampling(CLI::App& command, inference::SamplerSettings& settings) {
    command.add_option("--temp", settings.temperature, "Temperature; 0 is greedy")->check(between(0, 1000));
    command.add_option("--top-k", settings.top_k, "Keep the K likeliest tokens; 0 is off")
        ->check(whole(0, std::numeric_limits<uint32_t>::max()));
    command.add_option("--top-p", settings.top_p, "Keep the likeliest tokens up to this mass; 1 is off")
        ->check(between(0, 1));
    command.add_option("--min-p", settings.min_p, "Drop tokens below this share of the likeliest; 0 is off")
        ->check(between(0, 1));
    command.add_option("--repeat-penalty", settings.repetition_penalty, "On the last 64 tokens; 1 is off")
        ->check(between(0.01, 100));
    command.add_option("--seed", settings.seed, "Seed of the draws; random if not given")
        ->check(whole(0, std::numeric_limits<uint64_t>::max()));
}

CLI::Option* addCounts(CLI::App& command, const std::string& name, std::vector<uint32_t>& counts, uint32_t least,
                       const std::string& help) {
    return command.add_option(name, counts, help)
        ->capture_default_str()
        ->delimiter(',')
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->check(whole(least, uint64_t{1} << 24));
}

inference::SamplerSettings effective(inference::SamplerSettings settings) {
    if (settings.temperature && *settings.temperature == 0) {
        settings.top_k = settings.top_k.value_or(0);
        settings.top_p = settings.top_p.value_or(1.0F);
        settings.min_p = settings.min_p.value_or(0.0F);
        settings.repetition_penalty = settings.repetition_penalty.value_or(1.0F);
    }
    return settings;
}

} // namespace moescope::cli
