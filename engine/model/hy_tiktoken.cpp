// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hy_tiktoken.h"

#include "engine/model/bounds.h"
#include "engine/model/byte_unicode.h"
#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>
#include <unordered_map>

namespace moescope::model {

using trace::Error;

namespace {

constexpr const char* fileName = "hy.tiktoken";

/** Six bits of a base64 character; −1 for others. */
int sextet(char c) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const size_t at = alphabet.find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

/** Bytes of padded base64; nullopt if it is none. */
std::optional<std::string> fromBase64(std::string_view text) {
    if (text.empty() || text.size() % 4 != 0) {
        return std::nullopt;
    }
    size_t padding = 0;
    while (padding < 2 && text[text.size() - 1 - padding] == '=') {
        ++padding;
    }
    std::string out;
    uint32_t bits = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        const bool padded = i >= text.size() - padding;
        const int six = padded ? 0 : sextet(text[i]);
        if (six < 0) {
            return std::nullopt;
        }
        bits = bits << 6 | static_cast<uint32_t>(six);
        if (i % 4 == 3) {
            for (const int shift : {16, 8, 0}) {
                out += static_cast<char>(bits >> shift & 0xFF);
            }
            bits = 0;
        }
    }
    out.resize(out.size() - padding);
    return out;
}

using Ranks = std::unordered_map<std::string_view, uint32_t>;

/** Where the merge that makes a token cuts it: its bytes merged by the ranks below its own end as two parts. nullopt if
 *  they end as more: then no merge makes it. */
std::optional<size_t> lastCut(std::string_view bytes, uint32_t rank, const Ranks& ranks) {
    std::vector<size_t> borders(bytes.size() + 1); // of the parts, both ends included
    std::iota(borders.begin(), borders.end(), size_t{0});
    const auto rankOfPair = [&](size_t part) {
        const auto at = ranks.find(bytes.substr(borders[part], borders[part + 2] - borders[part]));
        return at == ranks.end() ? rank : std::min(rank, at->second);
    };
    std::vector<uint32_t> pairs(bytes.size() - 1); // of each part with the next
    for (size_t i = 0; i < pairs.size(); ++i) {
        pairs[i] = rankOfPair(i);
    }
    while (pairs.size() > 1) {
        const auto best = std::min_element(pairs.begin(), pairs.end());
        if (*best == rank) {
            return std::nullopt;
        }
        const ptrdiff_t part = best - pairs.begin();
        borders.erase(borders.begin() + part + 1);
        pairs.erase(best);
        for (ptrdiff_t i = std::max<ptrdiff_t>(part - 1, 0); i <= part && i < std::ssize(pairs); ++i) {
            pairs[static_cast<size_t>(i)] = rankOfPair(static_cast<size_t>(i));
        }
    }
    return borders[1];
}

std::vector<std::string> readLines(std::string_view text) {
    std::vector<std::string> tokens;
    const auto refuse = [&] {
        throw Error(
            "hf.tiktoken", "Line {line} of “{file}” is no token in base64 with the rank {rank} behind it.",
            {{"line", std::to_string(tokens.size() + 1)}, {"file", fileName}, {"rank", std::to_string(tokens.size())}});
    };
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        const size_t space = line.find(' ');
        std::optional<std::string> bytes = fromBase64(line.substr(0, space));
        uint32_t rank = 0;
        const std::string_view number = space == std::string_view::npos ? "" : line.substr(space + 1);
        const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), rank);
        const bool whole = error == std::errc() && end == number.data() + number.size() && !number.empty();
        if (!bytes || bytes->empty() || bytes->size() > bounds::importedTokenBytes / 2 || !whole ||
            rank != tokens.size() || tokens.size() == bounds::vocabulary) {
            refuse();
        }
        tokens.push_back(std::move(*bytes));
    }
    return tokens;
}

/** The special tokens in the order of their ids, as tokenization_hy.py appends them. */
std::vector<std::string> specialTokens(size_t extras) {
    std::vector<std::string> out{"<|endoftext|>", "<|startoftext|>", "<|bos|>", "<|eos|>", "<|pad|>"};
    for (size_t i = 0; i < extras; ++i) {
        out.push_back("<|extra_" + std::to_string(i) + "|>");
    }
    return out;
}

} // namespace

TokenizerTables readHyTiktoken(std::string_view text, uint32_t rows) {
    const std::vector<std::string> tokens = readLines(text);
    // Hunyuan-A13B's embedding has a row for each token, Large's is padded; A13B has one token more.
    constexpr size_t extrasOfLarge = 204;
    const bool exact = rows == tokens.size() + specialTokens(extrasOfLarge + 1).size();
    const std::vector<std::string> specials = specialTokens(exact ? extrasOfLarge + 1 : extrasOfLarge);
    const size_t count = tokens.size() + specials.size();
    if (count > rows) {
        throw Error("hf.tiktoken", "“{file}” has {tokens} tokens with the special ones, but the embedding {rows} rows.",
                    {{"file", fileName}, {"tokens", trace::grouped(count)}, {"rows", trace::grouped(rows)}});
    }
    TokenizerTables tables;
    tables.model = "gpt2";
    tables.pre = "hunyuan";
    tables.tokens.reserve(rows);
    tables.types.reserve(rows);
    const auto add = [&](std::string token, TokenType type) {
        tables.tokens.push_back(std::move(token));
        tables.types.push_back(static_cast<int32_t>(type));
    };
    Ranks ranks;
    ranks.reserve(tokens.size());
    for (size_t i = 0; i < tokens.size(); ++i) {
        const auto [at, added] = ranks.emplace(tokens[i], static_cast<uint32_t>(i));
        if (!added) {
            throw Error("hf.duplicate_token", "“{file}” has the token “{text}” twice, as {first} and {second}.",
                        {{"file", fileName},
                         {"text", shortened(toByteUnicode(tokens[i]))},
                         {"first", std::to_string(at->second)},
                         {"second", std::to_string(i)}});
        }
    }
    for (size_t i = 0; i < tokens.size(); ++i) {
        add(toByteUnicode(tokens[i]), TokenType::Normal);
        if (tokens[i].size() < 2) {
            continue;
        }
        if (const auto cut = lastCut(tokens[i], static_cast<uint32_t>(i), ranks)) {
            const std::string_view bytes = tokens[i];
            tables.merges.push_back(toByteUnicode(bytes.substr(0, *cut)) + " " + toByteUnicode(bytes.substr(*cut)));
        }
    }
    for (const std::string& special : specials) {
        add(special, TokenType::Control);
    }
    while (tables.tokens.size() < rows) {
        add("[PAD" + std::to_string(tables.tokens.size()) + "]", TokenType::Unused);
    }
    return tables;
}

} // namespace moescope::model
