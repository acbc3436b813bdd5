// SPDX-License-Identifier: Apache-2.0
#include "engine/model/tokenizer.h"

#include "engine/model/bpe.h"
#include "engine/model/family.h"
#include "engine/model/piece_cache.h"
#include "engine/model/pre_tokenizer.h"
#include "engine/model/reasoning.h"
#include "engine/model/spm.h"
#include "engine/model/token_finder.h"
#include "engine/model/token_strip.h"
#include "engine/model/utf8.h"
#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"
#include "engine/trace/utf8.h"

#include <algorithm>
#include <array>
#include <deque>
#include <iterator>
#include <optional>

namespace moescope::model {

using trace::Error;

namespace {

/** What tokenizer.ggml.model means. */
struct Kind {
    std::string_view model;
    Spelling spelling;
    MergeOrder order;
};

constexpr std::array kinds{
    Kind{"gpt2", Spelling::ByteLevel, MergeOrder::Merges},
    Kind{"llama", Spelling::SentencePiece, MergeOrder::Scores},
    Kind{"gemma4", Spelling::SentencePiece, MergeOrder::Merges},
};

const Kind& findKind(const gguf::Reader& file) {
    const std::string model = file.text("tokenizer.ggml.model").value_or("");
    const auto* const kind = std::find_if(kinds.begin(), kinds.end(), [&](const Kind& k) { return k.model == model; });
    if (kind == kinds.end()) {
        throw Error("tokenizer.model",
                    "The tokenizer model “{name}” is not supported; “gpt2”, “llama” and “gemma4” are.",
                    {{"name", shortened(model)}});
    }
    return *kind;
}

/** nullptr for SentencePiece, which does not cut its text. */
const PreTokenizerRow* findRow(const gguf::Reader& file, const Kind& kind) {
    if (kind.spelling == Spelling::SentencePiece) {
        return nullptr;
    }
    const std::string pre = file.text("tokenizer.ggml.pre").value_or("");
    if (pre.empty()) {
        throw Error("tokenizer.pre", "The file does not state tokenizer.ggml.pre, so it is not known how the model "
                                     "learned to cut its text.");
    }
    const PreTokenizerRow* row = findPreTokenizer(pre);
    if (row == nullptr) {
        throw Error("tokenizer.pre", "The pre-tokenizer “{name}” is not supported.", {{"name", shortened(pre)}});
    }
    return row;
}

void refuseWhatIsNotDone(const gguf::Reader& file) {
    for (const char* key : {"tokenizer.ggml.remove_extra_whitespaces", "tokenizer.ggml.treat_whitespace_as_suffix"}) {
        if (file.boolean(key).value_or(false)) {
            throw Error("tokenizer.option", "The vocabulary asks for {key}, which is not supported.", {{"key", key}});
        }
    }
}

} // namespace

struct Tokenizer::Impl {
    explicit Impl(const gguf::Reader& file)
        : kind(findKind(file)), row(findRow(file, kind)), vocabulary(file, kind.spelling, kind.order) {
        if (row != nullptr) {
            splitter.emplace(row->passes);
        } else {
            refuseWhatIsNotDone(file);
            const bool scores = kind.order == MergeOrder::Scores;
            space_prefix = file.boolean("tokenizer.ggml.add_space_prefix").value_or(scores);
            space_prefix_first = file.boolean("moescope.space_prefix_first").value_or(false);
            space_prefix_once = file.boolean("moescope.space_prefix_once").value_or(false);
        }
        user_defined.add(vocabulary, vocabulary.userDefined());
        all_special.add(vocabulary, vocabulary.userDefined());
        all_special.add(vocabulary, vocabulary.controls());
        bos = id(file, "tokenizer.ggml.bos_token_id");
        eos = id(file, "tokenizer.ggml.eos_token_id");
        const bool usual = row != nullptr ? row->adds_bos : true;
        adds_bos = bos >= 0 && file.boolean("tokenizer.ggml.add_bos_token").value_or(usual);
        readStops(file);
        readStrip(file);
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

    std::optional<std::vector<int32_t>> ids(const gguf::Reader& file, std::string_view key) const {
        const auto given = file.u32s(key);
        if (!given) {
            return std::nullopt;
        }
        std::vector<int32_t> tokens;
        for (const uint32_t value : *given) {
            tokens.push_back(checkedId(key, value));
        }
        return tokens;
    }

    void readStrip(const gguf::Reader& file) {
        using Ids = std::vector<int32_t>;
        const Family* family = findFamily(file.text("general.architecture").value_or(""));
        const bool all = row == nullptr && family != nullptr && family->specials_rstrip;
        const std::optional<Ids> behind = ids(file, "moescope.rstrip_token_ids");
        strip = TokenStrip(behind ? *behind : (all ? rstrippingSpecials() : Ids()),
                           ids(file, "moescope.lstrip_token_ids").value_or(Ids()));
    }

    std::vector<int32_t> rstrippingSpecials() const {
        std::vector<int32_t> tokens;
        for (const auto* list : {&vocabulary.controls(), &vocabulary.userDefined()}) {
            std::copy_if(list->begin(), list->end(), std::back_inserter(tokens), [&](int32_t token) {
                const std::string& text = vocabulary.bytes(token);
                return text != "<unk>" && text != "<s>" && text != "<|endoftext|>";
            });
        }
        return tokens;
    }

    void readStops(const gguf::Reader& file) {
        if (auto given = ids(file, "moescope.stop_token_ids")) {
            stops = std::move(*given);
        } else {
            for (const char* name :
                 {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"}) {
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

    const Kind& kind;
    const PreTokenizerRow* row = nullptr; ///< of byte-level BPE
    Vocabulary vocabulary;
    std::optional<PreTokenizer> splitter; ///< of byte-level BPE
    bool space_prefix = false;            ///< SentencePiece: a space goes before the text and behind each special token
    bool space_prefix_first = false;      ///< before the text alone
    bool space_prefix_once = false;       ///< not before a space
    TokenFinder user_defined;             ///< read in every text
    TokenFinder all_special;              ///< with the control tokens
    TokenStrip strip;
    std::vector<int32_t> stops;
    int32_t bos = -1;
    int32_t eos = -1;
    bool adds_bos = false;
};

namespace {

/** One call of encode() under byte-level BPE. */
class BpeEncoding {
public:
    BpeEncoding(const Vocabulary& vocabulary, const PreTokenizer& splitter, const PreTokenizerRow& row,
                trace::CancelFlag cancel, std::vector<int32_t>& out)
        : m_vocabulary(vocabulary), m_scanner(splitter), m_merger(vocabulary, cancel), m_row(row), m_cancel(cancel),
          m_out(out) {}

    /** `text` outlives this. */
    void text(std::string_view text) {
        m_scanner.start(m_row.nfc ? m_normalised.emplace_back(toNfc(text)) : text);
        std::string_view piece;
        while (m_scanner.next(piece)) {
            trace::stopIfCancelled(m_cancel);
            append(piece);
        }
    }

private:
    void append(std::string_view piece) {
        if (m_cache.append(piece, m_out)) {
            return;
        }
        const size_t before = m_out.size();
        const int32_t whole = m_row.whole_piece_first ? m_vocabulary.find(piece) : -1;
        if (whole >= 0) {
            m_out.push_back(whole);
        } else {
            m_merger.append(piece, m_out);
        }
        m_cache.remember(piece, m_out.data() + before, m_out.size() - before);
    }

    const Vocabulary& m_vocabulary;
    PreTokenizer::Scanner m_scanner;
    BpeMerger m_merger;
    PieceCache m_cache;
    std::deque<std::string> m_normalised; ///< what the cache looks into
    const PreTokenizerRow& m_row;
    trace::CancelFlag m_cancel;
    std::vector<int32_t>& m_out;
};

/** One call of encode() under SentencePiece. Tokens reach over words only where some token has a space in it behind the
 *  same byte; everywhere else the text is cut before a space, which changes no merge and lets words be remembered. */
class SpmEncoding {
public:
    SpmEncoding(const Vocabulary& vocabulary, MergeOrder order, trace::CancelFlag cancel, std::vector<int32_t>& out)
        : m_vocabulary(vocabulary), m_spm(vocabulary, cancel), m_bpe(vocabulary, cancel), m_order(order),
          m_cancel(cancel), m_out(out) {}

    void text(std::string_view text, bool spacePrefix) {
        m_texts.emplace_back(spacePrefix ? 1 : 0, ' ');
        m_texts.back() += withSpaces(text);
        const std::string_view whole = m_texts.back();
        const bool lines = m_order == MergeOrder::Merges;
        m_begin = m_out.size();
        size_t begin = 0;
        for (size_t at = 1; at < whole.size(); ++at) {
            const char last = whole[at - 1];
            const bool word = whole[at] == ' ' && last != ' ' && !m_vocabulary.joinsWords(static_cast<uint8_t>(last));
            // Gemma's merges never reach over the border of a run of line ends.
            const bool line = lines && (whole[at] == '\n') != (last == '\n');
            if (word || line) {
                append(whole.substr(begin, at - begin));
                begin = at;
            }
        }
        append(whole.substr(begin));
    }

private:
    void append(std::string_view piece) {
        trace::stopIfCancelled(m_cancel);
        m_tokens.clear(); // what is remembered must not depend on what went before
        if (!m_cache.append(piece, m_tokens)) {
            if (m_order == MergeOrder::Scores) {
                m_spm.append(piece, m_tokens);
            } else if (const int32_t token = piece[0] == '\n' ? m_vocabulary.find(piece) : -1; token >= 0) {
                m_tokens.push_back(token);
            } else {
                m_bpe.append(piece, m_tokens);
            }
            m_cache.remember(piece, m_tokens.data(), m_tokens.size());
        }
        // A run of what is unknown is one token, across the cuts too.
        const bool goesOn = m_out.size() > m_begin && !m_tokens.empty() && m_tokens.front() == m_out.back() &&
                            m_vocabulary.type(m_tokens.front()) == TokenType::Unknown;
        m_out.insert(m_out.end(), m_tokens.begin() + (goesOn ? 1 : 0), m_tokens.end());
    }

    const Vocabulary& m_vocabulary;
    SpmMerger m_spm;
    BpeMerger m_bpe;
    PieceCache m_cache;
    std::deque<std::string> m_texts; ///< what the cache looks into
    std::vector<int32_t> m_tokens;   ///< of a piece
    size_t m_begin = 0;              ///< of the text's tokens in m_out
    MergeOrder m_order;
    trace::CancelFlag m_cancel;
    std::vector<int32_t>& m_out;
};

/** Cuts the tokens of `finder` out of `text`, with the white space that they take along; calls `onText` for what lies
 *  between them, and whether a token went before it. */
template <typename OnText>
void forEachPart(std::string_view text, const TokenFinder& finder, const Vocabulary& vocabulary,
                 const TokenStrip& strip, trace::CancelFlag cancel, std::vector<int32_t>& out, const OnText& onText) {
    constexpr size_t often = size_t{1} << 12; // places that are looked at: a few milliseconds at worst
    size_t begin = 0;
    size_t looks = 0;
    bool afterToken = false;
    for (size_t at = finder.empty() ? text.size() : 0; at < text.size();) {
        if (++looks % often == 0) {
            trace::stopIfCancelled(cancel);
        }
        const int32_t token = finder.at(text.substr(at));
        if (token < 0) {
            ++at;
            continue;
        }
        std::string_view before = text.substr(begin, at - begin);
        before.remove_suffix(strip.before(token, before));
        if (!before.empty()) {
            onText(before, afterToken);
        }
        out.push_back(token);
        at += vocabulary.bytes(token).size();
        at += strip.behind(token, text.substr(at));
        begin = at;
        afterToken = true;
    }
    if (begin < text.size()) {
        onText(text.substr(begin), afterToken);
    }
}

} // namespace

Tokenizer::Tokenizer(const gguf::Reader& file) : m_impl(std::make_unique<Impl>(file)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;

std::vector<int32_t> Tokenizer::encode(std::string_view text, bool parse_special, trace::CancelFlag cancel) const {
    return encodePart(text, parse_special, false, cancel);
}

std::vector<int32_t> Tokenizer::encodeBehindToken(std::string_view text, trace::CancelFlag cancel) const {
    return encodePart(text, false, true, cancel);
}

std::vector<int32_t> Tokenizer::encodePart(std::string_view text, bool parse_special, bool behind_token,
                                           trace::CancelFlag cancel) const {
    if (const auto bad = trace::firstInvalidUtf8(text)) {
        throw Error("tokenizer.utf8", "The text is not valid UTF-8: byte {offset} fits no character.",
                    {{"offset", trace::grouped(*bad)}});
    }
    const Impl& impl = *m_impl;
    const TokenFinder& finder = parse_special ? impl.all_special : impl.user_defined;
    std::vector<int32_t> out;
    if (impl.row != nullptr) {
        BpeEncoding encoding(impl.vocabulary, *impl.splitter, *impl.row, cancel, out);
        forEachPart(text, finder, impl.vocabulary, impl.strip, cancel, out,
                    [&](std::string_view part, bool /*afterToken*/) { encoding.text(part); });
    } else {
        SpmEncoding encoding(impl.vocabulary, impl.kind.order, cancel, out);
        forEachPart(text, finder, impl.vocabulary, impl.strip, cancel, out,
                    [&](std::string_view part, bool afterToken) {
                        const bool has = impl.space_prefix_once && part.starts_with(' ');
                        const bool later = impl.space_prefix_first && (afterToken || behind_token);
                        encoding.text(part, impl.space_prefix && !has && !later);
                    });
    }
    return out;
}

size_t Tokenizer::strippedBehind(int32_t token, std::string_view rest) const {
    return m_impl->strip.behind(token, rest);
}

size_t Tokenizer::strippedBefore(int32_t token, std::string_view text) const {
    return m_impl->strip.before(token, text);
}

std::string Tokenizer::decode(int32_t token, bool special) const {
    if (token < 0 || static_cast<uint32_t>(token) >= size()) {
        throw Error("tokenizer.range", "Token {id} does not exist: the vocabulary ends at {last}.",
                    {{"id", std::to_string(token)}, {"last", std::to_string(size() - 1)}});
    }
    if (isUnused(token)) {
        return {};
    }
    std::string bytes = m_impl->vocabulary.bytes(token);
    return special || !isControl(token) || isReasoningMark(bytes) ? bytes : std::string();
}

std::string Tokenizer::decode(const std::vector<int32_t>& tokens, bool special) const {
    std::string out;
    bool first = m_impl->space_prefix;
    for (const int32_t token : tokens) {
        const std::string piece = decode(token, special);
        const TokenType type = m_impl->vocabulary.type(token);
        const bool merged = type == TokenType::Normal || type == TokenType::Byte; // of text, not read as a whole
        const bool prefixed = first && merged && piece.starts_with(' ');
        out += prefixed ? piece.substr(1) : piece;
        first = first && piece.empty();
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
int32_t Tokenizer::eos() const { return m_impl->eos; }
bool Tokenizer::addsBos() const { return m_impl->adds_bos; }
int32_t Tokenizer::control(std::string_view text) const { return m_impl->vocabulary.findControl(text); }

} // namespace moescope::model
