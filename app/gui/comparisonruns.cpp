// SPDX-License-Identifier: Apache-2.0
#include "app/gui/comparisonruns.h"

#include "app/gui/values.h"
#include "app/platform/paths.h"
#include "engine/gguf/file_text.h"
#include "engine/gguf/mapped_file.h"
#include "engine/needle/needle_case.h"

#include <algorithm>
#include <utility>

namespace moescope::gui {

using controller::InferenceController;
using State = InferenceController::State;

namespace {

constexpr uint64_t mostFileBytes = uint64_t{64} << 20;

/** The text of a prompt's document with the question behind it. */
std::string readDocument(const QString& path) {
    const std::filesystem::path file = platform::fromUtf8(path.toStdString());
    std::string text = gguf::readText(file, mostFileBytes);
    if (!gguf::isUtf8(text) || text.find('\0') != std::string::npos) {
        throw trace::Error("app.no_text", "“{file}” is no text in UTF-8, so it cannot be a prompt.",
                           {{"file", gguf::shownPath(file)}});
    }
    return text;
}

} // namespace

ComparisonRuns::ComparisonRuns(store::StoreWorker& worker, InferenceController& controller, FileWork& files,
                               QObject* parent)
    : QObject(parent), m_worker(worker), m_controller(controller), m_files(files) {
    connect(&controller, &InferenceController::finished, this, [this](qint64 id, const controller::Finished& end) {
        if (m_step == Step::Answering && id == m_current.answer.id) {
            m_result.passage = end.passage;
        } else if (m_step == Step::Measuring && id == m_measuring) {
            measured(end);
        }
    });
    const auto broken = [this](qint64 id, const trace::Error& error) {
        if (m_step == Step::Measuring && id == m_measuring) {
            fail(error);
        }
    };
    connect(&controller, &InferenceController::failed, this, broken);
    connect(&controller, &InferenceController::interrupted, this, broken);
    connect(&controller, &InferenceController::stateRestored, this,
            [this](qint64 id, const controller::RestoredState& restored) {
                if (m_step == Step::Answering && id == m_current.answer.id) {
                    m_result.restored_tokens = static_cast<int>(restored.tokens);
                    m_result.not_restored = restored.reason ? sentence(*restored.reason) : QString();
                }
            });
    connect(&controller, &InferenceController::promptRendered, this, [this](qint64 id, const QList<int>&, int tokens) {
        if (m_step == Step::Answering && id == m_current.answer.id) {
            m_result.prompt_tokens = tokens;
        }
    });
    connect(&controller, &InferenceController::promptFilled, this, [this](qint64 id, const controller::Filled& filled) {
        if (m_step == Step::Preparing && id == m_current.run.id) {
            begin(filled.text);
        }
    });
    connect(&controller, &InferenceController::fillFailed, this, [this](qint64 id, const trace::Error& error) {
        if (m_step == Step::Preparing && id == m_current.run.id) {
            fail(error);
        }
    });
    connect(&controller, &InferenceController::loadProgress, this, [this](quint64 done, quint64 total) {
        if (m_step == Step::Loading && total > 0) {
            emit progressed(m_current.run.id, ui::RunPhase::Loading, double(done) / double(total), -1, 0);
        }
    });
    connect(&controller, &InferenceController::prefillProgress, this,
            [this](qint64 id, const trace::PrefillProgress& progress) {
                if (m_step == Step::Answering && id == m_current.answer.id && progress.total > 0) {
                    emit progressed(m_current.run.id, ui::RunPhase::Reading,
                                    double(progress.done) / double(progress.total),
                                    progress.left_ms ? *progress.left_ms / 1000 : -1, 0);
                }
            });
    connect(&controller, &InferenceController::stateChanged, this, [this] { next(); });
    m_answer = std::make_unique<AnswerRun>(worker, controller);
    connect(m_answer.get(), &AnswerRun::ended, this, &ComparisonRuns::answered);
    connect(m_answer.get(), &AnswerRun::stored, this, [this](qint64 message) {
        if (m_step == Step::Answering && message == m_current.answer.id) {
            end(m_endsAs);
        }
    });
    connect(m_answer.get(), &AnswerRun::notStored, this, &ComparisonRuns::failed);
    connect(m_answer.get(), &AnswerRun::tracesAppended, this, [this](qint64, const store::TokenTraces& traces) {
        m_tokens += static_cast<int>(
            std::count_if(traces.begin(), traces.end(), [](const auto& token) { return token->generated; }));
        if (m_tokens > 0) {
            emit progressed(m_current.run.id, ui::RunPhase::Answering, 0, -1, m_tokens);
        }
    });
}

void ComparisonRuns::enqueue(const store::Run& run) {
    if (!isQueued(run.id)) {
        m_queue.append({run, false});
        emit leftChanged(left());
        next();
    }
}

void ComparisonRuns::measure(const store::Run& run) {
    if (!isQueued(run.id)) {
        m_queue.append({run, true});
        emit leftChanged(left());
        next();
    }
}

void ComparisonRuns::setHeld(bool held) {
    if (std::exchange(m_held, held) && !held) {
        next();
    }
}

bool ComparisonRuns::isQueued(qint64 run) const {
    return (m_step != Step::Idle && m_current.run.id == run) ||
           std::any_of(m_queue.begin(), m_queue.end(), [run](const Waiting& waiting) { return waiting.run.id == run; });
}

void ComparisonRuns::stop(qint64 run) {
    if (m_step != Step::Idle && m_current.run.id == run) {
        m_stopped = true;
        if (m_step == Step::Preparing) {
            m_controller.cancelFills();
        } else if (m_step == Step::Answering || m_step == Step::Measuring) {
            m_controller.cancel();
        } else if (m_step == Step::Loading) { // the model comes, its answer does not
            end(store::RunState::Cancelled);
        }
        return;
    }
    const auto waiting =
        std::find_if(m_queue.begin(), m_queue.end(), [run](const Waiting& one) { return one.run.id == run; });
    if (waiting == m_queue.end()) {
        return;
    }
    StoredRun stopped{waiting->run, {}, {}, nullptr};
    const bool measure = waiting->measure;
    m_queue.erase(waiting);
    if (!measure) { // one that is only to be measured is done
        stopped.run.state = store::RunState::Cancelled;
        m_worker.run([run = stopped.run](store::Store& store) { store.changeRun(run); });
        emit runChanged(stopped);
    }
    emit leftChanged(left());
}

void ComparisonRuns::stopAll(qint64 comparison) {
    const QList<Waiting> queue = m_queue;
    for (const Waiting& waiting : queue) {
        if (comparison == 0 || waiting.run.conversation == comparison) {
            stop(waiting.run.id);
        }
    }
    if (m_step != Step::Idle && (comparison == 0 || m_current.run.conversation == comparison)) {
        stop(m_current.run.id);
    }
}

void ComparisonRuns::abandon() {
    m_queue.clear();
    m_step = Step::Idle;
    m_answer->abandon();
}

void ComparisonRuns::setLoaded(const std::optional<ModelChoice>& choice) {
    m_loaded = choice;
    if (m_step == Step::Loading && hasModel() && m_controller.state() == State::Ready) {
        prepare();
    }
}

void ComparisonRuns::loadFailed(const trace::Error& error) {
    m_loaded.reset();
    if (m_step == Step::Loading) {
        fail(error);
    }
}

bool ComparisonRuns::hasModel() const {
    return m_loaded && m_loaded->model == m_draft.model &&
           QString::fromLatin1(trace::kvTypeName(m_loaded->kv)) == m_draft.kv_type;
}

void ComparisonRuns::next() {
    const State state = m_controller.state();
    if (m_held || m_step != Step::Idle || m_queue.isEmpty() || state == State::Generating || state == State::Loading) {
        return; // told of again
    }
    const Waiting waiting = m_queue.takeFirst();
    m_current = {waiting.run, {}, {}, nullptr};
    m_measure = waiting.measure;
    m_result = {};
    m_stopped = false;
    m_measured.clear();
    m_begun = {};
    m_tokens = 0;
    m_step = Step::Loading;
    ModelChoice choice;
    try {
        m_draft = draftOf(m_current.run.settings);
        choice = {m_draft.model, 0, inference::parseKvType(m_draft.kv_type.toStdString())};
    } catch (const trace::Error& error) {
        fail(error);
        return;
    }
    emit progressed(m_current.run.id, ui::RunPhase::Loading, 0, -1, 0);
    if (hasModel() && state == State::Ready) {
        prepare();
    } else {
        emit modelWanted(choice);
    }
}

void ComparisonRuns::prepare() {
    m_step = Step::Preparing;
    try {
        trace::checkIntervention(m_draft.recipe, m_controller.loaded()->model);
    } catch (const trace::Error& error) {
        fail(error);
        return;
    }
    emit progressed(m_current.run.id, ui::RunPhase::Reading, 0, -1, 0);
    if (m_current.run.prompt != 0) { // it was made before
        begin({});
        return;
    }
    switch (m_draft.kind) {
    case ui::PromptKind::Text: begin(m_draft.text); break;
    case ui::PromptKind::Chat: begin({}); break;
    case ui::PromptKind::File: readFile(); break;
    case ui::PromptKind::Template: fill(); break;
    }
}

void ComparisonRuns::fill() {
    controller::FillJob job;
    job.id = m_current.run.id;
    if (!m_draft.sampling.system_prompt.isEmpty()) {
        job.before.push_back({"system", m_draft.sampling.system_prompt.toStdString()});
    }
    job.filling.passage = m_draft.passage.toStdString();
    job.filling.question = m_draft.question.toStdString();
    job.filling.length = static_cast<uint32_t>(m_draft.length);
    job.filling.depth = static_cast<uint32_t>(m_draft.depth);
    job.filling.answer_tokens = static_cast<uint32_t>(m_draft.sampling.max_tokens);
    job.filling.seed = m_draft.sampling.seed.value_or(0);
    job.haystack = platform::fromUtf8(m_draft.path.toStdString());
    job.thinking = m_draft.sampling.thinking;
    m_controller.fill(job);
}

void ComparisonRuns::readFile() {
    m_files.run(
        this, [path = m_draft.path] { return readDocument(path); },
        [this, run = m_current.run.id](const std::string& text) {
            if (m_step == Step::Preparing && m_current.run.id == run) {
                begin(QString::fromStdString(text).trimmed() + QStringLiteral("\n\n") + m_draft.question);
            }
        },
        [this, run = m_current.run.id](const trace::Error& error) {
            if (m_step == Step::Preparing && m_current.run.id == run) {
                fail(error);
            }
        });
}

void ComparisonRuns::begin(const QString& text) {
    if (m_stopped) {
        end(store::RunState::Cancelled);
        return;
    }
    store::AnswerStart start{
        m_current.run.conversation, m_current.run.prompt,     stampOf(m_controller.loaded()->model),
        toJson(m_draft.sampling),   seedOf(m_draft.sampling), m_draft.recipe};
    m_worker.run(
        this,
        [start, text, run = m_current.run, chat = m_draft.kind == ui::PromptKind::Chat ? m_draft.message : 0,
         measure = m_measure](store::Store& store) mutable {
            Begun begun;
            if (run.prompt == 0 && chat != 0) {
                // What the model saw of it: a chat that outgrew its context has a cut.
                const QList<store::Message> all = store.messages(store.message(chat).conversation);
                run.prompt = store.copyBranch(run.conversation, store::branch(all, chat, store::viewAt(all, chat)));
            } else if (run.prompt == 0) {
                run.prompt = store.addPrompt(run.conversation, 0, text).id;
            }
            if (!measure) {
                start.parent = run.prompt;
                begun.answer = store.beginAnswer(start);
                run.answer = begun.answer.id;
                run.state = store::RunState::Running;
                store.changeRun(run);
            } else {
                begun.answer = store.message(run.answer);
            }
            begun.run = run;
            begun.prompt = store::branch(store.messages(run.conversation), run.prompt);
            return begun;
        },
        [this](const Begun& found) { begun(found); }, [this](const trace::Error& error) { fail(error); });
}

controller::GenerateJob ComparisonRuns::jobOf(const Begun& begun) const {
    controller::GenerateJob job;
    job.id = begun.answer.id;
    if (!m_draft.sampling.system_prompt.isEmpty()) {
        job.messages.push_back({"system", m_draft.sampling.system_prompt.toStdString()});
    }
    for (const store::Message& message : begun.prompt) {
        job.messages.push_back(
            {message.role == store::Role::Assistant ? "assistant" : "user", message.text.toStdString()});
    }
    if (m_draft.needle_case) {
        job.now = needle::timeOfCases;
    } else {
        job.thinking = m_draft.sampling.thinking;
    }
    job.sampling = toSettings(m_draft.sampling, begun.answer.seed.value_or(0));
    job.max_tokens = static_cast<uint32_t>(std::max(m_draft.sampling.max_tokens, 0));
    job.intervention = m_draft.recipe;
    return job;
}

void ComparisonRuns::begun(const Begun& begun) {
    m_begun = begun;
    m_current.run = begun.run;
    m_current.answer = begun.answer;
    m_current.prompt = begun.prompt.isEmpty() ? QString() : begun.prompt.last().text;
    if (m_stopped || m_controller.state() != State::Ready) { // stopped, or the model went away, while it was stored
        if (!m_measure) {
            m_worker.run([id = m_current.run.id](store::Store& store) { store.restartRun(id); });
            m_current.run.answer = 0;
            m_current.answer = {};
        }
        if (!m_stopped && m_controller.state() == State::Generating) { // a message came first: made once it is answered
            m_current.run.state = m_measure ? m_current.run.state : store::RunState::Queued;
            m_queue.prepend({m_current.run, m_measure});
            m_step = Step::Idle;
            tell();
            return;
        }
        const trace::Error gone("app.no_model", "No model is loaded.");
        m_stopped ? end(store::RunState::Cancelled) : fail(gone);
        return;
    }
    if (m_measure) {
        m_step = Step::Measuring;
        measureOnce();
        return;
    }
    m_step = Step::Answering;
    tell();
    controller::GenerateJob job = jobOf(begun);
    job.tell_reused = true;
    job.router_probs = areGatesSmall(m_controller.loaded());
    job.passage = m_draft.passage.toStdString();
    m_answer->start(begun.answer, job, {});
}

quint64 ComparisonRuns::kvBytes(uint32_t tokens) const {
    const auto& loaded = m_controller.loaded();
    return loaded && loaded->memory.context > 0 ? loaded->memory.kv_bytes / loaded->memory.context * tokens : 0;
}

void ComparisonRuns::answered(const store::Message& answer) {
    if (m_step != Step::Answering) {
        return;
    }
    m_current.answer = answer;
    const auto& loaded = m_controller.loaded();
    if (loaded) {
        m_result.model_key = routersOf(loaded->model);
        m_result.tokenizer_key = QString::fromStdString(loaded->vocabulary);
    }
    m_result.kv_bytes = kvBytes(static_cast<uint32_t>(m_result.prompt_tokens) + answer.timings.decode_tokens);
    m_current.run.result = toJson(m_result);
    m_current.trace = runTraceOf(m_answer->traces());
    switch (answer.state) {
    case store::MessageState::Complete: m_endsAs = store::RunState::Done; break;
    case store::MessageState::Cancelled: m_endsAs = store::RunState::Cancelled; break;
    case store::MessageState::Interrupted:
    case store::MessageState::Failed:
    case store::MessageState::Streaming:
        m_current.run.error_id = answer.error_id;
        m_current.run.error = answer.error;
        m_endsAs = store::RunState::Failed;
        break;
    }
    // It is told of once the store has it: whoever hears of it reads it there.
}

void ComparisonRuns::measureOnce() {
    controller::GenerateJob job = jobOf(m_begun);
    m_measuring = -(2 + m_current.run.id * kMeasured + static_cast<qint64>(m_measured.size())); // no message has it
    job.id = m_measuring;
    job.afresh = true;
    emit progressed(m_current.run.id, ui::RunPhase::Reading, double(m_measured.size()) / kMeasured, -1, 0);
    m_controller.generate(job);
}

void ComparisonRuns::measured(const controller::Finished& finished) {
    if (m_stopped || finished.reason == trace::StopReason::Cancelled) {
        end(store::RunState::Done); // with the speeds that it had
        return;
    }
    m_measured.push_back(finished.timings);
    if (m_measured.size() < kMeasured) {
        measureOnce();
        return;
    }
    m_result = resultOf(m_current.run.result);
    putMeasured(m_result, m_measured);
    m_current.run.result = toJson(m_result);
    end(store::RunState::Done);
}

void ComparisonRuns::end(store::RunState state, const trace::Error* error) {
    const bool cancelled = m_stopped && state == store::RunState::Failed && !m_measure;
    m_current.run.state = m_measure ? store::RunState::Done : cancelled ? store::RunState::Cancelled : state;
    if (error != nullptr && m_measure) {
        emit failed(*error);
    } else if (error != nullptr && !cancelled) {
        m_current.run.error_id = QString::fromStdString(error->id());
        m_current.run.error = sentence(*error);
    }
    m_worker.run([run = m_current.run](store::Store& store) { store.changeRun(run); });
    m_step = Step::Idle;
    m_measuring = 0;
    tell(m_current.trace);
    emit leftChanged(left());
    QMetaObject::invokeMethod(this, &ComparisonRuns::next, Qt::QueuedConnection);
}

void ComparisonRuns::tell(std::shared_ptr<const ui::RunTrace> trace) {
    StoredRun told = m_current;
    told.trace = std::move(trace);
    emit runChanged(told);
}

} // namespace moescope::gui
