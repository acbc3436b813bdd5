// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/json.h"

#include <filesystem>
#include <string>

namespace moescope::model {

/** Name from config.json (`name`, `_name_or_path`), else the heading of README.md, else the folder's own; "" if that is
 *  a root. */
std::string readName(const std::filesystem::path& folder, const Json& config);

/** Licence from config.json, else README.md (front matter, or a table row); "" if none states one. */
std::string readLicense(const std::filesystem::path& folder, const Json& config);

} // namespace moescope::model
