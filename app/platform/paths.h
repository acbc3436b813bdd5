// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace moescope::platform {

/** Folder of the running program, links followed; empty where the system does not tell. */
std::filesystem::path executableFolder();

/** Where a person's own things live: XDG_DATA_HOME/moescope, %LOCALAPPDATA%\moescope, ~/Library/Application Support.
 *  Not created. Throws trace::Error{paths.home} where no home folder can be found. */
std::filesystem::path dataFolder();

/** Where things live that can be made again. Not created. Empty where no home folder can be found: a cache is never
 *  needed. */
std::filesystem::path cacheFolder();

/** cacheFolder(), made if needed; empty if it cannot be written. Then drivers that would complain about the same on
 *  stderr are told to keep no cache. Call before Vulkan is used. */
std::filesystem::path usableCacheFolder();

/** The model that came with the program: share/moescope/models/nano.gguf beside its bin folder, else the file that
 *  MOESCOPE_BUILTIN_MODEL names. Throws trace::Error{paths.builtin} if neither is there. */
std::filesystem::path builtinModel();

/** The text that needles are hidden in, in share/moescope beside the bin folder. Throws trace::Error{paths.haystack}. */
std::filesystem::path builtinHaystack();

/** `builtin` → builtinModel(), anything else a path in UTF-8. */
std::filesystem::path resolveModel(std::string_view model);

/** Paths cross the program's borders in UTF-8 on every system. */
std::filesystem::path fromUtf8(std::string_view text);
std::string toUtf8(const std::filesystem::path& path);

} // namespace moescope::platform
