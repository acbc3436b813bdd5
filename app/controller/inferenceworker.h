// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/controller/contextfit.h"
#include "app/controller/jobs.h"
#include "app/controller/spscring.h"
#include "engine/inference/kv_states.h"
#include "engine/inference/needle_run.h"
#include "engine/trace/error.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace moescope::controller {

/** What the worker tells. Called on its thread: the controller carries them over. `load` is the number of the load that
 *  an event belongs to. */
struct WorkerEvents {
    std::function<void(quint64 load, quint64 done, quint64 total)> load_progress;
    std::function<void(quint64 load, const Loaded&, std::shared_ptr<const model::Tokenizer>)> loaded;
    std::function<void(quint64 load, const trace::Error&)> load_failed;
    std::function<void(qint64 id, const std::vector<uint32_t>& message_starts, size_t prompt_tokens)> rendered;
    /** Before the prompt of an answer is read, if states are kept. */
    std::function<void(qint64 id, const RestoredState&)> restored;
    /** Exactly one of the two for each request. */
    std::function<void(quint64 request, const ContextFit&)> measured;
    std::function<void(quint64 request, const trace::Error&)> measure_failed;
    std::function<void(qint64 id, const Finished&)> finished;
    std::function<void(qint64 id, const trace::Error&)> failed;
    /** The device was lost: the answer is not whole (−1: none was being made), the model is being loaded again. */
    std::function<void(qint64 id, const trace::Error&)> interrupted;
    /** Exactly one of the two for each request that no later one replaced. */
    std::function<void(quint64 request, const Attention&)> attention;
    std::function<void(quint64 request, const AttentionJob&, const trace::Error&)> attention_failed;
    std::function<void(quint64 request, quint64 done, quint64 total)> divergence_progress;
    /** Exactly one of the two for each request. */
    std::function<void(quint64 request, const std::vector<trace::TokenDivergence>&)> diverged;
    std::function<void(quint64 request, const trace::Error&)> divergence_failed;
    /** After an answer or a comparison: an intervention takes more memory, or less again. */
    std::function<void(quint64 load, const trace::MemoryLedger&)> ledger;
    /** The KV cache is another: it holds the first `tokens` of the prompt of an answer and of the answer (−1: of none). */
    std::function<void(qint64 answer, uint32_t tokens)> cached;
    std::function<void(const std::vector<trace::DeviceInfo>&)> devices;
    std::function<void(const trace::StepTimelinePtr&)> step_recorded;
    /** Some time after an answer: exactly one of the two, unless the next one begins before. */
    std::function<void(qint64 id, const SavedState&)> saved;
    std::function<void(qint64 id, const trace::Error&)> not_saved;
    /** Last blocks of states are others: replaced by longer ones, or removed to make room. */
    std::function<void(const MovedStates&)> states_moved;
    /** All states that are kept take other bytes than before. */
    std::function<void(quint64 bytes)> states_kept;
    /** Exactly one of the two for each job. */
    std::function<void(qint64 id, const Filled&)> filled;
    std::function<void(qint64 id, const trace::Error&)> fill_failed;
    /** Of a grid: once it is begun, and after each case; the last one is done. */
    std::function<void(qint64 id, const GridProgress&)> grid_progress;
    /** It was paused: {work.cancelled}, or cannot go on. */
    std::function<void(qint64 id, const trace::Error&)> grid_ended;
    /** Exactly one of the two for each job. */
    std::function<void(qint64 id, const needle::CaseId& which, const needle::NeedleCase&)> case_made;
    std::function<void(qint64 id, const trace::Error&)> case_failed;
    /** Something other than a load or an answer went wrong. */
    std::function<void(const trace::Error&)> trouble;
};

constexpr const char* deviceLost = "vulkan.device_lost"; ///< of a trace::Error
constexpr const char* cancelled = "work.cancelled";
constexpr qint64 noAnswer = -1;

/** The one thread that owns the Engine. */
class InferenceWorker {
public:
    explicit InferenceWorker(WorkerEvents events);
    ~InferenceWorker(); ///< cancels and joins
    InferenceWorker(const InferenceWorker&) = delete;
    InferenceWorker& operator=(const InferenceWorker&) = delete;

    /** `number` comes back with the events; a load after a lost device has the number of the one before. */
    void load(LoadJob job, quint64 number);
    /** Ends a running load and an answer, and frees the model. Tells nothing. */
    void unload();
    void generate(GenerateJob job);
    /** Only tells `rendered` of what generate() would read. A later load or answer ends it without a word. */
    void render(GenerateJob job);
    /** Whether generate() could answer this job with at least `room` tokens: `measured`. A person waits for it, so what is
     *  read or compared meanwhile ends. */
    void measure(GenerateJob job, uint32_t room, quint64 request);
    void cancelMeasuring() { m_cancelMeasuring.store(true); }
    /** `request` comes back with all that is told of it. */
    void diverge(DivergenceJob job, quint64 request);
    /** Keeps states of the KV cache from here on, of models that were loaded with LoadJob::states. */
    void keepStates(StatesJob job);
    /** Removes all states but those that end in these blocks: what else was saved belongs to no conversation any more. */
    void keepOnly(std::vector<session::BlockId> leaves);
    void fill(FillJob job);
    /** Runs a grid, a case at a time: answers and other work come between. One that runs is ended. */
    void startGrid(GridJob job);
    void endGrid();
    void makeCase(CaseJob job);
    /** Ends all fills that were asked for so far: {work.cancelled}. */
    void cancelFills() { m_cancelFills->store(true); }
    void cancelDivergence() { m_cancelDivergence->store(true); }
    void listDevices();
    /** Times one decode step behind what the model has read: `step_recorded` or `trouble`. */
    void recordStep();
    /** From the next step of an answer on. */
    void setStepsTimed(bool timed) { m_timed.store(timed, std::memory_order_relaxed); }
    /** Of several in a row only the latest is answered; `request` comes back with the answer. */
    void attention(AttentionJob job, quint64 request);
    /** Ends the running answer, or the reading of its text, within 50 ms. */
    void cancel() { m_cancel.store(true); }

    // For the reading side of the crossing.
    bool pop(Piece& piece) { return m_ring.pop(piece); }
    bool pop(trace::StepTimelinePtr& step) { return m_steps.pop(step); }
    /** The newest progress that was not taken yet. */
    std::optional<trace::PrefillProgress> takePrefill();

private:
    void post(std::function<void()> job);
    /** Of a job that a person waits for: a grid or a case that is being made ends, and is made again behind it. */
    void postForAnswer(std::function<void()> job);
    /** What the KV cache holds, if it is another than was told last. */
    void tellCached();
    void work();
    void doLoad(const LoadJob& job, quint64 number);
    void doGenerate(const GenerateJob& job);
    void doRender(const GenerateJob& job);
    void doMeasure(const GenerateJob& job, uint32_t room, quint64 request);
    struct Prompt {
        std::vector<int32_t> tokens;
        std::vector<uint32_t> message_starts; ///< as model::RenderedChat has them
        std::string opening; ///< the mark of the thinking that they end with: it stands before the answer's text
        uint32_t begun = 0;  ///< so many of them, at the end, are of the answer
    };
    Prompt promptOf(const GenerateJob& job, const std::atomic<bool>& cancel) const;
    /** What the messages of a prompt are now, which was answered before. */
    Prompt renderAgain(const AnsweredPrompt& answered, const std::atomic<bool>& cancel) const;
    void doDiverge(const DivergenceJob& job, quint64 request, const std::atomic<bool>& cancel);
    template <typename T, size_t Capacity>
    void push(SpscRing<T, Capacity>& ring, T value);
    /** What was read and written for an answer since the model was loaded, to know it in the KV cache again. */
    struct Context {
        std::vector<ContextMessage> messages;
        uint32_t first = 0;          ///< position of the answer's first token
        std::vector<uint64_t> marks; ///< of the answer's tokens in the KV cache
    };
    void doAttention(const AttentionJob& job, quint64 request);
    void doKeepStates(const StatesJob& job);
    /** States of the engine's KV cache, if it has any and they are kept. */
    void openStates();
    void tellStates();
    /** What a job's prompt finds on the disk comes into the KV cache. */
    void restoreState(const GenerateJob& job, std::span<const int32_t> prompt);
    /** Writes what the KV cache holds of an answer, a block at a time behind whatever else waits. */
    void saveState(qint64 answer);
    void doFill(const FillJob& job, const std::atomic<bool>& cancel);
    /** A text cut into sentences: the last one is kept. Empty: the one that came with the program. */
    const needle::Haystack& haystackOf(const std::filesystem::path& file, trace::CancelFlag cancel);
    void postGrid(GridJob job, std::shared_ptr<std::atomic<bool>> cancel);
    void doStartGrid(const GridJob& job, const std::shared_ptr<std::atomic<bool>>& cancel);
    void gridEnds(qint64 id, const std::shared_ptr<std::atomic<bool>>& cancel, const trace::Error& error);
    void stepGrid(qint64 id, const std::shared_ptr<std::atomic<bool>>& cancel);
    /** A job that a person waits for comes behind this one; if none does, m_yield is set back. */
    bool isWaitedFor();
    void doMakeCase(const CaseJob& job);
    std::string haystackText(const std::filesystem::path& file, std::string& name) const;
    PassageMass passageMass(const std::string& passage, std::span<const int32_t> prompt);
    /** Fills the KV cache with these tokens, of which it keeps what it has. Throws {work.cancelled}. */
    void read(std::vector<int32_t> tokens, const trace::Intervention& intervention);
    /** Reads an answer into the KV cache. Throws trace::Error{app.other_prompt}, {work.cancelled}. */
    void readAgain(qint64 answer, const KnownAnswer& known);
    /** What the KV cache holds. */
    struct Held {
        std::vector<int32_t> tokens;
        std::vector<uint64_t> marks;
        trace::Intervention intervention;
    };
    Held held() const;
    std::vector<uint64_t> marks() const; ///< of all that the KV cache holds
    /** Reads it again, if something else is there, until another answer is asked for. */
    void restore(const Held& before);
    /** Of a job that was lost with the device, after its own end was told (−1: no answer): the model is loaded again, but
     *  not twice in a row without an answer in between. */
    void recoverDevice(qint64 id, const trace::Error& error);
    /** Those before an answer, and the answer. */
    static std::vector<ContextMessage> messagesOf(const std::vector<model::ChatMessage>& before, const Prompt& prompt);
    /** Of an answer that has just been made or read, the last of `messages`. */
    Context contextOf(std::vector<ContextMessage> messages) const;
    /** Throws trace::Error{attention.…} unless the KV cache holds this answer up to `position`. */
    void checkCached(const AttentionJob& job) const;

    WorkerEvents m_events;
    SpscRing<Piece, 8192> m_ring;
    SpscRing<trace::StepTimelinePtr, 8192> m_steps;
    std::atomic<bool> m_timed = false;
    std::atomic<bool> m_cancel = false;
    std::atomic<bool> m_cancelRender = false;
    std::atomic<bool> m_cancelMeasuring = false;
    std::atomic<bool> m_cancelReading = false; ///< of an answer that is there
    /** Of the newest divergence; each has its own. Set anew in the caller's thread alone. */
    std::shared_ptr<std::atomic<bool>> m_cancelDivergence = std::make_shared<std::atomic<bool>>(true);
    /** Of the newest grid; set anew in the caller's thread alone. */
    std::shared_ptr<std::atomic<bool>> m_cancelGrid = std::make_shared<std::atomic<bool>>(true);
    std::shared_ptr<std::atomic<bool>>
        m_gridOf; ///< the cancel flag of m_grid; touched on the thread only, as is its id
    /** What a grid or a case does now ends, to be done again later unless the grid was ended. Set back by isWaitedFor(). */
    std::atomic<bool> m_yield = false;
    /** Of the newest fills; set anew in the caller's thread alone. */
    std::shared_ptr<std::atomic<bool>> m_cancelFills = std::make_shared<std::atomic<bool>>(false);
    std::atomic<bool> m_stopping = false;
    std::atomic<int> m_loadsWaiting = 0; ///< a newer load ends an older one
    std::atomic<quint64> m_latestAttention = 0;

    std::mutex m_prefillMutex;
    std::optional<trace::PrefillProgress> m_prefill;

    // Touched on the thread only.
    std::unique_ptr<session::KvStore> m_store; ///< null: no states are kept
    uint64_t m_budget = 0;
    quint64 m_statesTold = 0;
    int m_savesWaiting = 0; ///< a grid would take the KV cache from them
    std::unique_ptr<inference::Engine> m_engine;
    std::optional<inference::KvStates> m_states; ///< of the engine
    std::unique_ptr<const needle::Haystack> m_haystack;
    std::filesystem::path m_haystackFile;         ///< that it was made of
    std::unique_ptr<inference::NeedleRun> m_grid; ///< of the engine; null: none runs
    LoadJob m_lastLoad;
    quint64 m_lastNumber = 0;
    std::map<qint64, Context> m_contexts;             ///< by answer
    qint64 m_cachedAnswer = noAnswer;                 ///< of which the KV cache holds the first tokens; −1: of none
    std::pair<qint64, uint32_t> m_told{noAnswer, 0U}; ///< by `cached`
    bool m_lostBefore = false;                        ///< no answer was finished since the device was lost

    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<std::function<void()>> m_jobs;
    int m_answersWaiting = 0; ///< of m_jobs
    std::thread m_thread;     ///< last: starts when all else is there
};

} // namespace moescope::controller
