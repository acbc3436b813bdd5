// SPDX-License-Identifier: Apache-2.0
// Every way to compute gives what the goldens say, whether the device would choose it or not, and so does every way to cut a
// prompt.
#include "tests/engine/inference/golden_model.h"

#include "engine/inference/kernels.h"
#include "engine/trace/error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace moescope::test {

using inference::Engine;
using inference::Kernels;
using inference::KvType;
using inference::Variants;

namespace {

struct Forced {
    std::string name;
    Variants variants;
};

/** Each variant on and off, the others as the device chooses. */
std::vector<Forced> allForced() {
    std::vector<Forced> all;
    for (const std::string& name : inference::variantList()) {
        for (const char* value : {"on", "off"}) {
            Forced forced{name + "=" + value, {}};
            inference::forceVariant(forced.variants, forced.name);
            all.push_back(std::move(forced));
        }
    }
    return all;
}

Forced forcedOn(const std::string& name) {
    Forced forced{name + "=on", {}};
    inference::forceVariant(forced.variants, forced.name);
    return forced;
}

} // namespace

/** Skipped, with the sentence, where the device or the build cannot compute so: no texels, say. */
class ForcedTest : public KernelTest {
protected:
    void skipUnlessPossible(const Forced& forced) {
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        try {
            const Kernels kernels(device(), forced.variants);
        } catch (const trace::Error& error) {
            ASSERT_TRUE(error.id() == "variant.device" || error.id() == "variant.build")
                << forced.name << ": " << error.id();
            std::fprintf(stderr, "SKIPPED, %s is not tested: %s\n", forced.name.c_str(), error.what());
            GTEST_SKIP() << error.what();
        }
    }
    static std::unique_ptr<Engine> load(const std::filesystem::path& file, KvType kv, const Forced& forced) {
        return Engine::load(file, {.kv = kv, .variants = forced.variants});
    }
};

class VariantsTest : public ForcedTest, public ::testing::WithParamInterface<Forced> {
protected:
    void SetUp() override {
        KernelTest::SetUp();
        skipUnlessPossible(GetParam());
    }
};

class RoundedActivations : public ForcedTest, public ::testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        KernelTest::SetUp();
        skipUnlessPossible(forcedOn(GetParam()));
    }
};

TEST_P(VariantsTest, f32_weights_and_cache_give_the_same_experts_logits_and_tokens) {
    for (const std::string& golden : goldenNames()) {
        const auto engine = load(goldenGguf(golden, gguf::TensorType::F32), KvType::F32, GetParam());
        const GoldenComparison comparison = compareWithGolden(*engine, goldenJson(goldenFolder(golden)));
        EXPECT_EQ(comparison.other_experts, 0U) << golden << ": " << comparison.first_difference;
        EXPECT_LT(comparison.worst_logit, 1e-3) << golden;
        EXPECT_EQ(comparison.greedy_same, comparison.greedy_runs) << golden << ": " << comparison.first_difference;
    }
}

TEST_P(VariantsTest, f16_and_q8_0_stay_close) {
    struct Types {
        gguf::TensorType weights;
        KvType kv;
        double most; ///< by which a logit may differ
    };
    // Of cooperative matrices the activations are rounded as well.
    const double rounding = Kernels(device(), GetParam().variants).coopmat() ? 2 : 1;
    for (const Types& types :
         {Types{gguf::TensorType::F16, KvType::F16, 0.05}, Types{gguf::TensorType::F16, KvType::Q8_0, 0.3}}) {
        const auto engine = load(goldenGguf("large_like", types.weights), types.kv, GetParam());
        const GoldenComparison comparison = compareWithGolden(*engine, goldenJson(goldenFolder("large_like")));
        EXPECT_LT(comparison.worst_logit, rounding * types.most);
        EXPECT_LE(comparison.other_experts * 50, comparison.decisions);
    }
}

// More tokens than a micro-batch holds, and a model whose routers were trained.
TEST_P(VariantsTest, a_prompt_in_slices_of_any_length_gives_the_same_experts_and_tokens) {
    const auto engine = load(MOESCOPE_BUILTIN_MODEL, KvType::F16, GetParam());
    const std::vector<int32_t> prompt = someTokens(530, 17);
    std::vector<std::vector<uint16_t>> experts;
    std::vector<int32_t> greedy;
    for (const uint32_t slice : {512U, 64U, 7U, 1U}) {
        engine->reset();
        std::vector<std::vector<uint16_t>> routed;
        for (uint32_t first = 0; first < prompt.size(); first += slice) {
            const auto tokens = std::span(prompt).subspan(first, std::min<size_t>(slice, prompt.size() - first));
            engine->evaluate(tokens, {.router = true}, [&](const inference::EvaluateBatch& batch) {
                for (const trace::RouterTrace& router : batch.router) {
                    routed.push_back(router.experts);
                }
            });
        }
        inference::GenerationRequest request;
        request.prompt = prompt;
        request.max_tokens = 16;
        request.sampling.temperature = 0.0F;
        request.ignore_eos = true;
        const std::vector<int32_t> tokens = engine->generate(request).tokens;
        if (slice == 512) {
            experts = routed;
            greedy = tokens;
            ASSERT_EQ(experts.size(), prompt.size());
        }
        EXPECT_EQ(routed, experts) << "slices of " << slice;
        EXPECT_EQ(tokens, greedy) << "slices of " << slice;
    }
}

namespace {

/** Of one way to compute, over a text that the model wrote itself. */
struct Read {
    std::vector<float> logits; ///< [token][vocab_size]
    std::vector<std::vector<uint16_t>> experts;
};

Read readText(Engine& engine, const std::vector<int32_t>& text) {
    Read read;
    engine.reset();
    engine.evaluate(text, {.logits = inference::LogitRows::All, .router = true},
                    [&](const inference::EvaluateBatch& batch) {
                        read.logits.insert(read.logits.end(), batch.logits.begin(), batch.logits.end());
                        for (const trace::RouterTrace& router : batch.router) {
                            read.experts.push_back(router.experts);
                        }
                    });
    return read;
}

/** KL(p || q) in bits of the softmaxes of two rows of logits. */
double divergenceBits(std::span<const float> p, std::span<const float> q) {
    const auto logSum = [](std::span<const float> logits) {
        const double most = *std::max_element(logits.begin(), logits.end());
        double sum = 0;
        for (const float logit : logits) {
            sum += std::exp(logit - most);
        }
        return most + std::log(sum);
    };
    const double of_p = logSum(p);
    const double of_q = logSum(q);
    double bits = 0;
    for (size_t i = 0; i < p.size(); ++i) {
        bits += std::exp(p[i] - of_p) * ((p[i] - of_p) - (q[i] - of_q)) / std::log(2.0);
    }
    return bits;
}

} // namespace

// The bound of what rounds activations, on a model that was trained: of Q6_K and Q8_0 weights.
TEST_P(RoundedActivations, change_little_of_what_a_trained_model_says) {
    const auto exact =
        Engine::load(MOESCOPE_BUILTIN_MODEL,
                     {.kv = KvType::F16, .variants = {.texels = false, .integer_dot = false, .coopmat = false}});
    inference::GenerationRequest request;
    request.prompt = exact->tokenizer().encode("Once upon a time");
    request.max_tokens = 400;
    request.sampling.seed = 5;
    request.ignore_eos = true;
    std::vector<int32_t> text = request.prompt;
    const std::vector<int32_t> answer = exact->generate(request).tokens;
    text.insert(text.end(), answer.begin(), answer.end());
    const Read want = readText(*exact, text);
    const auto engine = load(MOESCOPE_BUILTIN_MODEL, KvType::F16, forcedOn(GetParam()));
    const Read got = readText(*engine, text);
    const size_t width = want.logits.size() / text.size();
    double bits = 0;
    size_t same_token = 0;
    size_t choices = 0;
    size_t same_choice = 0;
    for (size_t token = 0; token < text.size(); ++token) {
        const auto p = std::span(want.logits).subspan(token * width, width);
        const auto q = std::span(got.logits).subspan(token * width, width);
        bits += divergenceBits(p, q) / static_cast<double>(text.size());
        same_token +=
            std::max_element(p.begin(), p.end()) - p.begin() == std::max_element(q.begin(), q.end()) - q.begin();
        ASSERT_EQ(got.experts[token].size(), want.experts[token].size());
        for (size_t i = 0; i < want.experts[token].size(); ++i) {
            ++choices;
            same_choice += got.experts[token][i] == want.experts[token][i];
        }
    }
    EXPECT_LT(bits, 0.001);
    EXPECT_GE(same_token * 100, text.size() * 99);
    EXPECT_GE(same_choice * 100, choices * 99);
}

INSTANTIATE_TEST_SUITE_P(Forced, VariantsTest, ::testing::ValuesIn(allForced()), [](const auto& one) {
    std::string name = one.param.name;
    std::replace(name.begin(), name.end(), '=', '_');
    return name;
});

INSTANTIATE_TEST_SUITE_P(Of, RoundedActivations, ::testing::Values("integer_dot", "coopmat"),
                         [](const auto& one) { return std::string(one.param); });

} // namespace moescope::test
