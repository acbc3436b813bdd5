// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/routerpanel.h"

#include "ui/models/conversation.h"
#include "ui/widgets/segmentedcontrol.h"

namespace moescope::ui {

RouterPanel::RouterPanel(TraceModel* trace, Selection* selection, QWidget* parent)
    : PanelFrame(QStringLiteral("router"), QStringLiteral("router"), tr("Router"), {220, 200}, parent) {
    bind(trace, selection);
    m_uncertainty = new RouterUncertainty(trace, this);
    m_chart = new RouterChart(trace, selection, m_uncertainty, this);
    m_layers = new RouterLayersTable(m_uncertainty, this);
    m_times = new RouterTimeTable(trace, m_uncertainty, this);
    m_mode = new SegmentedControl(tr("Router by layer or over time"), {tr("Layer"), tr("Time")}, this);
    m_mode->setSmall(true);
    addControl(m_mode);
    connect(m_mode, &SegmentedControl::currentIndexChanged, this,
            [this](int index) { setMode(static_cast<RouterMode>(index)); });
    connect(this, &QDockWidget::visibilityChanged, this, &RouterPanel::probabilitiesWanted);
    setChart(m_chart, m_layers);
}

void RouterPanel::setMode(RouterMode mode) {
    m_mode->setCurrentIndex(int(mode));
    m_chart->setMode(mode);
    update();
    setTable(mode == RouterMode::Layers ? static_cast<TabularModel*>(m_layers) : m_times);
}

void RouterPanel::refresh() {
    const TraceShape& shape = trace()->shape();
    m_uncertainty->refresh();
    if (mode() == RouterMode::Layers) {
        m_layers->refresh();
    } else {
        m_times->refresh();
    }
    const int n = m_uncertainty->n();
    if (n >= RouterUncertainty::kLeast) {
        setEmpty({}, {});
    } else if (shape.isValid() && shape.isDense()) {
        setEmpty(tr("No router in this model"),
                 tr("%1 is dense: the same weights work on every token.").arg(shape.model));
    } else if (trace()->isReadingPrompt()) {
        setEmpty(tr("Reading the prompt"), tr("Quartiles are drawn from the fourth token of the answer on."));
    } else if (trace()->tokenCount() > 0 && n == 0) {
        setEmpty(tr("No routing recorded"), tr("This answer was kept without the choices of its routers."));
    } else if (n > 0) {
        setEmpty(tr("Fewer than 4 tokens"), tr("Quartiles of %1 say nothing. They are drawn from the fourth token on.")
                                                .arg(n == 1 ? tr("1 token") : tr("%1 tokens").arg(n)));
    } else if (trace()->current() >= 0 && !trace()->isLive()) {
        setEmpty(tr("No tokens"), tr("This answer has no tokens to count."));
    } else {
        setEmpty(tr("No answer yet"),
                 shape.isValid() ? tr("Send a message to see where the routers of %1 are unsure.").arg(shape.model)
                                 : tr("Load a model and send a message."));
    }
}

int RouterPanel::selectedRow() const {
    const SelectionState& state = selection()->state();
    return mode() == RouterMode::Layers ? state.layer : state.token;
}

void RouterPanel::selectRow(int row) {
    if (row == selectedRow()) {
        return;
    }
    if (mode() == RouterMode::Layers) {
        selection()->setLayer(row);
    } else {
        selection()->setFollowing(false);
        selection()->setToken(row);
    }
}

} // namespace moescope::ui
