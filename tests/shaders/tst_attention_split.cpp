// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/rope_case.h"
#include "tests/support/attention_split.h"
#include "tests/support/kv_row.h"

namespace moescope::test {

using inference::Kernels;
using inference::KvType;
using model::QkNorm;
using model::RopeStyle;

namespace {

struct SplitCase {
    RopeCase rope;
    uint32_t position = 5;
    uint32_t splits = 1;
    uint32_t window = 0; ///< last positions that the query sees; 0: all
    bool sinks = false;
};

/** Every case of RoPE over few positions, then positions around the ends of spans, more splits than there is work for, windows
 *  that begin within a span, and groups of one to nine queries. */
std::vector<SplitCase> splitCases() {
    std::vector<SplitCase> cases;
    for (const RopeCase& rope : ropeCases()) {
        cases.push_back({.rope = rope});
        cases.push_back({.rope = rope, .splits = 8, .window = 3});
    }
    using enum KvType;
    for (const SplitCase& c : std::initializer_list<SplitCase>{
             {{4, 2, 16, QkNorm::AfterRope, F32, true}, 0, 4, 0, true},
             {{4, 2, 16, QkNorm::AfterRope, F32, true}, 127, 2},
             {{4, 2, 16, QkNorm::AfterRope, F32, true}, 128, 2},
             {{4, 2, 16, QkNorm::AfterRope, F32, true}, 255, 64},
             {{4, 2, 16, QkNorm::AfterRope, F32, true}, 256, 64},
             {{4, 2, 16, QkNorm::AfterRope, F32, false}, 300, 2},
             {{9, 1, 32, QkNorm::None, F32, true}, 400, 3, 0, true},
             {{3, 3, 36, QkNorm::None, F32, true, RopeStyle::Interleaved}, 385, 3, 257},
             {{10, 2, 80, QkNorm::AfterRope, F16, true}, 700, 5, 0, true},
             {{10, 2, 80, QkNorm::AfterRope, F16, false}, 300, 8, 130, true},
             {{10, 2, 80, QkNorm::BeforeRope, Q8_0, true}, 391, 4, 300, true},
             {{6, 2, 64, QkNorm::WholeBeforeRope, F32, true, RopeStyle::NeoX, 16, true}, 600, 64},
             {{2, 1, 18, QkNorm::AfterRope, F16, true}, 1023, 64},
             {{2, 1, 256, QkNorm::AfterRope, Q8_0, true}, 260, 3},
             {{4, 2, 16, QkNorm::AfterRope, F32, true}, 8400, 64, 0, true}, // 66 spans of the least length
             {{2, 1, 16, QkNorm::AfterRope, F16, true}, 262'143, 64}}) {
        cases.push_back(c);
    }
    return cases;
}

std::string describe(const SplitCase& c) {
    return describe(c.rope) + ", position " + std::to_string(c.position) + ", splits " + std::to_string(c.splits) +
           ", window " + std::to_string(c.window);
}

} // namespace

class AttentionSplitTest : public RopeTest {
protected:
    struct SplitInputs {
        Inputs rope;
        Cached cached;
        std::vector<float> sinks;
        std::unique_ptr<vulkan::Buffer> sink_logits, partial, counters, out;
    };

    SplitInputs splitInputs(const SplitCase& c) {
        SplitInputs in{.rope = inputs(c.rope, 1, c.position)};
        in.rope.shape.window = c.window;
        in.cached = fillCaches(in.rope);
        if (c.sinks) {
            in.sinks = random(c.rope.head_count, 9, 2);
            in.sink_logits = floats(in.sinks);
        }
        in.partial = zeroWords(Kernels::attentionPartialFloats(c.rope.head_count, in.rope.shape.head_stride, c.splits));
        in.counters = zeroWords(c.rope.head_count);
        in.out = zeroRows(1, c.rope.head_count * c.rope.head_dim);
        return in;
    }

    void record(vulkan::CommandRecorder& recorder, const SplitCase& c, const SplitInputs& in) {
        record(recorder, c, in, in.rope.shape, *in.rope.k_cache, *in.rope.v_cache);
    }
    void record(vulkan::CommandRecorder& recorder, const SplitCase& c, const SplitInputs& in,
                const inference::AttentionShape& shape, const vulkan::Buffer& keys, const vulkan::Buffer& values) {
        kernels().attentionSplit(recorder, shape, *in.rope.qkv, in.rope.bias(), c.rope.owner, *in.rope.rope,
                                 in.rope.weight(), *in.rope.step, keys, values, in.sink_logits.get(), *in.partial,
                                 *in.counters, *in.out, c.splits);
    }

    static std::vector<float> expected(const SplitCase& c, SplitInputs& in) {
        const Inputs& rope = in.rope;
        return twins::attentionSplit({.batch = {.head_count = c.rope.head_count,
                                                .head_count_kv = c.rope.head_count_kv,
                                                .head_dim = c.rope.head_dim,
                                                .position = rope.position,
                                                .tokens = 1,
                                                .context = rope.context,
                                                .window = c.window,
                                                .scale = rope.shape.scale},
                                      .rope = rope.twin,
                                      .kv = c.rope.kv,
                                      .stores = c.rope.owner},
                                     rope.q, rope.k, rope.v, rope.q_weight, rope.k_weight, in.cached.keys,
                                     in.cached.values, in.sinks);
    }

    std::vector<uint32_t> wordsOf(const vulkan::Buffer& buffer) { return readWords(buffer, buffer.size() / 4); }

    /** Rows of a cache as floats; where the token is stored, of its own row only what a rounding may change differs. */
    void expectCache(const SplitCase& c, const SplitInputs& in, const std::vector<uint32_t>& got,
                     const std::vector<float>& want, float tolerance, const std::string& what) {
        const size_t dim = c.rope.head_dim;
        const size_t rowWords = size_t{inference::kvRowWords(c.rope.kv, c.rope.head_dim)} * 4;
        for (size_t row = 0; row < want.size() / dim; ++row) {
            const bool stored = row % in.rope.context == in.rope.position;
            expectNear(twins::unpackKvRow(c.rope.kv, std::span(got).subspan(row * rowWords, rowWords), c.rope.head_dim),
                       std::span(want).subspan(row * dim, dim), stored ? tolerance : 0.0F, stored ? 1e-5F : 0.0F,
                       describe(c) + what + ", row " + std::to_string(row));
        }
    }
};

TEST_F(AttentionSplitTest, attention_split) {
    for (const SplitCase& c : splitCases()) {
        for (const uint32_t heads : headsOfParts(c.rope.head_count_kv)) {
            SCOPED_TRACE(heads);
            SplitInputs in = splitInputs(c);
            const auto caches = cutCache(in.rope.shape, *in.rope.k_cache, *in.rope.v_cache, heads);
            run([&](auto& recorder) {
                for (const CachePart& kv : caches) {
                    record(recorder, c, in, kv.shape, *kv.keys, *kv.values);
                }
            });
            joinCache(caches, *in.rope.k_cache, *in.rope.v_cache);
            const std::vector<float> want = expected(c, in);
            // A key on the edge between two steps of F16 or Q8_0 may be rounded the other way.
            const float tolerance = c.rope.kv == KvType::F32 ? 1e-5F : c.rope.kv == KvType::F16 ? 4e-3F : 0.04F;
            expectNear(readRows(*in.out, 1, c.rope.head_count * c.rope.head_dim), want, tolerance, 1e-4F, describe(c));
            expectCache(c, in, wordsOf(*in.rope.k_cache), in.cached.keys, tolerance, ", keys");
            expectCache(c, in, wordsOf(*in.rope.v_cache), in.cached.values, tolerance, ", values");
            EXPECT_EQ(wordsOf(*in.counters), std::vector<uint32_t>(in.counters->size() / 4, 0)) << describe(c);
        }
    }
}

// What was rounded to be attended to is what the cache has: of the same bits as the kernel that only stores makes them.
TEST_F(AttentionSplitTest, stores_what_rope_qk_norm_stores) {
    for (const RopeCase& rope : ropeCases()) {
        const SplitCase c{.rope = rope};
        const SplitInputs in = splitInputs(c);
        const Inputs apart = inputs(rope, 1, c.position);
        run([&](auto& recorder) {
            record(recorder, c, in);
            kernels().ropeQkNorm(recorder, apart.shape, *apart.qkv, apart.bias(), rope.owner, *apart.rope,
                                 apart.weight(), *apart.step, *apart.q_out, *apart.k_cache, *apart.v_cache, 1);
        });
        if (!rope.owner) {
            continue;
        }
        const size_t rowWords = size_t{inference::kvRowWords(rope.kv, rope.head_dim)} * 4;
        for (const auto& [got, want] : {std::pair(wordsOf(*in.rope.k_cache), wordsOf(*apart.k_cache)),
                                        std::pair(wordsOf(*in.rope.v_cache), wordsOf(*apart.v_cache))}) {
            for (uint32_t h = 0; h < rope.head_count_kv; ++h) {
                const size_t row = (size_t{h} * apart.context + apart.position) * rowWords;
                EXPECT_TRUE(std::equal(got.begin() + row, got.begin() + row + rowWords, want.begin() + row))
                    << describe(rope) << ", head " << h;
            }
        }
    }
}

// A recorded step is submitted again and again, and several may wait in the queue.
TEST_F(AttentionSplitTest, submitted_again_gives_the_same_bits) {
    const SplitCase c{{10, 2, 80, QkNorm::AfterRope, KvType::F16, true}, 700, 5, 0, true};
    const SplitInputs in = splitInputs(c);
    vulkan::CommandRecorder recorder(device(), "again");
    recorder.begin();
    for (int i = 0; i < 3; ++i) {
        record(recorder, c, in);
        recorder.barrier();
    }
    recorder.end();
    recorder.submitAndWait();
    const std::vector<uint32_t> first = wordsOf(*in.out);
    EXPECT_NE(first, std::vector<uint32_t>(first.size(), 0));
    for (int i = 0; i < 20; ++i) {
        in.out->upload(0, std::vector<uint8_t>(in.out->size(), 0));
        recorder.submitAndWait();
        EXPECT_EQ(wordsOf(*in.out), first) << i;
        EXPECT_EQ(wordsOf(*in.counters), std::vector<uint32_t>(in.counters->size() / 4, 0)) << i;
    }
}

} // namespace moescope::test
