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

RoutingPanels::RoutingPanels(ui::MainWindow& window, ui::TraceModel& traces, ui::StepTimelines& timelines,
                             ui::Selection& selection, ui::WhatIf& whatIf)
    : QObject(&window) {
    auto* experts = new ui::ExpertsPanel(&traces, &selection, &window);
    auto* strip = new ui::TokenStripPanel(&traces, &selection, &window);
    auto* path = new ui::TokenPathPanel(&traces, &selection, &window);
    auto* router = new ui::RouterPanel(&traces, &selection, &window);
    m_kvCache = new ui::KvCachePanel(&traces, &selection, &window);
    auto* load = new ui::LoadBalancePanel(&traces, &selection, &window);
    auto* pairs = new ui::PairsPanel(&traces, &selection, &window);
    auto* classes = new ui::ClassesPanel(&traces, &selection, &window);
    m_attention = new ui::AttentionPanel(&traces, &selection, &window);
    m_card = new ui::ExpertCardPanel(&traces, &selection, &window);
    m_ledger = new ui::LedgerPanel(&traces, &selection, &window);
    m_timeline = new ui::TimelinePanel(&traces, &timelines, &selection, &window);
    m_context = new ui::RibbonPanel(&traces, &selection, &window);
    auto* probabilities = new ui::ProbabilitiesPanel(&traces, &selection, &window);
    m_whatIf = new ui::WhatIfPanel(&traces, &selection, &window);
    auto* capacity = new ui::CapacityPanel(&traces, &selection, &window);
    connect(m_context, &ui::RibbonPanel::messageChosen, this, &RoutingPanels::messageChosen);
    connect(m_context, &QDockWidget::visibilityChanged, this, &RoutingPanels::contextSeen);
    connect(probabilities, &ui::ProbabilitiesPanel::branchRequested, this, &RoutingPanels::branchRequested);
    connect(path, &ui::TokenPathPanel::probabilitiesWanted, this, [this](bool wanted) { want(ByPath, wanted); });
    connect(router, &ui::RouterPanel::probabilitiesWanted, this, [this](bool wanted) { want(ByRouter, wanted); });
    connect(capacity, &ui::CapacityPanel::probabilitiesWanted, this, [this](bool wanted) { want(ByCapacity, wanted); });
    connect(m_timeline, &ui::TimelinePanel::timingWanted, this, &RoutingPanels::timingWanted);
    connect(m_timeline, &ui::TimelinePanel::recordRequested, this, &RoutingPanels::stepWanted);
    for (ui::PanelFrame* panel : std::initializer_list<ui::PanelFrame*>{
             experts, strip, path, router, m_kvCache, m_timeline, m_context, load, pairs, classes, m_card,
             probabilities, m_attention, m_whatIf, capacity, m_ledger}) {
        window.addPanel(panel->objectName(), panel);
        panel->setWhatIf(&whatIf);
        connect(panel, &ui::PanelFrame::biasRequested, this, &RoutingPanels::biasRequested);
        connect(panel, &ui::PanelFrame::messageRequested, &window, &ui::MainWindow::showToast);
        connect(panel->chart(), &ui::ChartView::cardRequested, &window,
                [&window, this] { window.showPanel(m_card->objectName()); });
    }
}

void RoutingPanels::setExpertWeights(const ui::ExpertWeights& weights) { m_card->setWeights(weights); }

void RoutingPanels::want(Wish by, bool wanted) {
    m_wanted = wanted ? m_wanted | by : m_wanted & ~by;
    emit probabilitiesWanted(m_wanted != 0);
}

void RoutingPanels::setKvCache(const ui::KvCacheState& state) {
    m_kvCache->setState(state);
    m_timeline->setModelLoaded(!state.isEmpty());
}

void RoutingPanels::setLedger(const ui::LedgerState& state) { m_ledger->setState(state); }

void RoutingPanels::setContext(const ui::ContextState& state) { m_context->setState(state); }

} // namespace moescope::gui
