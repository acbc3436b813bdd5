// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/loadbalancepanel.h"

#include "ui/models/conversation.h"
#include "ui/widgets/segmentedcontrol.h"

namespace moescope::ui {

LoadBalancePanel::LoadBalancePanel(TraceModel* trace, Selection* selection, QWidget* parent)
    : PanelFrame(QStringLiteral("load-balance"), QStringLiteral("gauge"), tr("Load balance"), {380, 200}, parent) {
    bind(trace, selection);
    m_balance = new LoadBalance(trace, this);
    m_chart = new LoadChart(trace, selection, m_balance, this);
    m_rows = new LoadTable(m_balance, this);
    m_phase = new SegmentedControl(tr("Tokens of the answer or of its prompt"), {tr("Decode"), tr("Prefill")}, this);
    m_phase->setSmall(true);
    addControl(m_phase);
    connect(m_phase, &SegmentedControl::currentIndexChanged, this,
            [this](int index) { setPhase(static_cast<LoadPhase>(index)); });
    connect(trace, &TraceModel::promptChanged, this, &LoadBalancePanel::update);
    setChart(m_chart, m_rows);
}

void LoadBalancePanel::setPhase(LoadPhase phase) {
    m_phase->setCurrentIndex(int(phase));
    m_chart->setPhase(phase);
    update();
}

void LoadBalancePanel::refresh() {
    const TraceShape& shape = trace()->shape();
    m_balance->refresh();
    m_rows->refresh();
    const int warned = m_balance->warned(phase());
    setInfo(m_balance->n(phase()) == 0
                ? Readout()
                : Readout{{warned == 1 ? tr("1 layer with warnings") : tr("%1 layers with warnings").arg(warned)}});
    const bool prefill = phase() == LoadPhase::Prefill;
    if (m_balance->n(phase()) > 0) {
        setEmpty({}, {});
    } else if (shape.isValid() && shape.isDense()) {
        setEmpty(tr("No router in this model"),
                 tr("%1 is dense: the same weights work on every token.").arg(shape.model));
    } else if (trace()->isReadingPrompt()) {
        setEmpty(tr("Reading the prompt"), tr("The load of the experts is counted from the first token on."));
    } else if (prefill && (trace()->tokenCount() > 0 || trace()->isLive())) {
        setEmpty(tr("No prompt computed"),
                 tr("All tokens of the prompt were in the KV cache, or were kept without their routing."));
    } else if (trace()->tokenCount() > 0) {
        setEmpty(tr("No routing recorded"), tr("This answer was kept without the choices of its routers."));
    } else if (trace()->current() >= 0 && !trace()->isLive()) {
        setEmpty(tr("No tokens"), tr("This answer has no tokens to count."));
    } else {
        setEmpty(tr("No answer yet"),
                 shape.isValid()
                     ? tr("Send a message to see how the routers of %1 spread it over their experts.").arg(shape.model)
                     : tr("Load a model and send a message."));
    }
}

int LoadBalancePanel::selectedRow() const { return m_rows->rowOf(phase(), selection()->state().layer); }

void LoadBalancePanel::selectRow(int row) {
    if (row != selectedRow()) {
        setPhase(m_rows->phaseOf(row));
        selection()->setLayer(m_rows->layerOf(row));
    }
}

} // namespace moescope::ui
