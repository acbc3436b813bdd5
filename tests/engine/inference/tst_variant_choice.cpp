// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/kernel_variants.h"
#include "engine/inference/kernels.h"
#include "engine/inference/variants.h"
#include "engine/inference/weight_layout.h"
#include "engine/trace/error.h"
#include "tests/support/kernel_fixture.h"

#include <gtest/gtest.h>

#include <functional>

namespace moescope::test {

using inference::Kernels;
using inference::Variants;
using inference::variantsFor;
using trace::KvType;

namespace {

std::string idOf(const std::function<void()>& work) {
    try {
        work();
    } catch (const trace::Error& error) {
        EXPECT_EQ(std::string(error.what()).find('{'), std::string::npos) << error.what();
        return error.id();
    }
    return "";
}

} // namespace

TEST(Variants, are_forced_by_name) {
    const struct {
        const char* name;
        std::optional<bool> Variants::*variant;
    } all[] = {{"texels", &Variants::texels},
               {"threads", &Variants::threads},
               {"sampling", &Variants::sampling},
               {"integer_dot", &Variants::integer_dot},
               {"coopmat", &Variants::coopmat}};
    for (const auto& one : all) {
        Variants variants;
        EXPECT_FALSE((variants.*one.variant).has_value()) << one.name;
        forceVariant(variants, std::string(one.name) + "=on");
        EXPECT_EQ(variants.*one.variant, true) << one.name;
        forceVariant(variants, std::string(one.name) + "=off");
        EXPECT_EQ(variants.*one.variant, false) << one.name;
        for (const char* wrong : {"", "=", "=yes", "=On", "=on "}) {
            EXPECT_EQ(idOf([&] { forceVariant(variants, std::string(one.name) + wrong); }), "variant.value") << wrong;
        }
    }
    Variants variants;
    EXPECT_EQ(idOf([&] { forceVariant(variants, "coopmats=on"); }), "variant.name");
}

TEST(Variants, a_cache_of_f32_has_what_rounds_activations_by_name_alone) {
    for (const auto variant : {&Variants::integer_dot, &Variants::coopmat}) {
        EXPECT_EQ(variantsFor({}, KvType::F16).*variant, std::nullopt);
        EXPECT_EQ(variantsFor({}, KvType::Q8_0).*variant, std::nullopt);
        EXPECT_EQ(variantsFor({}, KvType::F32).*variant, false);
        for (const bool wish : {true, false}) {
            Variants wished;
            wished.*variant = wish;
            for (const KvType kv : trace::kvTypes) {
                EXPECT_EQ(variantsFor(wished, kv).*variant, wish);
            }
        }
    }
}

class VariantsOfDevice : public KernelTest {
protected:
    static bool canTexels() {
        const vulkan::Limits& limits = device().limits();
        return limits.software && limits.subgroup_size <= inference::mostGroupedRows;
    }
};

// What the device lacks is said first, where it is the first of the two.
TEST_F(VariantsOfDevice, exclude_one_another) {
    for (const Variants& two :
         {Variants{.texels = true, .coopmat = true}, Variants{.texels = true, .integer_dot = true},
          Variants{.integer_dot = true, .coopmat = true}}) {
        EXPECT_EQ(idOf([&] { Kernels(device(), two); }), "variant.pair"); // whatever the device has
    }
}

TEST_F(VariantsOfDevice, are_refused_where_they_cannot_be) {
    EXPECT_FALSE(Kernels(device(), {.coopmat = false}).coopmat());
    EXPECT_FALSE(Kernels(device(), {.texels = false, .coopmat = false}).coopmat());
    EXPECT_FALSE(Kernels(device(), {.integer_dot = false}).integerDot());
    const std::string texelsId = idOf([] {
        const Kernels kernels(device(), {.texels = true});
        EXPECT_TRUE(kernels.texels());
        EXPECT_FALSE(kernels.integerDot());
        EXPECT_FALSE(kernels.coopmat());
    });
    EXPECT_EQ(texelsId, canTexels() ? "" : "variant.device");
    const bool has = !device().limits().matrix_shapes.empty();
    const std::string id = idOf([] { EXPECT_TRUE(Kernels(device(), {.coopmat = true}).coopmat()); });
    EXPECT_EQ(id, !inference::builtWithCoopmat() ? "variant.build" : !has ? "variant.device" : "");
    const std::string dotId = idOf([] {
        const Kernels kernels(device(), {.integer_dot = true});
        EXPECT_TRUE(kernels.integerDot());
        EXPECT_FALSE(kernels.texels());
        EXPECT_FALSE(kernels.coopmat());
    });
    EXPECT_EQ(dotId, device().limits().integer_dot ? "" : "variant.device");
}

TEST_F(VariantsOfDevice, are_chosen_for_the_device) {
    // A software driver takes texels unless it is told otherwise.
    const vulkan::Limits& limits = device().limits();
    const Kernels kernels(device());
    EXPECT_EQ(kernels.texels(), canTexels());
    EXPECT_EQ(kernels.coopmat(), !limits.software && !limits.matrix_shapes.empty() && inference::builtWithCoopmat());
    EXPECT_EQ(kernels.integerDot(), !limits.software && !kernels.coopmat() && limits.fast_integer_dot);
}

TEST_F(VariantsOfDevice, tiles_of_cooperative_matrices_are_higher) {
    for (const bool texels : {true, false}) {
        if (texels && !canTexels()) {
            continue;
        }
        const Kernels::TileHeights heights = Kernels(device(), {.texels = texels, .coopmat = false}).tileHeights();
        EXPECT_EQ(heights.low, 8U);
        EXPECT_EQ(heights.tall, texels ? 0U : 32U);
    }
}

TEST(Variants, weights_that_are_no_blocks_have_no_integer_dot_products) {
    for (const inference::WeightVariants& variants :
         {inference::matmulVariants(), inference::ffnGateUpTilesVariants(), inference::ffnDownTilesVariants()}) {
        for (const gguf::TensorType type : gguf::tensorTypes()) {
            EXPECT_EQ(integerDotVariantOf(variants, type) != nullptr, gguf::blockShape(type).weights > 1)
                << gguf::typeName(type);
        }
    }
}

// Of weights in F32 there is none, so that they are never rounded.
TEST(Variants, f32_weights_have_no_cooperative_matrices) {
    for (const inference::WeightVariants& variants :
         {inference::matmulVariants(), inference::ffnGateUpTilesVariants(), inference::ffnDownTilesVariants()}) {
        EXPECT_EQ(coopmatVariantOf(variants, gguf::TensorType::F32), nullptr);
        for (const gguf::TensorType type : gguf::tensorTypes()) {
            EXPECT_EQ(coopmatVariantOf(variants, type) != nullptr,
                      inference::builtWithCoopmat() && type != gguf::TensorType::F32)
                << gguf::typeName(type);
        }
    }
}

} // namespace moescope::test
