// SPDX-License-Identifier: Apache-2.0
#include "engine/model/vocabulary.h"
#include "engine/model/byte_unicode.h"
#include "engine/model/tokenizer_keys.h"
#include "tests/engine/gguf/raw_bytes.h"
#include "tests/fuzz/input.h"

#include <cstdio>

namespace moescope::fuzz {

namespace {

using model::TokenizerTables;
using model::TokenType;

/** GGUF's numbers of the types that a vocabulary has. */
enum class Kind : uint32_t { U32 = 4, I32 = 5, F32 = 6, Bool = 7, Text = 8, List = 9 };

/** One value of a file in memory: the engine's writer makes files, too slowly for thousands of them in a second. */
class RawValue {
public:
    explicit RawValue(gguf::test::Raw& raw) : m_raw(raw) {}

    void operator()(const std::string& value) { kind(Kind::Text).text(value); }
    void operator()(bool value) { kind(Kind::Bool).number<uint8_t>(value ? 1 : 0); }
    void operator()(gguf::U32 value) { kind(Kind::U32).number(value.value); }
    void operator()(gguf::F32 value) { kind(Kind::F32).number(value.value); }
    void operator()(const gguf::RawValue& value) {
        m_raw.bytes({reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size()});
    }
    void operator()(const std::vector<std::string>& values) {
        list(Kind::Text, values.size());
        for (const std::string& value : values) {
            m_raw.text(value);
        }
    }
    void operator()(const std::vector<float>& values) { numbers(Kind::F32, values); }
    void operator()(const std::vector<int32_t>& values) { numbers(Kind::I32, values); }
    void operator()(const std::vector<uint32_t>& values) { numbers(Kind::U32, values); }

private:
    gguf::test::Raw& kind(Kind kind) { return m_raw.u32(static_cast<uint32_t>(kind)); }
    void list(Kind entries, size_t size) {
        kind(Kind::List);
        kind(entries).u64(size);
    }
    template <typename T>
    void numbers(Kind entries, const std::vector<T>& values) {
        list(entries, values.size());
        for (const T value : values) {
            m_raw.number(value);
        }
    }

    gguf::test::Raw& m_raw;
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

/** `strips`: by turns they take the white space behind and before them along. */
void addControls(TokenizerTables& tables, bool strips) {
    for (const char* text : {"<|im_start|>", "<|im_end|>", "<s>", "</s>", "<|startoftext|>", "<|extra_0|>"}) {
        const auto id = static_cast<uint32_t>(tables.tokens.size());
        if (strips) {
            (id % 2 == 0 ? tables.rstrip : tables.lstrip).push_back(id);
        }
        add(tables, text, TokenType::Control);
    }
    if (strips) {
        tables.rstrip.push_back(static_cast<uint32_t>(tables.tokens.size()));
    }
    add(tables, "<tool>", TokenType::UserDefined);
    add(tables, "<tool> more", TokenType::UserDefined);
    while (tables.tokens.size() < 300) {
        add(tables, "[PAD" + std::to_string(tables.tokens.size()) + "]", TokenType::Unused);
    }
}

} // namespace

std::string vocabularyGguf(const TokenizerTables& tables) {
    const auto keys = model::tokenizerKeys(tables, true);
    gguf::test::Raw raw;
    raw.head(0, keys.size() + 1).text("general.architecture");
    RawValue write(raw);
    write(std::string("llama"));
    for (const auto& [key, value] : keys) {
        raw.text(key);
        std::visit(write, value);
    }
    return raw.str();
}

TokenizerTables byteLevelTables(std::string_view pre, bool strips) {
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
    addControls(tables, strips);
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
    addControls(tables, true);
    (model == "llama" ? static_cast<void>(tables.merges.clear()) : static_cast<void>(tables.scores.clear()));
    tables.bos = tables.control("<s>");
    tables.adds_bos = true;
    return tables;
}

} // namespace moescope::fuzz
