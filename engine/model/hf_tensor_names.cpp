// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hf_tensor_names.h"

#include <array>
#include <span>

namespace moescope::model {

namespace {

/** What most families share. transformers 5 stacks the experts, gate above up. */
constexpr std::array common{
    TensorOrigin{"attn_norm.weight", "input_layernorm.weight"},
    TensorOrigin{"attn_q.weight", "self_attn.q_proj.weight", Take::Heads},
    TensorOrigin{"attn_q.bias", "self_attn.q_proj.bias", Take::Heads},
    TensorOrigin{"attn_k.weight", "self_attn.k_proj.weight", Take::Heads},
    TensorOrigin{"attn_k.bias", "self_attn.k_proj.bias", Take::Heads},
    TensorOrigin{"attn_v.weight", "self_attn.v_proj.weight"},
    TensorOrigin{"attn_v.bias", "self_attn.v_proj.bias"},
    TensorOrigin{"attn_output.weight", "self_attn.o_proj.weight"},
    TensorOrigin{"attn_output.bias", "self_attn.o_proj.bias"},
    TensorOrigin{"attn_q_norm.weight", "self_attn.q_norm.weight"},
    TensorOrigin{"attn_k_norm.weight", "self_attn.k_norm.weight"},
    TensorOrigin{"ffn_norm.weight", "post_attention_layernorm.weight"},
    TensorOrigin{"ffn_gate.weight", "mlp.gate_proj.weight"},
    TensorOrigin{"ffn_up.weight", "mlp.up_proj.weight"},
    TensorOrigin{"ffn_down.weight", "mlp.down_proj.weight"},
    TensorOrigin{"ffn_gate_inp.weight", "mlp.gate.weight"},
    TensorOrigin{"ffn_gate_exps.weight", "mlp.experts.*.gate_proj.weight"},
    TensorOrigin{"ffn_gate_exps.weight", "mlp.experts.gate_up_proj", Take::FirstHalf},
    TensorOrigin{"ffn_up_exps.weight", "mlp.experts.*.up_proj.weight"},
    TensorOrigin{"ffn_up_exps.weight", "mlp.experts.gate_up_proj", Take::SecondHalf},
    TensorOrigin{"ffn_down_exps.weight", "mlp.experts.*.down_proj.weight"},
    TensorOrigin{"ffn_down_exps.weight", "mlp.experts.down_proj"},
    TensorOrigin{"ffn_gate_inp_shexp.weight", "mlp.shared_expert_gate.weight", Take::Row},
    TensorOrigin{"ffn_gate_shexp.weight", "mlp.shared_expert.gate_proj.weight"},
    TensorOrigin{"ffn_up_shexp.weight", "mlp.shared_expert.up_proj.weight"},
    TensorOrigin{"ffn_down_shexp.weight", "mlp.shared_expert.down_proj.weight"},
};

/** Fused rows hold up before gate. */
constexpr std::array hunyuan{
    TensorOrigin{"attn_q.weight", "self_attn.q_proj.weight"},
    TensorOrigin{"attn_q.weight", "self_attn.qkv_proj.weight", Take::GroupQ},
    TensorOrigin{"attn_k.weight", "self_attn.k_proj.weight"},
    TensorOrigin{"attn_k.weight", "self_attn.qkv_proj.weight", Take::GroupK},
    TensorOrigin{"attn_v.weight", "self_attn.v_proj.weight"},
    TensorOrigin{"attn_v.weight", "self_attn.qkv_proj.weight", Take::GroupV},
    TensorOrigin{"attn_q_norm.weight", "self_attn.query_layernorm.weight"},
    TensorOrigin{"attn_k_norm.weight", "self_attn.key_layernorm.weight"},
    TensorOrigin{"ffn_gate.weight", "mlp.gate_proj.weight"},
    TensorOrigin{"ffn_gate.weight", "mlp.gate_and_up_proj.weight", Take::SecondHalf},
    TensorOrigin{"ffn_up.weight", "mlp.up_proj.weight"},
    TensorOrigin{"ffn_up.weight", "mlp.gate_and_up_proj.weight", Take::FirstHalf},
    TensorOrigin{"ffn_gate_inp.weight", "mlp.gate.wg.weight"},
    TensorOrigin{"ffn_gate_inp.weight", "mlp.gate.weight"},
    TensorOrigin{"ffn_gate_exps.weight", "mlp.experts.*.gate_proj.weight"},
    TensorOrigin{"ffn_gate_exps.weight", "mlp.experts.*.gate_and_up_proj.weight", Take::SecondHalf},
    TensorOrigin{"ffn_gate_exps.weight", "mlp.experts.gate_up_proj", Take::FirstHalf},
    TensorOrigin{"ffn_up_exps.weight", "mlp.experts.*.up_proj.weight"},
    TensorOrigin{"ffn_up_exps.weight", "mlp.experts.*.gate_and_up_proj.weight", Take::FirstHalf},
    TensorOrigin{"ffn_up_exps.weight", "mlp.experts.gate_up_proj", Take::SecondHalf},
    TensorOrigin{"ffn_gate_shexp.weight", "mlp.shared_mlp.gate_proj.weight"},
    TensorOrigin{"ffn_gate_shexp.weight", "mlp.shared_mlp.gate_and_up_proj.weight", Take::SecondHalf},
    TensorOrigin{"ffn_up_shexp.weight", "mlp.shared_mlp.up_proj.weight"},
    TensorOrigin{"ffn_up_shexp.weight", "mlp.shared_mlp.gate_and_up_proj.weight", Take::FirstHalf},
    TensorOrigin{"ffn_down_shexp.weight", "mlp.shared_mlp.down_proj.weight"},
};

/** Mixtral's experts. */
constexpr std::array llama{
    TensorOrigin{"ffn_gate_inp.weight", "block_sparse_moe.gate.weight"},
    TensorOrigin{"ffn_gate_inp.weight", "mlp.gate.weight"},
    TensorOrigin{"ffn_gate_exps.weight", "block_sparse_moe.experts.*.w1.weight"},
    TensorOrigin{"ffn_gate_exps.weight", "mlp.experts.gate_up_proj", Take::FirstHalf},
    TensorOrigin{"ffn_up_exps.weight", "block_sparse_moe.experts.*.w3.weight"},
    TensorOrigin{"ffn_up_exps.weight", "mlp.experts.gate_up_proj", Take::SecondHalf},
    TensorOrigin{"ffn_down_exps.weight", "block_sparse_moe.experts.*.w2.weight"},
    TensorOrigin{"ffn_down_exps.weight", "mlp.experts.down_proj"},
};

constexpr std::array graniteMoe{
    TensorOrigin{"ffn_gate_inp.weight", "block_sparse_moe.router.layer.weight"},
    TensorOrigin{"ffn_gate_exps.weight", "block_sparse_moe.input_linear.weight", Take::FirstHalf},
    TensorOrigin{"ffn_up_exps.weight", "block_sparse_moe.input_linear.weight", Take::SecondHalf},
    TensorOrigin{"ffn_down_exps.weight", "block_sparse_moe.output_linear.weight"},
};

constexpr std::array gemma3{
    TensorOrigin{"attn_norm.weight", "input_layernorm.weight", Take::PlusOne},
    TensorOrigin{"attn_q_norm.weight", "self_attn.q_norm.weight", Take::PlusOne},
    TensorOrigin{"attn_k_norm.weight", "self_attn.k_norm.weight", Take::PlusOne},
    TensorOrigin{"post_attention_norm.weight", "post_attention_layernorm.weight", Take::PlusOne},
    TensorOrigin{"ffn_norm.weight", "pre_feedforward_layernorm.weight", Take::PlusOne},
    TensorOrigin{"post_ffw_norm.weight", "post_feedforward_layernorm.weight", Take::PlusOne},
    TensorOrigin{"output_norm.weight", "norm.weight", Take::PlusOne},
};

constexpr std::array phi3{
    TensorOrigin{"attn_qkv.weight", "self_attn.qkv_proj.weight"},
    TensorOrigin{"ffn_up.weight", "mlp.gate_up_proj.weight"},
};

/** The experts' matrices lie transposed, a column of gate beside its column of up; as MXFP4 they lie by rows. */
constexpr std::array gptOss{
    TensorOrigin{"attn_sinks.weight", "self_attn.sinks"},
    TensorOrigin{"post_attention_norm.weight", "post_attention_layernorm.weight"},
    TensorOrigin{"ffn_gate_inp.weight", "mlp.router.weight"},
    TensorOrigin{"ffn_gate_inp.bias", "mlp.router.bias"},
    TensorOrigin{"ffn_gate_exps.weight", "mlp.experts.gate_up_proj", Take::EvenColumns},
    TensorOrigin{"ffn_gate_exps.weight", "mlp.experts.gate_up_proj_blocks", Take::EvenRows},
    TensorOrigin{"ffn_gate_exps.bias", "mlp.experts.gate_up_proj_bias", Take::EvenWeights},
    TensorOrigin{"ffn_up_exps.weight", "mlp.experts.gate_up_proj", Take::OddColumns},
    TensorOrigin{"ffn_up_exps.weight", "mlp.experts.gate_up_proj_blocks", Take::OddRows},
    TensorOrigin{"ffn_up_exps.bias", "mlp.experts.gate_up_proj_bias", Take::OddWeights},
    TensorOrigin{"ffn_down_exps.weight", "mlp.experts.down_proj", Take::Transposed},
    TensorOrigin{"ffn_down_exps.weight", "mlp.experts.down_proj_blocks"},
    TensorOrigin{"ffn_down_exps.bias", "mlp.experts.down_proj_bias"},
};

/** Outside of the layers; "lm_head" alone has a name that begins otherwise. */
constexpr std::array outside{
    TensorOrigin{"token_embd.weight", "embed_tokens.weight"},
    TensorOrigin{"output_norm.weight", "norm.weight"},
};

std::span<const TensorOrigin> tableOf(std::string_view architecture) {
    if (architecture.starts_with("hunyuan-")) {
        return hunyuan;
    }
    if (architecture == "llama") {
        return llama;
    }
    if (architecture == "granitemoe") {
        return graniteMoe;
    }
    if (architecture == "gemma3") {
        return gemma3;
    }
    if (architecture == "phi3") {
        return phi3;
    }
    return architecture == "gpt-oss" ? std::span<const TensorOrigin>(gptOss) : std::span<const TensorOrigin>();
}

} // namespace

std::vector<TensorOrigin> tensorOrigins(std::string_view architecture, std::string_view gguf) {
    std::vector<TensorOrigin> origins;
    for (const std::span<const TensorOrigin> table :
         {tableOf(architecture), std::span<const TensorOrigin>(common), std::span<const TensorOrigin>(outside)}) {
        for (const TensorOrigin& origin : table) {
            if (origin.gguf == gguf) {
                origins.push_back(origin);
            }
        }
        if (!origins.empty()) {
            break; // a family's own rows stand in place of the common ones
        }
    }
    return origins;
}

} // namespace moescope::model
