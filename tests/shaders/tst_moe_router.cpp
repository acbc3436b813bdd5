// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/kernel_test.h"
#include "tests/support/moe_router.h"
#include "tests/support/rms_norm.h"

#include <bit>

namespace moescope::test {

struct RouterCase {
    uint32_t width, expert_count, used;
    bool norm_weights;
    bool bias = false;
    bool shared_gate = false;
};

TEST_F(KernelsTest, moe_router) {
    for (const RouterCase& shape : {RouterCase{64, 8, 1, false},
                                    {100, 16, 1, false},
                                    {17, 3, 2, true},
                                    {256, 16, 8, true},
                                    {36, 5, 5, true},
                                    {128, 130, 8, false},
                                    {20, 8, 2, true, true, false},
                                    {64, 60, 4, false, false, true},
                                    {33, 7, 3, true, true, true}}) {
        const uint32_t tokens = 4;
        const uint32_t layer = 1;
        const TestMatrix router =
            matrix(gguf::TensorType::F32, 1, shape.expert_count + (shape.shared_gate ? 1 : 0), shape.width, 1);
        const std::vector<float> bias = random(shape.expert_count, 4, shape.bias ? 1.0F : 0.0F);
        const auto bias_weights = floats(bias);
        const auto shared_weights = zeroWords(tokens);
        const std::vector<float> x = random(size_t{tokens} * shape.width, 2, 3.0F);
        const std::vector<float> norm = random(shape.width, 3);
        const auto in = rows(x, shape.width);
        const auto norm_weights = rows(norm, shape.width);
        const auto normed = zeroRows(tokens, shape.width);
        const auto experts = zeroWords(tokens * shape.used);
        const auto weights = zeroWords(tokens * shape.used);
        const uint32_t entry = inference::Kernels::logEntry(shape.used);
        const auto log = zeroWords(uint64_t{2} * tokens * entry);
        const auto probs = zeroWords(uint64_t{2} * tokens * shape.expert_count);
        const auto state = step(0, true, true);
        run([&](auto& recorder) {
            kernels().moeRouter(recorder, router.matrix, shape.bias ? bias_weights.get() : nullptr,
                                {shape.expert_count, shape.used, shape.norm_weights}, *in, *norm_weights, 1e-5F, *state,
                                {*normed, *experts, *weights, *shared_weights, *log, *probs}, layer, tokens, tokens);
        });
        const std::vector<float> got_shared = readFloats(*shared_weights, tokens);
        const std::vector<float> got_normed = readRows(*normed, tokens, shape.width);
        const std::vector<uint32_t> got_experts = readWords(*experts, tokens * shape.used);
        const std::vector<float> got_weights = readFloats(*weights, tokens * shape.used);
        const std::vector<uint32_t> got_log = readWords(*log, size_t{2} * tokens * entry);
        const std::vector<float> got_probs = readFloats(*probs, size_t{2} * tokens * shape.expert_count);
        const std::string what = std::to_string(shape.expert_count) + " experts, used " + std::to_string(shape.used);
        for (uint32_t t = 0; t < tokens; ++t) {
            const std::vector<float> row =
                twins::rmsNorm(std::span(x).subspan(size_t{t} * shape.width, shape.width), norm, 1e-5F);
            expectNear(std::span(got_normed).subspan(size_t{t} * shape.width, shape.width), row, 1e-6F, 1e-5F,
                       what + ", norm");
            const twins::Routing want = twins::moeRouter(router.decoded, bias, row, shape.used, shape.norm_weights);
            EXPECT_NEAR(got_shared[t], want.shared_weight, 1e-5F) << what;
            const uint32_t* logged = got_log.data() + (size_t{layer} * tokens + t) * entry;
            for (uint32_t s = 0; s < shape.used; ++s) {
                EXPECT_EQ(got_experts[t * shape.used + s], want.experts[s]) << what << ", token " << t;
                EXPECT_NEAR(got_weights[t * shape.used + s], want.weights[s], 1e-5F) << what;
                EXPECT_EQ(logged[s], want.experts[s]) << what;
                EXPECT_NEAR(std::bit_cast<float>(logged[shape.used + 1 + s]), want.probs[want.experts[s]], 1e-5F)
                    << what;
                EXPECT_NEAR(std::bit_cast<float>(logged[2 * shape.used + 2 + s]), want.weights[s], 1e-5F) << what;
            }
            if (shape.used < shape.expert_count) {
                EXPECT_EQ(logged[shape.used], want.runner_up) << what;
                EXPECT_NEAR(std::bit_cast<float>(logged[2 * shape.used + 1]), want.probs[want.runner_up], 1e-5F)
                    << what;
            }
            expectNear(
                std::span(got_probs).subspan((size_t{layer} * tokens + t) * shape.expert_count, shape.expert_count),
                want.probs, 1e-6F, 1e-5F, what);
        }
    }
}

TEST_F(KernelsTest, moe_router_ties_go_to_the_lower_id_and_the_log_can_be_off) {
    const std::vector<float> x(32, 1.0F);
    TestMatrix router = matrix(gguf::TensorType::F32, 1, 6, 32, 1);
    const std::vector<uint8_t> same(router.matrix.buffer->size(), 0);
    router.matrix.buffer->upload(0, same);
    const auto in = rows(x, 32);
    const auto normed = zeroRows(1, 32);
    const auto experts = zeroWords(2);
    const auto weights = zeroWords(2);
    const auto log = zeroWords(8);
    const auto probs = zeroWords(6);
    const auto state = step(0, false, false);
    run([&](auto& recorder) {
        kernels().moeRouter(recorder, router.matrix, nullptr, {6, 2, true}, *in, *in, 1e-5F, *state,
                            {*normed, *experts, *weights, *weights, *log, *probs}, 0, 1, 1);
    });
    EXPECT_EQ(readWords(*experts, 2), (std::vector<uint32_t>{0, 1}));
    EXPECT_EQ(readWords(*log, 8), std::vector<uint32_t>(8, 0));
    EXPECT_EQ(readWords(*probs, 6), std::vector<uint32_t>(6, 0));
}

} // namespace moescope::test
