// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/controller/jobs.h"
#include "app/store/values.h"
#include "ui/models/runview.h"

#include <memory>

namespace moescope::gui {

/** What a run of a comparison is made of, as the store keeps it: keys of the sampling as on the command line, the intervention as
 *  store::recipeText() writes it. */
QJsonObject toJson(const ui::RunDraft& draft);
/** What is absent or of a wrong type is as in a new draft. Throws trace::Error{store.recipe_damaged}. */
ui::RunDraft draftOf(const QJsonObject& json);

/** What is measured of a run beside its answer. */
struct RunResult {
    int prompt_tokens = 0;
    controller::PassageMass passage;
    quint64 kv_bytes = 0;      ///< of its prompt and its answer
    QString model_key;         ///< of its routers
    QString tokenizer_key;     ///< of its vocabulary
    int restored_tokens = 0;   ///< of the reused ones: those that came from the disk
    QString not_restored = {}; ///< a sentence: why not all of them did; empty: nothing to say
    /** Runs from an empty KV cache that the speeds are the median of; 0: they are those of the answer. */
    int measured = 0;
    double first_token_ms = 0; ///< 0: not known
    double prefill_tps = 0;    ///< tokens a second
    double decode_tps = 0;
    QDateTime captured =
        {}; ///< when the answer of a capture was made; invalid: it was made here, when its message says
};
QJsonObject toJson(const RunResult& result);
RunResult resultOf(const QJsonObject& json);

/** Puts the medians of some runs in place of the speeds of one. Not empty. */
void putMeasured(RunResult& result, const std::vector<trace::StepTimings>& runs);
/** Tokens a second over what was computed; 0: nothing was, or it took no time. */
double speedOf(uint32_t tokens, double ms);

/** A run as the store has it, with what belongs to it. */
struct StoredRun {
    store::Run run;
    QString prompt;                            ///< text of its last message
    store::Message answer;                     ///< id 0: not begun
    std::shared_ptr<const ui::RunTrace> trace; ///< of the answer; null: none, or it cannot be read
};

/** What the routers of a model are told apart by, from run to run. */
QString routersOf(const trace::ModelInfo& model);
/** It came as a capture: it is not made here. */
bool isCaptured(const store::Run& run);

/** Of an answer, in compact memory. */
std::shared_ptr<const ui::RunTrace> runTraceOf(const store::TokenTraces& tokens);

/** How it is shown; its title is left out, as it follows from all runs. */
ui::RunView viewOf(const StoredRun& stored, const QDateTime& now);

/** The passage in a prompt's text with some words around it; empty if it is not there. */
ui::PassageView passageIn(const QString& prompt, const QString& passage, const needle::TokenSpan& tokens);

/** Whether every expected text stands in the answer as a whole word; None without any. */
ui::NeedleVerdict verdictOf(const QString& answer, const QStringList& expected);

} // namespace moescope::gui
