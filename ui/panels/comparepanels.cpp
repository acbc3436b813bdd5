// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/comparepanels.h"

#include "ui/models/comparisontext.h"

#include <QMenu>

namespace moescope::ui {

AgreementPanel::AgreementPanel(Comparison* comparison, QWidget* parent)
    : ComparePanel(QStringLiteral("compare-agreement"), QStringLiteral("heatmap"), tr("Routing agreement"), {420, 200},
                   comparison, parent) {
    m_rows = new AgreementTable(comparison, this);
    m_chart = new AgreementChart(comparison, silent(), this);
    setChart(m_chart, m_rows);
}

void AgreementPanel::refresh() {
    m_rows->refresh();
    if (saysRoutingMissing()) {
        setInfo({});
        return;
    }
    setEmpty({}, {});
    const RunComparison& pair = *comparison()->pair();
    const bool approximate = pair.tokens.approximate || (pair.tokens.partner.empty() && pair.words.approximate);
    const QString model = tr("same model, top-%1 of %2").arg(pair.a->shape().used).arg(pair.a->shape().experts);
    setInfo({{approximate ? tr("%1, aligned approximately").arg(model) : model}});
}

int AgreementPanel::selectedRow() const {
    const Comparison::Place place = comparison()->place();
    return m_rows->rowOf(place.pair, place.layer);
}

void AgreementPanel::selectRow(int row) {
    if (row != selectedRow() && comparison()->pair() != nullptr) {
        comparison()->select(Side::A, comparison()->pair()->pairs[size_t(m_rows->pairOf(row))].a, m_rows->layerOf(row));
    }
}

DistancePanel::DistancePanel(Comparison* comparison, QWidget* parent)
    : ComparePanel(QStringLiteral("compare-distance"), QStringLiteral("router"), tr("Routing distance by layer"),
                   {420, 200}, comparison, parent) {
    m_rows = new DistanceTable(comparison, this);
    m_chart = new DistanceChart(comparison, silent(), this);
    setChart(m_chart, m_rows);
}

void DistancePanel::refresh() {
    m_rows->refresh();
    if (!saysRoutingMissing()) {
        setEmpty({}, {});
    }
}

int DistancePanel::selectedRow() const {
    const int layer = comparison()->place().layer;
    return layer < m_rows->rowCount() ? layer : -1;
}

MassPanel::MassPanel(Comparison* comparison, QWidget* parent)
    : ComparePanel(QStringLiteral("compare-mass"), QStringLiteral("target"), tr("Attention on the passage"), {420, 200},
                   comparison, parent) {
    m_rows = new MassTable(comparison, this);
    m_chart = new MassChart(comparison, silent(), this);
    setChart(m_chart, m_rows);
}

void MassPanel::refresh() {
    m_rows->refresh();
    if (m_rows->rowCount() > 0) {
        setEmpty({}, {});
        return;
    }
    if (saysRunsMissing()) {
        return;
    }
    const bool marked = !run(Side::A)->passage.isEmpty() || !run(Side::B)->passage.isEmpty();
    if (!marked) {
        setEmpty(tr("No marked passage"), tr("Runs of a template have one: Add run, prompt “Template”."));
    } else if (!run(Side::A)->hasAnswer() && !run(Side::B)->hasAnswer()) {
        saysPairMissing();
    } else {
        setEmpty(tr("Attention was not recorded"), tr("These runs were kept without it. Run again records it."));
    }
}

int MassPanel::firstBlock() const {
    const RunView* a = run(Side::A);
    return a != nullptr && a->hasAnswer() ? a->trace->shape().first_block : 0;
}

int MassPanel::selectedRow() const {
    const int layer = comparison()->place().layer;
    return layer >= 0 && layer + firstBlock() < m_rows->rowCount() ? layer + firstBlock() : -1;
}

void MassPanel::selectRow(int row) { comparison()->selectLayer(row - firstBlock()); }

SpeedPanel::SpeedPanel(Comparison* comparison, QWidget* parent)
    : ComparePanel(QStringLiteral("compare-speed"), QStringLiteral("gauge"), tr("Speed and memory"), {420, 200},
                   comparison, parent) {
    m_rows = new SpeedTable(comparison, this);
    m_chart = new SpeedChart(comparison, silent(), this);
    setChart(m_chart, m_rows);
}

void SpeedPanel::refresh() {
    m_rows->refresh();
    if (comparison()->runs().isEmpty()) {
        saysRunsMissing();
    } else {
        setEmpty({}, {});
    }
}

void SpeedPanel::addOwnActions(QMenu* menu) {
    QAction* measure = menu->addAction(theme().icon(QStringLiteral("gauge")), tr("Measure each run alone"));
    measure->setEnabled(!comparison()->runs().isEmpty());
    connect(measure, &QAction::triggered, this, &SpeedPanel::measureAllRequested);
}

AllRunsPanel::AllRunsPanel(Comparison* comparison, QWidget* parent)
    : ComparePanel(QStringLiteral("compare-all"), QStringLiteral("compare"), tr("All runs"), {420, 200}, comparison,
                   parent) {
    m_rows = new AllRunsTable(comparison, this);
    m_chart = new AllRunsChart(comparison, silent(), this);
    connect(comparison, &Comparison::distancesChanged, this, &AllRunsPanel::update);
    setChart(m_chart, m_rows);
}

void AllRunsPanel::refresh() {
    m_rows->refresh();
    if (!saysRunsMissing()) {
        setEmpty({}, {});
    }
}

} // namespace moescope::ui
