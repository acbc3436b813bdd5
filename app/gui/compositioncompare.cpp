// SPDX-License-Identifier: Apache-2.0
// The part of Composition that ties comparisons, and states of the KV cache, to the window and to the engine.
#include "app/gui/composition.h"

#include "ui/panels/conversationspanel.h"

namespace moescope::gui {

using controller::InferenceController;

void Composition::connectCompare() {
    connect(&m_runs, &ComparisonRuns::modelWanted, this, &Composition::loadForRun);
    connect(&m_runs, &ComparisonRuns::leftChanged, this, [this](int left) {
        m_session.setBusy(left == 0   ? QString()
                          : left == 1 ? tr("A run of a comparison is being made.")
                                      : tr("%1 runs of a comparison are being made.").arg(ui::groupedText(left)));
        if (left == 0) {
            loadAsBefore();
        }
    });
    const auto complain = [this](const trace::Error& error) { m_window->showError(sentence(error)); };
    connect(&m_compare, &ComparisonSession::failed, this, complain);
    connect(&m_compare, &ComparisonSession::conversationsChanged, &m_book, &ConversationBook::refresh);
    connect(&m_compare, &ComparisonSession::opened, m_window->conversations(),
            [list = m_window->conversations()](qint64 conversation) { list->setCurrent(conversation); });
    connect(
        &m_compare, &ComparisonSession::opened, &m_needles,
        [this](qint64 conversation, const QString&, const QJsonObject& grid) { m_needles.show(conversation, grid); });
    connect(&m_compare, &ComparisonSession::closed, &m_needles, [this] { m_needles.show(0, {}); });
    connect(&m_needles, &NeedleBatch::kept, &m_compare, &ComparisonSession::setGrid);
    connect(&m_needles, &NeedleBatch::failed, this, complain);
    connect(&m_needles, &NeedleBatch::caseReady, this, &Composition::runCase);
    connect(&m_book, &ConversationBook::removed, &m_needles, &NeedleBatch::conversationRemoved);
    connect(&m_book, &ConversationBook::renamed, &m_compare, &ComparisonSession::conversationRenamed);
    connect(&m_book, &ConversationBook::removed, &m_compare, &ComparisonSession::conversationRemoved);
}

void Composition::loadForRun(const ModelChoice& wanted) {
    if (!m_choiceBefore) {
        m_choiceBefore = m_choice;
    }
    m_choice = wanted;
    if (wanted.model == m_choiceBefore->model) {
        m_choice.context = m_choiceBefore->context;
    }
    m_chosen = Chosen::ForRun;
    m_insteadNotice.clear();
    loadModel();
}

void Composition::loadAsBefore() {
    const std::optional<ModelChoice> before = std::exchange(m_choiceBefore, std::nullopt);
    if (before && (*before != m_choice || !m_controller.loaded())) {
        m_choice = *before;
        m_chosen = Chosen::AtStart;
        loadModel();
    }
}

void Composition::runCase(const needle::NeedleCase& made, quint32 length, quint32 depth) {
    ui::RunDraft draft;
    draft.kind = ui::PromptKind::Template;
    draft.length = static_cast<int>(length);
    draft.depth = static_cast<int>(depth);
    draft.passage = QString::fromStdString(made.passage);
    draft.question = QString::fromStdString(made.question);
    for (const std::string& word : made.expected) {
        draft.expected.append(QString::fromStdString(word));
    }
    draft.model = m_choice.model;
    draft.model_name = QString::fromStdString(m_controller.loaded()->model.name);
    draft.kv_type = QString::fromLatin1(trace::kvTypeName(m_choice.kv));
    draft.sampling = {0, 0, 1, 0, 1, 0, static_cast<int>(made.answer_tokens), m_session.sampling().thinking, {}};
    m_compare.addRun(draft, QString::fromStdString(made.text));
}

void Composition::forgetRuns() {
    m_choiceBefore.reset();
    m_runs.stopAll();
    m_runs.setLoaded(std::nullopt);
}

void Composition::connectStates() {
    connect(&m_book, &ConversationBook::removed, &m_states, &StateKeeper::tidy);
    connect(&m_compare, &ComparisonSession::runRemoved, &m_states, &StateKeeper::tidy);
}

} // namespace moescope::gui
