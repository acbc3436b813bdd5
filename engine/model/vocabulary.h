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

/** The tables of a byte-level BPE vocabulary, checked: no token twice, every byte there, merges of known tokens. */
class Vocabulary {
public:
    explicit Vocabulary(const gguf::Reader& file);
    Vocabulary(const Vocabulary&) = delete;
    Vocabulary& operator=(const Vocabulary&) = delete;

    uint32_t size() const { return static_cast<uint32_t>(m_bytes.size()); }
    /** What the token stands for; the text itself for control and user-defined tokens. */
    const std::string& bytes(int32_t token) const { return m_bytes[static_cast<size_t>(token)]; }
    TokenType type(int32_t token) const { return m_types[static_cast<size_t>(token)]; }
    int32_t byteToken(uint8_t byte) const { return m_byteTokens[byte]; }
    /** Id of the normal token with these bytes; −1 if there is none. */
    int32_t find(std::string_view bytes) const;
    /** Id of the control token with this text; −1 if there is none. */
    int32_t findControl(std::string_view text) const;
    const Merge* merge(int32_t left, int32_t right) const;
    /** Ids of control (and unknown) tokens, and of the user-defined, in order. */
    const std::vector<int32_t>& controls() const { return m_controls; }
    const std::vector<int32_t>& userDefined() const { return m_userDefined; }

private:
    void readTokens(const gguf::Reader& file);
    void readMerges(const gguf::Reader& file);

    std::vector<std::string> m_bytes;
    std::vector<TokenType> m_types;
    std::unordered_map<std::string_view, int32_t> m_byBytes;
    std::unordered_map<std::string_view, int32_t> m_byText;
    std::unordered_map<uint64_t, Merge> m_merges;
    std::array<int32_t, 256> m_byteTokens{};
    std::vector<int32_t> m_controls;
    std::vector<int32_t> m_userDefined;
    size_t m_longest = 0;
};

/** Rows at the end of the vocabulary that are no tokens are left out: the number of ids that can be produced. */
uint32_t producibleTokens(const gguf::Reader& file);

/** `text` for use in a sentence: cut to some 40 bytes at a character's border, control characters replaced by "?". */
std::string shortened(std::string_view text);

} // namespace moescope::model
