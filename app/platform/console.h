// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace moescope::platform {

enum class Stream { Input, Output, Error };

/** True if a person sits at the other end. */
bool isTerminal(Stream stream);

/** UTF-8 and escape sequences on Windows consoles, binary stdout; nothing to do elsewhere. */
void setUpConsole();

/** The program's arguments in UTF-8, the program's name first. */
std::vector<std::string> utf8Arguments(int argc, char** argv);

/** Takes out of a stream of text what a terminal would obey: escape sequences (also those that reach over several
 *  pieces), control characters but tab and line feed, and the C1 controls. Everything else passes unchanged. */
class EscapeFilter {
public:
    std::string pass(std::string_view piece);

private:
    enum class State { Text, Lead, Escape, Sequence, String, StringEscape };
    State m_state = State::Text;
    int m_swallowed = 0; ///< bytes of the string sequence so far
};

} // namespace moescope::platform
