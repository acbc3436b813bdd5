// SPDX-License-Identifier: Apache-2.0
#include "engine/model/vocabulary.h"

#include "engine/model/bounds.h"
#include "engine/model/byte_unicode.h"
#include "engine/trace/error.h"
#include "engine/trace/utf8.h"

#include <algorithm>

namespace moescope::model {

using trace::Error;

namespace {

uint64_t pairKey(int32_t left, int32_t right) {
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

const std::vector<std::string>& tokenTexts(const gguf::Reader& file) {
    const std::vector<std::string>* texts = file.texts("tokenizer.ggml.tokens");
    if (texts == nullptr || texts->empty()) {
        throw Error("tokenizer.missing", "“{file}” holds no vocabulary: tokenizer.ggml.tokens is absent or empty.",
                    {{"file", file.path().filename().string()}});
    }
    if (texts->size() > bounds::vocabulary) {
        throw Error("tokenizer.size", "The vocabulary has {n} tokens; at most {most} are supported.",
                    {{"n", trace::grouped(texts->size())}, {"most", trace::grouped(bounds::vocabulary)}});
    }
    return *texts;
}

std::vector<TokenType> tokenTypes(const gguf::Reader& file, size_t count) {
    const auto numbers = file.u32s("tokenizer.ggml.token_type");
    if (!numbers) {
        return std::vector<TokenType>(count, TokenType::Normal);
    }
    if (numbers->size() != count) {
        throw Error("tokenizer.types", "The vocabulary has {tokens} tokens, but {types} token types.",
                    {{"tokens", trace::grouped(count)}, {"types", trace::grouped(numbers->size())}});
    }
    std::vector<TokenType> types;
    types.reserve(count);
    for (const uint32_t n : *numbers) {
        if (n < 1 || n > 6) {
            throw Error("tokenizer.types", "Token {id} is of type {type}; known are 1 to 6.",
                        {{"id", std::to_string(types.size())}, {"type", std::to_string(n)}});
        }
        types.push_back(static_cast<TokenType>(n));
    }
    return types;
}

} // namespace

std::string shortened(std::string_view text) {
    constexpr size_t most = 40;
    size_t end = std::min(text.size(), most);
    while (end < text.size() && end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) {
        --end;
    }
    std::string out(text.substr(0, end));
    std::replace_if(
        out.begin(), out.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7F; }, '?');
    return end < text.size() ? out + "…" : out;
}

uint32_t producibleTokens(const gguf::Reader& file) {
    const std::vector<std::string>& texts = tokenTexts(file);
    const std::vector<TokenType> types = tokenTypes(file, texts.size());
    size_t count = types.size();
    while (count > 0 && types[count - 1] == TokenType::Unused) {
        --count;
    }
    return static_cast<uint32_t>(count);
}

Vocabulary::Vocabulary(const gguf::Reader& file) {
    readTokens(file);
    readMerges(file);
}

void Vocabulary::readTokens(const gguf::Reader& file) {
    const std::vector<std::string>& texts = tokenTexts(file);
    m_types = tokenTypes(file, texts.size());
    m_bytes.reserve(texts.size());
    for (size_t id = 0; id < texts.size(); ++id) {
        const std::string& text = texts[id];
        if (text.empty() || text.size() > bounds::tokenBytes) {
            throw Error("tokenizer.token_size", "Token {id} is {n} bytes long; 1 to {most} are supported.",
                        {{"id", std::to_string(id)},
                         {"n", trace::grouped(text.size())},
                         {"most", trace::grouped(bounds::tokenBytes)}});
        }
        std::optional<std::string> bytes = trace::firstInvalidUtf8(text) ? std::nullopt : std::optional(text);
        if (bytes && (m_types[id] == TokenType::Normal || m_types[id] == TokenType::Byte)) {
            bytes = fromByteUnicode(text);
        }
        if (!bytes) {
            throw Error("tokenizer.token_text",
                        "Token {id}, “{text}”, is not spelled in the characters of byte-level BPE.",
                        {{"id", std::to_string(id)}, {"text", trace::firstInvalidUtf8(text) ? "" : shortened(text)}});
        }
        m_bytes.push_back(std::move(*bytes));
    }
    // The views into m_bytes are taken when it grows no more.
    for (size_t i = 0; i < m_bytes.size(); ++i) {
        const auto id = static_cast<int32_t>(i);
        const TokenType type = m_types[i];
        if (type == TokenType::Unused) {
            continue;
        }
        const bool normal = type == TokenType::Normal || type == TokenType::Byte;
        const auto [at, added] = (normal ? m_byBytes : m_byText).emplace(m_bytes[i], id);
        if (!added) {
            throw Error(
                "tokenizer.duplicate", "The token “{text}” is in the vocabulary twice, as {first} and {second}.",
                {{"text", shortened(texts[i])}, {"first", std::to_string(at->second)}, {"second", std::to_string(i)}});
        }
        if (normal) {
            m_longest = std::max(m_longest, m_bytes[i].size());
        } else {
            (type == TokenType::UserDefined ? m_userDefined : m_controls).push_back(id);
        }
    }
    for (size_t byte = 0; byte < m_byteTokens.size(); ++byte) {
        const char c = static_cast<char>(byte);
        m_byteTokens[byte] = find(std::string_view(&c, 1));
        if (m_byteTokens[byte] < 0) {
            throw Error("tokenizer.byte",
                        "The vocabulary has no token for byte {byte}, so some text could not be encoded.",
                        {{"byte", std::to_string(byte)}});
        }
    }
}

void Vocabulary::readMerges(const gguf::Reader& file) {
    const std::vector<std::string>* merges = file.texts("tokenizer.ggml.merges");
    if (merges == nullptr) {
        throw Error("tokenizer.missing",
                    "“{file}” holds no tokenizer.ggml.merges, without which text cannot be encoded.",
                    {{"file", file.path().filename().string()}});
    }
    if (merges->size() > bounds::merges) {
        throw Error("tokenizer.size", "The vocabulary has {n} merges; at most {most} are supported.",
                    {{"n", trace::grouped(merges->size())}, {"most", trace::grouped(bounds::merges)}});
    }
    m_merges.reserve(merges->size());
    const auto known = [this](std::string_view text) {
        const std::optional<std::string> bytes = fromByteUnicode(text);
        return bytes ? find(*bytes) : -1;
    };
    for (size_t rank = 0; rank < merges->size(); ++rank) {
        const std::string& text = (*merges)[rank];
        const size_t space = text.find(' ');
        int32_t left = -1;
        int32_t right = -1;
        int32_t whole = -1;
        if (space != std::string::npos && !trace::firstInvalidUtf8(text)) {
            left = known(std::string_view(text).substr(0, space));
            right = known(std::string_view(text).substr(space + 1));
            whole = left >= 0 && right >= 0 ? find(bytes(left) + bytes(right)) : -1;
        }
        if (whole < 0) {
            throw Error(
                "tokenizer.merge", "Merge {rank}, “{text}”, is not two known tokens that make a third.",
                {{"rank", std::to_string(rank)}, {"text", trace::firstInvalidUtf8(text) ? "" : shortened(text)}});
        }
        if (!m_merges.emplace(pairKey(left, right), Merge{static_cast<uint32_t>(rank), whole}).second) {
            throw Error("tokenizer.merge", "Merge {rank}, “{text}”, is there twice.",
                        {{"rank", std::to_string(rank)}, {"text", shortened(text)}});
        }
    }
}

int32_t Vocabulary::find(std::string_view bytes) const {
    if (m_longest != 0 && bytes.size() > m_longest) {
        return -1;
    }
    const auto at = m_byBytes.find(bytes);
    return at == m_byBytes.end() ? -1 : at->second;
}

int32_t Vocabulary::findControl(std::string_view text) const {
    const auto at = m_byText.find(text);
    return at == m_byText.end() || type(at->second) == TokenType::UserDefined ? -1 : at->second;
}

const Merge* Vocabulary::merge(int32_t left, int32_t right) const {
    const auto at = m_merges.find(pairKey(left, right));
    return at == m_merges.end() ? nullptr : &at->second;
}

} // namespace moescope::model
