// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moescope::trace {

/** What ends a load, a generation or a command.
 *
 *  `id` names the kind ("gguf.truncated"), `arguments` its numbers and names, and what() is the whole English
 *  sentence: the pattern with each {name} replaced. The command line prints the sentence; the app translates
 *  the pattern by id and fills in the arguments. */
class Error : public std::runtime_error {
public:
    using Arguments = std::vector<std::pair<std::string, std::string>>;

    Error(std::string id, std::string_view pattern, Arguments arguments = {});

    const std::string& id() const noexcept { return m_id; }
    const std::string& pattern() const noexcept { return m_pattern; }
    const Arguments& arguments() const noexcept { return m_arguments; }

private:
    std::string m_id;
    std::string m_pattern;
    Arguments m_arguments;
};

/** `pattern` with each {name} replaced by its argument; an unknown {name} stays as it is. */
std::string fillIn(std::string_view pattern, const Error::Arguments& arguments);

/** 1234567 → "1,234,567". */
std::string grouped(uint64_t n);

/** Bytes for people, three figures: 1023 → "1,023 bytes", 1536 → "1.50 KiB", 20971520 → "20.0 MiB". */
std::string bytesText(uint64_t bytes);

} // namespace moescope::trace
