// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/attention_case.h"

namespace moescope::test {

TEST_F(AttentionTest, attention_tiles) {
    if (!kernels().texels()) {
        GTEST_SKIP() << "the kernels do not read texels here";
    }
    std::vector<AttentionCase> cases = attentionCases();
    cases.push_back({6, 2, 32, 70, 67, inference::KvType::F16, 33}); // many tiles
    cases.push_back({17, 1, 24, 1, 4, inference::KvType::F32});      // more queries of a token than a tile has
    // Contexts of several spans, and ends of queries on both sides of a span's.
    cases.push_back({10, 2, 80, 40'000, 2, inference::KvType::F16, 0, true});
    cases.push_back({3, 1, 64, 4'093, 6, inference::KvType::Q8_0});
    cases.push_back({2, 1, 16, 20'000, 5, inference::KvType::F32, 3'000});
    cases.push_back({2, 1, 96, 60'000, 1, inference::KvType::F32});
    cases.push_back({2, 1, 16, 262'141, 3, inference::KvType::F16}); // the end of the longest context
    cases.push_back({1, 1, 256, 20'000, 1, inference::KvType::Q8_0});
    for (const AttentionCase& c : cases) {
        for (const uint32_t heads : headsOfParts(c.head_count_kv)) {
            for (const uint32_t parts : {1U, 3U}) {
                if (c.position > 5'000 && (heads != 1 || parts != 1)) {
                    continue; // long enough once
                }
                const Inputs in = inputs(c);
                const auto state = zeroWords(uint64_t{2} * c.tokens * c.head_count);
                const auto caches = cutCache(in.shape, *in.k_cache, *in.v_cache, heads);
                run([&](auto& recorder) {
                    for (uint32_t part = 0; part < parts; ++part) {
                        for (const CachePart& kv : caches) {
                            kernels().attentionTiles(recorder, kv.shape, *in.q, *kv.keys, *kv.values, *in.step,
                                                     in.sinks(), *in.out, *state, c.tokens, {part, parts});
                        }
                    }
                });
                expectNear(readRows(*in.out, c.tokens, c.head_count * c.head_dim), in.want, 1e-5F, 1e-4F,
                           describe(c) + ", " + std::to_string(parts) + " parts, " + std::to_string(heads) + " heads");
            }
        }
    }
}

} // namespace moescope::test
