// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/inference/golden_model.h"

#include "engine/gguf/reader.h"
#include "engine/model/rope_config.h"
#include "engine/trace/error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

namespace moescope::test {

using gguf::TensorType;
using inference::Engine;
using inference::KvType;

namespace {

using Row = std::vector<double>;

std::vector<float> logitsOf(Engine& engine, int32_t token) {
    const auto logits = engine.step(token);
    return {logits.begin(), logits.end()};
}

/** Attention computed from a file's weights and the residual stream before each layer, position by position and in f64, with
 *  no cache: what the model says its attention is. */
class Reference {
public:
    Reference(const std::filesystem::path& path, Engine& engine, std::span<const int32_t> tokens)
        : m_file(path), m_config(engine.config()), m_hidden(m_config.block_count) {
        engine.evaluate(tokens, {.logits = inference::LogitRows::None, .hidden = true}, [&](const auto& batch) {
            const uint32_t width = m_config.embedding_length;
            for (uint32_t layer = 0; layer < m_config.block_count; ++layer) {
                for (uint32_t t = 0; t < batch.count; ++t) {
                    const auto* row = batch.hidden.data() + (size_t{layer} * batch.count + t) * width;
                    m_hidden[layer].emplace_back(row, row + width);
                }
            }
        });
    }

    /** Weights of one head of the query at `position` over the positions up to it. */
    Row weights(uint32_t layer, uint32_t head, uint32_t position) const {
        const uint32_t owner = m_config.kvOwner(layer);
        const uint32_t kvHead = head / (m_config.head_count / m_config.head_count_kv);
        const Row query = turned(layer, "attn_q", head, position, layer);
        Row scores;
        for (uint32_t p = 0; p <= position; ++p) {
            const Row key = turned(owner, "attn_k", kvHead, p, layer);
            scores.push_back(std::inner_product(query.begin(), query.end(), key.begin(), 0.0) *
                             m_config.attention_scale);
        }
        const double most = *std::max_element(scores.begin(), scores.end());
        double sum = 0;
        for (double& score : scores) {
            score = std::exp(score - most);
            sum += score;
        }
        for (double& score : scores) {
            score /= sum;
        }
        return scores;
    }

private:
    const std::vector<float>& tensor(const std::string& name) const {
        std::vector<float>& values = m_tensors[name];
        if (!values.empty()) {
            return values;
        }
        const gguf::TensorInfo* info = m_file.find(name);
        values.resize(info->elements());
        m_file.read(*info, 0, std::span(reinterpret_cast<uint8_t*>(values.data()), info->bytes));
        return values;
    }
    static std::string block(uint32_t layer, const std::string& name) {
        return "blk." + std::to_string(layer) + "." + name;
    }
    double unit(const Row& row) const {
        const double sum = std::inner_product(row.begin(), row.end(), row.begin(), 0.0);
        return 1 / std::sqrt(sum / static_cast<double>(row.size()) + m_config.layer_norm_rms_epsilon);
    }
    // A head of the projection `name` of `layer`, after RoPE and the norm whose weights `reader` has: with a shared cache
    // that is another layer.
    Row turned(uint32_t layer, const std::string& name, uint32_t head, uint32_t position, uint32_t reader) const {
        const uint32_t dim = m_config.head_dim;
        const Row& x = m_hidden[layer][position];
        const std::vector<float>& norm = tensor(block(layer, "attn_norm.weight"));
        const std::vector<float>& matrix = tensor(block(layer, name + ".weight"));
        const double scale = unit(x);
        Row raw(dim);
        for (uint32_t i = 0; i < dim; ++i) {
            for (size_t j = 0; j < x.size(); ++j) {
                raw[i] += matrix[(size_t{head} * dim + i) * x.size() + j] * x[j] * scale * norm[j];
            }
        }
        const std::vector<float> frequencies = model::ropeFrequencies(m_config, false, {});
        for (uint32_t j = 0; j < frequencies.size(); ++j) {
            const double angle = static_cast<double>(position) * frequencies[j];
            const double low = raw[j];
            const double high = raw[j + frequencies.size()];
            raw[j] = low * std::cos(angle) - high * std::sin(angle);
            raw[j + frequencies.size()] = high * std::cos(angle) + low * std::sin(angle);
        }
        if (m_config.qk_norm == model::QkNorm::AfterRope) {
            const std::vector<float>& weight = tensor(block(reader, name + "_norm.weight"));
            const double of_head = unit(raw);
            for (uint32_t i = 0; i < dim; ++i) {
                raw[i] *= of_head * weight[i];
            }
        }
        return raw;
    }

    gguf::Reader m_file;
    const model::ModelConfig& m_config;
    mutable std::map<std::string, std::vector<float>> m_tensors;
    std::vector<std::vector<Row>> m_hidden; ///< [layer][position][embedding_length]
};

} // namespace

class EngineAttentionTest : public KernelTest {};

TEST_F(EngineAttentionTest, weights_are_those_of_the_models_own_attention) {
    for (const char* name : {"large_like", "cla4", "cla_off", "no_qk_norm", "odd_head80"}) {
        const auto file = goldenGguf(name, TensorType::F32);
        const auto engine = Engine::load(file, {.kv = KvType::F32});
        const auto& config = engine->config();
        ASSERT_FALSE(config.qkv_bias || config.attention_sinks || config.sliding_window > 0) << name;
        const Reference reference(file, *engine, someTokens(23, 1));
        for (uint32_t layer = 0; layer < config.block_count; ++layer) {
            for (const uint32_t position : {0U, 9U, 22U}) {
                const trace::AttentionWeights got = engine->attentionWeights(position, layer);
                ASSERT_EQ(got.heads, config.head_count);
                ASSERT_EQ(got.weights.size(), size_t{config.head_count} * (position + 1));
                EXPECT_TRUE(got.sinks.empty());
                EXPECT_EQ(got.position, position);
                EXPECT_EQ(got.layer, layer);
                for (uint32_t head = 0; head < got.heads; ++head) {
                    const auto row = got.of(head);
                    EXPECT_NEAR(std::accumulate(row.begin(), row.end(), 0.0), 1.0, 1e-5);
                    const Row want = reference.weights(layer, head, position);
                    for (size_t p = 0; p < want.size(); ++p) {
                        ASSERT_NEAR(row[p], want[p], 1e-4) << name << ", layer " << layer << ", head " << head
                                                           << ", position " << position << ", key " << p;
                    }
                }
            }
        }
    }
}

TEST_F(EngineAttentionTest, the_cache_the_logits_and_the_next_token_stay_as_they_are) {
    for (const char* name : {"large_like", "cla4", "top2_cla", "dense"}) {
        for (const KvType kv : {KvType::F32, KvType::F16, KvType::Q8_0}) {
            const auto file = goldenGguf(name, TensorType::F32);
            const auto plain = Engine::load(file, {.kv = kv});
            const auto asked = Engine::load(file, {.kv = kv});
            const std::vector<int32_t> prompt = someTokens(40, 2);
            for (Engine* engine : {plain.get(), asked.get()}) {
                engine->evaluate(prompt, {}, [](const auto&) {});
            }
            for (int32_t token = 3; token < 9; ++token) {
                for (uint32_t layer = 0; layer < asked->config().block_count; ++layer) {
                    for (const uint32_t position : {0U, 17U, asked->position() - 1}) {
                        const trace::AttentionWeights got = asked->attentionWeights(position, layer);
                        for (uint32_t head = 0; head < got.heads; ++head) {
                            const auto row = got.of(head);
                            EXPECT_NEAR(std::accumulate(row.begin(), row.end(), 0.0), 1.0, 1e-5);
                        }
                    }
                }
                // A row of the cache that is another, be it in one bit, gives other logits: every position is read.
                ASSERT_EQ(logitsOf(*asked, token), logitsOf(*plain, token)) << name;
            }
            const auto cached = asked->cachedTokens();
            ASSERT_EQ(cached.size(), prompt.size() + 6);
            EXPECT_TRUE(std::equal(prompt.begin(), prompt.end(), cached.begin()));
            EXPECT_EQ(cached.back(), 8);
        }
    }
}

TEST_F(EngineAttentionTest, asking_between_two_answers_records_no_step_anew_and_changes_neither) {
    const auto engine =
        Engine::load(goldenGguf("large_like", TensorType::F32), {.kv = KvType::F16, .variants = hostSteps()});
    inference::GenerationRequest request;
    request.prompt = someTokens(12, 3);
    request.max_tokens = 9;
    request.sampling.temperature = 0;
    request.ignore_eos = true;
    const auto first = engine->generate(request);
    // The token that was decoded last has its query from the same kernels: asking twice gives the same bits.
    const auto once = engine->attentionWeights(engine->position() - 1, 3);
    EXPECT_EQ(engine->attentionWeights(engine->position() - 1, 3).weights, once.weights);
    uint64_t recorded = 0;
    const auto second = engine->generate(request, {.token = [&](const auto& token, const auto&) {
                                             if (!token->generated) {
                                                 recorded = engine->commandBuffersRecorded();
                                             }
                                         }});
    EXPECT_EQ(second.tokens, first.tokens);
    EXPECT_EQ(engine->commandBuffersRecorded(), recorded);
}

TEST_F(EngineAttentionTest, the_mass_on_a_passage_is_that_of_its_weights) {
    for (const char* name : {"large_like", "cla4", "odd_head80"}) {
        const auto engine = loadGolden(name);
        engine->evaluate(someTokens(60, 3), {}, [](const auto&) {});
        for (const auto& [position, first, count] :
             {std::tuple(59U, 10U, 12U), {59U, 0U, 60U}, {30U, 30U, 1U}, {0U, 0U, 1U}, {59U, 5U, 0U}}) {
            const std::vector<float> mass = engine->attentionMass(position, first, count);
            ASSERT_EQ(mass.size(), engine->config().block_count);
            for (uint32_t layer = 0; layer < mass.size(); ++layer) {
                const trace::AttentionWeights weights = engine->attentionWeights(position, layer);
                double sum = 0;
                for (uint32_t head = 0; head < weights.heads; ++head) {
                    const auto row = weights.of(head);
                    sum += std::accumulate(row.begin() + first, row.begin() + first + count, 0.0);
                }
                EXPECT_NEAR(mass[layer], sum / weights.heads, 1e-5)
                    << name << ", layer " << layer << ", position " << position;
            }
        }
        const std::vector<float> before = engine->attentionMass(59, 10, 12);
        EXPECT_EQ(engine->attentionMass(59, 10, 12), before);
        EXPECT_EQ(idOf([&] { engine->attentionMass(60, 0, 1); }), "attention.position");
        EXPECT_EQ(idOf([&] { engine->attentionMass(30, 30, 2); }), "attention.position");
        EXPECT_EQ(idOf([&] { engine->attentionMass(30, 4'000'000'000U, 400'000'000U); }), "attention.position");
    }
}

TEST_F(EngineAttentionTest, a_mark_stays_while_what_the_cache_holds_up_to_it_does) {
    const auto engine = loadGolden("large_like");
    EXPECT_EQ(engine->cacheMark(0), 0U);
    const std::vector<int32_t> prompt = someTokens(12, 5);
    inference::GenerationRequest request;
    request.prompt = prompt;
    request.max_tokens = 6;
    request.sampling.temperature = 0;
    request.ignore_eos = true;
    const auto marks = [&] {
        std::vector<uint64_t> all;
        for (uint32_t position = 0; position < engine->position(); ++position) {
            all.push_back(engine->cacheMark(position));
        }
        return all;
    };
    const auto answer = engine->generate(request);
    const std::vector<uint64_t> first = marks();
    ASSERT_EQ(first.size(), 18U);
    EXPECT_EQ(engine->cacheMark(18), 0U);
    EXPECT_NE(first[0], 0U);
    EXPECT_TRUE(std::is_sorted(first.begin(), first.end()));

    // A prompt that goes on keeps them; the same answer made again has the same tokens and other marks.
    request.prompt.insert(request.prompt.end(), answer.tokens.begin(), answer.tokens.end());
    request.prompt.push_back(3);
    engine->generate(request);
    std::vector<uint64_t> now = marks();
    EXPECT_TRUE(std::equal(first.begin(), first.end(), now.begin()));
    request.prompt = prompt;
    EXPECT_EQ(engine->generate(request).tokens, answer.tokens);
    now = marks();
    EXPECT_TRUE(std::equal(first.begin(), first.begin() + 11, now.begin())); // the prompt's last token is read anew
    for (size_t position = 11; position < now.size(); ++position) {
        EXPECT_GT(now[position], first.back());
    }
    engine->reset();
    EXPECT_EQ(engine->cacheMark(0), 0U);
    engine->step(1);
    EXPECT_GT(engine->cacheMark(0), now.back());
}

TEST_F(EngineAttentionTest, positions_and_layers_that_are_not_there_are_sentences) {
    const auto engine = loadGolden("large_like");
    EXPECT_EQ(idOf([&] { engine->attentionWeights(0, 0); }), "attention.position");
    engine->evaluate(someTokens(5, 4), {}, [](const auto&) {});
    EXPECT_EQ(idOf([&] { engine->attentionWeights(4, engine->config().block_count); }), "attention.layer");
    EXPECT_EQ(idOf([&] { engine->attentionWeights(5, 0); }), "attention.position");
    EXPECT_EQ(idOf([&] { engine->attentionWeights(4, 0); }), "");
    engine->reset();
    EXPECT_EQ(idOf([&] { engine->attentionWeights(4, 0); }), "attention.position");
}

} // namespace moescope::test
