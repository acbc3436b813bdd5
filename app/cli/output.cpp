// SPDX-License-Identifier: Apache-2.0
#include "app/cli/output.h"

#include "app/platform/console.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace moescope::cli {
namespace {

bool writeFailed = false;

/** Width on a terminal, one column a code point: good enough for names of tensors, devices and tokens. */
size_t columns(std::string_view text) {
    return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

} // namespace

void print(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
        writeFailed = true;
    }
}

void printJson(const Json& object) { print(object.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"); }

void printForeign(std::string_view text) {
    static const bool terminal = platform::isTerminal(platform::Stream::Output);
    static platform::EscapeFilter filter;
    print(terminal ? filter.pass(text) : std::string(text));
    if (std::fflush(stdout) != 0) {
        writeFailed = true;
    }
}

void printTable(const std::vector<std::vector<std::string>>& rows, const std::vector<bool>& right) {
    std::vector<size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], columns(row[i]));
        }
    }
    for (const auto& row : rows) {
        std::string line;
        for (size_t i = 0; i < row.size(); ++i) {
            const std::string gap(widths[i] - columns(row[i]), ' ');
            const bool to_right = i < right.size() && right[i];
            line += to_right ? gap + row[i] : row[i] + (i + 1 < row.size() ? gap : "");
            line += i + 1 < row.size() ? "  " : "";
        }
        printForeign(line.substr(0, line.find_last_not_of(' ') + 1) + "\n");
    }
}

void finishOutput() {
    if (std::fflush(stdout) != 0 || writeFailed) {
        throw trace::Error("cli.stdout", "The output could not be written to the end: disk full or closed early.");
    }
}

void printFailure(std::string_view sentence) {
    std::string line(sentence);
    std::replace(line.begin(), line.end(), '\n', ' ');
    // File names and metadata are foreign text, and stderr is read in a terminal more often than not.
    line = platform::EscapeFilter().pass(line) + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
}

void Log::line(std::string_view text) const {
    if (m_on) {
        printFailure(text);
    }
}

ProgressBar::ProgressBar(std::string label)
    : m_label(std::move(label)), m_visible(platform::isTerminal(platform::Stream::Error)) {}

ProgressBar::~ProgressBar() { clear(); }

void ProgressBar::clear() {
    if (std::exchange(m_drawn, false)) {
        std::fputs("\r\x1B[K", stderr);
        std::fflush(stderr);
    }
}

void ProgressBar::update(uint64_t done, uint64_t total, std::optional<double> left_ms) {
    const auto now = std::chrono::steady_clock::now();
    if (!m_visible || total == 0 || now < m_next) {
        return;
    }
    m_next = now + std::chrono::milliseconds(100);
    constexpr int width = 30;
    const double share = std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
    const int full = static_cast<int>(share * width);
    const std::string left = left_ms ? ", " + threeFigures(*left_ms / 1000) + " s left" : "";
    std::fprintf(stderr, "\r%s [%s%s] %3.0f %%%s\x1B[K", m_label.c_str(),
                 std::string(static_cast<size_t>(full), '#').c_str(),
                 std::string(static_cast<size_t>(width - full), '.').c_str(), share * 100, left.c_str());
    std::fflush(stderr);
    m_drawn = true;
}

std::string threeFigures(double value) {
    const double size = std::fabs(value);
    const int decimals = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
}

} // namespace moescope::cli
