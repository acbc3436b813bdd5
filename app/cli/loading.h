// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/cli/output.h"
#include "engine/inference/engine.h"

#include <memory>
#include <string>

namespace moescope::cli {

struct LoadRequest {
    std::string model;
    std::string device;
    std::string kv = "f16";
    uint32_t context = 0;
    std::vector<std::string> variants = {}; ///< "NAME=on" or "NAME=off"
    bool sessions = false;                  ///< the KV cache will be saved or restored
};

/** Loads with a progress bar and a word to the log; Ctrl-C ends it with trace::Error{cli.cancelled}. An
 *  InterruptScope must be alive. */
std::unique_ptr<inference::Engine> loadEngine(const LoadRequest& request, const Log& log);

/** Why a context was chosen shorter than the model's. */
std::string contextSentence(const inference::ContextChoice& context, const std::string& device);

/** Throws trace::Error{cli.cancelled} after Ctrl-C. */
void throwIfInterrupted();

} // namespace moescope::cli
