// SPDX-License-Identifier: Apache-2.0
#include "engine/vulkan/reflection.h"
#include "tests/engine/vulkan/grid.h"
#include "tests/engine/vulkan/layouts.h"
#include "tests/engine/vulkan/scale.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace moescope::vulkan {

namespace {

using Size = std::array<uint32_t, 3>;

TEST(Reflection, ReadsBindingsConstantsAndLocalSize) {
    Reflection kernel = reflect(shaders::scale, {{0, 96}});
    EXPECT_EQ(kernel.binding_count, 2U);
    EXPECT_EQ(kernel.push_constant_bytes, 8U);
    EXPECT_EQ(kernel.local_size, (Size{96, 1, 1}));
    EXPECT_EQ(reflect(shaders::scale, {}).local_size, (Size{1, 1, 1}));

    kernel = reflect(shaders::grid, {});
    EXPECT_EQ(kernel.binding_count, 2U);
    EXPECT_EQ(kernel.push_constant_bytes, 0U);
    EXPECT_EQ(kernel.local_size, (Size{8, 2, 1}));
}

TEST(Reflection, LaysOutEveryTypeAsStd430) {
    const Reflection kernel = reflect(shaders::layouts, {{3, 5}, {0, 77}});
    EXPECT_EQ(kernel.binding_count, 3U) << "one binding, number 2";
    EXPECT_EQ(kernel.push_constant_bytes, 104U);
    EXPECT_EQ(kernel.local_size, (Size{4, 5, 2}));
}

TEST(Reflection, RefusesWhatIsNoKernel) {
    const std::vector<uint32_t> good(shaders::scale.words.begin(), shaders::scale.words.end());
    const auto read = [](const std::vector<uint32_t>& words) { return reflect(Shader{"damaged", words}, {}); };
    EXPECT_EQ(read(good).binding_count, 2U);
    EXPECT_THROW(read({}), std::logic_error);
    EXPECT_THROW(read({1, 2, 3, 4, 5, 6}), std::logic_error);
    EXPECT_THROW(read({good.begin(), good.begin() + 5}), std::logic_error) << "a header alone has no local size";
    std::vector<uint32_t> words = good;
    words[5] = 0xFFFF0000U | (words[5] & 0xFFFFU); // an instruction longer than the module
    EXPECT_THROW(read(words), std::logic_error);
    words[5] = 17; // an instruction without words: no progress
    EXPECT_THROW(read(words), std::logic_error);
}

TEST(Reflection, ReadsNothingBeyondAShortenedModule) {
    const std::vector<uint32_t> good(shaders::layouts.words.begin(), shaders::layouts.words.end());
    size_t refused = 0;
    for (size_t length = 0; length < good.size(); ++length) {
        const std::vector<uint32_t> words(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length));
        try {
            reflect(Shader{"cut", words}, {});
        } catch (const std::logic_error& error) {
            EXPECT_NE(std::string(error.what()).find("kernel cut"), std::string::npos);
            ++refused;
        }
    }
    EXPECT_GT(refused, good.size() / 2);
}

} // namespace

} // namespace moescope::vulkan
