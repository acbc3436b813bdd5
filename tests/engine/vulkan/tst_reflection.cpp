// SPDX-License-Identifier: Apache-2.0
#include "engine/vulkan/reflection.h"
#include "tests/engine/vulkan/grid.h"
#include "tests/engine/vulkan/layouts.h"
#include "tests/engine/vulkan/scale.h"
#include "tests/engine/vulkan/texels.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>
#include <string>

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

TEST(Reflection, TellsTexelBuffersFromStorageBuffers) {
    const Reflection kernel = reflect(shaders::texels, {});
    EXPECT_EQ(kernel.binding_count, 2U);
    EXPECT_EQ(kernel.texel_buffers, 1U);
    EXPECT_EQ(reflect(shaders::grid, {}).texel_buffers, 0U);
}

TEST(Reflection, LaysOutEveryTypeAsStd430) {
    const Reflection kernel = reflect(shaders::layouts, {{3, 5}, {0, 77}});
    EXPECT_EQ(kernel.binding_count, 3U) << "one binding, number 2";
    EXPECT_EQ(kernel.push_constant_bytes, 104U);
    EXPECT_EQ(kernel.local_size, (Size{4, 5, 2}));
}

// A device must have what a kernel declares. Texel buffers come with Vulkan itself, the next with the subgroup operations that
// every device is asked for. Those of one way to compute are asked for, enabled (adapter.cpp, device.cpp) and needed by it alone:
// one more needs the same before it may stand here.
TEST(Kernels, DeclareOnlyWhatTheirDevicesAreAskedFor) {
    const std::set<uint32_t> all{1, 46, 61, 63, 65}; // Shader, SampledBuffer, GroupNonUniform, …Arithmetic, …Shuffle
    const std::map<std::string, std::set<uint32_t>> also{
        {"_integer_dot_", {6018, 6019}}, // DotProductInput4x8BitPacked, DotProduct
        {"_coopmat_", {9, 5345, 6022}}}; // Float16, VulkanMemoryModel, CooperativeMatrix
    std::ifstream list(MOESCOPE_SPIRV_LIST);
    std::set<uint32_t> declared;
    size_t kernels = 0;
    for (std::string path; std::getline(list, path);) {
        std::ifstream file(path, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        std::vector<uint32_t> words(bytes.size() / 4);
        std::memcpy(words.data(), bytes.data(), words.size() * 4);
        ASSERT_GT(words.size(), 5U) << path;
        std::set<uint32_t> allowed = all;
        for (const auto& [name, capabilities] : also) {
            if (path.find(name, path.rfind('/')) != std::string::npos) {
                allowed.insert(capabilities.begin(), capabilities.end());
            }
        }
        // Capabilities come first: instruction 17, two words each.
        for (size_t at = 5; at + 1 < words.size() && (words[at] & 0xFFFFU) == 17; at += 2) {
            EXPECT_TRUE(allowed.contains(words[at + 1])) << path << " declares capability " << words[at + 1];
            declared.insert(words[at + 1]);
        }
        ++kernels;
    }
    EXPECT_GT(kernels, 20U);
    for (const uint32_t capability : all) {
        EXPECT_TRUE(declared.contains(capability)) << capability << ": what no kernel declares need not be asked for";
    }
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
