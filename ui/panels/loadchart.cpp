// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/loadchart.h"

#include "ui/models/conversation.h"
#include "ui/models/tabularmodel.h"
#include "ui/panels/chartpaint.h"

#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace moescope::ui {

namespace {

QString titleOf(int column) {
    switch (column) {
    case LoadChart::Variation: return LoadChart::tr("CV");
    case LoadChart::MaxOverMean: return LoadChart::tr("Max ÷ mean");
    case LoadChart::Gini: return LoadChart::tr("Gini");
    case LoadChart::Idle: return LoadChart::tr("Idle");
    default: return LoadChart::tr("Moved, %");
    }
}

QString meaningOf(int column) {
    switch (column) {
    case LoadChart::Variation:
        return LoadChart::tr("Standard deviation ÷ mean of the tokens per expert. 0: all experts have as many.");
    case LoadChart::MaxOverMean: return LoadChart::tr("Tokens of the busiest expert ÷ mean of all experts.");
    case LoadChart::Gini:
        return LoadChart::tr("How unequal the load is, from 0, where all experts have as many tokens, to 1.");
    case LoadChart::Idle: return LoadChart::tr("Experts without a token.");
    default:
        return LoadChart::tr("Share of the layer’s choices that went to other experts in the second half of the answer "
                             "than in the first.");
    }
}

/** The end of a column's scale, given the greatest value. */
double topOf(int column, double most) {
    switch (column) {
    case LoadChart::Variation: return std::max(1.0, std::ceil(most * 2) / 2);
    case LoadChart::MaxOverMean: return std::max(2.0, std::ceil(most));
    case LoadChart::Gini: return 1;
    case LoadChart::Idle: return std::max(1.0, most);
    default: return 100;
    }
}

QString phaseName(LoadPhase phase) {
    return phase == LoadPhase::Decode ? LoadChart::tr("decode") : LoadChart::tr("prefill");
}

} // namespace

LoadChart::LoadChart(TraceModel* trace, Selection* selection, LoadBalance* balance, QWidget* parent)
    : ChartView(trace, selection, parent), m_balance(balance) {
    setAccessibleName(tr("Load of the experts by layer"));
    connect(trace, &TraceModel::promptChanged, this, &LoadChart::invalidate);
}

void LoadChart::setPhase(LoadPhase phase) {
    if (phase != m_phase) {
        m_phase = phase;
        invalidate();
    }
}

double LoadChart::valueOf(LoadPhase phase, int layer, int column) const {
    const LayerLoad& load = m_balance->load(phase, layer);
    if (load.n == 0) {
        return -1;
    }
    switch (column) {
    case Variation: return load.variation;
    case MaxOverMean: return load.max_over_mean;
    case Gini: return load.gini;
    case Idle: return load.idle;
    default: break;
    }
    const double moved = phase == LoadPhase::Decode ? m_balance->shift(layer).moved : -1;
    return moved < 0 ? -1 : moved * 100;
}

QString LoadChart::textOf(LoadPhase phase, int layer, int column) const {
    return fixedText(valueOf(phase, layer, column), column == Idle || column == Moved ? 0 : 2);
}

bool LoadChart::isWarned(int layer, int column) const {
    const LoadWarnings warnings = m_balance->warnings(m_phase, layer);
    const LayerLoad& load = m_balance->load(m_phase, layer);
    switch (column) {
    case Variation: return warnings.skewed && load.variation >= LoadBalance::kSkewedVariation;
    case MaxOverMean: return warnings.skewed && load.max_over_mean >= LoadBalance::kSkewedMax;
    case Idle: return warnings.idle;
    case Moved: return warnings.unstable;
    default: return false;
    }
}

double LoadChart::chanceOf(int column) const {
    const LoadChance& chance = m_balance->chance(m_phase);
    if (!chance.tells_skew) {
        return -1;
    }
    return column == Variation ? chance.variation : column == MaxOverMean ? chance.max_over_mean : -1;
}

void LoadChart::sync() {
    m_balance->refresh();
    const int layers = m_balance->shape().layers;
    std::array<int, LoadGeometry::kColumns> titles{};
    for (int column = 0; column < LoadGeometry::kColumns; ++column) {
        titles[size_t(column)] = QFontMetrics(bold(axisFont())).horizontalAdvance(titleOf(column));
    }
    m_geometry = LoadGeometry::of(viewport()->size(), layers, titles, theme().fontScale());
    setScrollRange(m_geometry.rows.scroll_max, m_geometry.rows.window.height(), m_geometry.rows.row_height);
    for (int column = 0; column < LoadGeometry::kColumns; ++column) {
        double most = 0;
        for (int layer = 0; layer < layers; ++layer) {
            most =
                std::max({most, valueOf(LoadPhase::Decode, layer, column), valueOf(LoadPhase::Prefill, layer, column)});
        }
        m_tops[size_t(column)] = topOf(column, most);
    }
    m_hovered = m_hovered < layers ? m_hovered : -1;
}

void LoadChart::paintChart(QPainter& painter) {
    if (m_balance->n(m_phase) == 0) {
        return;
    }
    const LayerRows& rows = m_geometry.rows;
    painter.save();
    painter.setClipRect(rows.window);
    for (int layer = 0; layer < rows.layers; ++layer) {
        if (rows.row(layer, scroll()).intersects(rows.window)) {
            painter.setOpacity(opacityOf(*trace(), layer));
            paintLayer(painter, layer);
        }
    }
    painter.restore();
    paintHeader(painter);
    paintLegend(painter);
}

void LoadChart::paintHeader(QPainter& painter) const {
    const QColor muted = theme().color(Color::TextMuted);
    for (int column = 0; column < LoadGeometry::kColumns; ++column) {
        if (!m_geometry.hasColumn(column)) {
            continue;
        }
        const QRect title(m_geometry.left(column), m_geometry.titles.top(),
                          m_geometry.numberRight(column) - m_geometry.left(column), m_geometry.titles.height());
        const Qt::Alignment side = m_geometry.hasBar(column) ? Qt::AlignLeft : Qt::AlignRight; // above its numbers
        paintText(painter, title, side | Qt::AlignVCenter, titleOf(column), bold(axisFont()),
                  theme().color(Color::Text));
        if (!m_geometry.hasBar(column)) {
            continue;
        }
        const QString end = QString::number(m_tops[size_t(column)]);
        const QRect scale(m_geometry.left(column), m_geometry.scales.top(), m_geometry.bar_width,
                          m_geometry.scales.height());
        paintText(painter, scale, Qt::AlignLeft | Qt::AlignVCenter, QStringLiteral("0"), axisMonoFont(), muted);
        paintText(painter, scale, Qt::AlignRight | Qt::AlignVCenter, end, axisMonoFont(), muted);
    }
}

void LoadChart::paintLayer(QPainter& painter, int layer) const {
    const bool selected = layer == selection()->state().layer;
    paintLayerRow(painter, m_geometry.rows, layer, scroll(), selected, layer == m_hovered);
    const QRect row = m_geometry.rows.row(layer, scroll());
    const QColor track = theme().color(selected || layer == m_hovered ? Color::Panel : Color::Window);
    for (int column = 0; column < LoadGeometry::kColumns; ++column) {
        if (!m_geometry.hasColumn(column)) {
            continue;
        }
        const double top = m_tops[size_t(column)];
        const double value = valueOf(m_phase, layer, column);
        if (m_geometry.hasBar(column)) {
            painter.fillRect(m_geometry.bar(column, layer, 1, scroll()), track);
            painter.fillRect(m_geometry.bar(column, layer, value / top, scroll()), amber());
        }
        if (const double chance = chanceOf(column); chance >= 0 && m_geometry.hasBar(column)) {
            painter.fillRect(m_geometry.tick(column, layer, chance / top, scroll()), theme().color(Color::Text));
        }
        const bool warned = isWarned(layer, column);
        const QFont mono = theme().font(TextStyle::Mono);
        paintText(painter, QRect(m_geometry.numberRight(column) - 90, row.top(), 90, row.height()),
                  Qt::AlignRight | Qt::AlignVCenter, textOf(m_phase, layer, column), warned ? bold(mono) : mono,
                  theme().color(warned      ? Color::Warn
                                : value < 0 ? Color::TextMuted
                                            : Color::Text));
    }
}

void LoadChart::paintLegend(QPainter& painter) const {
    const QFont font = axisFont();
    const QFontMetrics metrics(font);
    const QRect line = m_geometry.legend;
    int x = line.left();
    const auto entry = [&](const QString& words, const QSize& mark, const QColor& color) {
        const int width = mark.width() + scaledPx(5) + metrics.horizontalAdvance(words);
        if (x + width > line.right() + 1) {
            return;
        }
        painter.fillRect(QRect(x, line.center().y() + 1 - mark.height() / 2, mark.width(), mark.height()), color);
        paintText(painter, QRect(x + mark.width() + scaledPx(5), line.top(), width, line.height()),
                  Qt::AlignLeft | Qt::AlignVCenter, words, font, theme().color(Color::TextSecondary));
        x += width + scaledPx(14);
    };
    entry(tr("%1, n = %2").arg(phaseName(m_phase), groupedText(m_balance->n(m_phase))), {scaledPx(9), scaledPx(8)},
          amber());
    if (m_balance->chance(m_phase).tells_skew) {
        entry(tr("most by chance, 95 %"), {1, scaledPx(12)}, theme().color(Color::Text));
    }
    if (m_phase == LoadPhase::Decode && m_geometry.hasColumn(Moved)) {
        const HalvesShift& halves = m_balance->shift(0);
        const QString n = tr("n = %1 + %2").arg(groupedText(halves.first), groupedText(halves.second));
        const QString words = fittingText({tr("Moved: choices that differ between first and second half, %1").arg(n),
                                           tr("Moved: first half to second, %1").arg(n), tr("Moved: %1").arg(n)},
                                          font, line.right() - x - scaledPx(5));
        entry(words, {0, 0}, theme().color(Color::Panel));
    }
}

Readout LoadChart::readout() const {
    const int layers = m_balance->shape().layers;
    const int n = m_balance->n(m_phase);
    if (n == 0) {
        return {};
    }
    const int selected = selection()->state().layer;
    const int layer = m_hovered >= 0 ? m_hovered : selected;
    if (layer < 0 || layer >= layers) {
        const int warned = m_balance->warned(m_phase);
        return {{tr("%1 of %2 layers with warnings").arg(warned).arg(layers),
                 warned > 0 ? ReadoutSpan::Warn : ReadoutSpan::Plain},
                {tr("%1, n = %2").arg(phaseName(m_phase), groupedText(n))}};
    }
    Readout readout = {{tr("Layer %1").arg(layer), ReadoutSpan::Strong}};
    const QStringList warnings = m_balance->sentences(m_phase, layer);
    for (const QString& sentence : warnings) {
        readout.append({sentence, ReadoutSpan::Warn});
    }
    if (warnings.isEmpty()) {
        readout.append({tr("no warning")});
    }
    const LayerLoad& load = m_balance->load(m_phase, layer);
    readout.append({tr("busiest expert %1: %2 × the mean").arg(load.busiest).arg(fixedText(load.max_over_mean, 2))});
    readout.append({tr("CV %1").arg(fixedText(load.variation, 2))});
    readout.append({tr("%1, n = %2").arg(phaseName(m_phase), groupedText(n))});
    return readout;
}

QString LoadChart::titleTip(int x) const {
    for (int column = 0; column < LoadGeometry::kColumns; ++column) {
        if (m_geometry.hasColumn(column) && m_geometry.left(column) <= x && x < m_geometry.numberRight(column)) {
            return meaningOf(column);
        }
    }
    return {};
}

QString LoadChart::tipAt(const QPoint& at) const {
    if (m_geometry.titles.united(m_geometry.scales).contains(at)) {
        return titleTip(at.x());
    }
    const int layer = m_geometry.rows.layerAt(at, scroll());
    if (layer < 0 || m_balance->n(m_phase) == 0) {
        return {};
    }
    QList<QPair<QString, QString>> rows;
    for (int column = 0; column < LoadGeometry::kColumns; ++column) {
        const QString second = m_balance->n(other()) > 0 && column != Moved
                                   ? tr(" (%1 %2)").arg(phaseName(other()), textOf(other(), layer, column))
                                   : QString();
        rows.append({titleOf(column), textOf(m_phase, layer, column) + second});
    }
    const LoadChance& chance = m_balance->chance(m_phase);
    if (chance.tells_skew) {
        rows.append({tr("CV, most by chance"), fixedText(chance.variation, 2)});
        rows.append({tr("Max ÷ mean, most by chance"), fixedText(chance.max_over_mean, 2)});
    } else if (m_balance->shape().uniformShare() < 1) { // else every token goes to all of them
        rows.append({tr("Most by chance"), tr("not told below %1 tokens an expert").arg(LoadChance::kLeastMean)});
    }
    rows.append({tr("n"), groupedText(chance.n)});
    return tooltipTable(tr("Layer %1, %2").arg(layer).arg(phaseName(m_phase)), rows);
}

bool LoadChart::hover(const QPoint* at) {
    const int next = at != nullptr ? m_geometry.rows.layerAt(*at, scroll()) : -1;
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void LoadChart::click(const QPoint& at) { chooseLayer(m_geometry.rows.layerAt(at, scroll())); }

bool LoadChart::useKey(QKeyEvent* event) {
    if (event->modifiers().testFlag(Qt::ControlModifier)) {
        return false;
    }
    const int token = selection()->state().token;
    switch (event->key()) {
    case Qt::Key_Up: chooseLayer(layerInView() - 1); return true;
    case Qt::Key_Down: chooseLayer(layerInView() + 1); return true;
    case Qt::Key_Home: chooseLayer(0); return true;
    case Qt::Key_End: chooseLayer(trace()->shape().layers - 1); return true;
    case Qt::Key_Left: chooseToken(token - 1); return true;
    case Qt::Key_Right: chooseToken(token + 1); return true;
    default: return false;
    }
}

void LoadChart::revealSelection() {
    const int layer = selection()->state().layer;
    if (layer >= 0 && layer < m_geometry.rows.layers) {
        setScroll(m_geometry.rows.scrollTo(layer, scroll()));
    }
}

} // namespace moescope::ui
