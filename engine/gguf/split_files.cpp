// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/split_files.h"

#include "engine/gguf/file_text.h"

#include <optional>

namespace moescope::gguf {

namespace {

constexpr uint32_t mostParts = 65535; // what the field in the files can say

std::string fiveDigits(uint32_t number) {
    std::string digits = std::to_string(number);
    digits.insert(0, 5 - digits.size(), '0');
    return digits;
}

/** What stands at the end of a part's name. */
std::string ending(uint32_t part, uint32_t count) {
    std::string text = "-";
    text += fiveDigits(part + 1);
    text += "-of-";
    text += fiveDigits(count);
    text += ".gguf";
    return text;
}

std::optional<uint64_t> wholeNumber(const std::map<std::string, Value>& metadata, std::string_view key) {
    const auto at = metadata.find(std::string(key));
    if (at == metadata.end()) {
        return std::nullopt;
    }
    if (const auto* number = std::get_if<uint64_t>(&at->second)) {
        return *number;
    }
    const auto* number = std::get_if<int64_t>(&at->second);
    return number != nullptr && *number >= 0 ? std::optional(static_cast<uint64_t>(*number)) : std::nullopt;
}

} // namespace

std::filesystem::path partPath(const std::filesystem::path& path, uint32_t number, uint32_t count, uint32_t wanted) {
    if (number >= count || count > mostParts) {
        throw trace::Error("gguf.split_number",
                           "The file “{file}” is damaged: it says that it is part {number} of {count} of a model.",
                           {{"file", shownName(path)},
                            {"number", trace::grouped(uint64_t{number} + 1)},
                            {"count", trace::grouped(count)}});
    }
    const std::u8string raw = path.filename().u8string();
    const std::string name(raw.begin(), raw.end());
    const std::string own = ending(number, count);
    if (!name.ends_with(own)) {
        throw trace::Error(
            "gguf.split_name",
            "“{file}” is part {number} of {count} of a model. Parts are found by their names: this one's "
            "must end with “{ending}”.",
            {{"file", shownName(path)},
             {"number", trace::grouped(number + 1)},
             {"count", trace::grouped(count)},
             {"ending", own}});
    }
    const std::string other = name.substr(0, name.size() - own.size()) + ending(wanted, count);
    return path.parent_path() / std::u8string(other.begin(), other.end());
}

void requireSameModel(const std::filesystem::path& first, const std::map<std::string, Value>& metadata,
                      const std::filesystem::path& part, const std::map<std::string, Value>& partMetadata,
                      uint32_t number, uint32_t count) {
    bool same = wholeNumber(partMetadata, splitNumber) == number && wholeNumber(partMetadata, splitCount) == count &&
                wholeNumber(partMetadata, splitTensors) == wholeNumber(metadata, splitTensors);
    // Later parts mostly state nothing of the model; what they do state must not differ.
    for (const char* key : {"general.architecture", "general.name"}) {
        const auto here = metadata.find(key);
        const auto there = partMetadata.find(key);
        same = same && (there == partMetadata.end() || (here != metadata.end() && here->second == there->second));
    }
    if (!same) {
        throw trace::Error(
            "gguf.split_other",
            "“{part}” is not part {number} of {count} of the model that begins in “{file}”: it belongs to "
            "another one. Download it again.",
            {{"part", shownName(part)},
             {"number", trace::grouped(number + 1)},
             {"count", trace::grouped(count)},
             {"file", shownName(first)}});
    }
}

trace::Error notFirstError(const std::filesystem::path& path, const std::filesystem::path& first, uint32_t number,
                           uint32_t count) {
    return trace::Error("gguf.split_first",
                        "“{file}” is part {number} of {count} of a model. Open the first part, “{first}”, instead.",
                        {{"file", shownName(path)},
                         {"number", trace::grouped(number + 1)},
                         {"count", trace::grouped(count)},
                         {"first", shownName(first)}});
}

trace::Error unstatedError(const std::filesystem::path& first) {
    return trace::Error(
        "gguf.split_unstated",
        "The file “{file}” is damaged: it is the first part of a model, but does not say how many tensors "
        "the parts hold together.",
        {{"file", shownName(first)}});
}

trace::Error missingPartError(const std::filesystem::path& first, const std::filesystem::path& part, uint32_t count) {
    return trace::Error(
        "gguf.split_missing",
        "The model that begins in “{file}” has {count} parts, and there is no “{part}” beside it. Download "
        "all parts into one folder.",
        {{"file", shownName(first)}, {"count", trace::grouped(count)}, {"part", shownName(part)}});
}

trace::Error tensorCountError(const std::filesystem::path& first, uint64_t found, uint64_t wanted) {
    return trace::Error(
        "gguf.split_tensors",
        "“{file}” says that the model has {wanted} tensors, but its parts hold {found}: one of them is "
        "damaged or belongs to another model.",
        {{"file", shownName(first)}, {"wanted", trace::grouped(wanted)}, {"found", trace::grouped(found)}});
}

trace::Error twiceError(const std::filesystem::path& one, const std::filesystem::path& other,
                        const std::string& tensor) {
    return trace::Error("gguf.split_twice",
                        "“{one}” and “{other}” both hold the tensor “{tensor}”: one of them belongs to another model.",
                        {{"one", shownName(one)}, {"other", shownName(other)}, {"tensor", tensor}});
}

} // namespace moescope::gguf
