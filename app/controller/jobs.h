// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/engine.h"
#include "engine/needle/grid.h"
#include "engine/needle/prompt_filler.h"
#include "engine/trace/attention_weights.h"
#include "engine/trace/divergence.h"
#include "engine/trace/info.h"
#include "engine/trace/intervention.h"
#include "engine/trace/timeline.h"
#include "engine/trace/token_trace.h"

#include <QList>
#include <QString>

#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace moescope::controller {

struct LoadJob {
    std::filesystem::path model;
    std::string device; ///< name or index; empty: the best
    inference::KvType kv = inference::KvType::F16;
    uint32_t context = 0;               ///< tokens; 0: what of the model's fits the device
    uint64_t memory_bytes = 0;          ///< of the device, at most; 0: what is free
    std::filesystem::path cache_folder; ///< empty: none
    bool states = false;                ///< states of its KV cache are kept, if there is a place for them
};

/** Where states of the KV cache are kept between answers and starts of the program. */
struct StatesJob {
    std::filesystem::path folder;
    uint64_t budget = 0; ///< bytes that all of them may take; 0: none is kept, and what is there goes
};

struct Loaded {
    trace::ModelInfo model;
    trace::DeviceInfo device;
    trace::MemoryInfo memory;
    trace::MemoryLedger ledger; ///< after the last answer, or the load
    inference::ContextChoice context;
    model::TemplateFacts chat_template;
    std::optional<trace::Error> template_problem; ///< why the model's own template is not used
    std::string template_fallback;                ///< what is used in its place: “ChatML”
    double load_ms = 0;
    std::string vocabulary; ///< a sum over all tokens: equal where ids mean the same

    /** The model can be told to think, or not to. */
    bool hasThinkingSwitch() const { return !chat_template.thinking_variable.empty() || chat_template.no_think; }
};

/** What an answer takes over from another: its beginning, and then `token`, which is not sampled. */
struct Branch {
    /** As they went through the model, with the prompt's tokens among them that were computed. They are told of anew. */
    std::vector<trace::TokenTracePtr> begun;
    trace::TokenCandidate token;
    std::vector<trace::TokenCandidate> candidates; ///< for its place
};

struct GenerateJob {
    qint64 id = 0; ///< of the answer; comes back with every signal
    std::vector<model::ChatMessage> messages;
    std::string begun;                 ///< the answer so far, when one is continued
    std::vector<int32_t> begun_tokens; ///< its tokens, if they are known
    /** Of the answer so far, as they went through the model behind another prompt: they are told of anew, with the routing
     *  that they have behind this one. Empty: its tokens are not told of. */
    std::vector<trace::TokenTracePtr> begun_traces;
    std::optional<Branch> branch;        ///< in place of `begun`
    inference::SamplerSettings sampling; ///< with a seed
    uint32_t max_tokens = 0;             ///< a branch's beginning counts; 0: until the context is full
    std::optional<bool> thinking;        ///< unset: as the model's template has it
    std::optional<std::tm> now;          ///< what the template is told of the time; unset: the clock's
    bool router_probs = false;           ///< probabilities of all experts in each trace
    trace::Intervention intervention;    ///< what-if; empty: the model as it is
    bool tell_reused = false;            ///< traces of the prompt's tokens that were not computed, too
    bool afresh = false;   ///< the KV cache is forgotten first, nothing is restored, nothing saved: for measuring
    std::string saved_key; ///< of the last state that was saved of this branch; empty: none
    std::string
        passage; ///< a part of the prompt: how much of the answer's attention falls on it is measured behind the answer
};

/** A prompt to be made of a haystack's sentences, for the loaded model. */
struct FillJob {
    qint64 id = 0;                          ///< comes back with its end
    std::vector<model::ChatMessage> before; ///< what stands before the message: a system prompt
    needle::Filling filling;
    std::filesystem::path haystack; ///< a text; empty: the one that came with the program
    std::optional<bool> thinking;   ///< as GenerateJob
};

/** A grid of needles for the loaded model. */
struct GridJob {
    qint64 id = 0;                  ///< comes back with all that is told of it
    needle::GridPlan plan;          ///< model, device, haystack and type of KV cache are filled in
    std::filesystem::path haystack; ///< a text; empty: the one that came with the program
    std::filesystem::path state;    ///< where its results are kept
    bool resume = false;            ///< from what `state` holds; else that goes
};

/** How far it is. */
struct GridProgress {
    needle::GridPlan plan;
    std::vector<needle::Cell> cells;
    size_t done = 0; ///< cases
    size_t size = 0;
    size_t current = 0; ///< cell

    static GridProgress of(const needle::Grid& grid) {
        return {grid.plan(), grid.cells(), grid.done(), grid.size(), grid.currentCell()};
    }
};

/** Asks for one case of a grid of the loaded model. */
struct CaseJob {
    qint64 id = 0;
    needle::CaseId which;
    std::filesystem::path haystack; ///< as GridJob
};

struct Filled {
    QString text;   ///< the user's message
    int tokens = 0; ///< of the prompt
};

/** What an answer that is there was given to. */
struct AnsweredPrompt {
    std::vector<model::ChatMessage> messages; ///< before the answer
    std::optional<bool> thinking;             ///< as the answer was made
    uint32_t tokens = 0;                      ///< before the answer; 0: only its messages are known
    std::vector<trace::TokenTracePtr> kept;   ///< of them those that were kept, with their positions
};

/** Asks what two interventions make of an answer that is there, token by token. */
struct DivergenceJob {
    AnsweredPrompt prompt;
    std::vector<int32_t> answer; ///< its tokens
    trace::Intervention base;    ///< empty: the model as it is
    trace::Intervention what_if;
};

/** An answer as it was made, for whoever wants it in the KV cache again: it is read, nothing is sampled. */
struct KnownAnswer {
    AnsweredPrompt prompt;
    std::vector<int32_t> tokens; ///< of the answer
    trace::Intervention intervention;
};

/** Asks what one token of an answer looked at. */
struct AttentionJob {
    qint64 answer = 0;
    uint32_t position = 0; ///< of the token in the context
    uint32_t layer = 0;    ///< of the model
    /** What is read first where the KV cache does not hold the answer; null: then the job fails. */
    std::shared_ptr<const KnownAnswer> known = {};
};

/** A message of the context, the answer itself included. */
struct ContextMessage {
    std::string role;   ///< empty: a whole prompt whose messages are others since
    uint32_t first = 0; ///< position of its first token, that of the next one where the template leaves it out
};

struct Attention {
    qint64 answer = 0;
    std::shared_ptr<const trace::AttentionWeights> weights;
    std::shared_ptr<const std::vector<std::string>> texts; ///< bytes of each token up to the position
    std::vector<ContextMessage> messages;
};

/** A token and the text that can be shown with it. */
struct Piece {
    trace::TokenTracePtr token;
    /** May be empty and may cover several tokens. The first one's begins with the mark of a thinking that the prompt
     *  opened. */
    QString text;
};
using Pieces = QList<Piece>;
using TimedSteps = QList<trace::StepTimelinePtr>;

/** How much of an answer's attention fell on a passage of its prompt. */
struct PassageMass {
    needle::TokenSpan span;      ///< of the prompt; none: it was not found there
    std::vector<float> by_layer; ///< share 0…1, mean over heads and tokens; empty: not asked for
    uint32_t tokens = 0;         ///< of the answer that were looked at
};

struct Finished {
    trace::StopReason reason = trace::StopReason::Length;
    trace::StepTimings timings;
    QString rest; ///< end of the text that came with no token: held back until it was sure to belong to the answer
    uint32_t context_used = 0; ///< tokens in the KV cache
    PassageMass passage;       ///< of GenerateJob::passage
};

/** What the store of states gave an answer. */
struct RestoredState {
    uint32_t tokens = 0;                ///< that were read from the disk
    std::optional<trace::Error> reason; ///< why not all, or nothing
};

/** Blocks that went, and what is left of their states in their place: ids; empty: nothing is. */
using MovedStates = QList<QPair<QByteArray, QByteArray>>;

/** A state that was saved. */
struct SavedState {
    QByteArray leaf;      ///< id of its last block
    std::string key;      ///< session::toText() of what it follows from
    uint64_t written = 0; ///< bytes: what others had before is not written again
};

} // namespace moescope::controller
