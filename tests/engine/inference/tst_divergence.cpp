// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/inference/golden_model.h"

#include "engine/inference/divergence.h"
#include "engine/trace/error.h"

#include <gtest/gtest.h>

#include <cmath>

namespace moescope::test {

using gguf::TensorType;
using inference::DivergenceRequest;
using inference::Engine;
using inference::KvType;
using trace::Intervention;
using trace::TokenDivergence;

class Divergence : public GoldenModelTest {
protected:
    Divergence() : GoldenModelTest("padded_vocab") {
        request.prompt = someTokens(50, 1);
        request.answer = someTokens(23, 2);
        request.what_if = {.banned = {{0, 1}, {1, 2}}, .without_shared = true};
    }

    /** Probabilities of all tokens where each of the answer stands, from one pass over everything. */
    std::vector<std::vector<double>> probabilities(const Intervention& intervention) {
        std::vector<int32_t> tokens = request.prompt;
        tokens.insert(tokens.end(), request.answer.begin(), request.answer.end());
        const size_t rows = engine->config().vocab_size;
        std::vector<std::vector<double>> all;
        engine->reset();
        engine->evaluate(tokens, {.logits = inference::LogitRows::All, .intervention = intervention},
                         [&](const inference::EvaluateBatch& batch) {
                             for (uint32_t i = 0; i < batch.count; ++i) {
                                 const auto row = batch.logits.subspan(i * rows, engine->config().token_count);
                                 std::vector<double> values(row.begin(), row.end());
                                 double sum = 0;
                                 for (double& value : values) {
                                     value = std::exp(value);
                                     sum += value;
                                 }
                                 for (double& value : values) {
                                     value /= sum;
                                 }
                                 all.push_back(values);
                             }
                         });
        const auto first = all.begin() + static_cast<ptrdiff_t>(request.prompt.size()) - 1;
        return {first, first + static_cast<ptrdiff_t>(request.answer.size())};
    }

    void expectDirect(const std::vector<TokenDivergence>& got) {
        const auto p = probabilities(request.base);
        const auto q = probabilities(request.what_if);
        ASSERT_EQ(got.size(), request.answer.size());
        double most = 0;
        for (size_t i = 0; i < got.size(); ++i) {
            double bits = 0;
            for (size_t id = 0; id < p[i].size(); ++id) {
                bits += p[i][id] * std::log2(p[i][id] / q[i][id]);
            }
            EXPECT_NEAR(got[i].kl_bits, bits, 1e-9) << i;
            EXPECT_NEAR(got[i].base_probability, p[i][static_cast<size_t>(request.answer[i])], 1e-12) << i;
            EXPECT_NEAR(got[i].what_if_probability, q[i][static_cast<size_t>(request.answer[i])], 1e-12) << i;
            most = std::max(most, bits);
        }
        EXPECT_GT(most, 0.01) << "the intervention does too little to test anything";
    }

    DivergenceRequest request;
};

TEST_F(Divergence, is_what_two_whole_passes_give) {
    ASSERT_LT(engine->config().token_count, engine->config().vocab_size) << "padding rows are to be left out";
    expectDirect(inference::divergence(*engine, request));
    request.base = {.experts_used = 3};
    expectDirect(inference::divergence(*engine, request));
}

TEST_F(Divergence, pieces_give_the_same_and_tell_their_progress) {
    const auto whole = inference::divergence(*engine, request);
    const uint64_t row = uint64_t{engine->config().token_count} * sizeof(float);
    for (const uint64_t rows : {0U, 1U, 5U, 22U, 23U, 1000U}) {
        request.held_bytes = rows * row + row / 2;
        uint64_t last = 0;
        uint64_t all = 0;
        request.progress = [&](uint64_t done, uint64_t total) {
            EXPECT_GT(done, last);
            EXPECT_TRUE(all == 0 || all == total);
            last = done;
            all = total;
        };
        const auto pieces = inference::divergence(*engine, request);
        EXPECT_EQ(last, all) << rows;
        ASSERT_EQ(pieces.size(), whole.size());
        for (size_t i = 0; i < whole.size(); ++i) {
            EXPECT_NEAR(pieces[i].kl_bits, whole[i].kl_bits, 1e-9) << rows << " rows, token " << i;
            EXPECT_NEAR(pieces[i].what_if_probability, whole[i].what_if_probability, 1e-9);
        }
    }
}

TEST_F(Divergence, of_a_model_from_itself_is_zero) {
    request.what_if = {};
    for (const uint64_t held : {uint64_t{1}, uint64_t{1} << 20}) {
        request.held_bytes = held;
        for (const TokenDivergence& token : inference::divergence(*engine, request)) {
            EXPECT_GE(token.kl_bits, 0);
            EXPECT_NEAR(token.kl_bits, 0, 1e-9);
            EXPECT_EQ(token.base_probability, token.what_if_probability);
        }
    }
}

TEST_F(Divergence, the_cache_is_forgotten_and_a_cancel_heard) {
    inference::divergence(*engine, request);
    EXPECT_EQ(engine->position(), 0U);
    std::atomic<bool> cancel = false;
    request.cancel = &cancel;
    request.held_bytes = 1;
    request.progress = [&](uint64_t done, uint64_t total) { cancel = done > total / 2; };
    EXPECT_EQ(idOf([&] { inference::divergence(*engine, request); }), "work.cancelled");
    EXPECT_EQ(engine->position(), 0U);
    cancel = false;
    request.progress = {};
    expectDirect(inference::divergence(*engine, request));
}

TEST_F(Divergence, what_cannot_be_compared_is_refused_before_anything_is_read) {
    request.progress = [](uint64_t, uint64_t) { FAIL() << "something was read"; };
    const auto refusal = [&](const std::function<void(DivergenceRequest&)>& change) {
        DivergenceRequest changed = request;
        change(changed);
        return idOf([&] { inference::divergence(*engine, changed); });
    };
    EXPECT_EQ(refusal([](auto& r) { r.prompt.clear(); }), "divergence.empty");
    EXPECT_EQ(refusal([](auto& r) { r.answer.clear(); }), "divergence.empty");
    EXPECT_EQ(refusal([](auto& r) { r.answer.back() = -1; }), "tokens.range");
    const auto padding = static_cast<int32_t>(engine->config().token_count);
    EXPECT_EQ(refusal([&](auto& r) { r.answer.back() = padding; }), "tokens.range");
    EXPECT_EQ(refusal([](auto& r) { r.prompt.front() = 1 << 30; }), "tokens.range");
    EXPECT_EQ(refusal([](auto& r) { r.prompt.back() = 1 << 30; }), "tokens.range");
    EXPECT_EQ(refusal([&](auto& r) { r.prompt = someTokens(engine->memory().context, 1); }), "divergence.too_long");
    EXPECT_EQ(refusal([](auto& r) { r.what_if.banned = {{77, 0}}; }), "intervention.layer");
    EXPECT_EQ(refusal([](auto& r) { r.base.forced = {{0, 77}}; }), "intervention.expert");
}

TEST_F(Divergence, of_logits_that_are_no_numbers_is_a_sentence) {
    const auto good = goldenGguf("padded_vocab", TensorType::F32);
    const gguf::Reader reader(good);
    const gguf::TensorInfo* norm = reader.find("output_norm.weight");
    ASSERT_NE(norm, nullptr);
    // Finite, but not what comes of it.
    const std::vector<float> huge(norm->elements(), 3e38F);
    const std::string bytes(reinterpret_cast<const char*>(huge.data()), huge.size() * sizeof(float));
    const auto overflowing = Engine::load(patched(good, "overflow.gguf", norm->offset, bytes), {.kv = KvType::F32});
    EXPECT_EQ(idOf([&] { inference::divergence(*overflowing, request); }), "divergence.nan");
}

} // namespace moescope::test
