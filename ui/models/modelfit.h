// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/model_card.h"

#include <QString>

namespace moescope::ui {

/** What the models are measured against. */
struct FitQuestion {
    QString device; ///< name; empty: none is known
    quint64 free_bytes = 0;
    bool software = false;    ///< a driver of that kind, which takes less to work in
    quint32 context = 32'768; ///< tokens, or the model's limit where that is less
    trace::KvType kv = trace::KvType::F16;

    bool operator==(const FitQuestion&) const = default;
};

enum class FitState {
    Fits,
    Tight,     ///< more than 90 % of what is free
    Shorter,   ///< with fewer tokens than asked for; a sixteenth of what is free is left to other programs
    TooLarge,  ///< with any context that holds a conversation
    Unchecked, ///< no device is known
    Unreadable ///< or of a family that cannot be run
};

/** Whether a model fits, by the planner's sums. */
struct Fit {
    FitState state = FitState::Unchecked;
    quint32 context = 0; ///< tokens that were asked for, at most the model's limit
    quint64 needed_bytes = 0;
    quint64 free_bytes = 0;
    quint32 fitting_tokens = 0; ///< with a sixteenth of what is free left to other programs; 0: none

    quint64 excess() const { return needed_bytes > free_bytes ? needed_bytes - free_bytes : 0; }
    bool canLoad() const {
        return state == FitState::Fits || state == FitState::Tight || state == FitState::Shorter ||
               state == FitState::Unchecked;
    }
};

Fit fitOf(const trace::ModelCard& card, const FitQuestion& question);

/** A few words for the table: "Fits", "Fits up to 33,792 tokens", "28.9 GiB too large", "Cannot be read". */
QString fitText(const Fit& fit);
/** The verdict in one or two sentences with both byte counts; `reason` for a model that cannot be run. */
QString fitSentence(const trace::ModelCard& card, const Fit& fit, const FitQuestion& question, const QString& reason);
/** What helps where it cannot be loaded as asked; empty otherwise. */
QString fitAdvice(const Fit& fit);
/** "check", "warning", "error", "help". */
QString fitIcon(FitState state);

/** "F16", "Q8_0". */
QString kvTypeText(trace::KvType type);
QString bytesText(quint64 bytes);

} // namespace moescope::ui
