// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/needlepanel.h"

#include "ui/models/comparisontext.h"
#include "ui/theme/theme.h"
#include "ui/widgets/tabletwin.h"

#include <QMenu>
#include <QPushButton>

namespace moescope::ui {

NeedlePanel::NeedlePanel(Comparison* comparison, QWidget* parent)
    : ComparePanel(QStringLiteral("compare-needle"), QStringLiteral("needle"), tr("Needle grid"), {420, 200},
                   comparison, parent) {
    m_rows = new NeedleTable(comparison, this);
    m_chart = new NeedleChart(comparison, silent(), this);
    m_batch = new QPushButton(this);
    m_batch->setProperty("small", true);
    m_batch->setAccessibleName(tr("Pause or resume the needle grid"));
    addControl(m_batch);
    connect(m_batch, &QPushButton::clicked, this, [this] {
        if (this->comparison()->grid() && this->comparison()->grid()->running) {
            emit pauseRequested();
        } else {
            emit resumeRequested();
        }
    });
    connect(comparison, &Comparison::gridChanged, this, &NeedlePanel::update);
    disconnect(this, &PanelFrame::emptyActionTriggered, nullptr, nullptr); // the empty page begins a grid, not a run
    connect(this, &PanelFrame::emptyActionTriggered, this, &NeedlePanel::startRequested);
    connect(m_chart, &NeedleChart::cellOpened, this, &NeedlePanel::open);
    connect(twin(), &TableTwin::sourceRowActivated, this, &NeedlePanel::open);
    setChart(m_chart, m_rows);
}

void NeedlePanel::open(int cell) {
    const NeedleGridView& grid = *comparison()->grid();
    emit cellRequested(grid.lengths[size_t(cell / grid.rows())],
                       grid.depths.empty() ? 0 : grid.depths[size_t(cell % grid.rows())]);
}

void NeedlePanel::refresh() {
    m_rows->refresh();
    const std::optional<NeedleGridView>& grid = comparison()->grid();
    if (!grid || grid->cells.empty()) {
        m_batch->hide();
        setInfo({});
        setEmptyAction(comparison()->isOpen() ? tr("Start a grid…") : QString(), QStringLiteral("play"));
        setEmpty(tr("No needle grid yet"),
                 comparison()->isOpen()
                     ? tr("It asks for facts hidden at several depths of prompts of several lengths.")
                     : tr("A grid belongs to a comparison."));
        return;
    }
    setEmpty({}, {});
    const bool over = grid->done >= grid->all;
    m_batch->setVisible(!over);
    m_batch->setText(grid->running ? tr("Pause") : tr("Resume"));
    m_batch->setIcon(theme().icon(grid->running ? QStringLiteral("pause") : QStringLiteral("play")));
    int cells = 0;
    for (const NeedleGridView::Cell& cell : grid->cells) {
        cells += cell.n >= grid->cases || cell.failed ? 1 : 0;
    }
    Readout info{{tr("%1 of %2 cells").arg(cells).arg(grid->cells.size())}};
    if (!grid->error.isEmpty()) {
        info = {{grid->error, ReadoutSpan::Warn}};
    } else if (over) {
        info = {{tr("%1, %2 cells").arg(grid->kind).arg(grid->cells.size())}};
    } else if (grid->running && grid->left_s > 0) {
        info.first().text += QStringLiteral(" · ") + leftText(grid->left_s);
    } else if (!grid->running) {
        info.first().text += QStringLiteral(" · ") + tr("paused");
    }
    setInfo(info);
}

void NeedlePanel::selectRow(int row) {
    if (row != selectedRow()) {
        m_chart->setCurrent(row);
    }
}

void NeedlePanel::addOwnActions(QMenu* menu) {
    const bool some = comparison()->grid().has_value();
    QAction* start =
        menu->addAction(theme().icon(QStringLiteral("play")), some ? tr("Start another grid…") : tr("Start a grid…"));
    start->setEnabled(comparison()->isOpen() && !(some && comparison()->grid()->running));
    connect(start, &QAction::triggered, this, &NeedlePanel::startRequested);
    QAction* open = menu->addAction(tr("Open the cell as a run"));
    open->setEnabled(some && m_chart->current() >= 0);
    connect(open, &QAction::triggered, this, [this] { this->open(m_chart->current()); });
}

} // namespace moescope::ui
