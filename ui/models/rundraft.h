// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/intervention.h"
#include "ui/models/conversation.h"

#include <QString>
#include <QStringList>

namespace moescope::ui {

/** What a run's prompt is made of. */
enum class PromptKind {
    Text,    ///< what the user wrote
    Chat,    ///< a conversation, up to a message
    File,    ///< a document, with a question behind it
    Template ///< a passage at a depth of a text that fills the prompt to a length, with a question behind it
};

/** A model that a run can be of. */
struct ModelChoice {
    QString key; ///< as the app names it
    QString name;
    QString type; ///< "Q4_K"
    QString file; ///< its name, without the folder; "built in"

    bool operator==(const ModelChoice&) const = default;
};

/** All that a run is to be made of: what the sheet Add run edits. */
struct RunDraft {
    PromptKind kind = PromptKind::Text;
    QString text;       ///< Text: all that is asked
    QString path;       ///< File: the document; Template: the text that fills it, empty: the one that is shipped
    qint64 message = 0; ///< Chat: id of the last message of the prompt
    QString chat_title; ///< Chat: of its conversation
    int length = 0;     ///< Template: tokens, template, question and answer budget included
    int depth = 50;     ///< Template: of the passage, %
    QString passage;    ///< Template: the sentence to be found
    QString question;   ///< File and Template
    QStringList
        expected; ///< what the answer must have as whole words to have found the passage; empty: nothing is looked for
    bool needle_case = false; ///< Template: a case of a grid, which is rendered as the grid has it
    QString model;            ///< key of a ModelChoice
    QString model_name;
    QString machine; ///< that a run of a capture file was made on; empty: it is made here
    QString kv_type; ///< "f32", "f16", "q8_0"
    SamplingView sampling;
    trace::Intervention recipe = {}; ///< empty: none

    bool operator==(const RunDraft&) const = default;
};

/** What a run is called: what differs between it and the first run, else what its prompt is. "512-token prompt", "Expert 6
 *  of layer 5 banned", "Q8_0 cache · seed 7". */
QString titleOf(const RunDraft& draft, const RunDraft& first);
/** What is the same in all drafts and worth a word: "same question", "seed 42, greedy", "Nano". Of fewer than two: none. */
QStringList equalFacts(const QList<RunDraft>& drafts);
/** "F16". */
QString kvTypeName(const QString& type);
/** What of the sampling decides the tokens: "seed 42, greedy", "temperature 0.8, random seed". */
QString decidingText(const SamplingView& sampling);

} // namespace moescope::ui

Q_DECLARE_METATYPE(moescope::ui::RunDraft)
