// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/store/storeworker.h"

#include <QObject>
#include <QTimer>

#include <optional>

namespace moescope::store {

/** Brings a streaming answer to the database every half second. Lives in the thread of the StoreWorker. What cannot
 *  be stored at the moment (disk full) is kept and tried again with the next flush: nothing is lost while the program
 *  runs. What can never be stored (the answer is too long, or was deleted) is given up: the answer ends in the database
 *  as failed, with what was stored before. */
class AnswerWriter : public QObject {
    Q_OBJECT
public:
    /** `message`: a Streaming answer, from beginAnswer() or resumeAnswer(). */
    AnswerWriter(StoreWorker& worker, qint64 message, QObject* parent = nullptr);
    /** Gives what is not stored yet to the worker, which must still live. */
    ~AnswerWriter() override;

    qint64 message() const { return m_message; }
    void append(const QString& text, const trace::TokenTracePtr& token);
    /** The rest and the end, in one transaction; finished() follows. No append() after it. */
    void finish(const AnswerEnd& end);

signals:
    /** The answer is stored with its end. */
    void finished(const moescope::store::Message& message);
    /** A flush failed; once until one succeeds again, or for good. */
    void failed(const moescope::trace::Error& error);
    void recovered();
    /** After finish(), instead of finished(): the rest of the answer is not stored. */
    void gaveUp();

private:
    void flush();
    void settle(bool stored);
    void giveUp(const trace::Error& error);
    void storeFailure();

    StoreWorker& m_worker;
    qint64 m_message;
    QString m_text; // not given to the worker yet
    TokenTraces m_traces;
    QString m_textInFlight;
    TokenTraces m_tracesInFlight;
    bool m_inFlight = false;
    bool m_failing = false;
    std::optional<trace::Error> m_gaveUp; // why nothing more is stored
    std::optional<AnswerEnd> m_end;
    bool m_endGiven = false; // to the worker
    QTimer m_timer;
};

} // namespace moescope::store
