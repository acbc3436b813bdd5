// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/reader.h"
#include "engine/gguf/writer.h"
#include "tests/engine/gguf/raw_gguf.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <vector>

namespace moescope::gguf {
namespace {

using test::TemporaryFolder;

std::string original(const TemporaryFolder& folder) {
    Writer writer(folder / "original.gguf");
    writer.add("general.architecture", std::string("hunyuan-large"));
    writer.add("a.u32", U32{12});
    writer.add("a.f32", F32{1.5F});
    writer.add("a.bool", true);
    writer.add("a.list", std::vector<int32_t>{1, 2, 3});
    writer.add("tokenizer.ggml.tokens", std::vector<std::string>{"one", "two", "three", "\xff"});
    writer.addTensor("token_embd.weight", TensorType::F16, {32, 4});
    writer.addTensor("blk.0.attn_q.weight", TensorType::Q8_0, {64, 2});
    writer.addTensor("blk.0.ffn_up_exps.weight", TensorType::Q4_K, {256, 1, 2});
    writer.beginData();
    writer.data(std::vector<uint8_t>(256 + 136 + 288, 0x3c));
    writer.commit();
    return test::readFile(folder / "original.gguf");
}

/** One to four changes, mostly in the header. */
std::string mutated(const std::string& bytes, std::mt19937_64& random) {
    static constexpr uint64_t odd[] = {
        0, 1, 2, 0x7f, 0xff, 0xffff, 0x7fffffff, 0xffffffff, 0x100000000, uint64_t{1} << 56, INT64_MAX, UINT64_MAX};
    std::string copy = bytes;
    const auto below = [&](size_t limit) { return static_cast<size_t>(random() % limit); };
    for (size_t changes = 1 + below(4); changes > 0 && !copy.empty(); --changes) {
        const size_t at = below(std::min<size_t>(copy.size(), below(4) == 0 ? copy.size() : 600));
        switch (below(6)) {
        case 0: copy[at] = static_cast<char>(copy[at] ^ static_cast<char>(1U << below(8))); break;
        case 1: copy[at] = static_cast<char>(random()); break;
        case 2: {
            const uint64_t value = odd[below(std::size(odd))];
            std::memcpy(copy.data() + at, &value, std::min<size_t>(below(2) == 0 ? 8 : 4, copy.size() - at));
            break;
        }
        case 3: copy.resize(at); break;
        case 4: copy.erase(at, 1 + below(16)); break;
        default: copy.insert(at, copy, below(copy.size()), 1 + below(32)); break;
        }
    }
    return copy;
}

TEST(Mutation, EveryCopyOpensOrIsRefused) {
    const TemporaryFolder folder;
    const std::string bytes = original(folder);
    std::mt19937_64 random(4242);
    int opened = 0;
    int refused = 0;
    std::set<std::string> ids;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 5000; ++i) {
        const std::filesystem::path path = folder / "m.gguf";
        test::writeFile(path, mutated(bytes, random));
        try {
            const Reader reader(path);
            for (const TensorInfo& tensor : reader.tensors()) {
                ASSERT_LE(tensor.offset + tensor.bytes, reader.fileBytes()) << i;
                std::vector<uint8_t> data(tensor.bytes);
                reader.read(tensor, 0, data);
                std::vector<float> weights(tensor.elements());
                dequantize(tensor.type, data, weights);
            }
            ++opened;
        } catch (const trace::Error& error) {
            ++refused;
            ids.insert(error.id());
        }
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
    // Else the changes missed what they should hit.
    EXPECT_GT(opened, 300);
    EXPECT_GT(refused, 2000);
    EXPECT_GE(ids.size(), 15U);
}

} // namespace
} // namespace moescope::gguf
