// SPDX-License-Identifier: Apache-2.0
// What the planner says, what the engine asks a driver for and what the driver gives are one account.
#include "engine/inference/activations.h"
#include "engine/inference/device_weights.h"
#include "engine/inference/kv_cache.h"
#include "engine/inference/memory_plan.h"
#include "engine/inference/synthetic_kv.h"
#include "engine/model/synth_file.h"
#include "engine/trace/error.h"
#include "tests/engine/inference/golden_model.h"
#include "tests/support/kernel_fixture.h"

#include <algorithm>
#include <cmath>
#include <unistd.h>

namespace moescope::test {

namespace {

namespace fs = std::filesystem;
using gguf::TensorType;
using inference::Engine;
using inference::KvType;
using inference::purposeOf;
using inference::WeightPurpose;

constexpr uint64_t mostPadding = 4096; // bytes of one buffer: more than any driver aligns to

/** Each part as planned, and all of them together what the device has given. */
void expectPlanned(const Engine& engine, const std::string& what) {
    SCOPED_TRACE(what);
    const trace::MemoryLedger ledger = engine.ledger();
    const trace::MemoryNeeds& planned = ledger.planned;
    EXPECT_EQ(ledger.routed.bytes, planned.routed.bytes);
    EXPECT_EQ(ledger.shared.bytes, planned.shared.bytes);
    EXPECT_EQ(ledger.rest.bytes, planned.rest.bytes);
    EXPECT_EQ(ledger.kv.bytes, planned.kv(ledger.context, ledger.kv_type));
    EXPECT_EQ(ledger.workspace.bytes, planned.workspace(ledger.context));

    const trace::MemoryInfo& memory = engine.memory();
    EXPECT_EQ(ledger.context, memory.context);
    EXPECT_EQ(inference::kvTypeName(ledger.kv_type), memory.kv_type);
    EXPECT_EQ(ledger.routed.bytes + ledger.shared.bytes + ledger.rest.bytes, memory.weights_bytes);
    EXPECT_EQ(ledger.kv.bytes, memory.kv_bytes);
    EXPECT_EQ(ledger.workspace.bytes, memory.workspace_bytes);

    trace::PlacedBytes sum;
    for (const trace::MemoryUse* part :
         {&ledger.routed, &ledger.shared, &ledger.rest, &ledger.kv, &ledger.workspace, &ledger.staging}) {
        EXPECT_GE(part->allocated.total(), part->bytes);
        sum += part->allocated;
    }
    EXPECT_EQ(ledger.allocated, sum);
    EXPECT_GT(sum.total(), 0U);
    EXPECT_EQ(ledger.device_bytes, engine.device().memory_bytes);
    EXPECT_EQ(ledger.free_before_bytes, engine.device().free_bytes);
}

class MemoryLedger : public KernelTest {};

TEST_F(MemoryLedger, each_share_of_each_model_is_allocated_as_planned) {
    for (const std::string& name : goldenNames()) {
        const auto engine = Engine::load(goldenGguf(name, TensorType::F32), {.kv = KvType::F16, .context = 100});
        expectPlanned(*engine, name);
        const trace::MemoryLedger ledger = engine->ledger();
        EXPECT_EQ(ledger.routed.bytes > 0, engine->config().expert_count > 1) << name;
        EXPECT_EQ(ledger.shared.bytes > 0, engine->config().expert_shared_count > 0) << name;
        // The driver adds no more than its alignment to each buffer; the cache has two of an owner.
        EXPECT_LE(ledger.kv.padding(), uint64_t{2} * engine->config().kvOwnerCount() * mostPadding) << name;
    }
    for (const TensorType type : {TensorType::Q8_0, TensorType::F16}) {
        expectPlanned(*Engine::load(goldenGguf("large_like", type), {.kv = KvType::Q8_0, .context = 64}), "large_like");
    }
    expectPlanned(*Engine::load(fs::path(MOESCOPE_TEST_DATA) / "second" / "second.gguf", {.context = 32}), "second");
}

/** Layers as Hunyuan-Large has them, a hundredth as wide. */
constexpr model::SynthShape narrowLarge{.name = "narrow", .title = "a narrow Hunyuan-Large", .config = R"({
    "architectures": ["HunYuanForCausalLM"], "model_type": "hunyuan",
    "num_hidden_layers": 2, "hidden_size": 80, "max_position_embeddings": 262144, "rms_norm_eps": 1e-5,
    "num_attention_heads": 10, "num_key_value_heads": 2, "head_dim": 8, "use_qk_norm": true, "use_cla": true,
    "cla_share_factor": 2, "rope_theta": 10000.0, "rope_scaling": {"type": "dynamic", "alpha": 1000.0, "factor": 1.0},
    "num_experts": 4, "moe_topk": 1, "num_shared_expert": 1, "use_mixed_mlp_moe": true,
    "intermediate_size": 96, "vocab_size": 512, "tie_word_embeddings": true})"};

TEST_F(MemoryLedger, contexts_up_to_262_144_tokens_are_allocated_as_planned_and_read_to_their_end) {
    const fs::path file = fs::temp_directory_path() / ("moescope-narrow-" + std::to_string(::getpid()) + ".gguf");
    model::synthFile(file, narrowLarge, {.type = TensorType::F32, .progress = {}});
    const gguf::Reader reader(file);
    const model::ModelConfig config = model::readConfig(reader);
    for (const uint32_t context : {2'048U, 8'192U, 32'768U, 262'144U}) {
        for (const KvType kv : {KvType::F16, KvType::Q8_0}) {
            if (kv == KvType::Q8_0 && context != 8'192) {
                continue;
            }
            SCOPED_TRACE(context);
            const auto engine = Engine::load(file, {.kv = kv, .context = context});
            expectPlanned(*engine, "narrow");
            const inference::MemoryRoom room{.device = "",
                                             .free_bytes = engine->device().free_bytes,
                                             .largest_buffer = device().limits().largestBuffer(),
                                             .software = device().limits().software};
            const inference::MemoryPlan plan = inference::planLoad(config, reader, context, kv, room);
            EXPECT_EQ(plan.weights_bytes, engine->memory().weights_bytes);
            EXPECT_EQ(plan.kv_bytes, engine->memory().kv_bytes);
            EXPECT_EQ(plan.workspace_bytes, engine->memory().workspace_bytes);

            // Without memory for it, even with the least micro-batch of a GPU, it is refused with what it needs.
            const uint64_t needed = inference::planMemory(config, reader, context, kv).total();
            try {
                Engine::load(file, {.kv = kv, .context = context, .memory_bytes = needed - 1});
                ADD_FAILURE() << "it is loaded all the same";
            } catch (const trace::Error& error) {
                EXPECT_EQ(error.id(), "context.memory");
                EXPECT_NE(std::string(error.what()).find(trace::bytesText(needed)), std::string::npos) << error.what();
            }
        }
    }
    if (device().limits().software) { // what GPUs compute with ends too early there
        EXPECT_EQ(idOf([&] { Engine::load(file, {.context = 32'769, .variants = {.texels = false}}); }),
                  "context.driver");
        EXPECT_EQ(idOf([&] { Engine::load(file, {.context = 32'768, .variants = {.texels = false}}); }), "");
    }
    // The last tokens of the longest: all positions count, and the KV heads in buffers of their own give the same.
    const uint32_t depth = 262'144 - 8;
    const auto deep = [&](std::optional<uint64_t> kv_range) {
        inference::LoadOptions options{.kv = KvType::F16, .context = 262'144};
        options.variants.kv_range = kv_range;
        auto engine = Engine::load(file, options);
        std::vector<int32_t> tokens(depth);
        std::generate(tokens.begin(), tokens.end(), [i = 0]() mutable { return i++ % 500; });
        engine->appendKv(tokens, inference::syntheticKvRows(config, KvType::F16, depth, 1), depth);
        return engine;
    };
    const auto whole = deep({});
    const auto split = deep(inference::kvBytesPerHeadToken(config, KvType::F16) * 262'144);
    EXPECT_GT(split->lastPrefillDispatches(), whole->lastPrefillDispatches());
    const std::vector<int32_t> last{3, 1, 4, 1};
    for (Engine* engine : {whole.get(), split.get()}) {
        engine->evaluate(last, {}, [](const auto&) {});
    }
    for (int32_t token = 5; token < 9; ++token) {
        const std::span<const float> logits = whole->step(token);
        ASSERT_TRUE(std::all_of(logits.begin(), logits.end(), [](float x) { return std::isfinite(x); }));
        ASSERT_TRUE(std::ranges::equal(logits, split->step(token)));
    }
    EXPECT_EQ(whole->position(), 262'144U);
    for (const std::vector<float>& mass :
         {whole->attentionMass(262'143, 0, 262'144), split->attentionMass(262'143, 0, 262'144)}) {
        for (const float all : mass) {
            EXPECT_NEAR(all, 1.0F, 1e-3F);
        }
    }
    const std::vector<float> tail = whole->attentionMass(262'143, 131'072, 131'072);
    EXPECT_EQ(split->attentionMass(262'143, 131'072, 131'072), tail);
    EXPECT_TRUE(std::all_of(tail.begin(), tail.end(), [](float x) { return x > 0.4F && x < 0.6F; }))
        << "keys are alike all over";
    fs::remove(file);
}

TEST_F(MemoryLedger, what_comes_later_is_in_it) {
    const auto engine = Engine::load(goldenGguf("large_like", TensorType::F32), {.context = 64});
    const trace::MemoryLedger before = engine->ledger();
    const std::vector<int32_t> prompt{1, 2, 3};
    const auto sumOf = [](const trace::MemoryLedger& ledger) {
        return ledger.routed.allocated.total() + ledger.shared.allocated.total() + ledger.rest.allocated.total() +
               ledger.kv.allocated.total() + ledger.workspace.allocated.total() + ledger.staging.allocated.total();
    };
    engine->evaluate(prompt, {.logits = inference::LogitRows::All, .hidden = true}, [](const auto&) {});
    const trace::MemoryLedger read = engine->ledger();
    EXPECT_GT(read.workspace.bytes, before.workspace.bytes) << "all logits and all states";
    EXPECT_EQ(sumOf(read), read.allocated.total());

    engine->attentionMass(2, 0, 2);
    const trace::MemoryLedger massed = engine->ledger();
    EXPECT_GT(massed.workspace.bytes, read.workspace.bytes) << "the weights of some heads, and the masses";
    EXPECT_EQ(sumOf(massed), massed.allocated.total());
    engine->attentionMass(1, 0, 2);
    EXPECT_EQ(engine->ledger().workspace, massed.workspace) << "once for all positions";

    engine->evaluate(prompt, {.intervention = {.banned = {{0, 1}}, .experts_used = 4}}, [](const auto&) {});
    const trace::MemoryLedger whatIf = engine->ledger();
    EXPECT_GT(whatIf.workspace.bytes, massed.workspace.bytes) << "a table of rules, and room for four experts a token";
    EXPECT_EQ(sumOf(whatIf), whatIf.allocated.total());
    EXPECT_EQ(whatIf.routed, before.routed);

    engine->evaluate(prompt, {}, [](const auto&) {});
    EXPECT_EQ(engine->ledger().workspace, massed.workspace) << "and it goes again";
}

TEST_F(MemoryLedger, the_driver_s_figures_are_within_the_device) {
    const auto engine = Engine::load(goldenGguf("dense", TensorType::F32), {.context = 64});
    const trace::MemoryLedger ledger = engine->ledger();
    for (const uint64_t free : {ledger.free_before_bytes, ledger.free_after_bytes}) {
        EXPECT_GT(free, 0U);
        EXPECT_LE(free, ledger.device_bytes);
    }
    if (!ledger.driver_counts) { // then it is what the engine has not taken
        EXPECT_EQ(ledger.free_before_bytes, ledger.device_bytes);
        EXPECT_EQ(ledger.free_after_bytes, ledger.device_bytes - ledger.allocated.total());
    }
}

TEST(WeightPurposes, a_buffer_is_for_what_its_first_tensor_is) {
    EXPECT_EQ(purposeOf("blk.3.ffn_up_exps.weight"), WeightPurpose::Routed);
    EXPECT_EQ(purposeOf("blk.3.ffn_down_exps.bias"), WeightPurpose::Routed);
    EXPECT_EQ(purposeOf("blk.3.ffn_gate_shexp.weight"), WeightPurpose::Shared);
    EXPECT_EQ(purposeOf("blk.3.ffn_gate_inp.weight"), WeightPurpose::Rest);
    // It lies below the router's rows.
    EXPECT_EQ(purposeOf("blk.3.ffn_gate_inp_shexp.weight"), WeightPurpose::Rest);
    EXPECT_EQ(purposeOf("blk.0.ffn_up.weight"), WeightPurpose::Rest);
    EXPECT_EQ(purposeOf("token_embd.weight"), WeightPurpose::Rest);
}

} // namespace

TEST(LogitBatch, holds_what_one_buffer_can) {
    using inference::readBackBatch;
    constexpr uint64_t range = 128ULL << 20;
    EXPECT_EQ(readBackBatch(256, 4096, range), 256U);
    EXPECT_EQ(readBackBatch(256, 49152, range), 256U); // 48 MiB
    EXPECT_EQ(readBackBatch(256, 131072, range), 128U);
    EXPECT_EQ(readBackBatch(512, 151936, 4ULL << 30), 110U);
    EXPECT_EQ(readBackBatch(256, 131072, 1ULL << 20), 2U);
    EXPECT_EQ(readBackBatch(256, 1U << 30, range), 1U);
}

} // namespace moescope::test
