// SPDX-License-Identifier: Apache-2.0
#include "app/controller/inferencecontroller.h"

#include "app/controller/inferenceworker.h"
#include "engine/model/tokenizer.h"

#include <algorithm>

namespace moescope::controller {

template <typename Function>
void InferenceController::carry(Function what) {
    QMetaObject::invokeMethod(this, std::move(what), Qt::QueuedConnection);
}

InferenceController::InferenceController(QObject* parent) : QObject(parent) {
    m_background.setMaxThreadCount(1);
    m_documentThread.setMaxThreadCount(1);
    m_tick.setInterval(kBatchMs);
    connect(&m_tick, &QTimer::timeout, this, &InferenceController::drain);

    WorkerEvents events;
    events.load_progress = [this](quint64 load, quint64 done, quint64 total) {
        carry([this, load, done, total] {
            if (load == m_load) {
                emit loadProgress(done, total);
            }
        });
    };
    events.loaded = [this](quint64 load, const Loaded& loaded, std::shared_ptr<const model::Tokenizer> tokenizer) {
        carry([this, load, loaded, tokenizer = std::move(tokenizer)] {
            if (load != m_load) {
                return;
            }
            m_loaded = loaded;
            m_tokenizer = tokenizer;
            setState(m_answer != 0 ? State::Generating : State::Ready);
            emit modelLoaded(loaded);
        });
    };
    events.load_failed = [this](quint64 load, const trace::Error& error) {
        carry([this, load, error] {
            if (load != m_load) {
                return;
            }
            m_loaded.reset();
            m_tokenizer.reset();
            setState(State::Empty);
            emit loadFailed(error);
        });
    };
    events.rendered = [this](qint64 id, const std::vector<uint32_t>& starts, size_t tokens) {
        carry([this, id, starts = QList<int>(starts.begin(), starts.end()), tokens = static_cast<int>(tokens)] {
            emit promptRendered(id, starts, tokens);
        });
    };
    events.measured = [this](quint64 request, const ContextFit& fit) {
        carry([this, request, fit] { emit measured(fit, request); });
    };
    events.measure_failed = [this](quint64 request, const trace::Error& error) {
        carry([this, request, error] { emit measureFailed(error, request); });
    };
    events.ledger = [this](quint64 load, const trace::MemoryLedger& ledger) {
        carry([this, load, ledger] {
            if (load == m_load && m_loaded) {
                m_loaded->ledger = ledger;
                emit ledgerChanged();
            }
        });
    };
    events.cached = [this](qint64 answer, uint32_t tokens) {
        carry([this, answer, tokens] {
            m_cached = {answer, tokens};
            emit cacheChanged();
        });
    };
    events.finished = [this](qint64 id, const Finished& end) {
        carry([this, id, end] {
            drain();
            m_answer = 0;
            if (m_state == State::Generating) {
                setState(State::Ready);
            }
            emit finished(id, end);
        });
    };
    events.restored = [this](qint64 id, const RestoredState& state) {
        carry([this, id, state] { emit stateRestored(id, state); });
    };
    events.saved = [this](qint64 id, const SavedState& state) {
        carry([this, id, state] { emit stateSaved(id, state); });
    };
    events.not_saved = [this](qint64 id, const trace::Error& error) {
        carry([this, id, error] { emit stateNotSaved(id, error); });
    };
    events.states_moved = [this](const MovedStates& moved) { carry([this, moved] { emit statesMoved(moved); }); };
    events.states_kept = [this](quint64 bytes) { carry([this, bytes] { emit statesKept(bytes); }); };
    events.filled = [this](qint64 id, const Filled& filled) {
        carry([this, id, filled] { emit promptFilled(id, filled); });
    };
    events.fill_failed = [this](qint64 id, const trace::Error& error) {
        carry([this, id, error] { emit fillFailed(id, error); });
    };
    events.grid_progress = [this](qint64 id, const GridProgress& progress) {
        carry([this, id, progress] { emit gridProgressed(id, progress); });
    };
    events.grid_ended = [this](qint64 id, const trace::Error& error) {
        carry([this, id, error] { emit gridEnded(id, error); });
    };
    events.case_made = [this](qint64 id, const needle::CaseId& which, const needle::NeedleCase& made) {
        carry([this, id, which, made] { emit caseMade(id, which, made); });
    };
    events.case_failed = [this](qint64 id, const trace::Error& error) {
        carry([this, id, error] { emit caseFailed(id, error); });
    };
    events.failed = [this](qint64 id, const trace::Error& error) {
        carry([this, id, error] {
            drain();
            m_answer = 0;
            if (m_state == State::Generating) {
                setState(State::Ready);
            }
            emit failed(id, error);
        });
    };
    events.interrupted = [this](qint64 id, const trace::Error& error) {
        carry([this, id, error] {
            drain();
            if (id == m_answer) { // else one was asked for meanwhile, and comes after the load
                m_answer = 0;
            }
            m_loaded.reset();
            if (m_state != State::Empty) { // else it was unloaded meanwhile, and is not loaded again
                setState(State::Loading);
            }
            emit interrupted(id, error);
        });
    };
    events.attention = [this](quint64 request, const Attention& attention) {
        carry([this, request, attention] {
            if (request == m_attention) {
                emit attentionComputed(attention);
            }
        });
    };
    events.attention_failed = [this](quint64 request, const AttentionJob& job, const trace::Error& error) {
        carry([this, request, job, error] {
            if (request == m_attention) {
                emit attentionFailed(job, error);
            }
        });
    };
    events.divergence_progress = [this](quint64 request, quint64 done, quint64 total) {
        carry([this, request, done, total] { emit divergenceProgress(done, total, request); });
    };
    events.diverged = [this](quint64 request, const std::vector<trace::TokenDivergence>& found) {
        carry([this, request, list = QList<trace::TokenDivergence>(found.begin(), found.end())] {
            emit diverged(list, request);
        });
    };
    events.divergence_failed = [this](quint64 request, const trace::Error& error) {
        carry([this, request, error] { emit divergenceFailed(error, request); });
    };
    events.devices = [this](const std::vector<trace::DeviceInfo>& found) {
        carry([this, devices = QList<trace::DeviceInfo>(found.begin(), found.end())] { emit devicesListed(devices); });
    };
    events.step_recorded = [this](const trace::StepTimelinePtr& step) {
        carry([this, step] { emit stepRecorded(step); });
    };
    events.trouble = [this](const trace::Error& error) { carry([this, error] { emit troubled(error); }); };
    m_worker = std::make_unique<InferenceWorker>(std::move(events));
}

InferenceController::~InferenceController() {
    m_latestCount->fetch_add(1);
    m_cancelCount->store(true);
    for (const auto& cancel : std::as_const(m_documents)) {
        cancel->store(true);
    }
    m_background.waitForDone();
    m_documentThread.waitForDone();
    m_worker.reset();
}

void InferenceController::load(const LoadJob& job) {
    m_loaded.reset();
    ++m_attention;
    setState(State::Loading);
    m_worker->load(job, ++m_load);
}

void InferenceController::unload() {
    ++m_load; // what a load still tells is dropped
    ++m_attention;
    m_loaded.reset();
    m_tokenizer.reset();
    m_worker->unload();
    setState(State::Empty);
    emit modelUnloaded();
}

void InferenceController::generate(const GenerateJob& job) {
    Q_ASSERT(m_state == State::Ready);
    m_answer = job.id;
    setState(State::Generating);
    m_worker->generate(job);
}

void InferenceController::render(const GenerateJob& job) {
    if (m_state == State::Ready) {
        m_worker->render(job);
    }
}

quint64 InferenceController::measure(const GenerateJob& job, uint32_t room) {
    m_worker->measure(job, room, ++m_measure);
    return m_measure;
}

void InferenceController::cancelMeasuring() { m_worker->cancelMeasuring(); }

quint64 InferenceController::diverge(const DivergenceJob& job) {
    Q_ASSERT(m_state == State::Ready);
    m_worker->diverge(job, ++m_divergence);
    return m_divergence;
}

void InferenceController::cancelDivergence() { m_worker->cancelDivergence(); }

void InferenceController::keepStates(const StatesJob& job) { m_worker->keepStates(job); }

void InferenceController::keepOnlyStates(const QList<QByteArray>& leaves) {
    std::vector<session::BlockId> ids;
    for (const QByteArray& leaf : leaves) {
        session::BlockId id;
        if (leaf.size() == static_cast<qsizetype>(id.bytes.size())) {
            std::copy(leaf.begin(), leaf.end(), id.bytes.begin());
            ids.push_back(id);
        }
    }
    m_worker->keepOnly(std::move(ids));
}

void InferenceController::fill(const FillJob& job) { m_worker->fill(job); }

void InferenceController::cancelFills() { m_worker->cancelFills(); }

void InferenceController::startGrid(const GridJob& job) { m_worker->startGrid(job); }

void InferenceController::endGrid() { m_worker->endGrid(); }

void InferenceController::makeCase(const CaseJob& job) { m_worker->makeCase(job); }

void InferenceController::cancel() {
    if (m_answer != 0) {
        m_worker->cancel();
    }
}

void InferenceController::countTokens(const QString& text) {
    const quint64 mine = m_latestCount->fetch_add(1) + 1;
    m_cancelCount->store(true);
    m_cancelCount = std::make_shared<std::atomic<bool>>(false);
    if (!m_tokenizer) {
        return;
    }
    m_background.start([this, text, mine, latest = m_latestCount, cancel = m_cancelCount, tokenizer = m_tokenizer] {
        if (latest->load() != mine) {
            return;
        }
        int tokens = 0;
        try {
            tokens = static_cast<int>(tokenizer->encode(text.toStdString(), false, cancel.get()).size());
        } catch (const std::exception&) {
            return; // a text that cannot be counted shows no count (sending it says why), nor does one that was replaced
        }
        carry([this, text, tokens, mine] {
            if (m_latestCount->load() == mine) {
                emit tokensCounted(text, tokens);
            }
        });
    });
}

void InferenceController::countDocument(quint64 id, const QString& text) {
    forgetDocument(id);
    if (!m_tokenizer) {
        return;
    }
    auto cancel = std::make_shared<std::atomic<bool>>(false);
    m_documents.insert(id, cancel);
    m_documentThread.start([this, id, text, cancel, tokenizer = m_tokenizer] {
        int tokens = 0;
        try {
            tokens = static_cast<int>(tokenizer->encode(text.toStdString(), false, cancel.get()).size());
        } catch (const std::exception&) {
            return; // ended, or a text that no prompt can hold: sending it says why
        }
        carry([this, id, tokens, cancel] {
            if (m_documents.value(id) == cancel) {
                m_documents.remove(id);
                emit documentCounted(id, tokens);
            }
        });
    });
}

void InferenceController::forgetDocument(quint64 id) {
    if (const auto counting = m_documents.take(id)) {
        counting->store(true);
    }
}

void InferenceController::attention(const AttentionJob& job) {
    Q_ASSERT(m_state == State::Ready);
    m_worker->attention(job, ++m_attention);
}

void InferenceController::listDevices() { m_worker->listDevices(); }

void InferenceController::setStepsTimed(bool timed) { m_worker->setStepsTimed(timed); }

void InferenceController::recordStep() { m_worker->recordStep(); }

void InferenceController::setState(State state) {
    if (state == State::Generating) {
        m_tick.start();
    } else {
        m_tick.stop();
    }
    if (m_state != state) {
        m_state = state;
        emit stateChanged(state);
    }
}

void InferenceController::drain() {
    if (const auto progress = m_worker->takePrefill()) {
        emit prefillProgress(m_answer, *progress);
    }
    Pieces pieces;
    Piece piece;
    while (m_worker->pop(piece)) {
        pieces.append(std::move(piece));
    }
    if (!pieces.isEmpty()) {
        emit tokensArrived(m_answer, pieces);
    }
    TimedSteps steps;
    trace::StepTimelinePtr step;
    while (m_worker->pop(step)) {
        steps.append(std::move(step));
    }
    if (!steps.isEmpty()) {
        emit stepsTimed(m_answer, steps);
    }
}

} // namespace moescope::controller
