// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/session/saved_states.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <set>

#include <unistd.h>

namespace moescope::session {
namespace {

namespace fs = std::filesystem;

using testing::blockOf;
using testing::bytesPerToken;
using testing::keyOf;
using testing::save;
using testing::someTokens;

class KvStoreTest : public ::testing::Test {
protected:
    KvStoreTest() : m_folder(fs::temp_directory_path() / ("moescope-kv-store-" + std::to_string(::getpid()))) {
        fs::remove_all(m_folder);
    }
    ~KvStoreTest() override { fs::remove_all(m_folder); }

    /** All that a prefix names is there and right. */
    static void checkPrefix(KvStore& store, const StoredPrefix& prefix, std::span<const int32_t> tokens) {
        uint32_t at = 0;
        for (const BlockId& id : prefix.blocks) {
            const KvBlock block = store.read(id, bytesPerToken);
            const uint32_t count = std::min<uint32_t>(static_cast<uint32_t>(block.tokens.size()), prefix.tokens - at);
            ASSERT_TRUE(std::equal(block.tokens.begin(), block.tokens.begin() + count, tokens.begin() + at));
            ASSERT_EQ(block.rows, blockOf(block.parent, at, block.tokens).rows);
            at += count;
        }
        ASSERT_EQ(at, prefix.tokens);
    }

    fs::path m_folder;
};

TEST_F(KvStoreTest, states_that_begin_alike_share_their_blocks) {
    KvStore store(m_folder);
    std::vector<int32_t> tokens = someTokens(600, 1);
    const auto [leaf, bytes] = save(store, keyOf("a"), tokens);
    EXPECT_EQ(store.size(), 3U);
    EXPECT_EQ(bytes, store.bytes());
    EXPECT_EQ(save(store, keyOf("a"), tokens).second, 0U);
    // Another branch behind 300 tokens writes what is its own.
    std::vector<int32_t> branch(tokens.begin(), tokens.begin() + 300);
    const std::vector<int32_t> more = someTokens(300, 2);
    branch.insert(branch.end(), more.begin(), more.end());
    save(store, keyOf("a"), branch);
    EXPECT_EQ(store.size(), 5U);
    for (const auto& state : {tokens, branch}) {
        const StoredPrefix prefix = store.longest(keyOf("a"), state);
        EXPECT_EQ(prefix.tokens, 600U);
        checkPrefix(store, prefix, state);
    }
    EXPECT_EQ(store.longest(keyOf("b"), tokens).tokens, 0U);
    EXPECT_EQ(store.longest(keyOf("a"), std::span(tokens).first(299)).tokens, 299U);
    EXPECT_EQ(fs::status(m_folder).permissions(), fs::perms::owner_all);
    for (const auto& file : fs::directory_iterator(m_folder)) {
        EXPECT_EQ(file.status().permissions(), fs::perms::owner_read | fs::perms::owner_write);
    }
}

TEST_F(KvStoreTest, a_longer_answer_writes_its_tokens_and_at_most_one_block) {
    KvStore store(m_folder);
    std::vector<int32_t> tokens = someTokens(300, 1);
    BlockId leaf = save(store, keyOf("a"), tokens).first;
    const uint64_t block = encodedBytes(blockOf({}, 0, std::vector<int32_t>(blockTokens)));
    for (const size_t more : {10U, 200U, 256U, 700U}) {
        const std::vector<int32_t> next = someTokens(more, static_cast<uint32_t>(more));
        tokens.insert(tokens.end(), next.begin(), next.end());
        const auto [next_leaf, written] = save(store, keyOf("a"), tokens, leaf);
        leaf = next_leaf;
        EXPECT_LE(written, more * (bytesPerToken + 4) + (more / blockTokens + 1) * 80 + block);
        EXPECT_EQ(store.size(), (tokens.size() + blockTokens - 1) / blockTokens) << "the shorter last block stayed";
        EXPECT_EQ(store.longest(keyOf("a"), tokens).tokens, tokens.size());
    }
}

TEST_F(KvStoreTest, rows_of_the_same_tokens_that_differ_stay_apart) {
    KvStore store(m_folder);
    const std::vector<int32_t> tokens = someTokens(blockTokens, 1);
    const BlockId root = rootOf(keyOf("a"));
    const KvBlock prompt = blockOf(root, 0, tokens);
    KvBlock answered = prompt; // as another kernel gives them
    answered.rows.back() ^= 1;
    store.write(prompt);
    store.write(answered);
    KvBlock rest = blockOf(answered.id(), blockTokens, {1, 2, 3});
    store.write(rest);
    EXPECT_EQ(store.size(), 3U);
    std::vector<int32_t> all = tokens;
    all.insert(all.end(), {1, 2, 3});
    const StoredPrefix prefix = store.longest(keyOf("a"), all);
    ASSERT_EQ(prefix.tokens, blockTokens + 3);
    EXPECT_EQ(store.read(prefix.blocks[0], bytesPerToken).rows, answered.rows) << "rows of two computations are mixed";
    // A shorter end that another state needs stays.
    store.write(blockOf(answered.id(), blockTokens, {1, 2, 3, 4}), rest.id());
    EXPECT_EQ(store.size(), 3U);
}

TEST_F(KvStoreTest, what_cannot_be_read_now_is_not_lost) {
    if (::geteuid() == 0) {
        GTEST_SKIP() << "an administrator can read everything";
    }
    KvStore store(m_folder);
    const std::vector<int32_t> tokens = someTokens(600, 1);
    save(store, keyOf("a"), tokens);
    const StoredPrefix whole = store.longest(keyOf("a"), tokens);
    const fs::path file = m_folder / (whole.blocks[0].hex() + ".kv");
    fs::permissions(file, fs::perms::none);
    EXPECT_THROW(store.read(whole.blocks[0], bytesPerToken), trace::Error);
    EXPECT_EQ(store.size(), 3U);
    fs::permissions(file, fs::perms::owner_read);
    store.read(whole.blocks[0], bytesPerToken);
}

TEST_F(KvStoreTest, is_the_same_after_a_restart) {
    std::mt19937 random(4);
    std::vector<std::vector<int32_t>> states;
    {
        KvStore store(m_folder);
        for (uint32_t i = 0; i < 12; ++i) {
            std::vector<int32_t> state = states.empty() ? std::vector<int32_t>() : states[random() % states.size()];
            state.resize(state.empty() ? 0 : random() % state.size());
            const std::vector<int32_t> more = someTokens(random() % 700 + 1, i);
            state.insert(state.end(), more.begin(), more.end());
            save(store, keyOf("a"), state);
            states.push_back(state);
        }
    }
    KvStore store(m_folder);
    EXPECT_TRUE(store.foreign().empty());
    uint64_t bytes = 0;
    for (const auto& file : fs::directory_iterator(m_folder)) {
        bytes += file.file_size();
    }
    EXPECT_EQ(store.bytes(), bytes);
    for (const auto& state : states) {
        const StoredPrefix prefix = store.longest(keyOf("a"), state);
        ASSERT_EQ(prefix.tokens, state.size());
        checkPrefix(store, prefix, state);
    }
}

TEST_F(KvStoreTest, a_budget_takes_the_longest_unused_ends_first) {
    KvStore store(m_folder);
    const std::vector<int32_t> old = someTokens(500, 1);
    const std::vector<int32_t> fresh = someTokens(500, 2);
    save(store, keyOf("a"), old);
    save(store, keyOf("a"), fresh);
    const uint64_t all = store.bytes();
    EXPECT_TRUE(store.shrinkTo(all).empty());
    EXPECT_EQ(store.shrinkTo(all - 1).size(), 1U);
    EXPECT_EQ(store.longest(keyOf("a"), old).tokens, 256U);
    EXPECT_EQ(store.longest(keyOf("a"), fresh).tokens, 500U);
    store.read(store.longest(keyOf("a"), old).blocks.front(), bytesPerToken); // used again
    store.shrinkTo(store.bytes() - 1);
    EXPECT_EQ(store.longest(keyOf("a"), old).tokens, 256U);
    EXPECT_EQ(store.longest(keyOf("a"), fresh).tokens, 256U);
    store.shrinkTo(0);
    EXPECT_EQ(store.size(), 0U);
    EXPECT_TRUE(fs::is_empty(m_folder));
}

TEST_F(KvStoreTest, what_no_branch_uses_goes) {
    KvStore store(m_folder);
    const std::vector<int32_t> tokens = someTokens(600, 1);
    const BlockId leaf = save(store, keyOf("a"), tokens).first;
    std::vector<int32_t> branch(tokens.begin(), tokens.begin() + 256);
    branch.push_back(7);
    const BlockId other = save(store, keyOf("a"), branch).first;
    save(store, keyOf("a"), someTokens(100, 9));
    store.keepOnly(std::vector<BlockId>{leaf, other});
    EXPECT_EQ(store.size(), 4U);
    store.keepOnly(std::vector<BlockId>{other});
    EXPECT_EQ(store.size(), 2U);
    EXPECT_EQ(store.longest(keyOf("a"), branch).tokens, 257U);
    EXPECT_EQ(store.longest(keyOf("a"), tokens).tokens, 256U);
}

TEST_F(KvStoreTest, a_damaged_block_goes_with_all_that_build_on_it) {
    const std::vector<int32_t> tokens = someTokens(900, 1);
    StoredPrefix whole;
    {
        KvStore store(m_folder);
        save(store, keyOf("a"), tokens);
        whole = store.longest(keyOf("a"), tokens);
    }
    const fs::path file = m_folder / (whole.blocks[1].hex() + ".kv");
    {
        std::fstream bytes(file, std::ios::binary | std::ios::in | std::ios::out);
        bytes.seekp(-100, std::ios::end);
        bytes.put('!');
    }
    KvStore store(m_folder);
    EXPECT_EQ(store.longest(keyOf("a"), tokens).tokens, 900U) << "only what is read is checked";
    store.read(whole.blocks[0], bytesPerToken);
    try {
        store.read(whole.blocks[1], bytesPerToken);
        FAIL();
    } catch (const trace::Error& error) {
        EXPECT_EQ(error.id(), "session.checksum");
    }
    EXPECT_EQ(store.longest(keyOf("a"), tokens).tokens, 256U);
    EXPECT_EQ(store.size(), 1U);
    save(store, keyOf("a"), tokens);
    EXPECT_EQ(store.longest(keyOf("a"), tokens).tokens, 900U);
}

TEST_F(KvStoreTest, tells_what_is_left_of_a_state_whose_last_block_went) {
    KvStore store(m_folder);
    const std::vector<int32_t> tokens = someTokens(600, 1);
    const BlockId shorter = save(store, keyOf("a"), std::vector<int32_t>(tokens.begin(), tokens.begin() + 550)).first;
    EXPECT_TRUE(store.takeMoves().empty());
    const std::vector<BlockId> before = store.longest(keyOf("a"), tokens).blocks;
    ASSERT_EQ(before.size(), 3U);
    KvBlock longer = blockOf(before[1], 2 * blockTokens, std::vector<int32_t>(tokens.begin() + 512, tokens.end()));
    store.write(longer, shorter);
    auto moves = store.takeMoves();
    ASSERT_EQ(moves.size(), 1U);
    EXPECT_TRUE(moves[0].first == shorter);
    EXPECT_TRUE(moves[0].second == longer.id());
    EXPECT_TRUE(store.takeMoves().empty());

    // Room is made: what is left ends a block earlier, then nowhere.
    store.shrinkTo(store.bytes() - 1);
    moves = store.takeMoves();
    ASSERT_EQ(moves.size(), 1U);
    EXPECT_TRUE(moves[0].first == longer.id());
    EXPECT_TRUE(moves[0].second == before[1]);
    store.keepOnly(std::vector<BlockId>{*moves[0].second});
    EXPECT_EQ(store.size(), 2U) << "it is the end of the state now";
    store.shrinkTo(0);
    moves = store.takeMoves();
    ASSERT_EQ(moves.size(), 2U);
    EXPECT_FALSE(moves[0].second);
    EXPECT_FALSE(moves[1].second);

    // What no state needs leaves nothing to tell.
    save(store, keyOf("a"), tokens);
    store.keepOnly({});
    EXPECT_EQ(store.size(), 0U);
    EXPECT_TRUE(store.takeMoves().empty());
}

TEST_F(KvStoreTest, a_block_that_says_it_stands_elsewhere_is_not_believed) {
    const std::vector<int32_t> tokens = someTokens(300, 1);
    StoredPrefix whole;
    {
        KvStore store(m_folder);
        save(store, keyOf("a"), tokens);
        whole = store.longest(keyOf("a"), tokens);
    }
    // With a checksum that agrees: where it stands is in no id.
    const fs::path file = m_folder / (whole.blocks[1].hex() + ".kv");
    std::vector<uint8_t> bytes(fs::file_size(file));
    std::ifstream(file, std::ios::binary)
        .read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    const uint32_t first = 1U << 31;
    constexpr size_t firstAt = 24;
    std::copy_n(reinterpret_cast<const uint8_t*>(&first), sizeof(first), bytes.begin() + firstAt);
    const auto sum = sumOf({bytes.data(), bytes.size() - 16});
    std::copy(sum.begin(), sum.end(), bytes.end() - 16);
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    const KvStore store(m_folder);
    EXPECT_EQ(store.longest(keyOf("a"), tokens).tokens, 256U);
}

TEST_F(KvStoreTest, foreign_files_are_left_alone) {
    {
        KvStore store(m_folder);
        save(store, keyOf("a"), someTokens(10, 1));
    }
    std::ofstream(m_folder / "notes.txt") << "mine";
    std::ofstream(m_folder / "0123456789abcdef0123456789abcdef.kv") << "no block";
    fs::copy_file(m_folder / (KvStore(m_folder).longest(keyOf("a"), someTokens(10, 1)).blocks.front().hex() + ".kv"),
                  m_folder / "fedcba9876543210fedcba9876543210.kv");
    fs::create_directory(m_folder / "folder.kv");
    KvStore store(m_folder);
    EXPECT_EQ(store.size(), 1U);
    EXPECT_EQ(store.foreign().size(), 4U);
    store.shrinkTo(0);
    EXPECT_EQ(std::distance(fs::directory_iterator(m_folder), fs::directory_iterator()), 4);
}

TEST_F(KvStoreTest, what_builds_on_nothing_is_refused_and_an_orphan_is_no_help) {
    const std::vector<int32_t> tokens = someTokens(600, 1);
    StoredPrefix whole;
    {
        KvStore store(m_folder);
        EXPECT_THROW(store.write(blockOf({}, blockTokens, {1, 2})), trace::Error);
        save(store, keyOf("a"), tokens);
        whole = store.longest(keyOf("a"), tokens);
    }
    fs::remove(m_folder / (whole.blocks[0].hex() + ".kv"));
    KvStore store(m_folder);
    EXPECT_EQ(store.longest(keyOf("a"), tokens).tokens, 0U);
    EXPECT_EQ(store.size(), 0U) << "blocks without their parent are removed";
    std::ofstream(m_folder.string() + "-file") << "x";
    EXPECT_THROW(KvStore(m_folder.string() + "-file"), trace::Error);
    fs::remove(m_folder.string() + "-file");
}

} // namespace
} // namespace moescope::session
