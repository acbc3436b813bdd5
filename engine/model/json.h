// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace moescope::model {

using Json = nlohmann::json;

/** JSON of a file that nobody vouches for: refused with a sentence if it is not well-formed, nests deeper than 64
 *  levels or states a key twice in one object. `name` is what the sentence calls it. */
Json parseJson(std::string_view text, const std::string& name);

/** The same from a regular file of at most `most` bytes. */
Json readJson(const std::filesystem::path& path, uint64_t most);

/** The whole of a regular file of at most `most` bytes. */
std::string readText(const std::filesystem::path& path, uint64_t most);

/** Whether a folder has an entry of this name, be it a link whose target is gone: to read that is an error then, and not
 *  as if there were none. */
bool hasEntry(const std::filesystem::path& path);

/** File name in UTF-8, for sentences. */
std::string displayName(const std::filesystem::path& path);

constexpr uint64_t smallJson = uint64_t{16} << 20;
constexpr uint64_t largeJson = uint64_t{512} << 20;

} // namespace moescope::model
