// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hf_model_card.h"

#include "engine/gguf/file_text.h"
#include "engine/model/hf_values.h"
#include "engine/trace/utf8.h"

#include <algorithm>
#include <sstream>

namespace moescope::model {
namespace fs = std::filesystem;

namespace {

std::string trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n\"'";
    const size_t begin = text.find_first_not_of(blanks);
    return begin == std::string_view::npos ? ""
                                           : std::string(text.substr(begin, text.find_last_not_of(blanks) - begin + 1));
}

std::string lowered(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

/** Lines of README.md; none if it is absent or no text. */
std::vector<std::string> readmeLines(const fs::path& folder) {
    const fs::path path = folder / "README.md";
    std::error_code error;
    if (!fs::is_regular_file(path, error)) {
        return {};
    }
    const std::string text = readText(path, smallJson);
    std::vector<std::string> lines;
    if (!trace::firstInvalidUtf8(text)) {
        std::istringstream stream(text);
        for (std::string line; std::getline(stream, line);) {
            lines.push_back(line);
        }
    }
    return lines;
}

/** Of the folder itself, also where it is given as “.” or with a “/” behind it; none at a root. */
std::string folderName(const fs::path& folder) {
    std::error_code error;
    fs::path whole = fs::absolute(folder, error).lexically_normal();
    whole = whole.has_filename() ? whole : whole.parent_path();
    return whole.has_filename() ? gguf::shownName(whole) : "";
}

} // namespace

std::string readName(const fs::path& folder, const Json& config) {
    const HfValues values(config, "config.json");
    std::string name = values.text("name").value_or(values.text("_name_or_path").value_or(""));
    while (name.ends_with('/')) {
        name.pop_back();
    }
    name = trimmed(name.substr(name.find_last_of("/\\") + 1));
    if (!name.empty()) {
        return name;
    }
    for (const std::string& line : readmeLines(folder)) {
        if (line.starts_with("# ")) {
            // Our own models are called by what follows the program's name.
            constexpr std::string_view own = "Moescope ";
            const std::string heading = trimmed(line.substr(2));
            return heading.starts_with(own) ? heading.substr(own.size()) : heading;
        }
    }
    return folderName(folder);
}

std::string readLicense(const fs::path& folder, const Json& config) {
    const HfValues values(config, "config.json");
    if (const auto stated = values.text("license")) {
        return lowered(trimmed(*stated));
    }
    const std::vector<std::string> lines = readmeLines(folder);
    const bool frontMatter = !lines.empty() && trimmed(lines.front()) == "---";
    for (size_t i = 1; frontMatter && i < lines.size() && trimmed(lines[i]) != "---"; ++i) {
        if (lowered(lines[i]).starts_with("license:")) {
            return lowered(trimmed(lines[i].substr(lines[i].find(':') + 1)));
        }
    }
    for (const std::string& line : lines) {
        std::istringstream cells(line);
        std::string before;
        std::string key;
        std::string value;
        std::getline(cells, before, '|');
        std::getline(cells, key, '|');
        std::getline(cells, value, '|');
        key = lowered(trimmed(key));
        if (trimmed(before).empty() && (key == "licence" || key == "license")) {
            value = trimmed(value);
            return lowered(value.substr(0, value.find_first_of(" ,;")));
        }
    }
    return "";
}

} // namespace moescope::model
