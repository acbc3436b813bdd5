// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hf_labels.h"

#include "engine/model/hf_values.h"
#include "engine/trace/utf8.h"

#include <algorithm>
#include <sstream>

namespace moescope::model {
namespace fs = std::filesystem;

namespace {

/** eos_token_id is one id or a list of them. */
std::vector<uint32_t> ids(const HfValues& values, const char* key, uint32_t rows) {
    const Json* value = values.find(key);
    if (value == nullptr) {
        return {};
    }
    std::vector<uint32_t> out;
    const auto take = [&](const Json& id) {
        if (!id.is_number_unsigned() || id.get<uint64_t>() >= rows) {
            values.refuse(key, "an id below " + std::to_string(rows) + ", or a list of such ids,");
        }
        out.push_back(id.get<uint32_t>());
    };
    if (value->is_array()) {
        std::for_each(value->begin(), value->end(), take);
    } else {
        take(*value);
    }
    return out;
}

/** Padding ids are −1 in some releases: none. */
std::optional<uint32_t> paddingId(const HfValues& values, uint32_t rows) {
    const Json* value = values.find("pad_token_id");
    if (value == nullptr || *value == -1) {
        return std::nullopt;
    }
    return values.count("pad_token_id", 0, rows - 1);
}

std::optional<float> number(const HfValues& values, const char* key, double least, double most) {
    const std::optional<double> value = values.number(key, least, most);
    return value ? std::optional(static_cast<float>(*value)) : std::nullopt;
}

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

} // namespace

Generation readGeneration(const fs::path& folder, const Json& config, uint32_t rows) {
    const HfValues fallback(config, "config.json");
    const fs::path path = folder / "generation_config.json";
    std::error_code error;
    const bool there = fs::exists(path, error);
    const Json json = there ? readJson(path, smallJson) : Json::object();
    const HfValues values(json, "generation_config.json");
    Generation g;
    g.stop = values.has("eos_token_id") ? ids(values, "eos_token_id", rows) : ids(fallback, "eos_token_id", rows);
    g.padding = values.has("pad_token_id") ? paddingId(values, rows) : paddingId(fallback, rows);
    g.temperature = number(values, "temperature", 0, 100);
    g.top_k = values.optionalCount("top_k", 0, 1U << 30);
    g.top_p = number(values, "top_p", 0, 1);
    g.repetition_penalty = number(values, "repetition_penalty", 0.01, 100);
    return g;
}

std::string readChatTemplate(const fs::path& folder) {
    std::error_code error;
    if (const fs::path path = folder / "tokenizer_config.json"; fs::exists(path, error)) {
        const Json json = readJson(path, largeJson);
        const HfValues values(json, "tokenizer_config.json");
        if (const Json* list = values.find("chat_template"); list != nullptr && list->is_array()) {
            for (const Json& entry : *list) {
                const HfValues named(entry, "chat_template");
                if (named.text("name").value_or("") == "default") {
                    return named.text("template").value_or("");
                }
            }
            values.refuse("chat_template", "a list with one that is called “default”");
        }
        if (const auto text = values.text("chat_template")) {
            return *text;
        }
    }
    if (const fs::path path = folder / "chat_template.jinja"; fs::exists(path, error)) {
        std::string text = readText(path, smallJson);
        return trace::firstInvalidUtf8(text) ? "" : text;
    }
    return "";
}

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
    return "";
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
