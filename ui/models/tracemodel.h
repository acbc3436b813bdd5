// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/filtermask.h"
#include "ui/models/routingstatistics.h"
#include "ui/models/selection.h"

#include <QHash>
#include <QList>
#include <QObject>

namespace moescope::ui {

/** What the routing panels count. */
enum class Scope {
    Token,  ///< the selected token
    Window, ///< the tokens chosen of the answer in view, see TraceModel::window()
    Answer, ///< every token of the answer in view
    Chat    ///< every answer of the conversation that the same model gave without a what-if
};

/** Tokens first…last of an answer; none chosen: −1. */
struct TokenWindow {
    int first = -1;
    int last = -1;

    bool isEmpty() const { return first < 0; }
    int count() const { return isEmpty() ? 0 : last - first + 1; }
    bool operator==(const TokenWindow&) const = default;
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
    /** A live answer starts and comes into view; what was kept for `run` is dropped. `whatIf`: its routing was changed,
     *  so that Scope::Chat leaves it out. */
    void begin(qint64 run, const TraceShape& shape, bool whatIf = false);
    /** A batch of a live answer; an unknown run is ignored (its conversation is no longer in view). */
    void append(qint64 run, const QList<trace::TokenTracePtr>& tokens);
    /** Tokens of an answer's prompt that were computed for it: they are counted apart, see promptStatistics(), and not
     *  kept. An unknown run is ignored. */
    void appendPrompt(qint64 run, const QList<trace::TokenTracePtr>& tokens);
    void finish(qint64 run);
    /** A finished answer, as kept. */
    void setRun(qint64 run, const TraceShape& shape, const QList<trace::TokenTracePtr>& tokens, bool whatIf = false);
    /** Another version of the answer in view, for that one to be measured against: Scope::Chat does not count it. */
    void setVersion(qint64 run, const TraceShape& shape, const QList<trace::TokenTracePtr>& tokens);
    void remove(qint64 run);
    void clear();
    /** Brings an answer into view; −1 or an unknown one: none. */
    void setCurrent(qint64 run);

    qint64 current() const { return m_current; }
    bool hasRun(qint64 run) const { return m_runs.contains(run); }
    /** Tokens of the answer in view still arrive. */
    bool isLive() const;
    /** Its first token is still to come. */
    bool isReadingPrompt() const { return isLive() && tokenCount() == 0; }
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

    /** Of the prompt of the answer in view, as far as it was computed for it: what the KV cache held is not in it. */
    const RoutingStatistics& promptStatistics() const;

    /** Answers that a scope counts, by number: those of the model in view. Scope::Token counts none of them whole. */
    QList<qint64> runs(Scope scope) const;
    /** Answers with the routers of the one in view, with a what-if or without, by number; then other versions. */
    QList<qint64> answers() const;
    bool isOtherVersion(qint64 run) const;
    /** Answers of the model in view that Scope::Chat leaves out for their what-if. */
    int whatIfAnswers() const;
    // Of one of answers().
    const RoutingStatistics& runStatistics(qint64 run) const { return m_runs.find(run)->statistics; }
    int tokenCount(qint64 run) const;
    const trace::TokenTrace& token(qint64 run, int token) const;
    const trace::RouterTrace* router(qint64 run, int token) const;
    /** Another number: what was counted of the answers counts no more. Arriving tokens do not change it. */
    quint64 revision() const { return m_revision; }

    /** Tokens of the answer in view that were chosen to be counted; they go with it. */
    const TokenWindow& window() const { return m_window; }
    /** Clamped to the tokens there are, in either order; what holds none of them is empty. */
    void setWindow(TokenWindow window);
    /** Panels grey out what does not match. */
    void setFilter(const Filter& filter);
    const Filter& filter() const { return m_filter; }
    /** The same tokens as statistics() counts, but of their experts only those that match; without a filter the same.
     *  Valid until the next change of the model. */
    const RoutingStatistics& matched(Scope scope, int token = -1) const;
    /** Any expert chosen for a token of the answer in view in a layer matches; false without routing. */
    bool matches(int token, int layer) const;
    /** Where an answer that is here matches; null without a filter. */
    std::shared_ptr<const FilterMask> maskOf(qint64 run) const;

signals:
    /** Another answer is in view, or the one in view is another. */
    void currentChanged();
    /** Tokens first…last of the answer in view arrived. */
    void appended(int first, int last);
    /** More of the prompt of the answer in view was counted. */
    void promptChanged();
    /** An answer that is not in view changed: only Scope::Chat is another. */
    void chatChanged();
    void liveChanged(bool live);
    /** Only Scope::Window is another. */
    void windowChanged();
    void filterChanged();

private:
    struct Run {
        TraceShape shape;
        QList<trace::TokenTracePtr> tokens;
        QList<bool> routed;
        RoutingStatistics statistics;
        RoutingStatistics matched; ///< of the filter; empty without one
        RoutingStatistics prompt;
        bool live = false;
        bool what_if = false;
        bool version = false; ///< of the answer in view, another
    };

    static Run freshRun(const TraceShape& shape);
    void place(qint64 run, const Run& kept, const QList<trace::TokenTracePtr>& tokens);
    const Run* view() const;
    /** Counted in m_chat. */
    bool isInChat(const Run& run) const { return !run.what_if && !run.version && run.shape == m_chat.shape(); }
    void add(Run& run, const QList<trace::TokenTracePtr>& tokens);
    void recountChat();
    void addMatches(RoutingStatistics& counts, const trace::TokenTrace& token, int index) const;
    void recountMatches();

    QHash<qint64, Run> m_runs;
    qint64 m_current = -1;
    quint64 m_revision = 0;
    TraceShape m_model;
    RoutingStatistics m_chat;
    Filter m_filter;
    RoutingStatistics m_chatMatched;
    mutable RoutingStatistics m_someMatched;
    mutable RoutingStatistics m_token;
    TokenWindow m_window;
    mutable RoutingStatistics m_windowStatistics;
    mutable quint64 m_windowCounted = 0; ///< revision that m_windowStatistics are of; 0: none
    RoutingStatistics m_empty;
};

/** Ties a selection to a model for their common life: the selected expert is the router's choice, a live answer is
 *  followed, run and token stay in range. */
void bindSelection(TraceModel* model, Selection* selection);

} // namespace moescope::ui
