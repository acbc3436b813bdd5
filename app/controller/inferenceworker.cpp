// SPDX-License-Identifier: Apache-2.0
#include "app/controller/inferenceworker.h"

#include "app/controller/modelcards.h"
#include "engine/gguf/reader.h"
#include "engine/inference/text_stream.h"
#include "engine/model/reasoning.h"
#include "engine/vulkan/device.h"

#include <algorithm>
#include <chrono>

namespace moescope::controller {
namespace {

/** A token that an answer takes over, once it went through the model: as if it had been sampled. */
trace::TokenTracePtr takenTrace(const trace::TokenTrace& read, float probability,
                                const std::vector<trace::TokenCandidate>& candidates) {
    auto taken = std::make_shared<trace::TokenTrace>(read);
    taken->generated = true;
    taken->probability = probability;
    taken->candidates = candidates;
    return taken;
}

/** The text that these tokens were shown as when they came. */
std::string shownText(const model::Tokenizer& tokenizer, const std::vector<int32_t>& tokens) {
    inference::TextStream stream({});
    std::string text;
    for (const int32_t token : tokens) {
        text += stream.push(tokenizer.decode(token, false));
    }
    return text + stream.finish();
}

/** Whether stored tokens are those of a stored text, which may be cut (a stop text held back). */
bool saysTheSame(const model::Tokenizer& tokenizer, const std::vector<int32_t>& tokens, const std::string& text) {
    const bool known = std::all_of(tokens.begin(), tokens.end(), [&](int32_t token) {
        return token >= 0 && static_cast<uint32_t>(token) < tokenizer.size();
    });
    return known && shownText(tokenizer, tokens) == text;
}

std::string vocabularySum(const model::Tokenizer& tokenizer) {
    std::string all;
    for (uint32_t token = 0; token < tokenizer.size(); ++token) {
        const std::string text = tokenizer.decode(static_cast<int32_t>(token));
        all += std::to_string(text.size()) + ':' + text;
    }
    return session::BlockId{session::sumOf({reinterpret_cast<const uint8_t*>(all.data()), all.size()})}.hex();
}

} // namespace

InferenceWorker::InferenceWorker(WorkerEvents events) : m_events(std::move(events)), m_thread([this] { work(); }) {}

InferenceWorker::~InferenceWorker() {
    m_stopping.store(true);
    m_cancel.store(true);
    m_cancelRender.store(true);
    m_cancelMeasuring.store(true);
    m_cancelReading.store(true);
    cancelDivergence();
    cancelFills();
    endGrid();
    {
        const std::lock_guard lock(m_mutex);
        m_jobs.clear();
        m_yield.store(true); // from here on it stays
    }
    m_wake.notify_one();
    m_thread.join();
}

void InferenceWorker::load(LoadJob job, quint64 number) {
    m_cancel.store(true); // an answer of the old model ends first
    m_cancelRender.store(true);
    m_cancelMeasuring.store(true);
    m_cancelReading.store(true);
    cancelDivergence();
    endGrid();
    ++m_loadsWaiting;
    post([this, job = std::move(job), number] {
        if (--m_loadsWaiting == 0) {
            doLoad(job, number);
        }
    });
}

void InferenceWorker::unload() {
    m_cancel.store(true);
    m_cancelRender.store(true);
    m_cancelMeasuring.store(true);
    m_cancelReading.store(true);
    cancelDivergence();
    endGrid();
    ++m_loadsWaiting; // ends a load as a newer one would
    post([this] {
        if (--m_loadsWaiting == 0) {
            m_grid.reset();
            m_states.reset();
            m_engine.reset();
            m_contexts.clear();
        }
    });
}

void InferenceWorker::generate(GenerateJob job) {
    m_cancelRender.store(true);
    m_cancel.store(false);
    m_cancelReading.store(true);
    cancelDivergence(); // a person waits for the answer
    postForAnswer([this, job = std::move(job)] { doGenerate(job); });
}

void InferenceWorker::render(GenerateJob job) {
    m_cancelRender.store(false);
    post([this, job = std::move(job)] { doRender(job); });
}

void InferenceWorker::measure(GenerateJob job, uint32_t room, quint64 request) {
    m_cancelMeasuring.store(false);
    m_cancelReading.store(true);
    cancelDivergence();
    postForAnswer([this, job = std::move(job), room, request] { doMeasure(job, room, request); });
}

void InferenceWorker::attention(AttentionJob job, quint64 request) {
    m_latestAttention.store(request);
    m_cancelReading.store(false);
    post([this, job, request] {
        if (m_latestAttention.load() == request) {
            doAttention(job, request);
        }
    });
}

void InferenceWorker::diverge(DivergenceJob job, quint64 request) {
    cancelDivergence();
    m_cancelDivergence = std::make_shared<std::atomic<bool>>(false);
    m_cancelReading.store(false);
    post([this, job = std::move(job), request, cancel = m_cancelDivergence] { doDiverge(job, request, *cancel); });
}

void InferenceWorker::listDevices() {
    post([this] {
        std::vector<trace::DeviceInfo> found;
        try {
            found = vulkan::Device::enumerate();
        } catch (...) {
            m_events.trouble(currentError());
        }
        m_events.devices(found);
    });
}

void InferenceWorker::recordStep() {
    post([this] {
        try {
            if (!m_engine) {
                throw trace::Error("app.no_model", "No model is loaded.");
            }
            constexpr int32_t anyToken = 0; // all take the same time
            m_events.step_recorded(m_engine->profile(anyToken));
        } catch (...) {
            const trace::Error error = currentError();
            m_events.trouble(error);
            if (error.id() == deviceLost) {
                recoverDevice(noAnswer, error);
            }
        }
    });
}

std::optional<trace::PrefillProgress> InferenceWorker::takePrefill() {
    const std::lock_guard lock(m_prefillMutex);
    return std::exchange(m_prefill, std::nullopt);
}

void InferenceWorker::post(std::function<void()> job) {
    {
        const std::lock_guard lock(m_mutex);
        m_jobs.push_back(std::move(job));
    }
    m_wake.notify_one();
}

void InferenceWorker::postForAnswer(std::function<void()> job) {
    {
        const std::lock_guard lock(m_mutex);
        ++m_answersWaiting;
        m_yield.store(true);
        m_jobs.push_back([this, job = std::move(job)] {
            {
                const std::lock_guard begun(m_mutex);
                --m_answersWaiting;
            }
            job();
        });
    }
    m_wake.notify_one();
}

bool InferenceWorker::isWaitedFor() {
    const std::lock_guard lock(m_mutex);
    if (m_answersWaiting == 0 && !m_stopping.load()) {
        m_yield.store(false);
    }
    return m_answersWaiting > 0;
}

void InferenceWorker::work() {
    for (;;) {
        std::function<void()> job;
        {
            std::unique_lock lock(m_mutex);
            m_wake.wait(lock, [this] { return m_stopping.load() || !m_jobs.empty(); });
            if (m_stopping.load()) {
                break;
            }
            job = std::move(m_jobs.front());
            m_jobs.pop_front();
        }
        try {
            job();
        } catch (...) { // out of a thread it would end the program
            m_events.trouble(currentError());
        }
        tellCached();
    }
    m_grid.reset();
    m_states.reset();
    m_engine.reset(); // on the thread that made it
}

void InferenceWorker::tellCached() {
    const uint32_t tokens = m_engine ? m_engine->position() : 0;
    const std::pair now{tokens > 0 ? m_cachedAnswer : noAnswer, tokens};
    if (std::exchange(m_told, now) != now) {
        m_events.cached(now.first, now.second);
    }
}

void InferenceWorker::doLoad(const LoadJob& job, quint64 number) {
    m_grid.reset();
    m_states.reset();
    m_engine.reset();   // two models at once may not fit
    m_haystack.reset(); // its tokens were counted by that model
    m_contexts.clear();
    m_lastLoad = job;
    m_lastNumber = number;
    try {
        inference::LoadOptions options;
        options.device = job.device;
        options.kv = job.kv;
        options.context = job.context;
        options.memory_bytes = job.memory_bytes;
        options.cache_folder = job.cache_folder;
        options.sessions = job.states;
        auto next = std::chrono::steady_clock::now();
        options.progress = [this, number, &next](uint64_t done, uint64_t total) {
            if (const auto now = std::chrono::steady_clock::now(); now >= next) {
                next = now + std::chrono::milliseconds(33);
                m_events.load_progress(number, done, total);
            }
            return !m_stopping.load() && m_loadsWaiting.load() == 0;
        };
        m_engine = inference::Engine::load(job.model, options);
        openStates();
        // A tokenizer of its own for counting drafts: that goes on while this thread answers.
        const gguf::Reader file(job.model);
        auto tokenizer = std::make_shared<const model::Tokenizer>(file);
        const model::ChatTemplate& chat = m_engine->chatTemplate();
        const Loaded loaded{
            m_engine->model(), m_engine->device(), m_engine->memory(), m_engine->ledger(), m_engine->contextChoice(),
            chat.facts(),      chat.problem(),     chat.fallback(),    m_engine->loadMs(), vocabularySum(*tokenizer)};
        m_events.loaded(number, loaded, std::move(tokenizer));
    } catch (...) {
        const trace::Error error = currentError();
        m_grid.reset();
        m_states.reset();
        m_engine.reset();
        // A load that a newer one replaced, or the end of the program, is no failure to speak of.
        if (!m_stopping.load() && m_loadsWaiting.load() == 0) {
            m_events.load_failed(number, error);
        }
    }
}

InferenceWorker::Prompt InferenceWorker::promptOf(const GenerateJob& job, const std::atomic<bool>& cancel) const {
    const model::TemplateFacts& facts = m_engine->chatTemplate().facts();
    std::vector<model::ChatMessage> messages = job.messages;
    model::RenderOptions options;
    options.now = job.now;
    if (job.thinking && !facts.thinking_variable.empty()) {
        options.variables[facts.thinking_variable] = *job.thinking;
    } else if (job.thinking == false && facts.no_think && !messages.empty()) {
        messages.back().content = "/no_think " + messages.back().content;
    }
    for (model::ChatMessage& message : messages) {
        if (!message.tokens.empty() && !saysTheSame(m_engine->tokenizer(), message.tokens, message.content)) {
            message.tokens.clear();
        }
    }
    const model::RenderedChat chat = m_engine->render(messages, &cancel, options);
    Prompt prompt{chat.tokens, chat.message_starts, {}, 0};
    const std::string_view mark = model::openingMark(chat.text);
    if (!mark.empty()) {
        prompt.opening = std::string(mark) + "\n";
    }
    if (!job.begun.empty()) {
        std::string begun = job.begun;
        if (begun.starts_with(prompt.opening)) {
            begun.erase(0, prompt.opening.size()); // the prompt has it
        } else if (!mark.empty()) {
            begun.insert(0, std::string(model::closingMark(mark)) + "\n\n"); // it was made without thinking
        }
        const model::Tokenizer& tokenizer = m_engine->tokenizer();
        const bool same = !job.begun_tokens.empty() && saysTheSame(tokenizer, job.begun_tokens, begun);
        const std::vector<int32_t> tokens = same ? job.begun_tokens : tokenizer.encode(begun, false, &cancel);
        prompt.tokens.insert(prompt.tokens.end(), tokens.begin(), tokens.end());
        prompt.begun = static_cast<uint32_t>(tokens.size());
    }
    if (job.branch) {
        for (const trace::TokenTracePtr& token : job.branch->begun) {
            if (token->generated) {
                prompt.tokens.push_back(token->token);
                ++prompt.begun;
            }
        }
        prompt.tokens.push_back(job.branch->token.token);
        ++prompt.begun;
    }
    return prompt;
}

void InferenceWorker::doRender(const GenerateJob& job) {
    if (!m_engine || m_cancelRender.load()) {
        return;
    }
    try {
        const Prompt prompt = promptOf(job, m_cancelRender);
        m_events.rendered(job.id, prompt.message_starts, prompt.tokens.size());
    } catch (const trace::Error&) {
        // Whoever sends this prompt is told why it cannot be read.
    }
}

void InferenceWorker::doMeasure(const GenerateJob& job, uint32_t room, quint64 request) {
    try {
        if (!m_engine) {
            throw trace::Error("app.no_model", "No model is loaded.");
        }
        const auto sizeOf = [&](size_t first) {
            GenerateJob part = job;
            part.messages = newestOf(job.messages, first);
            const Prompt prompt = promptOf(part, m_cancelMeasuring);
            return PromptSize{static_cast<uint32_t>(prompt.tokens.size()), prompt.message_starts};
        };
        m_events.measured(request, fitContext(job.messages, room, m_engine->memory().context, sizeOf));
    } catch (...) {
        m_events.measure_failed(request, currentError());
    }
}

std::vector<ContextMessage> InferenceWorker::messagesOf(const std::vector<model::ChatMessage>& before,
                                                        const Prompt& prompt) {
    std::vector<ContextMessage> messages;
    for (size_t i = 0; i < before.size(); ++i) {
        messages.push_back({before[i].role, prompt.message_starts[i]});
    }
    messages.push_back({"assistant", prompt.message_starts.back()});
    return messages;
}

InferenceWorker::Context InferenceWorker::contextOf(std::vector<ContextMessage> messages) const {
    Context context;
    context.messages = std::move(messages);
    context.first = context.messages.back().first;
    for (uint32_t position = context.first; position < m_engine->position(); ++position) {
        context.marks.push_back(m_engine->cacheMark(position));
    }
    return context;
}

void InferenceWorker::doGenerate(const GenerateJob& job) {
    if (!m_engine) {
        m_events.failed(job.id, trace::Error("app.no_model", "No model is loaded."));
        return;
    }
    try {
        inference::GenerationRequest request;
        Prompt prompt = promptOf(job, m_cancel);
        request.prompt = prompt.tokens;
        m_events.rendered(job.id, prompt.message_starts, request.prompt.size());
        const uint32_t context = m_engine->memory().context;
        if (request.prompt.size() >= context) {
            throw trace::Error(
                "app.context",
                "This conversation has {tokens} tokens and the context holds {context}. Start a new chat, "
                "or edit an earlier message.",
                {{"tokens", trace::grouped(request.prompt.size())}, {"context", trace::grouped(context)}});
        }
        m_contexts.erase(job.id);
        const auto room = context - static_cast<uint32_t>(request.prompt.size());
        const uint32_t takenOver = job.branch ? prompt.begun : 0;
        // One more than there is room for: an answer that fills the context ends for that reason, not for its length.
        request.max_tokens = job.max_tokens == 0 ? room + 1 : job.max_tokens - std::min(job.max_tokens, takenOver);
        request.begun = prompt.begun;
        request.sampling = job.sampling;
        request.router_probs = job.router_probs;
        request.intervention = job.intervention;
        // The first part of a continued answer is prompt now, and its traces are stored already, unless they are of
        // another prompt.
        const bool continued = !job.begun.empty();
        const bool told = continued && job.begun_traces.empty();
        request.tell_reused = job.tell_reused || (continued && !told);
        std::string opening = continued ? std::string() : std::move(prompt.opening);
        const auto show = [this, &opening](const trace::TokenTracePtr& token, const std::string& text) {
            push(m_ring, {token, QString::fromStdString(std::exchange(opening, {}) + text)});
        };
        const model::Tokenizer& tokenizer = m_engine->tokenizer();
        inference::TextStream begun({}); // of what a branch takes over: no character is cut in two
        if (job.branch) {
            for (const trace::TokenTracePtr& token : job.branch->begun) {
                if (token->generated) {
                    show(token, begun.push(tokenizer.decode(token->token, false)));
                } else {
                    push(m_ring, {token, {}});
                }
            }
            if (tokenizer.isStop(job.branch->token.token)) { // the branch is that the answer ends there
                m_events.finished(
                    job.id,
                    {trace::StopReason::Eos, {}, QString::fromStdString(begun.finish()), m_engine->position(), {}});
                return;
            }
        }
        inference::GenerationObserver observer;
        observer.cancel = &m_cancel;
        observer.prefill = [this](const trace::PrefillProgress& progress) {
            const std::lock_guard lock(m_prefillMutex);
            m_prefill = progress;
        };
        size_t sent = 0;
        observer.token = [&](const trace::TokenTracePtr& token, const std::string& text) {
            if (token->generated) {
                sent += text.size();
                show(token, text);
            } else if (job.branch) {
                if (token->position + 1 == request.prompt.size()) {
                    show(takenTrace(*token, job.branch->token.probability, job.branch->candidates),
                         begun.push(tokenizer.decode(token->token, false)));
                }
            } else if (const size_t first = request.prompt.size() - prompt.begun; token->position < first) {
                if (!told) {
                    push(m_ring, {token, {}});
                }
            } else if (!told) {
                const auto& before = job.begun_traces; // its text is there already
                const size_t at = token->position - first;
                const bool known = at < before.size() && before[at]->token == token->token;
                push(m_ring, {known ? takenTrace(*token, before[at]->probability, before[at]->candidates)
                                    : takenTrace(*token, 0, {}),
                              {}});
            }
        };
        observer.timeline = [this](const trace::StepTimelinePtr& step) { push(m_steps, step); };
        observer.timed = &m_timed;
        if (job.afresh) {
            m_engine->reset();
        } else {
            restoreState(job, request.prompt);
        }
        m_cachedAnswer = job.id;
        const inference::GenerationResult result = m_engine->generate(request, observer);
        tellCached(); // whoever hears of the end asks for it
        m_lostBefore = false;
        m_events.ledger(m_lastNumber, m_engine->ledger());
        if (!job.afresh) { // a measured one is no answer that is asked about
            m_contexts[job.id] = contextOf(messagesOf(job.messages, prompt));
        }
        const QString rest = QString::fromStdString(result.text.substr(std::min(sent, result.text.size())));
        Finished end{result.reason, result.timings, rest, m_engine->position(), {}};
        if (!job.passage.empty() && result.reason != trace::StopReason::Cancelled) {
            end.passage = passageMass(job.passage, request.prompt);
        }
        m_events.finished(job.id, end);
        if (!job.afresh) {
            saveState(job.id);
        }
    } catch (...) {
        const trace::Error error = currentError();
        if (error.id() == cancelled) { // while the prompt was made into tokens
            m_events.finished(job.id, {trace::StopReason::Cancelled, {}, {}, m_engine->position(), {}});
            return;
        }
        if (error.id() != deviceLost) {
            m_events.failed(job.id, error);
            return;
        }
        recoverDevice(job.id, error);
    }
}

void InferenceWorker::recoverDevice(qint64 id, const trace::Error& error) {
    m_events.interrupted(id, error);
    m_grid.reset();
    m_states.reset();
    m_engine.reset();
    if (std::exchange(m_lostBefore, true)) {
        m_events.load_failed(m_lastNumber,
                             trace::Error("app.lost_again",
                                          "The graphics device was lost twice in a row, so the model was not loaded "
                                          "again. Choose another device in the settings."));
    } else {
        doLoad(LoadJob(m_lastLoad), m_lastNumber);
    }
}

template <typename T, size_t Capacity>
void InferenceWorker::push(SpscRing<T, Capacity>& ring, T value) {
    // Full only if the UI thread stands still: tokens wait then rather than get lost.
    while (!ring.push(value) && !m_stopping.load()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

} // namespace moescope::controller
