// SPDX-License-Identifier: Apache-2.0
#include "app/gui/composition.h"

#include "app/gui/attentionfeed.h"
#include "app/gui/capturerecorder.h"
#include "app/gui/capturesession.h"
#include "app/gui/notices.h"
#include "app/gui/routingpanels.h"
#include "app/platform/paths.h"
#include "ui/mainwindow/aboutdialog.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/conversationspanel.h"
#include "ui/panels/modellibrarypanel.h"
#include "ui/theme/theme.h"

#include <QApplication>
#include <QDesktopServices>
#include <QUrl>

namespace moescope::gui {

using controller::InferenceController;
using State = InferenceController::State;

namespace {

const QString builtIn = QStringLiteral("builtin");

/** Tokens a second; 0 where so few were read that it says nothing: an answer made again reads one. */
double readingSpeed(uint32_t tokens, double ms) {
    constexpr uint32_t least = 16;
    return tokens >= least && ms > 0 ? tokens * 1000.0 / ms : 0;
}

} // namespace

Composition::Composition(const StartOptions& options, QObject* parent)
    : QObject(parent), m_options(options), m_settings(m_store), m_shelf(m_settings), m_book(m_store),
      m_session(m_store, m_controller, m_settings), m_context(m_controller, m_session),
      m_window(std::make_unique<ui::MainWindow>()), m_states(m_store, m_controller),
      m_runs(m_store, m_controller, m_files), m_comparison(&m_selection), m_compare(m_store, m_runs, m_comparison),
      m_needles(m_controller, m_files, m_comparison), m_documents(m_controller, m_documentFiles) {
    m_choice.model = m_options.model.isEmpty() ? builtIn : m_options.model;
    m_panels = new RoutingPanels(*m_window, m_traces, m_timelines, m_selection, m_whatIf);
    new AttentionFeed(m_controller, m_session, m_store, m_traces, m_panels->attention());
    m_window->setSelection(&m_selection);
    ui::bindSelection(&m_traces, &m_selection);
    m_captures = std::make_unique<CaptureSession>(*m_window, m_session, m_traces, m_selection, m_files);
    m_recorder =
        std::make_unique<CaptureRecorder>(*m_window, m_session, m_controller, m_store, m_traces, m_timelines, m_files);
    connectChat();
    connectConversations();
    connectDocuments();
    connectTraces();
    connectCaptures();
    connectWhatIf();
    connectModel();
    connectWindow();
    connectLibrary();
    connectCompare();
    connectStates();
    m_patience.setSingleShot(true);
    m_patience.setInterval(400);
    connect(&m_patience, &QTimer::timeout, this, &Composition::showWindow);
}

Composition::~Composition() {
    m_runs.abandon();
    m_session.shutDown();
    m_captures.reset();
    m_recorder.reset();
    m_window.reset(); // before the models that its panels draw
}

void Composition::start() {
    m_patience.start();
    openStore();
}

// --- start ---

void Composition::openStore() {
    try {
        m_dataFolder = m_options.data_folder.isEmpty()
                           ? QString::fromStdString(platform::toUtf8(platform::dataFolder()))
                           : m_options.data_folder;
    } catch (const trace::Error& error) {
        storeFailed(error);
        return;
    }
    m_store.open(
        m_dataFolder, {}, this,
        [this](const store::OpenReport& report) {
            m_statesFolder = m_dataFolder;
            if (report.notice) {
                m_window->showError(sentence(*report.notice));
            }
            m_store.run(
                this, [](store::Store& store) { return Settings::read(store); },
                [this](const Settings::Values& values) { adopt(values); },
                [this](const trace::Error& error) {
                    m_window->showError(sentence(error));
                    adopt({});
                });
            if (!report.notice) { // else what is missing in the store may not be gone
                tidyGrids();
            }
        },
        [this](const trace::Error& error) { storeFailed(error); });
}

void Composition::storeFailed(const trace::Error& error) {
    m_window->showError(tr("%1 What you write in this session is not kept.").arg(sentence(error)));
    store::StoreOptions options;
    options.in_memory = true;
    m_store.open(
        {}, options, this, [this](const store::OpenReport&) { adopt({}); },
        [this](const trace::Error& second) {
            m_window->showError(sentence(second));
            adopt({});
        });
}

void Composition::adopt(const Settings::Values& values) {
    m_settings.adopt(values);
    m_states.start(m_statesFolder, values.states_budget);
    m_needles.setFolder(m_statesFolder);
    const bool late = m_shown;
    m_book.refresh();
    const ModelChoice before = m_choice;
    if (m_options.model.isEmpty() && m_chosen == Chosen::AtStart) {
        m_choice = values.last_model;
        m_chosen = Chosen::LastTime;
        m_window->library()->setKv(m_choice.kv);
    }
    showWindow();
    m_shelf.start(m_dataFolder, m_choice.model);
    if (values.last_conversation != 0) {
        m_session.open(values.last_conversation);
    } else if (late) {
        m_session.startNew();
    }
    if (values.last_comparison != 0) {
        m_compare.open(values.last_comparison);
    }
    // The window did not wait for a slow disk, and the model was loaded before the settings were known.
    if (late && !m_putOff && (chosenDevice() != m_loadedFor || m_choice != before)) {
        loadModel();
    }
}

void Composition::showWindow() {
    const bool again = std::exchange(m_shown, true);
    m_patience.stop();
    applyTheme();
    m_window->restore(m_settings.values().window);
    applyLayout();
    m_window->show();
    m_window->chat()->focusComposer();
    if (!again) {
        m_session.startNew();
        m_putOff = !m_options.capture.isEmpty() && m_options.model.isEmpty(); // it opens without
        if (!m_options.capture.isEmpty()) {
            m_captures->open(m_options.capture);
        }
        if (m_putOff) {
            updateActivity();
            m_controller.listDevices();
        } else {
            loadModel();
        }
    }
}

void Composition::loadModel() {
    controller::LoadJob job;
    try {
        job.model = std::filesystem::absolute(platform::resolveModel(m_choice.model.toStdString())).lexically_normal();
    } catch (const trace::Error& error) {
        m_window->showError(sentence(error));
        m_runs.loadFailed(error);
        updateActivity();
        return;
    }
    m_putOff = false;
    m_loadedFor = chosenDevice();
    m_modelPath = platform::toUtf8(job.model);
    m_unloaded = false;
    job.device = m_loadedFor.toStdString();
    job.memory_bytes = m_options.memory_bytes;
    job.context = m_choice.context;
    job.kv = m_choice.kv;
    job.cache_folder = platform::usableCacheFolder();
    job.states = m_settings.values().states_budget > 0;
    if (m_devices.isEmpty()) {
        m_controller.listDevices(); // what the models are checked against does not wait for a load
    }
    m_controller.load(job);
    showLoaded();
    m_controller.listDevices();
}

void Composition::loadPutOff() {
    if (m_putOff && m_controller.state() == State::Empty) {
        loadModel();
    }
}

void Composition::loadFailed(const trace::Error& error) {
    forgetModel();
    m_runs.loadFailed(error);
    if (m_chosen == Chosen::ForRun) { // the run says so
        updateActivity();
        return;
    }
    if (m_chosen == Chosen::LastTime && m_choice.model != builtIn) {
        // Not forgotten: what is missing today may be there tomorrow.
        m_insteadNotice =
            tr("%1 So last time’s model was not loaded and the built-in one answers. Load another on the page Models.")
                .arg(sentence(error));
        m_choice = {};
        m_chosen = Chosen::AtStart;
        loadModel();
        return;
    }
    m_window->showError(sentence(error));
    updateActivity();
}

QString Composition::chosenDevice() const {
    return m_options.device.isEmpty() ? m_settings.values().device : m_options.device;
}

void Composition::chooseDevice(const QString& device) {
    m_settings.setDevice(device);
    m_options.device.clear(); // the choice made last counts
    if (chosenDevice() != m_loadedFor && !m_unloaded) {
        loadModel();
    }
}

// --- connections ---

void Composition::connectChat() {
    ui::ChatPanel* chat = m_window->chat();
    chat->setSuggestions(ui::FirstStart::builtInSuggestions());
    connect(chat, &ui::ChatPanel::stopRequested, &m_session, &ChatSession::stop);
    connect(chat, &ui::ChatPanel::regenerateRequested, &m_session, &ChatSession::regenerate);
    connect(chat, &ui::ChatPanel::versionRequested, &m_session, &ChatSession::showVersion);
    connect(chat, &ui::ChatPanel::continueRequested, &m_session, &ChatSession::continueAnswer);
    connect(chat, &ui::ChatPanel::draftChanged, &m_session, &ChatSession::setDraft);
    connect(chat, &ui::ChatPanel::samplingChanged, &m_session, &ChatSession::setSampling);
    connect(chat, &ui::ChatPanel::tokenCountRequested, &m_controller, &InferenceController::countTokens);
    connect(&m_controller, &InferenceController::tokensCounted, chat, &ui::ChatPanel::setTokenCount);

    connect(&m_session, &ChatSession::shown, chat, &ui::ChatPanel::setConversation);
    connect(&m_session, &ChatSession::messagesChanged, chat, &ui::ChatPanel::setMessages);
    connect(&m_session, &ChatSession::messageChanged, chat, &ui::ChatPanel::updateMessage);
    connect(&m_session, &ChatSession::messageChanged, this, [this](const ui::MessageView& message) {
        if (message.state == ui::AnswerState::Answering && message.stats.tokens_per_second > 0) {
            m_window->setSpeed(message.stats.tokens_per_second, 0);
        }
    });
    connect(&m_session, &ChatSession::textAppended, chat, &ui::ChatPanel::appendText);
    connect(&m_session, &ChatSession::titleChanged, chat, &ui::ChatPanel::setTitle);
    connect(&m_session, &ChatSession::draftShown, chat, &ui::ChatPanel::setDraft);
    connect(&m_session, &ChatSession::samplingDefaultsShown, chat, &ui::ChatPanel::setSamplingDefaults);
    connect(&m_session, &ChatSession::samplingShown, chat, &ui::ChatPanel::setSampling);
    connect(chat, &ui::ChatPanel::thinkingChosen, &m_session, &ChatSession::setThinking);
    connect(&m_session, &ChatSession::noticeChanged, chat, &ui::ChatPanel::setNotice);
    connect(&m_session, &ChatSession::answeringChanged, this, [this](bool answering) {
        if (answering) {
            m_contextNotice.clear();
            showModelNotice();
        }
    });
    connect(chat, &ui::ChatPanel::modelNoticeClosed, this, [this] {
        m_insteadNotice.clear();
        m_contextNotice.clear();
        m_templateNotice.clear();
    });
    connect(&m_session, &ChatSession::answeringChanged, m_window.get(), &ui::MainWindow::setAnswering);
    connect(&m_session, &ChatSession::unavailableChanged, chat, &ui::ChatPanel::setUnavailable);
    connect(&m_session, &ChatSession::scrollRequested, chat, &ui::ChatPanel::scrollToMessage);
    // A model's text must not make a request: not even a click opens an address.
    connect(chat, &ui::ChatPanel::linkActivated, this, [this](const QString& target) {
        m_window->showToast(tr("This app opens no links. The address is “%1”.").arg(target.left(200)));
    });
}

void Composition::connectConversations() {
    ui::ConversationsPanel* list = m_window->conversations();
    connect(list, &ui::ConversationsPanel::conversationActivated, this, &Composition::openConversation);
    connect(list, &ui::ConversationsPanel::draftActivated, &m_session, &ChatSession::startNew);
    connect(list, &ui::ConversationsPanel::renameRequested, &m_book, &ConversationBook::rename);
    connect(list, &ui::ConversationsPanel::deleteRequested, &m_book, &ConversationBook::remove);
    connect(list, &ui::ConversationsPanel::restoreRequested, &m_book, &ConversationBook::restore);
    connect(list, &ui::ConversationsPanel::searchRequested, &m_book, &ConversationBook::search);
    connect(list, &ui::ConversationsPanel::left, m_window->chat(), &ui::ChatPanel::focusComposer);
    connect(&m_book, &ConversationBook::conversationsListed, list, &ui::ConversationsPanel::setConversations);
    connect(&m_book, &ConversationBook::deletedListed, list, &ui::ConversationsPanel::setDeleted);
    connect(&m_book, &ConversationBook::found, list, &ui::ConversationsPanel::setSearchResult);
    connect(&m_book, &ConversationBook::renamed, &m_session, &ChatSession::conversationRenamed);
    connect(&m_book, &ConversationBook::removed, this, [this](qint64 conversation, const QString& title) {
        m_session.conversationRemoved(conversation);
        m_window->showUndoToast(tr("“%1” was deleted.").arg(title));
    });
    connect(&m_book, &ConversationBook::restored, &m_session,
            [this](qint64 conversation) { openConversation(conversation, 0); });
    connect(&m_book, &ConversationBook::undoChanged, m_window.get(), &ui::MainWindow::setUndoAvailable);
    connect(m_window.get(), &ui::MainWindow::undoRequested, &m_book, &ConversationBook::undo);
    connect(m_window.get(), &ui::MainWindow::newChatRequested, &m_session, &ChatSession::startNew);
    connect(&m_session, &ChatSession::conversationsChanged, &m_book, &ConversationBook::refresh);
    connect(&m_session, &ChatSession::shown, list, [list](qint64 conversation) { list->setCurrent(conversation); });
    connect(&m_session, &ChatSession::shown, this, &Composition::updateContext);
    const auto complain = [this](const trace::Error& error) { m_window->showError(sentence(error)); };
    connect(&m_book, &ConversationBook::failed, this, complain);
    connect(&m_store, &store::StoreWorker::failed, this, complain);
}

void Composition::connectModel() {
    connect(&m_controller, &InferenceController::stateChanged, this, [this] {
        updateActivity();
        updateContext();
    });
    connect(&m_controller, &InferenceController::loadProgress, this, [this](quint64 done, quint64 total) {
        if (m_controller.state() == State::Loading && total > 0) {
            m_window->setActivity(ui::Activity::Loading, tr("Loading %1 %").arg(done * 100 / total));
        }
    });
    connect(&m_controller, &InferenceController::modelLoaded, this, [this](const controller::Loaded& loaded) {
        const bool built_in = m_choice.model == builtIn;
        m_window->setModel(QString::fromStdString(loaded.model.name), QString::fromStdString(loaded.model.main_type),
                           built_in);
        m_window->setDevice(QString::fromStdString(loaded.device.name), loaded.device.type == "software");
        m_window->chat()->setModel(loaded.model, built_in);
        m_traces.setModel(ui::TraceShape::of(loaded.model));
        m_window->setSpeed(0, 0); // that of another model would stand beside this one's name
        m_answered = false;
        m_runs.setLoaded(m_choice);
        m_needles.setLoaded(m_choice);
        if (m_chosen == Chosen::ByUser) {
            m_settings.setLastModel(m_choice);
        } else {
            m_chosen = Chosen::AtStart; // if it is loaded again, that is no longer for last time's sake
        }
        m_session.modelChanged();
        m_window->chat()->setThinkingSwitch(loaded.hasThinkingSwitch());
        m_contextNotice = loaded.context.shortened ? contextSentence(loaded) : QString();
        m_templateNotice = templateSentence(loaded);
        showModelNotice();
        updateActivity();
        updateContext();
    });
    connect(&m_controller, &InferenceController::loadFailed, this, &Composition::loadFailed);
    connect(&m_controller, &InferenceController::interrupted, this, [this](qint64, const trace::Error& error) {
        m_window->showError(tr("%1 The model is being loaded again.").arg(sentence(error)));
    });
    connect(&m_controller, &InferenceController::prefillProgress, this,
            [this](qint64, const trace::PrefillProgress& progress) {
                m_reading = progress.done < progress.total;
                m_read = progress.done;
                m_window->setSpeed(0, readingSpeed(progress.done - progress.reused, progress.elapsed_ms));
                updateActivity();
                updateContext();
            });
    connect(&m_controller, &InferenceController::tokensArrived, this, [this](qint64, const controller::Pieces& pieces) {
        m_reading = !pieces.last().token->generated;
        updateActivity();
    });
    connect(&m_session.run(), &AnswerRun::ended, this, [this](const store::Message& answer) {
        const trace::StepTimings& timings = answer.timings;
        // The whole answer's, as its line says: a continued one was written in parts.
        const double decode = statsOf(timings, {}).tokens_per_second;
        const double prefill = readingSpeed(timings.prefill_tokens, timings.prefill_ms);
        if (decode > 0 || prefill > 0) { // one that failed at once has none
            m_window->setSpeed(decode, prefill);
        }
        updateContext();
    });
    connect(&m_controller, &InferenceController::devicesListed, this,
            [this](const QList<trace::DeviceInfo>& devices) { m_devices = devices; });
    connect(&m_controller, &InferenceController::troubled, this,
            [this](const trace::Error& error) { m_window->showError(sentence(error)); });
}

void Composition::connectWindow() {
    connect(m_window.get(), &ui::MainWindow::layoutChanged, this, [this] {
        applyLayout();
        m_settings.setWindow(m_window->state());
    });
    connect(m_window.get(), &ui::MainWindow::themeRequested, this, [this](ui::Scheme scheme) {
        m_settings.setTheme(scheme == ui::Scheme::Dark ? ui::ThemeChoice::Dark : ui::ThemeChoice::Light);
        applyTheme();
    });
    connect(m_window.get(), &ui::MainWindow::settingsRequested, this,
            [this] { openSettings(ui::SettingsPage::Appearance); });
    connect(m_window.get(), &ui::MainWindow::deviceSettingsRequested, this,
            [this] { openSettings(ui::SettingsPage::Device); });
    connect(m_window.get(), &ui::MainWindow::aboutRequested, this, &Composition::openAbout);
    connect(m_window.get(), &ui::MainWindow::closing, this, [this] {
        m_settings.setWindow(m_window->state());
        m_session.setDraft(m_window->chat()->draft());
        m_runs.abandon();
        m_session.shutDown();
    });
}

// --- what follows from several of them ---

void Composition::applyTheme() {
    const Settings::Values& values = m_settings.values();
    const ui::Scheme scheme = values.theme == ui::ThemeChoice::Dark    ? ui::Scheme::Dark
                              : values.theme == ui::ThemeChoice::Light ? ui::Scheme::Light
                                                                       : ui::systemScheme();
    ui::setTheme(*qApp, ui::Theme(scheme, values.font_percent / 100.0));
}

void Composition::applyLayout() { updateTokens(); }

QString Composition::readyText() const {
    const auto& loaded = m_controller.loaded();
    return loaded ? tr("Ready, loaded in %1 s").arg(loaded->load_ms / 1000, 0, 'f', 1) : tr("Ready");
}

void Composition::updateActivity() {
    switch (m_controller.state()) {
    case State::Empty: m_window->setActivity(ui::Activity::Empty, tr("No model")); break;
    case State::Loading: m_window->setActivity(ui::Activity::Loading, tr("Loading")); break;
    case State::Ready:
        m_reading = false;
        if (const auto& grid = m_comparison.grid(); m_needles.isRunning() && grid && grid->running) {
            m_window->setActivity(
                ui::Activity::Answering,
                tr("Running batch, %1 of %2").arg(ui::groupedText(grid->done), ui::groupedText(grid->all)));
            break;
        }
        m_window->setActivity(ui::Activity::Idle, m_answered ? tr("Ready") : readyText());
        break;
    case State::Generating:
        m_answered = true;
        m_window->setActivity(m_reading ? ui::Activity::Reading : ui::Activity::Answering,
                              m_reading ? tr("Reading") : tr("Answering"));
        break;
    }
}

void Composition::showModelNotice() {
    QStringList sentences{m_insteadNotice, m_contextNotice, m_templateNotice};
    sentences.removeAll(QString());
    m_window->chat()->setModelNotice(sentences.join(u' '), !m_insteadNotice.isEmpty());
}

void Composition::forgetModel() {
    m_window->setModel({}, {}, false);
    m_window->chat()->forgetModel();
    m_window->chat()->setThinkingSwitch(false);
    m_insteadNotice.clear();
    m_contextNotice.clear();
    m_templateNotice.clear();
    showModelNotice();
}

void Composition::openSettings(ui::SettingsPage page) {
    const Settings::Values& values = m_settings.values();
    ui::SettingsView view;
    view.theme = values.theme;
    view.font_percent = values.font_percent;
    view.devices = m_devices;
    view.chosen_device = values.device;
    view.sampling = m_session.samplingDefaults();
    view.sampling_of_model = m_session.samplingOfModel();
    view.data_folder = m_dataFolder;
    view.states = {values.states_budget > 0,
                   values.states_budget > 0 ? values.states_budget : ui::KvStatesView::kDefaultBudget, m_states.bytes(),
                   m_states.conversations()};
    m_dialog = new ui::SettingsDialog(view, m_window.get());
    m_dialog->setAttribute(Qt::WA_DeleteOnClose);
    m_dialog->setPage(page);
    connect(m_dialog, &ui::SettingsDialog::themeChosen, this, [this](ui::ThemeChoice choice) {
        m_settings.setTheme(choice);
        applyTheme();
    });
    connect(m_dialog, &ui::SettingsDialog::fontPercentChosen, this, [this](int percent) {
        m_settings.setFontPercent(percent);
        applyTheme();
    });
    connect(m_dialog, &ui::SettingsDialog::deviceChosen, this, &Composition::chooseDevice);
    connect(m_dialog, &ui::SettingsDialog::samplingDefaultsChanged, this,
            [this, own = view.sampling_of_model](const ui::SamplingView& sampling) {
                m_settings.setSamplingDefaults(chosenOf(sampling, own, m_settings.values().sampling),
                                               sampling.system_prompt);
                m_session.refresh();
            });
    connect(m_dialog, &ui::SettingsDialog::statesBudgetChosen, this, [this](quint64 budget) {
        m_settings.setStatesBudget(budget);
        m_states.setBudget(budget);
    });
    connect(m_dialog, &ui::SettingsDialog::statesClearRequested, &m_states, &StateKeeper::clear);
    connect(&m_states, &StateKeeper::useChanged, m_dialog, &ui::SettingsDialog::setStatesUse);
    connect(m_dialog, &ui::SettingsDialog::openDataFolderRequested, this,
            [this] { QDesktopServices::openUrl(QUrl::fromLocalFile(m_dataFolder)); });
    m_dialog->open();
}

void Composition::openAbout() {
    auto* about = new ui::AboutDialog(QStringLiteral(MOESCOPE_VERSION), readNotices(), m_window.get());
    about->setAttribute(Qt::WA_DeleteOnClose);
    about->open();
}

} // namespace moescope::gui
