// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/mainwindow.h"

#include "ui/mainwindow/filedrop.h"
#include "ui/mainwindow/filterline.h"
#include "ui/mainwindow/glossary.h"
#include "ui/mainwindow/keyboardhelp.h"
#include "ui/mainwindow/windowactions.h"
#include "ui/mainwindow/windowtoolbar.h"
#include "ui/panels/capturepanel.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/comparepage.h"
#include "ui/panels/conversationspanel.h"
#include "ui/panels/modellibrarypanel.h"
#include "ui/panels/transcript.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/toast.h"

#include <QAbstractButton>
#include <QAction>
#include <QCloseEvent>
#include <QDockWidget>
#include <QGuiApplication>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMenu>
#include <QMenuBar>
#include <QScreen>
#include <QStackedWidget>
#include <QStatusBar>
#include <QVBoxLayout>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kToastTime = 4000; ///< ms, at least
constexpr int kReadingTime = 60; ///< ms a character, so that a long sentence can be read
constexpr int kToastMargin = 16; ///< px at both sides, at least
constexpr int kToastGap = 6;     ///< px above the composer
constexpr QSize kFirst{1440, 900};

QByteArray keptShown(const QHash<QString, bool>& shown) {
    QJsonObject kept;
    for (auto each = shown.begin(); each != shown.end(); ++each) {
        kept.insert(each.key(), each.value());
    }
    return shown.isEmpty() ? QByteArray() : QJsonDocument(kept).toJson(QJsonDocument::Compact);
}

} // namespace

MainWindow::MainWindow(QWidget* parent) : QMainWindow(parent) {
    setWindowTitle(tr("Moescope"));
    setMinimumSize(kLeastWindow);
    setDockOptions(AllowNestedDocks | AllowTabbedDocks);
    setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
    setCorner(Qt::BottomLeftCorner, Qt::BottomDockWidgetArea);
    setCorner(Qt::BottomRightCorner, Qt::BottomDockWidgetArea);

    m_actions = new WindowActions(this);
    m_actions->fill(menuBar());
    m_toolbar = new WindowToolBar(m_actions, this);
    addToolBar(Qt::TopToolBarArea, m_toolbar);

    m_chat = new ChatPanel;
    m_pages = new QStackedWidget;
    m_pages->addWidget(m_chat);
    m_library = new ModelLibraryPanel;
    m_pages->addWidget(m_library);
    m_capture = new CapturePanel;
    m_pages->addWidget(m_capture);
    m_error = new Banner(Banner::Kind::Error);
    m_error->setClosable(true);
    m_errorRow = new QWidget;
    m_errorRow->setAutoFillBackground(true);
    m_errorRow->setBackgroundRole(QPalette::Base);
    auto* errorRow = new QVBoxLayout(m_errorRow);
    errorRow->setContentsMargins(12, 8, 12, 8);
    errorRow->addWidget(m_error);
    m_errorRow->hide();
    m_central = new QWidget;
    auto* column = new QVBoxLayout(m_central);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_errorRow);
    column->addWidget(m_pages, 1);
    m_central->setMinimumSize(300, 320);
    setCentralWidget(m_central);

    m_conversations = new ConversationsPanel;
    m_sidebar = new QDockWidget(tr("Conversations"), this);
    m_sidebar->setObjectName(QStringLiteral("conversations"));
    m_sidebar->setTitleBarWidget(new QWidget(m_sidebar));
    m_sidebar->setFeatures(QDockWidget::DockWidgetClosable);
    m_sidebar->setAllowedAreas(Qt::LeftDockWidgetArea | Qt::RightDockWidgetArea);
    m_conversations->setMinimumWidth(200);
    m_sidebar->setWidget(m_conversations);
    addDockWidget(Qt::LeftDockWidgetArea, m_sidebar);

    m_status = new StatusLine;
    auto* area = new StatusArea(this);
    area->addWidget(m_status, 1);
    setStatusBar(area);

    m_toast = new Toast(this);
    m_toast->hide();

    connectActions();
    connectStatus();
    connectLibrary();
    connectCapture();
    connect(m_chat, &ChatPanel::actionsChanged, this, &MainWindow::updateActions);
    connect(m_chat, &ChatPanel::titleChanged, this, [this](const QString& title) {
        m_title = title;
        refreshTitle();
    });
    connect(m_conversations, &ConversationsPanel::left, m_chat, &ChatPanel::focusComposer);
    connect(m_conversations, &ConversationsPanel::draftActivated, m_chat, &ChatPanel::focusComposer);
    connect(m_conversations, &ConversationsPanel::typed, m_chat, &ChatPanel::typeText);
    connect(m_error, &Banner::closed, this, [this] {
        m_errorRow->hide();
        emit errorDismissed();
    });
    connect(m_toast, &Toast::actionTriggered, this, &MainWindow::undoRequested);
    connect(m_chat, &ChatPanel::partsMoved, this, [this] {
        placeOverlays();
        update(rightSeparator());
    });
    updateActions();
    selectionChanged();
}

MainWindow::~MainWindow() {
    // QWidget's destructor hides the docks when the members here are gone.
    for (QDockWidget* dock : findChildren<QDockWidget*>()) {
        dock->disconnect(this);
        dock->toggleViewAction()->disconnect(this);
    }
}

void MainWindow::connectActions() {
    WindowActions* a = m_actions;
    connect(a->newChat, &QAction::triggered, this, [this] {
        leaveComparison();
        emit newChatRequested();
        m_conversations->clearSearch();
        m_chat->focusComposer();
    });
    connect(a->settings, &QAction::triggered, this, &MainWindow::settingsRequested);
    connect(a->quit, &QAction::triggered, this, &QWidget::close);
    connect(a->undo, &QAction::triggered, this, [this] {
        m_toast->dismiss();
        emit undoRequested();
    });
    connect(a->searchConversations, &QAction::triggered, this, [this] {
        setModelsShown(false);
        if (m_sidebar->isHidden()) {
            toggleSidebar();
        }
        m_conversations->focusSearch();
    });
    connect(a->filter, &QAction::triggered, this, [this] {
        setLayoutName(LayoutName::Inspect);
        m_toolbar->filter()->setFocus(Qt::ShortcutFocusReason);
        m_toolbar->filter()->selectAll();
    });
    connect(m_toolbar->filter(), &FilterLine::filterChosen, this, &MainWindow::filterChosen);
    connect(a->findInChat, &QAction::triggered, this, [this] {
        if (areModelsShown()) {
            m_library->focusSearch();
        } else {
            leaveComparison();
            m_chat->openFind();
        }
    });
    connect(a->rename, &QAction::triggered, this, [this] {
        setModelsShown(false);
        if (m_sidebar->isHidden()) {
            toggleSidebar();
        }
        m_conversations->renameCurrent();
    });
    connect(a->remove, &QAction::triggered, m_conversations, &ConversationsPanel::deleteCurrent);
    connect(a->layoutChat, &QAction::triggered, this, [this] { setLayoutName(LayoutName::Chat); });
    connect(a->layoutInspect, &QAction::triggered, this, [this] { setLayoutName(LayoutName::Inspect); });
    connect(a->layoutCompare, &QAction::triggered, this, [this] { setLayoutName(LayoutName::Compare); });
    connect(a->resetLayout, &QAction::triggered, this, &MainWindow::resetLayout);
    connect(a->sidebar, &QAction::triggered, this, &MainWindow::toggleSidebar);
    connect(a->nextPanel, &QAction::triggered, this, &MainWindow::focusNextPanel);
    connect(a->previousPanel, &QAction::triggered, this, &MainWindow::focusPreviousPanel);
    connect(a->light, &QAction::triggered, this, [this] { emit themeRequested(Scheme::Light); });
    connect(a->dark, &QAction::triggered, this, [this] { emit themeRequested(Scheme::Dark); });
    connect(a->stop, &QAction::triggered, m_chat, &ChatPanel::stop);
    connect(a->regenerate, &QAction::triggered, m_chat, &ChatPanel::regenerateLast);
    connect(a->editLast, &QAction::triggered, this, [this] {
        leaveComparison();
        m_chat->editLast();
    });
    connect(a->continueLast, &QAction::triggered, m_chat, &ChatPanel::continueLast);
    connect(a->addDocuments, &QAction::triggered, this, [this] {
        setModelsShown(false);
        emit addDocumentsRequested();
    });
    connect(a->sampling, &QAction::triggered, this, [this] {
        leaveComparison();
        m_chat->openSampling();
    });
    connect(a->whatIf, &QAction::triggered, this, [this] {
        leaveComparison();
        emit whatIfRequested();
    });
    connect(a->previousToken, &QAction::triggered, this, [this] { stepToken(-1); });
    connect(a->nextToken, &QAction::triggered, this, [this] { stepToken(1); });
    connect(a->previousLayer, &QAction::triggered, this, [this] { stepLayer(-1); });
    connect(a->nextLayer, &QAction::triggered, this, [this] { stepLayer(1); });
    connect(a->keyboard, &QAction::triggered, this, &MainWindow::showKeyboardHelp);
    connect(a->glossary, &QAction::triggered, this, &MainWindow::showGlossary);
    connect(a->about, &QAction::triggered, this, &MainWindow::aboutRequested);
    connect(m_toolbar, &WindowToolBar::layoutChosen, this, &MainWindow::setLayoutName);
    connect(m_toolbar, &WindowToolBar::themeToggled, this,
            [this] { emit themeRequested(theme().scheme() == Scheme::Dark ? Scheme::Light : Scheme::Dark); });
    connect(m_sidebar, &QDockWidget::visibilityChanged, this,
            [this] { m_actions->sidebar->setChecked(!m_sidebar->isHidden()); });
}

void MainWindow::connectStatus() {
    connect(m_status, &StatusLine::deviceClicked, this, &MainWindow::deviceSettingsRequested);
    const auto showCache = [this] { showPanel(QStringLiteral("kv-cache")); };
    connect(m_status, &StatusLine::kvClicked, this, showCache);
    connect(m_status, &StatusLine::contextClicked, this, showCache);
}

void MainWindow::updateActions() {
    const bool chat = !m_captureShown; // a capture is for reading
    m_actions->stop->setEnabled(m_chat->isAnswering());
    m_actions->regenerate->setEnabled(chat && m_chat->canRegenerate());
    m_actions->editLast->setEnabled(chat && m_chat->canEdit());
    m_actions->continueLast->setEnabled(chat && m_chat->canContinue());
    m_actions->addDocuments->setEnabled(chat);
    m_actions->sampling->setEnabled(chat);
    m_actions->findInChat->setEnabled((chat && m_chat->hasMessages()) || areModelsShown()); // there it searches them
    m_actions->saveCapture->setEnabled(chat && m_chat->hasAnswer());
    m_actions->exportRouting->setEnabled(m_captureShown || m_chat->hasAnswer());
    for (QAction* action : {m_actions->closeCapture, m_actions->addNote, m_actions->bookmark}) {
        action->setEnabled(m_captureShown);
    }
    const bool stored = chat && m_chat->conversation() != 0;
    m_actions->rename->setEnabled(stored);
    m_actions->remove->setEnabled(stored);
}

void MainWindow::setSelection(Selection* selection) {
    if (m_selection != nullptr) {
        m_selection->disconnect(this);
    }
    m_selection = selection;
    if (selection != nullptr) {
        connect(selection, &Selection::changed, this, &MainWindow::selectionChanged);
        connect(selection, &Selection::followingChanged, this, &MainWindow::selectionChanged);
        connect(selection, &Selection::historyChanged, this, &MainWindow::selectionChanged);
        connect(m_actions->back, &QAction::triggered, selection, &Selection::goBack, Qt::UniqueConnection);
        connect(m_actions->forward, &QAction::triggered, selection, &Selection::goForward, Qt::UniqueConnection);
        connect(m_actions->follow, &QAction::triggered, selection, &Selection::setFollowing, Qt::UniqueConnection);
    }
    selectionChanged();
}

void MainWindow::setSelectionLimits(int tokens, int layers) {
    m_tokens = tokens;
    m_layers = layers;
    selectionChanged();
}

void MainWindow::setFilter(const Filter& filter) { m_toolbar->filter()->setFilter(filter); }

void MainWindow::setFilterMatches(qint64 matching, qint64 all) { m_toolbar->filter()->setMatches(matching, all); }

void MainWindow::setAnswering(bool answering) {
    m_chat->setAnswering(answering);
    selectionChanged();
}

void MainWindow::setTokenText(const QString& text) {
    m_tokenText = text;
    selectionChanged();
}

void MainWindow::selectionChanged() {
    if (isComparisonShown()) {
        comparisonSelectionChanged();
        return;
    }
    m_toolbar->crumb()->setLead({});
    const SelectionState state = m_selection != nullptr ? m_selection->state() : SelectionState();
    const bool following = m_selection != nullptr && m_selection->isFollowing();
    WindowActions* a = m_actions;
    a->back->setEnabled(m_selection != nullptr && m_selection->canGoBack());
    a->forward->setEnabled(m_selection != nullptr && m_selection->canGoForward());
    a->follow->setEnabled(m_selection != nullptr);
    a->follow->setChecked(following);
    a->previousToken->setEnabled(m_selection != nullptr && m_tokens > 0 && state.token != 0);
    a->nextToken->setEnabled(m_selection != nullptr && state.token + 1 < m_tokens);
    a->previousLayer->setEnabled(m_selection != nullptr && m_layers > 0 && state.layer != 0);
    a->nextLayer->setEnabled(m_selection != nullptr && state.layer + 1 < m_layers);
    m_toolbar->crumb()->setSelection(state, following && m_chat->isAnswering(), m_tokenText);
}

void MainWindow::stepToken(int step) {
    if (isComparisonShown()) {
        stepInComparison(step, 0);
        return;
    }
    const int from = m_selection->state().token;
    const int to = from < 0 ? (step < 0 ? m_tokens - 1 : 0) : from + step;
    m_selection->setFollowing(false);
    m_selection->setToken(qBound(0, to, m_tokens - 1));
}

void MainWindow::stepLayer(int step) {
    if (isComparisonShown()) {
        stepInComparison(0, step);
        return;
    }
    const int from = m_selection->state().layer;
    const int to = from < 0 ? (step < 0 ? m_layers - 1 : 0) : from + step;
    m_selection->setLayer(qBound(0, to, m_layers - 1));
}

void MainWindow::setModel(const QString& name, const QString& type, bool builtIn) {
    m_toolbar->setModel(name, type, builtIn);
    m_actions->unloadModel->setEnabled(!name.isEmpty());
    m_status->setModel(name, type);
}

void MainWindow::setActivity(Activity activity, const QString& words) { m_status->setActivity(activity, words); }

void MainWindow::setDevice(const QString& name, bool software) { m_status->setDevice(name, software); }

void MainWindow::setSpeed(double decode, double prefill) { m_status->setSpeed(decode, prefill); }

void MainWindow::setKv(quint64 usedBytes, quint64 reservedBytes) { m_status->setKv(usedBytes, reservedBytes); }

void MainWindow::setContext(int usedTokens, int limitTokens) { m_status->setContext(usedTokens, limitTokens); }

void MainWindow::setUndoAvailable(bool available) { m_actions->undo->setEnabled(available); }

void MainWindow::showUndoToast(const QString& sentence) {
    setUndoAvailable(true);
    m_toast->showMessage(sentence, tr("Undo"));
    placeOverlays();
}

void MainWindow::showToast(const QString& sentence) {
    m_toast->showMessage(sentence, {}, std::max(kToastTime, kReadingTime * static_cast<int>(sentence.size())));
    placeOverlays();
}

void MainWindow::showError(const QString& sentence) {
    m_error->setText(sentence);
    m_errorRow->setVisible(!sentence.isEmpty());
}

void MainWindow::showKeyboardHelp() {
    auto* help = new KeyboardHelp(this);
    help->setAttribute(Qt::WA_DeleteOnClose);
    help->open();
}

void MainWindow::showGlossary() {
    auto* glossary = new Glossary(this);
    glossary->setAttribute(Qt::WA_DeleteOnClose);
    glossary->open();
}

void MainWindow::placeOverlays() {
    // Close above what stands below the transcript, so that the last line of text there stays free.
    const QWidget* below = areModelsShown()      ? m_library->dropArea()
                           : isComparisonShown() ? static_cast<QWidget*>(m_compare)
                                                 : m_chat;
    const int top = areModelsShown() ? 0 : isComparisonShown() ? m_compare->height() : m_chat->footTop();
    const QPoint foot = below->mapTo(this, QPoint(0, top));
    m_toast->fitWithin(qMin(Transcript::kColumn, below->width() - 2 * kToastMargin));
    QRect place(QPoint(foot.x() + (below->width() - m_toast->width()) / 2, 0), m_toast->size());
    place.moveBottom(foot.y() - kToastGap - 1);
    const QList<QRect> buttons = buttonsInView();
    const auto covered = [&] {
        return std::find_if(buttons.begin(), buttons.end(),
                            [&place](const QRect& button) { return button.intersects(place); });
    };
    for (auto button = covered(); button != buttons.end(); button = covered()) {
        place.moveBottom(button->top() - kToastGap - 1);
    }
    m_toast->move(place.topLeft());
    m_toast->raise();
}

QList<QRect> MainWindow::buttonsInView() const {
    QList<QRect> places;
    for (const QAbstractButton* button : m_pages->currentWidget()->findChildren<QAbstractButton*>()) {
        const QRect seen = button->visibleRegion().boundingRect();
        if (button->isVisible() && !seen.isEmpty()) {
            places.append(seen.translated(button->mapTo(this, QPoint(0, 0))));
        }
    }
    return places;
}

void MainWindow::restore(const WindowState& state) {
    m_memory[static_cast<int>(LayoutName::Chat)] = readMemory(state.chat);
    m_memory[static_cast<int>(LayoutName::Inspect)] = readMemory(state.inspect);
    restoreCompare(state.compare);
    m_layout = state.layout == LayoutName::Compare && m_compare == nullptr ? LayoutName::Chat : state.layout;
    m_restored = !state.geometry.isEmpty() && restoreGeometry(state.geometry);
    if (m_restored && !isMaximized() && !isFullScreen()) {
        keepOnScreen();
    } else if (!m_restored) {
        const QSize screen = this->screen()->availableGeometry().size();
        const QSize most = screen * 9 / 10;
        const bool fits = screen.width() >= kFirst.width() && screen.height() >= kFirst.height();
        resize((fits ? kFirst : most).expandedTo(kLeastWindow));
    }
    applyLayout();
}

MainWindow::LayoutMemory MainWindow::readMemory(const QByteArray& kept) {
    LayoutMemory memory;
    if (!kept.startsWith('{')) { // saveState() begins with another byte
        memory.state = kept;
        memory.changed = !kept.isEmpty();
        return memory;
    }
    const QJsonObject shown = QJsonDocument::fromJson(kept).object();
    for (auto each = shown.begin(); each != shown.end(); ++each) {
        memory.shown.insert(each.key(), each.value().toBool());
    }
    return memory;
}

void MainWindow::keepOnScreen() {
    // Qt leaves room for a title bar above a restored window, even where there is none, and pushes its foot out.
    const QScreen* at = QGuiApplication::screenAt(geometry().center());
    const QRect room = (at != nullptr ? at : screen())->availableGeometry();
    QRect place = geometry();
    place.setSize(place.size().boundedTo(room.size()).expandedTo(minimumSize()));
    place.moveLeft(qMax(room.left(), qMin(place.left(), room.right() + 1 - place.width())));
    place.moveTop(qMax(room.top(), qMin(place.top(), room.bottom() + 1 - place.height())));
    if (place != geometry()) {
        setGeometry(place);
    }
}

QByteArray MainWindow::docksOf(LayoutName name) const {
    const LayoutMemory& memory = m_memory[static_cast<int>(name)];
    if (!memory.changed) {
        return keptShown(memory.shown);
    }
    // On the page Models the docks are gone for a while.
    return name == m_layout && !areModelsShown() && !memory.squeezed ? saveState() : memory.state;
}

WindowState MainWindow::state() const {
    WindowState state;
    state.geometry = saveGeometry();
    state.layout = m_layout;
    state.chat = docksOf(LayoutName::Chat);
    state.inspect = docksOf(LayoutName::Inspect);
    state.compare = compareState();
    return state;
}

void MainWindow::closeEvent(QCloseEvent* event) {
    emit closing();
    QMainWindow::closeEvent(event);
}

} // namespace moescope::ui
