// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/model_card.h"

#include <filesystem>

namespace moescope::controller {

/** Whatever is being thrown, as the one type that the app knows. Only inside a catch. */
trace::Error currentError();

/** What a file says of itself and what it would need, from its head alone: nothing is loaded. A file that cannot be
 *  read or run gives a card that says why; nothing is thrown. */
trace::ModelCard readCard(const std::filesystem::path& file);

} // namespace moescope::controller
