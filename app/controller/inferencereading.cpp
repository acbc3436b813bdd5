// SPDX-License-Identifier: Apache-2.0
// The part of InferenceWorker that computes on answers which are there: what a token looked at, what two interventions make
// of it. Nothing is sampled.
#include "app/controller/computedprompt.h"
#include "app/controller/inferenceworker.h"
#include "app/controller/modelcards.h"
#include "engine/inference/divergence.h"

#include <algorithm>

namespace moescope::controller {

void InferenceWorker::checkCached(const AttentionJob& job) const {
    const auto found = m_contexts.find(job.answer);
    if (found == m_contexts.end()) {
        throw trace::Error(
            "attention.not_computed",
            "This answer was not computed since the model was loaded, so the KV cache does not hold it.");
    }
    if (const uint32_t most = m_engine->memory().context; job.position >= most) {
        throw trace::Error(
            "attention.never_read",
            "The context of {context} tokens was full when this token was chosen. The answer ended there, "
            "and the model never read this token.",
            {{"context", trace::grouped(uint64_t{most})}});
    }
    const Context& context = found->second;
    const size_t token = size_t{job.position} - context.first;
    if (job.position >= context.first && token == context.marks.size()) {
        throw trace::Error(
            "attention.not_cached",
            "The answer ended with this token before the model read it, so the KV cache does not hold it.");
    }
    if (job.position < context.first || token > context.marks.size() ||
        context.marks[token] != m_engine->cacheMark(job.position)) {
        throw trace::Error("attention.not_cached",
                           "The KV cache of the loaded model no longer holds this answer up to position {position}: "
                           "another one was computed since.",
                           {{"position", trace::grouped(uint64_t{job.position} + 1)}});
    }
}

void InferenceWorker::doAttention(const AttentionJob& job, quint64 request) {
    if (!m_engine) {
        m_events.attention_failed(request, job, trace::Error("app.no_model", "No model is loaded."));
        return;
    }
    try {
        try {
            checkCached(job);
        } catch (const trace::Error&) {
            if (!job.known) {
                throw;
            }
            readAgain(job.answer, *job.known);
            checkCached(job);
        }
        Attention found;
        found.answer = job.answer;
        found.weights =
            std::make_shared<const trace::AttentionWeights>(m_engine->attentionWeights(job.position, job.layer));
        std::vector<std::string> texts;
        for (const int32_t token : m_engine->cachedTokens().first(size_t{job.position} + 1)) {
            texts.push_back(m_engine->tokenizer().decode(token));
        }
        found.texts = std::make_shared<const std::vector<std::string>>(std::move(texts));
        found.messages = m_contexts.at(job.answer).messages;
        m_events.attention(request, found);
    } catch (...) {
        const trace::Error error = currentError();
        m_events.attention_failed(request, job, error);
        if (error.id() == deviceLost) {
            recoverDevice(noAnswer, error);
        }
    }
}

void InferenceWorker::read(std::vector<int32_t> tokens, const trace::Intervention& intervention) {
    inference::GenerationRequest request;
    tokens.resize(std::min<size_t>(tokens.size(), m_engine->memory().context));
    request.prompt = std::move(tokens);
    request.max_tokens = 0;
    request.telemetry = false;
    request.intervention = intervention;
    inference::GenerationObserver observer;
    observer.cancel = &m_cancelReading;
    if (m_engine->generate(request, observer).reason == trace::StopReason::Cancelled) {
        trace::throwCancelled();
    }
}

InferenceWorker::Prompt InferenceWorker::renderAgain(const AnsweredPrompt& answered,
                                                     const std::atomic<bool>& cancel) const {
    GenerateJob job;
    job.messages = answered.messages;
    job.thinking = answered.thinking;
    return promptOf(job, cancel);
}

void InferenceWorker::readAgain(qint64 answer, const KnownAnswer& known) {
    const Prompt rendered = renderAgain(known.prompt, m_cancelReading);
    std::vector<int32_t> tokens = computedPrompt(known.prompt, rendered.tokens);
    const bool same = tokens == rendered.tokens;
    const auto first = static_cast<uint32_t>(tokens.size());
    tokens.insert(tokens.end(), known.tokens.begin(), known.tokens.end());
    m_cachedAnswer = answer;
    read(std::move(tokens), known.intervention);
    m_contexts[answer] =
        same ? contextOf(messagesOf(known.prompt.messages, rendered)) : contextOf({{"", 0}, {"assistant", first}});
}

InferenceWorker::Held InferenceWorker::held() const {
    Held held;
    const std::span<const int32_t> tokens = m_engine->cachedTokens();
    held.tokens.assign(tokens.begin(), tokens.end());
    held.marks = marks();
    held.intervention = m_engine->intervention();
    return held;
}

std::vector<uint64_t> InferenceWorker::marks() const {
    std::vector<uint64_t> marks;
    for (uint32_t position = 0; position < m_engine->position(); ++position) {
        marks.push_back(m_engine->cacheMark(position));
    }
    return marks;
}

void InferenceWorker::restore(const Held& before) {
    if (before.tokens.empty() || marks() == before.marks) {
        return;
    }
    try {
        read(before.tokens, before.intervention);
    } catch (...) {
        const trace::Error error = currentError();
        if (error.id() == deviceLost) {
            recoverDevice(noAnswer, error);
            return;
        }
        if (error.id() != cancelled) {
            m_events.trouble(error);
        }
    }
    m_events.ledger(m_lastNumber, m_engine->ledger());
    for (auto& [answer, context] : m_contexts) {
        for (size_t i = 0; i < context.marks.size(); ++i) {
            const size_t position = context.first + i;
            const uint64_t now = m_engine->cacheMark(static_cast<uint32_t>(position));
            if (position < before.marks.size() && context.marks[i] == before.marks[position] && now != 0) {
                context.marks[i] = now;
            }
        }
    }
}

void InferenceWorker::doDiverge(const DivergenceJob& job, quint64 request, const std::atomic<bool>& cancel) {
    if (!m_engine) {
        m_events.divergence_failed(request, trace::Error("app.no_model", "No model is loaded."));
        return;
    }
    const Held before = held();
    try {
        if (cancel.load()) { // another job came before it began
            trace::throwCancelled();
        }
        inference::DivergenceRequest compare;
        compare.prompt = computedPrompt(job.prompt, renderAgain(job.prompt, cancel).tokens);
        compare.answer = job.answer;
        compare.base = job.base;
        compare.what_if = job.what_if;
        compare.cancel = &cancel;
        compare.progress = [this, request](uint64_t done, uint64_t total) {
            m_events.divergence_progress(request, done, total);
        };
        const std::vector<trace::TokenDivergence> divergence = inference::divergence(*m_engine, compare);
        m_events.ledger(m_lastNumber, m_engine->ledger());
        m_events.diverged(request, divergence);
    } catch (...) {
        const trace::Error error = currentError();
        m_events.divergence_failed(request, error);
        if (error.id() == deviceLost) {
            recoverDevice(noAnswer, error);
            return;
        }
    }
    restore(before);
}

} // namespace moescope::controller
