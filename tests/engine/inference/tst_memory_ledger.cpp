// SPDX-License-Identifier: Apache-2.0
// What the planner says, what the engine asks a driver for and what the driver gives are one account.
#include "engine/inference/activations.h"
#include "engine/inference/device_weights.h"
#include "tests/engine/inference/golden_model.h"
#include "tests/support/kernel_fixture.h"

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

    engine->evaluate(prompt, {.intervention = {.banned = {{0, 1}}, .experts_used = 4}}, [](const auto&) {});
    const trace::MemoryLedger whatIf = engine->ledger();
    EXPECT_GT(whatIf.workspace.bytes, read.workspace.bytes) << "a table of rules, and room for four experts a token";
    EXPECT_EQ(sumOf(whatIf), whatIf.allocated.total());
    EXPECT_EQ(whatIf.routed, before.routed);

    engine->evaluate(prompt, {}, [](const auto&) {});
    EXPECT_EQ(engine->ledger().workspace, read.workspace) << "and it goes again";
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
