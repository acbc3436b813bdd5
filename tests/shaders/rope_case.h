// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/family.h"
#include "tests/shaders/kernel_test.h"
#include "tests/support/rope_qk_norm.h"

namespace moescope::test {

struct RopeCase {
    uint32_t head_count, head_count_kv, head_dim;
    model::QkNorm norm;
    inference::KvType kv;
    bool owner;
    model::RopeStyle style = model::RopeStyle::NeoX;
    uint32_t turning = 0; ///< 0: the whole head
    bool bias = false;
    uint32_t rope_first = 0; ///< rows of another table before this one
};

/** All styles and norms, heads that no power of two divides, biases, and all types of KV cache. */
std::vector<RopeCase> ropeCases();

std::string describe(const RopeCase& c);

/** Raw heads of some tokens on the device, and what becomes of them. */
class RopeTest : public KernelsTest {
protected:
    struct Inputs {
        RopeCase c;
        uint32_t tokens = 0;
        uint32_t position = 0;
        uint32_t context = 0;
        inference::AttentionShape shape;
        twins::RopeQkNorm twin;
        std::vector<float> q, k, v;            ///< raw, biases added: [token][head][head_dim]
        std::vector<float> q_weight, k_weight; ///< of the norms
        std::unique_ptr<vulkan::Buffer> qkv, bias_buffer, rope, weight_buffer, step, q_out, k_cache, v_cache;

        const vulkan::Buffer* bias() const { return c.bias ? bias_buffer.get() : nullptr; }
        const vulkan::Buffer* weight() const { return c.norm != model::QkNorm::None ? weight_buffer.get() : nullptr; }
        /** Heads of one token. */
        std::span<const float> of(const std::vector<float>& heads, uint32_t token) const {
            return std::span(heads).subspan(heads.size() / tokens * token, heads.size() / tokens);
        }
        std::vector<float> turnedQuery(uint32_t token, uint32_t head) const {
            return twins::ropeQkNorm(twin, of(q, token), head, q_weight, position + token);
        }
        std::vector<float> turnedKey(uint32_t token, uint32_t head) const {
            return twins::ropeQkNorm(twin, of(k, token), head, k_weight, position + token);
        }
    };
    Inputs inputs(const RopeCase& c, uint32_t tokens, uint32_t position = 5);
    /** The caches with random rows, which are returned as the caches keep them: [kv head][context][head_dim]. */
    struct Cached {
        std::vector<float> keys, values;
    };
    Cached fillCaches(Inputs& in);
    void expectQueries(const Inputs& in);
    /** Keys and values where the layer owns its cache, and nothing where it does not. */
    void expectCaches(const Inputs& in);
};

} // namespace moescope::test
