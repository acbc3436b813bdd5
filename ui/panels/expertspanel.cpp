// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/expertspanel.h"

#include "ui/panels/chartpaint.h"
#include "ui/panels/scopebox.h"
#include "ui/widgets/compactbox.h"
#include "ui/widgets/segmentedcontrol.h"

#include <QAction>
#include <QMenu>

namespace moescope::ui {

ExpertsPanel::ExpertsPanel(TraceModel* trace, Selection* selection, QWidget* parent)
    : PanelFrame(QStringLiteral("experts"), QStringLiteral("heatmap"), tr("Experts"), {420, 260}, parent) {
    bind(trace, selection);
    m_map = new ExpertsChart(trace, selection, this);
    m_rows = new ExpertsTable(trace, this);
    m_scope = new ScopeBox({Scope::Token, Scope::Window, Scope::Answer, Scope::Chat}, this);
    m_baseline = new CompactBox(this);
    m_baseline->setAccessibleName(tr("Measured against"));
    m_baseline->setMostCharacters(10);
    m_mode = new SegmentedControl(tr("Colour of the map"), {tr("Deviation"), tr("Count"), tr("Gate mass")}, this);
    m_mode->setSmall(true);
    addControl(m_scope);
    addControl(m_mode);
    addOptionalControl(m_baseline);
    connect(m_scope, &ScopeBox::scopeChanged, this, &ExpertsPanel::setScope);
    connect(m_baseline, &CompactBox::activated, this, [this] { setBaseline(m_baseline->currentData().toLongLong()); });
    connect(m_mode, &SegmentedControl::currentIndexChanged, this,
            [this](int index) { setMode(static_cast<HeatmapMode>(index)); });
    offerRouting();
    setChart(m_map, m_rows);
}

void ExpertsPanel::setScope(Scope scope) {
    m_scope->setScope(scope);
    m_map->setScope(scope);
    refresh();
}

void ExpertsPanel::setMode(HeatmapMode mode) {
    m_mode->setCurrentIndex(int(mode));
    m_map->setMode(mode);
    fillBaselines();
}

void ExpertsPanel::setBaseline(qint64 run) {
    m_map->setBaseline(run);
    m_rows->setBaseline(run);
    fillBaselines();
}

void ExpertsPanel::fillBaselines() {
    const QList<qint64> runs = baselineRuns(*trace());
    if (m_map->baseline() >= 0 && !runs.contains(m_map->baseline())) {
        m_map->setBaseline(-1); // it is gone, or in view itself
        m_rows->setBaseline(-1);
    }
    QStringList words{tr("÷ uniform")};
    for (const qint64 run : runs) {
        QString begin;
        for (int token = 0; token < trace()->tokenCount(run) && begin.size() < 24; ++token) {
            begin += QString::fromStdString(trace()->token(run, token).text);
        }
        words.append(tr("÷ %1: %2").arg(baselineName(*trace(), run), begin.simplified()));
    }
    if (words != m_baselines) {
        m_baselines = words;
        m_baseline->clear();
        for (int i = 0; i < words.size(); ++i) {
            m_baseline->addItem(words.at(i), i == 0 ? -1 : runs.at(i - 1));
            m_baseline->setItemData(i, words.at(i), Qt::ToolTipRole);
        }
    }
    m_baseline->setCurrentIndex(std::max(0, m_baseline->findData(m_map->baseline())));
    m_baseline->setFont(theme().font(TextStyle::Small));
    m_baseline->setFixedHeight(scaledPx(24));
    setOptionalControlWanted(!runs.isEmpty() && mode() == HeatmapMode::Deviation);
}

void ExpertsPanel::addOwnActions(QMenu* menu) {
    if (m_baseline->count() < 2 || mode() != HeatmapMode::Deviation) {
        return;
    }
    QMenu* choices = menu->addMenu(tr("Measured against"));
    for (int i = 0; i < m_baseline->count(); ++i) {
        QAction* action = choices->addAction(QString(m_baselines.at(i)).replace(QLatin1Char('&'), QLatin1String("&&")));
        action->setCheckable(true);
        action->setChecked(i == m_baseline->currentIndex());
        connect(action, &QAction::triggered, this,
                [this, run = m_baseline->itemData(i).toLongLong()] { setBaseline(run); });
    }
}

void ExpertsPanel::refresh() {
    const TraceShape& shape = trace()->shape();
    m_rows->setScope(scope(), selection()->state().token);
    m_scope->applyTheme();
    fillBaselines();
    setInfo(shape.experts >= 32
                ? Readout{{tr("%1, %2 × %3, top-%4%5")
                               .arg(shape.model)
                               .arg(shape.layers)
                               .arg(shape.experts)
                               .arg(shape.used)
                               .arg(shape.shared > 0 ? QStringLiteral(" + %1").arg(shape.shared) : QString())}}
                : Readout());
    const auto [title, sentence] =
        missingToCount(*trace(), scope(),
                       shape.isValid() ? tr("Send a message and the %1 × %2 experts fill in while %3 answers.")
                                             .arg(shape.layers)
                                             .arg(shape.experts)
                                             .arg(shape.model)
                                       : tr("Load a model and send a message."));
    setEmpty(title, sentence);
}

int ExpertsPanel::selectedRow() const {
    const SelectionState& state = selection()->state();
    return state.layer >= 0 && state.expert >= 0 ? m_rows->rowOf(state.layer, state.expert) : -1;
}

void ExpertsPanel::selectRow(int row) {
    const int experts = trace()->shape().experts;
    if (experts > 0 && row != selectedRow()) {
        SelectionState next = selection()->state();
        next.layer = row / experts;
        next.expert = row % experts;
        selection()->setFollowing(false);
        selection()->set(next);
    }
}

} // namespace moescope::ui
