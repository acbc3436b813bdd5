// SPDX-License-Identifier: Apache-2.0
#include "app/gui/routingpanels.h"

#include "ui/panels/attentionpanel.h"
#include "ui/panels/capacitypanel.h"
#include "ui/panels/cardpanel.h"
#include "ui/panels/expertspanel.h"
#include "ui/panels/kvcachepanel.h"
#include "ui/panels/ledgerpanel.h"
#include "ui/panels/loadbalancepanel.h"
#include "ui/panels/matrixpanels.h"
#include "ui/panels/probabilitiespanel.h"
#include "ui/panels/ribbonpanel.h"
#include "ui/panels/routerpanel.h"
#include "ui/panels/timelinepanel.h"
#include "ui/panels/tokenpathpanel.h"
#include "ui/panels/tokenstrippanel.h"
#include "ui/panels/whatifpanel.h"

namespace moescope::gui {

template <typename Panel, typename... More>
Panel* RoutingPanels::add(More*... more) {
    auto* panel = new Panel(&m_traces, more..., &m_selection, &m_window);
    place(panel);
    return panel;
}

template <typename Panel>
void RoutingPanels::follow(Panel* panel, Wish by) {
    connect(panel, &Panel::probabilitiesWanted, this, [this, by](bool wanted) { want(by, wanted); });
}

RoutingPanels::RoutingPanels(ui::MainWindow& window, ui::TraceModel& traces, ui::StepTimelines& timelines,
                             ui::Selection& selection, ui::WhatIf& whatIf)
    : QObject(&window), m_window(window), m_traces(traces), m_selection(selection), m_whatIfModel(whatIf) {
    // In the order in which F6 and the menu go through them.
    add<ui::ExpertsPanel>();
    add<ui::TokenStripPanel>();
    follow(add<ui::TokenPathPanel>(), ByPath);
    follow(add<ui::RouterPanel>(), ByRouter);
    m_kvCache = add<ui::KvCachePanel>();
    m_timeline = add<ui::TimelinePanel>(&timelines);
    m_context = add<ui::RibbonPanel>();
    add<ui::LoadBalancePanel>();
    add<ui::PairsPanel>();
    add<ui::ClassesPanel>();
    m_card = add<ui::ExpertCardPanel>();
    connect(add<ui::ProbabilitiesPanel>(), &ui::ProbabilitiesPanel::branchRequested, this,
            &RoutingPanels::branchRequested);
    m_attention = add<ui::AttentionPanel>();
    m_whatIf = add<ui::WhatIfPanel>();
    follow(add<ui::CapacityPanel>(), ByCapacity);
    m_ledger = add<ui::LedgerPanel>();
    connect(m_context, &ui::RibbonPanel::messageChosen, this, &RoutingPanels::messageChosen);
    connect(m_context, &QDockWidget::visibilityChanged, this, &RoutingPanels::contextSeen);
    connect(m_timeline, &ui::TimelinePanel::timingWanted, this, &RoutingPanels::timingWanted);
    connect(m_timeline, &ui::TimelinePanel::recordRequested, this, &RoutingPanels::stepWanted);
}

void RoutingPanels::place(ui::PanelFrame* panel) {
    m_window.addPanel(panel->objectName(), panel);
    panel->setWhatIf(&m_whatIfModel);
    connect(panel, &ui::PanelFrame::biasRequested, this, &RoutingPanels::biasRequested);
    connect(panel, &ui::PanelFrame::routingExportRequested, this, &RoutingPanels::routingExportRequested);
    connect(panel, &ui::PanelFrame::messageRequested, &m_window, &ui::MainWindow::showToast);
    connect(panel->chart(), &ui::ChartView::cardRequested, &m_window,
            [this] { m_window.showPanel(m_card->objectName()); });
}

void RoutingPanels::setExpertWeights(const ui::ExpertWeights& weights) { m_card->setWeights(weights); }

void RoutingPanels::want(Wish by, bool wanted) {
    m_wanted = wanted ? m_wanted | by : m_wanted & ~by;
    emit probabilitiesWanted(m_wanted != 0);
}

void RoutingPanels::setDiskNote(const QString& sentence) { m_kvCache->setDiskNote(sentence); }
void RoutingPanels::setKvCache(const ui::KvCacheState& state) { m_kvCache->setState(state); }

void RoutingPanels::setModelLoaded(bool loaded) { m_timeline->setModelLoaded(loaded); }

void RoutingPanels::setCaptured(bool captured) { m_timeline->setCaptured(captured); }

void RoutingPanels::setLedger(const ui::LedgerState& state) { m_ledger->setState(state); }

void RoutingPanels::setContext(const ui::ContextState& state) { m_context->setState(state); }

} // namespace moescope::gui
