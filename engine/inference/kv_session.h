// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/engine.h"
#include "engine/session/session_file.h"

#include <filesystem>
#include <optional>
#include <span>

namespace moescope::inference {

/** What a saved state gave. */
struct Restored {
    uint32_t tokens = 0; ///< that the KV cache holds of it, from the first on
    uint32_t read = 0;   ///< of them those that came from the file
    /** Why not all that was saved, or nothing, could be used: of another key, {session.prefix}, damaged, or no such file. */
    std::optional<trace::Error> reason;
};

/** {session.prefix}: the prompt is another from this token on. */
trace::Error prefixDiffers(uint32_t token);

/** Puts into an empty KV cache what `file` holds of the longest common beginning of its tokens and `prompt`. The engine's
 *  intervention must be that of the run to come. Never throws for what the file holds; a lost device does, and
 *  trace::Error{work.cancelled}. */
Restored restoreSession(Engine& engine, const std::filesystem::path& file, std::span<const int32_t> prompt,
                        trace::CancelFlag cancel = nullptr);

/** Writes all that the KV cache holds, in the place of what `file` held; its bytes. Throws as gguf::AtomicFile does. */
uint64_t saveSession(const Engine& engine, const std::filesystem::path& file,
                     uint32_t block_tokens = session::blockTokens);

} // namespace moescope::inference
