// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/cardchart.h"

#include "ui/models/conversation.h"
#include "ui/models/lifttable.h"
#include "ui/models/modelfit.h"
#include "ui/panels/chartpaint.h"

#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>
#include <QScrollBar>

#include <algorithm>
#include <numeric>

namespace moescope::ui {

namespace {

constexpr int kLeastHistogram = 72; ///< px of its bars

} // namespace

CardGeometry CardGeometry::of(const QSize& view, const ExpertProfile& profile, int facts, int facts_width, int numbers,
                              double scale) {
    CardGeometry geometry;
    const auto px = [scale](int value) { return int(value * scale + 0.5); };
    const auto lay = [&](int line, int bars, int gap, bool histogramBeside) {
        geometry.line = line;
        const int left = px(12);
        const int full = std::max(0, view.width() - 2 * left);
        const int axis = std::min(full, numbers + px(6));
        const auto list = [&](int x, int y, int room, qsizetype rows) {
            return QRect(x, y, room, line * (1 + std::max(1, int(rows))));
        };
        geometry.facts = QRect(left, px(8), histogramBeside ? std::max(facts_width, full / 2) : full, line * facts);
        const int from = histogramBeside ? geometry.facts.right() + 1 + px(24) : left;
        const int room = left + full - from;
        geometry.gates_title =
            QRect(from, histogramBeside ? geometry.facts.top() : geometry.facts.bottom() + 1 + gap, room, line);
        geometry.gates = QRect(from + axis, geometry.gates_title.bottom() + 1 + px(4), room - axis, bars);
        geometry.scale_of_gates = QRect(from, geometry.gates.top(), numbers, bars);
        geometry.gates_axis =
            QRect(geometry.gates.left(), geometry.gates.bottom() + 1 + px(2), geometry.gates.width(), px(16));
        int y = std::max(geometry.facts.bottom(), geometry.gates_axis.bottom()) + 1 + gap;
        const bool beside = full >= px(400);
        const int column = beside ? (full - px(24)) / 2 : full;
        geometry.tokens = list(left, y, column, profile.top_tokens.size());
        if (beside) {
            geometry.classes = list(left + column + px(24), y, column, profile.classes.size());
            y = std::max(geometry.tokens.bottom(), geometry.classes.bottom()) + 1 + gap;
        } else {
            geometry.classes = list(left, geometry.tokens.bottom() + 1 + gap, column, profile.classes.size());
            y = geometry.classes.bottom() + 1 + gap;
        }
        geometry.examples = list(left, y, full, profile.examples.size());
        geometry.height = geometry.examples.bottom() + 1 + px(8);
    };
    lay(px(20), px(48), px(12), false);
    if (geometry.height > view.height()) {
        lay(px(16), px(28), px(6), false);
    }
    const int spare = view.width() - 2 * px(12) - facts_width - px(24) - numbers - px(6);
    if (geometry.height > view.height() && spare >= px(kLeastHistogram)) {
        lay(px(16), std::max(px(24), px(16) * (facts - 2) - px(6)), px(6), true);
    }
    return geometry;
}

int CardGeometry::endOfWhole(int bottom) const {
    int end = bottom;
    const auto keepWhole = [&](int top, int below) {
        if (top < bottom && below > bottom) {
            end = std::min(end, top);
        }
    };
    for (const QRect& part : {facts, tokens, classes, examples}) {
        for (int top = part.top(); top <= part.bottom(); top += line) {
            keepWhole(top, top + line);
        }
    }
    keepWhole(gates_title.top(), gates_axis.bottom() + 1);
    return end;
}

QRect CardGeometry::bar(int bin) const {
    const int from = gates.width() * bin / ExpertProfile::gateBins;
    const int to = gates.width() * (bin + 1) / ExpertProfile::gateBins;
    return {gates.left() + from, gates.top(), std::max(1, to - from - 1), gates.height()};
}

QRect CardGeometry::row(const QRect& part, int index) const {
    return {part.left(), part.top() + line * (1 + index), part.width(), line};
}

CardChart::CardChart(TraceModel* trace, Selection* selection, ExpertCardTable* table, QWidget* parent)
    : ScopedChart(trace, selection, parent), m_table(table) {
    setAccessibleName(tr("Card of the selected expert"));
}

void CardChart::sync() {
    const SelectionState& state = selection()->state();
    m_table->update(scope(), state.layer, state.expert);
    const int numbers = QFontMetrics(axisMonoFont()).horizontalAdvance(groupedText(mostOfABin()));
    const QList<Fact> facts = this->facts();
    m_geometry = CardGeometry::of(viewport()->size(), profile(), static_cast<int>(facts.size()), leastWidth(facts),
                                  numbers, theme().fontScale());
    setScrollRange(std::max(0, m_geometry.height - viewport()->height()), viewport()->height(), m_geometry.line);
    m_hovered = {};
}

int CardChart::mostOfABin() const {
    return std::max(1, *std::max_element(profile().gates.begin(), profile().gates.end()));
}

QList<CardChart::Fact> CardChart::facts() const {
    const ExpertProfile& at = profile();
    const QString n = groupedText(at.n);
    const QString chance = at.isOutsideChance() ? tr("outside chance") : tr("within chance");
    QList<Fact> facts = {
        {tr("Tokens routed to it"),
         tr("%1 of %2 (%3 %)").arg(groupedText(at.tokens), n, QString::number(at.share * 100, 'f', 1)),
         {}},
        {tr("Against uniform"),
         tr("%1 ×, %2: %3 tokens by chance at 95 %").arg(liftText(at.over_uniform), chance, chanceText(at.chance)),
         tr("%1 ×, %2, %3 at 95 %").arg(liftText(at.over_uniform), chance, chanceText(at.chance))},
        {tr("Mean gate"),
         at.tokens > 0 ? tr("%1, n = %2").arg(gateText(at.mean_gate), groupedText(at.tokens)) : QStringLiteral("–"),
         {}}};
    const ExpertWeights weights = m_table->weights();
    facts.append({tr("Weights"),
                  weights.bytes > 0
                      ? tr("%1 on %2, average of all experts").arg(bytesText(weights.bytes), weights.place)
                      : tr("not loaded"),
                  weights.bytes > 0 ? tr("%1, average").arg(bytesText(weights.bytes)) : QString()});
    return facts;
}

int CardChart::nameWidth(const QList<Fact>& facts) {
    const QFontMetrics metrics(theme().font(TextStyle::Small));
    return std::accumulate(facts.begin(), facts.end(), 0, [&](int width, const Fact& fact) {
        return std::max(width, metrics.horizontalAdvance(fact.name));
    });
}

int CardChart::leastWidth(const QList<Fact>& facts) {
    const QFontMetrics metrics(theme().font(TextStyle::Small));
    return nameWidth(facts) + scaledPx(16) +
           std::accumulate(facts.begin(), facts.end(), 0, [&](int width, const Fact& fact) {
               return std::max(width, metrics.horizontalAdvance(fact.shorter.isEmpty() ? fact.value : fact.shorter));
           });
}

void CardChart::paintChart(QPainter& painter) {
    painter.translate(0, -scroll());
    const int bottom = scroll() + viewport()->height();
    painter.setClipRect(QRect(0, scroll(), viewport()->width(), m_geometry.endOfWhole(bottom) - scroll()));
    const QList<Fact> facts = this->facts();
    const QFont font = theme().font(TextStyle::Small);
    const int names = nameWidth(facts);
    for (int i = 0; i < facts.size(); ++i) {
        const QRect line(m_geometry.facts.left(), m_geometry.facts.top() + i * m_geometry.line,
                         m_geometry.facts.width(), m_geometry.line);
        const QRect value = line.adjusted(names + scaledPx(16), 0, 0, 0);
        const Fact& fact = facts.at(i);
        const bool fits = fact.shorter.isEmpty() || QFontMetrics(font).horizontalAdvance(fact.value) <= value.width();
        paintText(painter, line, Qt::AlignLeft | Qt::AlignVCenter, fact.name, font, theme().color(Color::TextMuted));
        paintText(painter, value, Qt::AlignLeft | Qt::AlignVCenter,
                  QFontMetrics(font).elidedText(fits ? fact.value : fact.shorter, Qt::ElideRight, value.width()), font,
                  theme().color(Color::Text));
    }
    paintGates(painter);
    paintTitle(painter, m_geometry.row(m_geometry.tokens, -1), tr("Tokens by lift"), tr("lift, routed of all"));
    paintLifts(painter, m_geometry.tokens, profile().top_tokens, true);
    paintTitle(painter, m_geometry.row(m_geometry.classes, -1), tr("Token classes"), tr("lift, routed of all"));
    paintLifts(painter, m_geometry.classes, profile().classes, false);
    paintExamples(painter);
    painter.resetTransform();
    painter.setClipping(false);
}

void CardChart::paintTitle(QPainter& painter, const QRect& line, const QString& title, const QString& right,
                           const QString& shorter) const {
    const QFont strong = bold(theme().font(TextStyle::Small));
    const int room = line.width() - QFontMetrics(strong).horizontalAdvance(title) - scaledPx(8);
    const bool fits = shorter.isEmpty() || QFontMetrics(axisFont()).horizontalAdvance(right) <= room;
    paintText(painter, line, Qt::AlignLeft | Qt::AlignVCenter, title, strong, theme().color(Color::TextSecondary));
    paintText(painter, line, Qt::AlignRight | Qt::AlignVCenter, fits ? right : shorter, axisFont(),
              theme().color(Color::TextMuted));
}

void CardChart::paintGates(QPainter& painter) const {
    const ExpertProfile& at = profile();
    const int most = mostOfABin();
    const QString n = tr("n = %1").arg(groupedText(at.tokens));
    const int room = m_geometry.gates_title.width() - QFontMetrics(axisFont()).horizontalAdvance(n) - scaledPx(8);
    const QFont strong = bold(theme().font(TextStyle::Small));
    paintTitle(painter, m_geometry.gates_title,
               fittingText({tr("Gate weight of its tokens"), tr("Gate weight"), tr("Gate")}, strong, room),
               tr("tokens by gate, n = %1").arg(groupedText(at.tokens)), n);
    for (int bin = 0; bin < ExpertProfile::gateBins; ++bin) {
        const QRect lane = m_geometry.bar(bin);
        const int tokens = at.gates[size_t(bin)];
        // A token is never nothing.
        const int height = tokens > 0 ? std::max(2, int(lane.height() * double(tokens) / most)) : 0;
        painter.fillRect(lane, theme().color(Color::Window));
        const QColor color = theme().sequential((bin + 0.5) / ExpertProfile::gateBins);
        const int left = tokens > 0 ? (height * at.gates_matched[size_t(bin)] + tokens - 1) / tokens : 0;
        painter.fillRect(QRect(lane.left(), lane.bottom() + 1 - left, lane.width(), left), color);
        painter.setOpacity(kFilteredOut);
        painter.fillRect(QRect(lane.left(), lane.bottom() + 1 - height, lane.width(), height - left), color);
        painter.setOpacity(1);
        if (m_hovered == Mark{Part::Gate, bin}) {
            paintFrame(painter, lane, theme().color(Color::Text));
        }
    }
    const QFont font = axisMonoFont();
    const QColor color = theme().color(Color::TextMuted);
    const QRect tokens = m_geometry.scale_of_gates;
    paintText(painter, QRect(tokens.left(), tokens.top() - scaledPx(4), tokens.width(), scaledPx(16)),
              Qt::AlignRight | Qt::AlignVCenter, groupedText(most), font, color);
    paintText(painter, QRect(tokens.left(), tokens.bottom() - scaledPx(11), tokens.width(), scaledPx(16)),
              Qt::AlignRight | Qt::AlignVCenter, QStringLiteral("0"), font, color);
    const auto number = [&](double part) { return QString::number(at.gate_end * part); };
    paintText(painter, m_geometry.gates_axis, Qt::AlignLeft | Qt::AlignVCenter, number(0), font, color);
    paintText(painter, m_geometry.gates_axis, Qt::AlignHCenter | Qt::AlignVCenter, number(0.5), font, color);
    paintText(painter, m_geometry.gates_axis, Qt::AlignRight | Qt::AlignVCenter, number(1), font, color);
}

void CardChart::paintLifts(QPainter& painter, const QRect& part, const QList<ExpertProfile::Lift>& lifts,
                           bool words) const {
    const QFont font = theme().font(words ? TextStyle::Mono : TextStyle::Small);
    const QFont mono = theme().font(TextStyle::Mono);
    const QColor text = theme().color(Color::Text);
    const QColor secondary = theme().color(Color::TextSecondary);
    if (lifts.isEmpty()) {
        QString none = words ? tr("None with %1 occurrences and a lift above 1").arg(ExpertProfile::leastCount)
                             : tr("No tokens were routed to it");
        const QRect line = m_geometry.row(part, 0);
        if (words && QFontMetrics(axisFont()).horizontalAdvance(none) > line.width()) {
            none = tr("None above 1 with n ≥ %1").arg(ExpertProfile::leastCount);
        }
        paintText(painter, line, Qt::AlignLeft | Qt::AlignVCenter,
                  QFontMetrics(axisFont()).elidedText(none, Qt::ElideRight, line.width()), axisFont(),
                  theme().color(Color::TextMuted));
    }
    const auto routedOfAll = [](const ExpertProfile::Lift& lift) {
        return tr("%1 of %2").arg(groupedText(lift.routed), groupedText(lift.all));
    };
    int counts = 0;
    int numbers = 0;
    for (const ExpertProfile::Lift& lift : lifts) {
        counts = std::max(counts, QFontMetrics(mono).horizontalAdvance(routedOfAll(lift)) + scaledPx(12));
        numbers = std::max(numbers, QFontMetrics(bold(mono)).horizontalAdvance(liftText(lift.lift)) + scaledPx(8));
    }
    for (int i = 0; i < lifts.size(); ++i) {
        const ExpertProfile::Lift& lift = lifts.at(i);
        const QRect line = m_geometry.row(part, i);
        const bool outside = lift.isOutsideChance();
        if (m_hovered == Mark{words ? Part::Token : Part::Class, i}) {
            paintRowBand(painter, line, theme().color(Color::Hover));
        }
        painter.setOpacity(lift.isFilteredOut() ? kFilteredOut : 1);
        // As in the maps: what chance alone gives has no colour.
        const QRect mark(line.left(), line.top() + (line.height() - scaledPx(10)) / 2, scaledPx(10), scaledPx(10));
        painter.fillRect(mark, theme().diverging(outside ? lift.lift : 1));
        const QRect name = line.adjusted(scaledPx(16), 0, -counts - numbers, 0);
        paintText(painter, name, Qt::AlignLeft | Qt::AlignVCenter,
                  QFontMetrics(font).elidedText(lift.name, Qt::ElideRight, name.width()), font, text);
        paintText(painter, line.adjusted(0, 0, -counts, 0), Qt::AlignRight | Qt::AlignVCenter, liftText(lift.lift),
                  outside ? bold(mono) : mono, outside ? text : secondary);
        paintText(painter, line, Qt::AlignRight | Qt::AlignVCenter, routedOfAll(lift), mono, secondary);
        painter.setOpacity(1);
    }
}

void CardChart::paintExamples(QPainter& painter) const {
    const ExpertProfile& at = profile();
    paintTitle(painter, m_geometry.row(m_geometry.examples, -1), tr("Examples, largest gates first"), tr("gate"));
    const QFont mono = theme().font(TextStyle::Mono);
    const QFontMetrics metrics(mono);
    const QColor secondary = theme().color(Color::TextSecondary);
    if (at.examples.isEmpty()) {
        paintText(painter, m_geometry.row(m_geometry.examples, 0), Qt::AlignLeft | Qt::AlignVCenter,
                  tr("No tokens were routed to it"), axisFont(), theme().color(Color::TextMuted));
    }
    const int selected = selectedExample();
    QRect chosen;
    for (int i = 0; i < at.examples.size(); ++i) {
        const ExpertProfile::Example& example = at.examples.at(i);
        const QRect line = m_geometry.row(m_geometry.examples, i);
        if (i == selected || m_hovered == Mark{Part::Example, i}) {
            paintRowBand(painter, line, theme().color(i == selected ? Color::AccentTint : Color::Hover));
        }
        painter.setOpacity(example.matches ? 1 : kFilteredOut);
        const int gate = metrics.horizontalAdvance(QStringLiteral("0.00")) + scaledPx(12);
        const int room = line.width() - gate;
        const int word = std::min(metrics.horizontalAdvance(example.text) + scaledPx(6), room);
        // The token stands at two fifths, with as much around it as there is room for.
        const int from = line.left() + std::min((room - word) * 2 / 5, metrics.horizontalAdvance(example.before));
        const QRect before(line.left(), line.top(), std::max(0, from - line.left()), line.height());
        const QRect box(from, line.top() + scaledPx(1), word, line.height() - scaledPx(2));
        const QRect after(box.right() + 1, line.top(), std::max(0, line.left() + room - box.right() - 1),
                          line.height());
        paintText(painter, before, Qt::AlignRight | Qt::AlignVCenter,
                  metrics.elidedText(example.before, Qt::ElideLeft, before.width()), mono, secondary);
        painter.fillRect(box, theme().expertTint(at.expert));
        paintText(painter, box, Qt::AlignCenter,
                  metrics.elidedText(example.text, Qt::ElideRight, box.width() - scaledPx(4)), mono,
                  theme().color(Color::Text));
        paintText(painter, after, Qt::AlignLeft | Qt::AlignVCenter,
                  metrics.elidedText(example.after, Qt::ElideRight, after.width()), mono, secondary);
        paintText(painter, line, Qt::AlignRight | Qt::AlignVCenter, gateText(example.gate), mono,
                  theme().color(Color::Text));
        painter.setOpacity(1);
        chosen = i == selected ? box : chosen;
    }
    const int end = m_geometry.endOfWhole(scroll() + viewport()->height());
    if (!chosen.isEmpty() && chosen.bottom() < end) { // the line around it goes beyond the last whole row
        painter.setClipRect(QRect(0, scroll(), viewport()->width(), end + scaledPx(4) - scroll()));
        paintSelection(painter, chosen.adjusted(scaledPx(3), 0, -scaledPx(3), 0)); // in the space around the token
    }
}

int CardChart::selectedExample() const {
    const SelectionState& state = selection()->state();
    const QList<ExpertProfile::Example>& examples = profile().examples;
    const auto found = std::find_if(examples.begin(), examples.end(), [&](const ExpertProfile::Example& example) {
        return example.run == state.run && example.token == state.token;
    });
    return found != examples.end() ? int(found - examples.begin()) : -1;
}

void CardChart::chooseExample(int example) {
    if (example >= 0 && example < profile().examples.size()) {
        const ExpertProfile::Example& at = profile().examples.at(example);
        // The expert stays: of several that a token is routed to it may not be the first.
        choose({at.run, at.token, profile().layer, profile().expert});
    }
}

void CardChart::chooseExpert(int expert) {
    SelectionState next = selection()->state();
    next.expert = std::clamp(expert, 0, trace()->shape().experts - 1);
    choose(next);
}

CardChart::Mark CardChart::markAt(const QPoint& at) const {
    const QPoint place = at + QPoint(0, scroll());
    for (int bin = 0; bin < ExpertProfile::gateBins; ++bin) {
        if (m_geometry.bar(bin).contains(place)) {
            return {Part::Gate, bin};
        }
    }
    const auto row = [&](const QRect& part, qsizetype rows, Part kind) {
        const int index = (place.y() - part.top()) / std::max(1, m_geometry.line) - 1;
        return part.contains(place) && index >= 0 && index < rows ? Mark{kind, index} : Mark();
    };
    for (const Mark& mark : {row(m_geometry.tokens, profile().top_tokens.size(), Part::Token),
                             row(m_geometry.classes, profile().classes.size(), Part::Class),
                             row(m_geometry.examples, profile().examples.size(), Part::Example)}) {
        if (mark.part != Part::None) {
            return mark;
        }
    }
    return {};
}

bool CardChart::hover(const QPoint* at) {
    const Mark next = at != nullptr ? markAt(*at) : Mark();
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void CardChart::click(const QPoint& at) {
    const Mark mark = markAt(at);
    if (mark.part == Part::Example) {
        chooseExample(mark.index);
    }
}

Readout CardChart::markReadout() const {
    const ExpertProfile& at = profile();
    if (!at.isValid()) {
        return {{tr("No expert selected")}};
    }
    const auto liftReadout = [](const ExpertProfile::Lift& lift) {
        return Readout{{lift.name, ReadoutSpan::Mono},
                       {tr("%1 of %2 tokens routed to it").arg(groupedText(lift.routed), groupedText(lift.all))},
                       {tr("lift %1").arg(liftText(lift.lift))},
                       {tr("by chance %1").arg(chanceText(lift.chance))},
                       {lift.isOutsideChance() ? tr("outside chance") : tr("within chance")}};
    };
    switch (m_hovered.part) {
    case Part::Gate: {
        const int tokens = at.gates[size_t(m_hovered.index)];
        return {{tr("Gate %1").arg(gateBinText(at, m_hovered.index)), ReadoutSpan::Strong},
                {tr("%1 of %2 tokens").arg(groupedText(tokens), groupedText(at.tokens))}};
    }
    case Part::Token: return liftReadout(at.top_tokens.at(m_hovered.index));
    case Part::Class: return liftReadout(at.classes.at(m_hovered.index));
    case Part::Example: {
        const ExpertProfile::Example& example = at.examples.at(m_hovered.index);
        return {{tr("Token %1").arg(tokenNumber(example.token)), ReadoutSpan::Strong},
                {example.text, ReadoutSpan::Mono},
                {tr("gate %1").arg(gateText(example.gate))}};
    }
    case Part::None: break;
    }
    return {{tr("Layer %1, expert %2").arg(at.layer).arg(at.expert), ReadoutSpan::Strong},
            {tr("%1 of %2 tokens routed to it").arg(groupedText(at.tokens), groupedText(at.n))},
            {tr("%1 × uniform").arg(liftText(at.over_uniform))},
            {at.isOutsideChance() ? tr("outside chance") : tr("within chance")}};
}

QString CardChart::tipAt(const QPoint& at) const {
    const Mark mark = markAt(at);
    if (mark.part != Part::Token && mark.part != Part::Class) {
        return {};
    }
    const ExpertProfile::Lift& lift =
        mark.part == Part::Token ? profile().top_tokens.at(mark.index) : profile().classes.at(mark.index);
    return tooltipTable(lift.name, {{tr("Routed to expert %1").arg(profile().expert), groupedText(lift.routed)},
                                    {tr("Of such tokens"), groupedText(lift.all)},
                                    {tr("Lift"), liftText(lift.lift)},
                                    {tr("By chance at 95 %"), tr("%1 tokens").arg(chanceText(lift.chance))}});
}

bool CardChart::useKey(QKeyEvent* event) {
    if (event->modifiers().testFlag(Qt::ControlModifier) || !profile().isValid()) {
        return false;
    }
    const int expert = profile().expert;
    switch (event->key()) {
    case Qt::Key_Left: chooseExpert(expert - 1); return true;
    case Qt::Key_Right: chooseExpert(expert + 1); return true;
    case Qt::Key_Home: chooseExpert(0); return true;
    case Qt::Key_End: chooseExpert(trace()->shape().experts - 1); return true;
    case Qt::Key_Up:
        chooseExample(std::max(0, selectedExample() - 1));
        revealExample();
        return true;
    case Qt::Key_Down:
        chooseExample(std::min(selectedExample() + 1, static_cast<int>(profile().examples.size()) - 1));
        revealExample();
        return true;
    default: return false;
    }
}

void CardChart::revealExample() {
    const int example = selectedExample();
    if (example >= 0) {
        const QRect line = m_geometry.row(m_geometry.examples, example);
        const int least = line.bottom() + 1 + m_geometry.line / 2 - viewport()->height();
        setScroll(std::clamp(verticalScrollBar()->value(), std::max(0, least), std::max(0, line.top())));
    }
}

} // namespace moescope::ui
