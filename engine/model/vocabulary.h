// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/reader.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace moescope::model {

/** tokenizer.ggml.token_type. */
enum class TokenType : uint8_t { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };

/** Two neighbours that become one token. */
struct Merge {
    uint32_t rank = 0; ///< the lowest is merged first
    int32_t token = 0;
};

/** How the texts of a vocabulary's normal tokens stand for bytes. */
enum class Spelling : uint8_t {
    ByteLevel,     ///< GPT-2's printable characters, one a byte
    SentencePiece, ///< UTF-8 with "▁" for a space, and bytes as "<0x0A>"
};

/** What decides which neighbours become one token first. */
enum class MergeOrder : uint8_t {
    Merges, ///< the rank in tokenizer.ggml.merges
    Scores, ///< the score, in tokenizer.ggml.scores, of the token that they make
};

/** The tables of a vocabulary, checked: no token twice, merges of known tokens, scores that are numbers. */
class Vocabulary {
public:
    Vocabulary(const gguf::Reader& file, Spelling spelling, MergeOrder order);
    Vocabulary(const Vocabulary&) = delete;
    Vocabulary& operator=(const Vocabulary&) = delete;

    uint32_t size() const { return static_cast<uint32_t>(m_bytes.size()); }
    /** What the token stands for; the text itself for control and user-defined tokens. */
    const std::string& bytes(int32_t token) const { return m_bytes[static_cast<size_t>(token)]; }
    TokenType type(int32_t token) const { return m_types[static_cast<size_t>(token)]; }
    /** Id of the normal token with these bytes; −1 if there is none. Under MergeOrder::Scores also of an unused one,
     *  which may be a step to a longer token but is never what remains. */
    int32_t find(std::string_view bytes) const;
    /** Bytes of the longest token that find() can give. */
    size_t longest() const { return m_longest; }
    /** Score of a token that find() gave; 0 under MergeOrder::Merges. */
    float score(int32_t token) const { return m_scores.empty() ? 0 : m_scores[static_cast<size_t>(token)]; }
    /** Appends the tokens of `text`, in which nothing is to be merged: one a byte, or the unknown token for all of it if
     *  the vocabulary spells no bytes. trace::Error{tokenizer.byte} if there is neither. */
    void appendBytes(std::string_view text, std::vector<int32_t>& out) const;
    /** Appends what merging begins with: tokens of the bytes, under Spelling::SentencePiece of the characters. */
    void appendStart(std::string_view text, std::vector<int32_t>& out) const;
    /** Whether some token has a space behind this byte, so that a merge can reach over the gap between two words. */
    bool joinsWords(uint8_t last) const { return m_joinsWords[last]; }
    /** Id of the control token with this text; −1 if there is none. */
    int32_t findControl(std::string_view text) const;
    const Merge* merge(int32_t left, int32_t right) const;
    /** Ids of control (and unknown) tokens, and of the user-defined, in order. */
    const std::vector<int32_t>& controls() const { return m_controls; }
    const std::vector<int32_t>& userDefined() const { return m_userDefined; }

private:
    struct MergeSlot {
        uint64_t pair = noPair; ///< left token, right token
        Merge merge;
    };
    static constexpr uint64_t noPair = ~uint64_t{0};

    size_t mergeSlot(uint64_t pair) const;
    void readTokens(const gguf::Reader& file);
    void index(const std::vector<std::string>& texts);
    void indexBytes();
    void readMerges(const gguf::Reader& file);
    void readScores(const gguf::Reader& file);
    std::string bytesOf(size_t id, const std::string& text);

    Spelling m_spelling;
    MergeOrder m_order;
    std::vector<std::string> m_bytes;
    std::vector<TokenType> m_types;
    std::vector<float> m_scores;
    std::vector<bool> m_reachable; ///< normal tokens that text can become
    std::unordered_map<std::string_view, int32_t> m_byBytes;
    std::unordered_map<std::string_view, int32_t> m_byText;
    std::vector<MergeSlot> m_merges;         ///< open addressing, a power of two of slots, at most half of them taken
    std::array<int32_t, 256> m_byteTokens{}; ///< −1 where there is none
    std::array<bool, 256> m_joinsWords{};
    int32_t m_unknown = -1;
    std::vector<int32_t> m_controls;
    std::vector<int32_t> m_userDefined;
    size_t m_longest = 0;
};

/** Rows at the end of the vocabulary that are no tokens are left out: the number of ids that can be produced. */
uint32_t producibleTokens(const gguf::Reader& file);

/** SentencePiece's "▁" to the space that it stands for. */
std::string withSpaces(std::string_view text);

/** `text` for use in a sentence: cut to some 40 bytes at a character's border, control characters and what is
 *  no UTF-8 replaced by "?". */
std::string shortened(std::string_view text);

} // namespace moescope::model
