// SPDX-License-Identifier: Apache-2.0
#include "ui/models/draftcheck.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QRegularExpression>

namespace moescope::ui {

namespace {

constexpr int kLeastLength = 64; ///< tokens: below there is no room for a text around the passage
constexpr int kMostLength = 1'048'576;
constexpr int kMostRuns = 16; ///< at once

QString tr(const char* text) { return QCoreApplication::translate("moescope::ui::RunDraft", text); }

} // namespace

QList<int> numbersOf(const QString& text, QString* problem) {
    static const QRegularExpression separator(QStringLiteral("[;\\s]+|,(?=\\s)|,(?![0-9]{3}(?![0-9]))"));
    static const QRegularExpression number(QStringLiteral("^([0-9]{1,3}(,[0-9]{3})+|[0-9]{1,9})$"));
    problem->clear();
    QList<int> numbers;
    const QStringList parts = text.split(separator, Qt::SkipEmptyParts);
    for (const QString& part : parts) {
        if (!number.match(part).hasMatch()) {
            *problem = tr("“%1” is no whole number.").arg(part);
            return {};
        }
        numbers << QString(part).remove(QLatin1Char(',')).toInt();
    }
    if (numbers.isEmpty()) {
        *problem = tr("A number is missing.");
    } else if (numbers.size() > kMostRuns) {
        *problem = tr("%1 numbers are more than the %2 that can be added at once.").arg(numbers.size()).arg(kMostRuns);
        return {};
    }
    return numbers;
}

QStringList wordsOf(const QString& text) {
    QStringList words;
    for (const QString& part : text.split(QLatin1Char(','), Qt::SkipEmptyParts)) {
        if (const QString word = part.simplified(); !word.isEmpty()) {
            words << word;
        }
    }
    return words;
}

QString problemOf(const RunDraft& draft) {
    const bool asks = draft.kind == PromptKind::File || draft.kind == PromptKind::Template;
    if (draft.kind == PromptKind::Text && draft.text.trimmed().isEmpty()) {
        return tr("The prompt is empty.");
    }
    if (draft.kind == PromptKind::Chat && draft.message == 0) {
        return tr("No message of a chat was chosen: “Compare with…” below one does that.");
    }
    if (draft.kind == PromptKind::File && draft.path.isEmpty()) {
        return tr("No file was chosen.");
    }
    if (asks && !draft.path.isEmpty() && !QFileInfo(draft.path).isFile()) {
        return tr("“%1” is no file that can be read.").arg(draft.path);
    }
    if (asks && draft.question.trimmed().isEmpty()) {
        return tr("The question is empty.");
    }
    if (draft.kind == PromptKind::Template) {
        if (draft.passage.trimmed().isEmpty()) {
            return tr("The passage that is to be found is empty.");
        }
        if (draft.length < kLeastLength || draft.length > kMostLength) {
            return tr("A prompt of %1 tokens cannot be filled: from %2 to %3 can.")
                .arg(groupedText(draft.length), groupedText(kLeastLength), groupedText(kMostLength));
        }
        if (draft.depth < 0 || draft.depth > 100) {
            return tr("A depth of %1 % is outside the prompt: 0 is its begin and 100 its end.").arg(draft.depth);
        }
    }
    if (draft.model.isEmpty()) {
        return tr("No model was chosen.");
    }
    return {};
}

bool differs(const RunDraft& draft, const RunDraft& from, DraftField field) {
    switch (field) {
    case DraftField::Prompt:
        return draft.kind != from.kind || draft.text != from.text || draft.path != from.path ||
               draft.message != from.message || draft.passage != from.passage || draft.question != from.question ||
               draft.expected != from.expected;
    case DraftField::Length: return draft.length != from.length || draft.depth != from.depth;
    case DraftField::Model: return draft.model != from.model;
    case DraftField::KvType: return draft.kv_type != from.kv_type;
    case DraftField::Sampling: return !(draft.sampling == from.sampling);
    case DraftField::Intervention: break;
    }
    return !(draft.recipe == from.recipe);
}

} // namespace moescope::ui
