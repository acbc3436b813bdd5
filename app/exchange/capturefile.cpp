// SPDX-License-Identifier: Apache-2.0
#include "app/exchange/capturefile.h"

#include "app/exchange/capturetimelines.h"
#include "app/exchange/capturetokens.h"
#include "engine/gguf/atomic_file.h"

#include <algorithm>

namespace moescope::exchange {

const QString captureEnding = QStringLiteral(".moescope");

namespace {

const QString jsonName = QStringLiteral("capture.json");
const QString stepsName = QStringLiteral("timelines.json");

/** The token of a note is one of the answer's, which are fewer than all. */
void requirePlaces(const Capture& capture, const Source& source) {
    const auto generated = std::count_if(capture.tokens.begin(), capture.tokens.end(),
                                         [](const trace::TokenTracePtr& token) { return token->generated; });
    const auto beyond = [generated](const auto& mark) { return mark.token >= generated; };
    if (std::any_of(capture.notes.begin(), capture.notes.end(), beyond) ||
        std::any_of(capture.bookmarks.begin(), capture.bookmarks.end(), beyond)) {
        source.damaged("a note or bookmark is to a token that the answer does not have");
    }
}

} // namespace

bool isCaptureName(const QString& path) { return path.endsWith(captureEnding, Qt::CaseInsensitive); }

void writeCapture(const QString& path, const Capture& capture) {
    if (capture.messages.isEmpty() || capture.messages.last().role != store::Role::Assistant) {
        throw trace::Error("exchange.empty", "There is no answer that a capture could be made of.");
    }
    if (const auto& damaged = capture.answer().recipe.error) {
        throw trace::Error(*damaged); // it would be shown as an answer that nothing was changed for
    }
    const TokenCounts counts = countsOf(capture.tokens);
    ZipWriter zip(path, capture.created);
    zip.add(jsonName, toJson(capture, counts));
    addTokens(zip, capture.tokens, counts);
    if (!capture.steps.empty()) {
        zip.add(stepsName, timelinesJson(capture.steps));
    }
    zip.commit();
}

Capture readCapture(const QString& path) {
    const Source source(path);
    QHash<QString, QByteArray> members = readZip(source, tokenMembers() << jsonName << stepsName);
    if (!members.contains(jsonName)) {
        throw trace::Error("exchange.no_capture", "“{file}” is no capture: {reason}.",
                           {{"file", source.name()}, {"reason", "it has no part “capture.json”"}});
    }
    auto [capture, counts] = fromJson(members.take(jsonName), source);
    capture.tokens = takeTokens(members, counts, source);
    if (members.contains(stepsName)) {
        capture.steps = timelinesFrom(members.take(stepsName), source);
    }
    requirePlaces(capture, source);
    return std::move(capture);
}

void writeRouting(const QString& path, const store::TokenTraces& tokens) {
    const TokenCounts counts = countsOf(tokens);
    if (counts.layers == 0) {
        throw trace::Error("exchange.no_routing",
                           "No routing was recorded for this answer, so there is none to export.");
    }
    gguf::AtomicFile file(std::filesystem::path(path.toStdU16String()));
    const QByteArray bytes = routedExperts(tokens, counts);
    file.write({reinterpret_cast<const uint8_t*>(bytes.constData()), static_cast<size_t>(bytes.size())});
    file.commit();
}

} // namespace moescope::exchange
