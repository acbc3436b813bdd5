// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace moescope::test {

struct Outcome {
    int code = -1; ///< exit code; 1000 + signal if it was killed
    std::string out;
    std::string err;

    /** stdout as the one JSON object it must be. */
    nlohmann::json json() const;
    /** Exit code 1 and exactly one line on stderr. */
    bool isFailure() const;
};

using Environment = std::vector<std::pair<std::string, std::string>>;
/** As a value: the variable is taken away. */
inline const std::string unset = "\x01";

/** Runs a program without a terminal. */
Outcome runProgram(const char* program, const std::vector<std::string>& arguments, const Environment& environment);
/** Runs moescope-cli so. */
Outcome runCli(const std::vector<std::string>& arguments, const Environment& environment = {});

/** A folder that goes away with the test program. */
const std::filesystem::path& scratch();
/** large_like as a Hugging Face folder, and converted once to F32. */
std::filesystem::path goldenFolder();
const std::filesystem::path& goldenModel();
/** The second model: another family, with a tokenizer and a template of its own, as it lies in tests/data. */
std::filesystem::path secondModel();

std::string readAll(const std::filesystem::path& file);
void writeAll(const std::filesystem::path& file, const std::string& bytes);
/** True if `text` holds `part`. */
bool has(const std::string& text, const std::string& part);

/** Whether this machine gives out pseudo-terminals: a bare root without /dev/pts does not. */
bool hasTerminals();

} // namespace moescope::test
