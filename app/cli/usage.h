// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace moescope::cli {

/** One sentence of what is wrong with the `arguments` (without the program's name) that `program` has refused with
 *  `error`, and a pointer to --help. A word that nobody knows is named before anything that is missing: it is mostly the
 *  cause. */
std::string usageSentence(const CLI::App& program, const std::vector<std::string>& arguments,
                          const CLI::ParseError& error);

} // namespace moescope::cli
