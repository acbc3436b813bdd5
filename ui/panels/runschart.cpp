// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/runschart.h"

#include "ui/panels/barrows.h"
#include "ui/panels/chartpaint.h"

#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>
#include <utility>

namespace moescope::ui {

RunsChart::RunsChart(Comparison* comparison, TraceModel* silent, QWidget* parent)
    : ComparisonChart(comparison, silent, parent) {}

int RunsChart::current() const {
    const int index = comparison()->indexOf(m_current);
    return index >= 0 ? index : comparison()->sideIndex(Side::B);
}

int RunsChart::marked() const { return marksB() ? current() : comparison()->indexOf(m_current); }

void RunsChart::setCurrent(int run) {
    if (run < 0 || run >= comparison()->runs().size() || run == current()) {
        return;
    }
    m_current = comparison()->runs().at(run).id;
    setScroll(m_rows.scrollTo(run, scroll()));
    viewport()->update();
    emit readoutChanged();
}

void RunsChart::setCurrentPlace(int place) {
    if (place >= 0 && place < m_rows.runs) {
        setCurrent(m_rows.order[size_t(place)]);
    }
}

void RunsChart::sync() {
    m_rows = geometry();
    setScrollRange(m_rows.scroll_max, m_rows.window.height(), m_rows.row_height);
    const int b = comparison()->sideIndex(Side::B);
    const qint64 id = b >= 0 ? comparison()->runs().at(b).id : 0;
    if (const bool another = std::exchange(m_b, id) != id; another && b >= 0) {
        const bool behindA = m_rows.placeOf(b) == 1; // then both are brought into view
        setScroll(m_rows.scrollTo(behindA ? m_rows.order[0] : b, scroll()));
    }
    m_hovered = m_hovered < m_rows.runs ? m_hovered : -1;
}

void RunsChart::paintChart(QPainter& painter) {
    painter.save();
    painter.setClipRect(m_rows.window);
    for (int run = 0; run < m_rows.runs; ++run) {
        if (m_rows.row(run, scroll()).intersects(m_rows.window)) {
            m_rows.paintRow(painter, *comparison(), run, scroll(), run == marked(), run == m_hovered);
            paintRest(painter, run);
        }
    }
    painter.restore();
    m_rows.paintHeader(painter);
    paintAround(painter);
}

Readout RunsChart::runReadout(int run) const {
    const RunView& view = comparison()->runs().at(run);
    Readout readout{{tr("%1 %2").arg(comparison()->letter(run), view.title), ReadoutSpan::Strong}};
    for (const QString& words : runWords(view)) {
        readout.append({words});
    }
    return readout;
}

Readout RunsChart::readout() const {
    const int run = m_hovered >= 0 ? m_hovered : comparison()->indexOf(m_current);
    return run >= 0 ? runReadout(run) : wholeReadout();
}

QString RunsChart::tipAt(const QPoint& at) const {
    const int run = m_rows.runAt(at, scroll());
    return run < 0 ? QString() : readoutText(runReadout(run)).toHtmlEscaped();
}

bool RunsChart::hover(const QPoint* at) {
    const int next = at != nullptr ? m_rows.runAt(*at, scroll()) : -1;
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void RunsChart::click(const QPoint& at) {
    if (const int run = m_rows.runAt(at, scroll()); run >= 0) {
        setCurrent(run);
        chosen(run);
    }
}

bool RunsChart::useKey(QKeyEvent* event) {
    if (event->modifiers().testFlag(Qt::ControlModifier)) {
        return false;
    }
    switch (event->key()) {
    case Qt::Key_Up: setCurrentPlace(m_rows.placeOf(current()) - 1); return true;
    case Qt::Key_Down: setCurrentPlace(m_rows.placeOf(current()) + 1); return true;
    case Qt::Key_Home: setCurrentPlace(0); return true;
    case Qt::Key_End: setCurrentPlace(m_rows.runs - 1); return true;
    default: return false;
    }
}

bool RunsChart::openDetail() {
    const int run = current();
    if (run < 0 || run == comparison()->sideIndex(Side::A)) {
        return false;
    }
    comparison()->choose(Side::B, comparison()->runs().at(run).id);
    return true;
}

SpeedChart::SpeedChart(Comparison* comparison, TraceModel* silent, QWidget* parent)
    : RunsChart(comparison, silent, parent) {
    setAccessibleName(tr("Speed and memory of the runs"));
}

RunRows SpeedChart::geometry() const {
    RunRows rows = RunRows::of(viewport()->size(), *comparison(), scaledPx(96), 0, 0);
    rows.putPairFirst(*comparison());
    return rows;
}

Readout SpeedChart::wholeReadout() const {
    Readout readout;
    QStringList once;
    QHash<int, QStringList> medians;
    for (int run = 0; run < comparison()->runs().size(); ++run) {
        const RunView& view = comparison()->runs().at(run);
        if (view.decode_tps > 0) {
            (view.measured > 1 ? medians[view.measured] : once) << comparison()->letter(run);
        }
    }
    once.sort();
    for (auto each = medians.begin(); each != medians.end(); ++each) {
        each->sort();
        readout.append({tr("%1: median of %2").arg(each->join(QStringLiteral(", "))).arg(each.key())});
    }
    if (!once.isEmpty()) {
        readout.append({tr("%1: measured once").arg(once.join(QStringLiteral(", ")))});
    }
    for (int run = 0; run < comparison()->runs().size(); ++run) {
        const RunView& view = comparison()->runs().at(run);
        if (!view.machine.isEmpty()) {
            readout.append(
                {tr("%1 is a capture file from another machine (%2)").arg(comparison()->letter(run), view.machine)});
        }
    }
    return readout;
}

AllRunsChart::AllRunsChart(Comparison* comparison, TraceModel* silent, QWidget* parent)
    : RunsChart(comparison, silent, parent) {
    setAccessibleName(tr("All runs: distance of the routing to run A by layer"));
    connect(comparison, &Comparison::distancesChanged, this, &AllRunsChart::invalidate);
}

RunRows AllRunsChart::geometry() const {
    const int layers = AllRunsTable::layersOf(*comparison());
    return RunRows::of(viewport()->size(), *comparison(), scaledPx(124),
                       std::max(scaledPx(200), layers * scaledPx(layers > 16 ? 24 : 36)), scaledPx(44));
}

void AllRunsChart::sync() {
    m_layers = AllRunsTable::layersOf(*comparison());
    double most = 0;
    for (int run = 0; run < comparison()->runs().size(); ++run) {
        for (const LayerDistance& distance : comparison()->distanceToA(run)) {
            most = std::max(most, distance.js_bits);
        }
    }
    // A round end, so that the legend has round numbers.
    const double step = niceStep(std::max(most, 0.01), 4);
    m_most = std::ceil(std::max(most, 0.01) / step * (1 - 1e-9)) * step;
    RunsChart::sync();
}

QRect AllRunsChart::cell(int run, int layer) const {
    const QRect line = rows().row(run, scroll());
    const int width = std::min(scaledPx(36), rows().rest_width / std::max(1, m_layers));
    return {rows().rest_left + layer * width, line.top() + scaledPx(3), std::max(1, width - (width > 5 ? 1 : 0)),
            line.height() - scaledPx(6) - 1};
}

void AllRunsChart::paintRest(QPainter& painter, int run) const {
    const std::vector<LayerDistance>& distance = comparison()->distanceToA(run);
    const QRect line = rows().row(run, scroll());
    if (distance.empty()) {
        const QString words =
            comparison()->isDistancePending(run) ? tr("computing…") : comparison()->whyNoDistance(run);
        const QFont font = theme().font(TextStyle::Small);
        paintText(painter, QRect(rows().rest_left, line.top(), rows().rest_width, line.height()),
                  Qt::AlignLeft | Qt::AlignVCenter,
                  QFontMetrics(font).elidedText(words, Qt::ElideRight, rows().rest_width), font,
                  theme().color(Color::TextMuted));
        return;
    }
    const QFont font = axisMonoFont();
    const QFontMetrics metrics(font);
    const int needed = metrics.horizontalAdvance(QStringLiteral(".00")) + scaledPx(4);
    const bool zero = cell(run, 0).width() >= metrics.horizontalAdvance(QStringLiteral("0.00")) + scaledPx(4);
    const int selected = comparison()->place().layer;
    for (int layer = 0; layer < static_cast<int>(distance.size()); ++layer) {
        const QRect rect = cell(run, layer);
        const QColor color = theme().sequential(distance[size_t(layer)].js_bits / m_most);
        painter.fillRect(rect, color);
        if (rect.width() >= needed) {
            paintText(painter, rect, Qt::AlignCenter, gateText(distance[size_t(layer)].js_bits, zero), font,
                      Theme::textOn(color));
        }
        if (layer == selected && run == comparison()->sideIndex(Side::B) && rect.width() > 8) {
            paintFrame(painter, rect, theme().color(Color::AccentText), 2);
        }
    }
}

void AllRunsChart::paintAround(QPainter& painter) const {
    const QFont font = axisMonoFont();
    const QRect heading(rows().rest_left, scaledPx(6), rows().rest_width, scaledPx(16));
    paintText(painter, heading, Qt::AlignLeft | Qt::AlignVCenter,
              fittingText({tr("Jensen–Shannon distance to run A by layer, bits"), tr("JS to run A, bits")}, axisFont(),
                          heading.width()),
              axisFont(), theme().color(Color::TextMuted));
    const int label = QFontMetrics(font).horizontalAdvance(QString::number(m_layers)) + scaledPx(6);
    int step = 1;
    while (m_layers > 0 && step * (cell(0, 0).width() + 1) < label) {
        step *= 2;
    }
    for (int layer = 0; layer < m_layers; layer += step) {
        const QRect column = cell(0, layer);
        paintText(painter, QRect(column.center().x() - 20, heading.top() + scaledPx(15), 41, heading.height()),
                  Qt::AlignCenter, QString::number(layer), font, theme().color(Color::TextSecondary));
    }
    const QRect bar(scaledPx(13), rows().window.bottom() + 1 + scaledPx(10), scaledPx(180), scaledPx(8));
    paintLegendBar(painter, bar, [](double at) { return theme().sequential(at); });
    paintLegendTicks(painter, bar,
                     {QStringLiteral("0"), QString::number(m_most / 2, 'g', 3),
                      (m_most == 1 ? tr("%1 bit") : tr("%1 bits")).arg(m_most, 0, 'g', 3)});
}

Readout AllRunsChart::runReadout(int run) const {
    Readout readout = RunsChart::runReadout(run);
    const std::vector<LayerDistance>& distance = comparison()->distanceToA(run);
    if (!distance.empty()) {
        const auto most = std::max_element(
            distance.begin(), distance.end(),
            [](const LayerDistance& one, const LayerDistance& other) { return one.js_bits < other.js_bits; });
        readout.insert(1, {tr("most in layer %1, JS %2 bits, n = %3")
                               .arg(most - distance.begin())
                               .arg(most->js_bits, 0, 'f', 3)
                               .arg(groupedText(most->n))});
    } else if (const QString why = comparison()->whyNoDistance(run); !why.isEmpty()) {
        readout.insert(1, {why});
    }
    return readout;
}

Readout AllRunsChart::wholeReadout() const {
    const auto runs = comparison()->runs().size();
    return {{tr("%1 runs").arg(runs), ReadoutSpan::Strong},
            {tr("over the tokens that are aligned with run A")},
            {tr("a click on a row makes it run B")}};
}

void AllRunsChart::chosen(int run) {
    if (run != comparison()->sideIndex(Side::A)) {
        comparison()->choose(Side::B, comparison()->runs().at(run).id);
    }
}

} // namespace moescope::ui
