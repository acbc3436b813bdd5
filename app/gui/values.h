// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/controller/jobs.h"
#include "app/store/values.h"
#include "ui/models/conversation.h"

#include <optional>
#include <string_view>
#include <vector>

namespace moescope::gui {

// What the store keeps, the engine takes and the window shows are three sets of values: here they meet.

/** The error's sentence in the user's language: its pattern is translated by id, then filled in. */
QString sentence(const trace::Error& error);

ui::SamplingView samplingOf(const trace::SamplingDefaults& defaults);
/** What the answer was made with, the seed that was drawn included; unset: that was not kept. */
std::optional<ui::SamplingView> samplingOf(const store::Message& answer);
/** Keys as on the command line; without the system prompt. */
QJsonObject toJson(const ui::SamplingView& sampling);
/** What of it was chosen: is not as in `defaults`, or stands in `before` already. The rest follows the defaults. */
QJsonObject chosenOf(const ui::SamplingView& sampling, const ui::SamplingView& defaults, const QJsonObject& before);
/** `chosen` with whether this conversation thinks, which is its own from the first message on. */
QJsonObject withThinking(QJsonObject chosen, bool thinking);
/** What is absent or of a wrong type is as in `defaults`. */
ui::SamplingView fromJson(const QJsonObject& json, const ui::SamplingView& defaults);
/** Of the settings of an answer: tokens that were put in the place of sampled ones, in order. What a damaged or hostile
 *  file has there in another form is left out. */
QList<ui::TakenToken> takenOf(const QJsonObject& sampling);
/** Settings of a branch of an answer: what was taken before `token` stays, since it is taken over. */
QJsonObject withTaken(QJsonObject sampling, int token, const trace::TokenCandidate& taken);
/** Settings of an answer with the same seed in which every token is sampled. */
QJsonObject withoutTaken(QJsonObject sampling);
inference::SamplerSettings toSettings(const ui::SamplingView& sampling, quint64 seed);
/** The seed that is set, else a random one. */
quint64 seedOf(const ui::SamplingView& sampling);

/** Probabilities of all its experts take so little that they are kept even while no panel shows them: they are there when one
 *  does. */
bool areGatesSmall(const std::optional<controller::Loaded>& loaded);
store::ModelStamp stampOf(const trace::ModelInfo& model);
/** Whether it is this model's. Stamps of old answers do not know of active parameters. */
bool isStampOf(const store::ModelStamp& stamp, const trace::ModelInfo& model);
/** Why the context is shorter than the model's, with the figures. */
QString contextSentence(const controller::Loaded& loaded);
/** Why the model's own chat template is not used, and what is instead; empty if it is. */
QString templateSentence(const controller::Loaded& loaded);
/** "30M, 6.5M active"; without the second part if `active` is 0 or all. */
QString parametersText(quint64 parameters, quint64 active);

/** An answer and the version of it that was made with a what-if, ids of messages; 0: there is none. */
struct WhatIfPair {
    qint64 untouched = 0;
    qint64 what_if = 0;

    bool isWhole() const { return untouched != 0 && what_if != 0; }
    bool operator==(const WhatIfPair&) const = default;
};
/** The pair that `message` belongs to: its newest version by the same model, with the same seed and sampling, that has a
 *  what-if if this one has none, and none if it has one; a whole one rather than one that was broken off. Answers with
 *  another token in some place are no pair: what differs would be that token's doing. */
WhatIfPair whatIfPairOf(const QList<store::Message>& tree, qint64 message);

/** "llvmpipe": without what a driver says of it in brackets. */
QString shortDeviceName(const QString& name);

QList<ui::ConversationRow> rowsOf(const QList<store::ConversationRow>& rows);
QList<ui::SearchHit> hitsOf(const QList<store::SearchHit>& hits);

ui::MessageStats statsOf(const trace::StepTimings& timings, std::optional<trace::StopReason> reason);
/** `tree`: all messages of the conversation, for the version switch. */
ui::MessageView viewOf(const store::Message& message, const QList<store::Message>& tree);

/** The messages of the branch that ends with `leaf`, with the line above which the model no longer sees. */
QList<ui::MessageView> viewsOf(const QList<store::Message>& tree, qint64 leaf);
/** What a model reads: the system prompt, if there is one, and these messages. */
std::vector<model::ChatMessage> turnsOf(const QString& systemPrompt, const QList<store::Message>& messages);

/** `ended`: no more of the text comes. */
ui::AnswerParts partsOf(const QString& text, bool ended);

/** Characters of such a text before the answer, and more than any text has where there is thinking and no answer yet:
 *  as the store takes it. */
qint64 answerBeginOf(const QString& text, const ui::AnswerParts& parts);

/** Of the tokens that went through the model, those that were sampled: the answer. */
QList<trace::TokenTracePtr> generatedOf(const store::TokenTraces& traces);
/** The others: tokens of the prompt that were computed. */
QList<trace::TokenTracePtr> promptOf(const store::TokenTraces& traces);
/** Ranges in `text`, in UTF-16 units, of tokens that follow each other from its start, or from behind the mark of a
 *  thinking that the prompt opened. Empty where a token is not in the text: a control token, or behind a stop. */
QList<ui::TokenRange> rangesOf(const std::vector<std::string_view>& tokens, const QString& text);

} // namespace moescope::gui
