// SPDX-License-Identifier: Apache-2.0
// A KV cache in several buffers, as on a device that cannot bind a layer's keys at once, is the same to the bit.
#include "engine/inference/kv_cache.h"
#include "engine/inference/kv_session.h"
#include "engine/inference/memory_plan.h"
#include "engine/trace/error.h"
#include "tests/engine/inference/golden_model.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace moescope::test {

namespace {

namespace fs = std::filesystem;
using gguf::TensorType;
using inference::Engine;
using inference::KvType;
using inference::LoadOptions;

constexpr uint64_t range64k = 64U << 10U;
constexpr KvType kvTypes[] = {KvType::F32, KvType::F16, KvType::Q8_0};

struct Split {
    uint32_t context = 0;  ///< 0: the model's
    uint64_t kv_range = 0; ///< bytes; 0: the device's
    bool texels = true;    ///< where the device has them
};

std::unique_ptr<Engine> load(const fs::path& file, KvType kv, const Split& split) {
    LoadOptions options;
    options.kv = kv;
    options.context = split.context;
    options.sessions = true;
    options.variants = wholeSteps();
    if (!split.texels) {
        options.variants.texels = false;
    }
    if (split.kv_range != 0) {
        options.variants.kv_range = split.kv_range;
    }
    return Engine::load(file, options);
}

/** Bytes of the keys of one head, with the context of `engine`. */
uint64_t headBytes(const Engine& engine) {
    const KvType kv = inference::parseKvType(engine.memory().kv_type);
    return inference::kvBytesPerHeadToken(engine.config(), kv) * engine.memory().context;
}

std::vector<uint8_t> rowsOf(const Engine& engine) {
    std::vector<uint8_t> rows(size_t{engine.position()} * engine.kvKey().bytes_per_token);
    engine.readKv(0, engine.position(), rows);
    return rows;
}

std::vector<float> logitsOf(Engine& engine, std::span<const int32_t> tokens) {
    std::vector<float> logits;
    engine.evaluate(tokens, {.logits = inference::LogitRows::All}, [&](const inference::EvaluateBatch& batch) {
        logits.insert(logits.end(), batch.logits.begin(), batch.logits.end());
    });
    return logits;
}

std::vector<float> stepLogits(Engine& engine, std::span<const int32_t> tokens) {
    std::vector<float> all;
    for (const int32_t token : tokens) {
        const std::span<const float> logits = engine.step(token);
        all.insert(all.end(), logits.begin(), logits.end());
    }
    return all;
}

} // namespace

class KvRange : public KernelTest {
protected:
    void TearDown() override { fs::remove(m_file); }

    fs::path m_file = fs::temp_directory_path() / ("moescope-kv-range-" + std::to_string(::getpid()) + ".kv");
};

TEST_F(KvRange, one_head_a_buffer_gives_the_same_rows_and_logits) {
    for (const char* name : {"large_like", "cla4", "cla_off", "odd_head80"}) {
        for (const KvType kv : kvTypes) {
            for (const bool texels : {true, false}) {
                if (!texels && name != std::string("large_like")) {
                    continue;
                }
                SCOPED_TRACE(std::string(name) + ", " + std::string(inference::kvTypeName(kv)) +
                             (texels ? "" : ", buffers"));
                const fs::path file = goldenGguf(name, TensorType::F32);
                const auto whole = load(file, kv, {.texels = texels});
                const uint64_t head = headBytes(*whole);
                ASSERT_EQ(whole->config().head_count_kv, 2U);
                const auto split = load(file, kv, {.kv_range = head, .texels = texels});
                EXPECT_EQ(split->memory().context, whole->memory().context);
                EXPECT_EQ(split->memory().kv_bytes, whole->memory().kv_bytes);
                const std::vector<int32_t> prompt = someTokens(150, 1);
                const std::vector<int32_t> next = someTokens(8, 2);
                ASSERT_EQ(logitsOf(*split, prompt), logitsOf(*whole, prompt));
                ASSERT_EQ(stepLogits(*split, next), stepLogits(*whole, next));
                ASSERT_EQ(rowsOf(*split), rowsOf(*whole));
                for (const uint32_t layer : {0U, split->config().block_count - 1}) {
                    EXPECT_EQ(split->attentionWeights(140, layer).weights, whole->attentionWeights(140, layer).weights);
                }
                EXPECT_EQ(split->attentionMass(150, 10, 40), whole->attentionMass(150, 10, 40));
            }
        }
    }
}

// Heads of 80 in F32 take 62.5 KiB in 200 tokens: each has buffers of its own.
TEST_F(KvRange, goldens_hold_with_64_KiB_at_once) {
    for (const auto& [name, context] :
         {std::pair("large_like", 0U), {"cla4", 0U}, {"cla_off", 0U}, {"odd_head80", 200U}}) {
        const auto engine =
            load(goldenGguf(name, TensorType::F32), KvType::F32, {.context = context, .kv_range = range64k});
        const GoldenComparison comparison = compareWithGolden(*engine, goldenJson(goldenFolder(name)));
        EXPECT_EQ(comparison.other_experts, 0U) << name << ": " << comparison.first_difference;
        EXPECT_LT(comparison.worst_logit, 1e-3) << name;
        EXPECT_EQ(comparison.greedy_same, comparison.greedy_runs) << name << ": " << comparison.first_difference;
        EXPECT_LE(headBytes(*engine), range64k);
    }
}

TEST_F(KvRange, costs_no_dispatch_where_one_buffer_is_enough_and_records_once_where_it_is_not) {
    for (const bool texels : {true, false}) {
        const fs::path file = goldenGguf("large_like", TensorType::F32);
        const auto whole = load(file, KvType::F32, {.texels = texels});
        const uint64_t both = 2 * headBytes(*whole);
        ASSERT_LE(both, range64k);
        struct Counted {
            uint64_t prefill, decode;
        };
        const auto counted = [&](Engine& engine) -> Counted {
            // An interval that the machine held up is cut the next time: what it takes at least is what counts.
            uint64_t prefill = UINT64_MAX;
            for (int run = 0; run < 6; ++run) {
                engine.reset();
                engine.evaluate(someTokens(4, 1), {}, [](const auto&) {});
                prefill = std::min(prefill, engine.lastPrefillDispatches());
            }
            return {prefill, engine.profile(1)->dispatches};
        };
        const Counted one = counted(*whole);
        const uint64_t layers = whole->config().block_count;
        for (const uint64_t range : {range64k, both}) {
            const Counted same = counted(*load(file, KvType::F32, {.kv_range = range, .texels = texels}));
            EXPECT_EQ(same.prefill, one.prefill) << range;
            EXPECT_EQ(same.decode, one.decode) << range;
        }
        for (const uint64_t range : {both - 1, both / 2}) {
            const auto engine = load(file, KvType::F32, {.kv_range = range, .texels = texels});
            const Counted two = counted(*engine);
            EXPECT_EQ(two.prefill, one.prefill + 2 * layers) << "RoPE and attention once more in each layer, " << range;
            EXPECT_EQ(two.decode, one.decode + layers) << range;

            engine->step(1);
            const uint64_t recorded = engine->commandBuffersRecorded();
            const uint64_t updated = engine->descriptorSetsUpdated();
            for (int32_t token = 2; token < 20; ++token) {
                engine->step(token);
            }
            EXPECT_EQ(engine->commandBuffersRecorded(), recorded);
            EXPECT_EQ(engine->descriptorSetsUpdated(), updated);
        }
    }
}

TEST_F(KvRange, states_saved_in_one_shape_are_restored_in_the_other) {
    for (const KvType kv : kvTypes) {
        const fs::path file = goldenGguf("cla4", TensorType::F32);
        const auto whole = load(file, kv, {});
        const auto split = load(file, kv, {.kv_range = headBytes(*whole)});
        for (const auto& [from, to] : {std::pair(whole.get(), split.get()), {split.get(), whole.get()}}) {
            for (const uint32_t length : {1U, 63U, 64U, 65U, 200U}) {
                SCOPED_TRACE(length);
                const std::vector<int32_t> tokens = someTokens(length, length);
                from->reset();
                from->evaluate(tokens, {}, [](const auto&) {});
                inference::saveSession(*from, m_file, 64);
                const std::vector<uint8_t> rows = rowsOf(*from);
                const inference::Restored restored = inference::restoreSession(*to, m_file, tokens);
                ASSERT_FALSE(restored.reason) << restored.reason->what();
                ASSERT_EQ(restored.tokens, length);
                ASSERT_EQ(rowsOf(*to), rows);
                ASSERT_EQ(stepLogits(*to, someTokens(4, 9)), stepLogits(*from, someTokens(4, 9)));
            }
        }
    }
}

// Of a prefix that two prompts share, either goes on as if it had read it alone.
TEST_F(KvRange, forks_of_a_prefix_are_as_if_read_alone) {
    const fs::path file = goldenGguf("large_like", TensorType::F32);
    const auto alone = load(file, KvType::F16, {});
    const auto engine = load(file, KvType::F16, {.kv_range = headBytes(*alone)});
    const std::vector<int32_t> prefix = someTokens(90, 1);
    engine->evaluate(prefix, {}, [](const auto&) {});
    const uint32_t bytes = engine->kvKey().bytes_per_token;
    std::vector<uint8_t> kept(size_t{90} * bytes);
    engine->readKv(0, 90, kept);
    for (const uint32_t common : {1U, 33U, 90U}) {
        for (const uint32_t seed : {5U, 6U}) {
            engine->reset();
            engine->appendKv(std::span(prefix).first(common), kept, 90); // the first rows of 90 tokens'
            const std::vector<int32_t> rest = someTokens(20, seed);
            const std::vector<float> forked = logitsOf(*engine, rest);
            std::vector<int32_t> all(prefix.begin(), prefix.begin() + common);
            alone->reset();
            alone->evaluate(all, {}, [](const auto&) {});
            ASSERT_EQ(forked, logitsOf(*alone, rest)) << common;
        }
    }
}

TEST_F(KvRange, a_head_beyond_the_range_is_refused_with_what_would_fit) {
    const fs::path file = goldenGguf("large_like", TensorType::F32);
    // 64 bytes of keys a token and head.
    EXPECT_EQ(load(file, KvType::F32, {.context = 100, .kv_range = 6400})->memory().context, 100U);
    try {
        load(file, KvType::F32, {.context = 101, .kv_range = 6400});
        ADD_FAILURE() << "nothing is refused";
    } catch (const trace::Error& error) {
        EXPECT_EQ(error.id(), "context.buffer");
        const std::string text = error.what();
        for (const std::string& part : {trace::bytesText(6464), trace::bytesText(6400), std::string("100 tokens")}) {
            EXPECT_NE(text.find(part), std::string::npos) << text;
        }
    }
    const auto shortened = load(file, KvType::F32, {.kv_range = 6400});
    EXPECT_EQ(shortened->memory().context, 64U) << "whole steps of 64";
    EXPECT_EQ(shortened->contextChoice().reason, inference::ContextChoice::Reason::Buffer);

    EXPECT_EQ(idOf([&] { inference::KvCache(device(), shortened->config(), 101, KvType::F32, 6400); }), "kv.range");
}

TEST_F(KvRange, heads_of_a_buffer_are_as_many_as_fit) {
    const model::ModelConfig config = [] {
        model::ModelConfig made;
        made.head_count_kv = 8;
        made.head_dim = 128;
        made.block_count = 2;
        made.cla_share_factor = 1;
        return made;
    }();
    struct Case {
        uint32_t context;
        KvType kv;
        uint64_t most;
        uint32_t heads;
    };
    constexpr uint64_t lavapipe = 128ULL << 20U;
    for (const Case& c : {Case{2'048, KvType::F16, lavapipe, 8},
                          {65'536, KvType::F16, lavapipe, 8}, // 8 × 16 MiB
                          {65'537, KvType::F16, lavapipe, 7},
                          {131'072, KvType::F16, lavapipe, 4},
                          {262'144, KvType::F16, lavapipe, 2},
                          {262'144, KvType::F32, lavapipe, 1}, // to the byte
                          {262'145, KvType::F32, lavapipe, 0},
                          {262'144, KvType::Q8_0, lavapipe, 3},
                          {262'144, KvType::F32, 0xFFFFFFFFU, 8},
                          {4'000'000, KvType::F32, 0xFFFFFFFFU, 2}}) {
        EXPECT_EQ(inference::kvHeadsPerBuffer(config, c.context, c.kv, c.most), c.heads)
            << c.context << " tokens, " << inference::kvTypeName(c.kv);
    }
    // Three parts, of three, three and two heads, and all bytes are there.
    constexpr uint32_t context = 50;
    const uint64_t head = inference::kvBytesPerHeadToken(config, KvType::Q8_0) * context;
    const inference::KvCache cache(device(), config, context, KvType::Q8_0, 3 * head + 1);
    ASSERT_EQ(cache.parts(1).size(), 3U);
    for (const auto& [part, first, heads] : {std::tuple(0U, 0U, 3U), {1U, 3U, 3U}, {2U, 6U, 2U}}) {
        EXPECT_EQ(cache.parts(1)[part].first, first);
        EXPECT_EQ(cache.parts(1)[part].heads, heads);
        EXPECT_EQ(cache.parts(1)[part].keys->size(), heads * head);
        EXPECT_EQ(cache.parts(1)[part].values->size(), heads * head);
    }
    EXPECT_EQ(cache.bytes(), 2 * 2 * 8 * head);
}

} // namespace moescope::test
