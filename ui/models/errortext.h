// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/error.h"

#include <QString>

namespace moescope::ui {

/** The sentence of an error in the user's language: its pattern, translated by its id, with the arguments. */
QString sentence(const trace::Error& error);

} // namespace moescope::ui
