// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/session/saved_states.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

namespace moescope::session {
namespace {

namespace fs = std::filesystem;

TEST(KvStoreKill, fifty_kills_never_leave_a_broken_state) {
    const fs::path folder = fs::temp_directory_path() / ("moescope-kv-kill-" + std::to_string(::getpid()));
    int inside = 0;
    for (uint32_t seed = 0; seed < 50; ++seed) {
        SCOPED_TRACE(seed);
        fs::remove_all(folder);
        const std::string command =
            std::string("exec ") + KV_STORE_CHILD + " " + folder.string() + " " + std::to_string(seed);
        std::FILE* child = popen(command.c_str(), "r");
        ASSERT_NE(child, nullptr);
        int saved = 0;
        for (int state = 0; std::fscanf(child, "%d", &state) == 1;) {
            saved = state;
        }
        const int status = pclose(child);
        inside += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 1 : 0;

        KvStore store(folder);
        EXPECT_TRUE(store.foreign().empty());
        std::vector<int32_t> tokens;
        for (int state = 1; state <= 20; ++state) {
            const std::vector<int32_t> more = testing::someTokens(100, seed * 100 + static_cast<uint32_t>(state));
            tokens.insert(tokens.end(), more.begin(), more.end());
        }
        const StoredPrefix prefix = store.longest(testing::keyOf("a"), tokens);
        EXPECT_GE(prefix.tokens, static_cast<uint32_t>(saved) * 100) << "what was saved is lost";
        uint32_t at = 0;
        for (const BlockId& id : prefix.blocks) {
            const KvBlock block = store.read(id, testing::bytesPerToken); // throws if it is damaged
            ASSERT_EQ(block.rows, testing::blockOf(block.parent, at, block.tokens).rows);
            at += static_cast<uint32_t>(block.tokens.size());
        }
        size_t files = 0;
        for (const auto& file : fs::directory_iterator(folder)) {
            files += file.is_regular_file() ? 1 : 0;
        }
        EXPECT_EQ(files, store.size()) << "what was unfinished is still there";
        // And it goes on.
        testing::save(store, testing::keyOf("a"), tokens);
        EXPECT_EQ(store.longest(testing::keyOf("a"), tokens).tokens, tokens.size());
    }
    EXPECT_GE(inside, 45) << "too few kills came within a save";
    fs::remove_all(folder);
}

} // namespace
} // namespace moescope::session
