// SPDX-License-Identifier: Apache-2.0
#include "app/gui/values.h"

#include "engine/inference/text_stream.h"
#include "engine/model/reasoning.h"
#include "ui/models/errortext.h"
#include "ui/models/modellist.h"
#include "ui/models/tokentext.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QRandomGenerator>

#include <algorithm>
#include <limits>

namespace moescope::gui {
namespace {

constexpr auto keyTemperature = "temp";
constexpr auto keyTopK = "top_k";
constexpr auto keyTopP = "top_p";
constexpr auto keyMinP = "min_p";
constexpr auto keyPenalty = "repeat_penalty";
constexpr auto keySeed = "seed";
constexpr auto keyCount = "n";
constexpr auto keyThinking = "thinking";
constexpr auto keyTaken = "taken"; ///< [{"token": 92, "id": 264, "text": "a"}]
constexpr auto keyToken = "token";
constexpr auto keyId = "id";
constexpr auto keyText = "text";

double number(const QJsonObject& json, const char* key, double fallback, double low, double high) {
    const QJsonValue value = json.value(QLatin1String(key));
    return value.isDouble() ? std::clamp(value.toDouble(), low, high) : fallback;
}

ui::AnswerState answerState(store::MessageState state) {
    switch (state) {
    case store::MessageState::Streaming: return ui::AnswerState::Answering;
    case store::MessageState::Interrupted: return ui::AnswerState::Interrupted;
    case store::MessageState::Failed: return ui::AnswerState::Failed;
    case store::MessageState::Complete:
    case store::MessageState::Cancelled: break;
    }
    return ui::AnswerState::Complete;
}

/** UTF-16 units of the mark at the begin of a text that no token wrote: the prompt did. */
int openingBefore(const std::vector<std::string_view>& tokens, const QString& text) {
    const std::string begin = text.left(64).toStdString();
    const size_t mark = model::leadingMark(begin);
    std::string written;
    for (size_t i = 0; i < tokens.size() && written.size() < mark; ++i) {
        written += tokens[i];
    }
    const bool own = std::string_view(begin).substr(0, mark).starts_with(written.substr(0, mark));
    return own ? 0 : static_cast<int>(mark); // marks are ASCII
}

} // namespace

QString sentence(const trace::Error& error) { return ui::sentence(error); }

ui::SamplingView samplingOf(const trace::SamplingDefaults& defaults) {
    ui::SamplingView view;
    view.temperature = static_cast<double>(defaults.temperature);
    view.top_k = static_cast<int>(defaults.top_k);
    view.top_p = static_cast<double>(defaults.top_p);
    view.repetition_penalty = static_cast<double>(defaults.repetition_penalty);
    return view;
}

std::optional<ui::SamplingView> samplingOf(const store::Message& answer) {
    if (!answer.seed && answer.sampling.isEmpty()) {
        return std::nullopt;
    }
    ui::SamplingView view = fromJson(answer.sampling, {});
    view.seed = answer.seed;
    return view;
}

QJsonObject toJson(const ui::SamplingView& sampling) {
    QJsonObject json{{keyTemperature, sampling.temperature},
                     {keyTopK, sampling.top_k},
                     {keyTopP, sampling.top_p},
                     {keyMinP, sampling.min_p},
                     {keyPenalty, sampling.repetition_penalty},
                     {keyCount, sampling.max_tokens},
                     {keyThinking, sampling.thinking}};
    if (sampling.seed) {
        json.insert(keySeed, QString::number(*sampling.seed)); // JSON numbers hold 53 bits
    }
    return json;
}

QJsonObject chosenOf(const ui::SamplingView& sampling, const ui::SamplingView& defaults, const QJsonObject& before) {
    QJsonObject chosen = toJson(sampling);
    chosen.remove(QLatin1String(keyThinking));
    if (!sampling.seed && (defaults.seed || before.contains(QLatin1String(keySeed)))) {
        chosen.insert(QLatin1String(keySeed), QString()); // a random one in place of the one that is set
    }
    const QJsonObject usual = toJson(defaults);
    for (const QString& key : chosen.keys()) {
        const QJsonValue value = chosen.value(key);
        if (value == usual.value(key) && !(before.contains(key) && before.value(key) == value)) {
            chosen.remove(key);
        }
    }
    return before.contains(QLatin1String(keyThinking)) ? withThinking(chosen, sampling.thinking) : chosen;
}

QJsonObject withThinking(QJsonObject chosen, bool thinking) {
    chosen.insert(QLatin1String(keyThinking), thinking);
    return chosen;
}

ui::SamplingView fromJson(const QJsonObject& json, const ui::SamplingView& defaults) {
    ui::SamplingView view = defaults;
    view.temperature = number(json, keyTemperature, defaults.temperature, 0, 1000);
    view.top_k = static_cast<int>(number(json, keyTopK, defaults.top_k, 0, 1'000'000));
    view.top_p = number(json, keyTopP, defaults.top_p, 0, 1);
    view.min_p = number(json, keyMinP, defaults.min_p, 0, 1);
    view.repetition_penalty = number(json, keyPenalty, defaults.repetition_penalty, 0.01, 100);
    view.max_tokens = static_cast<int>(number(json, keyCount, defaults.max_tokens, 0, 1'000'000));
    view.thinking = json.value(QLatin1String(keyThinking)).toBool(defaults.thinking);
    if (json.contains(keySeed)) {
        bool whole = false;
        const quint64 seed = json.value(keySeed).toString().toULongLong(&whole);
        view.seed = whole ? std::optional(seed) : std::nullopt;
    }
    return view;
}

QList<ui::TakenToken> takenOf(const QJsonObject& sampling) {
    constexpr int mostLetters = 64;
    QList<ui::TakenToken> taken;
    for (const QJsonValue& value : sampling.value(QLatin1String(keyTaken)).toArray()) {
        const QJsonObject at = value.toObject();
        const int token = at.value(QLatin1String(keyToken)).toInt(-1);
        if (token >= 0) {
            taken.append({token, at.value(QLatin1String(keyText)).toString().left(mostLetters)});
        }
    }
    return taken;
}

QJsonObject withTaken(QJsonObject sampling, int token, const trace::TokenCandidate& taken) {
    QJsonArray all;
    for (const QJsonValue& value : sampling.value(QLatin1String(keyTaken)).toArray()) {
        if (value.toObject().value(QLatin1String(keyToken)).toInt(token) < token) {
            all.append(value);
        }
    }
    all.append(QJsonObject{{QLatin1String(keyToken), token},
                           {QLatin1String(keyId), taken.token},
                           {QLatin1String(keyText), ui::tokenLabel(taken.text)}});
    sampling.insert(QLatin1String(keyTaken), all);
    return sampling;
}

QJsonObject withoutTaken(QJsonObject sampling) {
    sampling.remove(QLatin1String(keyTaken));
    return sampling;
}

inference::SamplerSettings toSettings(const ui::SamplingView& sampling, quint64 seed) {
    inference::SamplerSettings settings;
    settings.temperature = static_cast<float>(sampling.temperature);
    settings.top_k = static_cast<uint32_t>(std::max(sampling.top_k, 0));
    settings.top_p = static_cast<float>(sampling.top_p);
    settings.min_p = static_cast<float>(sampling.min_p);
    settings.repetition_penalty = static_cast<float>(sampling.repetition_penalty);
    settings.seed = seed;
    return settings;
}

quint64 seedOf(const ui::SamplingView& sampling) {
    // 32 bits: ten digits can be read and cited, and are the same in JSON and on the command line.
    return sampling.seed ? *sampling.seed : QRandomGenerator::global()->generate();
}

bool areGatesSmall(const std::optional<controller::Loaded>& loaded) {
    constexpr uint32_t mostGates = 512; // a token: 1 KiB in the store
    return loaded && loaded->model.moeLayers() * loaded->model.expert_count <= mostGates;
}

store::ModelStamp stampOf(const trace::ModelInfo& model) {
    return {QString::fromStdString(model.name), QString::fromStdString(model.file_name),
            QString::fromStdString(model.main_type), model.parameters, model.active_parameters};
}

bool isStampOf(const store::ModelStamp& stamp, const trace::ModelInfo& model) {
    const store::ModelStamp own = stampOf(model);
    return stamp.name == own.name && stamp.file == own.file && stamp.type == own.type &&
           stamp.parameters == own.parameters &&
           (stamp.active_parameters == own.active_parameters || stamp.active_parameters == 0);
}

QString contextSentence(const controller::Loaded& loaded) {
    const inference::ContextChoice& context = loaded.context;
    const bool too_wide = context.reason == inference::ContextChoice::Reason::Buffer;
    const QString pattern =
        too_wide ? QCoreApplication::translate("values", "The context holds %1 of this model's %2 tokens: all of them "
                                                         "would need a buffer of %3, and “%4” can bind %5 at once.")
                 : QCoreApplication::translate("values", "The context holds %1 of this model's %2 tokens: with all of "
                                                         "them it would need %3, and “%4” has %5 free, of which a "
                                                         "sixteenth is left to other programs.");
    const auto bytes = [](quint64 count) { return QString::fromStdString(trace::bytesText(count)); };
    return pattern.arg(ui::groupedText(context.tokens), ui::groupedText(context.model_tokens),
                       bytes(too_wide ? context.whole_buffer_bytes : context.whole_bytes),
                       QString::fromStdString(loaded.device.name),
                       bytes(too_wide ? context.largest_buffer_bytes : context.free_bytes));
}

QString templateSentence(const controller::Loaded& loaded) {
    return loaded.template_problem
               ? QCoreApplication::translate("values",
                                             "%1 Turns are written as %2 instead, which the model may not have "
                                             "been trained on.")
                     .arg(sentence(*loaded.template_problem), QString::fromStdString(loaded.template_fallback))
               : QString();
}

QString parametersText(quint64 parameters, quint64 active) {
    if (parameters == 0) {
        return {};
    }
    return active == 0 || active == parameters ? ui::shortCount(parameters)
                                               : QCoreApplication::translate("values", "%1, %2 active")
                                                     .arg(ui::shortCount(parameters), ui::shortCount(active));
}

WhatIfPair whatIfPairOf(const QList<store::Message>& tree, qint64 message) {
    const auto place = [&tree](qint64 id) {
        return std::find_if(tree.begin(), tree.end(), [id](const store::Message& m) { return m.id == id; });
    };
    const auto self = place(message);
    if (self == tree.end() || self->role != store::Role::Assistant || self->recipe.error) {
        return {};
    }
    const auto isUntouched = [](const store::Message& m) { return m.recipe.intervention.empty(); };
    const auto madeLike = [&self](const store::Message& m) {
        return m.model.name == self->model.name && m.model.file == self->model.file &&
               m.model.type == self->model.type && m.model.parameters == self->model.parameters &&
               m.seed == self->seed && m.sampling == self->sampling && m.view == self->view;
    };
    qint64 other = 0;
    for (const qint64 id : store::versions(tree, message)) { // oldest first
        const store::Message& version = *place(id);
        const bool whole = version.state == store::MessageState::Complete;
        if (isUntouched(version) != isUntouched(*self) && !version.recipe.error && madeLike(version) &&
            (whole || other == 0 || place(other)->state != store::MessageState::Complete)) {
            other = id;
        }
    }
    return isUntouched(*self) ? WhatIfPair{message, other} : WhatIfPair{other, message};
}

QString shortDeviceName(const QString& name) { return name.section(QStringLiteral(" ("), 0, 0); }

QList<ui::ConversationRow> rowsOf(const QList<store::ConversationRow>& rows) {
    QList<ui::ConversationRow> views;
    for (const store::ConversationRow& row : rows) {
        views.append({row.id, row.title, row.changed, row.deleted_at.value_or(QDateTime()),
                      row.kind == store::ConversationKind::Comparison ? ui::ConversationKind::Comparison
                                                                      : ui::ConversationKind::Chat});
    }
    return views;
}

QList<ui::SearchHit> hitsOf(const QList<store::SearchHit>& hits) {
    QList<ui::SearchHit> views;
    for (const store::SearchHit& hit : hits) {
        QList<ui::HitRange> marks;
        for (const store::TextRange& mark : hit.marks) {
            marks.append({static_cast<int>(mark.start), static_cast<int>(mark.start + mark.length)});
        }
        const bool in_title = hit.message == 0;
        views.append({hit.conversation, hit.message, hit.title, in_title ? marks : QList<ui::HitRange>(),
                      in_title ? QString() : hit.snippet, in_title ? QList<ui::HitRange>() : marks, hit.date,
                      hit.role == store::Role::User});
    }
    return views;
}

ui::MessageStats statsOf(const trace::StepTimings& timings, std::optional<trace::StopReason> reason) {
    ui::MessageStats stats;
    stats.tokens = static_cast<int>(timings.decode_tokens);
    stats.tokens_per_second = timings.decode_ms > 0 ? timings.decode_tokens * 1000.0 / timings.decode_ms : 0;
    stats.first_token_ms = timings.first_token_ms;
    stats.stop_reason = reason ? QString::fromLatin1(trace::stopReasonName(*reason)) : QString();
    return stats;
}

ui::MessageView viewOf(const store::Message& message, const QList<store::Message>& tree) {
    ui::MessageView view;
    view.id = message.id;
    view.parent = message.parent;
    view.role = message.role == store::Role::Assistant ? ui::Role::Assistant : ui::Role::User;
    view.text = message.text.mid(message.words_begin);
    if (!message.documents.isEmpty()) {
        view.sent = message.text;
        for (const store::Document& document : store::documentsOf(message.text, message.documents)) {
            view.documents.append({0, document.name, document.text, ui::DocumentView::State::Ready,
                                   document.tokens > 0 ? static_cast<int>(document.tokens) : -1});
        }
    }
    view.created = message.created;
    const QList<qint64> versions = store::versions(tree, message.id);
    view.versions = static_cast<int>(std::max<qsizetype>(versions.size(), 1));
    view.version = static_cast<int>(std::max<qsizetype>(versions.indexOf(message.id), 0)) + 1;
    if (message.role == store::Role::Assistant) {
        view.model = message.model.name;
        view.type = message.model.type;
        view.parameters = parametersText(message.model.parameters, message.model.active_parameters);
        view.state = answerState(message.state);
        view.stats = statsOf(message.timings, message.stop_reason);
        view.error = message.error;
        view.parts = partsOf(message.text, message.state != store::MessageState::Streaming);
        view.parts.thinking_ms = message.thinking.ms;
        view.parts.thinking_tokens = static_cast<int>(message.thinking.tokens);
        view.has_trace = !message.text.isEmpty();
        view.sampling = samplingOf(message);
        view.taken = takenOf(message.sampling);
        view.recipe = message.recipe.intervention;
        view.recipe_problem = message.recipe.error ? sentence(*message.recipe.error) : QString();
    }
    return view;
}

QList<ui::MessageView> viewsOf(const QList<store::Message>& tree, qint64 leaf) {
    const store::ContextView inView = store::viewAt(tree, leaf);
    QList<ui::MessageView> views;
    for (const store::Message& message : store::branch(tree, leaf)) {
        views.append(viewOf(message, tree));
        if (message.id == inView.from) {
            views.last().cut_above = true;
            views.last().cut_tokens = static_cast<int>(inView.above);
        }
    }
    return views;
}

std::vector<model::ChatMessage> turnsOf(const QString& systemPrompt, const QList<store::Message>& messages) {
    std::vector<model::ChatMessage> turns;
    if (!systemPrompt.isEmpty()) {
        turns.push_back({"system", systemPrompt.toStdString()});
    }
    for (const store::Message& message : messages) {
        turns.push_back({message.role == store::Role::Assistant ? "assistant" : "user", message.text.toStdString()});
    }
    return turns;
}

ui::AnswerParts partsOf(const QString& text, bool ended) {
    const QByteArray bytes = text.toUtf8();
    const model::ReasonedSpans spans =
        model::locateReasoning({bytes.constData(), static_cast<size_t>(bytes.size())}, ended);
    const auto units = [&](size_t count) {
        return static_cast<int>(QString::fromUtf8(bytes.constData(), static_cast<qsizetype>(count)).size());
    };
    const bool whole = spans.answer_end == static_cast<size_t>(bytes.size());
    ui::AnswerParts parts;
    if (spans.answered && whole && spans.answer_begin == 0) {
        return parts;
    }
    parts.thinking_begin = units(spans.thinking_begin);
    parts.thinking_end = units(spans.thinking_end);
    parts.answer_begin = spans.answered ? units(spans.answer_begin) : -1;
    parts.answer_end = whole ? -1 : units(spans.answer_end);
    parts.thinks = spans.thinking;
    return parts;
}

qint64 answerBeginOf(const QString& text, const ui::AnswerParts& parts) {
    constexpr qint64 none = std::numeric_limits<qint32>::max();
    return parts.answer_begin >= 0 ? text.left(parts.answer_begin).toUcs4().size() : none;
}

namespace {

/** As far as both go; noncharacters and lone surrogates, which the store cannot keep, are U+FFFD in the text. */
bool standsAtBegin(QStringView text, QStringView written) {
    const qsizetype units = std::min(text.size(), written.size());
    return std::equal(text.begin(), text.begin() + units, written.begin(), [](QChar kept, QChar own) {
        return kept == own ||
               (kept == QChar(QChar::ReplacementCharacter) && (own.isSurrogate() || own.unicode() > 0xFFFD));
    });
}

QList<trace::TokenTracePtr> tokensOf(const store::TokenTraces& traces, bool generated) {
    QList<trace::TokenTracePtr> tokens;
    for (const trace::TokenTracePtr& token : traces) {
        if (token->generated == generated) {
            tokens.append(token);
        }
    }
    return tokens;
}

} // namespace

QList<trace::TokenTracePtr> generatedOf(const store::TokenTraces& traces) { return tokensOf(traces, true); }

QList<trace::TokenTracePtr> promptOf(const store::TokenTraces& traces) { return tokensOf(traces, false); }

QList<ui::TokenRange> rangesOf(const std::vector<std::string_view>& tokens, const QString& text) {
    constexpr qsizetype ahead = 16; // units that no token wrote, before the next one is taken for hidden
    QList<ui::TokenRange> ranges;
    inference::TextStream stream({});
    qsizetype begin = openingBefore(tokens, text);
    for (const std::string_view token : tokens) {
        // Bytes of a character that is not whole yet belong to the token that ends it as well.
        const QString written = QString::fromStdString(stream.push(std::string(token)));
        const QStringView rest = QStringView(text).mid(begin);
        // A control token that no text shows takes no room in it; the last token may be cut by a stop text.
        const qsizetype place = standsAtBegin(rest, written) ? 0 : rest.left(ahead + written.size()).indexOf(written);
        begin += std::max<qsizetype>(0, place);
        const qsizetype end = std::min(begin + (place < 0 ? 0 : written.size()), text.size());
        ranges.append({int(begin), int(stream.isHolding() ? std::min(end + 1, text.size()) : end)});
        begin = end;
    }
    return ranges;
}

} // namespace moescope::gui
