// SPDX-License-Identifier: Apache-2.0
#include "engine/model/vocabulary.h"

#include "engine/model/bounds.h"
#include "engine/model/byte_unicode.h"
#include "engine/trace/error.h"
#include "engine/trace/utf8.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <random>

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

/** The byte that "<0x0A>" means. */
std::optional<uint8_t> byteOf(std::string_view text) {
    uint8_t byte = 0;
    if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') {
        return std::nullopt;
    }
    const auto [end, error] = std::from_chars(text.data() + 3, text.data() + 5, byte, 16);
    return error == std::errc() && end == text.data() + 5 ? std::optional(byte) : std::nullopt;
}

/** A hash of a pair that no file can foretell: pairs of one slot would take a time that grows with their square. */
uint64_t spread(uint64_t pair) {
    static const uint64_t secret = (uint64_t{std::random_device()()} << 32) | std::random_device()();
    // The finaliser of MurmurHash3, with the secret before each of its products.
    pair = (pair ^ pair >> 33 ^ secret) * 0xFF51AFD7ED558CCD;
    pair = (pair ^ pair >> 33 ^ secret) * 0xC4CEB9FE1A85EC53;
    return pair ^ pair >> 33;
}

} // namespace

std::string withSpaces(std::string_view text) {
    constexpr std::string_view mark = "▁";
    std::string out;
    out.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
        const size_t found = text.find(mark, at);
        out += text.substr(at, found - at);
        if (found == std::string_view::npos) {
            break;
        }
        out += ' ';
        at = found + mark.size();
    }
    return out;
}

std::string shortened(std::string_view text) {
    constexpr size_t most = 40;
    std::string out;
    for (size_t at = 0; at < text.size();) {
        const trace::Utf8Sequence found = trace::utf8At(text, at);
        if (at + found.bytes > most) {
            return out + "…";
        }
        const std::string_view character = text.substr(at, found.bytes);
        const bool control = character.size() == 1 && (character[0] < 0x20 || character[0] == 0x7F);
        out += found.valid && !control ? character : "?";
        at += found.bytes;
    }
    return out;
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

Vocabulary::Vocabulary(const gguf::Reader& file, Spelling spelling, MergeOrder order)
    : m_spelling(spelling), m_order(order) {
    readTokens(file);
    if (order == MergeOrder::Merges) {
        readMerges(file);
    } else {
        readScores(file);
    }
}

std::string Vocabulary::bytesOf(size_t id, const std::string& text) {
    const TokenType type = m_types[id];
    const bool normal = type == TokenType::Normal || type == TokenType::Unused;
    if (m_spelling == Spelling::ByteLevel) {
        if (type == TokenType::Normal || type == TokenType::Byte) {
            if (auto bytes = fromByteUnicode(text)) {
                return std::move(*bytes);
            }
            m_reachable[id] = false; // as in some of Cohere's: it can be decoded, but no text becomes it
        }
        return text;
    }
    if (type == TokenType::Byte) {
        const std::optional<uint8_t> byte = byteOf(text);
        if (!byte) {
            throw Error("tokenizer.byte_text", "Token {id}, “{text}”, is a byte but not spelled as one, like “<0x0A>”.",
                        {{"id", std::to_string(id)}, {"text", shortened(text)}});
        }
        return std::string(1, static_cast<char>(*byte));
    }
    m_reachable[id] = text.find(' ') == std::string::npos; // spaces of a text are "▁" before they are merged
    return normal ? withSpaces(text) : text;
}

void Vocabulary::readTokens(const gguf::Reader& file) {
    const std::vector<std::string>& texts = tokenTexts(file);
    m_types = tokenTypes(file, texts.size());
    m_reachable.assign(texts.size(), true);
    m_bytes.reserve(texts.size());
    for (size_t id = 0; id < texts.size(); ++id) {
        const std::string& text = texts[id];
        if (text.empty() || text.size() > bounds::tokenBytes) {
            throw Error("tokenizer.token_size", "Token {id} is {n} bytes long; 1 to {most} are supported.",
                        {{"id", std::to_string(id)},
                         {"n", trace::grouped(text.size())},
                         {"most", trace::grouped(bounds::tokenBytes)}});
        }
        if (trace::firstInvalidUtf8(text)) {
            throw Error("tokenizer.token_text", "The text of token {id} is not valid UTF-8.",
                        {{"id", std::to_string(id)}});
        }
        m_bytes.push_back(bytesOf(id, text));
    }
    index(texts);
    indexBytes();
}

void Vocabulary::index(const std::vector<std::string>& texts) {
    // The views into m_bytes are taken when it grows no more.
    for (size_t i = 0; i < m_bytes.size(); ++i) {
        const auto id = static_cast<int32_t>(i);
        const TokenType type = m_types[i];
        if (type == TokenType::Unused) {
            continue;
        }
        const bool byte = type == TokenType::Byte && m_spelling == Spelling::SentencePiece;
        const bool normal = type == TokenType::Normal || (type == TokenType::Byte && !byte);
        if (normal && !m_reachable[i]) {
            continue;
        }
        const bool added = byte || (normal ? m_byBytes : m_byText).emplace(m_bytes[i], id).second;
        if (!added) {
            const int32_t first = (normal ? m_byBytes : m_byText).at(m_bytes[i]);
            throw Error(
                "tokenizer.duplicate", "The token “{text}” is in the vocabulary twice, as {first} and {second}.",
                {{"text", shortened(texts[i])}, {"first", std::to_string(first)}, {"second", std::to_string(i)}});
        }
        if (!normal && !byte) {
            (type == TokenType::UserDefined ? m_userDefined : m_controls).push_back(id);
        }
        if (type == TokenType::Unknown && m_unknown < 0) {
            m_unknown = id;
        }
    }
    for (size_t i = 0; i < m_bytes.size() && m_order == MergeOrder::Scores; ++i) {
        if (m_types[i] == TokenType::Unused && m_reachable[i]) {
            m_byBytes.emplace(m_bytes[i], static_cast<int32_t>(i));
        }
    }
    for (const auto& [bytes, id] : m_byBytes) {
        m_longest = std::max(m_longest, bytes.size());
        for (size_t i = 1; i < bytes.size(); ++i) {
            if (bytes[i] == ' ' && bytes[i - 1] != ' ') {
                m_joinsWords[static_cast<uint8_t>(bytes[i - 1])] = true;
            }
        }
    }
}

void Vocabulary::indexBytes() {
    m_byteTokens.fill(-1);
    if (m_spelling == Spelling::ByteLevel) {
        for (size_t byte = 0; byte < m_byteTokens.size(); ++byte) {
            const char c = static_cast<char>(byte);
            m_byteTokens[byte] = find(std::string_view(&c, 1));
        }
        return;
    }
    for (size_t i = 0; i < m_bytes.size(); ++i) {
        if (m_types[i] != TokenType::Byte) {
            continue;
        }
        int32_t& token = m_byteTokens[static_cast<uint8_t>(m_bytes[i][0])];
        if (token >= 0) {
            throw Error("tokenizer.duplicate", "The byte {byte} is in the vocabulary twice, as {first} and {second}.",
                        {{"byte", std::to_string(static_cast<uint8_t>(m_bytes[i][0]))},
                         {"first", std::to_string(token)},
                         {"second", std::to_string(i)}});
        }
        token = static_cast<int32_t>(i);
    }
}

void Vocabulary::appendBytes(std::string_view text, std::vector<int32_t>& out) const {
    for (const char c : text) {
        const auto byte = static_cast<uint8_t>(c);
        if (m_byteTokens[byte] >= 0) {
            out.push_back(m_byteTokens[byte]);
            continue;
        }
        if (m_unknown < 0 || m_spelling == Spelling::ByteLevel) {
            throw Error("tokenizer.byte", "The text holds the byte {byte}, for which the vocabulary has no token.",
                        {{"byte", std::to_string(byte)}});
        }
        // A run of what is unknown is one unknown token.
        if (out.empty() || out.back() != m_unknown) {
            out.push_back(m_unknown);
        }
    }
}

void Vocabulary::appendStart(std::string_view text, std::vector<int32_t>& out) const {
    if (m_spelling == Spelling::ByteLevel) {
        appendBytes(text, out);
        return;
    }
    for (size_t at = 0; at < text.size();) {
        const size_t size = trace::utf8At(text, at).bytes;
        const std::string_view character = text.substr(at, size);
        if (const int32_t token = find(character); token >= 0) {
            out.push_back(token);
        } else {
            appendBytes(character, out);
        }
        at += size;
    }
}

void Vocabulary::readScores(const gguf::Reader& file) {
    const auto scores = file.f32s("tokenizer.ggml.scores");
    if (!scores) {
        throw Error("tokenizer.missing",
                    "“{file}” holds no tokenizer.ggml.scores, without which text cannot be encoded.",
                    {{"file", file.path().filename().string()}});
    }
    if (scores->size() != m_bytes.size()) {
        throw Error("tokenizer.scores", "The vocabulary has {tokens} tokens, but {scores} scores.",
                    {{"tokens", trace::grouped(m_bytes.size())}, {"scores", trace::grouped(scores->size())}});
    }
    m_scores = *scores;
    for (size_t i = 0; i < m_scores.size(); ++i) {
        if (std::isnan(m_scores[i])) {
            throw Error("tokenizer.scores", "The score of token {id} is no number.", {{"id", std::to_string(i)}});
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
    m_merges.assign(std::bit_ceil(2 * merges->size() + 1), MergeSlot());
    const auto known = [this](std::string_view text) {
        if (m_spelling == Spelling::SentencePiece) {
            return find(withSpaces(text));
        }
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
        MergeSlot& slot = m_merges[mergeSlot(pairKey(left, right))];
        if (slot.pair != noPair) {
            throw Error("tokenizer.merge", "Merge {rank}, “{text}”, is there twice.",
                        {{"rank", std::to_string(rank)}, {"text", shortened(text)}});
        }
        slot = {pairKey(left, right), Merge{static_cast<uint32_t>(rank), whole}};
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

size_t Vocabulary::mergeSlot(uint64_t pair) const {
    const size_t mask = m_merges.size() - 1;
    size_t at = spread(pair) & mask;
    while (m_merges[at].pair != pair && m_merges[at].pair != noPair) {
        at = (at + 1) & mask;
    }
    return at;
}

const Merge* Vocabulary::merge(int32_t left, int32_t right) const {
    const MergeSlot& slot = m_merges[mergeSlot(pairKey(left, right))];
    return slot.pair == noPair ? nullptr : &slot.merge;
}

} // namespace moescope::model
