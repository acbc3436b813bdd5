// SPDX-License-Identifier: Apache-2.0
#include "app/gui/routingpanels.h"

#include "ui/panels/expertspanel.h"
#include "ui/panels/kvcachepanel.h"
#include "ui/panels/tokenpathpanel.h"
#include "ui/panels/tokenstrippanel.h"

namespace moescope::gui {

RoutingPanels::RoutingPanels(ui::MainWindow& window, ui::TraceModel& traces, ui::Selection& selection)
    : QObject(&window) {
    auto* experts = new ui::ExpertsPanel(&traces, &selection, &window);
    auto* strip = new ui::TokenStripPanel(&traces, &selection, &window);
    auto* path = new ui::TokenPathPanel(&traces, &selection, &window);
    m_kvCache = new ui::KvCachePanel(&traces, &selection, &window);
    connect(path, &ui::TokenPathPanel::probabilitiesWanted, this, &RoutingPanels::probabilitiesWanted);
    for (ui::PanelFrame* panel : std::initializer_list<ui::PanelFrame*>{experts, strip, path, m_kvCache}) {
        window.addPanel(panel->objectName(), panel);
        connect(panel, &ui::PanelFrame::messageRequested, &window, &ui::MainWindow::showToast);
    }
}

void RoutingPanels::setKvCache(const ui::KvCacheState& state) { m_kvCache->setState(state); }

} // namespace moescope::gui
