// SPDX-License-Identifier: Apache-2.0
#include "app/gui/answerrun.h"

#include "app/gui/values.h"

#include <algorithm>

namespace moescope::gui {

using controller::InferenceController;

AnswerRun::AnswerRun(store::StoreWorker& worker, InferenceController& controller, QObject* parent)
    : QObject(parent), m_worker(worker), m_controller(controller) {
    connect(&controller, &InferenceController::prefillProgress, this,
            [this](qint64 id, const trace::PrefillProgress& progress) {
                if (id == message()) {
                    m_prefill = progress;
                    emit progressed(id);
                }
            });
    connect(&controller, &InferenceController::tokensArrived, this,
            [this](qint64 id, const controller::Pieces& pieces) {
                if (id == message()) {
                    receive(pieces);
                }
            });
    connect(&controller, &InferenceController::finished, this, [this](qint64 id, const controller::Finished& done) {
        if (id == message()) {
            if (!done.rest.isEmpty()) {
                m_writer->append(done.rest, nullptr);
                m_answer.text += done.rest;
                emit textAppended(id, done.rest);
            }
            const bool cancelled = done.reason == trace::StopReason::Cancelled;
            end({cancelled ? store::MessageState::Cancelled : store::MessageState::Complete,
                 done.timings,
                 done.reason,
                 m_answer.seed,
                 {},
                 {}});
        }
    });
    const auto broken = [this](qint64 id, const trace::Error& error, store::MessageState state) {
        if (id == message()) {
            end({state, timingsSoFar(), {}, m_answer.seed, QString::fromStdString(error.id()), sentence(error)});
        }
    };
    connect(&controller, &InferenceController::failed, this,
            [broken](qint64 id, const trace::Error& error) { broken(id, error, store::MessageState::Failed); });
    connect(&controller, &InferenceController::interrupted, this,
            [broken](qint64 id, const trace::Error& error) { broken(id, error, store::MessageState::Interrupted); });
}

void AnswerRun::start(const store::Message& answer, controller::GenerateJob job, const store::TokenTraces& begun) {
    m_answer = answer;
    m_answer.state = store::MessageState::Streaming;
    m_traces = begun;
    m_before = answer.timings;
    m_prefill = {};
    m_firstTokenMs = 0;
    m_generated = 0;
    m_takenOver = 0;
    if (job.branch) {
        const auto& taken = job.branch->begun;
        m_takenOver =
            1 + static_cast<int>(std::count_if(taken.begin(), taken.end(), [](const auto& t) { return t->generated; }));
    }
    m_retold = 0;
    if (!job.begun_traces.empty()) { // the whole answer is counted as its tokens come once more
        m_takenOver = static_cast<int>(job.begun_traces.size());
        m_retold = m_takenOver;
        m_before.decode_tokens = 0;
    }
    m_splitter = model::ReasoningSplitter();
    m_splitter.push(answer.text.toStdString());
    m_thinking = answer.thinking;
    m_thinkingSince = -1;
    m_stage = Stage::Undecided;
    m_active = true;
    m_writer = new store::AnswerWriter(m_worker, answer.id, this);
    connect(m_writer, &store::AnswerWriter::failed, this, &AnswerRun::notStored);
    connect(m_writer, &store::AnswerWriter::recovered, this, &AnswerRun::storedAgain);
    const auto settled = [this, id = answer.id] { emit stored(id); };
    connect(m_writer, &store::AnswerWriter::finished, this, settled);
    connect(m_writer, &store::AnswerWriter::gaveUp, this, settled);
    connect(m_writer, &store::AnswerWriter::finished, m_writer, &QObject::deleteLater);
    connect(m_writer, &store::AnswerWriter::gaveUp, m_writer, &QObject::deleteLater);
    m_clock.start();
    job.id = answer.id;
    m_controller.generate(job);
    emit started(answer.id);
}

void AnswerRun::abandon() {
    if (m_active) {
        end({store::MessageState::Interrupted, timingsSoFar(), {}, m_answer.seed, {}, {}});
    }
}

trace::StepTimings AnswerRun::timingsSoFar() const {
    trace::StepTimings timings;
    timings.first_token_ms = m_firstTokenMs;
    timings.decode_tokens = static_cast<uint32_t>(m_generated);
    timings.decode_ms = m_generated > 0 ? static_cast<double>(m_clock.elapsed()) - m_firstTokenMs : 0;
    return timings;
}

void AnswerRun::fill(ui::MessageView& view) const {
    view.text = m_answer.text;
    view.state = m_generated == 0 && m_answer.text.isEmpty() ? ui::AnswerState::Reading : ui::AnswerState::Answering;
    view.prefill = m_prefill;
    view.parts = partsOf(m_answer.text, false);
    view.parts.thinking_tokens = static_cast<int>(m_thinking.tokens);
    view.parts.thinking_ms = m_thinking.ms;
    view.has_trace = !m_traces.empty();
    view.stats = {};
    view.stats.tokens = static_cast<int>(m_before.decode_tokens) + m_generated;
    view.stats.first_token_ms = m_firstTokenMs;
    view.stats.elapsed_ms = static_cast<double>(m_clock.elapsed());
    const double writing = view.stats.elapsed_ms - m_firstTokenMs;
    view.stats.tokens_per_second = m_generated > 1 && writing > 0 ? (m_generated - 1) * 1000.0 / writing : 0;
}

void AnswerRun::receive(const controller::Pieces& pieces) {
    QString text;
    store::TokenTraces traces;
    traces.reserve(static_cast<size_t>(pieces.size()));
    for (const controller::Piece& piece : pieces) {
        m_writer->append(piece.text, piece.token);
        text += piece.text;
        traces.push_back(piece.token);
        follow(piece);
    }
    m_answer.text += text;
    m_traces.insert(m_traces.end(), traces.begin(), traces.end());
    tellAnswerBegin();
    if (!text.isEmpty()) {
        emit textAppended(m_answer.id, text);
    }
    emit tracesAppended(m_answer.id, traces);
    emit progressed(m_answer.id);
}

/** Counts the token, and how long the model thinks. */
void AnswerRun::follow(const controller::Piece& piece) {
    const bool before = m_splitter.isThinking();
    m_splitter.push(piece.text.toStdString());
    const bool after = m_splitter.isThinking();
    if (!piece.token->generated) {
        return; // of the prompt
    }
    if (m_takenOver > 0) {
        --m_takenOver;
        ++m_before.decode_tokens;
        if (m_retold > 0) {
            --m_retold;
            return; // what of it was thinking was counted when it was written
        }
    } else if (m_generated++ == 0) {
        m_firstTokenMs = static_cast<double>(m_clock.elapsed());
    }
    if (before || after) {
        ++m_thinking.tokens;
        if (m_thinkingSince < 0) {
            m_thinkingSince = m_clock.elapsed();
        }
    }
    if (!after) {
        endThinking();
    }
}

void AnswerRun::endThinking() {
    if (m_thinkingSince >= 0) {
        m_thinking.ms += static_cast<double>(m_clock.elapsed() - m_thinkingSince);
        m_thinkingSince = -1;
    }
}

/** For a search while it is made, and for a program that ends in the middle of it. */
void AnswerRun::tellAnswerBegin() {
    const model::ReasonedSpans& spans = m_splitter.spans();
    const Stage stage = spans.answered ? Stage::Answer : spans.thinking_begin > 0 ? Stage::Thinking : Stage::Undecided;
    if (stage == std::exchange(m_stage, stage)) {
        return;
    }
    if (const qint64 begin = answerBeginOf(m_answer.text, partsOf(m_answer.text, false)); begin > 0) {
        const auto again = [](const trace::Error&) {}; // it is told once more at the end
        m_worker.run(
            this, [id = m_answer.id, begin](store::Store& store) { store.setAnswerBegin(id, begin); }, [] {}, again);
    }
}

/** Of the whole answer, of which `run` is the last part. */
trace::StepTimings AnswerRun::withBefore(trace::StepTimings run) const {
    const uint32_t tokens = m_before.decode_tokens + run.decode_tokens;
    // From the question until its answer is seen to begin, as it was said meanwhile; the engine's own time begins later.
    run.first_token_ms = m_firstTokenMs;
    if (m_before.decode_tokens > 0 && run.decode_tokens > 0) {
        // Where the time of the first part is not known, because the program was ended, this run's speed stands for both.
        run.decode_ms =
            m_before.decode_ms > 0 ? m_before.decode_ms + run.decode_ms : run.decode_ms * tokens / run.decode_tokens;
    } else {
        run.decode_ms += m_before.decode_ms;
    }
    run.decode_tokens = tokens;
    return run;
}

void AnswerRun::end(store::AnswerEnd end) {
    end.timings = withBefore(end.timings);
    endThinking();
    end.thinking = m_thinking;
    end.answer_begin = answerBeginOf(m_answer.text, partsOf(m_answer.text, true));
    m_active = false;
    m_answer.state = end.state;
    m_answer.timings = end.timings;
    m_answer.thinking = end.thinking;
    m_answer.stop_reason = end.stop_reason;
    m_answer.error_id = end.error_id;
    m_answer.error = end.error;
    m_writer->finish(end);
    emit ended(m_answer);
}

} // namespace moescope::gui
