// SPDX-License-Identifier: Apache-2.0
#include "app/gui/capturedrun.h"

#include "app/gui/values.h"

#include <QCoreApplication>

namespace moescope::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("moescope::gui::CapturedRun", text); }

store::RunState stateOf(const store::Message& answer) {
    switch (answer.state) {
    case store::MessageState::Complete: return store::RunState::Done;
    case store::MessageState::Cancelled: return store::RunState::Cancelled;
    case store::MessageState::Streaming:
    case store::MessageState::Interrupted:
    case store::MessageState::Failed: break;
    }
    return store::RunState::Failed;
}

/** As it ended, or would have where the capture was made while it was written. */
store::AnswerEnd endOf(const store::Message& answer) {
    store::AnswerEnd end;
    end.state = answer.state == store::MessageState::Streaming ? store::MessageState::Interrupted : answer.state;
    end.timings = answer.timings;
    end.stop_reason = answer.stop_reason;
    end.seed = answer.seed;
    end.error_id = answer.error_id;
    end.error = answer.error;
    end.thinking = answer.thinking;
    end.answer_begin = answerBeginOf(answer.text, partsOf(answer.text, true));
    return end;
}

} // namespace

QString questionOf(const exchange::Capture& capture) {
    return capture.messages.size() > 1 ? capture.messages.at(capture.messages.size() - 2).text : QString();
}

ui::RunDraft draftOf(const exchange::Capture& capture) {
    const store::Message& answer = capture.answer();
    ui::RunDraft draft;
    const bool isFirst = capture.messages.size() <= 2;
    draft.kind = isFirst ? ui::PromptKind::Text : ui::PromptKind::Chat;
    draft.text = isFirst ? questionOf(capture) : QString();
    draft.chat_title = isFirst ? QString() : capture.title;
    draft.model_name = QString::fromStdString(capture.model.name);
    draft.kv_type = capture.memory ? QString::fromStdString(capture.memory->kv_type) : QString();
    draft.sampling = samplingOf(answer).value_or(ui::SamplingView{});
    draft.sampling.system_prompt = capture.system_prompt;
    draft.recipe = answer.recipe.intervention;
    draft.machine = capture.device ? shortDeviceName(QString::fromStdString(capture.device->name)) : tr("a machine");
    return draft;
}

RunResult resultOf(const exchange::Capture& capture) {
    const trace::StepTimings& timings = capture.answer().timings;
    RunResult result;
    result.prompt_tokens = static_cast<int>(timings.prefill_tokens + timings.reused_tokens);
    if (capture.memory && capture.memory->context > 0) {
        result.kv_bytes = capture.memory->kv_bytes / capture.memory->context *
                          (uint64_t{timings.prefill_tokens} + timings.reused_tokens + timings.decode_tokens);
    }
    result.model_key = routersOf(capture.model);
    result.captured = capture.answer().created.toUTC();
    return result;
}

StoredRun addCaptured(store::Store& store, qint64 comparison, const exchange::Capture& capture) {
    const store::Message& answer = capture.answer();
    StoredRun added;
    added.prompt = questionOf(capture);
    store::Run run = store.addRun(comparison, toJson(draftOf(capture)));
    try {
        if (capture.messages.size() > 1) {
            run.prompt = store.copyBranch(comparison, capture.messages.first(capture.messages.size() - 1));
        }
        run.answer = store
                         .beginAnswer({comparison, run.prompt, stampOf(capture.model), answer.sampling, answer.seed,
                                       answer.recipe.intervention})
                         .id;
        added.answer = store.finishAnswer(run.answer, answer.text, capture.tokens, endOf(answer));
        run.state = stateOf(answer);
        run.error_id = answer.error_id;
        run.error = answer.error;
        run.result = toJson(resultOf(capture));
        store.changeRun(run);
    } catch (const trace::Error&) {
        store.changeRun(run); // with what goes with it
        store.removeRun(run.id);
        throw;
    }
    added.run = run;
    added.trace = runTraceOf(capture.tokens);
    return added;
}

} // namespace moescope::gui
