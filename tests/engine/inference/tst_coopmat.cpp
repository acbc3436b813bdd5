// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/kernel_variants.h"
#include "engine/inference/kernels.h"
#include "engine/inference/variants.h"
#include "engine/trace/error.h"
#include "tests/support/kernel_fixture.h"

#include <gtest/gtest.h>

#include <functional>

namespace moescope::test {

using inference::coopmatFor;
using inference::Kernels;
using inference::Variants;
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

TEST(Variants, a_cache_of_f32_has_cooperative_matrices_by_name_alone) {
    EXPECT_EQ(coopmatFor({}, KvType::F16), std::nullopt);
    EXPECT_EQ(coopmatFor({}, KvType::Q8_0), std::nullopt);
    EXPECT_EQ(coopmatFor({}, KvType::F32), false);
    for (const KvType kv : trace::kvTypes) {
        EXPECT_EQ(coopmatFor({.coopmat = true}, kv), true);
        EXPECT_EQ(coopmatFor({.coopmat = false}, kv), false);
    }
}

class VariantsOfDevice : public KernelTest {};

TEST_F(VariantsOfDevice, cooperative_matrices_are_refused_where_they_cannot_be) {
    EXPECT_EQ(idOf([] { Kernels(device(), true, true); }), "variant.pair");
    EXPECT_FALSE(Kernels(device(), {}, false).coopmat());
    EXPECT_FALSE(Kernels(device(), false, false).coopmat());
    const bool has = !device().limits().matrix_shapes.empty();
    const std::string id = idOf([] { EXPECT_TRUE(Kernels(device(), {}, true).coopmat()); });
    EXPECT_EQ(id, !inference::builtWithCoopmat() ? "variant.build" : !has ? "variant.device" : "");
    // A software driver takes texels unless it is told otherwise.
    EXPECT_EQ(Kernels(device()).texels(), device().limits().software);
    EXPECT_EQ(Kernels(device()).coopmat(), !device().limits().software && has && inference::builtWithCoopmat());
}

TEST_F(VariantsOfDevice, tiles_of_cooperative_matrices_are_higher) {
    for (const std::optional<bool> texels : {std::optional(true), std::optional(false)}) {
        const Kernels::TileHeights heights = Kernels(device(), texels, false).tileHeights();
        EXPECT_EQ(heights.low, 8U);
        EXPECT_EQ(heights.tall, *texels ? 0U : 32U);
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
