// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace moescope::inference {

/** Turns the bytes of tokens into text that may be shown: whole UTF-8 characters only (bytes that can never become one
 *  are U+FFFD), and nothing that could still become one of the stop texts. */
class TextStream {
public:
    explicit TextStream(std::vector<std::string> stop);

    /** Text that may be shown now; empty while it is undecided. */
    std::string push(const std::string& bytes);
    /** A stop text was met; it and all after it are dropped. */
    bool isStopped() const { return m_stopped; }
    /** Whether bytes are held back. */
    bool isHolding() const { return !m_held.empty(); }
    /** What was held back, at the end of the answer. */
    std::string finish();

private:
    std::string take(size_t bytes);

    std::vector<std::string> m_stop;
    std::string m_held;
    bool m_stopped = false;
};

} // namespace moescope::inference
