// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/kv_cache.h"
#include "tests/shaders/kernel_test.h"
#include "tests/support/attention_reduce.h"

namespace moescope::test {

TEST_F(KernelsTest, attention_reduce) {
    for (const uint32_t head_dim : {16U, 18U, 80U, 256U}) {
        for (const uint32_t splits : {1U, 2U, 7U, 32U}) {
            const uint32_t heads = 3;
            const uint32_t headStride = inference::kvHeadStride(inference::KvType::F16, head_dim);
            const size_t entry = 2 + size_t{headStride};
            std::vector<float> partial = random(size_t{heads} * splits * entry, head_dim + splits, 4);
            for (size_t i = 0; i < size_t{heads} * splits; ++i) {
                partial[i * entry + 1] = 1 + std::abs(partial[i * entry + 1]);
            }
            // An empty split, as the first tokens of a long context leave it.
            if (splits > 1) {
                partial[entry] = -3.0e38F;
                partial[entry + 1] = 0;
            }
            const inference::AttentionShape shape{.head_count = heads,
                                                  .head_count_kv = heads,
                                                  .head_dim = head_dim,
                                                  .head_stride = headStride,
                                                  .context = 64};
            const std::vector<float> sinks{-2, 0.5F, 5};
            const auto in = floats(partial);
            const auto sink_logits = floats(sinks);
            const auto out = zeroRows(1, heads * head_dim);
            const auto sunk = zeroRows(1, heads * head_dim);
            run([&](auto& recorder) {
                kernels().attentionReduce(recorder, shape, *in, nullptr, *out, 1, splits);
                kernels().attentionReduce(recorder, shape, *in, sink_logits.get(), *sunk, 1, splits);
            });
            for (const bool withSinks : {false, true}) {
                std::vector<float> want;
                for (uint32_t h = 0; h < heads; ++h) {
                    const std::vector<float> head =
                        twins::attentionReduce(std::span(partial).subspan(h * splits * entry, splits * entry), splits,
                                               headStride, head_dim, withSinks ? sinks[h] : -INFINITY);
                    want.insert(want.end(), head.begin(), head.end());
                }
                expectNear(readRows(withSinks ? *sunk : *out, 1, heads * head_dim), want, 1e-5F, 1e-5F,
                           "head_dim " + std::to_string(head_dim) + ", splits " + std::to_string(splits) +
                               (withSinks ? ", sinks" : ""));
            }
        }
    }
}

} // namespace moescope::test
