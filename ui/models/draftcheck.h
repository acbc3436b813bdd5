// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/rundraft.h"

#include <QList>

namespace moescope::ui {

/** Numbers of a field that takes several: "512, 1,024, 1,536" or "512 1024 1536". A comma followed by three digits and no
 *  space groups them. Empty, with a sentence in `problem`: they are none. */
QList<int> numbersOf(const QString& text, QString* problem);

/** Words of a field that takes several, with commas between them. */
QStringList wordsOf(const QString& text);

/** Why a draft cannot be run, as a sentence; empty: as far as can be told without its model, it can. */
QString problemOf(const RunDraft& draft);

/** Which of the six fields of a draft are not as in another. */
enum class DraftField { Prompt, Length, Model, KvType, Sampling, Intervention };
inline constexpr int kDraftFields = 6;
bool differs(const RunDraft& draft, const RunDraft& from, DraftField field);

} // namespace moescope::ui
