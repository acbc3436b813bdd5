// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/gui/chatsession.h"
#include "ui/models/tracemodel.h"

#include <QObject>

namespace moescope::ui {
class WhatIfPanel;
} // namespace moescope::ui

namespace moescope::gui {

/** Fills What-if diff: the answer in view beside its version with or without a what-if, read from the store while the
 *  panel is in view, and their divergence when it is asked for. */
class WhatIfView : public QObject {
    Q_OBJECT
public:
    WhatIfView(ui::WhatIfPanel& panel, store::StoreWorker& worker, controller::InferenceController& controller,
               ChatSession& session, ui::TraceModel& traces, QObject* parent);

signals:
    /** Why the divergence could not be computed. */
    void failed(const QString& sentence);

private:
    void refresh();
    void read(const WhatIfPair& pair);
    void diverge();
    void keep(const QList<trace::TokenDivergence>& divergence);

    ui::WhatIfPanel& m_panel;
    store::StoreWorker& m_worker;
    controller::InferenceController& m_controller;
    ChatSession& m_session;
    ui::TraceModel& m_traces;
    struct Kept {
        WhatIfPair pair;
        QList<trace::TokenDivergence> divergence;
    };
    QList<Kept> m_kept;          ///< of the latest pairs: both answers are as they were when they come into view again
    store::TokenTraces m_stored; ///< the untouched answer and what was kept of its prompt
    WhatIfPair m_pair;           ///< as the panel shows it, or as it is being read
    quint64 m_request = 0;       ///< answers of the store to older questions are dropped
    quint64 m_divergence = 0;    ///< that the panel waits for; 0: none
};

} // namespace moescope::gui
