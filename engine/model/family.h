// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace moescope::model {

/** Which elements of a head turn together: (j, j + d/2), or the neighbours (2j, 2j + 1). */
enum class RopeStyle : uint8_t { NeoX, Interleaved };
/** RMS norm of queries and keys: over each head or over all heads at once, before or after RoPE. */
enum class QkNorm : uint8_t { None, AfterRope, BeforeRope, WholeBeforeRope };
/** What makes of gate and up the input of down. */
enum class Activation : uint8_t { Silu, GeluTanh, SwigluOai };
/** Whether the weights of the chosen experts are divided by their sum, where the file does not say. Softmax over the
 *  chosen logits alone is the same as Always. */
enum class Renormalise : uint8_t { Never, Always, WhenSeveral };
/** A part that every model of a family has, none has, or some have: then the file's tensors tell. */
enum class Presence : uint8_t { Never, Optional, Always };
/** Layers whose queries see only the last `sliding_window` positions: layer i has one if … */
enum class WindowPattern : uint8_t {
    None,
    All,
    Even,      ///< i is even
    FiveOfSix, ///< i mod 6 is not 5
};
/** Factor of the embeddings. */
enum class EmbeddingScale : uint8_t { One, SqrtWidth, Stated };

/** What tells one architecture from another: a row of data, not a forward pass of its own. */
struct Family {
    std::string_view architecture; ///< general.architecture
    std::string_view name;         ///< for people
    RopeStyle rope = RopeStyle::NeoX;
    QkNorm qk_norm = QkNorm::None; ///< where the file has the two norms
    Presence has_qk_norm = Presence::Never;
    Presence qkv_bias = Presence::Never;
    Presence output_bias = Presence::Never; ///< of attn_output
    bool fused = false;                     ///< attn_qkv and, in ffn_up, gate above up
    bool sinks = false;                     ///< a learned logit a head in attention's softmax
    bool post_norms = false;                ///< RMS norm of attention's and the FFN's output before the residual
    std::string_view ffn_norm = "ffn_norm"; ///< tensor of the norm before the FFN
    Activation activation = Activation::Silu;
    Presence has_experts = Presence::Never;
    bool expert_bias = false; ///< of router, gate, up and down
    bool shared_gate = false; ///< the shared expert's output times the sigmoid of ffn_gate_inp_shexp · x
    Renormalise renormalise = Renormalise::Always;
    /** Where another number of experts answers than the model's: one keeps its probability, several are divided by their
     *  sum. Otherwise the model's own way stays. */
    bool one_keeps_its_probability = false;
    WindowPattern window = WindowPattern::None;
    bool rope_of_window = false; ///< layers with a window turn by a base of their own, unscaled
    EmbeddingScale embedding_scale = EmbeddingScale::One;
    bool stated_scales = false; ///< {a}.attention.scale, .residual_scale and .logit_scale count
    bool yarn_truncates = true; ///< YaRN's ramp begins and ends at whole dimensions
    bool shares_kv = false;     ///< cross-layer attention may be on
    /** A model with as many layers scales attention by its width over its heads instead of by the width of a head, and
     *  no key says so. */
    uint32_t layers_scaled_by_width = 0;
    bool specials_rstrip = false; ///< SentencePiece: special tokens take the white space behind them
};

/** All that are known, in the order in which they are told to people. */
std::span<const Family> families();
/** nullptr if it is not known. */
const Family* findFamily(std::string_view architecture);
/** "“hunyuan-large”, … and “gpt-oss”". */
std::string familyNames();
/** Why an architecture that people know is not supported ("it needs …"); empty for all others. */
std::string_view refusalOf(std::string_view architecture);

} // namespace moescope::model
