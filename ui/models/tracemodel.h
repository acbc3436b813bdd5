// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/routingstatistics.h"
#include "ui/models/selection.h"

#include <QHash>
#include <QList>
#include <QObject>

namespace moescope::ui {

/** What the routing panels count. */
enum class Scope {
    Token,  ///< the selected token
    Answer, ///< every token of the answer in view
    Chat    ///< every answer of the conversation that the same model gave
};

/** The traces of the answers of the conversation in view. A run is an answer, named by its message id; one of them is in
 *  view. Tokens count from 0 within their answer. Traces are shared, never copied, and appending one costs
 *  O(layers × top-k). */
class TraceModel : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    /** Sizes of the loaded model, in view while no answer is; answers it gave before learn what their traces do not
     *  say. */
    void setModel(const TraceShape& shape);
    /** A live answer starts and comes into view; what was kept for `run` is dropped. */
    void begin(qint64 run, const TraceShape& shape);
    /** A batch of a live answer; an unknown run is ignored (its conversation is no longer in view). */
    void append(qint64 run, const QList<trace::TokenTracePtr>& tokens);
    void finish(qint64 run);
    /** A finished answer, as kept. */
    void setRun(qint64 run, const TraceShape& shape, const QList<trace::TokenTracePtr>& tokens);
    void remove(qint64 run);
    void clear();
    /** Brings an answer into view; −1 or an unknown one: none. */
    void setCurrent(qint64 run);

    qint64 current() const { return m_current; }
    bool hasRun(qint64 run) const { return m_runs.contains(run); }
    /** Tokens of the answer in view still arrive. */
    bool isLive() const;
    /** Sizes of the answer in view, else of the loaded model. */
    const TraceShape& shape() const;
    int tokenCount() const;
    /** 0 ≤ token < tokenCount(). */
    const trace::TokenTrace& token(int token) const;
    /** Null where no routing was recorded or its sizes are not the model's. */
    const trace::RouterTrace* router(int token) const;
    /** The first expert chosen, −1 if unknown. */
    int topExpert(int token, int layer) const { return topExpert(m_current, token, layer); }
    int topExpert(qint64 run, int token, int layer) const;
    /** Null for an unknown answer and one without tokens. */
    const trace::TokenTrace* lastToken(qint64 run) const;
    /** Whether any token of the answer in view has routing. */
    bool hasRouting() const;

    /** Valid until the next change of the model. */
    const RoutingStatistics& statistics(Scope scope, int token = -1) const;

signals:
    /** Another answer is in view, or the one in view is another. */
    void currentChanged();
    /** Tokens first…last of the answer in view arrived. */
    void appended(int first, int last);
    /** An answer that is not in view changed: only Scope::Chat is another. */
    void chatChanged();
    void liveChanged(bool live);

private:
    struct Run {
        TraceShape shape;
        QList<trace::TokenTracePtr> tokens;
        QList<bool> routed;
        RoutingStatistics statistics;
        bool live = false;
    };

    const Run* view() const;
    void add(Run& run, const QList<trace::TokenTracePtr>& tokens);
    void recountChat();

    QHash<qint64, Run> m_runs;
    qint64 m_current = -1;
    TraceShape m_model;
    RoutingStatistics m_chat;
    mutable RoutingStatistics m_token;
    RoutingStatistics m_empty;
};

/** Ties a selection to a model for their common life: the selected expert is the router's choice, a live answer is
 *  followed, run and token stay in range. */
void bindSelection(TraceModel* model, Selection* selection);

} // namespace moescope::ui
