// SPDX-License-Identifier: Apache-2.0
#include "engine/model/tokenizer.h"

#include "engine/model/bpe.h"
#include "engine/model/pre_tokenizer.h"
#include "engine/model/utf8.h"
#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"
#include "engine/trace/utf8.h"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace moescope::model {

using trace::Error;

namespace {

/** How a vocabulary of one `tokenizer.ggml.pre` cuts its text. */
struct Splitting {
    std::string_view pre;
    bool nfc;               ///< normalise first
    bool whole_piece_first; ///< a piece that is a token is that token, whatever the merges say
    const std::string& (*pattern)();
};

constexpr std::array splittings{
    Splitting{"hunyuan", true, true, qwen2Pattern},
    Splitting{"qwen2", true, false, qwen2Pattern},
};

const Splitting& findSplitting(const gguf::Reader& file) {
    const std::string model = file.text("tokenizer.ggml.model").value_or("");
    if (model != "gpt2") {
        throw Error("tokenizer.model", "The tokenizer model “{name}” is not supported; “gpt2” is.",
                    {{"name", shortened(model)}});
    }
    const std::string pre = file.text("tokenizer.ggml.pre").value_or("");
    for (const Splitting& splitting : splittings) {
        if (splitting.pre == pre) {
            return splitting;
        }
    }
    throw Error("tokenizer.pre", "The pre-tokenizer “{name}” is not supported; “hunyuan” and “qwen2” are.",
                {{"name", shortened(pre)}});
}

/** Finds the longest of a set of texts at a place: texts by first byte, longest first. */
class Finder {
public:
    void add(const Vocabulary& vocabulary, const std::vector<int32_t>& tokens) {
        for (const int32_t token : tokens) {
            m_byFirst[static_cast<uint8_t>(vocabulary.bytes(token)[0])].push_back(token);
        }
        for (std::vector<int32_t>& list : m_byFirst) {
            std::sort(list.begin(), list.end(),
                      [&](int32_t a, int32_t b) { return vocabulary.bytes(a).size() > vocabulary.bytes(b).size(); });
        }
        m_empty = m_empty && tokens.empty();
    }

    bool empty() const { return m_empty; }

    /** −1 if none of them begins here. */
    int32_t at(const Vocabulary& vocabulary, std::string_view rest) const {
        for (const int32_t token : m_byFirst[static_cast<uint8_t>(rest[0])]) {
            if (rest.starts_with(vocabulary.bytes(token))) {
                return token;
            }
        }
        return -1;
    }

private:
    std::array<std::vector<int32_t>, 256> m_byFirst;
    bool m_empty = true;
};

/** Tokens of pieces that were merged before, for one call of encode(). */
class PieceCache {
public:
    static constexpr size_t longest = 64;
    static constexpr size_t capacity = size_t{1} << 16;

    /** Appends the tokens of `piece` and says true if it is known. */
    bool append(std::string_view piece, std::vector<int32_t>& out) const {
        const auto at = m_pieces.find(piece);
        if (at == m_pieces.end()) {
            return false;
        }
        const auto begin = m_tokens.begin() + static_cast<ptrdiff_t>(at->second.begin);
        out.insert(out.end(), begin, begin + static_cast<ptrdiff_t>(at->second.count));
        return true;
    }

    /** `piece` must stay where it is while the cache lives. */
    void remember(std::string_view piece, const int32_t* tokens, size_t count) {
        if (piece.size() > longest) {
            return;
        }
        if (m_pieces.size() == capacity) {
            m_pieces.clear();
            m_tokens.clear();
        }
        m_pieces.emplace(piece, Span{m_tokens.size(), count});
        m_tokens.insert(m_tokens.end(), tokens, tokens + count);
    }

private:
    struct Span {
        size_t begin = 0;
        size_t count = 0;
    };
    std::unordered_map<std::string_view, Span> m_pieces;
    std::vector<int32_t> m_tokens;
};

} // namespace

struct Tokenizer::Impl {
    explicit Impl(const gguf::Reader& file)
        : splitting(findSplitting(file)), vocabulary(file), splitter(splitting.pattern()) {
        user_defined.add(vocabulary, vocabulary.userDefined());
        all_special.add(vocabulary, vocabulary.userDefined());
        all_special.add(vocabulary, vocabulary.controls());
        bos = id(file, "tokenizer.ggml.bos_token_id");
        adds_bos = bos >= 0 && file.boolean("tokenizer.ggml.add_bos_token").value_or(false);
        readStops(file);
    }

    int32_t checkedId(std::string_view key, uint32_t value) const {
        if (value >= vocabulary.size()) {
            throw Error("tokenizer.id", "{key} is {id}, but the vocabulary ends at {last}.",
                        {{"key", std::string(key)},
                         {"id", std::to_string(value)},
                         {"last", std::to_string(vocabulary.size() - 1)}});
        }
        return static_cast<int32_t>(value);
    }

    int32_t id(const gguf::Reader& file, std::string_view key) const {
        const std::optional<uint32_t> value = file.u32(key);
        return value ? checkedId(key, *value) : -1;
    }

    void readStops(const gguf::Reader& file) {
        constexpr std::string_view key = "moescope.stop_token_ids";
        if (const auto given = file.u32s(key)) {
            for (const uint32_t value : *given) {
                stops.push_back(checkedId(key, value));
            }
        } else {
            for (const char* name : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"}) {
                if (const int32_t token = id(file, name); token >= 0) {
                    stops.push_back(token);
                }
            }
        }
        std::vector<int32_t> unique;
        for (const int32_t token : stops) {
            if (std::find(unique.begin(), unique.end(), token) == unique.end()) {
                unique.push_back(token);
            }
        }
        stops = std::move(unique);
    }

    const Splitting& splitting;
    Vocabulary vocabulary;
    PreTokenizer splitter;
    Finder user_defined; ///< read in every text
    Finder all_special;  ///< with the control tokens
    std::vector<int32_t> stops;
    int32_t bos = -1;
    bool adds_bos = false;
};

namespace {

/** One call of encode(). */
class Encoding {
public:
    Encoding(const Vocabulary& vocabulary, const PreTokenizer& splitter, bool wholePieceFirst, trace::CancelFlag cancel,
             std::vector<int32_t>& out)
        : m_vocabulary(vocabulary), m_splitter(splitter), m_merger(vocabulary, cancel),
          m_wholePieceFirst(wholePieceFirst), m_cancel(cancel), m_out(out) {}

    void text(std::string_view text) {
        if (text.empty()) {
            return;
        }
        PreTokenizer::Scanner scanner(m_splitter, text);
        std::string_view piece;
        while (scanner.next(piece)) {
            trace::stopIfCancelled(m_cancel);
            append(piece);
        }
    }

private:
    void append(std::string_view piece) {
        if (m_wholePieceFirst) {
            if (const int32_t token = m_vocabulary.find(piece); token >= 0) {
                m_out.push_back(token);
                return;
            }
        }
        if (m_cache.append(piece, m_out)) {
            return;
        }
        const size_t before = m_out.size();
        m_merger.append(piece, m_out);
        m_cache.remember(piece, m_out.data() + before, m_out.size() - before);
    }

    const Vocabulary& m_vocabulary;
    const PreTokenizer& m_splitter;
    BpeMerger m_merger;
    PieceCache m_cache;
    bool m_wholePieceFirst;
    trace::CancelFlag m_cancel;
    std::vector<int32_t>& m_out;
};

} // namespace

Tokenizer::Tokenizer(const gguf::Reader& file) : m_impl(std::make_unique<Impl>(file)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;

std::vector<int32_t> Tokenizer::encode(std::string_view text, bool parse_special, trace::CancelFlag cancel) const {
    if (const auto bad = trace::firstInvalidUtf8(text)) {
        throw Error("tokenizer.utf8", "The text is not valid UTF-8: byte {offset} fits no character.",
                    {{"offset", trace::grouped(*bad)}});
    }
    const std::string normalised = m_impl->splitting.nfc ? toNfc(text) : std::string(text);
    const Finder& specials = parse_special ? m_impl->all_special : m_impl->user_defined;
    std::vector<int32_t> out;
    Encoding encoding(m_impl->vocabulary, m_impl->splitter, m_impl->splitting.whole_piece_first, cancel, out);
    const std::string_view all = normalised;
    size_t begin = 0;
    for (size_t at = specials.empty() ? all.size() : 0; at < all.size();) {
        const int32_t token = specials.at(m_impl->vocabulary, all.substr(at));
        if (token < 0) {
            if (++at % (size_t{1} << 14) == 0) {
                trace::stopIfCancelled(cancel);
            }
            continue;
        }
        encoding.text(all.substr(begin, at - begin));
        out.push_back(token);
        at += m_impl->vocabulary.bytes(token).size();
        begin = at;
    }
    encoding.text(all.substr(begin));
    return out;
}

std::string Tokenizer::decode(int32_t token, bool special) const {
    if (token < 0 || static_cast<uint32_t>(token) >= size()) {
        throw Error("tokenizer.range", "Token {id} does not exist: the vocabulary ends at {last}.",
                    {{"id", std::to_string(token)}, {"last", std::to_string(size() - 1)}});
    }
    const bool text = !isUnused(token) && (special || !isControl(token));
    return text ? m_impl->vocabulary.bytes(token) : std::string();
}

std::string Tokenizer::decode(const std::vector<int32_t>& tokens, bool special) const {
    std::string out;
    for (const int32_t token : tokens) {
        out += decode(token, special);
    }
    return out;
}

uint32_t Tokenizer::size() const { return m_impl->vocabulary.size(); }

bool Tokenizer::isControl(int32_t token) const {
    if (token < 0 || static_cast<uint32_t>(token) >= size()) {
        return false;
    }
    const TokenType type = m_impl->vocabulary.type(token);
    return type == TokenType::Control || type == TokenType::Unknown;
}

bool Tokenizer::isUnused(int32_t token) const {
    return token >= 0 && static_cast<uint32_t>(token) < size() && m_impl->vocabulary.type(token) == TokenType::Unused;
}

bool Tokenizer::isStop(int32_t token) const {
    return std::find(m_impl->stops.begin(), m_impl->stops.end(), token) != m_impl->stops.end();
}

const std::vector<int32_t>& Tokenizer::stopTokens() const { return m_impl->stops; }
int32_t Tokenizer::bos() const { return m_impl->bos; }
bool Tokenizer::addsBos() const { return m_impl->adds_bos; }
int32_t Tokenizer::control(std::string_view text) const { return m_impl->vocabulary.findControl(text); }

} // namespace moescope::model
