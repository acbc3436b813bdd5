// SPDX-License-Identifier: Apache-2.0
#include "app/gui/runvalues.h"

#include "app/gui/values.h"
#include "engine/needle/scoring.h"
#include "ui/models/modellist.h"

#include <QCoreApplication>
#include <QJsonArray>

#include <algorithm>
#include <array>
#include <cmath>

namespace moescope::gui {
namespace {

constexpr qsizetype aroundPassage = 60; ///< UTF-16 units of a prompt that are shown at each side of its passage
constexpr int mostLayers = 4096;        ///< that are believed

constexpr std::array<std::pair<ui::PromptKind, const char*>, 4> kinds = {{{ui::PromptKind::Text, "text"},
                                                                          {ui::PromptKind::Chat, "chat"},
                                                                          {ui::PromptKind::File, "file"},
                                                                          {ui::PromptKind::Template, "template"}}};

QString tr(const char* text) { return QCoreApplication::translate("moescope::gui::Run", text); }

QString nameOf(ui::PromptKind kind) {
    const auto found = std::find_if(kinds.begin(), kinds.end(), [kind](const auto& one) { return one.first == kind; });
    return QString::fromLatin1(found->second);
}

ui::PromptKind kindOf(const QString& name) {
    const auto found = std::find_if(kinds.begin(), kinds.end(),
                                    [&name](const auto& one) { return name == QLatin1String(one.second); });
    return found == kinds.end() ? ui::PromptKind::Text : found->first;
}

int wholeOf(const QJsonObject& json, const char* key, int fallback, int most) {
    const QJsonValue value = json.value(QLatin1String(key));
    return value.isDouble() ? static_cast<int>(std::clamp<double>(value.toDouble(), 0, most)) : fallback;
}

double numberOf(const QJsonObject& json, const char* key) {
    const double value = json.value(QLatin1String(key)).toDouble();
    return std::isfinite(value) ? std::max(value, 0.0) : 0;
}

QString textOf(const QJsonObject& json, const char* key) { return json.value(QLatin1String(key)).toString(); }

double medianOf(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

ui::RunPhase phaseOf(store::RunState state) {
    switch (state) {
    case store::RunState::Queued: return ui::RunPhase::Queued;
    case store::RunState::Running: return ui::RunPhase::Reading;
    case store::RunState::Done: return ui::RunPhase::Done;
    case store::RunState::Cancelled: return ui::RunPhase::Cancelled;
    case store::RunState::Failed: break;
    }
    return ui::RunPhase::Failed;
}

/** "today 14:52", "19 Nov 14:52". */
QString dayText(const QDateTime& when, const QDateTime& now) {
    const QString time = when.toString(QStringLiteral("HH:mm"));
    return when.date() == now.date() ? tr("today %1").arg(time) : when.toString(QStringLiteral("d MMM ")) + time;
}

} // namespace

QJsonObject toJson(const ui::RunDraft& draft) {
    QJsonObject prompt{{"kind", nameOf(draft.kind)}};
    const auto put = [&prompt](const char* key, const QString& text) {
        if (!text.isEmpty()) {
            prompt.insert(QLatin1String(key), text);
        }
    };
    put("text", draft.text);
    put("path", draft.path);
    put("chat_title", draft.chat_title);
    put("passage", draft.passage);
    put("question", draft.question);
    if (draft.message != 0) {
        put("message", QString::number(draft.message)); // JSON numbers hold 53 bits
    }
    if (draft.kind == ui::PromptKind::Template) {
        prompt.insert("length", draft.length);
        prompt.insert("depth", draft.depth);
    }
    if (draft.needle_case) {
        prompt.insert("needle_case", true);
    }
    if (!draft.expected.isEmpty()) {
        prompt.insert("expected", QJsonArray::fromStringList(draft.expected));
    }
    QJsonObject json{{"prompt", prompt},
                     {"model", draft.model},
                     {"model_name", draft.model_name},
                     {"kv", draft.kv_type},
                     {"sampling", toJson(draft.sampling)}};
    if (!draft.sampling.system_prompt.isEmpty()) {
        json.insert("system_prompt", draft.sampling.system_prompt);
    }
    if (!draft.machine.isEmpty()) {
        json.insert("machine", draft.machine);
    }
    if (!draft.recipe.empty()) {
        json.insert("recipe", store::recipeText(draft.recipe));
    }
    return json;
}

ui::RunDraft draftOf(const QJsonObject& json) {
    constexpr int mostLength = 1 << 30;
    ui::RunDraft draft;
    const QJsonObject prompt = json.value(QLatin1String("prompt")).toObject();
    draft.kind = kindOf(textOf(prompt, "kind"));
    draft.text = textOf(prompt, "text");
    draft.path = textOf(prompt, "path");
    draft.message = textOf(prompt, "message").toLongLong();
    draft.chat_title = textOf(prompt, "chat_title");
    draft.length = wholeOf(prompt, "length", draft.length, mostLength);
    draft.depth = wholeOf(prompt, "depth", draft.depth, 100);
    draft.needle_case = prompt.value(QLatin1String("needle_case")).toBool();
    draft.passage = textOf(prompt, "passage");
    draft.question = textOf(prompt, "question");
    for (const QJsonValue& word : prompt.value(QLatin1String("expected")).toArray()) {
        if (const QString text = word.toString(); !text.isEmpty()) {
            draft.expected.append(text);
        }
    }
    draft.model = textOf(json, "model");
    draft.model_name = textOf(json, "model_name");
    draft.machine = textOf(json, "machine");
    draft.kv_type = json.value(QLatin1String("kv")).toString(QStringLiteral("f16"));
    draft.sampling = fromJson(json.value(QLatin1String("sampling")).toObject(), {});
    draft.sampling.system_prompt = textOf(json, "system_prompt");
    if (const QString recipe = textOf(json, "recipe"); !recipe.isEmpty()) {
        draft.recipe = store::recipeFrom(recipe);
    }
    return draft;
}

QJsonObject toJson(const RunResult& result) {
    QJsonObject json{{"prompt_tokens", result.prompt_tokens},
                     {"kv_bytes", static_cast<double>(result.kv_bytes)},
                     {"model_key", result.model_key},
                     {"tokenizer_key", result.tokenizer_key},
                     {"restored_tokens", result.restored_tokens},
                     {"measured", result.measured},
                     {"first_token_ms", result.first_token_ms},
                     {"prefill_tps", result.prefill_tps},
                     {"decode_tps", result.decode_tps}};
    if (!result.not_restored.isEmpty()) {
        json.insert("not_restored", result.not_restored);
    }
    if (result.captured.isValid()) {
        json.insert("captured", result.captured.toString(Qt::ISODateWithMs));
    }
    if (result.passage.span.count > 0) {
        QJsonArray mass;
        for (const float share : result.passage.by_layer) {
            mass.append(static_cast<double>(share));
        }
        json.insert("passage", QJsonObject{{"first", static_cast<double>(result.passage.span.first)},
                                           {"tokens", static_cast<double>(result.passage.span.count)},
                                           {"mass", mass},
                                           {"n", static_cast<double>(result.passage.tokens)}});
    }
    return json;
}

RunResult resultOf(const QJsonObject& json) {
    constexpr int mostTokens = 1 << 30;
    RunResult result;
    result.prompt_tokens = wholeOf(json, "prompt_tokens", 0, mostTokens);
    result.kv_bytes = static_cast<quint64>(std::min(numberOf(json, "kv_bytes"), 9e15));
    result.model_key = textOf(json, "model_key");
    result.tokenizer_key = textOf(json, "tokenizer_key");
    result.restored_tokens = wholeOf(json, "restored_tokens", 0, mostTokens);
    result.not_restored = textOf(json, "not_restored");
    result.measured = wholeOf(json, "measured", 0, 1000);
    result.first_token_ms = numberOf(json, "first_token_ms");
    result.prefill_tps = numberOf(json, "prefill_tps");
    result.decode_tps = numberOf(json, "decode_tps");
    result.captured = QDateTime::fromString(textOf(json, "captured"), Qt::ISODateWithMs);
    const QJsonObject passage = json.value(QLatin1String("passage")).toObject();
    result.passage.span = {static_cast<uint32_t>(wholeOf(passage, "first", 0, mostTokens)),
                           static_cast<uint32_t>(wholeOf(passage, "tokens", 0, mostTokens))};
    result.passage.tokens = static_cast<uint32_t>(wholeOf(passage, "n", 0, mostTokens));
    const QJsonArray mass = passage.value(QLatin1String("mass")).toArray();
    for (qsizetype layer = 0; layer < std::min<qsizetype>(mass.size(), mostLayers); ++layer) {
        result.passage.by_layer.push_back(static_cast<float>(std::clamp(mass[layer].toDouble(), 0.0, 1.0)));
    }
    return result;
}

QString routersOf(const trace::ModelInfo& model) {
    return QString::fromStdString(model.file_name + ' ' + model.main_type);
}

bool isCaptured(const store::Run& run) { return !textOf(run.settings, "machine").isEmpty(); }

double speedOf(uint32_t tokens, double ms) { return tokens > 0 && ms > 0 ? tokens * 1000.0 / ms : 0; }

void putMeasured(RunResult& result, const std::vector<trace::StepTimings>& runs) {
    std::vector<double> first;
    std::vector<double> prefill;
    std::vector<double> decode;
    for (const trace::StepTimings& run : runs) {
        first.push_back(run.first_token_ms);
        prefill.push_back(speedOf(run.prefill_tokens, run.prefill_ms));
        decode.push_back(speedOf(run.decode_tokens, run.decode_ms));
    }
    result.measured = static_cast<int>(runs.size());
    result.first_token_ms = medianOf(first);
    result.prefill_tps = medianOf(prefill);
    result.decode_tps = medianOf(decode);
}

std::shared_ptr<const ui::RunTrace> runTraceOf(const store::TokenTraces& tokens) {
    ui::TraceShape shape;
    for (const trace::TokenTracePtr& token : tokens) {
        if (!token->router.empty()) {
            shape.layers = static_cast<int>(token->router.moe_layers);
            shape.experts = static_cast<int>(token->router.expert_count);
            shape.used = static_cast<int>(token->router.expert_used_count);
            break;
        }
    }
    return std::make_shared<const ui::RunTrace>(shape, QList<trace::TokenTracePtr>(tokens.begin(), tokens.end()));
}

ui::RunView viewOf(const StoredRun& stored, const QDateTime& now) {
    ui::RunView view;
    view.id = stored.run.id;
    view.phase = phaseOf(stored.run.state);
    view.error = stored.run.error;
    try {
        view.draft = draftOf(stored.run.settings);
    } catch (const trace::Error& error) {
        view.phase = ui::RunPhase::Failed;
        view.error = sentence(error);
    }
    view.model = view.draft.model_name;
    view.kv_type = view.draft.kv_type;
    view.machine = view.draft.machine;
    if (view.draft.kind == ui::PromptKind::Template) {
        view.facts.append(tr("needle at %1 %").arg(view.draft.depth));
    }
    const store::Message& answer = stored.answer;
    if (answer.id == 0) {
        return view;
    }
    view.answer = answer.id;
    view.model = answer.model.name;
    view.model_type = answer.model.type.toUpper();
    const RunResult result = resultOf(stored.run.result);
    view.facts.append(dayText(result.captured.isValid() ? result.captured.toLocalTime() : answer.created, now));
    view.prompt_tokens = result.prompt_tokens;
    view.reused_tokens = static_cast<int>(answer.timings.reused_tokens);
    view.answer_tokens = static_cast<int>(answer.timings.decode_tokens);
    const bool measured = result.measured > 0;
    view.first_token_ms = measured ? result.first_token_ms : answer.timings.first_token_ms;
    view.prefill_tps =
        measured ? result.prefill_tps : speedOf(answer.timings.prefill_tokens, answer.timings.prefill_ms);
    view.decode_tps = measured ? result.decode_tps : speedOf(answer.timings.decode_tokens, answer.timings.decode_ms);
    view.measured = result.measured;
    view.kv_bytes = result.kv_bytes;
    view.model_key = result.model_key;
    view.tokenizer_key = result.tokenizer_key;
    view.stop_reason = ui::stopText(statsOf(answer.timings, answer.stop_reason).stop_reason);
    view.passage = passageIn(stored.prompt, view.draft.passage, result.passage.span);
    view.passage_mass = result.passage.by_layer;
    view.passage_mass_n = static_cast<int>(result.passage.tokens);
    view.trace = stored.trace;
    if (stored.run.state == store::RunState::Done) {
        view.verdict = verdictOf(answer.text, view.draft.expected);
    }
    return view;
}

ui::PassageView passageIn(const QString& prompt, const QString& passage, const needle::TokenSpan& tokens) {
    ui::PassageView view;
    const qsizetype at = passage.isEmpty() ? -1 : prompt.indexOf(passage);
    if (at < 0 || tokens.count == 0) {
        return view;
    }
    const qsizetype end = at + passage.size();
    view.before = prompt.mid(std::max<qsizetype>(at - aroundPassage, 0), std::min(at, aroundPassage));
    view.passage = passage;
    view.after = prompt.mid(end, aroundPassage);
    // Whole words alone, where something is cut.
    if (at > aroundPassage) {
        view.before = view.before.mid(view.before.indexOf(u' ') + 1);
    }
    if (end + aroundPassage < prompt.size()) {
        view.after = view.after.left(std::max<qsizetype>(view.after.lastIndexOf(u' '), 0));
    }
    view.first_token = static_cast<int>(tokens.first);
    view.tokens = static_cast<int>(tokens.count);
    return view;
}

ui::NeedleVerdict verdictOf(const QString& answer, const QStringList& expected) {
    if (expected.isEmpty()) {
        return ui::NeedleVerdict::None;
    }
    std::vector<std::string> words;
    for (const QString& word : expected) {
        words.push_back(word.toStdString());
    }
    return needle::isFound(answer.toStdString(), words) ? ui::NeedleVerdict::Found : ui::NeedleVerdict::Missed;
}

} // namespace moescope::gui
