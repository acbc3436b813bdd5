// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/rope_case.h"
#include "tests/support/attention_token.h"
#include "tests/support/kv_row.h"

#include <cmath>

namespace moescope::test {

namespace {

/** Rows of a cache before and at the token's position, as words for the device; `rows` become what the cache keeps. */
std::vector<uint32_t> packed(inference::KvType kv, uint32_t head_dim, std::vector<float>& rows) {
    const size_t rowWords = size_t{inference::kvRowWords(kv, head_dim)} * 4;
    std::vector<uint32_t> words(rows.size() / head_dim * rowWords);
    for (size_t row = 0; row < rows.size() / head_dim; ++row) {
        twins::packKvRow(kv, std::span(rows).subspan(row * head_dim, head_dim),
                         std::span(words).subspan(row * rowWords, rowWords));
    }
    return words;
}

} // namespace

TEST_F(RopeTest, attention_token) {
    if (!kernels().texels()) {
        GTEST_SKIP() << "the kernels do not read texels here";
    }
    for (const RopeCase& c : ropeCases()) {
        for (const bool with_sinks : {false, true}) {
            Inputs in = inputs(c, 1);
            in.shape.window = with_sinks ? 3 : 0;
            const std::vector<float> sinks = with_sinks ? random(c.head_count, 9, 2) : std::vector<float>();
            const auto sink_logits = with_sinks ? floats(sinks) : nullptr;
            const size_t elements = size_t{c.head_count_kv} * context * c.head_dim;
            std::vector<float> keys = random(elements, 7, 2);
            std::vector<float> values = random(elements, 8, 2);
            const auto k_cache = words(packed(c.kv, c.head_dim, keys));
            const auto v_cache = words(packed(c.kv, c.head_dim, values));
            const auto out = zeroRows(1, c.head_count * c.head_dim);
            run([&](auto& recorder) {
                kernels().attentionToken(recorder, in.shape, *in.qkv, in.bias(), c.owner, *in.rope, in.weight(),
                                         *in.step, *in.q_out, *k_cache, *v_cache, sink_logits.get(), *out);
            });
            expectQueries(in);
            const twins::AttentionToken twin{.batch = {.head_count = c.head_count,
                                                       .head_count_kv = c.head_count_kv,
                                                       .head_dim = c.head_dim,
                                                       .position = position,
                                                       .tokens = 1,
                                                       .context = context,
                                                       .window = in.shape.window,
                                                       .scale = in.shape.scale},
                                             .rope = in.twin,
                                             .kv = c.kv,
                                             .stores = c.owner};
            const std::vector<float> want =
                twins::attentionToken(twin, in.q, in.k, in.v, in.q_weight, in.k_weight, keys, values, sinks);
            // A key on the edge between two steps of F16 or Q8_0 may be rounded the other way.
            const float tolerance = c.kv == inference::KvType::F32   ? 1e-5F
                                    : c.kv == inference::KvType::F16 ? 4e-3F
                                                                     : 0.04F;
            expectNear(readRows(*out, 1, c.head_count * c.head_dim), want, tolerance, 1e-4F, describe(c));
        }
    }
}

} // namespace moescope::test
