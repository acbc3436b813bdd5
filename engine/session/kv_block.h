// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/session/kv_key.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace moescope::session {

/** Tokens of a block, at most, and in states of the app; the last one of a state may have fewer. */
constexpr uint32_t blockTokens = 256;

/** 128 bits (XXH3) over a key and all tokens and rows up to the end of a block: equal for states that agree so far, whatever
 *  follows. Rows of the same tokens may differ in their last bits: those of a prompt and of an answer come from other
 *  kernels. */
struct BlockId {
    std::array<uint8_t, 16> bytes{};

    bool operator==(const BlockId&) const = default;
    std::string hex() const;
};

/** Of no tokens. */
BlockId rootOf(const KvKey& key);
/** Of `tokens` behind the block `parent`, with rows of this sum. */
BlockId idOf(const BlockId& parent, std::span<const int32_t> tokens, const std::array<uint8_t, 16>& rows_sum);
/** XXH3, 128 bits. */
std::array<uint8_t, 16> sumOf(std::span<const uint8_t> bytes);

/** Keys and values of some tokens, and how they were routed. */
struct KvBlock {
    BlockId parent;
    uint32_t first = 0; ///< position of the first token
    std::vector<int32_t> tokens;
    /** [owner layer][K, V][KV head][token] rows, as KvCache::read() gives them. */
    std::vector<uint8_t> rows;
    /** trace::RoutingLog::toBytes() of the tokens; empty: it was not recorded. */
    std::vector<uint8_t> routing;

    /** Reads all rows. */
    BlockId id() const { return idOf(parent, tokens, sumOf(rows)); }
};

/** Bytes of toBytes(), of a block of so many tokens and bytes. */
uint64_t encodedBytes(uint64_t tokens, uint64_t row_bytes, uint64_t routing_bytes);
uint64_t encodedBytes(const KvBlock& block);

/** Little-endian, with a checksum over all of it (XXH3, 128 bits) at the end. */
std::vector<uint8_t> toBytes(const KvBlock& block);

/** The header of a block, which the rest is read by. */
struct BlockHeader {
    BlockId parent;
    uint32_t first = 0;
    uint32_t tokens = 0;
    uint64_t row_bytes = 0;
    uint64_t routing_bytes = 0;
    std::array<uint8_t, 16> rows_sum{};

    uint64_t bytes() const; ///< of the whole block, this header included
};
constexpr size_t blockHeaderBytes = 64;
/** How large blocks are: of their tokens and of one token's rows. */
struct BlockShape {
    uint32_t tokens = blockTokens; ///< of a full one
    /** Of the key; unset where a header alone is read: any. */
    std::optional<uint32_t> bytes_per_token;
};
/** Throws trace::Error{session.damaged} unless the header agrees with itself and that. */
BlockHeader readHeader(std::span<const uint8_t> bytes, const BlockShape& shape);

/** A block where its bytes lie. */
struct BlockView {
    BlockId parent;
    uint32_t first = 0; ///< position of the first token
    std::vector<int32_t> tokens;
    std::span<const uint8_t> rows;
    std::span<const uint8_t> routing;
    std::array<uint8_t, 16> rows_sum{};

    BlockId id() const { return idOf(parent, tokens, rows_sum); }
};

/** The checksum is compared before anything else is believed. Throws trace::Error{session.damaged}, {session.checksum}. */
BlockView viewOf(std::span<const uint8_t> bytes, const BlockShape& shape);
/** The same with bytes of its own. */
KvBlock blockFromBytes(std::span<const uint8_t> bytes, const BlockShape& shape);

} // namespace moescope::session
