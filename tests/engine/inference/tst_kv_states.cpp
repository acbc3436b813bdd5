// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/kv_states.h"

#include "tests/engine/inference/golden_model.h"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <limits>

#include <sys/resource.h>
#include <unistd.h>

namespace moescope::test {
namespace {

namespace fs = std::filesystem;
using inference::Engine;
using inference::KvStates;
using inference::Restored;
using session::BlockId;
using session::KvStore;

constexpr uint64_t plenty = std::numeric_limits<uint64_t>::max();

std::unique_ptr<Engine> loadBuiltin() {
    inference::LoadOptions options;
    options.sessions = true;
    options.variants = wholeSteps();
    return Engine::load(MOESCOPE_BUILTIN_MODEL, options);
}

std::vector<uint8_t> rowsOf(const Engine& engine) {
    std::vector<uint8_t> rows(size_t{engine.position()} * engine.kvKey().bytes_per_token);
    engine.readKv(0, engine.position(), rows);
    return rows;
}

void read(Engine& engine, std::span<const int32_t> tokens) {
    engine.evaluate(tokens, {}, [](const auto&) {});
}

std::vector<int32_t> joined(std::vector<int32_t> first, const std::vector<int32_t>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

/** Writes all that is not saved; the bytes. */
uint64_t saveAll(KvStates& states) {
    uint64_t bytes = 0;
    while (const std::optional<uint64_t> written = states.saveNext()) {
        bytes += *written;
    }
    return bytes;
}

class KvStatesTest : public KernelTest {
protected:
    void SetUp() override {
        KernelTest::SetUp();
        m_folder = fs::temp_directory_path() / ("moescope-kv-states-" + std::to_string(::getpid()));
        fs::remove_all(m_folder);
    }
    void TearDown() override { fs::remove_all(m_folder); }

    fs::path m_folder;
};

TEST_F(KvStatesTest, a_state_comes_back_after_a_restart_and_only_what_is_new_is_written) {
    const std::vector<int32_t> tokens = someTokens(700, 1);
    const std::vector<int32_t> more = joined(tokens, someTokens(50, 2));
    std::vector<uint8_t> rows;
    {
        KvStore store(m_folder);
        const auto engine = loadBuiltin();
        KvStates states(*engine, store, plenty);
        EXPECT_EQ(states.saveNext(), std::nullopt);
        EXPECT_FALSE(states.leaf());
        read(*engine, tokens);
        EXPECT_FALSE(states.leaf());
        const uint64_t written = saveAll(states);
        EXPECT_EQ(written, store.bytes());
        EXPECT_EQ(store.size(), 3U);
        EXPECT_LE(store.bytes(), states.bytesOfState());
        ASSERT_TRUE(states.leaf());
        EXPECT_EQ(store.find(*states.leaf())->first, 512U);
        rows = rowsOf(*engine);
    }
    KvStore store(m_folder);
    const auto engine = loadBuiltin();
    KvStates states(*engine, store, plenty);
    const Restored restored = states.restore(more);
    EXPECT_EQ(restored.tokens, 700U);
    EXPECT_FALSE(restored.reason);
    ASSERT_EQ(rowsOf(*engine), rows);
    EXPECT_EQ(saveAll(states), 0U);
    const BlockId before = *states.leaf();
    read(*engine, std::span(more).subspan(700));
    const uint64_t oneBlock = session::encodedBytes(256, 256 * uint64_t{engine->kvKey().bytes_per_token}, 0);
    const uint64_t written = saveAll(states);
    EXPECT_GT(written, 0U);
    EXPECT_LE(written, oneBlock);
    EXPECT_EQ(store.size(), 3U); // the longer last block is in the place of the shorter
    EXPECT_EQ(store.find(before), nullptr);
}

TEST_F(KvStatesTest, what_a_state_builds_on_is_used_once_for_all_its_new_blocks) {
    KvStore store(m_folder);
    const auto engine = loadBuiltin();
    KvStates states(*engine, store, plenty);
    const std::vector<int32_t> tokens = someTokens(768, 1);
    read(*engine, tokens);
    saveAll(states);
    const session::StoredBlock last = *store.find(*states.leaf());
    const BlockId first = store.longest(engine->kvKey(), tokens).blocks.front();
    read(*engine, someTokens(512, 2));
    saveAll(states);
    EXPECT_EQ(store.find(*states.leaf())->used, last.used + 3 + 2);
    EXPECT_GT(store.find(first)->used, last.used);
}

TEST_F(KvStatesTest, branches_share_whole_blocks) {
    KvStore store(m_folder);
    const auto engine = loadBuiltin();
    KvStates states(*engine, store, plenty);
    const std::vector<int32_t> common = someTokens(600, 1);
    const std::vector<int32_t> first = joined(common, someTokens(100, 2));
    const std::vector<int32_t> second = joined(common, someTokens(100, 3));
    read(*engine, first);
    saveAll(states);
    EXPECT_EQ(store.size(), 3U);
    engine->truncate(600);
    read(*engine, std::span(second).subspan(600));
    const std::vector<uint8_t> rows = rowsOf(*engine);
    saveAll(states);
    EXPECT_EQ(store.size(), 4U); // two in common, an end for each

    // The other branch comes back: what both have stays where it is.
    EXPECT_EQ(states.restore(first).tokens, 700U);
    EXPECT_EQ(std::vector(engine->cachedTokens().begin(), engine->cachedTokens().end()), first);
    EXPECT_EQ(states.restore(second).tokens, 700U);
    EXPECT_EQ(rowsOf(*engine), rows);
    EXPECT_EQ(saveAll(states), 0U);
}

TEST_F(KvStatesTest, what_the_cache_holds_is_not_read_from_the_disk) {
    KvStore store(m_folder);
    const auto engine = loadBuiltin();
    KvStates states(*engine, store, plenty);
    const std::vector<int32_t> tokens = someTokens(400, 1);
    read(*engine, tokens);
    saveAll(states);
    const uint64_t mark = engine->cacheMark(399);
    const Restored restored = states.restore(joined(tokens, {1, 2, 3}));
    EXPECT_EQ(restored.tokens, 0U);
    EXPECT_FALSE(restored.reason);
    EXPECT_EQ(engine->cacheMark(399), mark);
}

TEST_F(KvStatesTest, says_where_a_prompt_parts_and_what_came_from_the_disk) {
    KvStore store(m_folder);
    const auto engine = loadBuiltin();
    KvStates states(*engine, store, plenty);
    const std::vector<int32_t> tokens = someTokens(700, 1);
    read(*engine, tokens);
    saveAll(states);
    // Two blocks stay in the cache, the rest is read again.
    engine->truncate(512);
    Restored restored = states.restore(joined(tokens, {1, 2, 3}));
    EXPECT_EQ(restored.tokens, 700U);
    EXPECT_EQ(restored.read, 188U);
    EXPECT_FALSE(restored.reason);
    // Another prompt from token 600 on.
    engine->reset();
    std::vector<int32_t> other(tokens.begin(), tokens.begin() + 600);
    other.push_back(tokens[600] + 1);
    restored = states.restore(other);
    EXPECT_EQ(restored.tokens, 600U);
    ASSERT_TRUE(restored.reason);
    EXPECT_EQ(restored.reason->id(), "session.prefix");
    EXPECT_NE(std::string(restored.reason->what()).find("600"), std::string::npos);
    // A shorter one of the same is all there.
    engine->reset();
    EXPECT_FALSE(states.restore(std::span(tokens).first(600)).reason);
}

TEST_F(KvStatesTest, another_intervention_finds_nothing) {
    KvStore store(m_folder);
    const auto engine = loadBuiltin();
    KvStates states(*engine, store, plenty);
    const std::vector<int32_t> tokens = someTokens(300, 1);
    read(*engine, tokens);
    saveAll(states);
    trace::Intervention banned;
    banned.banned = {{0, 1}};
    engine->intervene(banned);
    EXPECT_EQ(states.restore(tokens).tokens, 0U);
    EXPECT_FALSE(states.leaf());
    inference::EvaluateOptions options;
    options.intervention = banned;
    engine->evaluate(tokens, options, [](const auto&) {});
    saveAll(states);
    EXPECT_EQ(store.size(), 4U);
    engine->intervene({});
    EXPECT_EQ(states.restore(tokens).tokens, 300U);
}

TEST_F(KvStatesTest, a_damaged_block_gives_a_reason_and_is_saved_again) {
    KvStore store(m_folder);
    const std::vector<int32_t> tokens = someTokens(600, 1);
    BlockId second;
    {
        const auto engine = loadBuiltin();
        KvStates states(*engine, store, plenty);
        read(*engine, tokens);
        saveAll(states);
        second = store.find(*states.leaf())->parent;
    }
    const fs::path file = m_folder / (second.hex() + ".kv");
    {
        std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
        bytes.seekp(5000);
        bytes.put('\x55').put('\x56').put('\x57');
    }
    const auto engine = loadBuiltin();
    KvStates states(*engine, store, plenty);
    const Restored restored = states.restore(tokens);
    EXPECT_EQ(restored.tokens, 256U);
    ASSERT_TRUE(restored.reason);
    EXPECT_EQ(restored.reason->id(), "session.checksum");
    EXPECT_EQ(engine->position(), 256U);
    read(*engine, std::span(tokens).subspan(256));
    saveAll(states);
    EXPECT_EQ(store.size(), 3U);
    EXPECT_TRUE(states.leaf());
}

TEST_F(KvStatesTest, the_budget_holds) {
    KvStore store(m_folder);
    const auto engine = loadBuiltin();
    KvStates states(*engine, store, plenty);
    const std::vector<int32_t> tokens = someTokens(700, 1);
    read(*engine, tokens);
    saveAll(states);
    const uint64_t budget = states.bytesOfState();

    // Another state takes the place of this one.
    states.setBudget(budget);
    engine->reset();
    const std::vector<int32_t> other = someTokens(700, 2);
    read(*engine, other);
    saveAll(states);
    EXPECT_LE(store.bytes(), budget);
    EXPECT_TRUE(states.leaf());
    engine->reset();
    EXPECT_LT(states.restore(tokens).tokens, 700U);
    EXPECT_EQ(states.restore(other).tokens, 700U);

    // One that is larger than all may be is not begun.
    states.setBudget(budget - 1);
    read(*engine, someTokens(1, 3));
    const uint64_t bytes = store.bytes();
    EXPECT_EQ(idOf([&] { (void)states.saveNext(); }), "session.budget");
    EXPECT_EQ(store.bytes(), bytes);
}

TEST_F(KvStatesTest, what_was_removed_meanwhile_is_written_again) {
    KvStore store(m_folder);
    const auto engine = loadBuiltin();
    KvStates states(*engine, store, plenty);
    read(*engine, someTokens(700, 1));
    const uint64_t all = saveAll(states);
    store.keepOnly({});
    EXPECT_FALSE(states.leaf());
    EXPECT_EQ(saveAll(states), all);
    EXPECT_EQ(store.size(), 3U);
    EXPECT_TRUE(states.leaf());
}

/** As long as it lives no file grows beyond `bytes`: a write fails the way it does on a full disk. */
class FullDisk {
public:
    explicit FullDisk(rlim_t bytes) {
        m_signal = std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &m_before);
        const rlimit small{bytes, m_before.rlim_max};
        setrlimit(RLIMIT_FSIZE, &small);
    }
    ~FullDisk() {
        setrlimit(RLIMIT_FSIZE, &m_before);
        std::signal(SIGXFSZ, m_signal);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;

private:
    void (*m_signal)(int) = nullptr;
    rlimit m_before{};
};

TEST_F(KvStatesTest, a_full_disk_loses_nothing_that_is_there) {
    const std::vector<int32_t> tokens = someTokens(700, 1);
    const fs::path file = m_folder / "session";
    std::vector<uint8_t> rows;
    {
        KvStore store(m_folder);
        const auto engine = loadBuiltin();
        KvStates states(*engine, store, plenty);
        read(*engine, tokens);
        ASSERT_TRUE(states.saveNext());
        (void)inference::saveSession(*engine, file);
        const uint64_t saved = fs::file_size(file);
        const uint64_t bytes = store.bytes();
        {
            const FullDisk full(64 << 10);
            for (int again = 0; again < 2; ++again) {
                EXPECT_EQ(idOf([&] { (void)states.saveNext(); }), "file.full");
                EXPECT_FALSE(states.leaf());
                EXPECT_EQ(store.bytes(), bytes);
            }
            EXPECT_EQ(idOf([&] { (void)inference::saveSession(*engine, file); }), "file.full");
        }
        EXPECT_EQ(fs::file_size(file), saved);
        EXPECT_EQ(inference::restoreSession(*engine, file, tokens).tokens, 700U);
        // Once there is room, what is left is saved.
        EXPECT_GT(saveAll(states), 0U);
        EXPECT_EQ(store.size(), 3U);
        rows = rowsOf(*engine);
    }
    for (const auto& entry : fs::directory_iterator(m_folder)) {
        EXPECT_EQ(entry.path().filename().string().find(".part"), std::string::npos) << entry.path();
    }
    KvStore store(m_folder);
    const auto engine = loadBuiltin();
    KvStates states(*engine, store, plenty);
    EXPECT_EQ(states.restore(tokens).tokens, 700U);
    EXPECT_EQ(rowsOf(*engine), rows);
}

TEST_F(KvStatesTest, an_answer_that_starts_during_a_save_is_saved_with_the_rest) {
    inference::GenerationRequest request;
    request.prompt = someTokens(600, 1);
    request.max_tokens = 40;
    request.sampling.temperature = 0.0F;
    request.ignore_eos = true;
    std::vector<int32_t> tokens;
    std::vector<uint8_t> rows;
    std::vector<int32_t> answer;
    {
        KvStore store(m_folder);
        const auto engine = loadBuiltin();
        KvStates states(*engine, store, plenty);
        (void)engine->generate(request);
        ASSERT_TRUE(states.saveNext()); // of three blocks
        // It parts from the one that is being saved.
        request.prompt.resize(580);
        const std::vector<int32_t> question = someTokens(30, 2);
        request.prompt.insert(request.prompt.end(), question.begin(), question.end());
        answer = engine->generate(request).tokens;
        saveAll(states);
        tokens.assign(engine->cachedTokens().begin(), engine->cachedTokens().end());
        rows = rowsOf(*engine);
        request.intervention.banned = {{5, 6}};
        (void)engine->generate(request);
        ASSERT_TRUE(states.saveNext());
        request.intervention = {};
        EXPECT_EQ(engine->generate(request).tokens, answer);
        saveAll(states);
        EXPECT_EQ(rowsOf(*engine), rows);
    }
    KvStore store(m_folder);
    const auto engine = loadBuiltin();
    KvStates states(*engine, store, plenty);
    EXPECT_EQ(states.restore(tokens).tokens, tokens.size());
    EXPECT_EQ(rowsOf(*engine), rows);
    EXPECT_EQ(engine->generate(request).tokens, answer);
}

} // namespace
} // namespace moescope::test
