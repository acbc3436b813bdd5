// SPDX-License-Identifier: Apache-2.0
#include "engine/model/vocabulary.h"
#include "engine/model/byte_unicode.h"
#include "tests/fuzz/input.h"

#include <bit>
#include <cstdio>
#include <cstring>

namespace moescope::fuzz {

namespace {

using model::TokenizerTables;
using model::TokenType;

/** GGUF's numbers of the types that a vocabulary has. */
enum class Kind : uint32_t { U32 = 4, I32 = 5, F32 = 6, Bool = 7, Text = 8, List = 9 };

/** A GGUF file in memory: the engine's writer makes files, too slowly for thousands of them in a second. */
class Bytes {
public:
    template <class T>
    void number(T value) {
        static_assert(std::endian::native == std::endian::little);
        const size_t at = m_bytes.size();
        m_bytes.resize(at + sizeof(T));
        std::memcpy(m_bytes.data() + at, &value, sizeof(T));
    }
    void text(std::string_view value) {
        number<uint64_t>(value.size());
        m_bytes += value;
    }
    void key(std::string_view name, Kind kind) {
        ++m_count;
        text(name);
        number(kind);
    }
    void entry(std::string_view name, std::string_view value) {
        key(name, Kind::Text);
        text(value);
    }
    void entry(std::string_view name, bool value) {
        key(name, Kind::Bool);
        number<uint8_t>(value ? 1 : 0);
    }
    void entry(std::string_view name, uint32_t value) {
        key(name, Kind::U32);
        number(value);
    }
    void entry(std::string_view name, const std::vector<std::string>& values) {
        list(name, Kind::Text, values.size());
        for (const std::string& value : values) {
            text(value);
        }
    }
    template <class T>
    void entry(std::string_view name, const std::vector<T>& values) {
        list(name, std::is_same_v<T, float> ? Kind::F32 : Kind::I32, values.size());
        for (const T value : values) {
            number(value);
        }
    }
    std::string file() const {
        Bytes head;
        head.m_bytes = "GGUF";
        head.number<uint32_t>(3);
        head.number<uint64_t>(0);
        head.number<uint64_t>(m_count);
        return head.m_bytes + m_bytes;
    }

private:
    void list(std::string_view name, Kind kind, size_t size) {
        key(name, Kind::List);
        number(kind);
        number<uint64_t>(size);
    }

    std::string m_bytes;
    uint64_t m_count = 0;
};

void add(TokenizerTables& tables, const std::string& text, TokenType type, float score = 0) {
    tables.tokens.push_back(text);
    tables.types.push_back(static_cast<int32_t>(type));
    tables.scores.push_back(score);
}

void addMerged(TokenizerTables& tables, const std::string& left, const std::string& right) {
    add(tables, left + right, TokenType::Normal, -static_cast<float>(tables.merges.size() + 1));
    tables.merges.push_back(left + " " + right);
}

void addControls(TokenizerTables& tables) {
    for (const char* text : {"<|im_start|>", "<|im_end|>", "<s>", "</s>", "<|startoftext|>", "<|extra_0|>"}) {
        add(tables, text, TokenType::Control);
    }
    add(tables, "<tool>", TokenType::UserDefined);
    add(tables, "<tool> more", TokenType::UserDefined);
    while (tables.tokens.size() < 300) {
        add(tables, "[PAD" + std::to_string(tables.tokens.size()) + "]", TokenType::Unused);
    }
}

} // namespace

std::string vocabularyGguf(const TokenizerTables& tables) {
    Bytes bytes;
    bytes.entry("general.architecture", std::string_view("llama"));
    bytes.entry("tokenizer.ggml.model", std::string_view(tables.model));
    bytes.entry("tokenizer.ggml.pre", std::string_view(tables.pre.empty() ? "default" : tables.pre));
    bytes.entry("tokenizer.ggml.tokens", tables.tokens);
    bytes.entry("tokenizer.ggml.token_type", tables.types);
    if (!tables.scores.empty()) {
        bytes.entry("tokenizer.ggml.scores", tables.scores);
    }
    if (!tables.merges.empty() || tables.model == "gpt2") {
        bytes.entry("tokenizer.ggml.merges", tables.merges);
    }
    if (tables.space_prefix) {
        bytes.entry("tokenizer.ggml.add_space_prefix", *tables.space_prefix);
    }
    bytes.entry("moescope.space_prefix_first", tables.space_prefix_first);
    bytes.entry("moescope.space_prefix_once", tables.space_prefix_once);
    if (tables.bos >= 0) {
        bytes.entry("tokenizer.ggml.bos_token_id", static_cast<uint32_t>(tables.bos));
    }
    bytes.entry("tokenizer.ggml.add_bos_token", tables.adds_bos);
    return bytes.file();
}

TokenizerTables byteLevelTables(std::string_view pre) {
    TokenizerTables tables;
    tables.model = "gpt2";
    tables.pre = pre;
    const auto spelled = [](std::string_view bytes) { return model::toByteUnicode(bytes); };
    for (unsigned byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        add(tables, spelled({&c, 1}), TokenType::Normal);
    }
    const std::pair<const char*, const char*> merges[] = {
        {"a", "b"},   {" ", "a"},   {" ", " "},       {"  ", "  "},         {"1", "2"}, {"\xc3", "\xa9"},
        {"ab", "ab"}, {"\n", "\n"}, {"\xe4", "\xbd"}, {"\xe4\xbd", "\xa0"}, {"'", "s"}, {" ", "ab"},
        {"b", "a"},   {"12", "3"},  {"e", "\xcc"},    {" a", "bab"}};
    for (const auto& [left, right] : merges) {
        if (std::string_view(right) == "bab") {
            addMerged(tables, spelled("ba"), spelled("b"));
        }
        addMerged(tables, spelled(left), spelled(right));
    }
    tables.scores.clear();
    addControls(tables);
    tables.scores.clear();
    tables.bos = tables.control("<s>");
    return tables;
}

TokenizerTables sentencePieceTables(std::string_view model) {
    TokenizerTables tables;
    tables.model = model;
    add(tables, "<unk>", TokenType::Unknown);
    for (unsigned byte = 0; byte < 256; ++byte) {
        char text[8];
        std::snprintf(text, sizeof text, "<0x%02X>", byte);
        add(tables, text, TokenType::Byte);
    }
    for (const char* text : {"▁", "a", "b", "c", "é", "你", "1", "\n"}) {
        add(tables, text, TokenType::Normal, -1000);
    }
    for (const auto& [left, right] : {std::pair{"a", "b"},
                                      {"▁", "a"},
                                      {"▁", "▁"},
                                      {"▁▁", "▁▁"},
                                      {"▁a", "b"},
                                      {"ab", "ab"},
                                      {"c", "▁"},
                                      {"c▁", "a"},
                                      {"é", "é"},
                                      {"1", "1"}}) {
        addMerged(tables, left, right);
    }
    addControls(tables);
    (model == "llama" ? static_cast<void>(tables.merges.clear()) : static_cast<void>(tables.scores.clear()));
    tables.bos = tables.control("<s>");
    tables.adds_bos = true;
    return tables;
}

} // namespace moescope::fuzz
