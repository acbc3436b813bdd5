// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/needle_run.h"

#include "engine/session/kv_block.h"
#include "engine/trace/error.h"

namespace moescope::inference {
namespace {

needle::GridPlan planOf(const Engine& engine, const NeedleJob& job, trace::CancelFlag cancel) {
    needle::GridPlan plan = job.plan;
    plan.model = engine.fingerprint(cancel);
    plan.device = engine.device().name + ", " + engine.device().driver + ", " + engine.variantText();
    plan.haystack =
        session::BlockId{session::sumOf({reinterpret_cast<const uint8_t*>(job.haystack.data()), job.haystack.size()})}
            .hex();
    plan.kv_type = engine.memory().kv_type;
    return plan;
}

} // namespace

NeedleRun::NeedleRun(Engine& engine, NeedleJob job, trace::CancelFlag cancel)
    : m_engine(engine), m_haystack(job.haystack_name, job.haystack, engine.tokenizer(), cancel),
      m_maker(m_haystack, engine.tokenizer(), engine.chatTemplate()), m_grid(planOf(engine, job, cancel)) {
    for (size_t place = 0; place < m_grid.size(); place += m_grid.plan().cases) {
        (void)m_maker.make(m_grid.caseAt(place), cancel);
    }
    m_file = std::make_unique<needle::GridFile>(job.resume ? needle::GridFile::resume(job.state, m_grid)
                                                           : needle::GridFile::begin(job.state, m_grid));
}

bool NeedleRun::runNext(trace::CancelFlag cancel) {
    needle::NeedleCase one;
    try {
        one = m_maker.make(m_grid.caseAt(m_grid.done()), cancel);
    } catch (const trace::Error& error) {
        if (error.id() == "work.cancelled") {
            return false;
        }
        throw;
    }
    GenerationRequest request;
    request.prompt = one.prompt;
    request.max_tokens = one.answer_tokens;
    request.sampling = {.temperature = 0.0F, .top_k = 0, .top_p = 1.0F, .min_p = 0.0F, .repetition_penalty = 1.0F};
    request.telemetry = false;
    request.candidates = 0;
    GenerationObserver observer;
    observer.cancel = cancel;
    m_engine.reset();
    const GenerationResult result = m_engine.generate(request, observer);
    if (result.reason == trace::StopReason::Cancelled || (cancel != nullptr && cancel->load())) {
        return false; // it may be half an answer
    }
    m_file->add({needle::isFound(result.text, one.expected),
                 (result.timings.prefill_ms + result.timings.decode_ms) / 1000, result.tokens});
    return true;
}

} // namespace moescope::inference
