// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/comparepage.h"

#include "ui/panels/answerspanel.h"
#include "ui/panels/chartpaint.h"
#include "ui/panels/comparehead.h"
#include "ui/panels/comparepanels.h"
#include "ui/panels/needlepanel.h"
#include "ui/panels/runcard.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/filedialogs.h"

#include <QAction>
#include <QDockWidget>
#include <QHBoxLayout>
#include <QMouseEvent>
#include <QStackedWidget>
#include <QTimer>
#include <QVBoxLayout>

#include <utility>

namespace moescope::ui {

CompareDocks::CompareDocks(QWidget* parent) : QMainWindow(parent) {
    setWindowFlags(Qt::Widget); // QMainWindow makes itself a window of its own
    setDockOptions(AllowNestedDocks | AllowTabbedDocks);
    setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
    setCorner(Qt::TopRightCorner, Qt::RightDockWidgetArea);
    setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    setCorner(Qt::BottomLeftCorner, Qt::BottomDockWidgetArea);
    setContextMenuPolicy(Qt::NoContextMenu);
}

bool CompareDocks::event(QEvent* event) {
    // Only separators are the window's own; other presses come from children that had no use for them.
    if (event->type() == QEvent::MouseButtonPress) {
        m_pressed = childAt(static_cast<QMouseEvent*>(event)->position().toPoint()) == nullptr;
    } else if (event->type() == QEvent::MouseButtonRelease && m_pressed) {
        m_pressed = false;
        emit separatorMoved();
    }
    return QMainWindow::event(event);
}

ComparePage::ComparePage(Comparison* comparison, QWidget* parent) : QWidget(parent), m_comparison(comparison) {
    setAutoFillBackground(true);
    setAccessibleName(tr("Comparison"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_head = new CompareHead(comparison, this);
    column->addWidget(m_head);
    m_pages = new QStackedWidget(this);
    column->addWidget(m_pages, 1);
    m_empty = new EmptyState(tr("No comparison open"),
                             tr("“Compare with…” below a message asks its question of other prompts, lengths, models "
                                "or interventions. Comparisons are kept in the list of conversations."),
                             m_pages);
    m_empty->setAction(tr("New comparison…"), QStringLiteral("compare"));
    m_pages->addWidget(m_empty);
    m_docks = new CompareDocks(m_pages);
    m_pages->addWidget(m_docks);

    m_cardRow = new QWidget(m_docks);
    auto* cards = new QHBoxLayout(m_cardRow);
    cards->setContentsMargins(0, 4, 0, 0);
    cards->setSpacing(4);
    for (const Side side : {Side::A, Side::B}) {
        RunCard*& card = m_cards[static_cast<size_t>(side)];
        card = new RunCard(comparison, side, m_cardRow);
        cards->addWidget(card, 1);
    }
    m_cardRow->setFixedHeight(m_cards[0]->minimumSizeHint().height() + 4);
    m_docks->setCentralWidget(m_cardRow);
    m_note = new CompareNote(comparison, m_docks);
    m_noteDock = new QDockWidget(tr("What the comparison shows"), m_docks);
    m_noteDock->setObjectName(QStringLiteral("compare-note"));
    m_noteDock->setTitleBarWidget(new QWidget(m_noteDock));
    m_noteDock->setFeatures(QDockWidget::NoDockWidgetFeatures);
    m_noteDock->setWidget(m_note);

    m_answers = new AnswersPanel(comparison, m_docks);
    m_needle = new NeedlePanel(comparison, m_docks);
    m_all = new AllRunsPanel(comparison, m_docks);
    auto* speed = new SpeedPanel(comparison, m_docks);
    connect(speed, &SpeedPanel::measureAllRequested, this, &ComparePage::measureAllRequested);
    for (ComparePanel* panel : QList<ComparePanel*>{m_answers, new AgreementPanel(comparison, m_docks), m_all,
                                                    new DistancePanel(comparison, m_docks),
                                                    new MassPanel(comparison, m_docks), speed, m_needle}) {
        addPanel(panel);
    }
    connectParts();
    refresh();
}

void ComparePage::addPanel(ComparePanel* panel) {
    const QString id = panel->objectName();
    m_panels.insert(id, panel);
    m_order.append(id);
    panel->setMenuAmongTabs();
    m_docks->addDockWidget(Qt::BottomDockWidgetArea, panel);
    panel->hide();
    panel->toggleViewAction()->setIcon(theme().icon(panel->iconName()));
    connect(panel->toggleViewAction(), &QAction::triggered, this, [this, id, panel](bool shown) {
        markShown(id, shown);
        if (shown) {
            panel->raise();
            panel->focusTarget()->setFocus(Qt::OtherFocusReason);
        }
    });
    connect(panel->toggleViewAction(), &QAction::toggled, this,
            [this] { QTimer::singleShot(0, this, &ComparePage::decorate); });
    connect(panel, &PanelFrame::closed, this, [this, id] { markShown(id, false); });
    connect(panel, &QDockWidget::dockLocationChanged, this, &ComparePage::markChanged);
    connect(panel, &QDockWidget::topLevelChanged, this, &ComparePage::markChanged);
    connect(panel, &PanelFrame::messageRequested, this, &ComparePage::messageRequested);
    connect(panel, &ComparePanel::addRunRequested, this, &ComparePage::addRunRequested);
}

void ComparePage::connectParts() {
    connect(m_head, &CompareHead::addRunRequested, this, &ComparePage::addRunRequested);
    connect(m_head, &CompareHead::runAgainRequested, this, &ComparePage::runAgainRequested);
    connect(m_head, &CompareHead::csvRequested, this, &ComparePage::chooseCsv);
    connect(m_empty, &EmptyState::actionTriggered, this, &ComparePage::addRunRequested);
    connect(m_note, &CompareNote::openInInspectRequested, this, &ComparePage::openInInspectRequested);
    for (RunCard* card : m_cards) {
        connect(card, &RunCard::measureRequested, this, &ComparePage::measureRequested);
        connect(card, &RunCard::stopRequested, this, &ComparePage::stopRequested);
        connect(card, &RunCard::removeRequested, this, &ComparePage::removeRequested);
        connect(card, &RunCard::openInInspectRequested, this, &ComparePage::openInInspectRequested);
        connect(card, &RunCard::addRunRequested, this, &ComparePage::addRunRequested);
    }
    connect(m_needle, &NeedlePanel::startRequested, this, &ComparePage::gridStartRequested);
    connect(m_needle, &NeedlePanel::pauseRequested, this, &ComparePage::gridPauseRequested);
    connect(m_needle, &NeedlePanel::resumeRequested, this, &ComparePage::gridResumeRequested);
    connect(m_needle, &NeedlePanel::cellRequested, this, &ComparePage::gridCellRequested);
    connect(m_docks, &CompareDocks::separatorMoved, this, &ComparePage::markChanged);
    connect(m_comparison, &Comparison::opened, this, &ComparePage::refresh);
    connect(m_comparison, &Comparison::viewChanged, this, &ComparePage::refresh);
    connect(m_comparison, &Comparison::runsChanged, this, [this] {
        showWanted();
        if (std::exchange(m_rows, m_comparison->runs().size()) != m_rows) {
            followSize();
        }
    });
    connect(m_comparison, &Comparison::compared, this, [this] {
        selectSomething();
        showWanted();
    });
    connect(m_comparison, &Comparison::distancesChanged, this, &ComparePage::writeCsvNow);
}

PanelFrame* ComparePage::panel(const QString& id) const { return m_panels.value(id); }

QList<QAction*> ComparePage::panelActions() const {
    QList<QAction*> actions;
    for (const QString& id : m_order) {
        actions.append(m_panels[id]->toggleViewAction());
    }
    return actions;
}

QList<QWidget*> ComparePage::focusStops() const {
    if (!m_comparison->isOpen()) {
        return {m_empty->focusTarget()};
    }
    QList<QWidget*> stops{m_cards[0]};
    for (const QString& id : m_order) {
        PanelFrame* panel = m_panels[id];
        if (!panel->isHidden()) {
            stops << panel;
        }
    }
    return stops;
}

void ComparePage::focusFirst() {
    QWidget* first = m_comparison->isOpen() ? m_answers->isHidden() ? m_all->focusTarget() : m_answers->focusTarget()
                                            : m_empty->focusTarget();
    first->setFocus(Qt::OtherFocusReason);
}

void ComparePage::setLeastScale(double scale) {
    for (PanelFrame* panel : std::as_const(m_panels)) {
        panel->setLeastScale(scale);
    }
}

void ComparePage::refresh() {
    m_pages->setCurrentWidget(m_comparison->isOpen() ? static_cast<QWidget*>(m_docks) : m_empty);
    showWanted();
    followSize();
    QTimer::singleShot(0, this, &ComparePage::followSize); // once the docks have the size of the page
}

void ComparePage::selectSomething() {
    if (isVisible() && m_comparison->place().isEmpty()) {
        m_comparison->selectParting();
    }
}

void ComparePage::chooseCsv() {
    askForFileToWrite(this, tr("Save all runs"), tr("CSV (*.csv)"), QStringLiteral("comparison.csv"),
                      [this](const QString& path) { saveCsvTo(path); });
}

void ComparePage::saveCsvTo(const QString& path) {
    m_csvPath = path;
    m_comparison->wantDistances();
    writeCsvNow();
}

void ComparePage::writeCsvNow() {
    if (m_csvPath.isEmpty()) {
        return;
    }
    for (int run = 0; run < m_comparison->runs().size(); ++run) {
        if (m_comparison->isDistancePending(run)) {
            return;
        }
    }
    const QString path = std::exchange(m_csvPath, QString());
    AllRunsTable table(m_comparison);
    table.refresh();
    const QString error = writeTable(table, path);
    emit messageRequested(error.isEmpty() ? tr("The runs were written to “%1”.").arg(path) : error);
}

void ComparePage::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    followSize();
    selectSomething();
}

void ComparePage::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    followSize();
}

void ComparePage::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_docks != nullptr) {
        m_cardRow->setFixedHeight(m_cards[0]->minimumSizeHint().height() + 4);
        QTimer::singleShot(0, this, [this] {
            decorate();
            followSize();
        });
    }
}

} // namespace moescope::ui
