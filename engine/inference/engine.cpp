// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/engine.h"

#include "engine/gguf/mapped_file.h"
#include "engine/inference/decoder.h"
#include "engine/inference/kv_facts.h"
#include "engine/inference/memory_plan.h"
#include "engine/inference/open_device.h"
#include "engine/inference/prefill_estimate.h"
#include "engine/inference/text_stream.h"
#include "engine/inference/transformer.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <chrono>

namespace moescope::inference {

using trace::Error;
using trace::StepKind;
using trace::StepPart;

namespace {

bool wantsTimeline(const GenerationObserver& observer) {
    return observer.timeline && (observer.timed == nullptr || observer.timed->load(std::memory_order_relaxed));
}

class Stopwatch {
public:
    double ms() const {
        return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - m_start).count();
    }

private:
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

const gguf::Reader& withTensors(const gguf::Reader& file) {
    if (file.tensors().empty()) {
        throw Error("model.vocabulary_only",
                    "The file “{file}” holds a vocabulary only and no weights, so it cannot answer.",
                    {{"file", file.path().filename().string()}});
    }
    return file;
}

MemoryRoom roomOf(const vulkan::Device& device, const LoadOptions& options) {
    const vulkan::Limits& limits = device.limits();
    const uint64_t free = device.freeBytes();
    return {.device = device.info().name,
            .free_bytes = options.memory_bytes != 0 ? std::min(options.memory_bytes, free) : free,
            .largest_buffer = limits.largestBuffer(),
            .kv_range = options.variants.kv_range.value_or(0),
            .software = limits.software && options.memory_bytes == 0};
}

vulkan::DeviceOptions deviceOptions(const LoadOptions& options) {
    return {.selector = options.device,
            .cache_folder = options.cache_folder,
            .shader_hash = shaderHash(),
            .validation = false,
            .prepare_memory = gguf::preferHugePages};
}

} // namespace

struct Engine::Impl {
    Impl(const std::filesystem::path& path, const LoadOptions& options)
        : file(path), fingerprint(file, options.sessions, options.cache_folder),
          config(model::readConfig(withTensors(file))), info(model::readInfo(file)), tokenizer(file),
          device(openDevice(deviceOptions(options), config, file, options.variants)),
          choice(chooseContext(config, file, options.context, options.kv, roomOf(*device, options))),
          transformer(*device, config, file, choice.tokens, choice.batch, options.kv, options.variants,
                      options.progress) {
        memory.weights_bytes = transformer.weightsBytes();
        memory.kv_bytes = transformer.kvBytes();
        memory.kv_bytes_per_token = transformer.kvBytes() / transformer.context();
        memory.workspace_bytes = transformer.workspaceUse().bytes;
        memory.context = transformer.context();
        memory.kv_type = kvTypeName(options.kv);
        needs = memoryNeeds(config, file, choice.batch);
        routing = CachedRouting(routingShape());
    }

    void checkTokens(std::span<const int32_t> tokens) const {
        if (tokens.empty()) {
            throw Error("tokens.empty", "There is no token to read.");
        }
        for (const int32_t token : tokens) {
            if (token < 0 || static_cast<uint32_t>(token) >= config.vocab_size) {
                throw Error("tokens.range", "Token {token} does not exist; this model's go from 0 to {last}.",
                            {{"token", std::to_string(token)}, {"last", std::to_string(config.vocab_size - 1)}});
            }
        }
    }

    // What the cache holds was made under `intervention`, or is forgotten.
    void intervene(const trace::Intervention& asked) {
        const trace::Intervention wanted = trace::normalised(asked, config.expert_used_count);
        if (wanted == intervention) {
            return;
        }
        trace::checkIntervention(wanted, info);
        transformer.intervene(wanted);
        intervention = wanted;
        forget(0);
        routing = CachedRouting(routingShape());
        memory.workspace_bytes = transformer.workspaceUse().bytes;
    }

    void checkFits(size_t tokens) const {
        if (tokens > transformer.context()) {
            throw Error("context.prompt_too_long",
                        "The prompt has {tokens} tokens and the context holds {context}, so it cannot be answered.",
                        {{"tokens", trace::grouped(tokens)}, {"context", trace::grouped(transformer.context())}});
        }
    }

    void checkHeld(uint32_t position) const {
        if (position >= cached.size()) {
            throw Error("attention.position",
                        "Position {position} is not in the KV cache, which holds {tokens} tokens.",
                        {{"position", trace::grouped(position)}, {"tokens", trace::grouped(cached.size())}});
        }
    }

    // For one token more.
    void checkRoom() const {
        if (cached.size() >= transformer.context()) {
            throw Error("context.full", "The context of {context} tokens is full.",
                        {{"context", trace::grouped(transformer.context())}});
        }
    }

    // Sizes of what the routers choose under the intervention.
    trace::RoutingShape routingShape() const {
        const uint32_t used = intervention.experts_used != 0 ? intervention.experts_used : config.expert_used_count;
        return {config.moeLayerCount(), config.expert_count, used};
    }

    // What the cache holds from `tokens` on.
    void forget(uint32_t tokens) {
        cached.resize(tokens);
        routing.resize(tokens);
    }

    // The cache holds `tokens` too. `routed`: and the last pass left the routing of each.
    void keep(std::span<const int32_t> tokens, bool routed) {
        for (uint32_t i = 0; i < tokens.size() && routed; ++i) {
            routing.append(transformer.router(i));
        }
        routing.resize(static_cast<uint32_t>(cached.size() + tokens.size()));
        remember(tokens);
    }

    void remember(std::span<const int32_t> tokens) {
        marks.resize(cached.size());
        for (const int32_t token : tokens) {
            cached.push_back(token);
            marks.push_back(++kept);
        }
    }

    // Reads `tokens` behind what the cache holds, micro-batch by micro-batch. False: cancelled.
    template <typename AfterBatch>
    bool append(std::span<const int32_t> tokens, const PassOptions& options, AfterBatch afterBatch,
                const GenerationObserver& observer = {}) {
        for (size_t done = 0; done < tokens.size();) {
            const auto count = std::min<size_t>(tokens.size() - done, transformer.advisedTokens(options));
            PassOptions pass = options;
            if (options.logits == LogitRows::Last && done + count < tokens.size()) {
                pass.logits = LogitRows::None;
            }
            const auto batch = tokens.subspan(done, count);
            const auto position = static_cast<uint32_t>(cached.size());
            std::optional<StepClock> clock;
            if (wantsTimeline(observer)) {
                clock.emplace(StepKind::Prefill, position, static_cast<uint32_t>(count), StepPart::Record);
                pass.clock = &*clock;
            }
            if (!transformer.prefill(batch, position, pass)) {
                return false;
            }
            keep(batch, options.router);
            host(pass.clock, StepPart::Tell);
            afterBatch(static_cast<uint32_t>(done), static_cast<uint32_t>(count));
            if (clock) {
                observer.timeline(clock->finish());
            }
            done += count;
        }
        return true;
    }

    std::shared_ptr<trace::TokenTrace> traceOf(int32_t token, uint32_t position, uint32_t index, bool generated,
                                               float probability, bool telemetry) const {
        auto trace = std::make_shared<trace::TokenTrace>();
        trace->token = token;
        trace->position = position;
        trace->generated = generated;
        trace->text = tokenizer.decode(token);
        trace->probability = probability;
        if (telemetry) {
            trace->router = transformer.router(index);
        }
        return trace;
    }

    std::vector<trace::TokenCandidate> candidatesOf(const SampledToken& sampled) const {
        std::vector<trace::TokenCandidate> candidates;
        candidates.reserve(sampled.candidates.size());
        for (const Candidate& one : sampled.candidates) {
            candidates.push_back({one.token, tokenizer.decode(one.token), one.probability, one.sampled});
        }
        return candidates;
    }

    bool readPrompt(const GenerationRequest& request, const GenerationObserver& observer, trace::StepTimings& timings);
    void answer(const GenerationRequest& request, const GenerationObserver& observer, const Stopwatch& clock,
                GenerationResult& result);

    gguf::Reader file;
    FingerprintJob fingerprint; ///< of the file's bytes
    model::ModelConfig config;
    trace::ModelInfo info;
    model::Tokenizer tokenizer;
    std::unique_ptr<vulkan::Device> device;
    ContextChoice choice;
    Transformer transformer;
    trace::MemoryInfo memory;
    trace::MemoryNeeds needs;
    uint64_t freeAfter = 0; ///< bytes, when the load was over
    std::optional<model::ChatTemplate> chatTemplate;
    std::vector<int32_t> cached; ///< tokens that the KV cache holds
    std::vector<uint64_t> marks; ///< of each of them, and perhaps of some that it held before
    uint64_t kept = 0;
    CachedRouting routing;            ///< of them
    trace::Intervention intervention; ///< under which
    double loadMs = 0;
};

Engine::Engine() = default;
Engine::~Engine() = default;

void prepareProcess() { vulkan::prepareDriverThreads(); }

std::unique_ptr<Engine> Engine::load(const std::filesystem::path& file, const LoadOptions& options) {
    const Stopwatch clock;
    std::unique_ptr<Engine> engine(new Engine);
    engine->m_impl = std::make_unique<Impl>(file, options);
    engine->m_impl->transformer.warmUp();
    engine->m_impl->device->savePipelineCache();
    engine->m_impl->freeAfter = engine->m_impl->device->freeBytes();
    engine->m_impl->loadMs = clock.ms();
    return engine;
}

const trace::ModelInfo& Engine::model() const { return m_impl->info; }
const model::ModelConfig& Engine::config() const { return m_impl->config; }
const trace::DeviceInfo& Engine::device() const { return m_impl->device->info(); }
const trace::MemoryInfo& Engine::memory() const { return m_impl->memory; }
trace::MemoryLedger Engine::ledger() const {
    const Transformer& transformer = m_impl->transformer;
    const vulkan::Device& device = *m_impl->device;
    const WeightUse& weights = transformer.weightUse();
    trace::MemoryUse workspace = transformer.workspaceUse();
    workspace += transformer.readBackUse();
    return {.planned = m_impl->needs,
            .context = transformer.context(),
            .kv_type = parseKvType(m_impl->memory.kv_type),
            .routed = weights.routed,
            .shared = weights.shared,
            .rest = weights.rest,
            .kv = transformer.kvUse(),
            .workspace = workspace,
            .staging = device.staging(),
            .allocated = device.allocated(),
            .device_bytes = device.info().memory_bytes,
            .driver_counts = device.hasMemoryBudget(),
            .free_before_bytes = device.info().free_bytes,
            .free_after_bytes = m_impl->freeAfter};
}

const ContextChoice& Engine::contextChoice() const { return m_impl->choice; }
double Engine::loadMs() const { return m_impl->loadMs; }
const model::Tokenizer& Engine::tokenizer() const { return m_impl->tokenizer; }
uint32_t Engine::position() const { return static_cast<uint32_t>(m_impl->cached.size()); }
std::span<const int32_t> Engine::cachedTokens() const { return m_impl->cached; }
const trace::Intervention& Engine::intervention() const { return m_impl->intervention; }
uint64_t Engine::cacheMark(uint32_t position) const {
    return position < m_impl->cached.size() ? m_impl->marks[position] : 0;
}
void Engine::reset() { m_impl->forget(0); }

bool Engine::hasKvKey() const { return m_impl->fingerprint.isWanted(); }

session::KvKey Engine::kvKey(trace::CancelFlag cancel) const {
    const Impl& impl = *m_impl;
    return {.model = impl.fingerprint.get(cancel),
            .kv_type = parseKvType(impl.memory.kv_type),
            .rope = ropeText(impl.config, impl.transformer.context()),
            .intervention = impl.intervention,
            .device = device().name + ", " + device().driver,
            .variant = impl.transformer.variantText(),
            .bytes_per_token = impl.transformer.kv().bytesPerToken()};
}

std::string Engine::fingerprint(trace::CancelFlag cancel) const { return m_impl->fingerprint.take(cancel); }

std::string Engine::variantText() const { return m_impl->transformer.variantText(); }

void Engine::intervene(const trace::Intervention& intervention) { m_impl->intervene(intervention); }

void Engine::readKv(uint32_t first, uint32_t count, std::span<uint8_t> rows) const {
    m_impl->transformer.kv().read(first, count, rows);
}

void Engine::appendKv(std::span<const int32_t> tokens, std::span<const uint8_t> rows, uint32_t row_tokens,
                      std::span<const uint8_t> routing) {
    m_impl->checkTokens(tokens);
    m_impl->checkFits(m_impl->cached.size() + tokens.size());
    m_impl->transformer.kv().write(position(), static_cast<uint32_t>(tokens.size()), rows, row_tokens);
    m_impl->routing.append(routing, static_cast<uint32_t>(tokens.size()));
    m_impl->remember(tokens);
}

void Engine::truncate(uint32_t tokens) { m_impl->forget(std::min(tokens, position())); }

const CachedRouting& Engine::routing() const { return m_impl->routing; }

uint64_t Engine::commandBuffersRecorded() const { return m_impl->device->counters().command_buffers_recorded; }
uint64_t Engine::descriptorSetsUpdated() const { return m_impl->device->counters().descriptor_sets_updated; }
uint64_t Engine::lastPrefillDispatches() const { return m_impl->transformer.lastPrefillDispatches(); }
uint64_t Engine::kvBufferBytes() const { return m_impl->transformer.kvBytes(); }

const model::ChatTemplate& Engine::chatTemplate() const {
    if (!m_impl->chatTemplate) {
        m_impl->chatTemplate.emplace(m_impl->info.chat_template, m_impl->tokenizer,
                                     model::storedTemplate(m_impl->file, true));
    }
    return *m_impl->chatTemplate;
}

model::RenderedChat Engine::render(const std::vector<model::ChatMessage>& messages, trace::CancelFlag cancel,
                                   const model::RenderOptions& options) const {
    return chatTemplate().render(messages, cancel, options);
}

bool Engine::Impl::readPrompt(const GenerationRequest& request, const GenerationObserver& observer,
                              trace::StepTimings& timings) {
    const std::vector<int32_t>& prompt = request.prompt;
    // The last token is always computed: its logits start the answer.
    const auto common =
        std::mismatch(cached.begin(), cached.end(), prompt.begin(), prompt.end() - 1).first - cached.begin();
    forget(static_cast<uint32_t>(common));
    timings.reused_tokens = static_cast<uint32_t>(common);
    if (request.tell_reused && observer.token) {
        for (uint32_t i = 0; i < timings.reused_tokens; ++i) {
            auto trace = traceOf(prompt[i], i, 0, false, 0, false);
            if (routing.isRecorded(i)) {
                trace->router = routing.read(i);
            }
            observer.token(std::move(trace), {});
        }
    }

    const Stopwatch clock;
    PrefillEstimate estimate(config);
    const auto report = [&] {
        if (observer.prefill) {
            const auto done = static_cast<uint32_t>(cached.size());
            const auto total = static_cast<uint32_t>(prompt.size());
            const double elapsed = clock.ms();
            observer.prefill({.done = done,
                              .reused = timings.reused_tokens,
                              .total = total,
                              .elapsed_ms = elapsed,
                              .left_ms = estimate.leftMs(total - done, elapsed)});
        }
    };
    report();
    const PassOptions pass{.router = request.telemetry,
                           .router_probs = request.telemetry && request.router_probs,
                           .hidden = false,
                           .logits = LogitRows::Last,
                           .cancel = observer.cancel};
    const bool finished = append(
        std::span(prompt).subspan(static_cast<size_t>(common)), pass,
        [&](uint32_t, uint32_t count) {
            const auto first = static_cast<uint32_t>(cached.size()) - count;
            estimate.add(first, count, transformer.lastPrefillCost());
            if (observer.token) {
                for (uint32_t i = 0; i < count; ++i) {
                    observer.token(traceOf(prompt[first + i], first + i, i, false, 0, request.telemetry), {});
                }
            }
            report();
        },
        observer);
    timings.prefill_tokens = static_cast<uint32_t>(cached.size()) - timings.reused_tokens;
    timings.prefill_ms = clock.ms();
    return finished;
}

void Engine::Impl::answer(const GenerationRequest& request, const GenerationObserver& observer, const Stopwatch& clock,
                          GenerationResult& result) {
    Sampler sampler(request.sampling, info.sampling);
    for (const int32_t token : request.prompt) {
        sampler.accept(token);
    }
    TextStream text(request.stop);
    for (const int32_t token : std::span(request.prompt).last(std::min<size_t>(request.begun, request.prompt.size()))) {
        text.push(tokenizer.decode(token, false)); // shown when it was made
    }
    const auto first = static_cast<uint32_t>(cached.size());
    Decoder decoder(transformer, sampler, config.token_count,
                    {.on_device = transformer.samples(),
                     .most_in_flight = request.steps_in_flight,
                     .most_steps = std::min(request.max_tokens, transformer.context() - first),
                     .position = first});
    PassOptions pass{.router = request.telemetry, .router_probs = request.telemetry && request.router_probs};
    pass.cancel = observer.cancel;
    pass.logits = decoder.isOnDevice() && !observer.token ? LogitRows::None : LogitRows::Last;
    const auto cancelled = [&] {
        return observer.cancel != nullptr && observer.cancel->load(std::memory_order_relaxed);
    };
    const Stopwatch decoding;

    // Each sampled token is fed back before it is reported, so that its report carries its own routing.
    for (;;) {
        if (result.tokens.size() >= request.max_tokens) {
            result.reason = trace::StopReason::Length;
            break;
        }
        if (cancelled()) {
            result.reason = trace::StopReason::Cancelled;
            break;
        }
        const auto position = static_cast<uint32_t>(cached.size());
        std::optional<StepClock> step;
        const bool timed = wantsTimeline(observer);
        if (timed && decoder.isIdle()) {
            step.emplace(StepKind::Decode, position, 1, StepPart::Sample);
        }
        pass.clock = step ? &*step : nullptr;
        const int32_t token = decoder.token(pass);
        if (result.tokens.empty()) {
            result.timings.first_token_ms = clock.ms();
        }
        host(pass.clock, StepPart::Text);
        if (!request.ignore_eos && tokenizer.isStop(token)) {
            result.reason = trace::StopReason::Eos;
            break;
        }
        result.tokens.push_back(token);
        const std::string shown = text.push(tokenizer.decode(token, false));
        result.text += shown;
        const bool full = position >= transformer.context();
        if (!full) {
            decoder.begin(pass, timed);
        }
        SampledToken sampled{token, 0, {}};
        if (observer.token) { // while the device computes
            host(pass.clock, StepPart::Sample);
            sampled = sampler.tell(token, transformer.logits(), config.token_count, request.candidates);
        }
        sampler.accept(token);
        const bool computed = !full && decoder.finish(pass);
        if (computed) {
            keep(std::span(&token, 1), request.telemetry);
        }
        if (observer.token) {
            auto trace = traceOf(token, position, 0, true, sampled.probability, request.telemetry && computed);
            trace->candidates = candidatesOf(sampled);
            host(pass.clock, StepPart::Tell);
            observer.token(std::move(trace), shown);
        }
        if (step && computed) {
            observer.timeline(step->finish());
        }
        if (text.isStopped()) {
            result.reason = trace::StopReason::Stop;
            break;
        }
        if (!computed) {
            result.reason = full ? trace::StopReason::Context : trace::StopReason::Cancelled;
            break;
        }
    }
    decoder.end();
    result.text += text.finish();
    result.timings.decode_ms = decoding.ms();
    result.timings.decode_tokens = static_cast<uint32_t>(result.tokens.size());
}

GenerationResult Engine::generate(const GenerationRequest& request, const GenerationObserver& observer) {
    Impl& impl = *m_impl;
    impl.checkTokens(request.prompt);
    impl.checkFits(request.prompt.size());
    impl.intervene(request.intervention);
    const Stopwatch clock;
    GenerationResult result;
    result.timings.load_ms = impl.loadMs;
    if (!impl.readPrompt(request, observer, result.timings)) {
        result.reason = trace::StopReason::Cancelled;
        return result;
    }
    impl.answer(request, observer, clock, result);
    return result;
}

void Engine::evaluate(std::span<const int32_t> tokens, const EvaluateOptions& options,
                      const std::function<void(const EvaluateBatch&)>& sink) {
    Impl& impl = *m_impl;
    impl.checkTokens(tokens);
    impl.intervene(options.intervention);
    impl.checkFits(impl.cached.size() + tokens.size());
    const PassOptions pass{.router = options.router,
                           .router_probs = options.router_probs,
                           .hidden = options.hidden,
                           .logits = options.logits,
                           .cancel = options.cancel};
    const bool finished = impl.append(tokens, pass, [&](uint32_t first, uint32_t count) {
        std::vector<trace::RouterTrace> router;
        for (uint32_t i = 0; options.router && i < count; ++i) {
            router.push_back(impl.transformer.router(i));
        }
        const bool hasLogits =
            options.logits == LogitRows::All || (options.logits == LogitRows::Last && first + count == tokens.size());
        sink({.first = first,
              .count = count,
              .logits = hasLogits ? impl.transformer.logits() : std::span<const float>{},
              .router = router,
              .hidden = options.hidden ? impl.transformer.hidden() : std::span<const float>{}});
    });
    if (!finished) {
        trace::throwCancelled();
    }
}

std::span<const float> Engine::step(int32_t token) {
    Impl& impl = *m_impl;
    impl.checkTokens(std::span(&token, 1));
    impl.checkRoom();
    impl.transformer.decode(token, static_cast<uint32_t>(impl.cached.size()), {});
    impl.keep(std::span(&token, 1), false);
    return impl.transformer.logits();
}

trace::StepTimelinePtr Engine::profile(int32_t token) {
    Impl& impl = *m_impl;
    impl.checkTokens(std::span(&token, 1));
    impl.checkRoom();
    const auto position = static_cast<uint32_t>(impl.cached.size());
    StepClock recording(StepKind::Decode, position, 1, StepPart::Record);
    impl.transformer.prepareDecode({.clock = &recording}); // before, as in an answer
    StepClock clock(StepKind::Decode, position, 1, StepPart::Submit);
    impl.transformer.decode(token, position, {.clock = &clock});
    return clock.finish();
}

trace::AttentionWeights Engine::attentionWeights(uint32_t position, uint32_t layer) {
    Impl& impl = *m_impl;
    impl.checkHeld(position);
    if (layer >= impl.config.block_count) {
        throw Error("attention.layer", "Layer {layer} does not exist; this model's go from 0 to {last}.",
                    {{"layer", std::to_string(layer)}, {"last", std::to_string(impl.config.block_count - 1)}});
    }
    return impl.transformer.attentionWeights(impl.cached[position], position, layer);
}

std::vector<float> Engine::attentionMass(uint32_t position, uint32_t first, uint32_t count, trace::CancelFlag cancel) {
    Impl& impl = *m_impl;
    impl.checkHeld(position);
    if (uint64_t{first} + count > uint64_t{position} + 1) {
        throw Error("attention.position",
                    "The passage of {count} tokens from {first} on ends behind position {position}.",
                    {{"count", trace::grouped(count)},
                     {"first", trace::grouped(first)},
                     {"position", trace::grouped(position)}});
    }
    return impl.transformer.attentionMass(impl.cached[position], position, first, count, cancel);
}

void Engine::loseDevice(uint32_t after) { m_impl->device->injectFailure(vulkan::Fault::DeviceLost, after); }

} // namespace moescope::inference
