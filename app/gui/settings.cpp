// SPDX-License-Identifier: Apache-2.0
#include "app/gui/settings.h"

#include "app/gui/values.h"

#include <QJsonArray>
#include <QJsonObject>

#include <algorithm>

namespace moescope::gui {
namespace {

const QString keyTheme = QStringLiteral("appearance.theme");
const QString keyFont = QStringLiteral("appearance.font_percent");
const QString keyDevice = QStringLiteral("device.name");
const QString keySampling = QStringLiteral("sampling.defaults");
const QString keyThinking = QStringLiteral("chat.thinking");
const QString keyWindow = QStringLiteral("window.state");
const QString keyLast = QStringLiteral("chat.last");
const QString keyComparison = QStringLiteral("compare.last");
const QString keyDraft = QStringLiteral("chat.new_draft");
const QString keyFolders = QStringLiteral("models.folders");
const QString keyFiles = QStringLiteral("models.files");
const QString keyLastModel = QStringLiteral("models.last");
const QString keyStates = QStringLiteral("kv.states_budget");
const QString keySystem = QStringLiteral("system");

QString themeName(ui::ThemeChoice theme) {
    return theme == ui::ThemeChoice::Light  ? QStringLiteral("light")
           : theme == ui::ThemeChoice::Dark ? QStringLiteral("dark")
                                            : QStringLiteral("system");
}

QByteArray bytesOf(const QJsonObject& json, const char* key) {
    return QByteArray::fromBase64(json.value(QLatin1String(key)).toString().toLatin1());
}

QString layoutName(ui::LayoutName layout) {
    switch (layout) {
    case ui::LayoutName::Chat: break;
    case ui::LayoutName::Inspect: return QStringLiteral("inspect");
    case ui::LayoutName::Compare: return QStringLiteral("compare");
    }
    return QStringLiteral("chat");
}

ui::LayoutName layoutOf(const QString& name) {
    for (const ui::LayoutName layout : {ui::LayoutName::Inspect, ui::LayoutName::Compare}) {
        if (name == layoutName(layout)) {
            return layout;
        }
    }
    return ui::LayoutName::Chat;
}

/** The texts of a list, none empty or twice. */
QStringList textsOf(const QJsonValue& value) {
    QStringList texts;
    for (const QJsonValue& one : value.toArray()) {
        const QString text = one.toString();
        if (!text.isEmpty() && !texts.contains(text)) {
            texts.append(text);
        }
    }
    return texts;
}

QString kvName(trace::KvType type) {
    const std::string_view name = trace::kvTypeName(type);
    return QString::fromLatin1(name.data(), static_cast<qsizetype>(name.size()));
}

ModelChoice choiceOf(const QJsonObject& json) {
    constexpr double most = 1 << 30; // tokens
    ModelChoice choice;
    if (const QString model = json.value(QLatin1String("model")).toString(); !model.isEmpty()) {
        choice.model = model;
    }
    choice.context = static_cast<quint32>(std::clamp(json.value(QLatin1String("context")).toDouble(), 0.0, most));
    for (const trace::KvType type : trace::kvTypes) {
        if (json.value(QLatin1String("kv")).toString() == kvName(type)) {
            choice.kv = type;
        }
    }
    return choice;
}

QString base64(const QByteArray& bytes) { return QString::fromLatin1(bytes.toBase64()); }

} // namespace

Settings::Settings(store::StoreWorker& worker, QObject* parent) : QObject(parent), m_worker(worker) {}

Settings::Values Settings::read(const store::Store& store) {
    Values values;
    const QString theme = store.setting(keyTheme).toString();
    values.theme = theme == themeName(ui::ThemeChoice::Light)  ? ui::ThemeChoice::Light
                   : theme == themeName(ui::ThemeChoice::Dark) ? ui::ThemeChoice::Dark
                                                               : ui::ThemeChoice::System;
    values.font_percent = std::clamp(store.setting(keyFont).toInt(100), 90, 150);
    values.device = store.setting(keyDevice).toString();
    if (const QJsonValue sampling = store.setting(keySampling); sampling.isObject()) {
        values.sampling = sampling.toObject();
        values.system_prompt = values.sampling.take(keySystem).toString();
    }
    values.thinking = store.setting(keyThinking).toBool(true);
    const QJsonObject window = store.setting(keyWindow).toObject();
    values.window.geometry = bytesOf(window, "geometry");
    values.window.chat = bytesOf(window, "chat");
    values.window.inspect = bytesOf(window, "inspect");
    values.window.compare = bytesOf(window, "compare");
    values.window.layout = layoutOf(window.value(QLatin1String("layout")).toString());
    values.last_conversation = store.setting(keyLast).toInteger();
    values.last_comparison = store.setting(keyComparison).toInteger();
    values.new_draft = store.setting(keyDraft).toString();
    values.new_documents = store.draftDocuments(0);
    values.model_folders = textsOf(store.setting(keyFolders));
    values.model_files = textsOf(store.setting(keyFiles));
    constexpr double mostStates = 9e15; // bytes that a JSON number holds exactly
    values.states_budget = static_cast<quint64>(
        std::clamp(store.setting(keyStates).toDouble(static_cast<double>(values.states_budget)), 0.0, mostStates));
    values.last_model = choiceOf(store.setting(keyLastModel).toObject());
    return values;
}

void Settings::setTheme(ui::ThemeChoice theme) {
    m_values.theme = theme;
    write(keyTheme, themeName(theme));
}

void Settings::setFontPercent(int percent) {
    m_values.font_percent = std::clamp(percent, 90, 150);
    write(keyFont, m_values.font_percent);
}

void Settings::setDevice(const QString& name) {
    m_values.device = name;
    write(keyDevice, name);
}

void Settings::setSamplingDefaults(const QJsonObject& chosen, const QString& systemPrompt) {
    m_values.sampling = chosen;
    m_values.system_prompt = systemPrompt;
    QJsonObject json = chosen;
    json.insert(keySystem, systemPrompt);
    write(keySampling, json);
}

void Settings::setThinking(bool on) {
    if (m_values.thinking != on) {
        m_values.thinking = on;
        write(keyThinking, on);
    }
}

void Settings::setWindow(const ui::WindowState& window) {
    m_values.window = window;
    write(keyWindow, QJsonObject{{QStringLiteral("geometry"), base64(window.geometry)},
                                 {QStringLiteral("chat"), base64(window.chat)},
                                 {QStringLiteral("inspect"), base64(window.inspect)},
                                 {QStringLiteral("compare"), base64(window.compare)},
                                 {QStringLiteral("layout"), layoutName(window.layout)}});
}

void Settings::setLastConversation(qint64 id) {
    if (m_values.last_conversation != id) {
        m_values.last_conversation = id;
        write(keyLast, id);
    }
}

void Settings::setLastComparison(qint64 id) {
    if (m_values.last_comparison != id) {
        m_values.last_comparison = id;
        write(keyComparison, id);
    }
}

void Settings::setNewDraft(const QString& text) {
    if (m_values.new_draft != text) {
        m_values.new_draft = text;
        write(keyDraft, text);
    }
}

void Settings::setNewDocuments(const QList<store::Document>& documents) {
    if (m_values.new_documents != documents) {
        m_values.new_documents = documents;
        m_worker.run([documents](store::Store& store) { store.setDraftDocuments(0, documents); });
    }
}

void Settings::setModelFolders(const QStringList& folders) {
    m_values.model_folders = folders;
    write(keyFolders, QJsonArray::fromStringList(folders));
}

void Settings::setModelFiles(const QStringList& files) {
    m_values.model_files = files;
    write(keyFiles, QJsonArray::fromStringList(files));
}

void Settings::setLastModel(const ModelChoice& choice) {
    if (m_values.last_model != choice) {
        m_values.last_model = choice;
        write(keyLastModel, QJsonObject{{QStringLiteral("model"), choice.model},
                                        {QStringLiteral("context"), static_cast<qint64>(choice.context)},
                                        {QStringLiteral("kv"), kvName(choice.kv)}});
    }
}

void Settings::setStatesBudget(quint64 bytes) {
    if (m_values.states_budget != bytes) {
        m_values.states_budget = bytes;
        write(keyStates, static_cast<double>(bytes));
    }
}

void Settings::write(const QString& name, const QJsonValue& value) {
    m_worker.run([name, value](store::Store& store) { store.setSetting(name, value); });
}

} // namespace moescope::gui
