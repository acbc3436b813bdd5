// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/controller/inferencecontroller.h"
#include "app/store/answerwriter.h"
#include "engine/model/reasoning.h"
#include "ui/models/conversation.h"

#include <QElapsedTimer>
#include <QObject>
#include <QPointer>

namespace moescope::gui {

/** The answer that is being made: what the controller sends goes to the store (flushed at least every second) and to
 *  the window. One at a time. */
class AnswerRun : public QObject {
    Q_OBJECT
public:
    AnswerRun(store::StoreWorker& worker, controller::InferenceController& controller, QObject* parent = nullptr);

    /** `answer`: a Streaming message; its text is the part that is there already, `begun` its traces. */
    void start(const store::Message& answer, controller::GenerateJob job, const store::TokenTraces& begun);
    void stop() { m_controller.cancel(); }
    /** The program ends: what is there is stored as interrupted. */
    void abandon();

    bool isActive() const { return m_active; }
    qint64 message() const { return m_active ? m_answer.id : 0; }
    qint64 conversation() const { return m_active ? m_answer.conversation : 0; }
    /** The message as it stands: text, state and numbers so far. */
    const store::Message& answer() const { return m_answer; }
    /** Puts live state and numbers into a view of this answer. */
    void fill(ui::MessageView& view) const;
    const store::TokenTraces& traces() const { return m_traces; }

signals:
    void started(qint64 message);
    /** Numbers or prefill moved; the text did not. */
    void progressed(qint64 message);
    void textAppended(qint64 message, const QString& text);
    void tracesAppended(qint64 message, const moescope::store::TokenTraces& traces);
    /** isActive() is false already; `answer` is as it will be stored. */
    void ended(const moescope::store::Message& answer);
    /** Some time after ended(): the whole of it is in the store, or never will be. */
    void stored(qint64 message);
    /** Parts cannot be stored: at the moment (disk full), and they are tried again, or at all. */
    void notStored(const moescope::trace::Error& error);
    void storedAgain();

private:
    /** Of the text so far, as the store was told. */
    enum class Stage { Undecided, Thinking, Answer };

    void receive(const controller::Pieces& pieces);
    void follow(const controller::Piece& piece);
    void endThinking();
    void tellAnswerBegin();
    void end(store::AnswerEnd end);
    trace::StepTimings timingsSoFar() const;
    trace::StepTimings withBefore(trace::StepTimings run) const;

    store::StoreWorker& m_worker;
    controller::InferenceController& m_controller;
    QPointer<store::AnswerWriter> m_writer;
    store::Message m_answer;
    store::TokenTraces m_traces;
    trace::StepTimings m_before; ///< of the part that was there when this run began
    trace::PrefillProgress m_prefill;
    model::ReasoningSplitter m_splitter;
    store::ThinkingTime m_thinking; ///< of the whole answer
    qint64 m_thinkingSince = -1;    ///< ms of the clock; −1: it does not think
    Stage m_stage = Stage::Undecided;
    QElapsedTimer m_clock;
    double m_firstTokenMs = 0;
    int m_generated = 0; ///< in this run, not the part that was there
    int m_takenOver = 0; ///< tokens of another answer that are still to come first
    int m_retold = 0;    ///< of them those whose text stands there already
    bool m_active = false;
};

} // namespace moescope::gui
