// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moescope::cli {

using Json = nlohmann::ordered_json;

/** One object and a line feed on stdout. Bytes that are no UTF-8 become U+FFFD. */
void printJson(const Json& object);
/** Text to stdout as it is. */
void print(std::string_view text);
/** Text that a model or a file made: without what a terminal would obey, if stdout is one. */
void printForeign(std::string_view text);
/** Columns with two spaces between; numbers to the right where `right` says so. */
void printTable(const std::vector<std::vector<std::string>>& rows, const std::vector<bool>& right = {});
/** Flushes stdout; throws trace::Error{cli.stdout} if something could not be written. */
void finishOutput();
/** One line on stderr. */
void printFailure(std::string_view sentence);

/** Lines on stderr with -v, nothing otherwise. */
class Log {
public:
    explicit Log(bool on) : m_on(on) {}
    void line(std::string_view text) const;

private:
    bool m_on;
};

/** One line on stderr that is drawn over, if it is a terminal; else nothing. Gone when destroyed. */
class ProgressBar {
public:
    explicit ProgressBar(std::string label);
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    /** `left_ms`: expected, shown where it is known. */
    void update(uint64_t done, uint64_t total, std::optional<double> left_ms = {});
    /** Takes it off the screen: before something else is written. */
    void clear();

private:
    std::string m_label;
    bool m_visible;
    bool m_drawn = false;
    std::chrono::steady_clock::time_point m_next;
};

/** "1.23", "12.3", "123": three figures. */
std::string threeFigures(double value);

} // namespace moescope::cli
