// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/cli/options.h"
#include "engine/model/convert.h"

namespace moescope::cli {

/** What `convert` and `quantize` say of the file they wrote. */
void printWritten(const model::ConvertResult& result, const OutputOptions& output);

} // namespace moescope::cli
