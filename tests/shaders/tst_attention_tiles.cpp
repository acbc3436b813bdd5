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
    for (const AttentionCase& c : cases) {
        for (const uint32_t heads : headsOfParts(c.head_count_kv)) {
            for (const uint32_t parts : {1U, 3U}) {
                const Inputs in = inputs(c);
                const auto caches = cutCache(in.shape, *in.k_cache, *in.v_cache, heads);
                run([&](auto& recorder) {
                    for (uint32_t part = 0; part < parts; ++part) {
                        for (const CachePart& kv : caches) {
                            kernels().attentionTiles(recorder, kv.shape, *in.q, *kv.keys, *kv.values, *in.step,
                                                     in.sinks(), *in.out, c.tokens, {part, parts});
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
