// SPDX-License-Identifier: Apache-2.0
// The part of Composition that ties the what-if to charts, chat and answers.
#include "app/gui/composition.h"

#include "app/gui/routingpanels.h"
#include "app/gui/whatifview.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/whatifbar.h"
#include "ui/panels/whatifpanel.h"

namespace moescope::gui {

using controller::InferenceController;

void Composition::connectWhatIf() {
    ui::ChatPanel* chat = m_window->chat();
    chat->setWhatIf(&m_whatIf);
    connect(&m_controller, &InferenceController::modelLoaded, this,
            [this](const controller::Loaded& loaded) { m_whatIf.setModel(loaded.model); });
    connect(&m_controller, &InferenceController::stateChanged, this, [this](InferenceController::State state) {
        if (state == InferenceController::State::Empty) {
            m_whatIf.unsetModel();
        }
    });
    connect(&m_whatIf, &ui::WhatIf::changed, this, [this] { m_session.setRecipe(m_whatIf.recipe()); });
    const auto show = [this] { m_whatIf.setShown(m_session.recipeOf(m_traces.current())); };
    connect(&m_traces, &ui::TraceModel::currentChanged, this, show);
    connect(m_panels, &RoutingPanels::biasRequested, chat->whatIfBar(), &ui::WhatIfBar::editBias);
    connect(m_window.get(), &ui::MainWindow::whatIfRequested, &m_whatIf, [this] { m_whatIf.setOpen(true); });
    auto* view = new WhatIfView(m_panels->whatIfDiff(), m_store, m_controller, m_session, m_traces, m_window.get());
    connect(view, &WhatIfView::failed, m_window.get(), &ui::MainWindow::showError);
    connect(chat, &ui::ChatPanel::rerunRequested, this, [this] {
        // The answer in view, which need not be the last one.
        const qint64 shown = m_traces.current();
        if (m_session.rerun(shown > 0 ? shown : m_session.lastAnswer()) &&
            m_window->layoutName() == ui::LayoutName::Inspect) {
            m_window->showPanel(m_panels->whatIfDiff().objectName());
        }
    });
    connect(chat, &ui::ChatPanel::compareRequested, this, [this](qint64 message) {
        m_traces.setCurrent(message);
        m_selection.setRun(message);
        m_window->showPanel(m_panels->whatIfDiff().objectName());
    });
    connect(chat, &ui::ChatPanel::recipeRequested, this,
            [this](qint64 message) { m_whatIf.setRecipe(m_session.recipeOf(message)); });
}

} // namespace moescope::gui
