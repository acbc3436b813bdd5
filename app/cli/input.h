// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/cli/options.h"
#include "engine/gguf/reader.h"
#include "engine/model/chat_template.h"
#include "engine/model/tokenizer.h"
#include "engine/trace/info.h"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace moescope::cli {

/** The file that -m names. A folder: trace::Error{cli.model_folder} that says how it becomes a file. */
std::filesystem::path modelFile(const std::string& model);
/** Throws that error. */
void refuseFolder(const std::filesystem::path& model);

/** What can be known of a model file without a device. */
struct OpenModel {
    gguf::Reader file;
    trace::ModelInfo info;
    model::Tokenizer tokenizer;

    /** `model`: a path or `builtin`. */
    explicit OpenModel(const std::string& model);
};

/** A regular file, byte for byte. */
std::string readFile(const std::string& path);

/** "1,2,3" → ids, each checked against the vocabulary. Nothing, negative or too large: trace::Error{cli.tokens}. */
std::vector<int32_t> parseTokens(const std::string& list, const model::Tokenizer& tokenizer);

/** [{"role", "content"}…] → messages; anything else: a trace::Error that says where. */
std::vector<model::ChatMessage> readChat(const std::string& path);

/** The model's chat template; where a plain one stands in its place, stderr says so, with --json under -v alone. */
model::ChatTemplate openTemplate(const OpenModel& model, const OutputOptions& output);

/** The four ways to say what the model shall read. */
struct PromptOptions {
    std::optional<std::string> text;
    std::optional<std::string> raw;
    std::optional<std::string> tokens;
    std::optional<std::string> chat;
    std::optional<std::string> system;
};
/** Adds -p, --raw, --tokens, --chat (one is needed) and --system. */
void addPrompt(CLI::App& command, PromptOptions& options);
/** The tokens as the model will see them. */
std::vector<int32_t> promptTokens(const PromptOptions& options, const OpenModel& model, const OutputOptions& output);

/** Tokens that the KV cache shall hold: what is asked for, else what is needed, at most the model's limit. Throws
 *  trace::Error{cli.context} if more is asked for than the model can, or the prompt does not fit. */
uint32_t chooseContext(uint64_t limit, std::optional<uint32_t> asked, uint64_t prompt, uint64_t more);

} // namespace moescope::cli
