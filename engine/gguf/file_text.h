// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/error.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace moescope::gguf {

/** Well-formed UTF-8: no overlong form, surrogate or value above U+10FFFF. */
bool isUtf8(std::string_view text);
/** Well-formed UTF-8 without control characters: safe to show as a name. */
bool isPlainName(std::string_view text);

/** A path for sentences: UTF-8, with “?” for each byte that is none and for control characters. */
std::string shownPath(const std::filesystem::path& path);
/** The same of its last part. */
std::string shownName(const std::filesystem::path& path);

/** Why `path` cannot be used, from the system's error number (errno, or GetLastError() on Windows). */
trace::Error openError(const std::filesystem::path& path, int code);
/** Throws unless `path`, links followed, is a regular file. Opens nothing, so that a FIFO or device is left alone. */
void requireRegular(const std::filesystem::path& path);

} // namespace moescope::gguf
