// SPDX-License-Identifier: Apache-2.0
#include "engine/session/kv_block.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <cstring>

namespace moescope::session {

using trace::Error;

namespace {

static_assert(std::endian::native == std::endian::little, "blocks are little-endian and copied as they are");

constexpr std::array<char, 8> magic = {'M', 'S', 'K', 'V', 'B', 'L', 'K', '1'};
constexpr size_t checksumBytes = 16;
constexpr uint64_t mostRowBytes = uint64_t{1} << 40;
constexpr uint64_t mostRouting = uint64_t{1} << 28; ///< 256 tokens of 128 layers with 16 experts take 1.3 MiB

struct Header {
    std::array<char, 8> magic;
    std::array<uint8_t, 16> parent;
    uint32_t first;
    uint32_t tokens;
    uint64_t row_bytes;
    uint64_t routing_bytes;
    std::array<uint8_t, 16> rows_sum;
};
static_assert(sizeof(Header) == blockHeaderBytes && std::is_trivially_copyable_v<Header>);

std::array<uint8_t, 16> canonical(const XXH128_hash_t& hash) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, hash);
    std::array<uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), canonical.digest, bytes.size());
    return bytes;
}

Error damaged(const char* what) {
    return Error("session.damaged", "A block of the saved KV cache is damaged: {what}.", {{"what", what}});
}

void append(std::vector<uint8_t>& to, const void* bytes, size_t count) {
    const auto* from = static_cast<const uint8_t*>(bytes);
    to.insert(to.end(), from, from + count);
}

} // namespace

std::string BlockId::hex() const {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const uint8_t byte : bytes) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

BlockId rootOf(const KvKey& key) {
    const std::string text = toText(key);
    return {canonical(XXH3_128bits(text.data(), text.size()))};
}

std::array<uint8_t, 16> sumOf(std::span<const uint8_t> bytes) {
    return canonical(XXH3_128bits(bytes.data(), bytes.size()));
}

BlockId idOf(const BlockId& parent, std::span<const int32_t> tokens, const std::array<uint8_t, 16>& rows_sum) {
    std::vector<uint8_t> bytes(parent.bytes.begin(), parent.bytes.end());
    bytes.insert(bytes.end(), rows_sum.begin(), rows_sum.end());
    append(bytes, tokens.data(), tokens.size_bytes());
    return {canonical(XXH3_128bits(bytes.data(), bytes.size()))};
}

uint64_t BlockHeader::bytes() const {
    return blockHeaderBytes + uint64_t{tokens} * sizeof(int32_t) + row_bytes + routing_bytes + checksumBytes;
}

uint64_t encodedBytes(uint64_t tokens, uint64_t row_bytes, uint64_t routing_bytes) {
    return blockHeaderBytes + tokens * sizeof(int32_t) + row_bytes + routing_bytes + checksumBytes;
}

uint64_t encodedBytes(const KvBlock& block) {
    return encodedBytes(block.tokens.size(), block.rows.size(), block.routing.size());
}

std::vector<uint8_t> toBytes(const KvBlock& block) {
    const Header header{magic,
                        block.parent.bytes,
                        block.first,
                        static_cast<uint32_t>(block.tokens.size()),
                        block.rows.size(),
                        block.routing.size(),
                        sumOf(block.rows)};
    std::vector<uint8_t> bytes;
    bytes.reserve(encodedBytes(block));
    append(bytes, &header, sizeof(header));
    append(bytes, block.tokens.data(), block.tokens.size() * sizeof(int32_t));
    append(bytes, block.rows.data(), block.rows.size());
    append(bytes, block.routing.data(), block.routing.size());
    const auto sum = canonical(XXH3_128bits(bytes.data(), bytes.size()));
    append(bytes, sum.data(), sum.size());
    return bytes;
}

BlockHeader readHeader(std::span<const uint8_t> bytes, const BlockShape& shape) {
    Header header;
    if (bytes.size() < sizeof(header)) {
        throw damaged("it is cut short");
    }
    std::memcpy(&header, bytes.data(), sizeof(header));
    if (header.magic != magic) {
        throw damaged("it does not begin as one");
    }
    if (header.tokens == 0 || header.tokens > shape.tokens || header.first % shape.tokens != 0) {
        throw damaged("its tokens cannot be so many, or not there");
    }
    if (shape.bytes_per_token ? header.row_bytes != uint64_t{header.tokens} * *shape.bytes_per_token
                              : header.row_bytes % header.tokens != 0 || header.row_bytes > mostRowBytes) {
        throw damaged("its rows have another size");
    }
    if (header.routing_bytes > mostRouting) {
        throw damaged("its routing is too large");
    }
    return {{header.parent}, header.first, header.tokens, header.row_bytes, header.routing_bytes, header.rows_sum};
}

BlockView viewOf(std::span<const uint8_t> bytes, const BlockShape& shape) {
    if (bytes.size() < blockHeaderBytes + checksumBytes) {
        throw damaged("it is cut short");
    }
    const auto body = bytes.first(bytes.size() - checksumBytes);
    const auto sum = canonical(XXH3_128bits(body.data(), body.size()));
    if (std::memcmp(sum.data(), bytes.data() + body.size(), sum.size()) != 0) {
        throw Error("session.checksum", "A block of the saved KV cache is damaged: its checksum is another.");
    }
    const BlockHeader header = readHeader(bytes, shape);
    if (header.bytes() != bytes.size()) {
        throw damaged("it has another size than it says");
    }
    BlockView block;
    block.parent = header.parent;
    block.first = header.first;
    block.tokens.resize(header.tokens);
    std::span<const uint8_t> rest = body.subspan(blockHeaderBytes);
    const auto take = [&rest](uint64_t count) {
        const auto taken = rest.first(count);
        rest = rest.subspan(count);
        return taken;
    };
    const auto tokens = take(header.tokens * sizeof(int32_t));
    std::memcpy(block.tokens.data(), tokens.data(), tokens.size());
    block.rows = take(header.row_bytes);
    block.routing = take(header.routing_bytes);
    block.rows_sum = header.rows_sum;
    if (sumOf(block.rows) != header.rows_sum) {
        throw damaged("its rows are others than it says");
    }
    return block;
}

KvBlock blockFromBytes(std::span<const uint8_t> bytes, const BlockShape& shape) {
    BlockView view = viewOf(bytes, shape);
    return {view.parent,
            view.first,
            std::move(view.tokens),
            {view.rows.begin(), view.rows.end()},
            {view.routing.begin(), view.routing.end()}};
}

} // namespace moescope::session
