// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/gui/answerrun.h"
#include "app/gui/filework.h"
#include "app/gui/runvalues.h"
#include "app/gui/settings.h"

#include <QObject>

#include <memory>
#include <optional>

namespace moescope::gui {

/** Runs of comparisons, made one after the other: the model of each is loaded if another is there, its prompt is made and stored,
 *  then answered. A run goes on when another comparison comes into view. */
class ComparisonRuns : public QObject {
    Q_OBJECT
public:
    static constexpr int kMeasured = 3; ///< runs that a measured speed is the median of

    ComparisonRuns(store::StoreWorker& worker, controller::InferenceController& controller, FileWork& files,
                   QObject* parent = nullptr);

    /** Behind those that wait; one that is among them already stays where it is. */
    void enqueue(const store::Run& run);
    /** Makes a run that is done three times more, each from an empty KV cache: its speeds are theirs. */
    void measure(const store::Run& run);
    /** Takes a run out, or ends it. */
    void stop(qint64 run);
    /** Those of a comparison, or all. */
    void stopAll(qint64 comparison = 0);
    /** The program ends: what was begun is made again when it is asked for. */
    void abandon();

    /** While a message is being sent or answered: it comes first. */
    void setHeld(bool held);

    bool isBusy() const { return m_step != Step::Idle || !m_queue.isEmpty(); }
    bool isQueued(qint64 run) const;
    /** Runs that are not over. */
    int left() const { return static_cast<int>(m_queue.size()) + (m_step == Step::Idle ? 0 : 1); }
    /** The model that is there; nothing: none is. What waits for it goes on. */
    void setLoaded(const std::optional<ModelChoice>& choice);
    /** The model of the current run cannot be loaded. */
    void loadFailed(const trace::Error& error);

signals:
    /** The current run needs this model. */
    void modelWanted(const moescope::gui::ModelChoice& choice);
    /** A run is another: it waits, was begun, or is over; with its trace then. */
    void runChanged(const moescope::gui::StoredRun& run);
    /** `done` 0…1; `left_s` −1: not known. */
    void progressed(qint64 run, moescope::ui::RunPhase phase, double done, double left_s, int answer_tokens);
    /** How many are left, the current one too; 0: nothing is to be made any more. */
    void leftChanged(int left);
    void failed(const moescope::trace::Error& error);

private:
    enum class Step { Idle, Loading, Preparing, Answering, Measuring };
    struct Waiting {
        store::Run run;
        bool measure = false;
    };
    struct Begun {
        store::Run run;
        store::Message answer;
        QList<store::Message> prompt; ///< its messages
    };

    void next();
    void prepare();
    void fill();
    void readFile();
    /** Stores what the prompt is made of, and begins the answer. `text`: of the last message, unless it is a chat's. */
    void begin(const QString& text);
    void begun(const Begun& begun);
    controller::GenerateJob jobOf(const Begun& begun) const;
    void answered(const store::Message& answer);
    void measureOnce();
    void measured(const controller::Finished& end);
    /** Stores what became of the current run, and goes on. */
    void end(store::RunState state, const trace::Error* error = nullptr);
    void fail(const trace::Error& error) { end(store::RunState::Failed, &error); }
    void tell(std::shared_ptr<const ui::RunTrace> trace = nullptr);
    bool hasModel() const;
    quint64 kvBytes(uint32_t tokens) const;

    store::StoreWorker& m_worker;
    controller::InferenceController& m_controller;
    FileWork& m_files;
    std::unique_ptr<AnswerRun> m_answer; ///< hears of the end behind this object
    QList<Waiting> m_queue;
    Step m_step = Step::Idle;
    // Of the current run.
    StoredRun m_current;
    ui::RunDraft m_draft;
    RunResult m_result;
    bool m_held = false;
    bool m_stopped = false;
    bool m_measure = false;
    store::RunState m_endsAs = store::RunState::Done; ///< once its answer is stored
    qint64 m_measuring = 0;                           ///< id of the answer that is made for its speed; 0: none
    std::vector<trace::StepTimings> m_measured;
    int m_tokens = 0; ///< of the answer so far
    Begun m_begun;
    std::optional<ModelChoice> m_loaded;
};

} // namespace moescope::gui
