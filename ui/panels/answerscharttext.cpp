// SPDX-License-Identifier: Apache-2.0
// The words of Answers, aligned: what stands below the answers, readout and tooltip.
#include "ui/models/comparisontext.h"
#include "ui/models/tokentext.h"
#include "ui/panels/answerschart.h"
#include "ui/panels/chartpaint.h"

#include <algorithm>

namespace moescope::ui {

namespace {

/** "second", "third": of the candidates for a place. */
QString rankWord(int rank) {
    switch (rank) {
    case 0: return AnswersChart::tr("first");
    case 1: return AnswersChart::tr("second");
    case 2: return AnswersChart::tr("third");
    default: return AnswersChart::tr("number %1").arg(rank + 1);
    }
}

} // namespace

QString AnswersChart::footWords(Side side) const {
    const RunView* shown = run(side);
    if (shown == nullptr || !shown->hasAnswer()) {
        return {};
    }
    const int tokens = shown->trace->size();
    QStringList parts{tokens == 1 ? tr("1 token") : tr("%1 tokens").arg(groupedText(tokens))};
    if (shown->phase == RunPhase::Answering) {
        parts << tr("answering");
    } else if (!shown->stop_reason.isEmpty()) {
        parts << shown->stop_reason;
    }
    return parts.join(QStringLiteral(" · "));
}

QString AnswersChart::phaseSentence(const RunView& run) {
    QString words = phaseText(run);
    if (run.phase == RunPhase::Done) {
        return tr("The answer has no tokens.");
    }
    if (run.phase != RunPhase::Failed && !words.isEmpty()) {
        words[0] = words.at(0).toUpper();
        words += QLatin1Char('.');
    }
    return words;
}

QString AnswersChart::passagePlace(Side side) const {
    const RunView* shown = run(side);
    return shown == nullptr || shown->passage.isEmpty()
               ? QString()
               : tr("at token %1 of %2")
                     .arg(groupedText(shown->passage.first_token + 1), groupedText(shown->prompt_tokens));
}

void AnswersChart::addWord(Readout& readout, Side side, int token) const {
    const RunTrace& trace = *run(side)->trace;
    readout.append({side == Side::A ? tr("A ") : tr("B ")});
    readout.append({tokenLabel(std::string(trace.text(token))), ReadoutSpan::Mono, false});
    readout.append({QLatin1Char(' ') + gateText(double(trace.probability(token))), ReadoutSpan::Plain, false});
}

ReadoutSpan AnswersChart::alignedPart() const {
    const AlignedAnswers& rows = m_table->answers();
    const QString unit = m_unit == Comparison::Unit::Tokens ? tr("tokens") : tr("words");
    const QString words =
        tr("%1 of %2 %3 aligned").arg(groupedText(rows.same()), groupedText(rows.count(Side::A)), unit);
    return {rows.isApproximate() ? tr("%1, approximate").arg(words) : words};
}

Comparison::Place AnswersChart::placeOf(const Spot& spot) const {
    Comparison::Place place;
    place.pair = comparison()->pairOf(spot.side, spot.token);
    (spot.side == Side::A ? place.a : place.b) = spot.token;
    if (place.pair >= 0) {
        place.a = m_pair->pairs[size_t(place.pair)].a;
        place.b = m_pair->pairs[size_t(place.pair)].b;
    }
    return place;
}

Readout AnswersChart::placeReadout(const Comparison::Place& place) const {
    const TokenPair first = m_pair->first_difference;
    const bool parting = first.a >= 0 && ((place.a == first.a && place.b < 0) || (place.a < 0 && place.b == first.b) ||
                                          (place.a == first.a && place.b == first.b));
    const int a = parting ? first.a : place.a;
    const int b = parting ? first.b : place.b;
    const QString number = tokenNumber(a >= 0 ? a : b);
    Readout readout;
    if (parting) {
        readout = {{tr("Text parts at ")}, {tr("token %1").arg(number), ReadoutSpan::Strong, false}};
    } else if (a < 0) {
        readout = {{tr("Token %1 of B alone").arg(number), ReadoutSpan::Strong}};
    } else if (b < 0) {
        readout = {{tr("Token %1 of A alone").arg(number), ReadoutSpan::Strong}};
    } else {
        readout = {{tr("Token %1").arg(number), ReadoutSpan::Strong}};
    }
    if (a >= 0) {
        addWord(readout, Side::A, a);
    }
    if (b >= 0) {
        addWord(readout, Side::B, b);
    }
    if (parting && comparison()->canAlignTokens()) {
        const std::vector<RunTrace::Candidate> candidates = m_pair->b->candidates(b);
        const auto found = std::find_if(candidates.begin(), candidates.end(),
                                        [&](const RunTrace::Candidate& each) { return each.id == m_pair->a->id(a); });
        if (found != candidates.end()) {
            readout.append(
                {tr(", A’s word was %1 with %2")
                     .arg(rankWord(static_cast<int>(found - candidates.begin())), gateText(double(found->probability))),
                 ReadoutSpan::Plain, false});
        }
    }
    readout.append(alignedPart());
    return readout;
}

Readout AnswersChart::waitingReadout() const {
    for (const Side side : {Side::A, Side::B}) {
        const RunView* shown = run(side);
        if (shown == nullptr || shown->hasAnswer()) {
            continue;
        }
        const QString name = side == Side::A ? tr("A") : tr("B");
        return shown->isRunning() || shown->phase == RunPhase::Queued
                   ? Readout{{tr("Waiting for run %1").arg(name), ReadoutSpan::Strong}, {phaseText(*shown)}}
                   : Readout{{tr("No answer of run %1").arg(name), ReadoutSpan::Strong}};
    }
    return {};
}

Readout AnswersChart::readout() const {
    if (m_pair == nullptr || m_pair != comparison()->pair()) {
        return waitingReadout();
    }
    if (m_hovered.token >= 0) {
        return placeReadout(placeOf(m_hovered));
    }
    if (const Comparison::Place place = comparison()->place(); !place.isEmpty()) {
        return placeReadout(place);
    }
    if (m_pair->first_difference.a >= 0) {
        return placeReadout({m_pair->first_difference.a, m_pair->first_difference.b, -1, -1});
    }
    const bool same = m_pair->a->bytes() == m_pair->b->bytes();
    return {
        {same ? tr("The answers are the same") : tr("One answer is the beginning of the other"), ReadoutSpan::Strong},
        alignedPart()};
}

QString AnswersChart::tipAt(const QPoint& at) const {
    if (m_strip.contains(at)) {
        const RunView* shown = run(at.x() < viewport()->width() / 2 ? Side::A : Side::B);
        return shown == nullptr || shown->passage.isEmpty()
                   ? QString()
                   : QStringLiteral("%1<b>%2</b>%3")
                         .arg(shown->passage.before.toHtmlEscaped(), shown->passage.passage.toHtmlEscaped(),
                              shown->passage.after.toHtmlEscaped());
    }
    const Spot spot = spotAt(at);
    return spot.token < 0 || m_pair == nullptr ? QString() : readoutText(placeReadout(placeOf(spot))).toHtmlEscaped();
}

} // namespace moescope::ui
