// SPDX-License-Identifier: Apache-2.0
#include "engine/trace/timeline.h"

namespace moescope::trace {

const char* stepPartName(StepPart part) {
    switch (part) {
    case StepPart::Embed: return "embed";
    case StepPart::Qkv: return "norm + QKV";
    case StepPart::Rope: return "RoPE + QK norm + KV store";
    case StepPart::Attention: return "attention";
    case StepPart::RopeAttention: return "RoPE + QK norm + KV store + attention";
    case StepPart::Output: return "output + residual";
    case StepPart::Router: return "norm + router";
    case StepPart::RouterSort: return "norm + router + sort";
    case StepPart::RouterGateUp: return "norm + router, shared gate + up";
    case StepPart::Norm: return "norm";
    case StepPart::GateUp: return "gate + up";
    case StepPart::NormGateUp: return "norm + gate + up";
    case StepPart::Down: return "down + residual";
    case StepPart::Combine: return "weighted sum + residual";
    case StepPart::Logits: return "logits";
    case StepPart::AllLogits: return "logits of all tokens";
    case StepPart::NextToken: return "next token";
    case StepPart::ReadBack: return "read back";
    case StepPart::Layer: return "layer";
    case StepPart::Sample: return "sample";
    case StepPart::Text: return "text";
    case StepPart::Record: return "record";
    case StepPart::Submit: return "submit";
    case StepPart::Wait: return "wait";
    case StepPart::Collect: return "collect";
    case StepPart::Tell: return "tell";
    }
    return "";
}

std::optional<KernelKind> kernelKind(StepPart part) {
    switch (part) {
    case StepPart::Qkv: return KernelKind::Qkv;
    case StepPart::Rope:
    case StepPart::Attention:
    case StepPart::RopeAttention: return KernelKind::Attention;
    case StepPart::Output: return KernelKind::Output;
    case StepPart::Router:
    case StepPart::RouterSort:
    case StepPart::RouterGateUp: return KernelKind::Router;
    case StepPart::Norm:
    case StepPart::GateUp:
    case StepPart::NormGateUp: return KernelKind::GateUp;
    case StepPart::Down:
    case StepPart::Combine: return KernelKind::Down;
    case StepPart::Embed:
    case StepPart::Logits:
    case StepPart::AllLogits:
    case StepPart::NextToken:
    case StepPart::ReadBack: return KernelKind::Ends;
    case StepPart::Layer:
    case StepPart::Sample:
    case StepPart::Text:
    case StepPart::Record:
    case StepPart::Submit:
    case StepPart::Wait:
    case StepPart::Collect:
    case StepPart::Tell: return std::nullopt;
    }
    return std::nullopt;
}

double StepTimeline::kernelsUs() const {
    double sum = 0;
    for (const TimelineSpan& span : spans) {
        sum += span.lane == Lane::Gpu ? span.duration_us : 0;
    }
    return sum;
}

} // namespace moescope::trace
