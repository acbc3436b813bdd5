// SPDX-License-Identifier: Apache-2.0
#include "engine/session/session_file.h"

#include <gtest/gtest.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>
#include <unistd.h>

namespace moescope::session {
namespace {

namespace fs = std::filesystem;

KvKey sampleKey() {
    KvKey key{.model = "0123456789abcdef0123456789abcdef",
              .kv_type = trace::KvType::F16,
              .rope = "base 10000",
              .device = "a device, a driver “1.0”",
              .variant = "texels, subgroups of 8",
              .bytes_per_token = 48};
    key.intervention.banned = {{1, 2}};
    key.intervention.biases = {{{0, 3}, -0.1F}};
    return key;
}

KvBlock sampleBlock(uint32_t tokens, uint32_t seed) {
    std::mt19937 random(seed);
    KvBlock block;
    for (uint32_t i = 0; i < tokens; ++i) {
        block.tokens.push_back(static_cast<int32_t>(random() % 1'000));
    }
    for (uint32_t i = 0; i < tokens * 48; ++i) {
        block.rows.push_back(static_cast<uint8_t>(random()));
    }
    block.routing.assign(seed % 5, 7);
    return block;
}

class SessionFile : public testing::Test {
protected:
    SessionFile() : m_path(fs::temp_directory_path() / ("moescope-session-file-" + std::to_string(::getpid()))) {}
    ~SessionFile() override { fs::remove(m_path); }

    void write(const std::vector<uint32_t>& sizes) const {
        SessionWriter writer(m_path, sampleKey(), 16);
        for (size_t i = 0; i < sizes.size(); ++i) {
            writer.add(sampleBlock(sizes[i], static_cast<uint32_t>(i)));
        }
        writer.commit();
    }
    std::string contents() const {
        std::ifstream in(m_path, std::ios::binary);
        std::ostringstream text;
        text << in.rdbuf();
        return std::move(text).str();
    }
    void put(const std::string& bytes) const { std::ofstream(m_path, std::ios::binary | std::ios::trunc) << bytes; }
    /** Blocks that can be read before the end or the error whose id is returned. */
    std::pair<size_t, std::string> readAll() const {
        size_t blocks = 0;
        try {
            SessionReader reader(m_path);
            while (const std::optional<BlockView> block = reader.next()) {
                const KvBlock wanted =
                    sampleBlock(static_cast<uint32_t>(block->tokens.size()), static_cast<uint32_t>(blocks));
                EXPECT_EQ(block->tokens, wanted.tokens);
                EXPECT_EQ(std::vector(block->rows.begin(), block->rows.end()), wanted.rows);
                EXPECT_EQ(std::vector(block->routing.begin(), block->routing.end()), wanted.routing);
                ++blocks;
            }
            return {blocks, ""};
        } catch (const trace::Error& error) {
            return {blocks, error.id()};
        }
    }

    fs::path m_path;
};

TEST(KvKey, text_and_key_are_one) {
    const KvKey key = sampleKey();
    EXPECT_EQ(keyFromText(toText(key)), key);
    EXPECT_FALSE(keyFromText("").has_value());
    EXPECT_FALSE(keyFromText("{}").has_value());
    EXPECT_FALSE(keyFromText("[1,2]").has_value());
    EXPECT_FALSE(keyFromText(toText(key) + " ").has_value());
    KvKey other = key;
    EXPECT_FALSE(difference(key, other).has_value());
    const auto idOf = [&key](const auto& change) {
        KvKey changed = key;
        change(changed);
        EXPECT_FALSE(rootOf(changed) == rootOf(key));
        EXPECT_EQ(std::string(difference(key, changed)->what()).find('{'), std::string::npos);
        return difference(key, changed)->id();
    };
    EXPECT_EQ(idOf([](KvKey& k) { k.model[0] = 'f'; }), "session.model");
    EXPECT_EQ(idOf([](KvKey& k) { k.kv_type = trace::KvType::Q8_0; }), "session.kv_type");
    EXPECT_EQ(idOf([](KvKey& k) { k.rope += "0"; }), "session.rope");
    EXPECT_EQ(idOf([](KvKey& k) { k.intervention.biases[0].bias = -0.2F; }), "session.intervention");
    EXPECT_EQ(idOf([](KvKey& k) { k.device += "!"; }), "session.device");
    EXPECT_EQ(idOf([](KvKey& k) { k.variant = "buffers"; }), "session.variant");
    EXPECT_EQ(idOf([](KvKey& k) { k.bytes_per_token = 64; }), "session.layout");
}

TEST_F(SessionFile, what_was_written_is_read) {
    for (const std::vector<uint32_t>& sizes :
         {std::vector<uint32_t>{}, {1}, {15}, {16}, {16, 1}, {16, 16, 16}, {16, 16, 7}}) {
        write(sizes);
        EXPECT_EQ(SessionReader(m_path).key(), sampleKey());
        EXPECT_EQ(readAll(), std::make_pair(sizes.size(), std::string()));
    }
    const auto mode = fs::status(m_path).permissions();
    EXPECT_EQ(mode, fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(SessionFile, nothing_follows_a_block_that_is_not_full) {
    write({16, 7, 16});
    EXPECT_EQ(readAll(), std::make_pair(size_t{2}, std::string("session.damaged"))); // it begins at no block's place
    write({16, 16, 16});
    const std::string whole = contents();
    const size_t block = encodedBytes(sampleBlock(16, 0));
    const size_t first = whole.size() - block - encodedBytes(sampleBlock(16, 1)) - encodedBytes(sampleBlock(16, 2));
    put(whole.substr(0, first) + whole.substr(first + block));
    EXPECT_EQ(readAll(), std::make_pair(size_t{0}, std::string("session.order")));
}

TEST_F(SessionFile, cut_anywhere_it_gives_whole_blocks_alone) {
    write({16, 16, 7});
    const std::string whole = contents();
    for (size_t bytes = 0; bytes < whole.size(); bytes += 7) {
        put(whole.substr(0, bytes));
        const auto [blocks, id] = readAll();
        ASSERT_LE(blocks, 2U);
        ASSERT_TRUE(id == "session.file" || id == "session.damaged" || (id.empty() && bytes > 24)) << bytes << id;
    }
}

TEST_F(SessionFile, every_flipped_bit_is_noticed) {
    write({16, 9});
    const std::string whole = contents();
    for (size_t at = 0; at < whole.size(); ++at) {
        std::string bad = whole;
        bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
        put(bad);
        const auto [blocks, id] = readAll();
        ASSERT_NE(id, "") << at;
    }
}

/** A file of whole bytes whose first block was changed by `lie` and has its checksum right again. */
template <typename Lie>
std::string withLie(const std::string& whole, size_t block_at, size_t block_bytes, const Lie& lie) {
    std::string bad = whole;
    lie(reinterpret_cast<uint8_t*>(bad.data()) + block_at);
    XXH128_canonical_t sum;
    XXH128_canonicalFromHash(&sum, XXH3_128bits(bad.data() + block_at, block_bytes - sizeof(sum.digest)));
    std::memcpy(bad.data() + block_at + block_bytes - sizeof(sum.digest), sum.digest, sizeof(sum.digest));
    return bad;
}

TEST_F(SessionFile, lies_with_a_right_checksum_are_refused_or_harmless) {
    write({16, 16, 7});
    const std::string whole = contents();
    const size_t block = encodedBytes(sampleBlock(16, 0));
    const size_t at = whole.size() - block - encodedBytes(sampleBlock(16, 1)) - encodedBytes(sampleBlock(7, 2));
    std::mt19937_64 random(11);
    const std::array<uint64_t, 8> numbers = {0, 1, 15, 17, 255, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF};
    size_t refused = 0;
    for (int i = 0; i < 500; ++i) {
        // Fields: parent 8, first 24, tokens 28, row bytes 32, routing bytes 40; then ids and rows.
        const std::array<std::pair<size_t, size_t>, 6> fields = {{{8, 8}, {24, 4}, {28, 4}, {32, 8}, {40, 8}, {64, 4}}};
        const auto [offset, bytes] = fields[random() % fields.size()];
        const uint64_t number = random() % 2 == 0 ? numbers[random() % numbers.size()] : random();
        put(withLie(whole, at, block, [&, from = offset, count = bytes](uint8_t* header) {
            std::memcpy(header + from, &number, count);
        }));
        size_t blocks = 0;
        try {
            SessionReader reader(m_path);
            while (const std::optional<BlockView> one = reader.next()) {
                ASSERT_LE(one->tokens.size(), 16U);
                ASSERT_EQ(one->rows.size(), one->tokens.size() * 48);
                ++blocks;
            }
        } catch (const trace::Error& error) {
            ASSERT_TRUE(error.id() == "session.damaged" || error.id() == "session.order" ||
                        error.id() == "session.checksum")
                << error.id();
            ++refused;
        }
        ASSERT_LE(blocks, 3U);
    }
    EXPECT_GT(refused, 450U);
}

TEST_F(SessionFile, a_header_that_lies_is_refused) {
    write({16});
    const std::string whole = contents();
    const auto idWith = [&](size_t at, uint32_t number) {
        std::string bad = whole;
        std::memcpy(bad.data() + at, &number, sizeof(number));
        put(bad);
        return readAll().second;
    };
    EXPECT_EQ(idWith(8, 2), "session.version");
    for (const uint32_t number : {0U, 1U, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
        EXPECT_EQ(idWith(12, number), "session.file"); // bytes of the key
    }
    EXPECT_EQ(idWith(16, 0), "session.file"); // tokens of a block
    EXPECT_EQ(idWith(16, 257), "session.file");
    EXPECT_EQ(idWith(16, 15), "session.damaged");
}

} // namespace
} // namespace moescope::session
