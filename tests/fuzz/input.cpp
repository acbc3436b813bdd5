// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/input.h"

#include "engine/trace/utf8.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>

namespace moescope::fuzz {

namespace fs = std::filesystem;

void require(bool holds, std::string_view what) {
    if (!holds) {
        std::fprintf(stderr, "Finding: %.*s\n", static_cast<int>(what.size()), what.data());
        std::abort();
    }
}

void requireSentence(const trace::Error& error) {
    const std::string text = error.what();
    const std::string shown = error.id() + ": " + text.substr(0, 4096);
    require(text.size() <= 4096, "a sentence of " + std::to_string(text.size()) + " bytes: " + shown);
    require(!trace::firstInvalidUtf8(text), "a sentence that is not UTF-8: " + shown);
    require(text.ends_with('.'), "a sentence without an end: " + shown);
    require(text.find('\n') == std::string::npos, "a sentence of several lines: " + shown);
    std::string pattern = error.pattern();
    for (const auto& [name, value] : error.arguments()) {
        const std::string place = "{" + name + "}";
        for (size_t at = pattern.find(place); at != std::string::npos; at = pattern.find(place)) {
            pattern.erase(at, place.size());
        }
    }
    require(pattern.find('{') == std::string::npos, "a sentence with a name that is not filled in: " + shown);
}

Folder::Folder() {
    std::random_device random;
    do {
        m_path = fs::temp_directory_path() / ("moescope-fuzz-" + std::to_string(random()));
    } while (!fs::create_directory(m_path));
}

Folder::~Folder() {
    std::error_code error;
    fs::remove_all(m_path, error);
}

fs::path Folder::write(const char* name, std::string_view bytes) const {
    fs::path path = m_path / name;
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    require(static_cast<bool>(file.flush()), "the input cannot be written to " + path.string());
    return path;
}

} // namespace moescope::fuzz
