// SPDX-License-Identifier: Apache-2.0
#include "engine/model/rope_config.h"

#include "tests/engine/model/small_model.h"

#include <limits>

using namespace moescope;
using namespace moescope::tests;
using model::RopeScaling;

TEST(RopeConfig, AFactorWithoutATypeIsLinear) {
    for (const char* key : {"rope.scaling.factor", "rope.scale_linear"}) {
        SmallModel m;
        m.keys[key] = gguf::F32{4.0F};
        const model::ModelConfig c = m.read();
        EXPECT_EQ(c.rope_scaling, RopeScaling::Linear) << key;
        EXPECT_EQ(c.rope_scaling_factor, 4.0F) << key;
        const std::vector<float> frequencies = model::ropeFrequencies(c, false, {});
        EXPECT_FLOAT_EQ(frequencies[0], 0.25F);
        m.keys["rope.scaling.type"] = std::string("none");
        EXPECT_EQ(m.read().rope_scaling, RopeScaling::None) << "the type was stated";
    }
    SmallModel m;
    m.keys["rope.scale_linear"] = gguf::F32{4.0F};
    m.keys["rope.scaling.factor"] = gguf::F32{2.0F};
    EXPECT_EQ(m.read().rope_scaling_factor, 2.0F);
}

TEST(RopeConfig, TheFactorOfSineAndCosineCountsUnderEachType) {
    SmallModel m;
    m.keys["rope.scaling.attn_factor"] = gguf::F32{1.5F};
    EXPECT_EQ(m.read().rope_attn_factor, 1.5F);
    m.keys["rope.scaling.factor"] = gguf::F32{2.0F};
    EXPECT_EQ(m.read().rope_attn_factor, 1.5F);
    m.keys["rope.scaling.type"] = std::string("yarn");
    m.keys["rope.scaling.original_context_length"] = gguf::U32{32};
    EXPECT_FLOAT_EQ(m.read().rope_attn_factor, 1.5F * model::yarnAttentionFactor(2.0F));
}

TEST(RopeConfig, BasesThatTurnNothingSlowerAreNamed) {
    for (const float base : {1.0F, 0.5F}) {
        SmallModel m;
        m.keys["rope.freq_base"] = gguf::F32{base};
        expectSentence(m.refusal(), "config.range", {"rope.freq_base", "above 1"});
    }
    SmallModel m;
    m.keys["rope.scaling.alpha"] = gguf::F32{1e-6F}; // alpha^(4 / 2) brings 10,000 below 1
    expectSentence(m.refusal(), "config.range", {"rope.freq_base", "above 1"});
}

TEST(RopeConfig, FactorsThatMakeNoAngleAreNamed) {
    model::checkRopeFactors("rope_freqs.weight", std::vector<float>{1.0F, 1e-6F, 1e6F});
    for (const float factor : {0.0F, -1.0F, 1e-7F, 2e6F, std::numeric_limits<float>::quiet_NaN()}) {
        const std::vector<float> factors{1.0F, factor};
        expectSentence(errorOf([&] { model::checkRopeFactors("rope_freqs.weight", factors); }), "config.rope",
                       {"rope_freqs.weight"});
    }
}
