// SPDX-License-Identifier: Apache-2.0
#include "app/exchange/capturetimelines.h"

#include "app/exchange/capturefields.h"

#include <QJsonDocument>

namespace moescope::exchange {
namespace {

constexpr int mostSteps = 1 << 16;
constexpr int mostSpans = 1 << 18; ///< of a step
constexpr double mostUs = mostMs * 1000;
constexpr double mostNumber = 1 << 30;
constexpr double mostLayer = 4096;

QLatin1String laneName(trace::Lane lane) {
    switch (lane) {
    case trace::Lane::Layer: return QLatin1String("layer");
    case trace::Lane::Gpu: return QLatin1String("gpu");
    case trace::Lane::Host: break;
    }
    return QLatin1String("host");
}

QLatin1String kindName(trace::StepKind kind) {
    return QLatin1String(kind == trace::StepKind::Decode ? "decode" : "prefill");
}

trace::StepPart partOf(const Fields& fields) {
    const QString name = fields.words("part");
    for (size_t i = 0; i < trace::stepPartCount; ++i) {
        const auto part = static_cast<trace::StepPart>(i);
        if (name == QString::fromUtf8(trace::stepPartName(part))) {
            return part;
        }
    }
    fields.refuse(fields.pathOf("part"), "is not known");
}

trace::StepTimelinePtr stepOf(const Fields& fields) {
    using trace::Lane;
    using trace::StepKind;
    auto step = std::make_shared<trace::StepTimeline>();
    step->kind = named(fields, "kind", {StepKind::Decode, StepKind::Prefill}, kindName);
    step->position = fields.whole<uint32_t>("position", 0, mostNumber);
    step->tokens = fields.whole<uint32_t>("tokens", 0, mostNumber);
    step->total_us = fields.number("total_us", 0, mostUs);
    step->dispatches = fields.whole<uint32_t>("dispatches", 0, mostNumber);
    step->timestamps = fields.flag("timestamps");
    fields.each("spans", mostSpans, [&step](const Fields& span) {
        step->spans.push_back({named(span, "lane", {Lane::Layer, Lane::Gpu, Lane::Host}, laneName), partOf(span),
                               span.has("layer") ? span.whole<int32_t>("layer", -1, mostLayer) : -1,
                               span.number("start_us", -mostUs, mostUs), span.number("us", 0, mostUs)});
    });
    return step;
}

} // namespace

QByteArray timelinesJson(const std::vector<trace::StepTimelinePtr>& steps) {
    QJsonArray list;
    for (const trace::StepTimelinePtr& step : steps) {
        QJsonArray spans;
        for (const trace::TimelineSpan& span : step->spans) {
            spans.append(QJsonObject{{"lane", laneName(span.lane)},
                                     {"part", QString::fromUtf8(trace::stepPartName(span.part))},
                                     {"layer", span.layer},
                                     {"start_us", span.start_us},
                                     {"us", span.duration_us}});
        }
        list.append(QJsonObject{{"kind", kindName(step->kind)},
                                {"position", static_cast<qint64>(step->position)},
                                {"tokens", static_cast<qint64>(step->tokens)},
                                {"total_us", step->total_us},
                                {"dispatches", static_cast<qint64>(step->dispatches)},
                                {"timestamps", step->timestamps},
                                {"spans", spans}});
    }
    return QJsonDocument(QJsonObject{{"steps", list}}).toJson(QJsonDocument::Compact);
}

std::vector<trace::StepTimelinePtr> timelinesFrom(const QByteArray& json, const Source& source) {
    const QJsonDocument document = QJsonDocument::fromJson(json);
    if (!document.isObject()) {
        source.damaged("its part “timelines.json” cannot be read");
    }
    std::vector<trace::StepTimelinePtr> steps;
    const Fields fields(document.object(), QStringLiteral("timelines"), source);
    fields.each("steps", mostSteps, [&steps](const Fields& step) { steps.push_back(stepOf(step)); });
    return steps;
}

} // namespace moescope::exchange
