// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/kv_type.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moescope::inference {

/** Ways to compute the same: each is chosen for the device where it is not forced. */
struct Variants {
    std::optional<bool> texels;  ///< weights, activations and KV cache are read as texels: shaders/common/words.glsl
    std::optional<bool> threads; ///< of a driver that computes on the CPU
    /** Tokens are sampled on the device, where the settings allow it: Sampler::fitsDevice(). */
    std::optional<bool> sampling;
    /** A decode step is one submission. Off: one a layer, between which a cancel is heard. */
    std::optional<bool> whole_steps;
    /** How the matrix × vector kernels cut their work is measured on the device once: tuning.h. */
    std::optional<bool> tuning;
    /** Batches are multiplied in bytes by integer dot products: shaders/common/block_integer_dot.glsl. F32, F16 and BF16
     *  weights never are. */
    std::optional<bool> integer_dot;
    /** Batches are multiplied in f16 by cooperative matrices: shaders/common/block_coopmat.glsl. F32 weights never are. */
    std::optional<bool> coopmat;
    /** For tests: bytes of a layer's keys, or values, that one binding takes at most, fewer than the device can. */
    std::optional<uint64_t> kv_range;
};

/** That at most one way to multiply a batch is asked for. Throws trace::Error{variant.pair} naming two. */
void checkExclusive(const Variants& variants);

/** The same variants, but that a cache of f32 asks for every value in f32: there, `integer_dot` and `coopmat` are by name
 *  alone. */
Variants variantsFor(Variants variants, trace::KvType kv);

/** The names of all variants. */
std::vector<std::string> variantList();
/** "“texels”, “threads”, … and “coopmat”". */
std::string variantNames();

/** Forces one: "texels=on", "threads=off". Throws trace::Error{variant.name} naming those that are known, {variant.value}. */
void forceVariant(Variants& variants, std::string_view text);

} // namespace moescope::inference
