// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/cli/options.h"
#include "engine/model/convert.h"

#include <filesystem>

namespace moescope::cli {

/** Whether a file is in an output's place before it is written, and the line on stderr that says so afterwards. None with
 *  --json, unless -v is given too. */
class Replacement {
public:
    explicit Replacement(const std::filesystem::path& target);
    void say(const OutputOptions& output) const;

private:
    std::filesystem::path m_target;
    bool m_replaces;
};

/** What `convert` and `quantize` say of the file they wrote. */
void printWritten(const model::ConvertResult& result, const OutputOptions& output);

} // namespace moescope::cli
