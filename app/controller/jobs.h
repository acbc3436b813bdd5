// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/engine.h"
#include "engine/trace/attention_weights.h"
#include "engine/trace/divergence.h"
#include "engine/trace/info.h"
#include "engine/trace/intervention.h"
#include "engine/trace/timeline.h"
#include "engine/trace/token_trace.h"

#include <QList>
#include <QString>

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
    std::string begun;                   ///< the answer so far, when one is continued
    std::vector<int32_t> begun_tokens;   ///< its tokens, if they are known
    std::optional<Branch> branch;        ///< in place of `begun`
    inference::SamplerSettings sampling; ///< with a seed
    uint32_t max_tokens = 0;             ///< a branch's beginning counts; 0: until the context is full
    std::optional<bool> thinking;        ///< unset: as the model's template has it
    bool router_probs = false;           ///< probabilities of all experts in each trace
    trace::Intervention intervention;    ///< what-if; empty: the model as it is
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

struct Finished {
    trace::StopReason reason = trace::StopReason::Length;
    trace::StepTimings timings;
    QString rest; ///< end of the text that came with no token: held back until it was sure to belong to the answer
    uint32_t context_used = 0; ///< tokens in the KV cache
};

} // namespace moescope::controller
