// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/rope_case.h"
#include "tests/support/rope_qk_norm_lanes.h"

namespace moescope::test {

TEST_F(RopeTest, rope_qk_norm_lanes) {
    if (!kernels().texels()) {
        GTEST_SKIP() << "the kernels do not read texels here";
    }
    size_t tried = 0;
    for (const RopeCase& c : ropeCases()) {
        for (const uint32_t tokens : {1U, 3U, 6U}) {
            for (const uint32_t heads : headsOfParts(c.head_count_kv)) {
                SCOPED_TRACE(heads);
                const Inputs in = inputs(c, tokens);
                EXPECT_EQ(kernels().hasRopeLanes(in.shape), twins::takesLanes(c.head_dim, in.twin.turning, c.kv));
                if (!kernels().hasRopeLanes(in.shape)) {
                    continue;
                }
                ++tried;
                const auto caches = cutCache(in.shape, *in.k_cache, *in.v_cache, heads);
                run([&](auto& recorder) {
                    for (const CachePart& kv : caches) {
                        kernels().ropeQkNormLanes(recorder, kv.shape, *in.qkv, in.bias(), c.owner, *in.rope,
                                                  in.weight(), *in.step, *in.q_out, *kv.keys, *kv.values, tokens);
                    }
                });
                joinCache(caches, *in.k_cache, *in.v_cache);
                expectQueries(in);
                expectCaches(in);
            }
        }
    }
    EXPECT_GT(tried, 15U);
}

} // namespace moescope::test
