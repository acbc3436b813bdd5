// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/controller/contextfit.h"
#include "app/controller/jobs.h"
#include "engine/trace/error.h"

#include <QHash>
#include <QObject>
#include <QThreadPool>
#include <QTimer>

#include <atomic>
#include <memory>
#include <optional>

namespace moescope::controller {

class InferenceWorker;

/** The engine for the app, and the one crossing between its thread and the UI's. No call waits; everything comes back
 *  as a signal in the UI thread. Tokens come in batches, every 33 ms. */
class InferenceController : public QObject {
    Q_OBJECT
public:
    enum class State { Empty, Loading, Ready, Generating };
    Q_ENUM(State)

    static constexpr int kBatchMs = 33;

    explicit InferenceController(QObject* parent = nullptr);
    ~InferenceController() override; ///< cancels and joins

    /** Ends a running answer (finished with Cancelled) and an older load. */
    void load(const LoadJob& job);
    /** Frees the model, or ends its load: State::Empty from here on. Ends a running answer as load() does. */
    void unload();
    /** Only in State::Ready. Ends with exactly one of finished, failed and interrupted. */
    void generate(const GenerateJob& job);
    /** Tells promptRendered of what generate() would read of this job, in the background and only in State::Ready: an
     *  answer that is started meanwhile ends it without a word, and a prompt that cannot be made tells nothing. */
    void render(const GenerateJob& job);
    void cancel();
    /** Whether generate() could answer this job with at least `room` tokens, and with which of its messages it could: a
     *  round through the engine's thread that ends what is read or compared there. Returns the number, never 0, that comes
     *  back with measured or measureFailed, of which exactly one follows; another load ends it: {work.cancelled}. */
    quint64 measure(const GenerateJob& job, uint32_t room);
    void cancelMeasuring();
    /** Compares what two interventions expect of an answer; only in State::Ready, which stays. Ends with diverged or
     *  divergenceFailed, and then reads again what the KV cache held before, unless an answer is started meanwhile. A newer
     *  one, an answer, another model and cancelDivergence() end it: {work.cancelled}. Returns
     *  the number, never 0, that comes with all that is told of it: an older one may still tell its end. */
    quint64 diverge(const DivergenceJob& job);
    void cancelDivergence();
    /** Keeps states of the KV cache between answers, of models that are loaded with LoadJob::states. */
    void keepStates(const StatesJob& job);
    /** Forgets all states but those with these last blocks, 16 bytes each: what no conversation needs. */
    void keepOnlyStates(const QList<QByteArray>& leaves);
    /** Makes a prompt of a haystack in the background of what runs: ends with promptFilled or fillFailed. */
    void fill(const FillJob& job);
    void cancelFills();
    /** Runs a grid in the background of what else is done: gridProgressed after each case, or gridEnded. One that runs is ended. */
    void startGrid(const GridJob& job);
    void endGrid();
    /** Ends with caseMade or caseFailed. */
    void makeCase(const CaseJob& job);
    /** Counts in the background; of several in a row only the latest is answered. No model: no answer. */
    void countTokens(const QString& text);
    /** Counts a long text in the background, whatever else is counted: documentCounted, unless the text cannot be counted,
     *  another model is loaded meanwhile or the same `id` is counted again. No model: no answer. */
    void countDocument(quint64 id, const QString& text);
    void forgetDocument(quint64 id);
    /** What a token of an answer looked at in one layer; only in State::Ready. An answer that is started while another is
     *  read for it ends it: {work.cancelled}. Comes back as attentionComputed or
     *  attentionFailed; of several in a row, and of those before another load, only the latest comes back. */
    void attention(const AttentionJob& job);
    /** Looks for devices in the background, after what runs there. */
    void listDevices();
    /** Times each step of answers from the next one on, or none; at the start none is. */
    void setStepsTimed(bool timed);
    /** Times one decode step behind what the model has read, after what runs: stepRecorded, or troubled. */
    void recordStep();

    State state() const { return m_state; }
    /** Set while a model is loaded. */
    const std::optional<Loaded>& loaded() const { return m_loaded; }
    qint64 currentAnswer() const { return m_answer; }
    /** The KV cache between answers: the first `tokens` of the prompt of an answer and of the answer, −1: of none. */
    struct Cached {
        qint64 answer = -1;
        uint32_t tokens = 0;
    };
    const Cached& cached() const { return m_cached; }

signals:
    void stateChanged(moescope::controller::InferenceController::State state);
    void loadProgress(quint64 done, quint64 total);
    void modelLoaded(const moescope::controller::Loaded& loaded);
    void loadFailed(const moescope::trace::Error& error);
    void modelUnloaded();
    /** cached() is another. */
    void cacheChanged();
    /** The ledger of loaded() is another. */
    void ledgerChanged();
    /** The prompt of an answer was made, before any of it is read: for each message sent the index of its first token (one
     *  that the template leaves out begins where the next does), then one past the last, where the answer's tokens
     *  begin. `prompt_tokens`: those and the ones of an answer that is continued. */
    void promptRendered(qint64 id, const QList<int>& message_starts, int prompt_tokens);
    void prefillProgress(qint64 id, const moescope::trace::PrefillProgress& progress);
    void tokensArrived(qint64 id, const moescope::controller::Pieces& pieces);
    /** Steps of an answer, in order, if they are timed; with the tokens' batches. */
    void stepsTimed(qint64 id, const moescope::controller::TimedSteps& steps);
    void stepRecorded(const moescope::trace::StepTimelinePtr& step);
    /** What of an answer's prompt came from the disk, before it is read; only while states are kept. */
    void stateRestored(qint64 id, const moescope::controller::RestoredState& state);
    /** Some time after an answer, unless the next one begins before. */
    void stateSaved(qint64 id, const moescope::controller::SavedState& state);
    /** {session.budget}, a full disk. */
    void stateNotSaved(qint64 id, const moescope::trace::Error& error);
    /** What all states that are kept take. */
    void statesKept(quint64 bytes);
    void statesMoved(const moescope::controller::MovedStates& moved);
    void promptFilled(qint64 id, const moescope::controller::Filled& filled);
    void fillFailed(qint64 id, const moescope::trace::Error& error);
    /** Once it is begun, and after each case. */
    void gridProgressed(qint64 id, const moescope::controller::GridProgress& progress);
    /** It was ended, {work.cancelled}, or cannot go on. */
    void gridEnded(qint64 id, const moescope::trace::Error& error);
    void caseMade(qint64 id, const moescope::needle::CaseId& which, const moescope::needle::NeedleCase& made);
    void caseFailed(qint64 id, const moescope::trace::Error& error);
    void finished(qint64 id, const moescope::controller::Finished& end);
    void failed(qint64 id, const moescope::trace::Error& error);
    /** The device was lost. What came so far is good; the model is being loaded again. `id` −1: no answer was being made. */
    void interrupted(qint64 id, const moescope::trace::Error& error);
    void attentionComputed(const moescope::controller::Attention& attention);
    /** {attention.not_computed}, {attention.not_cached}: the loaded model's KV cache does not hold that answer.
     *  {attention.never_read}: that token ended the answer, as the context was full.
     *  {app.other_prompt}: it was known, and other tokens stand before it now. */
    void attentionFailed(const moescope::controller::AttentionJob& job, const moescope::trace::Error& error);
    /** Tokens read so far, of both sides together. */
    void divergenceProgress(quint64 done, quint64 total, quint64 request);
    /** One entry a token of the answer. */
    void diverged(const QList<moescope::trace::TokenDivergence>& divergence, quint64 request);
    void divergenceFailed(const moescope::trace::Error& error, quint64 request);
    void tokensCounted(const QString& text, int tokens);
    void documentCounted(quint64 id, int tokens);
    void measured(const moescope::controller::ContextFit& fit, quint64 request);
    void measureFailed(const moescope::trace::Error& error, quint64 request);
    void devicesListed(const QList<moescope::trace::DeviceInfo>& devices);
    /** Something other than a load or an answer went wrong, such as the search for devices. */
    void troubled(const moescope::trace::Error& error);

private:
    void setState(State state);
    void drain();
    /** Runs `what` in this object's thread. */
    template <typename Function>
    void carry(Function what);

    State m_state = State::Empty;
    Cached m_cached;
    qint64 m_answer = 0;     ///< that was asked for and has not ended
    quint64 m_load = 0;      ///< number of the latest load: what an earlier one still tells is dropped
    quint64 m_attention = 0; ///< of the latest request, likewise
    quint64 m_divergence = 0;
    quint64 m_measure = 0;
    std::optional<Loaded> m_loaded;
    std::shared_ptr<const model::Tokenizer> m_tokenizer;
    std::shared_ptr<std::atomic<quint64>> m_latestCount = std::make_shared<std::atomic<quint64>>(0);
    std::shared_ptr<std::atomic<bool>> m_cancelCount = std::make_shared<std::atomic<bool>>(false); ///< of the latest
    QHash<quint64, std::shared_ptr<std::atomic<bool>>> m_documents; ///< that are being counted: ends it
    QTimer m_tick;
    QThreadPool m_background;
    QThreadPool m_documentThread; ///< a long one holds up no draft
    std::unique_ptr<InferenceWorker> m_worker;
};

} // namespace moescope::controller
