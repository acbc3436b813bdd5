// SPDX-License-Identifier: Apache-2.0
#include "app/gui/comparisonsession.h"

#include <QJsonArray>

#include <algorithm>

namespace moescope::gui {
namespace {

constexpr auto keyQuestion = "question";
constexpr auto keySides = "sides"; ///< ids of the runs A and B, as texts
constexpr auto keyAll = "all";
constexpr auto keyUnit = "unit";
constexpr auto keyGrid = "grid";

const store::Message* messageIn(const QList<store::Message>& messages, qint64 id) {
    const auto found = std::find_if(messages.begin(), messages.end(), [id](const auto& m) { return m.id == id; });
    return found == messages.end() ? nullptr : &*found;
}

} // namespace

ComparisonSession::ComparisonSession(store::StoreWorker& worker, ComparisonRuns& runs, ui::Comparison& view,
                                     QObject* parent)
    : QObject(parent), m_worker(worker), m_runs(runs), m_view(view) {
    connect(&runs, &ComparisonRuns::runChanged, this, [this](const StoredRun& run) {
        if (run.run.conversation == m_conversation.id) {
            put(run);
        }
        emit conversationsChanged();
    });
    connect(&runs, &ComparisonRuns::progressed, this, &ComparisonSession::progressed);
    connect(&runs, &ComparisonRuns::failed, this, &ComparisonSession::failed);
    connect(&view, &ui::Comparison::pairChanged, this, &ComparisonSession::keepView);
    connect(&view, &ui::Comparison::viewChanged, this, &ComparisonSession::keepView);
}

const StoredRun* ComparisonSession::find(qint64 run) const {
    const auto found =
        std::find_if(m_stored.begin(), m_stored.end(), [run](const auto& one) { return one.run.id == run; });
    return found == m_stored.end() ? nullptr : &*found;
}

/** A job of the store for the comparison in view; what it gives is dropped if another has come meanwhile. */
template <typename Job, typename Done>
void ComparisonSession::run(Job job, Done done) {
    const quint64 mine = m_request;
    m_worker.run(
        this, std::move(job),
        [this, mine, done = std::move(done)](const auto& result) {
            if (mine == m_request) {
                done(result);
            }
        },
        [this](const trace::Error& error) { emit failed(error); });
}

/** A job of the store whose result counts, whatever comparison is in view by then: `done(result, in_view)`. */
template <typename Job, typename Done>
void ComparisonSession::change(Job job, Done done) {
    const quint64 mine = m_request;
    m_worker.run(
        this, std::move(job),
        [this, mine, done = std::move(done)](const auto& result) { done(result, mine == m_request); },
        [this](const trace::Error& error) { emit failed(error); });
}

void ComparisonSession::open(qint64 conversation) {
    if (conversation == m_conversation.id) {
        return;
    }
    ++m_request;
    run(
        [conversation](store::Store& store) {
            return Opened{store.conversation(conversation), store.runs(conversation), store.messages(conversation)};
        },
        [this](const Opened& opened) { show(opened); });
}

void ComparisonSession::close() {
    if (m_conversation.id == 0) {
        return;
    }
    ++m_request;
    m_conversation = {};
    m_stored.clear();
    m_view.close();
    emit closed();
}

void ComparisonSession::show(const Opened& opened) {
    m_opening = true;
    m_conversation = opened.conversation;
    m_stored.clear();
    for (const store::Run& run : opened.runs) {
        StoredRun stored{run, {}, {}, nullptr};
        if (const store::Message* prompt = messageIn(opened.messages, run.prompt)) {
            stored.prompt = prompt->text;
        }
        if (const store::Message* answer = messageIn(opened.messages, run.answer)) {
            stored.answer = *answer;
            loadTrace(run.id, run.answer);
        }
        m_stored.append(stored);
    }
    const QJsonObject& kept = m_conversation.comparison;
    const QString question = kept.value(QLatin1String(keyQuestion)).toString(m_conversation.title);
    m_view.open(m_conversation.id, question);
    m_view.setShowsAll(kept.value(QLatin1String(keyAll)).toBool());
    m_view.setUnit(kept.value(QLatin1String(keyUnit)).toString() == QLatin1String("tokens")
                       ? ui::Comparison::Unit::Tokens
                       : ui::Comparison::Unit::Words);
    showRuns();
    const QJsonArray sides = kept.value(QLatin1String(keySides)).toArray();
    for (int i = 0; i < 2; ++i) {
        if (const qint64 run = sides.at(i).toString().toLongLong(); find(run) != nullptr) {
            m_view.choose(i == 0 ? ui::Side::A : ui::Side::B, run);
        }
    }
    m_opening = false;
    emit this->opened(m_conversation.id, m_conversation.title, kept.value(QLatin1String(keyGrid)).toObject());
}

void ComparisonSession::loadTrace(qint64 run, qint64 answer) {
    // The tokens of one run at a time: of 32k tokens and 64 layers they take 64 MB until they are compact.
    this->run([answer](store::Store& store) { return runTraceOf(store.traces(answer).tokens); },
              [this, run](const std::shared_ptr<const ui::RunTrace>& trace) {
                  if (const StoredRun* stored = find(run); stored != nullptr && stored->trace == nullptr) {
                      StoredRun filled = *stored;
                      filled.trace = trace;
                      put(filled);
                  }
              });
}

ui::RunView ComparisonSession::viewOf(const StoredRun& stored) const {
    ui::RunView view = gui::viewOf(stored, QDateTime::currentDateTime());
    if (m_runs.isQueued(stored.run.id) && view.phase != ui::RunPhase::Done) {
        // What it is doing is told as it goes on.
        const int index = m_view.indexOf(stored.run.id);
        view.phase =
            index >= 0 && m_view.runs().at(index).isRunning() ? m_view.runs().at(index).phase : ui::RunPhase::Queued;
    }
    if (view.phase == ui::RunPhase::Queued && !m_runs.isQueued(stored.run.id)) {
        view.phase = ui::RunPhase::Cancelled; // the program ended before it was made
    }
    ui::RunDraft first = view.draft;
    if (!m_stored.isEmpty() && m_stored.first().run.id != stored.run.id) {
        try {
            first = draftOf(m_stored.first().run.settings);
        } catch (const trace::Error&) {
            // Then it is called by what it is itself.
        }
    }
    view.title = ui::titleOf(view.draft, first);
    view.tokenizer_key = tokenizerOf(view);
    return view;
}

QString ComparisonSession::tokenizerOf(const ui::RunView& run) const {
    if (run.machine.isEmpty()) {
        return run.tokenizer_key;
    }
    for (const StoredRun& other : m_stored) {
        const RunResult result = resultOf(other.run.result);
        if (!result.tokenizer_key.isEmpty() && result.model_key == run.model_key) {
            return result.tokenizer_key;
        }
    }
    return run.model_key;
}

void ComparisonSession::put(const StoredRun& run) {
    const auto place =
        std::find_if(m_stored.begin(), m_stored.end(), [&run](const auto& one) { return one.run.id == run.run.id; });
    if (place == m_stored.end()) {
        return;
    }
    const std::shared_ptr<const ui::RunTrace> before = place->answer.id == run.answer.id ? place->trace : nullptr;
    const QString prompt = place->prompt;
    const store::Message answer = place->answer;
    *place = run;
    if (place->trace == nullptr) {
        place->trace = before;
    }
    if (place->prompt.isEmpty()) {
        place->prompt = prompt;
    }
    if (place->answer.id == 0 && run.run.answer == answer.id) {
        place->answer = answer;
    }
    m_view.setRun(viewOf(*place));
    for (const StoredRun& other : std::as_const(m_stored)) {
        if (isCaptured(other.run) && other.run.id != run.run.id) {
            m_view.setRun(viewOf(other));
        }
    }
    showFacts();
}

void ComparisonSession::progressed(qint64 run, ui::RunPhase phase, double done, double left, int tokens) {
    const int index = m_view.indexOf(run);
    if (index < 0) {
        return;
    }
    ui::RunView view = m_view.runs().at(index);
    view.phase = phase;
    view.progress = done;
    view.left_s = left;
    view.answer_tokens = tokens > 0 ? tokens : view.answer_tokens;
    m_view.setRun(view);
}

void ComparisonSession::showRuns() {
    QList<ui::RunView> views;
    for (const StoredRun& stored : std::as_const(m_stored)) {
        views.append(viewOf(stored));
    }
    m_view.setRuns(views);
    showFacts();
}

void ComparisonSession::showFacts() {
    QList<ui::RunDraft> drafts;
    int prefix = 0;
    for (const ui::RunView& run : m_view.runs()) {
        drafts.append(run.draft);
        // What the first one found was left by something else.
        if (run.reused_tokens > 0 && run.id != m_view.runs().first().id) {
            prefix = prefix == 0 ? run.reused_tokens : std::min(prefix, run.reused_tokens);
        }
    }
    const QString once = prefix == 0   ? QString()
                         : prefix == 1 ? tr("one prefix token computed once")
                                       : tr("%1 prefix tokens computed once").arg(ui::groupedText(prefix));
    m_view.setEqual(ui::equalFacts(drafts), once);
}

void ComparisonSession::keepView() {
    if (m_opening || m_conversation.id == 0 || m_view.id() != m_conversation.id) {
        return;
    }
    QJsonArray sides;
    for (const ui::Side side : {ui::Side::A, ui::Side::B}) {
        const ui::RunView* run = m_view.side(side);
        sides.append(run != nullptr ? QString::number(run->id) : QString());
    }
    QJsonObject kept = m_conversation.comparison;
    kept.insert(QLatin1String(keySides), sides);
    kept.insert(QLatin1String(keyAll), m_view.showsAll());
    kept.insert(QLatin1String(keyUnit),
                m_view.unit() == ui::Comparison::Unit::Tokens ? QStringLiteral("tokens") : QStringLiteral("words"));
    keep(kept);
}

void ComparisonSession::keep(const QJsonObject& comparison) {
    if (comparison != m_conversation.comparison) {
        m_conversation.comparison = comparison;
        m_worker.run(
            [id = m_conversation.id, comparison](store::Store& store) { store.setComparison(id, comparison); });
    }
}

void ComparisonSession::setGrid(const QJsonObject& grid) {
    QJsonObject kept = m_conversation.comparison;
    kept.insert(QLatin1String(keyGrid), grid);
    keep(kept);
}

void ComparisonSession::addRun(const ui::RunDraft& draft, const QString& prompt) {
    change(
        [id = m_conversation.id, draft, prompt](store::Store& store) {
            store::Run run = store.addRun(id, toJson(draft));
            run.prompt = store.addPrompt(id, 0, prompt).id;
            store.changeRun(run);
            return run;
        },
        [this, prompt](const store::Run& run, bool inView) {
            enqueue({{run, prompt, {}, nullptr}}, inView);
        });
}

/** They are made whatever is in view by now. */
void ComparisonSession::enqueue(const QList<StoredRun>& runs, bool inView) {
    for (const StoredRun& run : runs) {
        if (inView) {
            m_stored.append(run);
        }
        m_runs.enqueue(run.run);
    }
    if (inView) {
        showRuns();
    }
    emit conversationsChanged();
}

void ComparisonSession::create(const QString& question, const QList<ui::RunDraft>& drafts) {
    ++m_request;
    change(
        [question, drafts](store::Store& store) {
            Opened made;
            made.conversation = store.addComparison(question, {{QLatin1String(keyQuestion), question}});
            for (const ui::RunDraft& draft : drafts) {
                made.runs.append(store.addRun(made.conversation.id, toJson(draft)));
            }
            return made;
        },
        [this](const Opened& made, bool inView) {
            if (inView) {
                show(made);
            }
            for (const store::Run& run : made.runs) {
                m_runs.enqueue(run);
            }
            if (inView) {
                showRuns();
            }
            emit conversationsChanged();
        });
}

void ComparisonSession::addRuns(const QList<ui::RunDraft>& drafts) {
    change(
        [id = m_conversation.id, drafts](store::Store& store) {
            QList<StoredRun> added;
            for (const ui::RunDraft& draft : drafts) {
                added.append({store.addRun(id, toJson(draft)), {}, {}, nullptr});
            }
            return added;
        },
        [this](const QList<StoredRun>& added, bool inView) { enqueue(added, inView); });
}

void ComparisonSession::addCaptures(const QList<std::shared_ptr<const exchange::Capture>>& captures) {
    struct Added {
        qint64 comparison = 0;
        QList<StoredRun> runs;
        std::optional<trace::Error> error; ///< of the first that could not be stored
    };
    change(
        [captures, id = m_conversation.id, question = questionOf(*captures.first())](store::Store& store) {
            Added added{id, {}, {}};
            if (id == 0) {
                added.comparison = store.addComparison(question, {{QLatin1String(keyQuestion), question}}).id;
            }
            for (const auto& capture : captures) {
                try {
                    added.runs.append(addCaptured(store, added.comparison, *capture));
                } catch (const trace::Error& error) {
                    added.error = added.error.value_or(error);
                }
            }
            return added;
        },
        [this](const Added& added, bool inView) {
            if (added.error) {
                emit failed(*added.error);
            }
            if (inView && m_conversation.id == added.comparison) {
                m_stored.append(added.runs);
                showRuns();
            } else if (inView) {
                open(added.comparison);
            }
            emit conversationsChanged();
        });
}

void ComparisonSession::runAgain(qint64 run) {
    const QList<StoredRun> all = m_stored;
    for (const StoredRun& stored : all) {
        if ((run != 0 && stored.run.id != run) || m_runs.isQueued(stored.run.id) || isCaptured(stored.run)) {
            continue;
        }
        change([id = stored.run.id](store::Store& store) { return store.restartRun(id); },
               [this](const store::Run& again, bool) {
                   m_runs.enqueue(again);
                   if (const StoredRun* found = find(again.id)) {
                       put({again, found->prompt, {}, nullptr});
                   }
               });
    }
}

void ComparisonSession::measure(qint64 run) {
    if (const StoredRun* stored = find(run);
        stored != nullptr && stored->run.state == store::RunState::Done && !isCaptured(stored->run)) {
        m_runs.measure(stored->run);
    }
}

void ComparisonSession::stop(qint64 run) { m_runs.stop(run); }

void ComparisonSession::remove(qint64 run) {
    m_runs.stop(run);
    this->run(
        [run](store::Store& store) {
            store.removeRun(run);
            return run;
        },
        [this](qint64 removed) {
            m_stored.removeIf([removed](const StoredRun& one) { return one.run.id == removed; });
            showRuns();
            emit runRemoved();
            emit conversationsChanged();
        });
}

void ComparisonSession::conversationRenamed(qint64 conversation, const QString& title) {
    if (conversation == m_conversation.id && conversation != 0) {
        m_conversation.title = title;
        m_view.setQuestion(title);
    }
}

void ComparisonSession::conversationRemoved(qint64 conversation) {
    m_runs.stopAll(conversation);
    if (conversation == m_conversation.id) {
        close();
    }
}

} // namespace moescope::gui
