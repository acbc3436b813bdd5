// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/device_weights.h"
#include "engine/inference/kv_type.h"
#include "engine/inference/tuning.h"
#include "engine/inference/variants.h"
#include "engine/model/family.h"
#include "engine/vulkan/command_recorder.h"
#include "shaders/common/push_constants.h"

#include <map>
#include <memory>

namespace moescope::inference {

struct WeightVariants;

/** Shape of attention: the same for every layer of a model but for `window` and `rope_first`, and for every buffer of a KV
 *  cache but for `kv_first` and `kv_heads`. */
struct AttentionShape {
    uint32_t head_count = 0;
    uint32_t head_count_kv = 0;
    uint32_t head_dim = 0;
    uint32_t head_stride = 0; ///< kvHeadStride()
    uint32_t context = 0;     ///< rows of the KV cache a head
    float epsilon = 0;
    model::QkNorm qk_norm = model::QkNorm::AfterRope;
    KvType kv = KvType::F16;
    model::RopeStyle rope_style = model::RopeStyle::NeoX;
    uint32_t rope_dimension_count = 0; ///< of a head that turn
    uint32_t rope_first = 0;           ///< row of the table of rotations for position 0
    uint32_t window = 0;               ///< last positions that a query sees; 0: all
    float scale = 0;                   ///< of q · k
    uint32_t kv_first = 0; ///< KV head that the caches at hand begin with; the kernels take the queries of theirs
    uint32_t kv_heads = 0; ///< that they hold; 0: all

    uint32_t heldHeads() const { return kv_heads != 0 ? kv_heads : head_count_kv; }
    uint32_t queriesEach() const { return head_count / head_count_kv; } ///< that share a KV head
};

/** Shape of the experts of one layer; counts of 0 leave a part out. */
struct ExpertsShape {
    uint32_t expert_count = 0;
    uint32_t expert_used_count = 0;
    bool norm_weights = false;
    model::Activation activation = model::Activation::Silu;
};

/** One of several alike that a kernel's work is cut into. */
struct Part {
    uint32_t index = 0;
    uint32_t count = 1;
};

/** The kernels of shaders/, one method each: the same name, its buffers in the order of the shader's bindings.
 *
 *  Nothing here runs: each method records one dispatch. Pipelines are named on first use and kept; the recorder makes those
 *  that it needs and that are not made yet. */
class Kernels {
public:
    /** Of the variants, what is unset is chosen: `texels`, with the subgroup's size as the group of the weights' rows, on software
     *  drivers; on others `coopmat` where the device and the build can, else `integer_dot` where the device has it in hardware.
     *  These exclude one another. Throws trace::Error{variant.device} where the device cannot what is asked for, {variant.build}
     *  where the build cannot, and {variant.pair} where two are asked for. */
    explicit Kernels(vulkan::Device& device, const Variants& variants = {});
    ~Kernels();

    using Recorder = vulkan::CommandRecorder;
    using Buffer = vulkan::Buffer;

    /** How the matrix × vector kernels cut their work from here on, where they do not read texels. */
    void cutMatvec(const MatvecCut& cut);
    /** Whether weights, and what else the kernels for such drivers read, are texels. */
    bool texels() const { return m_texels; }
    /** Whether batches are multiplied by cooperative matrices, in f16, where weights are not F32. */
    bool coopmat() const { return m_matrix.m != 0; }
    /** Whether batches are multiplied by integer dot products, in bytes, where weights are of a block format. */
    bool integerDot() const { return m_integerDot; }
    /** What of all this sums or rounds otherwise: "texels, subgroups of 8". */
    std::string variantText() const;
    /** Rows of weights whose words alternate. */
    uint32_t rowGroup() const { return m_texels ? m_subgroup : 1; }

    /** All that were named so far, in this order; made or not. */
    const std::vector<const vulkan::ComputePipeline*>& pipelines() const { return m_named; }

    /** For benchmarks: out[i] = 32 numbers, `rounds` times multiplied by `factor` and increased by it, summed. */
    void fmaSpeed(Recorder& recorder, const Buffer& out, uint32_t groups, uint32_t rounds, float factor);
    uint32_t fmaSpeedInvocations() const { return m_workgroup; } ///< of a workgroup

    /** x[t] = scale · table[token[t]] for `tokens` tokens. */
    void embed(Recorder& recorder, const Matrix& table, const Buffer& token_ids, const Buffer& x, uint32_t tokens,
               float scale);
    /** y[t] = rms_norm(x[t]) ∘ weight, or += (accumulate); row strides are stride(width). */
    void rmsNorm(Recorder& recorder, const Buffer& x, const Buffer& weight, const Buffer& y, uint32_t width,
                 float epsilon, uint32_t tokens, bool accumulate = false);

    struct MatvecOptions {
        const Buffer* norm = nullptr; ///< RMS norm of x on the fly with these weights
        float epsilon = 0;
        const Buffer* bias = nullptr; ///< [rows]
        float scale = 1;              ///< of W · x + bias
        bool accumulate = false;
        uint32_t x_row = 0;   ///< which row of x
        uint32_t y_first = 0; ///< float of y that row 0 of W makes
    };
    /** y = W · x for one token. */
    void matvec(Recorder& recorder, const Matrix& w, const Buffer& x, const Buffer& y, const MatvecOptions& options);
    struct MatmulOptions {
        const Buffer* bias = nullptr; ///< [rows]
        float scale = 1;              ///< of W · x + bias
        bool accumulate = false;
        uint32_t y_stride = 0; ///< floats between two rows of y; 0: stride(rows of W)
        uint32_t y_first = 0;  ///< float of a row of y that row 0 of W makes
        uint32_t w_first = 0;  ///< first row of W to compute, a multiple of rowUnit
        uint32_t w_rows = 0;   ///< how many; 0: all from there on
    };
    static constexpr uint32_t rowUnit = 64; ///< any rows of 16 bytes begin at an offset that devices can bind
    /** y[t] = W · x[t], or += (accumulate), for `tokens` tokens. */
    void matmul(Recorder& recorder, const Matrix& w, const Buffer& x, const Buffer& y, uint32_t tokens,
                const MatmulOptions& options);

    /** `qkv`: raw heads of each token, queries, then keys and values where `owner` (of a KV cache); rows are
     *  stride(all of them) apart, whether a layer has its own keys or not. `bias`: of all heads; null:
     *  none. `qk_weight`: as shape.qk_norm has it; null without norms. */
    void ropeQkNorm(Recorder& recorder, const AttentionShape& shape, const Buffer& qkv, const Buffer* bias, bool owner,
                    const Buffer& rope, const Buffer* qk_weight, const Buffer& step, const Buffer& q_out,
                    const Buffer& k_cache, const Buffer& v_cache, uint32_t tokens);
    bool hasRopeLanes(const AttentionShape& shape) const {
        return m_texels && shape.head_dim % 8 == 0 && shape.rope_dimension_count % 16 == 0 && shape.kv != KvType::Q8_0;
    }
    /** The same for a batch, where hasRopeLanes(). */
    void ropeQkNormLanes(Recorder& recorder, const AttentionShape& shape, const Buffer& qkv, const Buffer* bias,
                         bool owner, const Buffer& rope, const Buffer* qk_weight, const Buffer& step,
                         const Buffer& q_out, const Buffer& k_cache, const Buffer& v_cache, uint32_t tokens);
    /** Of a batch, `part` of its tokens. `sinks`: a logit a head that takes its share of the softmax; null: none. */
    void attention(Recorder& recorder, const AttentionShape& shape, const Buffer& q, const Buffer& k_cache,
                   const Buffer& v_cache, const Buffer& step, const Buffer* sinks, const Buffer& out, uint32_t tokens,
                   Part part = {});
    /** The same where texels(), by tiles of queries, `part` of the tiles. Of a context of more than attentionSpan positions,
     *  here and in attentionToken(), one dispatch a span, with `state` between them: two floats a token and head. */
    void attentionTiles(Recorder& recorder, const AttentionShape& shape, const Buffer& q, const Buffer& k_cache,
                        const Buffer& v_cache, const Buffer& step, const Buffer* sinks, const Buffer& out,
                        const Buffer& state, uint32_t tokens, Part part = {});
    static constexpr uint32_t attentionSpan = 4096; ///< positions: heads of 256 were right up to 15,015
    bool hasAttentionToken(const AttentionShape& shape) const {
        return m_texels && shape.queriesEach() <= mostTokenQueries;
    }
    /** Of one token from its raw heads, where hasAttentionToken(): ropeQkNorm() and attention() in one. `stores`: key and value
     *  in the KV cache, in its owners. */
    void attentionToken(Recorder& recorder, const AttentionShape& shape, const Buffer& qkv, const Buffer* bias,
                        bool stores, const Buffer& rope, const Buffer* qk_weight, const Buffer& step,
                        const Buffer& q_out, const Buffer& k_cache, const Buffer& v_cache, const Buffer* sinks,
                        const Buffer& out, const Buffer& state);
    /** The same on devices with memory of their own, by workgroups over `splits` of the positions, at most
     *  mostAttentionSplits. `partial`: attentionPartialFloats() of it; `counters`: uint32, one a query head is enough, 0 before
     *  and after. The queries stay in the kernel. */
    void attentionSplit(Recorder& recorder, const AttentionShape& shape, const Buffer& qkv, const Buffer* bias,
                        bool stores, const Buffer& rope, const Buffer* qk_weight, const Buffer& step,
                        const Buffer& k_cache, const Buffer& v_cache, const Buffer* sinks, const Buffer& partial,
                        const Buffer& counters, const Buffer& out, uint32_t splits);
    static constexpr uint32_t mostAttentionSplits = 64;
    static constexpr uint64_t attentionPartialFloats(uint32_t head_count, uint32_t head_stride, uint32_t splits) {
        return uint64_t{head_count} * splits * (4 + head_stride);
    }
    /** Some of the query heads that share those of a cache. */
    struct WeightsOf {
        uint32_t skipped = 0;
        uint32_t heads = 0;   ///< 0: the rest
        uint32_t out_row = 0; ///< of the first of them
    };
    /** The weights that attention gives its values for one query: a row of `out`, `out_stride` floats, a head, one float for
     *  each position up to the step's and then the share of the sink. */
    void attentionWeights(Recorder& recorder, const AttentionShape& shape, const Buffer& q, const Buffer& k_cache,
                          const Buffer& step, const Buffer* sinks, const Buffer& out, uint32_t out_stride,
                          WeightsOf some);
    void attentionWeights(Recorder& recorder, const AttentionShape& shape, const Buffer& q, const Buffer& k_cache,
                          const Buffer& step, const Buffer* sinks, const Buffer& out, uint32_t out_stride) {
        attentionWeights(recorder, shape, q, k_cache, step, sinks, out, out_stride, {});
    }

    /** What each head of `weights`, [heads][stride], gives positions [first, first + count): `out` from `out_first` on. */
    void attentionMass(Recorder& recorder, const Buffer& weights, uint32_t heads, uint32_t stride, uint32_t first,
                       uint32_t count, const Buffer& out, uint32_t out_first);

    struct RouterOutputs {
        const Buffer& normed;
        const Buffer& experts;
        const Buffer& expert_weights;
        const Buffer& shared_weights;
        const Buffer& log;
        const Buffer& probs;
        const Buffer& logits;   ///< [token][stride(rows of the router)]
        const Buffer& counters; ///< uint32 [token], 0 before and after
    };
    /** `layer`: MoE layer of the rules and the log; `batch`: tokens a layer has room for in it. `bias`: of the logits;
     *  null: none. `rules`: shaders::RouterRule [MoE layer][expert] of an intervention; null: none. A router with one row
     *  more than experts weighs the shared expert by that row. `given`: the logits of a batch were computed before, as
     *  `out.normed` was. */
    void moeRouter(Recorder& recorder, const Matrix& router, const Buffer* bias, const Buffer* rules,
                   const ExpertsShape& shape, const Buffer& x, const Buffer& norm, float epsilon, const Buffer& step,
                   const RouterOutputs& out, uint32_t layer, uint32_t batch, uint32_t tokens, bool given = false);

    /** Gate and up of experts, or of a shared expert or plain FFN. */
    struct GateUp {
        const Matrix& gate;
        const Matrix& up;
        const Buffer* gate_bias = nullptr; ///< [expert][rows]; null: neither has one
        const Buffer* up_bias = nullptr;
    };
    /** One token: h[s] = activated(gate · x, up · x) for each chosen expert, or for the one expert of `gate` if `experts`
     *  is null. `norm`: RMS norm of x on the fly with these weights; null: none. */
    void ffnGateUp(Recorder& recorder, const GateUp& w, const ExpertsShape& shape, const Buffer* experts,
                   const Buffer& x, const Buffer& h, uint32_t slots, const Buffer* norm = nullptr, float epsilon = 0);
    /** One token: x += scale · (Σ weight · (down[e] · h[s] + bias[e]) + shared · h_shared). Null matrices are left out;
     *  both of one type. `bias`: of the routed experts; null: none. `shared_weight`: [1], what h_shared is multiplied by; null:
     *  1. */
    void ffnDown(Recorder& recorder, const Matrix* routed, const Buffer* bias, const Matrix* shared,
                 const Buffer& experts, const Buffer& expert_weights, const Buffer& h, const Buffer& h_shared,
                 const Buffer& x, uint32_t slots, float scale, const Buffer* shared_weight = nullptr);

    struct SortOutputs {
        const Buffer& counts;
        const Buffer& order;
        const Buffer& tiles;
        const Buffer& grids;
    };
    /** Pairs of a tile: an expert's go into tall ones as long as they fill more than half of one, the rest into low ones. */
    struct TileHeights {
        uint32_t low = 0;
        uint32_t tall = 0; ///< 0: all are low
    };
    TileHeights tileHeights() const;
    /** Entries that a list of tiles needs, for any heights. */
    static constexpr uint64_t mostTiles(uint64_t pairs, uint64_t expert_count) {
        return pairs / leastTileTokens + pairs / (2 * leastTileTokens) + expert_count + 1;
    }
    /** `gate_up_rows`, `down_rows`: of a part of each. */
    void moeSort(Recorder& recorder, const ExpertsShape& shape, const Buffer& experts, const SortOutputs& out,
                 uint32_t tokens, uint32_t gate_up_rows, uint32_t down_rows);
    /** Workgroups of a matrix × matrix kernel along the rows; `matrices`: that an invocation multiplies at once. */
    uint32_t tileGroups(uint32_t rows, uint32_t matrices = 1) const;
    /** Rows of a part of a matrix: those of whole workgroups, the last part may have fewer. */
    uint32_t rowsOfPart(uint32_t rows, uint32_t parts) const;
    /** A batch, routed: `sort` gives tiles and grid, made for the rows of as many parts. Shared or dense: `sort` is null.
     *  `shared_weights`: [token], what h is multiplied by; null: 1. */
    void ffnGateUpTiles(Recorder& recorder, const GateUp& w, const SortOutputs* sort, const ExpertsShape& shape,
                        const Buffer& x, const Buffer& h, uint32_t tokens, Part part = {},
                        const Buffer* shared_weights = nullptr);
    /** `bias`: [expert][rows]; null: none. */
    void ffnDownTiles(Recorder& recorder, const Matrix& down, const Buffer* bias, const SortOutputs& sort,
                      const ExpertsShape& shape, const Buffer& h, const Buffer& pair_out, uint32_t tokens,
                      Part part = {});
    void moeCombine(Recorder& recorder, const ExpertsShape& shape, const Buffer& expert_weights, const Buffer& pair_out,
                    const Buffer& x, uint32_t width, uint32_t tokens, float scale);

    /** Whether the kernels that sample have room for a vocabulary of so many tokens. */
    static bool canSample(uint32_t token_count);
    /** The best tokens of each chunk of the logits, for sample(). `sampler`: shaders::SamplerState; `top`, `refused`: as
     *  SampleBuffers has them. */
    void sampleTop(Recorder& recorder, const Buffer& logits, const Buffer& sampler, const Buffer& top,
                   const Buffer& refused, uint32_t token_count);
    /** The token behind the step's: into `sampled` with a token that has no logit (or SAMPLER_NONE), into `token_ids` and,
     *  with its position, into the step, so that the next step reads it. Only where canSample(). */
    void sample(Recorder& recorder, const Buffer& top, const Buffer& refused, const Buffer& sampler, const Buffer& step,
                const Buffer& token_ids, const Buffer& sampled, uint32_t token_count);

    /** Queries of a KV head that one invocation of attention_token keeps in registers. */
    static constexpr uint32_t mostTokenQueries = 16;
    /** Tokens of the lowest tile: shaders/common/tile.glsl. */
    static constexpr uint32_t leastTileTokens = 8;
    /** Words of the grids that moe_sort leaves: of low tiles and of tall ones, for two kernels. */
    static constexpr uint32_t sortGridWords = 12;
    /** Invocations of moe_sort: rows of its scratch counts. */
    static constexpr uint32_t sortWorkers = 64;
    /** Experts that can answer one token: room in the shared memory of moe_router. */
    static constexpr uint32_t mostExpertsUsed = 64;
    /** Heads that attention reads beyond the last one of a token. */
    static constexpr uint32_t spareHeads = 3;
    /** Entries of one token and layer in the routing log: shaders/moe_router.comp. */
    static constexpr uint32_t logEntry(uint32_t expert_used_count) { return 3 * expert_used_count + 2; }

private:
    /** Workgroups of a matrix × vector kernel. */
    uint32_t matvecGroups(uint32_t rows) const;
    /** Constants of shaders/common/attention_rows.glsl. */
    vulkan::Constants attentionRows(const AttentionShape& shape, bool sinks) const;
    const vulkan::ComputePipeline& pipeline(const vulkan::Shader& shader, vulkan::Constants constants);
    /** The variant for weights of this type. */
    const vulkan::ComputePipeline& pipeline(const WeightVariants& variants, gguf::TensorType type,
                                            vulkan::Constants constants);
    /** Likewise, of a matrix × matrix kernel with tiles of `tokens` tokens. */
    const vulkan::ComputePipeline& tilePipeline(const WeightVariants& variants, gguf::TensorType type,
                                                vulkan::Constants constants, uint32_t tokens);
    /** Height of the tiles that a batch is cut into where it is not sorted. */
    uint32_t heightFor(uint32_t tokens) const;
    /** Place of the first low tile in the list of a sorted batch. */
    uint32_t firstLowTile(uint32_t pairs) const;

    vulkan::Device& m_device;
    uint32_t m_subgroup;
    bool m_texels;
    bool m_integerDot;
    uint32_t m_workgroup;         ///< invocations of most kernels
    MatvecCut m_matvec;           ///< of the matrix × vector kernels
    vulkan::MatrixShape m_matrix; ///< of the cooperative matrices; zeros: none
    std::map<std::pair<const uint32_t*, vulkan::Constants>, std::unique_ptr<vulkan::ComputePipeline>> m_pipelines;
    std::vector<const vulkan::ComputePipeline*> m_named;
};

} // namespace moescope::inference
