// SPDX-License-Identifier: Apache-2.0
#include "app/cli/written.h"

#include "app/cli/output.h"
#include "app/platform/paths.h"
#include "engine/trace/error.h"

namespace moescope::cli {

Replacement::Replacement(const std::filesystem::path& target) : m_target(target) {
    std::error_code error;
    m_replaces = std::filesystem::exists(target, error);
}

void Replacement::say(const OutputOptions& output) const {
    if (m_replaces) {
        Log(output.verbose || !output.json)
            .line("“" + platform::toUtf8(m_target) + "” was there and has been replaced.");
    }
}

void printWritten(const model::ConvertResult& result, const OutputOptions& output) {
    const Log log(output.verbose);
    for (const std::string& warning : result.warnings) {
        log.line(warning);
    }
    if (output.json) {
        printJson({{"tensors", result.tensors}, {"bytes", result.bytes}, {"seconds", result.seconds}});
        return;
    }
    print(trace::grouped(result.tensors) + " tensors, " + trace::bytesText(result.bytes) + " in " +
          threeFigures(result.seconds) + " s.\n");
    if (!output.verbose) {
        for (const std::string& warning : result.warnings) {
            printForeign(warning + "\n");
        }
    }
}

} // namespace moescope::cli
