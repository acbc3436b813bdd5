// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/synthetictimeline.h"

#include <algorithm>

namespace moescope::test {

using trace::Lane;
using trace::StepPart;

namespace {

struct Writer {
    trace::StepTimeline step;
    double host_us = 0;
    double gpu_us = 0;

    void host(StepPart part, double us) {
        step.spans.push_back({Lane::Host, part, -1, host_us, us});
        host_us += us;
    }
    void gpu(StepPart part, int layer, double us) {
        step.spans.push_back({Lane::Gpu, part, layer, gpu_us, us});
        gpu_us += us;
        step.dispatches += 1;
    }
    void layer(StepPart part, int layer, double from) {
        step.spans.push_back({Lane::Layer, part, layer, from, gpu_us - from});
    }
    trace::StepTimelinePtr finish() {
        step.total_us = host_us;
        std::stable_sort(step.spans.begin(), step.spans.end(), [](const auto& a, const auto& b) {
            return a.lane != b.lane ? a.lane < b.lane : a.start_us < b.start_us;
        });
        return std::make_shared<const trace::StepTimeline>(step);
    }
};

constexpr StepPart parts[] = {StepPart::Qkv,    StepPart::Rope,   StepPart::Attention, StepPart::Output,
                              StepPart::Router, StepPart::GateUp, StepPart::Down};

} // namespace

trace::StepTimelinePtr syntheticDecodeStep(uint32_t position, int layers, int firstLayer) {
    Writer writer;
    writer.step.kind = trace::StepKind::Decode;
    writer.step.position = position;
    writer.step.timestamps = true;
    writer.host(StepPart::Sample, 15);
    writer.host(StepPart::Submit, 5);
    writer.gpu_us = 20;
    writer.gpu(StepPart::Embed, -1, 8);
    writer.layer(StepPart::Embed, -1, 20);
    for (int layer = firstLayer; layer < firstLayer + layers; ++layer) {
        const double from = writer.gpu_us;
        for (int part = 0; part < 7; ++part) {
            writer.gpu(parts[part], layer, 10.0 * (1 + (layer * 3 + part * 5) % 7));
        }
        writer.layer(StepPart::Layer, layer, from);
    }
    const double from = writer.gpu_us;
    writer.gpu(StepPart::Logits, -1, 90);
    writer.gpu(StepPart::ReadBack, -1, 4);
    writer.layer(StepPart::Logits, -1, from);
    writer.host(StepPart::Wait, writer.gpu_us - 20);
    writer.host(StepPart::Collect, 20);
    writer.host(StepPart::Tell, 10);
    return writer.finish();
}

trace::StepTimelinePtr syntheticPrefillStep(uint32_t position, uint32_t tokens, int layers) {
    Writer writer;
    writer.step.kind = trace::StepKind::Prefill;
    writer.step.position = position;
    writer.step.tokens = tokens;
    writer.step.timestamps = true;
    const int middle = layers / 2;
    for (const bool first : {true, false}) {
        writer.host(StepPart::Record, 40);
        writer.gpu_us = writer.host_us;
        const double begin = writer.gpu_us;
        for (int layer = first ? 0 : middle; layer < (first ? middle + 1 : layers); ++layer) {
            const double from = writer.gpu_us;
            const int cut = 3;
            for (int part = layer == middle && !first ? cut : 0; part < (layer == middle && first ? cut : 7); ++part) {
                writer.gpu(parts[part], layer, 100.0 * (1 + part));
            }
            writer.layer(StepPart::Layer, layer, from);
        }
        writer.host(StepPart::Wait, writer.gpu_us - begin);
    }
    writer.host(StepPart::Tell, 25);
    return writer.finish();
}

trace::StepTimelinePtr syntheticHostStep(uint32_t position) {
    Writer writer;
    writer.step.kind = trace::StepKind::Decode;
    writer.step.position = position;
    writer.step.dispatches = 51;
    writer.host(StepPart::Sample, 100);
    writer.host(StepPart::Wait, 4000);
    writer.host(StepPart::Tell, 100);
    return writer.finish();
}

} // namespace moescope::test
