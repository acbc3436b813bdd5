// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/store/values.h"
#include "engine/trace/info.h"
#include "engine/trace/memory_ledger.h"
#include "engine/trace/timeline.h"

#include <QDateTime>
#include <QList>
#include <QString>

#include <optional>
#include <vector>

namespace moescope::exchange {

/** What someone wrote to a message or a token of a capture. */
struct Note {
    int message = 0; ///< index among the capture's messages
    int token = -1;  ///< of the answer's generated tokens; −1: the note is to the message
    QString text;
    QDateTime created;

    bool operator==(const Note&) const = default;
};

struct Bookmark {
    int token = 0; ///< of the answer's generated tokens
    QDateTime created;

    bool operator==(const Bookmark&) const = default;
};

/** One answer with everything that led to it and all that was recorded of it: what a `.moescope` file holds. */
struct Capture {
    QString program; ///< version of the program that made the answer's capture
    QDateTime created;
    QString title; ///< of the conversation
    /** As far as known: name, file_name, main_type and parameters always. Without path and chat template. */
    trace::ModelInfo model;
    std::optional<trace::DeviceInfo> device;   ///< that made the answer, where it is known
    std::optional<trace::MemoryInfo> memory;   ///< what the model took on it
    std::optional<trace::MemoryLedger> ledger; ///< the same taken apart, beside the plan; older captures have none
    QString system_prompt;
    /** The branch, from the first message to the answer, which is the last; ids are 1, 2, …, each the parent of the
     *  next. */
    QList<store::Message> messages;
    store::TokenTraces tokens;                 ///< computed prompt tokens, then the answer's
    std::vector<trace::StepTimelinePtr> steps; ///< where the time of its last steps went; empty: not recorded
    QList<Note> notes;
    QList<Bookmark> bookmarks;

    /** There is one: readCapture() and writeCapture() see to it. */
    const store::Message& answer() const { return messages.last(); }
};

} // namespace moescope::exchange
