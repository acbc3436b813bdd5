// SPDX-License-Identifier: Apache-2.0
#include "ui/models/rundraft.h"

#include "ui/models/whatif.h"

#include <QCoreApplication>
#include <QFileInfo>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kTitleCharacters = 40; ///< of a text in a title

QString tr(const char* text) { return QCoreApplication::translate("moescope::ui::RunDraft", text); }

QString beginOf(const QString& text) {
    const QString line = text.simplified();
    if (line.size() <= kTitleCharacters) {
        return line;
    }
    const QString cut = line.left(kTitleCharacters - 1);
    // Whole words, unless there is none.
    const qsizetype space = line.at(kTitleCharacters - 1).isSpace() ? cut.size() : cut.lastIndexOf(u' ');
    return cut.left(space > kTitleCharacters / 2 ? space : cut.size()).trimmed() + QChar(0x2026);
}

QString capital(QString words) {
    if (!words.isEmpty()) {
        words[0] = words.at(0).toUpper();
    }
    return words;
}

QString lengthTitle(const RunDraft& draft) { return tr("%1-token prompt").arg(groupedText(draft.length)); }

/** The prompt in words, for a run that differs in nothing else. */
QString promptTitle(const RunDraft& draft) {
    switch (draft.kind) {
    case PromptKind::Text: return tr("“%1”").arg(beginOf(draft.text));
    case PromptKind::Chat: return tr("Chat “%1”").arg(beginOf(draft.chat_title));
    case PromptKind::File: return QFileInfo(draft.path).fileName();
    case PromptKind::Template: break;
    }
    return lengthTitle(draft);
}

QString fillTitle(const RunDraft& draft) {
    return draft.path.isEmpty() ? tr("shipped text") : tr("filled with %1").arg(QFileInfo(draft.path).fileName());
}

QStringList promptDifferences(const RunDraft& draft, const RunDraft& first) {
    QStringList parts;
    if (draft.kind != first.kind || draft.text != first.text || draft.message != first.message ||
        (draft.kind == PromptKind::File && draft.path != first.path)) {
        return {promptTitle(draft)};
    }
    if (draft.length != first.length) {
        parts << lengthTitle(draft);
    }
    if (draft.depth != first.depth) {
        parts << tr("needle at %1 %").arg(draft.depth);
    }
    if (draft.path != first.path) {
        parts << fillTitle(draft);
    }
    if (draft.passage != first.passage) {
        parts << tr("passage “%1”").arg(beginOf(draft.passage));
    } else if (draft.question != first.question) { // that of another passage comes with it
        parts << tr("question “%1”").arg(beginOf(draft.question));
    }
    return parts;
}

QStringList samplingDifferences(const SamplingView& of, const SamplingView& first) {
    QStringList parts;
    if (of.temperature != first.temperature) {
        parts << (of.temperature == 0 ? tr("greedy") : tr("temperature %1").arg(of.temperature));
    }
    if (of.seed != first.seed) {
        parts << (of.seed ? tr("seed %1").arg(*of.seed) : tr("random seed"));
    }
    SamplingView rest = of;
    rest.temperature = first.temperature;
    rest.seed = first.seed;
    if (!(rest == first)) {
        parts << (rest.system_prompt != first.system_prompt ? tr("other system prompt") : tr("other sampling"));
    }
    return parts;
}

QString recipeTitle(const trace::Intervention& recipe) {
    if (recipe.empty()) {
        return tr("no what-if");
    }
    const bool plain = recipe.biases.empty() && !recipe.without_shared && recipe.experts_used == 0;
    if (plain && recipe.banned.size() + recipe.forced.size() == 1) {
        const bool banned = !recipe.banned.empty();
        const trace::ExpertPlace& place = banned ? recipe.banned.front() : recipe.forced.front();
        return (banned ? tr("expert %1 of layer %2 banned") : tr("expert %1 of layer %2 forced"))
            .arg(place.expert)
            .arg(place.layer);
    }
    return recipeWords(recipe, true);
}

template <typename Part>
bool allSame(const QList<RunDraft>& drafts, Part part) {
    return std::all_of(drafts.begin(), drafts.end(),
                       [&](const RunDraft& draft) { return part(draft) == part(drafts.first()); });
}

/** A capture names its model, and not where it lies. */
bool isSameModel(const RunDraft& draft, const RunDraft& first) {
    const bool named = !draft.machine.isEmpty() || !first.machine.isEmpty();
    return named ? draft.model_name == first.model_name : draft.model == first.model;
}

QString questionOf(const RunDraft& draft) { return draft.kind == PromptKind::Text ? draft.text : draft.question; }

} // namespace

QString titleOf(const RunDraft& draft, const RunDraft& first) {
    QStringList parts = promptDifferences(draft, first);
    if (!isSameModel(draft, first)) {
        parts << draft.model_name;
    }
    if (draft.kv_type != first.kv_type) {
        parts << tr("%1 cache").arg(kvTypeName(draft.kv_type));
    }
    // A case of a needle grid is greedy, and has the seed and the room of its grid.
    const bool greedy = draft.sampling.temperature == 0 && first.sampling.temperature == 0;
    if (!greedy || draft.passage == first.passage || draft.expected.isEmpty()) {
        parts << samplingDifferences(draft.sampling, first.sampling);
    }
    if (!(draft.recipe == first.recipe)) {
        parts << recipeTitle(draft.recipe);
    }
    if (draft.machine != first.machine) {
        parts << (draft.machine.isEmpty() ? tr("on this machine") : tr("captured on %1").arg(draft.machine));
    }
    if (parts.isEmpty()) {
        return promptTitle(draft);
    }
    const bool isName = parts.first() == promptTitle(draft) || parts.first() == draft.model_name;
    const QString title = parts.join(QStringLiteral(" · "));
    return isName ? title : capital(title);
}

QStringList equalFacts(const QList<RunDraft>& drafts) {
    QStringList facts;
    if (drafts.size() < 2) {
        return facts;
    }
    if (allSame(drafts, questionOf) && !questionOf(drafts.first()).isEmpty()) {
        facts << tr("same question");
    }
    if (allSame(drafts, [](const RunDraft& draft) { return draft.sampling; })) {
        facts << decidingText(drafts.first().sampling);
    }
    return facts;
}

QString kvTypeName(const QString& type) { return type.toUpper(); }

QString decidingText(const SamplingView& sampling) {
    const QString seed = sampling.seed ? tr("seed %1").arg(*sampling.seed) : tr("random seed");
    return sampling.temperature == 0 ? tr("%1, greedy").arg(seed)
                                     : tr("%1, temperature %2").arg(seed).arg(sampling.temperature);
}

} // namespace moescope::ui
