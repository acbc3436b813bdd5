// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/rope_case.h"

namespace moescope::test {

TEST_F(RopeTest, rope_qk_norm) {
    for (const RopeCase& c : ropeCases()) {
        const Inputs in = inputs(c, 3);
        run([&](auto& recorder) {
            kernels().ropeQkNorm(recorder, in.shape, *in.qkv, in.bias(), c.owner, *in.rope, in.weight(), *in.step,
                                 *in.q_out, *in.k_cache, *in.v_cache, in.tokens);
        });
        expectQueries(in);
        expectCaches(in);
    }
}

} // namespace moescope::test
