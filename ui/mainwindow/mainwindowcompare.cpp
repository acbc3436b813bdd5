// SPDX-License-Identifier: Apache-2.0
// The part of MainWindow that shows the page Compare.
#include "ui/mainwindow/addrunsheet.h"
#include "ui/mainwindow/mainwindow.h"
#include "ui/mainwindow/needlesheet.h"
#include "ui/mainwindow/windowactions.h"
#include "ui/mainwindow/windowtoolbar.h"
#include "ui/models/comparisontext.h"
#include "ui/panels/comparepage.h"

#include <QAction>
#include <QDockWidget>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMenu>
#include <QStackedWidget>

namespace moescope::ui {

namespace {

const auto kWindow = QStringLiteral("window");
const auto kPage = QStringLiteral("page");

} // namespace

void MainWindow::setComparison(Comparison* comparison) {
    m_compare = new ComparePage(comparison);
    m_pages->addWidget(m_compare);
    for (QAction* action : m_compare->panelActions()) {
        m_actions->panelsMenu->addAction(action);
    }
    connect(m_compare, &ComparePage::messageRequested, this, &MainWindow::showToast);
    connect(m_compare, &ComparePage::addRunRequested, this, [this] { openRunSheet(); });
    connect(m_compare, &ComparePage::gridStartRequested, this, &MainWindow::openGridSheet);
    const auto changed = [this] {
        selectionChanged();
        refreshTitle();
    };
    connect(comparison, &Comparison::runsChanged, this, changed);
    connect(comparison, &Comparison::pairChanged, this, changed);
    connect(comparison, &Comparison::compared, this, changed);
    listPanels();
}

void MainWindow::setGridDefaults(const NeedleGridSettings& settings, int most) {
    m_gridDefaults = settings;
    m_gridMost = most;
}

AddRunSheet* MainWindow::runSheet(bool beside, const RunDraft& from) {
    const auto purpose = beside ? AddRunSheet::Purpose::AddRun : AddRunSheet::Purpose::NewComparison;
    auto* sheet = new AddRunSheet(purpose, from, m_modelChoices, this);
    sheet->setAttribute(Qt::WA_DeleteOnClose);
    sheet->setRecipe(m_draftRecipe);
    sheet->setCheck(m_draftCheck);
    connect(sheet, &AddRunSheet::drafted, this, beside ? &MainWindow::runsDrafted : &MainWindow::comparisonDrafted);
    return sheet;
}

void MainWindow::openComparisonSheet(const RunDraft& from) { runSheet(false, from)->open(); }

void MainWindow::openRunSheet(const QString& file) {
    const Comparison& comparison = *m_compare->comparison();
    const RunView* a = comparison.isOpen() ? comparison.side(Side::A) : nullptr;
    AddRunSheet* sheet = runSheet(comparison.isOpen(), a != nullptr ? a->draft : m_draftDefaults);
    sheet->offerCaptures();
    if (!file.isEmpty()) {
        sheet->setFile(file);
    }
    connect(sheet, &AddRunSheet::captureRequested, this, &MainWindow::captureRunRequested);
    sheet->open();
}

void MainWindow::openGridSheet() {
    auto* sheet = new NeedleSheet(m_gridDefaults, m_gridMost, this);
    sheet->setAttribute(Qt::WA_DeleteOnClose);
    connect(sheet, &NeedleSheet::chosen, this, &MainWindow::gridChosen);
    sheet->open();
}

bool MainWindow::isComparisonShown() const { return m_compare != nullptr && m_pages->currentWidget() == m_compare; }

QWidget* MainWindow::layoutPage() const {
    return m_layout == LayoutName::Compare && m_compare != nullptr ? static_cast<QWidget*>(m_compare) : chatPage();
}

void MainWindow::leaveComparison() {
    setModelsShown(false);
    if (m_layout == LayoutName::Compare) {
        setLayoutName(LayoutName::Chat);
    }
}

void MainWindow::listPanels() {
    const bool compare = m_layout == LayoutName::Compare;
    for (QDockWidget* panel : std::as_const(m_panels)) {
        panel->toggleViewAction()->setVisible(!compare);
    }
    if (m_compare != nullptr) {
        for (QAction* action : m_compare->panelActions()) {
            action->setVisible(compare);
        }
    }
}

void MainWindow::comparisonSelectionChanged() {
    const Comparison& comparison = *m_compare->comparison();
    const Comparison::Place place = comparison.place();
    const RunView* a = comparison.side(Side::A);
    const RunView* b = comparison.side(Side::B);
    const bool inB = b != nullptr && m_selection != nullptr && b->answer == m_selection->state().run;
    const RunView* run = inB ? b : a;
    const int tokens = run != nullptr && run->hasAnswer() ? run->trace->size() : 0;
    const int layers = run != nullptr && run->hasAnswer() ? run->trace->shape().layers : 0;
    const int token = inB ? place.b : place.a;
    WindowActions* actions = m_actions;
    actions->back->setEnabled(m_selection != nullptr && m_selection->canGoBack());
    actions->forward->setEnabled(m_selection != nullptr && m_selection->canGoForward());
    actions->follow->setEnabled(false);
    actions->previousToken->setEnabled(tokens > 0 && token != 0);
    actions->nextToken->setEnabled(token + 1 < tokens);
    actions->previousLayer->setEnabled(layers > 0 && place.layer != 0);
    actions->nextLayer->setEnabled(place.layer + 1 < layers);
    m_toolbar->crumb()->setLead(a != nullptr ? pairText(comparison) : QString());
    const SelectionState shown{run != nullptr ? run->answer : -1, token, place.layer, -1};
    m_toolbar->crumb()->setSelection(shown, false, {});
}

void MainWindow::stepInComparison(int tokens, int layers) {
    Comparison& comparison = *m_compare->comparison();
    const Comparison::Place place = comparison.place();
    const RunView* b = comparison.side(Side::B);
    const Side side = b != nullptr && b->answer == m_selection->state().run ? Side::B : Side::A;
    if (tokens != 0) {
        comparison.select(side, place.token(side) < 0 ? 0 : place.token(side) + tokens);
    } else {
        comparison.selectLayer(place.layer + layers);
    }
}

QByteArray MainWindow::compareState() const {
    const QByteArray docks = docksOf(LayoutName::Compare);
    const QByteArray page = m_compare != nullptr ? m_compare->layoutState() : QByteArray();
    if (docks.isEmpty() && page.isEmpty()) {
        return {};
    }
    return QJsonDocument(
               QJsonObject{{kWindow, QString::fromLatin1(docks.toBase64())}, {kPage, QString::fromUtf8(page)}})
        .toJson(QJsonDocument::Compact);
}

void MainWindow::restoreCompare(const QByteArray& kept) {
    const QJsonObject state = QJsonDocument::fromJson(kept).object();
    m_memory[static_cast<int>(LayoutName::Compare)] =
        readMemory(QByteArray::fromBase64(state.value(kWindow).toString().toLatin1()));
    if (m_compare != nullptr) {
        m_compare->restoreLayout(state.value(kPage).toString().toUtf8());
    }
}

} // namespace moescope::ui
