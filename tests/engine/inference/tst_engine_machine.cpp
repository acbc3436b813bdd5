// SPDX-License-Identifier: Apache-2.0
// What the machine does to an engine: no memory, a device that goes, a model file that changes while it is read.
#include "tests/engine/inference/golden_model.h"
#include "tests/support/driver_faults.h"
#include "tests/support/kernel_fixture.h"

#include "engine/model/convert.h"
#include "engine/trace/error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <optional>
#include <thread>

namespace moescope::test {

using gguf::TensorType;
using inference::Engine;
using inference::KvType;

namespace fs = std::filesystem;

namespace {

std::optional<trace::Error> errorOf(const std::function<void()>& work) {
    try {
        work();
    } catch (const trace::Error& error) {
        EXPECT_EQ(std::string(error.what()).find('{'), std::string::npos) << error.what();
        return error;
    }
    return std::nullopt;
}

std::string argument(const trace::Error& error, const std::string& name) {
    for (const auto& [key, value] : error.arguments()) {
        if (key == name) {
            return value;
        }
    }
    return {};
}

std::vector<int32_t> answer(Engine& engine, const trace::Intervention& intervention = {}, uint32_t in_flight = 1) {
    inference::GenerationRequest request;
    request.intervention = intervention;
    request.prompt = {5, 6, 7, 8};
    request.max_tokens = 8;
    request.sampling.temperature = 0.0F;
    request.ignore_eos = true;
    request.steps_in_flight = in_flight;
    return engine.generate(request).tokens;
}

} // namespace

class EngineMachine : public KernelTest {
protected:
    void SetUp() override {
        KernelTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        m_model = goldenGguf("large_like", TensorType::F32);
        const auto engine = load(m_model);
        allocated = engine->memory();
        want = answer(*engine);
    }
    static std::unique_ptr<Engine> load(const fs::path& file, inference::LoadOptions options = {}) {
        options.kv = KvType::F32;
        return Engine::load(file, options);
    }
    /** A copy of the model that a test may change; its time is old, so that any change shows. */
    fs::path copyOf(const char* name) const {
        const fs::path file = m_model.parent_path() / name;
        fs::copy_file(m_model, file, fs::copy_options::overwrite_existing);
        fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(1));
        return file;
    }
    /** Loads `file` and calls `change` once, after a part of it was read. */
    static std::unique_ptr<Engine> loadWhile(const fs::path& file, const std::function<void()>& change) {
        bool changed = false;
        auto engine = load(file, {.progress = [&](uint64_t done, uint64_t total) {
                               if (!changed && done * 4 >= total) {
                                   changed = true;
                                   change();
                               }
                               return true;
                           }});
        EXPECT_TRUE(changed);
        return engine;
    }

    fs::path m_model;
    trace::MemoryInfo allocated;
    std::vector<int32_t> want;
};

TEST_F(EngineMachine, no_memory_for_any_buffer_of_a_load_is_a_sentence_with_its_bytes) {
    DriverFaults driver;
    load(m_model);
    const uint64_t all = driver.allocations();
    ASSERT_GT(all, 20U);
    const uint64_t step = std::max<uint64_t>(1, all / 24);
    for (uint64_t after = 0; after < all; after = after + 1 == all ? all : std::min(after + step, all - 1)) {
        driver.failAllocation(static_cast<uint32_t>(after));
        const auto error = errorOf([&] { load(m_model); });
        ASSERT_TRUE(error) << "allocation " << after;
        const std::string text = error->what();
        EXPECT_EQ(error->id(), "vulkan.memory") << after << ": " << text;
        const std::string bytes = argument(*error, "bytes");
        EXPECT_TRUE(bytes.ends_with("bytes") || bytes.ends_with("iB")) << text;
        EXPECT_NE(text.find("needs " + bytes), std::string::npos) << text;
        EXPECT_FALSE(argument(*error, "name").empty()) << text;
    }
    // Nothing of the failed loads is in the way of the next.
    EXPECT_EQ(answer(*load(m_model)), want);
}

TEST_F(EngineMachine, no_memory_for_any_pipeline_of_a_load_is_its_one_error) {
    DriverFaults driver;
    load(m_model);
    const uint64_t all = driver.pipelines();
    ASSERT_GT(all, 10U);
    for (const uint64_t after : {uint64_t{0}, uint64_t{1}, uint64_t{2}, all / 2, all - 1}) {
        driver.failPipeline(static_cast<uint32_t>(after));
        const auto error = errorOf([&] { load(m_model); });
        ASSERT_TRUE(error) << "pipeline " << after;
        EXPECT_EQ(error->id(), "vulkan.memory_call") << after << ": " << error->what();
        EXPECT_EQ(argument(*error, "call"), "vkCreateComputePipelines") << after;
    }
    EXPECT_EQ(answer(*load(m_model)), want);
}

TEST_F(EngineMachine, a_cancelled_load_makes_no_more_pipelines) {
    DriverFaults driver;
    load(m_model);
    const uint64_t all = driver.pipelines();
    driver.holdPipelines(0);
    std::optional<Trickle> trickle;
    const auto cancel = [&](uint64_t, uint64_t) {
        if (!trickle) {
            driver.waitUntilHeld(1);
            trickle.emplace(driver);
        }
        return false;
    };
    const auto error = errorOf([&] { load(m_model, {.progress = cancel}); });
    trickle.reset();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->id(), "load.cancelled");
    EXPECT_EQ(driver.pipelinesUnderWay(), 0U) << "a thread of the load goes on";
    EXPECT_LT(driver.pipelines() - all, all);
}

TEST_F(EngineMachine, no_memory_for_an_intervention_leaves_the_model_as_it_was) {
    DriverFaults driver;
    const auto engine = load(m_model);
    const trace::PlacedBytes before = engine->ledger().allocated;
    const trace::Intervention more{.banned = {{0, 1}}, .experts_used = 4};
    const uint64_t until = driver.allocations();
    EXPECT_NE(answer(*engine, more), want);
    const auto needed = static_cast<uint32_t>(driver.allocations() - until);
    ASSERT_GT(needed, 4U);
    EXPECT_EQ(answer(*engine), want);
    for (uint32_t after = 0; after < needed; ++after) {
        driver.failAllocation(after);
        const auto error = errorOf([&] { answer(*engine, more); });
        ASSERT_TRUE(error) << "allocation " << after;
        EXPECT_EQ(error->id(), "vulkan.memory") << after;
        EXPECT_EQ(engine->ledger().allocated, before) << after;
        EXPECT_EQ(answer(*engine), want) << after;
    }
    // What has room for more experts serves for fewer: there is always a way back.
    answer(*engine, more);
    driver.failAllocation(0);
    EXPECT_EQ(answer(*engine), want);
}

TEST_F(EngineMachine, a_cache_beyond_one_allocation_names_its_bytes) {
    // The same model, made for 2²⁴ tokens: its caches exceed what any driver gives in one piece.
    const fs::path folder = m_model.parent_path() / "long_context";
    fs::create_directories(folder);
    for (const auto& entry : fs::directory_iterator(goldenFolder("large_like"))) {
        fs::copy_file(entry.path(), folder / entry.path().filename(), fs::copy_options::overwrite_existing);
    }
    std::ifstream before(folder / "config.json");
    nlohmann::json config = nlohmann::json::parse(before);
    config["max_position_embeddings"] = 1U << 24;
    std::ofstream(folder / "config.json") << config;
    const fs::path file = m_model.parent_path() / "long_context.gguf";
    model::convert(folder, file, {.type = TensorType::F32, .progress = {}});
    const uint64_t head = allocated.kv_bytes_per_token / 2 / 2 / 2
                          << 24U; // keys of one of two heads of one of two owners
    if (head <= device().limits().max_storage_range) {
        GTEST_SKIP() << "this device can bind " << trace::bytesText(head) << " at once";
    }
    // Named it is refused; else it is as long as can be bound.
    const auto error = errorOf([&] { load(file, {.context = 1U << 24}); });
    ASSERT_TRUE(error);
    const std::string text = error->what();
    EXPECT_NE(text.find(trace::bytesText(head)), std::string::npos) << error->id() << ": " << text;
    EXPECT_EQ(answer(*load(file, {.context = 64})), want);
    const auto fitting = load(file);
    EXPECT_TRUE(fitting->contextChoice().shortened);
    EXPECT_GE(fitting->memory().context, 64U);
    EXPECT_LT(fitting->memory().context, 1U << 24);
    EXPECT_EQ(answer(*fitting), want);
}

TEST_F(EngineMachine, a_device_lost_at_any_moment_of_an_answer_is_a_sentence) {
    DriverFaults driver;
    for (const uint32_t after : {0U, 1U, 2U, 5U, 9U}) {
        const auto engine = load(m_model);
        driver.loseDevice(after);
        const auto error = errorOf([&] { answer(*engine); });
        ASSERT_TRUE(error) << after;
        EXPECT_EQ(error->id(), "vulkan.device_lost") << after;
        EXPECT_EQ(errorOf([&] { answer(*engine); })->id(), "vulkan.device_lost") << "a lost device does not come back";
    }
    EXPECT_EQ(answer(*load(m_model)), want);
}

// As a GPU answers: it samples, and several steps are in flight.
class EngineMachineInFlight : public EngineMachine {
protected:
    std::unique_ptr<Engine> loadAsOnGpu() { return load(m_model, {.variants = {.texels = false, .sampling = true}}); }
    static std::vector<int32_t> answerInFlight(Engine& engine) { return answer(engine, {}, 4); }
};

TEST_F(EngineMachineInFlight, a_lost_device_leaves_no_step_behind) {
    DriverFaults driver;
    for (const uint32_t after : {2U, 4U, 5U, 6U, 8U}) {
        const auto engine = loadAsOnGpu();
        driver.loseDevice(after);
        for (int again = 0; again < 2; ++again) {
            const auto error = errorOf([&] { answerInFlight(*engine); });
            ASSERT_TRUE(error) << after;
            EXPECT_EQ(error->id(), "vulkan.device_lost") << after;
        }
        EXPECT_EQ(errorOf([&] { engine->step(1); })->id(), "vulkan.device_lost") << after;
        EXPECT_EQ(errorOf([&] { engine->profile(1); })->id(), "vulkan.device_lost") << after;
    }
}

TEST_F(EngineMachineInFlight, without_memory_for_more_steps_fewer_are_in_flight) {
    DriverFaults driver;
    const auto engine = loadAsOnGpu();
    const uint64_t before = driver.allocations();
    driver.failAllocation(0);
    EXPECT_EQ(answerInFlight(*engine), want);
    EXPECT_EQ(driver.allocations(), before + 1) << "one that failed, and no other was tried in this answer";
    EXPECT_EQ(answerInFlight(*engine), want); // with as many as were asked for
    EXPECT_GT(driver.allocations(), before + 1);
}

TEST_F(EngineMachine, a_prompt_cancelled_halfway_and_sent_again_computes_the_rest_and_no_more) {
    DriverFaults driver;
    const auto engine = load(m_model);
    driver.slowSubmissions(std::chrono::milliseconds(10)); // or all 200 tokens would be one batch
    inference::GenerationRequest request;
    for (int32_t i = 0; i < 200; ++i) {
        request.prompt.push_back((i * 37) % 480);
    }
    request.max_tokens = 8;
    request.sampling.temperature = 0.0F;
    request.ignore_eos = true;
    std::atomic<bool> cancel = false;
    uint32_t told = 0;
    inference::GenerationObserver observer;
    observer.prefill = [&](const trace::PrefillProgress& progress) { cancel = progress.done >= progress.total / 2; };
    observer.token = [&](const trace::TokenTracePtr& token, const std::string&) { told += token->generated ? 0 : 1; };
    observer.cancel = &cancel;
    const auto stopped = engine->generate(request, observer);
    ASSERT_EQ(stopped.reason, trace::StopReason::Cancelled);
    const uint32_t kept = engine->position();
    EXPECT_GE(kept, 100U);
    ASSERT_LT(kept, 200U);
    EXPECT_EQ(stopped.timings.prefill_tokens, kept);

    cancel = false;
    observer.prefill = {};
    const auto again = engine->generate(request, observer);
    EXPECT_EQ(again.timings.reused_tokens, kept);
    EXPECT_EQ(again.timings.prefill_tokens, 200 - kept) << "the rest";
    EXPECT_EQ(told, 200U) << "no token was computed twice";

    // Heard within a slice, that slice is lost, and no more.
    engine->reset();
    told = 0;
    const uint64_t before = driver.submissions();
    observer.prefill = [&](const trace::PrefillProgress& progress) { told = progress.done; };
    std::atomic<bool> over = false;
    std::thread other([&] {
        while (driver.submissions() < before + 10 && !over) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        cancel = true;
    });
    observer.token = {};
    EXPECT_EQ(engine->generate(request, observer).reason, trace::StopReason::Cancelled);
    over = true;
    other.join();
    EXPECT_EQ(engine->position(), told);
    EXPECT_LT(told, 200U);
    cancel = false;
    const auto third = engine->generate(request, observer);
    EXPECT_EQ(third.timings.reused_tokens + third.timings.prefill_tokens, 200U);
    EXPECT_EQ(third.tokens, again.tokens);
}

TEST_F(EngineMachine, a_cancelled_mass_ends_within_a_slice_and_changes_nothing) {
    DriverFaults driver;
    const auto engine = load(m_model);
    engine->evaluate(std::vector<int32_t>{5, 6, 7, 8, 9, 10, 11, 12}, {}, [](const auto&) {});
    // Each slice seems a long one from the first on, so that there are many.
    driver.slowSubmissions(std::chrono::milliseconds(40));
    const std::vector<float> mass = engine->attentionMass(7, 2, 3);
    std::atomic<bool> cancel = true;
    uint64_t before = driver.submissions();
    EXPECT_EQ(errorOf([&] { engine->attentionMass(7, 2, 3, &cancel); })->id(), "work.cancelled");
    EXPECT_EQ(driver.submissions(), before) << "nothing is computed for one that is cancelled already";

    before = driver.submissions();
    EXPECT_EQ(engine->attentionMass(7, 2, 3), mass);
    EXPECT_GE(driver.submissions() - before, engine->config().block_count);
    cancel = false;
    before = driver.submissions();
    uint64_t heard = 0;
    std::atomic<bool> over = false;
    std::thread other([&] {
        while (driver.submissions() < before + 3 && !over) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        cancel = true;
        heard = driver.submissions();
    });
    const auto error = errorOf([&] { engine->attentionMass(7, 2, 3, &cancel); });
    over = true;
    other.join();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->id(), "work.cancelled");
    EXPECT_LE(driver.submissions(), heard + 1) << "the one that the flag was set beside";
    driver.slowSubmissions(std::chrono::milliseconds(0));
    EXPECT_EQ(engine->attentionMass(7, 2, 3), mass);
    EXPECT_EQ(answer(*engine), want);
}

TEST_F(EngineMachine, a_file_truncated_while_it_loads_is_an_error) {
    const fs::path file = copyOf("truncated.gguf");
    const auto error = errorOf([&] { loadWhile(file, [&] { fs::resize_file(file, 20000); }); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->id(), "gguf.changed") << error->what();
    EXPECT_NE(std::string(error->what()).find("truncated.gguf"), std::string::npos) << error->what();
}

TEST_F(EngineMachine, a_file_overwritten_while_it_loads_is_an_error) {
    const fs::path file = copyOf("overwritten.gguf");
    const auto error = errorOf([&] {
        loadWhile(file, [&] {
            const std::string other(fs::file_size(file), 'z');
            std::ofstream(file, std::ios::binary).write(other.data(), static_cast<std::streamsize>(other.size()));
        });
    });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->id(), "gguf.changed") << error->what();
}

TEST_F(EngineMachine, a_file_replaced_while_it_loads_is_read_to_its_end) {
    const fs::path file = copyOf("replaced.gguf");
    const auto engine = loadWhile(file, [&] {
        const fs::path next = m_model.parent_path() / "next.gguf";
        std::ofstream(next) << "something else";
        fs::rename(next, file);
    });
    EXPECT_EQ(answer(*engine), want);
    const auto error = errorOf([&] { load(file); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->id(), "gguf.magic") << error->what();
}

} // namespace moescope::test
