// SPDX-License-Identifier: Apache-2.0
#include "shaders/common/sampling.h"
#include "tests/shaders/kernel_test.h"
#include "tests/support/sample_top.h"

#include <bit>
#include <cmath>
#include <limits>

namespace moescope::test {

using shaders::SAMPLER_CHUNK;
using shaders::SAMPLER_MOST_TOP;
using shaders::SAMPLER_NONE;

namespace {

/** As best.glsl has it: the order of scores is that of logits, and 0 is no candidate. */
uint32_t scoreOf(float logit) {
    const auto bits = std::bit_cast<uint32_t>(logit == 0 ? 0.0F : logit);
    return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}

struct TopCase {
    uint32_t token_count;
    uint32_t top_k;
    float penalty = 1;
    uint32_t recent = 0; ///< tokens that are penalised, some of them twice
    bool ties = false;
};

} // namespace

class SampleTopTest : public KernelsTest {
protected:
    void check(std::vector<float> logits, const TopCase& shape, const std::string& what) {
        const uint32_t chunks = (shape.token_count + SAMPLER_CHUNK - 1) / SAMPLER_CHUNK;
        shaders::SamplerState state{.token_count = shape.token_count,
                                    .top_k = shape.top_k,
                                    .penalty = shape.penalty,
                                    .inverse_penalty = 1 / shape.penalty,
                                    .recent_count = shape.recent};
        Random draw(9);
        for (uint32_t r = 0; r < shape.recent; ++r) {
            state.recent[r] = r % 3 == 2 ? state.recent[r - 1] : draw.below(shape.token_count);
        }
        logits.resize(shape.token_count + 40, 1e9F); // padding, which no one may take
        const auto in = floats(logits);
        const auto settings = makeBuffer(std::vector{state});
        const auto top = zeroWords(uint64_t{2} * chunks * SAMPLER_MOST_TOP);
        const auto refused = zeroWords(chunks);
        run([&](auto& recorder) { kernels().sampleTop(recorder, *in, *settings, *top, *refused, shape.token_count); });
        const std::vector<uint32_t> got = readWords(*top, size_t{2} * chunks * SAMPLER_MOST_TOP);
        const std::vector<uint32_t> got_refused = readWords(*refused, chunks);
        for (uint32_t chunk = 0; chunk < chunks; ++chunk) {
            const uint32_t first = chunk * SAMPLER_CHUNK;
            const uint32_t count = std::min(SAMPLER_CHUNK, shape.token_count - first);
            const twins::SampleTop want =
                twins::sampleTop(std::span(logits).subspan(first, count), first,
                                 std::span(state.recent).first(shape.recent), shape.penalty, shape.top_k);
            EXPECT_EQ(got_refused[chunk], want.refused.value_or(SAMPLER_NONE)) << what << ", chunk " << chunk;
            for (uint32_t k = 0; k < shape.top_k; ++k) {
                const uint32_t* entry = got.data() + size_t{2} * (chunk * SAMPLER_MOST_TOP + k);
                const bool there = k < want.top.size();
                EXPECT_EQ(entry[0], there ? scoreOf(want.top[k].first) : 0) << what << ", chunk " << chunk << ", " << k;
                EXPECT_EQ(entry[1], there ? want.top[k].second : SAMPLER_NONE)
                    << what << ", chunk " << chunk << ", " << k;
            }
        }
    }
};

TEST_F(SampleTopTest, finds_the_best_of_each_chunk) {
    for (const TopCase& shape :
         {TopCase{1, 1}, TopCase{5, 8}, TopCase{300, 64}, TopCase{4096, 40, 1.3F, 64}, TopCase{4097, 3, 1.1F, 7},
          TopCase{9001, 64, 0.7F, 30, true}, TopCase{4095, 1, 2, 1}}) {
        std::vector<float> logits = random(shape.token_count, 3, 20);
        if (shape.ties) {
            for (float& logit : logits) {
                logit = std::round(logit / 8); // −0 and 0 among them
            }
        }
        check(logits, shape, std::to_string(shape.token_count) + " tokens, top " + std::to_string(shape.top_k));
    }
}

TEST_F(SampleTopTest, refuses_what_is_no_logit_and_takes_minus_infinity_for_one) {
    constexpr float none = std::numeric_limits<float>::quiet_NaN();
    constexpr float infinity = std::numeric_limits<float>::infinity();
    for (const float bad : {none, -none, infinity}) {
        std::vector<float> logits = random(5000, 4);
        logits[70] = bad;
        logits[4999] = bad;
        logits[4400] = bad;
        check(logits, {5000, 4}, "not a logit");
    }
    check(std::vector<float>(6, -infinity), {6, 8}, "all impossible");
}

} // namespace moescope::test
