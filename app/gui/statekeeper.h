// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/controller/inferencecontroller.h"
#include "app/store/storeworker.h"

#include <QObject>

namespace moescope::gui {

/** States of the KV cache that outlive an answer: which of them an answer ends in stands in the store, their rows lie in a folder
 *  beside it. Those that no conversation needs are removed. */
class StateKeeper : public QObject {
    Q_OBJECT
public:
    StateKeeper(store::StoreWorker& worker, controller::InferenceController& controller, QObject* parent = nullptr);

    /** Before a model is loaded. `folder` empty: none are kept in this session. */
    void start(const QString& folder, quint64 budget);
    /** Bytes; 0: none are kept, and those that are there go. Of a model that was loaded without, from its next load on. */
    void setBudget(quint64 budget);
    /** Removes those that are there. */
    void clear();
    /** A conversation or a run went, or came back. */
    void tidy();

    quint64 bytes() const { return m_bytes; }
    int conversations() const { return m_conversations; }

signals:
    void useChanged(quint64 bytes, int conversations);
    /** The state of an answer is not kept: a sentence says why; empty: it is. */
    void noticeChanged(qint64 answer, const QString& sentence);
    /** What of an answer's prompt came from the disk, in a sentence; empty: nothing to say. */
    void restored(qint64 answer, const QString& sentence);

private:
    void apply();
    void count();

    store::StoreWorker& m_worker;
    controller::InferenceController& m_controller;
    QString m_folder;
    quint64 m_budget = 0;
    quint64 m_bytes = 0;
    int m_conversations = 0;
};

} // namespace moescope::gui
