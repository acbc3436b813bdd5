// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/kv_session.h"

#include "engine/model/synth_file.h"
#include "engine/trace/error.h"
#include "tests/engine/inference/golden_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>

namespace moescope::test {
namespace {

namespace fs = std::filesystem;
using gguf::TensorType;
using inference::Engine;
using inference::KvType;
using inference::LoadOptions;
using inference::Restored;

LoadOptions optionsFor(KvType kv) {
    LoadOptions options;
    options.kv = kv;
    options.sessions = true;
    options.variants = wholeSteps();
    return options;
}

std::vector<uint8_t> rowsOf(const Engine& engine) {
    std::vector<uint8_t> rows(size_t{engine.position()} * engine.kvKey().bytes_per_token);
    engine.readKv(0, engine.position(), rows);
    return rows;
}

void read(Engine& engine, std::span<const int32_t> tokens) {
    engine.evaluate(tokens, {}, [](const auto&) {});
}

/** Logits behind each of `tokens`, decoded. */
std::vector<float> decodeLogits(Engine& engine, std::span<const int32_t> tokens) {
    std::vector<float> all;
    for (const int32_t token : tokens) {
        const std::span<const float> logits = engine.step(token);
        all.insert(all.end(), logits.begin(), logits.end());
    }
    return all;
}

/** Turns by other factors beyond 64 tokens. */
constexpr model::SynthShape longFactors{.name = "longrope", .title = "a model with long factors", .config = R"({
    "architectures": ["Phi3ForCausalLM"], "model_type": "phi3", "num_hidden_layers": 2, "hidden_size": 64,
    "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 64, "vocab_size": 1024, "rms_norm_eps": 1e-5,
    "max_position_embeddings": 256, "original_max_position_embeddings": 64, "rope_theta": 10000.0,
    "rope_scaling": {"type": "longrope", "short_factor": [1, 1, 1, 1, 1, 1, 1, 1], "long_factor": [1, 2, 2, 2, 3, 3, 4, 4]}})"};

class SessionTest : public KernelTest {
protected:
    void SetUp() override {
        KernelTest::SetUp();
        m_file = fs::temp_directory_path() / ("moescope-session-" + std::to_string(::getpid()) + ".kv");
    }
    void TearDown() override { fs::remove(m_file); }
    std::string reasonOf(const Restored& restored) const { return restored.reason ? restored.reason->id() : ""; }

    fs::path m_file;
};

struct RestoredCase {
    std::string model; ///< a golden, or "builtin"
    KvType kv;
    uint32_t block; ///< tokens
};

class RestoredTest : public SessionTest, public testing::WithParamInterface<RestoredCase> {
protected:
    fs::path model() const {
        return GetParam().model == "builtin" ? fs::path(MOESCOPE_BUILTIN_MODEL)
                                             : goldenGguf(GetParam().model, TensorType::F32);
    }
};

TEST_P(RestoredTest, is_bit_equal_and_so_are_the_next_logits) {
    const uint32_t block = GetParam().block;
    std::vector<uint32_t> lengths{1};
    for (uint32_t end = block; end <= 3 * block; end += block) {
        lengths.insert(lengths.end(), {end - 1, end, end + 1});
    }
    const auto kept = Engine::load(model(), optionsFor(GetParam().kv));
    const auto fresh = Engine::load(model(), optionsFor(GetParam().kv)); // as after a restart
    const std::vector<int32_t> next = someTokens(4, 99);
    for (const uint32_t length : lengths) {
        SCOPED_TRACE(length);
        const std::vector<int32_t> tokens = someTokens(length, length);
        kept->reset();
        read(*kept, tokens);
        const uint64_t bytes = inference::saveSession(*kept, m_file, block);
        EXPECT_EQ(bytes, fs::file_size(m_file));
        const std::vector<uint8_t> rows = rowsOf(*kept);

        std::vector<int32_t> prompt = tokens;
        prompt.insert(prompt.end(), next.begin(), next.end());
        const Restored restored = inference::restoreSession(*fresh, m_file, prompt);
        EXPECT_EQ(restored.tokens, length);
        EXPECT_EQ(reasonOf(restored), "");
        ASSERT_EQ(fresh->position(), length);
        ASSERT_EQ(rowsOf(*fresh), rows);
        ASSERT_EQ(decodeLogits(*fresh, next), decodeLogits(*kept, next));
    }
}

std::vector<RestoredCase> restoredCases() {
    std::vector<RestoredCase> cases;
    for (const KvType kv : {KvType::F32, KvType::F16, KvType::Q8_0}) {
        for (const char* golden : {"large_like", "cla4", "cla_off"}) {
            cases.push_back({golden, kv, 64});
        }
        cases.push_back({"builtin", kv, 256});
    }
    return cases;
}
INSTANTIATE_TEST_SUITE_P(Models, RestoredTest, testing::ValuesIn(restoredCases()), [](const auto& one) {
    return one.param.model + "_" + std::string(inference::kvTypeName(one.param.kv));
});

TEST_F(SessionTest, the_longest_common_beginning_is_restored) {
    const auto engine = Engine::load(goldenGguf("large_like", TensorType::F32), optionsFor(KvType::F32));
    const std::vector<int32_t> tokens = someTokens(150, 1);
    read(*engine, tokens);
    const std::vector<uint8_t> rows = rowsOf(*engine);
    inference::saveSession(*engine, m_file, 64);
    for (const uint32_t same : {0U, 1U, 63U, 64U, 65U, 100U, 128U, 149U}) {
        SCOPED_TRACE(same);
        std::vector<int32_t> other = tokens;
        other[same] = other[same] == 5 ? 6 : 5;
        const Restored restored = inference::restoreSession(*engine, m_file, other);
        EXPECT_EQ(restored.tokens, same);
        ASSERT_EQ(reasonOf(restored), "session.prefix");
        EXPECT_EQ(restored.reason->arguments().front().second, std::to_string(same));
        EXPECT_EQ(engine->position(), same);
        // Read on: all rows are as if nothing had been restored.
        read(*engine, std::span(other).subspan(same));
        const std::vector<uint8_t> restoredRows = rowsOf(*engine);
        engine->reset();
        read(*engine, other);
        ASSERT_EQ(restoredRows, rowsOf(*engine));
    }
    // A prompt that is shorter than what was saved has no reason to say anything.
    const Restored shorter = inference::restoreSession(*engine, m_file, std::span(tokens).first(70));
    EXPECT_EQ(shorter.tokens, 70U);
    EXPECT_EQ(reasonOf(shorter), "");
}

/** Between the two best logits behind `tokens`. */
float smallestGap(Engine& engine, std::span<const int32_t> tokens) {
    float gap = 0;
    engine.reset();
    engine.evaluate(tokens, {}, [&gap](const inference::EvaluateBatch& batch) {
        if (!batch.logits.empty()) {
            std::vector<float> logits(batch.logits.begin(), batch.logits.end());
            std::partial_sort(logits.begin(), logits.begin() + 2, logits.end(), std::greater<>());
            gap = logits[0] - logits[1];
        }
    });
    return gap;
}

TEST_F(SessionTest, what_answers_wrote_is_gone_on_from_as_from_a_prompt_read_afresh) {
    for (const std::string name : {"large_like", "cla4", "cla_off", "builtin"}) {
        SCOPED_TRACE(name);
        const fs::path model = name == "builtin" ? fs::path(MOESCOPE_BUILTIN_MODEL) : goldenGguf(name, TensorType::F32);
        inference::GenerationRequest request;
        request.prompt = someTokens(60, 5);
        request.max_tokens = 33; // rows of the answer come from the kernels of single tokens
        request.sampling.temperature = 0.0F;
        request.sampling.repetition_penalty = 1.0F;
        request.ignore_eos = true;
        const auto engine = Engine::load(model, optionsFor(KvType::F32));
        const std::vector<int32_t> answer = engine->generate(request).tokens;
        inference::saveSession(*engine, m_file, 64);

        request.prompt.insert(request.prompt.end(), answer.begin(), answer.end());
        const std::vector<int32_t> question = someTokens(7, 6);
        request.prompt.insert(request.prompt.end(), question.begin(), question.end());
        request.max_tokens = 64;
        const auto restoring = Engine::load(model, optionsFor(KvType::F32));
        EXPECT_EQ(inference::restoreSession(*restoring, m_file, request.prompt).tokens, 60U + 33U);
        const std::vector<int32_t> restored = restoring->generate(request).tokens;
        engine->reset();
        const std::vector<int32_t> afresh = engine->generate(request).tokens;
        ASSERT_EQ(restored.size(), 64U);
        if (const auto [a, b] = std::mismatch(restored.begin(), restored.end(), afresh.begin()); a != restored.end()) {
            std::vector<int32_t> common = request.prompt;
            common.insert(common.end(), restored.begin(), a);
            const float gap = smallestGap(*engine, common);
            std::cout << name << " differs at token " << (a - restored.begin()) << ", where the two best logits are "
                      << gap << " apart\n";
            EXPECT_LT(gap, 1e-3F);
        }
    }
}

TEST_F(SessionTest, each_part_of_the_key_counts) {
    const fs::path model = goldenGguf("large_like", TensorType::F32);
    const std::vector<int32_t> tokens = someTokens(100, 1);
    {
        const auto engine = Engine::load(model, optionsFor(KvType::F32));
        read(*engine, tokens);
        inference::saveSession(*engine, m_file);
    }
    const auto reason = [&](const fs::path& file, const LoadOptions& options,
                            const trace::Intervention& intervention = {}) {
        const auto engine = Engine::load(file, options);
        engine->intervene(intervention);
        const Restored restored = inference::restoreSession(*engine, m_file, tokens);
        EXPECT_EQ(restored.tokens == 0, restored.reason.has_value());
        EXPECT_EQ(engine->position(), restored.tokens);
        return reasonOf(restored);
    };
    EXPECT_EQ(reason(model, optionsFor(KvType::F32)), "");
    EXPECT_EQ(reason(model, optionsFor(KvType::F16)), "session.kv_type");
    EXPECT_EQ(reason(model, optionsFor(KvType::Q8_0)), "session.kv_type");
    trace::Intervention banned;
    banned.banned = {{0, 0}};
    EXPECT_EQ(reason(model, optionsFor(KvType::F32), banned), "session.intervention");
    LoadOptions buffers = optionsFor(KvType::F32);
    buffers.variants.texels = !Engine::load(model, optionsFor(KvType::F32))->kvKey().variant.starts_with("texels");
    try {
        EXPECT_EQ(reason(model, buffers), "session.variant");
    } catch (const trace::Error& error) {
        EXPECT_EQ(error.id(), "variant.device"); // this device has one way alone
    }

    // One byte of a weight, with size and time as they were.
    const fs::path flipped = patched(model, "flipped.gguf", fs::file_size(model) - 5, "\x40");
    fs::last_write_time(flipped, fs::last_write_time(model));
    ASSERT_EQ(fs::file_size(flipped), fs::file_size(model));
    EXPECT_EQ(reason(flipped, optionsFor(KvType::F32)), "session.model");
}

TEST_F(SessionTest, one_file_with_other_factors_of_rope_is_another_key) {
    const fs::path model = fs::temp_directory_path() / ("moescope-longrope-" + std::to_string(::getpid()) + ".gguf");
    model::synthFile(model, longFactors, {.type = TensorType::Q8_0, .progress = {}});
    LoadOptions options = optionsFor(KvType::F32);
    options.context = 64;
    const std::vector<int32_t> tokens = someTokens(40, 1);
    {
        const auto engine = Engine::load(model, options);
        read(*engine, tokens);
        inference::saveSession(*engine, m_file);
    }
    options.context = 128;
    const auto beyond = Engine::load(model, options);
    EXPECT_EQ(reasonOf(inference::restoreSession(*beyond, m_file, tokens)), "session.rope");
    EXPECT_EQ(beyond->position(), 0U);
    options.context = 48;
    EXPECT_EQ(inference::restoreSession(*Engine::load(model, options), m_file, tokens).tokens, 40U);
    fs::remove(model);
}

TEST_F(SessionTest, a_byte_flipped_in_place_is_noticed_in_spite_of_the_cache) {
    const fs::path folder = fs::temp_directory_path() / ("moescope-fingerprints-" + std::to_string(::getpid()));
    fs::create_directories(folder);
    const fs::path model = patched(goldenGguf("large_like", TensorType::F32), "inplace.gguf", 0, "GGUF");
    LoadOptions options = optionsFor(KvType::F32);
    options.cache_folder = folder;
    const std::string before = Engine::load(model, options)->kvKey().model;
    EXPECT_EQ(Engine::load(model, options)->kvKey().model, before);
    const auto time = fs::last_write_time(model);
    {
        std::fstream file(model, std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(-5, std::ios::end);
        file.put('\x40');
    }
    fs::last_write_time(model, time);
    EXPECT_NE(Engine::load(model, options)->kvKey().model, before);
    fs::remove_all(folder);
}

TEST_F(SessionTest, a_banned_expert_behind_a_restored_prefix_answers_as_afresh) {
    const fs::path model = goldenGguf("large_like", TensorType::F32);
    trace::Intervention banned;
    banned.banned = {{0, 1}, {1, 0}};
    inference::GenerationRequest request;
    request.prompt = someTokens(90, 3);
    request.max_tokens = 32;
    request.sampling.temperature = 0.0F;
    request.ignore_eos = true;
    request.intervention = banned;
    const std::vector<int32_t> afresh = Engine::load(model, optionsFor(KvType::F32))->generate(request).tokens;

    const auto engine = Engine::load(model, optionsFor(KvType::F32));
    request.intervention = {};
    const std::vector<int32_t> plain = engine->generate(request).tokens;
    inference::saveSession(*engine, m_file);
    request.intervention = banned;
    engine->intervene(banned);
    EXPECT_EQ(reasonOf(inference::restoreSession(*engine, m_file, request.prompt)), "session.intervention");
    EXPECT_EQ(engine->generate(request).tokens, afresh);
    inference::saveSession(*engine, m_file);
    engine->reset();
    EXPECT_EQ(inference::restoreSession(*engine, m_file, request.prompt).tokens, 90U);
    EXPECT_EQ(engine->generate(request).tokens, afresh);
    EXPECT_NE(afresh, plain);
}

TEST_F(SessionTest, the_routing_comes_back_with_the_rows) {
    const fs::path model = goldenGguf("top2_cla", TensorType::F32);
    inference::GenerationRequest request;
    request.prompt = someTokens(70, 3);
    request.max_tokens = 20;
    request.sampling.temperature = 0.0F;
    request.ignore_eos = true;
    using Traces = std::vector<trace::TokenTracePtr>;
    const auto tracesOf = [](Engine& engine, const inference::GenerationRequest& asked) {
        Traces traces;
        engine.generate(
            asked, {.token = [&](const trace::TokenTracePtr& token, const std::string&) { traces.push_back(token); }});
        return traces;
    };
    const auto computing = Engine::load(model, optionsFor(KvType::F32));
    const Traces computed = tracesOf(*computing, request);
    ASSERT_EQ(computed.size(), 90U);
    inference::saveSession(*computing, m_file, 64);

    const auto engine = Engine::load(model, optionsFor(KvType::F32));
    request.prompt.resize(75, 9);
    ASSERT_EQ(inference::restoreSession(*engine, m_file, request.prompt).tokens, 70U);
    EXPECT_EQ(tracesOf(*engine, request).size(), 5U + 20U);
    inference::restoreSession(*engine, m_file, request.prompt);
    request.tell_reused = true;
    const Traces told = tracesOf(*engine, request);
    ASSERT_EQ(told.size(), 75U + 20U);
    for (size_t i = 0; i < 70; ++i) {
        SCOPED_TRACE(i);
        EXPECT_EQ(told[i]->token, computed[i]->token);
        EXPECT_EQ(told[i]->position, i);
        EXPECT_FALSE(told[i]->generated);
        ASSERT_EQ(told[i]->router.experts, computed[i]->router.experts);
        for (size_t choice = 0; choice < told[i]->router.weights.size(); ++choice) {
            EXPECT_NEAR(told[i]->router.weights[choice], computed[i]->router.weights[choice], 1.0 / 510 + 1e-6);
        }
        EXPECT_TRUE(told[i]->router.choicesOnly());
    }
    // What was computed without telemetry is not recorded, and is not made up.
    engine->reset();
    request.telemetry = false;
    tracesOf(*engine, request);
    request.telemetry = true;
    for (const trace::TokenTracePtr& token : tracesOf(*engine, request)) {
        EXPECT_EQ(token->router.empty(), token->position < 74) << token->position;
    }
}

TEST_F(SessionTest, rows_that_are_no_numbers_end_no_process) {
    const auto engine = Engine::load(goldenGguf("large_like", TensorType::F32), optionsFor(KvType::F32));
    const std::vector<int32_t> tokens = someTokens(40, 1);
    read(*engine, tokens);
    const std::vector<uint8_t> rows = rowsOf(*engine);
    inference::GenerationRequest request;
    request.prompt = someTokens(41, 1);
    request.max_tokens = 4;
    request.sampling.temperature = 0.0F;
    for (const float value : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                              -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::max()}) {
        std::vector<uint8_t> bad(rows.size());
        for (size_t at = 0; at < bad.size(); at += sizeof(value)) {
            std::memcpy(bad.data() + at, &value, sizeof(value));
        }
        engine->reset();
        engine->appendKv(tokens, bad, 40);
        const std::string id = idOf([&] { (void)engine->generate(request); });
        EXPECT_TRUE(id.empty() || id == "sampler.nan") << id;
    }
    // And the engine is none the worse for it.
    engine->reset();
    read(*engine, tokens);
    EXPECT_EQ(rowsOf(*engine), rows);
}

TEST_F(SessionTest, what_is_absent_or_no_session_is_a_reason) {
    const auto engine = Engine::load(goldenGguf("large_like", TensorType::F32), optionsFor(KvType::F32));
    const std::vector<int32_t> tokens = someTokens(10, 1);
    EXPECT_EQ(reasonOf(inference::restoreSession(*engine, m_file, tokens)), "session.absent");
    std::ofstream(m_file) << "not a session at all";
    EXPECT_EQ(reasonOf(inference::restoreSession(*engine, m_file, tokens)), "session.file");
    std::ofstream(m_file, std::ios::trunc).close();
    EXPECT_EQ(reasonOf(inference::restoreSession(*engine, m_file, tokens)), "session.file");
    EXPECT_EQ(idOf([&] { (void)Engine::load(goldenGguf("large_like", TensorType::F32))->kvKey(); }), "session.off");
}

} // namespace
} // namespace moescope::test
