// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/engine.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace moescope::test {

/** Folders of tests/data/golden by name; see their README for what is special about each. */
std::vector<std::string> goldenNames();
std::filesystem::path goldenFolder(const std::string& name);

/** A GGUF made from a golden's folder, in a temporary folder of this process, once for each name and type. */
std::filesystem::path goldenGguf(const std::string& name, gguf::TensorType type);

/** Writes the F32 file `source` again with those tensors in F16 whose name holds `part`. */
void rewriteInF16(const std::filesystem::path& source, const std::filesystem::path& target, const std::string& part);

nlohmann::json goldenJson(const std::filesystem::path& folder);

/** What a whole golden.json showed of an engine. */
struct GoldenComparison {
    size_t decisions = 0;
    size_t other_experts = 0; ///< (token, layer) pairs whose set of experts differs
    double worst_logit = 0;
    size_t greedy_runs = 0;
    size_t greedy_same = 0;
    std::string first_difference;
};

GoldenComparison compareWithGolden(inference::Engine& engine, const nlohmann::json& golden);

} // namespace moescope::test
