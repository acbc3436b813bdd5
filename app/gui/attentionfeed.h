// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/gui/chatsession.h"
#include "ui/panels/attentionpanel.h"

#include <QObject>

namespace moescope::gui {

/** Brings the panel Attention what it asks for, and says why where it cannot be had: it is computed between answers only,
 *  by the model whose KV cache holds the answer. One that it no longer holds is read again on demand. */
class AttentionFeed : public QObject {
    Q_OBJECT
public:
    AttentionFeed(controller::InferenceController& controller, ChatSession& session, store::StoreWorker& store,
                  ui::TraceModel& traces, ui::AttentionPanel& panel);

private:
    void ask(const ui::AttentionPanel::Wish& wish);
    /** With what the store has of it. */
    void readAgain();
    void readAgain(const ui::AttentionPanel::Wish& wish, const store::TokenTraces& stored);
    /** Null: it cannot be read again by the loaded model. */
    std::shared_ptr<const controller::KnownAnswer> known(qint64 answer, const store::TokenTraces& stored = {}) const;
    void failed(const controller::AttentionJob& job, const trace::Error& error);
    void stateChanged();

    controller::InferenceController& m_controller;
    ChatSession& m_session;
    store::StoreWorker& m_store;
    ui::TraceModel& m_traces;
    ui::AttentionPanel& m_panel;
};

} // namespace moescope::gui
