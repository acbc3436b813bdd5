// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/rope_case.h"

namespace moescope::test {

TEST_F(RopeTest, rope_qk_norm) {
    for (const RopeCase& c : ropeCases()) {
        for (const uint32_t heads : headsOfParts(c.head_count_kv)) {
            SCOPED_TRACE(heads);
            const Inputs in = inputs(c, 3);
            const auto caches = cutCache(in.shape, *in.k_cache, *in.v_cache, heads);
            run([&](auto& recorder) {
                for (const CachePart& kv : caches) {
                    kernels().ropeQkNorm(recorder, kv.shape, *in.qkv, in.bias(), c.owner, *in.rope, in.weight(),
                                         *in.step, *in.q_out, *kv.keys, *kv.values, in.tokens);
                }
            });
            joinCache(caches, *in.k_cache, *in.v_cache);
            expectQueries(in);
            expectCaches(in);
        }
    }
}

} // namespace moescope::test
