# SPDX-License-Identifier: Apache-2.0
"""The tiny models of families.py, one a case: config.json in the form in which the family is published, and how to draw
its weights.

A case: config (config.json without vocabulary and token ids), tokenizer (a kind of tokenizers_of_families), dtype in
which the file holds the weights (computed in float32 always), shards, stretch {part of a tensor's name: factor on its
standard deviation}, long (tokens that no prompt but "long" may pass, together with what is generated), refused (part of
the sentence with which the program refuses the model on purpose, in place of computing it otherwise).
"""


def dense(architecture, model_type, **more):
    return {"architectures": [architecture], "model_type": model_type, "hidden_act": "silu", "hidden_size": 64,
            "intermediate_size": 96, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
            "max_position_embeddings": 256, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "attention_dropout": 0.0,
            "tie_word_embeddings": False, "initializer_range": 0.02, "use_cache": True, **more}


ALPHA = {"alpha": 1000.0, "beta_fast": 32, "beta_slow": 1, "factor": 1.0, "mscale": 1.0, "mscale_all_dim": 1.0,
         "type": "dynamic"}
GEMMA = dense("Gemma3ForCausalLM", "gemma3_text", hidden_size=64, num_hidden_layers=7, head_dim=20, rms_norm_eps=1e-6,
              rope_theta=1000000.0, rope_local_base_freq=10000.0, query_pre_attn_scalar=50, sliding_window=8,
              sliding_window_pattern=6, hidden_activation="gelu_pytorch_tanh", attention_bias=False,
              attn_logit_softcapping=None, final_logit_softcapping=None, tie_word_embeddings=True)
GEMMA.pop("hidden_act")
GPT_OSS = dense("GptOssForCausalLM", "gpt_oss", head_dim=20, num_hidden_layers=4, intermediate_size=32,
                num_local_experts=6, num_experts_per_tok=3, experts_per_token=3, attention_bias=True, sliding_window=8,
                layer_types=["sliding_attention", "full_attention"] * 2, swiglu_limit=7.0, rope_theta=150000.0,
                initial_context_length=64, max_position_embeddings=256, router_aux_loss_coef=0.9,
                rope_scaling={"beta_fast": 32.0, "beta_slow": 1.0, "factor": 4.0, "rope_type": "yarn",
                              "original_max_position_embeddings": 64, "truncate": False})
DEEPSEEK = dense("DeepseekV2ForCausalLM", "deepseek_v2", num_key_value_heads=4, q_lora_rank=None, kv_lora_rank=24,
                 qk_nope_head_dim=20, qk_rope_head_dim=12, v_head_dim=28, n_routed_experts=8, n_shared_experts=2,
                 num_experts_per_tok=3, moe_intermediate_size=24, first_k_dense_replace=1, moe_layer_freq=1,
                 norm_topk_prob=False, routed_scaling_factor=1.0, scoring_func="softmax", topk_method="greedy",
                 n_group=1, topk_group=1, attention_bias=False, rms_norm_eps=1e-6,
                 rope_scaling={"beta_fast": 32, "beta_slow": 1, "factor": 4, "mscale": 0.707, "mscale_all_dim": 0.707,
                               "original_max_position_embeddings": 64, "type": "yarn"})
PHI3 = dense("Phi3ForCausalLM", "phi3", hidden_size=80, embd_pdrop=0.0, resid_pdrop=0.0, sliding_window=None,
             original_max_position_embeddings=256, rope_scaling=None, attention_bias=False)
OLMOE = dense("OlmoeForCausalLM", "olmoe", num_experts=8, num_experts_per_tok=3, intermediate_size=32,
              norm_topk_prob=False, clip_qkv=None, num_key_value_heads=4, rope_scaling=None, attention_bias=False)
GRANITE = {"embedding_multiplier": 3.0, "residual_multiplier": 0.22, "attention_multiplier": 0.3, "logits_scaling": 2.0,
           "attention_bias": False, "mlp_bias": False, "rope_scaling": None}
QWEN3 = {"attention_bias": False, "use_sliding_window": False, "sliding_window": None, "max_window_layers": 3,
         "rms_norm_eps": 1e-6, "rope_theta": 1000000.0, "rope_scaling": None}


def case(tokenizer, config, **options):
    return {"tokenizer": tokenizer, "config": config, "dtype": "bfloat16", "shards": 1, "stretch": {}, "long": None,
            "refused": None, **options}


CASES = {
    "llama2": case("llama2", dense("LlamaForCausalLM", "llama", num_key_value_heads=4, rope_scaling=None)),
    "llama3": case("llama3", dense("LlamaForCausalLM", "llama", head_dim=20, rope_theta=500000.0, tie_word_embeddings=True,
                                   attention_bias=False, mlp_bias=False,
                                   rope_scaling={"factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
                                                 "original_max_position_embeddings": 32, "rope_type": "llama3"}),
                   shards=2),
    "llama_linear": case("llama2", dense("LlamaForCausalLM", "llama", attention_bias=True,
                                         rope_scaling={"type": "linear", "factor": 4.0}), dtype="float32"),
    "qwen2": case("qwen2", dense("Qwen2ForCausalLM", "qwen2", hidden_size=72, num_attention_heads=2, num_key_value_heads=1,
                                 rms_norm_eps=1e-6, rope_theta=1000000.0, sliding_window=8, max_window_layers=3,
                                 use_sliding_window=False, tie_word_embeddings=True)),
    "qwen3": case("qwen2", dense("Qwen3ForCausalLM", "qwen3", head_dim=36, tie_word_embeddings=True, **QWEN3)),
    "qwen3_moe": case("qwen2", dense("Qwen3MoeForCausalLM", "qwen3_moe", head_dim=20, num_experts=8,
                                     num_experts_per_tok=3, moe_intermediate_size=24, norm_topk_prob=True,
                                     decoder_sparse_step=1, mlp_only_layers=[], output_router_logits=False,
                                     router_aux_loss_coef=0.001, **QWEN3)),
    "olmoe": case("neox", OLMOE),
    "olmoe_clip": case("neox", {**OLMOE, "clip_qkv": 1.2, "num_key_value_heads": 2, "norm_topk_prob": True},
                       refused="“clip_qkv”"),
    "hunyuan_v1_moe": case("hunyuan", dense(
        "HunYuanMoEV1ForCausalLM", "hunyuan_v1_moe", attention_head_dim=20, head_dim=20, num_experts=8, num_experts_per_tok=3,
        moe_topk=[3, 3, 3], moe_intermediate_size=[96, 96, 96], num_shared_expert=[1, 1, 1], use_mixed_mlp_moe=True,
        use_qk_norm=True, use_cla=False, cla_share_factor=2, moe_layer_num_skipped=0, norm_topk_prob=True,
        moe_drop_tokens=False, attention_bias=False, mlp_bias=False, tie_word_embeddings=True, rope_scaling=ALPHA)),
    "hunyuan_v1_dense": case("hunyuan", dense(
        "HunYuanDenseV1ForCausalLM", "hunyuan_v1_dense", attention_head_dim=80, head_dim=80, num_attention_heads=2,
        num_key_value_heads=1, num_experts=1, num_shared_expert=1, moe_topk=1, use_mixed_mlp_moe=False, use_qk_norm=True,
        use_cla=False, cla_share_factor=2, attention_bias=False, mlp_bias=False, tie_word_embeddings=True,
        rope_scaling={**ALPHA, "alpha": 50.0})),
    "mixtral": case("llama2", dense("MixtralForCausalLM", "mixtral", head_dim=20, num_local_experts=6,
                                    num_experts_per_tok=2, intermediate_size=40, output_router_logits=False,
                                    router_aux_loss_coef=0.02, sliding_window=None)),
    "mistral": case("mistral", dense("MistralForCausalLM", "mistral", head_dim=20, sliding_window=8)),
    "qwen2_moe": case("qwen2", dense("Qwen2MoeForCausalLM", "qwen2_moe", hidden_size=80, num_experts=8,
                                     num_experts_per_tok=3, moe_intermediate_size=24,
                                     shared_expert_intermediate_size=40, norm_topk_prob=False, decoder_sparse_step=1,
                                     mlp_only_layers=[], use_sliding_window=False, sliding_window=8, max_window_layers=3,
                                     qkv_bias=True, rms_norm_eps=1e-6, output_router_logits=False)),
    "granite": case("granite", dense("GraniteForCausalLM", "granite", hidden_size=80, tie_word_embeddings=True, **GRANITE),
                    stretch={"o_proj": 8.0, "down_proj": 8.0}),
    "granitemoe": case("granite", dense("GraniteMoeForCausalLM", "granitemoe", hidden_size=80, num_local_experts=8,
                                        num_experts_per_tok=3, intermediate_size=24, tie_word_embeddings=True,
                                        output_router_logits=False, **GRANITE), stretch={"o_proj": 8.0, "down_proj": 8.0}),
    # The embedding is scaled by √64 and tied: what the layers add must outweigh it, else a token predicts itself.
    "gemma3": case("gemma", GEMMA, stretch={"post_": 4.0}),
    "gemma3_linear": case("gemma", {**GEMMA, "head_dim": 36, "num_attention_heads": 2, "num_key_value_heads": 1,
                                    "rope_scaling": {"factor": 8.0, "rope_type": "linear"}}, dtype="float32",
                          stretch={"post_": 4.0}),
    "phi3": case("phi3", PHI3),
    "phi3_window": case("phi3", {**PHI3, "sliding_window": 8, "partial_rotary_factor": 0.6, "num_attention_heads": 4,
                                 "tie_word_embeddings": True}),
    "phi3_longrope": case("phi3", {**PHI3, "partial_rotary_factor": 0.8, "original_max_position_embeddings": 96,
                                   "rope_scaling": {"type": "longrope",
                                                    "short_factor": [1.0, 1.05, 1.1, 1.2, 1.3, 1.5, 1.8, 2.0],
                                                    "long_factor": [1.1, 1.4, 2.0, 2.8, 4.0, 5.5, 7.5, 10.0]}},
                          long=96, stretch={"qkv_proj": 0.6}),
    "gpt_oss": case("o200k", {**GPT_OSS, "quantization_config": {
        "modules_to_not_convert": ["model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"],
        "quant_method": "mxfp4"}}, stretch={"experts": 1.2}),
    "gpt_oss_bf16": case("o200k", {**GPT_OSS, "head_dim": 36}, stretch={"experts.gate_up": 5.0, "experts.down": 0.3, "q_proj": 0.6}),
    "deepseek_v2_lite": case("qwen2", DEEPSEEK, refused="“DeepseekV2ForCausalLM” is not supported"),
    "deepseek_v2": case("qwen2", {**DEEPSEEK, "q_lora_rank": 28, "topk_method": "group_limited_greedy", "n_group": 4,
                                  "topk_group": 2, "routed_scaling_factor": 2.5, "rope_scaling": None},
                        refused="“DeepseekV2ForCausalLM” is not supported"),
}
