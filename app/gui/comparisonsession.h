// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/gui/capturedrun.h"
#include "app/gui/comparisonruns.h"
#include "ui/models/comparison.h"

#include <QObject>

namespace moescope::gui {

/** The comparison in view: what the store holds of it, what the window shows of it, and what the user does to it. Its runs are made by
 *  ComparisonRuns. */
class ComparisonSession : public QObject {
    Q_OBJECT
public:
    ComparisonSession(store::StoreWorker& worker, ComparisonRuns& runs, ui::Comparison& view,
                      QObject* parent = nullptr);

    qint64 conversation() const { return m_conversation.id; }
    /** A run in view; null: none. Valid until the next change. */
    const StoredRun* find(qint64 run) const;

public slots:
    void open(qint64 conversation);
    void close();
    /** A new one with these runs, which are made. */
    void create(const QString& question, const QList<moescope::ui::RunDraft>& drafts);
    void addRuns(const QList<moescope::ui::RunDraft>& drafts);
    /** One whose prompt is there already. */
    void addRun(const moescope::ui::RunDraft& draft, const QString& prompt);
    /** Answers that were made elsewhere, beside the runs in view, or as the first ones of a new comparison. Not empty. */
    void addCaptures(const QList<std::shared_ptr<const moescope::exchange::Capture>>& captures);
    /** What is kept of a grid with the comparison in view. */
    void setGrid(const QJsonObject& grid);
    /** With its prompt; what it gave before goes. 0: all that are not being made. */
    void runAgain(qint64 run);
    void measure(qint64 run);
    void stop(qint64 run);
    void remove(qint64 run);
    void conversationRenamed(qint64 conversation, const QString& title);
    void conversationRemoved(qint64 conversation);

signals:
    /** `grid`: as setGrid() was given it; empty: none. */
    void opened(qint64 conversation, const QString& title, const QJsonObject& grid);
    void closed();
    /** The list of conversations is not what it was. */
    void conversationsChanged();
    /** A run went for good: what was saved of it is of no use. */
    void runRemoved();
    void failed(const moescope::trace::Error& error);

private:
    struct Opened {
        store::Conversation conversation;
        QList<store::Run> runs;
        QList<store::Message> messages;
    };

    void show(const Opened& opened);
    void loadTrace(qint64 run, qint64 answer);
    void put(const StoredRun& run);
    void progressed(qint64 run, ui::RunPhase phase, double done, double left, int tokens);
    /** Of the tokens of a run: a capture has that of another run of its model. */
    QString tokenizerOf(const ui::RunView& run) const;
    void enqueue(const QList<StoredRun>& runs, bool inView);
    /** All runs anew, with their titles. */
    void showRuns();
    /** What they have in common. */
    void showFacts();
    ui::RunView viewOf(const StoredRun& stored) const;
    /** What of the view outlives it. */
    void keepView();
    void keep(const QJsonObject& comparison);
    template <typename Job, typename Done>
    void run(Job job, Done done);
    template <typename Job, typename Done>
    void change(Job job, Done done);

    store::StoreWorker& m_worker;
    ComparisonRuns& m_runs;
    ui::Comparison& m_view;
    store::Conversation m_conversation; ///< id 0: none is in view
    QList<StoredRun> m_stored;
    quint64 m_request = 0; ///< answers of the store to older questions are dropped
    bool m_opening = false;
};

} // namespace moescope::gui
