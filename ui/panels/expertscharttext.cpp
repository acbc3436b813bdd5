// SPDX-License-Identifier: Apache-2.0
// The words of the Experts map: legend, readout and tooltip.
#include "ui/models/conversation.h"
#include "ui/models/routingtables.h"
#include "ui/panels/chartpaint.h"
#include "ui/panels/expertschart.h"

#include <QFontMetrics>
#include <QPainter>

#include <cmath>

namespace moescope::ui {

namespace {

QString ratioWords(double ratio) {
    return std::isinf(ratio) ? QStringLiteral("∞") : QString::number(ratio, 'f', 2) + QStringLiteral(" ×");
}

} // namespace

QList<QPair<WhatIf::Mark, QString>> ExpertsChart::markNames() const {
    if (!isMarked()) {
        return {};
    }
    const bool idle = whatIf()->hasMark(WhatIf::Mark::Banned) && areBannedIdle();
    QList<QPair<WhatIf::Mark, QString>> names{{WhatIf::Mark::Banned, idle ? tr("banned, idle") : tr("banned")},
                                              {WhatIf::Mark::Forced, tr("forced")},
                                              {WhatIf::Mark::Biased, tr("bias")}};
    names.removeIf([this](const auto& name) { return !whatIf()->hasMark(name.first); });
    return names;
}

bool ExpertsChart::areBannedIdle() const {
    for (int layer = 0; layer < m_counts.shape().layers; ++layer) {
        for (int expert = 0; expert < m_counts.shape().experts; ++expert) {
            if (whatIf()->mark(layer, expert) == WhatIf::Mark::Banned && m_counts.tokens(layer, expert) > 0) {
                return false;
            }
        }
    }
    return true;
}

int ExpertsChart::markNamesWidth() const {
    int width = 0;
    for (const auto& [mark, name] : markNames()) {
        width += (width > 0 ? scaledPx(16) : 0) + signWidth(name);
    }
    return width;
}

void ExpertsChart::paintMarkNames(QPainter& painter, int left) const {
    for (const auto& [mark, name] : markNames()) {
        const QRect sign = paintSignWords(painter, left, 1, name);
        paintFrame(painter, sign, theme().color(Color::Border));
        paintMark(painter, sign, mark);
        left += signWidth(name) + scaledPx(16);
    }
}

void ExpertsChart::paintLegend(QPainter& painter) const {
    const bool deviation = m_mode == HeatmapMode::Deviation;
    const QRect bar = legendBar();
    paintLegendBar(
        painter, bar, deviation ? divergingAt : [](double at) { return theme().sequential(at); });

    const auto amount = [this](double value) {
        return m_mode == HeatmapMode::Count ? groupedText(std::lround(value)) : figureText(value);
    };
    const QStringList ticks = deviation ? QStringList{QStringLiteral("≤ ¼"), QStringLiteral("½"), QStringLiteral("1"),
                                                      QStringLiteral("2"), QStringLiteral("≥ 4")}
                                        : QStringList{QStringLiteral("0"), amount(m_most / 2), amount(m_most)};
    paintLegendTicks(painter, bar, ticks);

    const TraceShape& shape = trace()->shape();
    const QString n = groupedText(m_counts.n());
    const bool single = shape.used == 1;
    QStringList first; // the longest wording first
    QStringList second;
    switch (m_mode) {
    case HeatmapMode::Deviation:
        if (!m_measure.isUniform()) {
            const QString baseline = baselineName(m_measure);
            first = {tr("Share of tokens ÷ share in %1, n = %2 and %3.")
                         .arg(baseline, n, groupedText(m_measure.baseline.n())),
                     tr("Share ÷ share in %1.").arg(baseline)};
            second = scope() == Scope::Chat
                         ? QStringList{tr("A number: outside chance at 95 %. The chat without %1.").arg(baseline),
                                       tr("The chat without %1.").arg(baseline)}
                         : QStringList{tr("A number: the two shares differ by more than chance at 95 %."),
                                       tr("A number: outside chance at 95 %.")};
            break;
        }
        first = single ? QStringList{tr("Share of tokens ÷ uniform share (1/%1).").arg(shape.experts),
                                     tr("Share ÷ uniform (1/%1).").arg(shape.experts), tr("n = %1.").arg(n)}
                       : QStringList{tr("Share of choices ÷ uniform share (%1/%2), n = %3 tokens × %1.")
                                         .arg(shape.used)
                                         .arg(shape.experts)
                                         .arg(n),
                                     tr("Share ÷ uniform (%1/%2), n = %3.").arg(shape.used).arg(shape.experts).arg(n),
                                     tr("Share ÷ uniform, n = %1.").arg(n)};
        second = {tr("A number: outside chance at 95 %, n = %1.").arg(n), tr("A number: outside chance at 95 %."),
                  tr("A number: outside chance.")};
        break;
    case HeatmapMode::Count:
        first = {tr("Tokens routed to the expert, n = %1.").arg(n), tr("Tokens, n = %1.").arg(n)};
        second = {tr("Uniform would be %1 tokens.").arg(figureText(m_counts.n() * shape.uniformShare()))};
        break;
    case HeatmapMode::GateMass:
        first = {tr("Sum of the gate weights of its tokens, n = %1.").arg(n),
                 tr("Sum of gate weights, n = %1.").arg(n)};
        second = {tr("Shown in the cell where it fits.")};
        break;
    }
    if (m_geometry.merged > 1) {
        second = {tr("%1 neighbouring experts share a column: it shows their maximum.").arg(m_geometry.merged),
                  tr("%1 experts a column: the most.").arg(m_geometry.merged)};
    } else if (!m_geometry.hasNumbers()) {
        second = {tr("Cells are too small for numbers: they are in the readout."), tr("Numbers are in the readout.")};
    }
    const QRect area = m_geometry.legend;
    const int names = markNamesWidth();
    const int shortest = second.isEmpty() ? 0 : QFontMetrics(axisFont()).horizontalAdvance(second.last());
    const bool named =
        names > 0 && legendBar().right() + scaledPx(17) + shortest + scaledPx(20) + names <= area.right();
    const int wordsEnd = paintLegendWords(painter, first, second, named ? scaledPx(20) + names : 0);
    const int idleLeft = wordsEnd + scaledPx(20);
    const QString whole = tr("idle: no token");
    const QString idle = idleLeft + signWidth(whole) <= area.right() + 1 ? whole : tr("idle");
    const int idleWidth = signWidth(idle);
    const int place = std::max(idleLeft, std::min(area.left() + scaledPx(442), area.right() - idleWidth));
    if (named) {
        paintMarkNames(painter, std::min(place, area.right() + 1 - names));
    }
    if (place + idleWidth <= area.right() + 1 && m_geometry.hasOutlines()) {
        paintIdleSign(painter, paintSignWords(painter, place, 0, idle));
    }
}

QString ExpertsChart::baselineName(const Measure& measure) const {
    return measure.isUniform() ? tr("uniform") : ui::baselineName(*trace(), m_baseline);
}

int ExpertsChart::shownExpert(int layer) const {
    return hovered() ? columnAt({layer, hovered()->place}) : selection()->state().expert;
}

QString ExpertsChart::againstText(const Measure& measure, int layer, int expert) const {
    const double ratio = measure.ratio(layer, expert);
    return std::isinf(ratio) ? tr("idle in %1").arg(baselineName(measure))
                             : tr("%1 × %2").arg(ratio, 0, 'f', 2).arg(baselineName(measure));
}

Readout ExpertsChart::markReadout() const {
    const TraceShape& shape = trace()->shape();
    const SelectionState& state = selection()->state();
    // Not m_counts: the readout is read under the table as well, while nothing is painted.
    const Measure measure = this->measure();
    const RoutingStatistics& counts = measure.counts;
    const int layer = hovered() ? hovered()->row : state.layer;
    const int expert = layer >= 0 && layer < counts.shape().layers ? shownExpert(layer) : -1;
    if (expert < 0 || expert >= counts.shape().experts) {
        return {{tr("%1 layers × %2 experts").arg(shape.layers).arg(shape.experts), ReadoutSpan::Strong},
                {tr("n = %1 tokens").arg(groupedText(counts.n()))}};
    }
    const int tokens = counts.tokens(layer, expert);
    const QString share = partText(counts.share(layer, expert));
    const QString counted = shape.used == 1 ? tr("%1 of %2 tokens (%3)") : tr("chosen for %1 of %2 tokens (%3)");
    Readout readout = {{tr("Layer %1, expert %2").arg(layer).arg(expert), ReadoutSpan::Strong},
                       {counted.arg(groupedText(tokens), groupedText(counts.n()), share)},
                       {againstText(measure, layer, expert)}};
    if (m_mode == HeatmapMode::GateMass) {
        readout.insert(1, {tr("gate mass %1").arg(figureText(counts.gateMass(layer, expert)))});
    }
    if (tokens > 0) {
        readout.append(
            {tr("mean gate %1, n = %2").arg(counts.meanGate(layer, expert), 0, 'f', 2).arg(groupedText(tokens))});
    } else {
        readout.append({tr("idle")});
    }
    if (!trace()->filter().isEmpty()) {
        const int token = state.token;
        readout.insert(1, {tr("filter: %1 of %2 choices")
                               .arg(groupedText(trace()->matched(scope(), token).choices()),
                                    groupedText(trace()->statistics(scope(), token).choices()))});
    }
    const QString changed =
        whatIf() != nullptr && whatIf()->marks(shape) ? whatIf()->markWords(layer, expert) : QString();
    if (!changed.isEmpty()) {
        readout.insert(1, {tr("what if: %1").arg(changed), ReadoutSpan::Warn});
    }
    if (const QString merged = mergedWords(tr("most of experts %1–%2")); !merged.isEmpty()) {
        readout.append({merged});
    }
    return readout;
}

QString ExpertsChart::tipAt(const QPoint& at) const {
    const auto cell = m_geometry.cellAt(at, scroll());
    if (!cell) {
        const bool onShared = m_geometry.shared.contains(at + QPoint(0, scroll())) && m_geometry.window.contains(at);
        return !onShared                        ? QString()
               : isSharedOff(whatIf(), scope()) ? tr("This answer was made with the shared expert off: it took part in "
                                                     "no token.")
                                                : tr("The shared expert answers every token and has no router.");
    }
    const int expert = columnAt(*cell);
    const int tokens = m_counts.tokens(cell->row, expert);
    return tooltipTable(
        tr("Layer %1, expert %2").arg(cell->row).arg(expert),
        {{tr("Tokens"), tr("%1 of %2").arg(groupedText(tokens), groupedText(m_counts.n()))},
         {tr("Share, n = %1").arg(groupedText(m_counts.n())), partText(m_counts.share(cell->row, expert))},
         {tr("Against %1").arg(baselineName(m_measure)), ratioWords(m_measure.ratio(cell->row, expert))},
         {tr("Outside chance at 95 %"), m_measure.isOutsideChance(cell->row, expert) ? tr("yes") : tr("no")},
         {tr("Gate mass"), figureText(m_counts.gateMass(cell->row, expert))},
         {tr("Mean gate, n = %1").arg(groupedText(tokens)),
          tokens > 0 ? gateText(m_counts.meanGate(cell->row, expert)) : QStringLiteral("–")}});
}

} // namespace moescope::ui
