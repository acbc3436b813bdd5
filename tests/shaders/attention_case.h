// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/shaders/kernel_test.h"
#include "tests/support/attention_tiles.h"

namespace moescope::test {

struct AttentionCase {
    uint32_t head_count, head_count_kv, head_dim, position, tokens;
    inference::KvType kv;
    uint32_t window = 0;
    bool sinks = false;
};

/** Shapes that no power of two divides, windows, sinks, contexts over several tiles, and all types of KV cache. */
std::vector<AttentionCase> attentionCases();

std::string describe(const AttentionCase& c);

/** Random queries, keys and values of a case on the device, and what comes out. */
class AttentionTest : public KernelsTest {
protected:
    struct Inputs {
        inference::AttentionShape shape;
        std::unique_ptr<vulkan::Buffer> q, k_cache, v_cache, step, sink_logits, out;
        std::vector<float> want; ///< [token][head · head_dim]

        const vulkan::Buffer* sinks() const { return sink_logits.get(); }
    };
    Inputs inputs(const AttentionCase& c);
    /** A KV cache with these rows, which become what the cache keeps of them. */
    std::unique_ptr<vulkan::Buffer> cache(inference::KvType kv, uint32_t head_dim, std::vector<float>& elements);
};

} // namespace moescope::test
