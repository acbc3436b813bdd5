// SPDX-License-Identifier: Apache-2.0
#include "ui/models/comparisontext.h"

#include "ui/models/tokentext.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace moescope::ui {

namespace {

QString tr(const char* text) { return QCoreApplication::translate("moescope::ui::Comparison", text); }

const auto kDot = QStringLiteral(" · ");

size_t upperFrom(const RunView& run) { return run.passage_mass.size() / 2; }

/** "2.1 %". */
QString massText(double mass) { return tr("%1 %").arg(mass * 100, 0, 'f', 1); }

QString massSentence(const RunView& a, const RunView& b) {
    // The one that missed it is what asks for a reason.
    const bool missedA = a.verdict == NeedleVerdict::Missed && b.verdict != NeedleVerdict::Missed;
    const RunView& one = missedA ? a : b;
    const RunView& other = missedA ? b : a;
    const QString name = missedA ? tr("A") : tr("B");
    const QString otherName = missedA ? tr("B") : tr("A");
    QString words = tr("Run %1 has the marked passage at token %2 of %3.")
                        .arg(name, groupedText(one.passage.first_token + 1), groupedText(one.prompt_tokens));
    if (upperMass(one) >= 0) {
        const auto last = static_cast<int>(one.passage_mass.size()) - 1;
        const QString layers =
            last > 0 ? tr("layers %1–%2").arg(upperFrom(one)).arg(last) : tr("layer %1").arg(upperFrom(one));
        const QString mass = tr("Its attention to it is %1 of all mass in %2").arg(massText(upperMass(one)), layers);
        words +=
            QLatin1Char(' ') + (upperMass(other) >= 0
                                    ? tr("%1, against %2 in run %3.").arg(mass, massText(upperMass(other)), otherName)
                                    : tr("%1.").arg(mass));
    }
    return words;
}

} // namespace

QString leftText(double seconds) {
    const qint64 whole = std::max<qint64>(1, std::llround(seconds));
    return whole < 60 ? tr("%1 s left").arg(whole) : tr("%1 left").arg(durationText(double(whole) * 1000));
}

QString phaseText(const RunView& run) {
    const auto far = [&run](const QString& what) {
        QString words = run.progress > 0 ? tr("%1, %2 %").arg(what).arg(std::lround(run.progress * 100)) : what;
        return run.left_s > 0 ? words + kDot + leftText(run.left_s) : words;
    };
    switch (run.phase) {
    case RunPhase::Queued: return tr("queued");
    case RunPhase::Loading: return far(tr("loading %1").arg(run.model));
    case RunPhase::Reading: return far(tr("reading the prompt"));
    case RunPhase::Answering: return tr("answering");
    case RunPhase::Cancelled: return tr("stopped");
    case RunPhase::Failed: return run.error.isEmpty() ? tr("failed") : run.error;
    case RunPhase::Done: break;
    }
    return {};
}

QString runFacts(const RunView& run) {
    QStringList parts{QStringList{run.model, run.model_type}.join(QLatin1Char(' ')).trimmed()};
    if (!run.machine.isEmpty()) {
        parts << tr("captured on %1").arg(run.machine);
    }
    parts += run.facts;
    if (run.reused_tokens > 0) {
        parts << (run.reused_tokens == 1 ? tr("1 token reused")
                                         : tr("%1 tokens reused").arg(groupedText(run.reused_tokens)));
    }
    parts.removeAll(QString());
    return parts.join(kDot);
}

QString comparisonFacts(const Comparison& comparison) {
    const auto runs = comparison.runs().size();
    QStringList parts{runs == 1 ? tr("1 run") : tr("%1 runs").arg(runs), comparison.equal().join(QStringLiteral(", ")),
                      comparison.once()};
    parts.removeAll(QString());
    return parts.join(kDot);
}

double upperMass(const RunView& run) {
    if (run.passage_mass.empty()) {
        return -1;
    }
    const auto from = run.passage_mass.begin() + static_cast<std::ptrdiff_t>(upperFrom(run));
    return std::accumulate(from, run.passage_mass.end(), 0.0) / double(run.passage_mass.end() - from);
}

QString comparisonSentence(const Comparison& comparison) {
    const RunView* a = comparison.side(Side::A);
    const RunView* b = comparison.side(Side::B);
    if (a == nullptr || b == nullptr || !a->hasAnswer() || !b->hasAnswer()) {
        return {};
    }
    if (!a->passage.isEmpty() && !b->passage.isEmpty()) {
        return massSentence(*a, *b);
    }
    const std::shared_ptr<const RunComparison>& pair = comparison.pair();
    if (pair == nullptr) {
        return {};
    }
    const TokenPair first = pair->first_difference;
    QString words = first.a < 0 ? pair->a->bytes() == pair->b->bytes() ? tr("The answers of A and B are the same.")
                                                                       : tr("One answer is the beginning of the other.")
                                : tr("The text parts at token %1.").arg(tokenNumber(first.a));
    if (pair->routing_pair >= 0) {
        words += QLatin1Char(' ') + tr("The routing parts at token %1, in layer %2.")
                                        .arg(tokenNumber(pair->pairs[size_t(pair->routing_pair)].a))
                                        .arg(pair->routing_layer);
    } else if (pair->routing) {
        words += QLatin1Char(' ') + tr("All aligned tokens were routed alike.");
    }
    return words;
}

QString waitingSentence(const Comparison& comparison) {
    const RunView* a = comparison.side(Side::A);
    const RunView* b = comparison.side(Side::B);
    if (a == nullptr || b == nullptr) {
        return {};
    }
    for (const RunView* run : {a, b}) {
        const bool ended = run->phase != RunPhase::Queued && !run->isRunning();
        if (ended && !run->hasAnswer()) {
            return tr("Run %1 has no answer to compare.").arg(run == a ? tr("A") : tr("B"));
        }
    }
    return tr("What sets A and B apart is said here once both have answered.");
}

QString pairText(const Comparison& comparison) {
    return comparison.side(Side::B) != nullptr ? tr("Runs A, B") : tr("Run A");
}

} // namespace moescope::ui
