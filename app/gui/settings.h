// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/store/storeworker.h"
#include "engine/trace/kv_type.h"
#include "ui/mainwindow/mainwindow.h"
#include "ui/mainwindow/settingsdialog.h"

#include <QObject>

#include <optional>

namespace moescope::gui {

/** A model, and how it is loaded. */
struct ModelChoice {
    QString model = QStringLiteral("builtin"); ///< or the path of a file
    quint32 context = 0;                       ///< tokens; 0: what of the model's fits
    trace::KvType kv = trace::KvType::F16;

    bool operator==(const ModelChoice&) const = default;
};

/** What the app remembers beside conversations, kept in the store. Values are there at once; writing happens on the
 *  store's thread. */
class Settings : public QObject {
    Q_OBJECT
public:
    struct Values {
        ui::ThemeChoice theme = ui::ThemeChoice::System;
        int font_percent = 100;
        QString device;        ///< name; empty: the best
        QJsonObject sampling;  ///< what was chosen in place of the model's own
        QString system_prompt; ///< of new conversations
        ui::WindowState window;
        bool thinking = true; ///< where a model has a switch for it; of new conversations
        qint64 last_conversation = 0;
        qint64 last_comparison = 0;                               ///< in view; 0: none
        QString new_draft;                                        ///< of the chat that is not stored yet
        QList<store::Document> new_documents;                     ///< beside it
        QStringList model_folders;                                ///< watched beside the app's own
        QStringList model_files;                                  ///< models that lie elsewhere
        ModelChoice last_model;                                   ///< that was chosen and could be loaded
        quint64 states_budget = ui::KvStatesView::kDefaultBudget; ///< bytes of KV states on disk; 0: none are kept
    };

    explicit Settings(store::StoreWorker& worker, QObject* parent = nullptr);

    /** For a job on the store's thread. What cannot be understood is the default. */
    static Values read(const store::Store& store);
    void adopt(const Values& values) { m_values = values; }
    const Values& values() const { return m_values; }

    void setTheme(ui::ThemeChoice theme);
    void setFontPercent(int percent);
    void setDevice(const QString& name);
    void setSamplingDefaults(const QJsonObject& chosen, const QString& systemPrompt);
    void setThinking(bool on);
    void setWindow(const ui::WindowState& window);
    void setLastConversation(qint64 id);
    void setLastComparison(qint64 id);
    void setNewDraft(const QString& text);
    void setNewDocuments(const QList<store::Document>& documents);
    void setModelFolders(const QStringList& folders);
    void setModelFiles(const QStringList& files);
    void setLastModel(const ModelChoice& choice);
    void setStatesBudget(quint64 bytes);

private:
    void write(const QString& name, const QJsonValue& value);

    store::StoreWorker& m_worker;
    Values m_values;
};

} // namespace moescope::gui
