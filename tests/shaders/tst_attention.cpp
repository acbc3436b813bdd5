// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/attention_case.h"

namespace moescope::test {

TEST_F(AttentionTest, attention) {
    for (const AttentionCase& c : attentionCases()) {
        const Inputs in = inputs(c);
        run([&](auto& recorder) {
            kernels().attention(recorder, in.shape, *in.q, *in.k_cache, *in.v_cache, *in.step, in.sinks(), *in.out,
                                c.tokens);
        });
        expectNear(readRows(*in.out, c.tokens, c.head_count * c.head_dim), in.want, 1e-5F, 1e-4F, describe(c));
    }
}

} // namespace moescope::test
