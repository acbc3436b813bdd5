// SPDX-License-Identifier: Apache-2.0
// The part of Composition that ties the what-if to charts, chat and answers.
#include "app/gui/composition.h"

#include "app/gui/capturesession.h"
#include "app/gui/routingpanels.h"
#include "app/gui/whatifview.h"
#include "ui/panels/capturepanel.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/panelframe.h"
#include "ui/panels/whatifbar.h"
#include "ui/panels/whatifpanel.h"

#include <QCoreApplication>
#include <QKeyEvent>

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
    const auto show = [this] {
        const bool capture = m_captures->isOpen();
        m_whatIf.setShown(capture ? m_captures->capture().answer().recipe.intervention
                                  : m_session.recipeOf(m_traces.current()),
                          m_traces.shape());
    };
    connect(&m_traces, &ui::TraceModel::currentChanged, this, show);
    connect(&m_selection, &ui::Selection::changed, this, [this, chat](const ui::SelectionState& state) {
        const bool some = state.layer >= 0 && state.expert >= 0 && m_whatIf.isAbout(m_traces.shape());
        chat->whatIfBar()->setSelected(some ? std::optional<trace::ExpertPlace>({static_cast<uint32_t>(state.layer),
                                                                                 static_cast<uint32_t>(state.expert)})
                                            : std::nullopt);
    });
    connect(m_panels, &RoutingPanels::biasRequested, chat->whatIfBar(), &ui::WhatIfBar::editBias);
    connect(m_window.get(), &ui::MainWindow::whatIfRequested, &m_whatIf, [this] { m_whatIf.setOpen(true); });
    auto* view = new WhatIfView(m_panels->whatIfDiff(), m_store, m_controller, m_session, m_traces, m_window.get());
    connect(view, &WhatIfView::failed, m_window.get(), &ui::MainWindow::showError);
    connect(chat, &ui::ChatPanel::rerunRequested, this, [this] {
        // The answer in view, which need not be the last one.
        const qint64 answer = m_traces.current() > 0 ? m_traces.current() : m_session.lastAnswer();
        beginVersion(answer, [&] {
            if (m_session.rerun(answer) && m_window->layoutName() == ui::LayoutName::Inspect) {
                m_window->showPanel(m_panels->whatIfDiff().objectName());
            }
        });
    });
    auto* experts = qobject_cast<ui::PanelFrame*>(m_window->panel(QStringLiteral("experts")));
    const auto press = [experts](int key, Qt::KeyboardModifiers modifiers) {
        QKeyEvent event(QEvent::KeyPress, key, modifiers);
        QCoreApplication::sendEvent(experts->chart(), &event);
    };
    connect(chat, &ui::ChatPanel::wordKeyPressed, this, press);
    connect(m_window->capture(), &ui::CapturePanel::wordKeyPressed, this, press);
    connect(m_panels->whatIfDiff().diff(), &ui::DiffChart::tokenWanted, this, [this](qint64 message, int token) {
        const qint64 shown = m_traces.current();
        m_wanted = {message, token};
        m_session.showVersion(shown, m_session.versionOf(message) - m_session.versionOf(shown));
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
