// SPDX-License-Identifier: Apache-2.0
#include "app/cli/written.h"

#include "app/cli/output.h"
#include "engine/trace/error.h"

namespace moescope::cli {

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
