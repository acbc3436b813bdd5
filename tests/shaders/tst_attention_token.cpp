// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/rope_case.h"
#include "tests/support/attention_token.h"

#include <tuple>

namespace moescope::test {

TEST_F(RopeTest, attention_token) {
    if (!kernels().texels()) {
        GTEST_SKIP() << "the kernels do not read texels here";
    }
    for (const RopeCase& c : ropeCases()) {
        // The last one: a context of three spans.
        for (const auto& [with_sinks, heads, position] : {std::tuple(false, c.head_count_kv, 5U),
                                                          {true, c.head_count_kv, 5U},
                                                          {true, 1U, 5U},
                                                          {true, 1U, 2 * inference::Kernels::attentionSpan + 1}}) {
            Inputs in = inputs(c, 1, position);
            in.shape.window = with_sinks && position == 5 ? 3 : 0;
            const std::vector<float> sinks = with_sinks ? random(c.head_count, 9, 2) : std::vector<float>();
            const auto sink_logits = with_sinks ? floats(sinks) : nullptr;
            Cached cached = fillCaches(in);
            const auto out = zeroRows(1, c.head_count * c.head_dim);
            const auto state = zeroWords(uint64_t{2} * c.head_count);
            const auto caches = cutCache(in.shape, *in.k_cache, *in.v_cache, heads);
            run([&](auto& recorder) {
                for (const CachePart& kv : caches) {
                    kernels().attentionToken(recorder, kv.shape, *in.qkv, in.bias(), c.owner, *in.rope, in.weight(),
                                             *in.step, *in.q_out, *kv.keys, *kv.values, sink_logits.get(), *out,
                                             *state);
                }
            });
            expectQueries(in);
            const twins::AttentionToken twin{.batch = {.head_count = c.head_count,
                                                       .head_count_kv = c.head_count_kv,
                                                       .head_dim = c.head_dim,
                                                       .position = in.position,
                                                       .tokens = 1,
                                                       .context = in.context,
                                                       .window = in.shape.window,
                                                       .scale = in.shape.scale},
                                             .rope = in.twin,
                                             .kv = c.kv,
                                             .stores = c.owner};
            const std::vector<float> want = twins::attentionToken(twin, in.q, in.k, in.v, in.q_weight, in.k_weight,
                                                                  cached.keys, cached.values, sinks);
            // A key on the edge between two steps of F16 or Q8_0 may be rounded the other way.
            const float tolerance = c.kv == inference::KvType::F32   ? 1e-5F
                                    : c.kv == inference::KvType::F16 ? 4e-3F
                                                                     : 0.04F;
            expectNear(readRows(*out, 1, c.head_count * c.head_dim), want, tolerance, 1e-4F, describe(c));
        }
    }
}

} // namespace moescope::test
