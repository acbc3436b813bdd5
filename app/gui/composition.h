// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/controller/inferencecontroller.h"
#include "app/gui/chatsession.h"
#include "app/gui/comparisonruns.h"
#include "app/gui/comparisonsession.h"
#include "app/gui/contextwatch.h"
#include "app/gui/conversationbook.h"
#include "app/gui/draftdocuments.h"
#include "app/gui/filework.h"
#include "app/gui/modelshelf.h"
#include "app/gui/needlebatch.h"
#include "app/gui/settings.h"
#include "app/gui/statekeeper.h"
#include "app/store/storeworker.h"
#include "ui/mainwindow/mainwindow.h"
#include "ui/models/comparison.h"
#include "ui/models/expertcardtable.h"
#include "ui/models/steptimelines.h"
#include "ui/models/tracemodel.h"
#include "ui/models/whatif.h"

#include <QObject>
#include <QPointer>
#include <QSet>
#include <QTimer>

#include <functional>
#include <optional>

namespace moescope::gui {

class CaptureRecorder;
class CaptureSession;
class RoutingPanels;

struct StartOptions {
    QString data_folder;      ///< empty: the user's
    QString model;            ///< “builtin” or a file; empty: last time's, and the built-in one if that fails
    QString device;           ///< empty: as set in the settings, which count again once another is chosen there
    quint64 memory_bytes = 0; ///< of the device, at most; 0: what is free
    QString capture;          ///< a file that is opened first; empty: none
};

/** The app: makes window, store, controller and what lies between them, and ties them together. Every connection from
 *  one module to another is here. */
class Composition : public QObject {
    Q_OBJECT
public:
    explicit Composition(const StartOptions& options, QObject* parent = nullptr);
    ~Composition() override;

    /** Opens the store, shows the window as it was, then loads the model: none of them waits for another. */
    void start();

    ui::MainWindow& window() { return *m_window; }
    ChatSession& session() { return m_session; }
    controller::InferenceController& controller() { return m_controller; }
    ui::TraceModel& traces() { return m_traces; }
    ui::StepTimelines& timelines() { return m_timelines; }
    ui::Selection& selection() { return m_selection; }
    store::StoreWorker& store() { return m_store; }
    ui::WhatIf& whatIf() { return m_whatIf; }
    ModelShelf& shelf() { return m_shelf; }
    ui::Comparison& comparison() { return m_comparison; }
    ComparisonSession& compare() { return m_compare; }
    ComparisonRuns& runs() { return m_runs; }
    StateKeeper& states() { return m_states; }
    NeedleBatch& needles() { return m_needles; }
    CaptureSession& captures() { return *m_captures; }
    CaptureRecorder& recorder() { return *m_recorder; }
    DraftDocuments& documents() { return m_documents; }

private:
    /** Why a model is loaded: named at the start, or by nobody; as last time; picked from the list; a run of a comparison
     *  needs it. */
    enum class Chosen { AtStart, LastTime, ByUser, ForRun };

    void connectChat();
    void connectConversations();
    void connectDocuments();
    void connectTraces();
    void connectCaptures();
    /** Of the capture that is shown, else of the answer in view. */
    void exportRouting();
    void connectWhatIf();
    void connectModel();
    void connectWindow();
    void connectLibrary();
    void connectCompare();
    void connectComparePage();
    void connectStates();
    /** A chat, or a comparison with the layout for it. */
    void openConversation(qint64 conversation, qint64 message);
    /** Run A is what Inspect shows, run B what it is measured against. */
    void followComparison();
    void loadOtherSide(qint64 answer);
    QList<ui::ModelChoice> modelChoices() const;
    /** Of the loaded model, with the sampling of the chat in view, greedy. */
    ui::RunDraft newDraft() const;
    /** Why the loaded model cannot run a draft; empty: as far as is known, it can. */
    QString problemOf(const ui::RunDraft& draft) const;
    /** What the sheets of Compare begin with. */
    void offerDrafts();
    void compareWith(qint64 message);
    /** Captures among dropped files become runs of the comparison in view. The other files are given back. */
    QList<QUrl> takeRuns(const QList<QUrl>& urls);
    void addCaptures(const QStringList& paths);
    /** Results of grids whose comparison is gone for good go too. */
    void tidyGrids();

    void openStore();
    void storeFailed(const trace::Error& error);
    void adopt(const Settings::Values& values);
    void showWindow();
    void loadModel();
    void loadFailed(const trace::Error& error);
    void loadForRun(const ModelChoice& wanted);
    /** A needle as a run of the comparison in view. */
    void runCase(const needle::NeedleCase& made, const needle::CaseId& which, const ModelChoice& model);
    /** The model that was there before the first run of a comparison needed another. */
    void loadAsBefore();
    /** The user chose a model, or none: no run comes between. */
    void forgetRuns();
    void loadWished(const ui::LoadWish& wish);
    void unloadModel();
    /** Models were dropped or chosen by name. */
    void modelsTaken(const QByteArray& first, bool single);
    void showLoaded();
    void showLedger();
    void showDevices();
    /** As the list of models names it; empty: the best. */
    QString preferredDevice() const;
    void chooseModel();
    void chooseDocuments();
    void filesDropped(const QList<QUrl>& urls);
    LongerContext longerContext(quint32 tokens) const;
    void chooseFolder();
    void chooseConversion(const QString& type);
    QString chosenDevice() const;
    void chooseDevice(const QString& device);
    void applyTheme();
    void applyLayout();
    void updateActivity();
    QString readyText() const;
    void showModelNotice();
    /** Nothing is loaded any more. */
    void forgetModel();
    /** The model that was not loaded for the sake of a capture, unless another was meanwhile. */
    void loadPutOff();
    /** Of the branch in view, as far as the loaded model has read or written it; nothing: another model counted them, by
     *  its vocabulary. */
    std::optional<quint64> tokensInContext() const;
    void updateContext();
    /** Bytes 0 until the list of models has read the file. */
    ui::ExpertWeights expertWeights(const controller::Loaded& loaded) const;
    void updateTokens();
    /** What of the answer in view the filter leaves. */
    void updateFilter();
    /** Another version of an answer, begun by `begin`; says where the messages are that followed the answer. */
    void beginVersion(qint64 answer, const std::function<void()>& begin);
    QList<ui::TokenRange> rangesInView() const;
    void chooseToken(qint64 message, int token);
    void openSettings(ui::SettingsPage page);
    void openAbout();

    StartOptions m_options;
    store::StoreWorker m_store;
    Settings m_settings;
    controller::InferenceController m_controller;
    ModelShelf m_shelf;
    ConversationBook m_book;
    ChatSession m_session;
    ContextWatch m_context;
    ui::TraceModel m_traces;
    ui::StepTimelines m_timelines;
    ui::Selection m_selection;
    ui::WhatIf m_whatIf;
    std::unique_ptr<ui::MainWindow> m_window;
    RoutingPanels* m_panels = nullptr; ///< of the window
    FileWork m_files;
    StateKeeper m_states;
    ComparisonRuns m_runs;
    ui::Comparison m_comparison;
    ComparisonSession m_compare;
    NeedleBatch m_needles;
    QSet<qint64> m_comparisons; ///< conversations that are
    FileWork m_documentFiles;   ///< a large document holds up no capture
    DraftDocuments m_documents;
    std::unique_ptr<CaptureSession> m_captures;
    std::unique_ptr<CaptureRecorder> m_recorder;
    QPointer<ui::SettingsDialog> m_dialog;
    QList<trace::DeviceInfo> m_devices;
    QTimer m_patience; ///< the window is shown by then, whatever the disk does
    QString m_dataFolder;
    QString m_statesFolder;                    ///< of KV states; empty: nothing of this session is kept
    std::string m_modelPath;                   ///< of the latest load
    ModelChoice m_choice;                      ///< of the latest load
    std::optional<ModelChoice> m_choiceBefore; ///< before runs of comparisons needed others
    Chosen m_chosen = Chosen::AtStart;
    bool m_unloaded = false; ///< by the user: another device loads nothing
    bool m_putOff = false;   ///< the program was started with a capture: the model is loaded when that is closed
    QString m_loadedFor;     ///< the device that the latest load was asked for; empty: the best
    bool m_shown = false;
    std::pair<qint64, int> m_wanted; ///< answer and token to be selected once it is read; 0: none
    bool m_reading = false;          ///< the model reads a prompt
    QString m_insteadNotice;         ///< why it is not last time's model, until it is closed
    QString m_contextNotice;         ///< of the model, until something is sent
    QString m_templateNotice;        ///< of the model, until it is closed
    quint64 m_read = 0;              ///< tokens of the prompt that were read, reused ones included
    quint64 m_used = 0;              ///< tokens that the window shows as in the context
    bool m_answered = false;         ///< since the model was loaded
};

} // namespace moescope::gui
