// SPDX-License-Identifier: Apache-2.0
#include "app/store/answerwriter.h"

#include <algorithm>
#include <array>

namespace moescope::store {
namespace {

constexpr int flushInterval = 500; // ms: with the time of a flush well within the second that may be lost
constexpr int retryInterval = 2000;

/** Whether the same could be stored later. */
bool mayPass(const trace::Error& error) {
    static constexpr std::array passing{"store.busy", "store.full", "store.io", "store.read_only"};
    return std::find(passing.begin(), passing.end(), error.id()) != passing.end();
}

} // namespace

AnswerWriter::AnswerWriter(StoreWorker& worker, qint64 message, QObject* parent)
    : QObject(parent), m_worker(worker), m_message(message) {
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, &AnswerWriter::flush);
}

AnswerWriter::~AnswerWriter() {
    if (m_gaveUp || (m_text.isEmpty() && m_traces.empty() && (!m_end || m_endGiven))) {
        return;
    }
    m_worker.run([id = m_message, text = m_text, traces = m_traces, end = m_end](Store& store) {
        if (end) {
            store.finishAnswer(id, text, traces, *end);
        } else {
            store.appendAnswer(id, text, traces);
        }
    });
}

void AnswerWriter::append(const QString& text, const trace::TokenTracePtr& token) {
    if (m_gaveUp) {
        return;
    }
    m_text += text;
    if (token) {
        m_traces.push_back(token);
    }
    if (!m_timer.isActive() && !m_inFlight) {
        m_timer.start(flushInterval);
    }
}

void AnswerWriter::finish(const AnswerEnd& end) {
    m_end = end;
    if (m_gaveUp) {
        storeFailure();
    } else if (!m_inFlight) {
        flush();
    }
}

void AnswerWriter::flush() {
    m_timer.stop();
    if (m_text.isEmpty() && m_traces.empty() && !m_end) {
        return;
    }
    m_inFlight = true;
    m_textInFlight = std::exchange(m_text, {});
    m_tracesInFlight = std::exchange(m_traces, {});
    const auto fail = [this](const trace::Error& error) {
        if (!mayPass(error)) {
            giveUp(error);
            return;
        }
        const bool first = !m_failing;
        settle(false);
        if (first) {
            emit failed(error);
        }
    };
    if (m_end) {
        m_endGiven = true;
        m_worker.run(
            this,
            [id = m_message, text = m_textInFlight, traces = m_tracesInFlight, end = *m_end](Store& store) {
                return store.finishAnswer(id, text, traces, end);
            },
            [this](const Message& message) {
                settle(true);
                emit finished(message);
            },
            fail);
        return;
    }
    m_worker.run(
        this,
        [id = m_message, text = m_textInFlight, traces = m_tracesInFlight](Store& store) {
            store.appendAnswer(id, text, traces);
        },
        [this] {
            settle(true);
            if (m_end) {
                flush(); // finish() came while the flush was under way
            } else if (!m_text.isEmpty() || !m_traces.empty()) {
                m_timer.start(flushInterval);
            }
        },
        fail);
}

void AnswerWriter::settle(bool stored) {
    m_inFlight = false;
    if (!stored) {
        m_endGiven = false;
        m_text.prepend(m_textInFlight);
        m_traces.insert(m_traces.begin(), m_tracesInFlight.begin(), m_tracesInFlight.end());
        m_timer.start(retryInterval);
    }
    m_textInFlight.clear();
    m_tracesInFlight.clear();
    if (m_failing && stored) {
        emit recovered();
    }
    m_failing = !stored;
}

void AnswerWriter::giveUp(const trace::Error& error) {
    m_inFlight = false;
    m_gaveUp = error;
    m_text.clear();
    m_traces.clear();
    m_textInFlight.clear();
    m_tracesInFlight.clear();
    emit failed(error);
    if (m_end) {
        storeFailure();
    }
}

void AnswerWriter::storeFailure() {
    AnswerEnd end = *m_end;
    end.state = MessageState::Failed;
    end.error_id = QString::fromStdString(m_gaveUp->id());
    end.error = QString::fromUtf8(m_gaveUp->what());
    m_worker.run(
        this, [id = m_message, end](Store& store) { return store.finishAnswer(id, {}, {}, end); },
        [this](const Message&) { emit gaveUp(); },
        [this](const trace::Error&) { emit gaveUp(); }); // deleted, say; why was told already
}

} // namespace moescope::store
