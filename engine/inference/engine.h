// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/cached_routing.h"
#include "engine/inference/kv_type.h"
#include "engine/inference/sampler.h"
#include "engine/inference/variants.h"
#include "engine/model/chat_template.h"
#include "engine/model/model_config.h"
#include "engine/model/tokenizer.h"
#include "engine/session/kv_key.h"
#include "engine/trace/attention_weights.h"
#include "engine/trace/info.h"
#include "engine/trace/intervention.h"
#include "engine/trace/memory_ledger.h"
#include "engine/trace/timeline.h"
#include "engine/trace/token_trace.h"

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace moescope::inference {

/** For main(), before there are other threads. */
void prepareProcess();

struct LoadOptions {
    std::string device; ///< index or part of the name; empty: the best
    KvType kv = KvType::F16;
    /** Tokens that the KV cache holds. 0: the model's limit, or what of it fits the device's memory. One that is named
     *  and does not fit is refused (trace::Error{context.memory}). */
    uint32_t context = 0;
    uint64_t memory_bytes = 0;          ///< of the device, at most; 0: what it says is free
    std::filesystem::path cache_folder; ///< pipeline cache; empty: none
    Variants variants;                  ///< forced ones
    bool sessions = false;              ///< kvKey() is wanted: the model's fingerprint is taken beside the upload
    /** Bytes uploaded and in all; returns false to cancel (trace::Error{load.cancelled}). */
    std::function<bool(uint64_t done, uint64_t total)> progress;
};

/** The context that a model was loaded with, and why. */
struct ContextChoice {
    uint32_t tokens = 0;
    uint32_t model_tokens = 0;         ///< the model's limit
    uint32_t batch = 0;                ///< tokens of a prompt that are computed at once, at most
    uint64_t whole_bytes = 0;          ///< what the model would need with all of it
    uint64_t free_bytes = 0;           ///< on the device before the load
    uint64_t whole_buffer_bytes = 0;   ///< of the largest buffer that grows with the context, with all of it
    uint64_t largest_buffer_bytes = 0; ///< that the device can bind

    /** Chosen shorter than the model's because the whole does not fit. */
    bool shortened = false;
    enum class Reason {
        Memory, ///< free_bytes
        Buffer, ///< largest_buffer_bytes
    };
    Reason reason = Reason::Memory; ///< of one that is shortened: the tighter bound
};

struct GenerationRequest {
    std::vector<int32_t> prompt;
    uint32_t max_tokens = 128;
    SamplerSettings sampling;
    std::vector<std::string> stop; ///< texts that end the answer; never part of it
    bool ignore_eos = false;
    bool router_probs = false; ///< fill RouterTrace::probs
    bool telemetry = true;     ///< RouterTrace at all
    bool tell_reused =
        false; ///< tokens of the prompt that the KV cache held are told of too, with the routing kept of them
    /** Candidates told with each sampled token: the likeliest, and the sampled one. 0: none. They cost time only where
     *  an observer is told of tokens. */
    uint32_t candidates = 10;
    /** So many tokens at the end of the prompt are the answer's beginning: its text goes on inside a character that they end
     *  in. */
    uint32_t begun = 0;
    trace::Intervention intervention; ///< what-if; empty: the model as it is
    /** Where the device samples: steps that are submitted before their tokens are told of. No token depends on it. 0: as many
     *  as leave a cancel heard in time. */
    uint32_t steps_in_flight = 0;
};

struct GenerationResult {
    std::vector<int32_t> tokens;
    std::string text;
    trace::StopReason reason = trace::StopReason::Length;
    trace::StepTimings timings;
};

/** Called on the thread that runs generate(). Leave unset what is not wanted. */
struct GenerationObserver {
    std::function<void(const trace::PrefillProgress&)> prefill;
    /** Each prompt token computed (the reused ones by GenerationRequest::tell_reused) and each generated one, in order. `text` is what may be shown
     *  now: whole UTF-8, stop texts held back; it may be empty and may cover several tokens. */
    std::function<void(const trace::TokenTracePtr& token, const std::string& text)> token;
    const std::atomic<bool>* cancel = nullptr; ///< set to true from any thread: stops within 50 ms
    /** Each micro-batch of the prompt and each decode step, once it is over. Where this is not set, or not `timed`,
     *  nothing is timed and the device writes no timestamps. */
    std::function<void(const trace::StepTimelinePtr&)> timeline = {};
    const std::atomic<bool>* timed = nullptr; ///< null: always; else read before each step, set from any thread
};

constexpr uint32_t mostStepsInFlight = 4;

enum class LogitRows { None, Last, All };

struct EvaluateOptions {
    LogitRows logits = LogitRows::Last;
    bool router = false;
    bool router_probs = false;
    bool hidden = false;
    trace::Intervention intervention = {}; ///< what-if; empty: the model as it is
    const std::atomic<bool>* cancel = nullptr;
};

/** What one micro-batch gave. Rows are tokens [first, first + count). */
struct EvaluateBatch {
    uint32_t first = 0;
    uint32_t count = 0;
    std::span<const float> logits;              ///< [rows][vocab_size]; rows = count, 1 (last batch only) or 0
    std::span<const trace::RouterTrace> router; ///< [count] or empty
    std::span<const float> hidden;              ///< [block_count + 1][count][embedding_length] or empty
};

/** A loaded model on one device with one KV cache: the facade of the engine. Not thread-safe: one thread calls it;
 *  only the cancel flag may be touched from others. */
class Engine {
public:
    static std::unique_ptr<Engine> load(const std::filesystem::path& file, const LoadOptions& options = {});
    ~Engine();

    const trace::ModelInfo& model() const;
    const model::ModelConfig& config() const;
    const trace::DeviceInfo& device() const;
    const trace::MemoryInfo& memory() const;
    /** What was planned, and what is allocated now. */
    trace::MemoryLedger ledger() const;
    const ContextChoice& contextChoice() const;
    double loadMs() const;
    const model::Tokenizer& tokenizer() const;
    /** The model's own, or a plain one in its place: chatTemplate().fallbackSentence() says so. */
    const model::ChatTemplate& chatTemplate() const;
    /** Renders and encodes a conversation; trace::Error{template.…} if the template ends it, {work.cancelled}. */
    model::RenderedChat render(const std::vector<model::ChatMessage>& messages, trace::CancelFlag cancel = nullptr,
                               const model::RenderOptions& options = {}) const;

    /** Prefill of what the KV cache does not hold yet, then the decode loop. A KV cache that another intervention filled is
     *  forgotten. Throws trace::Error{intervention.…} before anything runs if the model cannot run so. */
    GenerationResult generate(const GenerationRequest& request, const GenerationObserver& observer = {});

    /** One pass over `tokens` appended to the KV cache, or to an empty one if another intervention filled it; `sink` is
     *  called once a micro-batch. */
    void evaluate(std::span<const int32_t> tokens, const EvaluateOptions& options,
                  const std::function<void(const EvaluateBatch&)>& sink);
    /** Decodes one token with the recorded step, under the intervention of the last run, and returns its logits: for
     *  benchmarks and tests. */
    std::span<const float> step(int32_t token);
    /** Times one decode step behind what the KV cache holds, which stays as it is. trace::Error{context.full}. */
    trace::StepTimelinePtr profile(int32_t token);
    /** What the query of one position weighs in one layer of the model, over what the KV cache holds: the query is computed
     *  anew, the cache stays as it is. Throws trace::Error{attention.position} for a position that is not in the cache,
     *  {attention.layer} for a layer that the model does not have, {attention.range} where the device cannot bind that
     *  many weights. */
    trace::AttentionWeights attentionWeights(uint32_t position, uint32_t layer);
    /** How much of the attention of one position's query falls on positions [first, first + count), by layer: the mean over
     *  heads, as attentionWeights() would give it, in slices like a prompt. Throws trace::Error{attention.position} for a
     *  position that is not in the cache, and for a passage that ends behind it; {work.cancelled}. */
    std::vector<float> attentionMass(uint32_t position, uint32_t first, uint32_t count,
                                     trace::CancelFlag cancel = nullptr);
    /** Forgets the KV cache. */
    void reset();
    /** LoadOptions::sessions was set. */
    bool hasKvKey() const;
    /** What the KV cache's rows follow from beside the tokens. Waits for the fingerprint of the model's bytes, which is taken
     *  while it loads; trace::Error{session.off} where LoadOptions::sessions was not set, {work.cancelled}. */
    session::KvKey kvKey(trace::CancelFlag cancel = nullptr) const;
    /** Of the model's bytes; where LoadOptions::sessions was not set it is taken now. Throws {work.cancelled} and as
     *  gguf::fingerprintOf() does. */
    std::string fingerprint(trace::CancelFlag cancel = nullptr) const;
    /** What of the kernels' choice results depend on, to the bit. */
    std::string variantText() const;
    /** The rows of the tokens that the KV cache holds from `first` on, [owner layer][K, V][KV head][token]: as many as `rows`
     *  has room for, at kvKey().bytes_per_token each. */
    void readKv(uint32_t first, uint32_t count, std::span<uint8_t> rows) const;
    /** What runs do from here on, as GenerationRequest::intervention: a KV cache that another one filled is forgotten. */
    void intervene(const trace::Intervention& intervention);
    /** Puts `tokens` behind what the KV cache holds, with the first of the rows of `row_tokens` tokens and of `routing`, as
     *  routing().bytesOf() gave it. They must have been computed with the same key behind the same tokens.
     *  trace::Error{tokens.range}, {context.prompt_too_long}. */
    void appendKv(std::span<const int32_t> tokens, std::span<const uint8_t> rows, uint32_t row_tokens,
                  std::span<const uint8_t> routing = {});
    /** Of the tokens that the KV cache holds. */
    const CachedRouting& routing() const;
    /** The KV cache holds the first `tokens` of its tokens from here on. */
    void truncate(uint32_t tokens);
    uint32_t position() const;                       ///< tokens in the KV cache
    std::span<const int32_t> cachedTokens() const;   ///< those tokens, until the next call that reads or writes any
    const trace::Intervention& intervention() const; ///< under which the KV cache was filled
    /** A number that the token at `position` got when it was computed, and no other gets: while it is the same, so is all
     *  that the KV cache holds up to there. 0: nothing is there. */
    uint64_t cacheMark(uint32_t position) const;

    /** For tests and benchmarks: Vulkan counters; dispatches of the last prefill micro-batch. */
    uint64_t commandBuffersRecorded() const;
    uint64_t descriptorSetsUpdated() const;
    uint64_t lastPrefillDispatches() const;
    uint64_t kvBufferBytes() const;
    /** For tests: the submission after the next `after` ones finds the device lost. */
    void loseDevice(uint32_t after);

private:
    Engine();
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace moescope::inference
