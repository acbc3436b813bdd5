// SPDX-License-Identifier: Apache-2.0
// The part of InferenceWorker for runs of comparisons: prompts made of a template, what an answer looked at in its passage.
#include "app/controller/inferenceworker.h"
#include "app/controller/modelcards.h"
#include "app/platform/paths.h"
#include "engine/gguf/mapped_file.h"

#include <algorithm>

namespace moescope::controller {
namespace {

/** Tokens of an answer that are looked at, at most: each is one more pass of its queries. */
constexpr uint32_t massTokens = 256;
constexpr uint64_t haystackBytes = uint64_t{64} << 20; ///< at most

} // namespace

void InferenceWorker::fill(FillJob job) {
    if (m_cancelFills->load()) {
        m_cancelFills = std::make_shared<std::atomic<bool>>(false);
    }
    post([this, job = std::move(job), cancel = m_cancelFills] { doFill(job, *cancel); });
}

std::string InferenceWorker::haystackText(const std::filesystem::path& file, std::string& name) const {
    const std::filesystem::path path = file.empty() ? platform::builtinHaystack() : file;
    name = platform::toUtf8(path);
    return gguf::readText(path, haystackBytes);
}

const needle::Haystack& InferenceWorker::haystackOf(const std::filesystem::path& file, trace::CancelFlag cancel) {
    if (!m_haystack || m_haystackFile != file) {
        m_haystack.reset();
        std::string name;
        std::string text = haystackText(file, name);
        m_haystack = std::make_unique<const needle::Haystack>(name, std::move(text), m_engine->tokenizer(), cancel);
        m_haystackFile = file;
    }
    return *m_haystack;
}

void InferenceWorker::doFill(const FillJob& job, const std::atomic<bool>& cancel) {
    try {
        if (!m_engine) {
            throw trace::Error("app.no_model", "No model is loaded.");
        }
        const needle::PromptFiller filler(haystackOf(job.haystack, &cancel), m_engine->tokenizer(),
                                          [this, &job](const std::string& message, trace::CancelFlag flag) {
                                              GenerateJob prompt;
                                              prompt.messages = job.before;
                                              prompt.messages.push_back({.role = "user", .content = message});
                                              prompt.thinking = job.thinking;
                                              return promptOf(prompt, *flag).tokens;
                                          });
        const needle::FilledPrompt filled = filler.fill(job.filling, &cancel);
        m_events.filled(job.id, {QString::fromStdString(filled.text), static_cast<int>(filled.tokens.size())});
    } catch (...) {
        m_events.fill_failed(job.id, currentError());
    }
}

void InferenceWorker::startGrid(GridJob job) {
    endGrid();
    m_cancelGrid = std::make_shared<std::atomic<bool>>(false);
    postGrid(std::move(job), m_cancelGrid);
}

void InferenceWorker::postGrid(GridJob job, std::shared_ptr<std::atomic<bool>> cancel) {
    post([this, job = std::move(job), cancel = std::move(cancel)] { doStartGrid(job, cancel); });
}

void InferenceWorker::endGrid() {
    m_cancelGrid->store(true);
    m_yield.store(true); // the case that runs ends too
}

void InferenceWorker::doStartGrid(const GridJob& job, const std::shared_ptr<std::atomic<bool>>& cancel) {
    try {
        const bool isHeldUp = isWaitedFor();
        trace::stopIfCancelled(cancel.get()); // before a newer one's is touched
        if (!job.resume) {
            std::error_code ignored; // GridFile says what is wrong
            std::filesystem::create_directories(job.state.parent_path(), ignored);
            std::filesystem::remove(job.state, ignored);
        }
        if (!m_engine) {
            throw trace::Error("app.no_model", "No model is loaded.");
        }
        if (isHeldUp) {
            postGrid(job, cancel);
            return;
        }
        m_grid.reset();
        m_gridOf = cancel;
        inference::NeedleJob needles;
        needles.plan = job.plan;
        needles.haystack = haystackText(job.haystack, needles.haystack_name);
        needles.state = job.state;
        needles.resume = job.resume;
        m_grid = std::make_unique<inference::NeedleRun>(*m_engine, std::move(needles), &m_yield);
        m_events.grid_progress(job.id, GridProgress::of(m_grid->grid()));
        stepGrid(job.id, cancel);
    } catch (...) {
        const trace::Error error = currentError();
        if (error.id() == cancelled && !cancel->load()) { // a person waits for an answer: made again behind it
            postGrid(job, cancel);
        } else {
            gridEnds(job.id, cancel, error);
        }
    }
}

void InferenceWorker::gridEnds(qint64 id, const std::shared_ptr<std::atomic<bool>>& cancel, const trace::Error& error) {
    if (m_gridOf == cancel) { // else a newer one has taken its place
        m_grid.reset();
    }
    m_events.grid_ended(id, error);
}

void InferenceWorker::stepGrid(qint64 id, const std::shared_ptr<std::atomic<bool>>& cancel) {
    post([this, id, cancel] {
        try {
            const bool isHeldUp = isWaitedFor() || m_savesWaiting > 0;
            trace::stopIfCancelled(cancel.get()); // behind that: what ended the grid in between has set m_yield again
            if (!m_grid || m_gridOf != cancel) {
                throw trace::Error("app.no_model", "No model is loaded.");
            }
            if (m_grid->grid().isDone()) {
                m_grid.reset();
                return;
            }
            if (isHeldUp) {
                stepGrid(id, cancel);
                return;
            }
            m_cachedAnswer = noAnswer;
            if (m_grid->runNext(&m_yield)) {
                m_events.grid_progress(id, GridProgress::of(m_grid->grid()));
            }
            stepGrid(id, cancel);
        } catch (...) {
            const trace::Error error = currentError();
            gridEnds(id, cancel, error);
            if (error.id() == deviceLost) {
                recoverDevice(noAnswer, error);
            }
        }
    });
}

void InferenceWorker::makeCase(CaseJob job) {
    post([this, job = std::move(job)] { doMakeCase(job); });
}

void InferenceWorker::doMakeCase(const CaseJob& job) {
    try {
        if (!m_engine) {
            throw trace::Error("app.no_model", "No model is loaded.");
        }
        if (isWaitedFor()) {
            makeCase(job);
            return;
        }
        const needle::CaseMaker maker(haystackOf(job.haystack, &m_yield), m_engine->tokenizer(),
                                      m_engine->chatTemplate());
        m_events.case_made(job.id, job.which, maker.make(job.which, &m_yield));
    } catch (...) {
        const trace::Error error = currentError();
        if (error.id() == cancelled && !m_stopping.load()) { // a person waits for an answer: made again behind it
            makeCase(job);
            return;
        }
        m_events.case_failed(job.id, error);
    }
}

PassageMass InferenceWorker::passageMass(const std::string& passage, std::span<const int32_t> prompt) {
    PassageMass mass;
    mass.span = needle::spanOf(m_engine->tokenizer(), prompt, passage);
    if (mass.span.count == 0) {
        return mass;
    }
    const auto answer = static_cast<uint32_t>(prompt.size());
    const uint32_t answered = m_engine->position() - std::min(m_engine->position(), answer);
    const uint32_t looked = std::min(answered, massTokens);
    std::vector<double> sums;
    for (uint32_t i = 0; i < looked && !m_cancel.load(); ++i) {
        const auto token = static_cast<uint32_t>(uint64_t{i} * answered / looked); // evenly, where there are more
        std::vector<float> layers;
        try {
            layers = m_engine->attentionMass(answer + token, mass.span.first, mass.span.count, &m_cancel);
        } catch (const trace::Error& error) {
            if (error.id() == deviceLost) {
                throw;
            }
            if (error.id() != cancelled) { // the answer is there, and stays
                m_events.trouble(error);
            }
            break;
        }
        sums.resize(layers.size());
        for (size_t layer = 0; layer < layers.size(); ++layer) {
            sums[layer] += layers[layer];
        }
        ++mass.tokens;
    }
    for (const double sum : sums) {
        mass.by_layer.push_back(static_cast<float>(sum / mass.tokens));
    }
    return mass;
}

} // namespace moescope::controller
