// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/reader.h"
#include "engine/trace/cancel.h"

#include <filesystem>
#include <string>

namespace moescope::gguf {

/** 128 bits over all bytes of a model's files (XXH3), as 32 hexadecimal digits. Tells models apart; not meant against forgery.
 *  `cache_folder`: what was found is kept there by the files' FileState, so that the next time nothing is read; empty: it is
 *  not kept. Throws trace::Error{work.cancelled}, {gguf.changed}. */
std::string fingerprintOf(const Reader& file, const std::filesystem::path& cache_folder = {},
                          trace::CancelFlag cancel = nullptr);

} // namespace moescope::gguf
