// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hf_generation.h"

#include "engine/model/hf_values.h"
#include "engine/trace/error.h"
#include "engine/trace/utf8.h"

#include <algorithm>

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

std::string readJinja(const fs::path& path) {
    std::string text = readText(path, smallJson);
    if (const auto bad = trace::firstInvalidUtf8(text)) {
        throw trace::Error("hf.template", "“{file}” is not valid UTF-8: byte {offset} fits no character.",
                           {{"file", displayName(path)}, {"offset", trace::grouped(*bad)}});
    }
    return text;
}

ChatTemplates named(const HfValues& values, const Json& list) {
    ChatTemplates out;
    bool chat = false;
    for (const Json& entry : list) {
        const HfValues one(entry, "chat_template” of “" + values.file());
        const std::string name = one.text("name").value_or("");
        const std::optional<std::string> text = one.text("template");
        if (!text) {
            one.refuse("template", "a text");
        }
        if (name == "default") {
            out.chat = *text;
            chat = true;
        } else if (name == "tool_use") {
            out.tool_use = *text;
        }
    }
    if (!chat) {
        values.refuse("chat_template", "a list with one that is called “default”");
    }
    return out;
}

} // namespace

Generation readGeneration(const fs::path& folder, const Json& config, uint32_t rows) {
    const HfValues fallback(config, "config.json");
    const fs::path path = folder / "generation_config.json";
    const Json json = hasEntry(path) ? readJson(path, smallJson) : Json::object();
    const HfValues values(json, "generation_config.json");
    Generation g;
    g.stop = values.has("eos_token_id") ? ids(values, "eos_token_id", rows) : ids(fallback, "eos_token_id", rows);
    g.padding = values.has("pad_token_id") ? paddingId(values, rows) : paddingId(fallback, rows);
    g.temperature = number(values, "temperature", 0, 100);
    if (!values.flag("do_sample").value_or(true)) {
        g.temperature = 0.0F;
    }
    g.top_k = values.optionalCount("top_k", 0, 1U << 30);
    g.top_p = number(values, "top_p", 0, 1);
    g.repetition_penalty = number(values, "repetition_penalty", 0.01, 100);
    return g;
}

ChatTemplates readChatTemplates(const fs::path& folder) {
    if (const fs::path path = folder / "chat_template.jinja"; hasEntry(path)) {
        const fs::path tools = folder / "additional_chat_templates" / "tool_use.jinja";
        return {readJinja(path), hasEntry(tools) ? readJinja(tools) : std::string()};
    }
    if (const fs::path path = folder / "tokenizer_config.json"; hasEntry(path)) {
        const Json json = readJson(path, largeJson);
        const HfValues values(json, displayName(path));
        if (const Json* list = values.find("chat_template"); list != nullptr && list->is_array()) {
            return named(values, *list);
        }
        return {values.text("chat_template").value_or(""), ""};
    }
    return {};
}

} // namespace moescope::model
