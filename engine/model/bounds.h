// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/** The largest values that a model may state. Wide of every known model, and far from what overflows. */
namespace moescope::model::bounds {

constexpr uint32_t layers = 1024;
constexpr uint32_t experts = 1024;
constexpr uint32_t context = 1U << 24;
constexpr uint32_t head_dim = 1024;
constexpr uint32_t heads = 4096;
constexpr uint32_t width = 1U << 20;      ///< embedding
constexpr uint32_t ffn_width = 1U << 22;  ///< one feed-forward matrix
constexpr uint32_t vocabulary = 1U << 22; ///< rows of the embedding
constexpr uint32_t merges = 1U << 23;
constexpr uint32_t tokenBytes = 4096;
constexpr uint32_t importedTokenBytes = 1024; ///< of Hugging Face, whose merges are looked for at each border

} // namespace moescope::model::bounds
