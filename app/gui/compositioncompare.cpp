// SPDX-License-Identifier: Apache-2.0
// The part of Composition that ties comparisons, needle grids and states of the KV cache to the window and to the engine.
#include "app/gui/composition.h"

#include "app/gui/capturesession.h"
#include "app/gui/filedialogs.h"
#include "app/gui/routingpanels.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/comparepage.h"
#include "ui/panels/conversationspanel.h"
#include "ui/panels/modellibrarypanel.h"

#include <QFileInfo>

#include <algorithm>

namespace moescope::gui {

using controller::InferenceController;

namespace {

constexpr int answerTokens = 64; ///< that a run may take unless its chat says otherwise
constexpr int leastLength = 64;  ///< tokens of a template that is offered

QString kvName(trace::KvType type) { return QString::fromLatin1(trace::kvTypeName(type)); }

/** Half of the context down to a power of two: what a template is offered with. */
int lengthFor(uint32_t context) {
    int length = leastLength;
    while (length * 4 <= static_cast<int>(std::min<uint32_t>(context, 1U << 20))) {
        length *= 2;
    }
    return length;
}

} // namespace

void Composition::connectCompare() {
    m_window->setComparison(&m_comparison);
    const auto complain = [this](const trace::Error& error) { m_window->showError(sentence(error)); };
    connect(&m_session, &ChatSession::sendingChanged, &m_runs, &ComparisonRuns::setHeld);
    connect(&m_runs, &ComparisonRuns::modelWanted, this, &Composition::loadForRun);
    connect(&m_runs, &ComparisonRuns::leftChanged, this, [this](int left) {
        m_session.setBusy(left == 0   ? QString()
                          : left == 1 ? tr("A run of a comparison is being made.")
                                      : tr("%1 runs of a comparison are being made.").arg(ui::groupedText(left)));
        if (left == 0) {
            loadAsBefore();
            followComparison();
        }
    });
    connect(&m_compare, &ComparisonSession::failed, this, complain);
    connect(&m_compare, &ComparisonSession::conversationsChanged, &m_book, &ConversationBook::refresh);
    connect(&m_compare, &ComparisonSession::opened, this,
            [this](qint64 conversation, const QString&, const QJsonObject& grid) {
                m_settings.setLastComparison(conversation);
                m_window->conversations()->setCurrent(conversation);
                m_needles.show(conversation, grid);
                followComparison();
            });
    connect(&m_compare, &ComparisonSession::closed, this, [this] {
        m_settings.setLastComparison(0);
        m_needles.show(0, {});
    });
    connect(&m_book, &ConversationBook::renamed, &m_compare, &ComparisonSession::conversationRenamed);
    connect(&m_book, &ConversationBook::removed, &m_compare, &ComparisonSession::conversationRemoved);
    connect(&m_book, &ConversationBook::conversationsListed, this, [this](const QList<ui::ConversationRow>& rows) {
        m_comparisons.clear();
        for (const ui::ConversationRow& row : rows) {
            if (row.kind == ui::ConversationKind::Comparison) {
                m_comparisons.insert(row.id);
            }
        }
    });
    connect(&m_comparison, &ui::Comparison::pairChanged, this, &Composition::followComparison);
    connect(m_window.get(), &ui::MainWindow::layoutChanged, this, [this](ui::LayoutName name) {
        const bool shown = m_session.conversation() == m_compare.conversation() && m_compare.conversation() != 0;
        if (name == ui::LayoutName::Chat && shown) { // back to the chat that a run took the place of
            const qint64 chat = m_settings.values().last_conversation;
            chat != 0 ? m_session.open(chat) : m_session.startNew();
        }
        followComparison();
    });
    connect(&m_session, &ChatSession::tracesLoaded, this, &Composition::loadOtherSide);
    connectComparePage();

    connect(&m_needles, &NeedleBatch::kept, &m_compare, &ComparisonSession::setGrid);
    connect(&m_needles, &NeedleBatch::failed, this, complain);
    connect(&m_needles, &NeedleBatch::caseReady, this, &Composition::runCase);
    connect(&m_comparison, &ui::Comparison::gridChanged, this, &Composition::updateActivity);
    connect(&m_book, &ConversationBook::removed, &m_needles, &NeedleBatch::conversationRemoved);
}

void Composition::connectComparePage() {
    ui::ComparePage* page = m_window->compare();
    connect(m_window->chat(), &ui::ChatPanel::compareWithRequested, this, &Composition::compareWith);
    connect(m_window.get(), &ui::MainWindow::comparisonDrafted, this, [this](const QList<ui::RunDraft>& drafts) {
        const ui::RunDraft& one = drafts.first();
        m_compare.create(!one.question.isEmpty() ? one.question
                         : !one.text.isEmpty()   ? one.text
                                                 : one.chat_title,
                         drafts);
        m_window->setLayoutName(ui::LayoutName::Compare);
    });
    connect(m_window.get(), &ui::MainWindow::runsDrafted, &m_compare, &ComparisonSession::addRuns);
    connect(m_window.get(), &ui::MainWindow::captureRunRequested, this, [this] {
        askForFileToRead(m_window.get(), tr("Add a capture to the comparison"),
                         tr("Captures (*.moescope);;All files (*)"),
                         [this](const QString& path) { addCaptures({path}); });
    });
    connect(m_window.get(), &ui::MainWindow::gridChosen, &m_needles, &NeedleBatch::start);
    m_window->setDraftCheck([this](const ui::RunDraft& draft) { return problemOf(draft); });
    connect(&m_whatIf, &ui::WhatIf::changed, this, [this] { m_window->setDraftRecipe(m_whatIf.recipe()); });
    connect(&m_controller, &InferenceController::modelLoaded, this, &Composition::offerDrafts);
    connect(&m_session, &ChatSession::samplingShown, this, &Composition::offerDrafts);
    connect(&m_shelf, &ModelShelf::modelsRead, this, &Composition::offerDrafts);
    connect(&m_shelf, &ModelShelf::modelsRetained, this, &Composition::offerDrafts);
    connect(page, &ui::ComparePage::runAgainRequested, &m_compare, [this] { m_compare.runAgain(0); });
    connect(page, &ui::ComparePage::measureRequested, &m_compare, &ComparisonSession::measure);
    connect(page, &ui::ComparePage::measureAllRequested, &m_compare, [this] {
        const QList<ui::RunView> runs = m_comparison.runs();
        for (const ui::RunView& run : runs) {
            m_compare.measure(run.id);
        }
    });
    connect(page, &ui::ComparePage::stopRequested, &m_compare, &ComparisonSession::stop);
    connect(page, &ui::ComparePage::removeRequested, &m_compare, &ComparisonSession::remove);
    connect(page, &ui::ComparePage::openInInspectRequested, this, [this](qint64 run) {
        if (const int index = m_comparison.indexOf(run); index >= 0 && m_comparison.runs().at(index).answer > 0) {
            m_session.openAgain(m_compare.conversation(), m_comparison.runs().at(index).answer);
            m_window->setLayoutName(ui::LayoutName::Inspect);
        }
    });
    connect(page, &ui::ComparePage::gridPauseRequested, &m_needles, &NeedleBatch::pause);
    connect(page, &ui::ComparePage::gridResumeRequested, &m_needles, &NeedleBatch::resume);
    connect(page, &ui::ComparePage::gridCellRequested, &m_needles, &NeedleBatch::openCell);
}

void Composition::openConversation(qint64 conversation, qint64 message) {
    if (m_comparisons.contains(conversation)) {
        m_compare.open(conversation);
        m_window->setLayoutName(ui::LayoutName::Compare);
        return;
    }
    if (m_window->layoutName() == ui::LayoutName::Compare) {
        m_window->setLayoutName(ui::LayoutName::Chat);
    }
    m_session.open(conversation, message);
}

// --- what a comparison shows in Inspect ---

void Composition::followComparison() {
    // A chat in view stays: it is Compare that shows runs, and Inspect beside it.
    if (m_window->layoutName() != ui::LayoutName::Compare && m_session.conversation() != m_compare.conversation()) {
        return;
    }
    const ui::RunView* run = m_comparison.side(ui::Side::A);
    const bool over = run != nullptr && run->answer > 0 && !run->isRunning() && run->phase != ui::RunPhase::Queued;
    if (!over || m_captures->isOpen() || m_session.run().isActive()) {
        return;
    }
    if (m_session.lastAnswer() == run->answer) {
        loadOtherSide(run->answer);
    } else {
        m_session.openAgain(m_compare.conversation(), run->answer);
    }
}

void Composition::loadOtherSide(qint64 answer) {
    const ui::RunView* a = m_comparison.side(ui::Side::A);
    const ui::RunView* b = m_comparison.side(ui::Side::B);
    if (a == nullptr || b == nullptr || a->answer != answer || b->answer <= 0 || m_traces.hasRun(b->answer)) {
        return;
    }
    m_store.run(
        this, [id = b->answer](store::Store& store) { return std::pair(store.message(id), store.traces(id)); },
        [this, answer](const std::pair<store::Message, store::StoredTraces>& other) {
            if (m_traces.hasRun(answer) && !m_captures->isOpen()) {
                m_traces.setVersion(other.first.id, m_session.shapeOf(other.first, other.second.tokens),
                                    generatedOf(other.second.tokens));
                updateFilter();
            }
        });
}

// --- runs ---

QList<ui::ModelChoice> Composition::modelChoices() const {
    QList<ui::ModelChoice> choices;
    const ui::ModelListModel* models = m_window->library()->models();
    for (int row = 0; row < models->rowCount(); ++row) {
        const ui::ModelRow& model = models->at(row);
        if (model.card.known && models->fit(row).canLoad()) {
            const QString path = QString::fromStdString(model.path());
            choices.append({model.built_in ? ModelChoice().model : path, ui::modelName(model.card),
                            QString::fromStdString(model.card.info.main_type).toUpper(),
                            model.built_in ? tr("built in") : QFileInfo(path).fileName()});
        }
    }
    const auto& loaded = m_controller.loaded();
    const bool listed = std::any_of(choices.begin(), choices.end(),
                                    [this](const ui::ModelChoice& choice) { return choice.key == m_choice.model; });
    if (loaded && !listed) {
        choices.prepend({m_choice.model, QString::fromStdString(loaded->model.name),
                         QString::fromStdString(loaded->model.main_type).toUpper(),
                         QFileInfo(m_choice.model).fileName()});
    }
    return choices;
}

ui::RunDraft Composition::newDraft() const {
    ui::RunDraft draft;
    draft.kind = ui::PromptKind::Template;
    draft.model = m_choice.model;
    draft.kv_type = kvName(m_choice.kv);
    draft.sampling = m_session.sampling();
    draft.sampling.temperature = 0; // what differs is the runs' doing, and not the sampler's
    draft.sampling.seed = draft.sampling.seed.value_or(42);
    draft.sampling.max_tokens = draft.sampling.max_tokens > 0 ? draft.sampling.max_tokens : answerTokens;
    if (const auto& loaded = m_controller.loaded()) {
        draft.model_name = QString::fromStdString(loaded->model.name);
        draft.length = lengthFor(loaded->context.tokens);
    }
    return draft;
}

QString Composition::problemOf(const ui::RunDraft& draft) const {
    const auto& loaded = m_controller.loaded();
    const bool known = loaded && draft.model == m_choice.model && draft.kind == ui::PromptKind::Template;
    if (!known || draft.length <= static_cast<int>(loaded->context.tokens)) {
        return {};
    }
    return tr("This run needs %1 tokens, and the context of “%2” holds %3.")
        .arg(ui::groupedText(draft.length), QString::fromStdString(loaded->model.name),
             ui::groupedText(loaded->context.tokens));
}

void Composition::offerDrafts() {
    m_window->setModelChoices(modelChoices());
    m_window->setDraftDefaults(newDraft());
    const auto& loaded = m_controller.loaded();
    const int most = loaded ? static_cast<int>(loaded->context.tokens) : 0;
    ui::NeedleGridSettings grid;
    grid.kind = QStringLiteral("single");
    grid.depths = {0, 25, 50, 75, 100};
    for (int eighth = 1; eighth <= 8 && most >= leastLength * 8; ++eighth) {
        grid.lengths.push_back(static_cast<uint32_t>(most / 8 * eighth));
    }
    m_window->setGridDefaults(grid, most);
}

void Composition::compareWith(qint64 message) {
    const store::Message* found = m_session.find(message);
    if (found != nullptr && found->role == store::Role::Assistant) {
        found = m_session.find(found->parent);
    }
    if (found == nullptr) {
        return;
    }
    ui::RunDraft draft = newDraft();
    draft.text = found->text;
    draft.question = found->text;
    draft.message = found->id;
    draft.chat_title = m_session.title();
    draft.kind = found->parent == 0 ? ui::PromptKind::Text : ui::PromptKind::Chat;
    m_window->openComparisonSheet(draft);
}

void Composition::runCase(const needle::NeedleCase& made, const needle::CaseId& which, const ModelChoice& model) {
    ui::RunDraft draft = newDraft();
    draft.model = model.model;
    draft.kv_type = kvName(model.kv);
    draft.length = static_cast<int>(which.length);
    draft.depth = static_cast<int>(which.depth);
    draft.passage = QString::fromStdString(made.passage);
    draft.question = QString::fromStdString(made.question);
    for (const std::string& word : made.expected) {
        draft.expected.append(QString::fromStdString(word));
    }
    // As the grid runs its cases.
    draft.needle_case = true;
    draft.sampling = {0, 0, 1, 0, 1, 0, static_cast<int>(made.answer_tokens), draft.sampling.thinking, {}};
    m_compare.addRun(draft, QString::fromStdString(made.text));
}

QList<QUrl> Composition::takeRuns(const QList<QUrl>& urls) {
    QList<QUrl> others;
    QStringList captures;
    for (const QUrl& url : urls) {
        if (url.isLocalFile() && exchange::isCaptureName(url.path())) {
            captures.append(url.toLocalFile());
        } else {
            others.append(url);
        }
    }
    if (!captures.isEmpty()) {
        addCaptures(captures);
    }
    return others;
}

void Composition::addCaptures(const QStringList& paths) {
    struct Read {
        QList<std::shared_ptr<const exchange::Capture>> captures;
        std::optional<trace::Error> error; ///< of the first that cannot be read
    };
    const auto readAll = [paths] {
        Read read;
        for (const QString& path : paths) {
            try {
                read.captures.append(std::make_shared<const exchange::Capture>(exchange::readCapture(path)));
            } catch (const trace::Error& error) {
                read.error = read.error.value_or(error);
            }
        }
        return read;
    };
    const auto complain = [this](const trace::Error& error) { m_window->showError(sentence(error)); };
    m_files.run(
        this, readAll,
        [this, complain](const Read& read) {
            if (!read.captures.isEmpty()) {
                m_compare.addCaptures(read.captures);
            }
            if (read.error) {
                complain(*read.error);
            }
        },
        complain);
}

// --- models of runs ---

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

void Composition::forgetRuns() {
    m_choiceBefore.reset();
    m_runs.stopAll();
    m_runs.setLoaded(std::nullopt);
    m_needles.setLoaded(std::nullopt);
}

// --- what outlives a comparison ---

void Composition::tidyGrids() {
    m_store.run(
        this,
        [](store::Store& store) {
            QSet<qint64> comparisons;
            for (const bool deleted : {false, true}) { // those can be restored
                for (const store::ConversationRow& row : store.conversations(deleted)) {
                    if (row.kind == store::ConversationKind::Comparison) {
                        comparisons.insert(row.id);
                    }
                }
            }
            return comparisons;
        },
        [this](const QSet<qint64>& comparisons) { m_needles.keepOnly(comparisons); });
}

void Composition::connectStates() {
    connect(&m_book, &ConversationBook::removed, &m_states, &StateKeeper::tidy);
    connect(&m_compare, &ComparisonSession::runRemoved, &m_states, &StateKeeper::tidy);
    const auto note = [this](qint64, const QString& sentence) {
        if (m_window != nullptr) {
            m_panels->setDiskNote(sentence);
        }
    };
    connect(&m_states, &StateKeeper::restored, this, note);
    connect(&m_states, &StateKeeper::noticeChanged, this, [note](qint64 answer, const QString& sentence) {
        if (!sentence.isEmpty()) { // what was restored is said until then
            note(answer, sentence);
        }
    });
}

} // namespace moescope::gui
