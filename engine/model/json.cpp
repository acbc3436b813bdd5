// SPDX-License-Identifier: Apache-2.0
#include "engine/model/json.h"

#include "engine/gguf/mapped_file.h"
#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"

#include <unordered_set>

namespace moescope::model {

using trace::Error;

namespace {
constexpr int deepest = 64;
}

std::string displayName(const std::filesystem::path& path) {
    const std::u8string name = path.filename().u8string();
    return {name.begin(), name.end()};
}

Json parseJson(std::string_view text, const std::string& name) {
    std::vector<std::unordered_set<std::string>> keys;
    const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
        if (depth > deepest) {
            throw Error("json.depth", "“{file}” nests deeper than {most} levels.",
                        {{"file", name}, {"most", std::to_string(deepest)}});
        }
        if (event == Json::parse_event_t::object_start) {
            keys.emplace_back();
        } else if (event == Json::parse_event_t::object_end) {
            keys.pop_back();
        } else if (event == Json::parse_event_t::key) {
            const auto& key = value.get_ref<const std::string&>();
            if (!keys.back().insert(key).second) {
                throw Error("json.duplicate", "“{file}” states “{key}” twice.",
                            {{"file", name}, {"key", shortened(key)}});
            }
        }
        return true;
    };
    try {
        return Json::parse(text.begin(), text.end(), check);
    } catch (const Json::parse_error& error) {
        throw Error("json.syntax", "“{file}” is not valid JSON at byte {byte}.",
                    {{"file", name}, {"byte", trace::grouped(error.byte)}});
    } catch (const Json::exception&) {
        throw Error("json.number", "“{file}” holds a number that no number type can hold.", {{"file", name}});
    }
}

std::string readText(const std::filesystem::path& path, uint64_t most) {
    const gguf::MappedFile file(path);
    if (file.size() > most) {
        throw Error(
            "json.size", "“{file}” has {bytes}; at most {most} are expected.",
            {{"file", displayName(path)}, {"bytes", trace::bytesText(file.size())}, {"most", trace::bytesText(most)}});
    }
    std::string text(file.size(), '\0');
    file.read(0, {reinterpret_cast<uint8_t*>(text.data()), text.size()});
    return text;
}

bool hasEntry(const std::filesystem::path& path) {
    std::error_code error;
    return std::filesystem::exists(std::filesystem::symlink_status(path, error));
}

Json readJson(const std::filesystem::path& path, uint64_t most) {
    return parseJson(readText(path, most), displayName(path));
}

} // namespace moescope::model
