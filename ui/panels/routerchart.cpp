// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/routerchart.h"

#include "ui/models/conversation.h"
#include "ui/panels/chartpaint.h"

#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>
#include <QPainterPath>

#include <cmath>

namespace moescope::ui {

namespace {

constexpr int kEntropy = 0;

QString titleOf(int column) {
    return column == kEntropy ? RouterChart::tr("Entropy, bits") : RouterChart::tr("Margin");
}

/** "4", "2.3", "0.5". */
QString scaleText(double value) {
    return QString::number(value, 'f', std::abs(value - std::round(value)) < 0.05 ? 0 : 1);
}

/** A ring around a value, clear of what it lies on. */
void paintRing(QPainter& painter, const QPoint& centre, const QColor& color, double line) {
    const double radius = scaledPx(5) - line / 2;
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(color, line));
    painter.setBrush(theme().color(Color::Panel));
    painter.drawEllipse(QPointF(centre) + QPointF(0.5, 0.5), radius, radius);
    painter.restore();
}

const Percentiles& percentilesOf(const UncertaintySpread& spread, int column) {
    return column == kEntropy ? spread.entropy : spread.margin;
}

double valueOf(const TokenUncertainty& token, int column) { return column == kEntropy ? token.entropy : token.margin; }

} // namespace

RouterChart::RouterChart(TraceModel* trace, Selection* selection, RouterUncertainty* uncertainty, QWidget* parent)
    : ChartView(trace, selection, parent), m_uncertainty(uncertainty) {
    setAccessibleName(tr("Entropy and margin of the routers"));
}

void RouterChart::setMode(RouterMode mode) {
    if (mode != m_mode) {
        m_mode = mode;
        m_hovered = -1;
        setScroll(0);
        invalidate();
    }
}

void RouterChart::sync() {
    m_uncertainty->refresh();
    const double scale = theme().fontScale();
    m_rows = RouterGeometry::of(viewport()->size(), m_uncertainty->shape().layers, scale);
    m_time = RouterTimeGeometry::of(viewport()->size(), m_uncertainty->tokens(), scale);
    const bool rows = m_mode == RouterMode::Layers;
    setScrollRange(rows ? m_rows.rows.scroll_max : 0, m_rows.rows.window.height(), m_rows.rows.row_height);
    m_hovered = m_hovered < (rows ? m_uncertainty->shape().layers : m_uncertainty->tokens()) ? m_hovered : -1;
}

double RouterChart::topOf(int column) const { return column == kEntropy ? m_uncertainty->maxEntropy() : 1; }

bool RouterChart::isRecorded(int column) const {
    const int n = column == kEntropy ? m_uncertainty->entropyN() : m_uncertainty->marginN();
    return n >= RouterUncertainty::kLeast;
}

QString RouterChart::missing(int column) const {
    if (column != kEntropy) {
        return tr("No runner-up: each token uses all experts.");
    }
    return m_uncertainty->entropyN() > 0 ? tr("Recorded for fewer than 4 tokens.")
                                         : tr("Not recorded: only the chosen gates were kept.");
}

RouterChart::Shares RouterChart::sharesOf(int token, int layer) const {
    Shares shares;
    const trace::RouterTrace* router = trace()->router(token);
    if (router == nullptr || layer < 0 || layer >= int(router->moe_layers)) {
        return shares;
    }
    const double bits = routerEntropy(*router, layer);
    shares.of[kEntropy] = bits < 0 ? -1 : bits / m_uncertainty->maxEntropy();
    shares.of[1] = hasRunnerUp(*router) ? double(router->margin(uint32_t(layer))) : -1;
    return shares;
}

void RouterChart::paintChart(QPainter& painter) {
    if (m_uncertainty->n() < RouterUncertainty::kLeast) {
        return;
    }
    if (m_mode == RouterMode::Layers) {
        paintLayers(painter);
    } else {
        paintTime(painter);
    }
}

void RouterChart::paintLayers(QPainter& painter) const {
    const LayerRows& rows = m_rows.rows;
    const int selected = selection()->state().layer;
    painter.save();
    painter.setClipRect(rows.window);
    for (int layer = 0; layer < rows.layers; ++layer) {
        if (rows.row(layer, scroll()).intersects(rows.window)) {
            paintLayerRow(painter, rows, layer, scroll(), layer == selected, layer == m_hovered);
        }
    }
    painter.restore();
    paintHeader(painter);
    painter.save();
    painter.setClipRect(rows.window);
    for (int layer = 0; layer < rows.layers; ++layer) {
        if (rows.row(layer, scroll()).intersects(rows.window)) {
            painter.setOpacity(opacityOf(*trace(), layer));
            for (const int column : {0, 1}) {
                if (isRecorded(column)) {
                    paintSpread(painter, layer, column);
                }
            }
            paintRings(painter, layer);
        }
    }
    painter.restore();
    for (const int column : {0, 1}) {
        if (!isRecorded(column)) {
            const QRect words(m_rows.left(column) + scaledPx(4), rows.window.top() + scaledPx(4),
                              m_rows.column_width - scaledPx(8), rows.window.height());
            painter.setFont(axisFont());
            painter.setPen(theme().color(Color::TextMuted));
            painter.drawText(words, Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap, missing(column));
        }
    }
}

void RouterChart::paintHeader(QPainter& painter) const {
    const QColor muted = theme().color(Color::TextMuted);
    const LayerRows& rows = m_rows.rows;
    for (const int column : {0, 1}) {
        const QRect across(m_rows.left(column), 0, m_rows.column_width, viewport()->height());
        paintText(painter, QRect(across.left(), m_rows.titles.top(), across.width(), m_rows.titles.height()),
                  Qt::AlignLeft | Qt::AlignVCenter, titleOf(column), bold(axisFont()), theme().color(Color::Text));
        const QRect line(across.left(), m_rows.scales.top(), across.width(), m_rows.scales.height());
        const double top = topOf(column);
        paintText(painter, line, Qt::AlignLeft | Qt::AlignVCenter, QStringLiteral("0"), axisMonoFont(), muted);
        paintText(painter, line, Qt::AlignHCenter | Qt::AlignVCenter, scaleText(top / 2), axisMonoFont(), muted);
        paintText(painter, line, Qt::AlignRight | Qt::AlignVCenter, scaleText(top), axisMonoFont(), muted);
        for (const double at : {0.0, 0.5, 1.0}) {
            if (at == 0 || isRecorded(column)) { // no line through the words that stand there
                painter.fillRect(QRect(m_rows.xOf(column, at), rows.window.top() - 1, 1, rows.window.height() + 1),
                                 theme().color(Color::Grid));
            }
        }
    }
}

void RouterChart::paintSpread(QPainter& painter, int layer, int column) const {
    const Percentiles& values = percentilesOf(m_uncertainty->spread(layer), column);
    const double top = topOf(column);
    painter.fillRect(m_rows.bar(column, layer, values[0] / top, values[4] / top, scroll()),
                     theme().color(Color::Border));
    painter.fillRect(m_rows.box(column, layer, values[1] / top, values[3] / top, scroll()), amber());
    painter.fillRect(m_rows.tick(column, layer, values[kMedian] / top, scroll()), theme().color(Color::Text));
}

void RouterChart::paintRings(QPainter& painter, int layer) const {
    const int selected = selection()->state().token;
    const int newest = newestToken();
    const int middle = m_rows.bar(0, layer, 0, 0, scroll()).center().y();
    const auto ring = [&](int token, const QColor& color, double line) {
        const Shares shares = sharesOf(token, layer);
        for (const int column : {0, 1}) {
            if (shares.of[column] >= 0 && isRecorded(column)) {
                paintRing(painter, QPoint(m_rows.xOf(column, shares.of[column]), middle), color, line);
            }
        }
    };
    if (newest >= 0 && newest != selected) {
        ring(newest, theme().color(Color::Text), 1);
    }
    ring(selected, theme().color(Color::AccentText), 2);
}

void RouterChart::paintTime(QPainter& painter) const {
    for (const int column : {0, 1}) {
        paintPlot(painter, column);
    }
    const QColor muted = theme().color(Color::TextMuted);
    paintText(painter, m_time.axis, Qt::AlignLeft | Qt::AlignVCenter, QStringLiteral("1"), axisMonoFont(), muted);
    paintText(painter, m_time.axis, Qt::AlignRight | Qt::AlignVCenter, groupedText(m_time.tokens), axisMonoFont(),
              muted);
    paintText(painter, m_time.axis, Qt::AlignHCenter | Qt::AlignVCenter, tr("tokens"), axisFont(), muted);
}

void RouterChart::paintPlot(QPainter& painter, int column) const {
    const QRect plot = m_time.plot[column];
    const QColor muted = theme().color(Color::TextMuted);
    paintText(painter, m_time.title[column], Qt::AlignLeft | Qt::AlignVCenter, titleOf(column), bold(axisFont()),
              theme().color(Color::Text));
    const double top = topOf(column);
    for (const double at : {0.0, 0.5, 1.0}) {
        const int y = m_time.yOf(column, at);
        if (at == 0 || isRecorded(column)) {
            painter.fillRect(QRect(plot.left(), y, plot.width(), 1), theme().color(Color::Grid));
        }
        if (at != 0.5 || plot.height() >= scaledPx(36)) {
            paintText(painter, QRect(0, y - scaledPx(8), plot.left() - scaledPx(6), scaledPx(16)),
                      Qt::AlignRight | Qt::AlignVCenter, scaleText(top * at), axisMonoFont(), muted);
        }
    }
    if (!isRecorded(column)) {
        painter.setFont(axisFont());
        painter.setPen(muted);
        painter.drawText(plot.adjusted(scaledPx(4), scaledPx(2), 0, 0), Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap,
                         missing(column));
        return;
    }
    if (m_hovered >= 0) {
        painter.fillRect(QRect(m_time.xOf(m_hovered), plot.top(), 1, plot.height()), theme().color(Color::Text));
    }
    paintLine(painter, column);
    const int selected = selection()->state().token;
    if (selected >= 0 && selected < m_time.tokens) {
        const int x = m_time.xOf(selected);
        painter.fillRect(QRect(x - 1, plot.top() - 2, 2, plot.height() + 4), theme().color(Color::AccentText));
        const double mean = valueOf(m_uncertainty->slidingMean(selected), column);
        if (mean >= 0) {
            paintRing(painter, QPoint(x, m_time.yOf(column, mean / top)), theme().color(Color::AccentText), 2);
        }
    }
}

void RouterChart::paintLine(QPainter& painter, int column) const {
    const QRect plot = m_time.plot[column];
    const double top = topOf(column);
    const auto meanAt = [&](int token) { return valueOf(m_uncertainty->slidingMean(token), column); };
    if (m_time.tokens > 2 * plot.width()) {
        // Several tokens share a column of pixels: all that lies between their least and greatest mean is drawn.
        int token = 0;
        int last = -1;
        for (int x = plot.left(); x <= plot.right(); ++x) {
            const int end = m_time.firstAt(x + 1);
            int low = -1;
            int high = -1;
            for (; token < end; ++token) {
                const double mean = meanAt(token);
                if (mean >= 0) {
                    const int y = m_time.yOf(column, mean / top);
                    low = low < 0 ? y : std::max(low, y);
                    high = high < 0 ? y : std::min(high, y);
                }
            }
            if (low >= 0) {
                const int from = last >= 0 ? std::min(high, last) : high;
                const int to = last >= 0 ? std::max(low, last) : low;
                painter.fillRect(QRect(x, from, 1, to - from + 1), amber());
                last = (low + high) / 2;
            } else {
                last = -1;
            }
        }
        return;
    }
    QPainterPath line;
    bool pen = false;
    for (int token = 0; token < m_time.tokens; ++token) {
        const double mean = meanAt(token);
        const QPointF at(m_time.xOf(token) + 0.5, m_time.yOf(column, std::max(0.0, mean) / top) + 0.5);
        if (mean >= 0 && pen) {
            line.lineTo(at);
        } else if (mean >= 0) {
            line.moveTo(at);
        }
        pen = mean >= 0;
    }
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(amber(), 2));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(line);
    painter.restore();
}

int RouterChart::markAt(const QPoint& at) const {
    return m_mode == RouterMode::Layers ? m_rows.rows.layerAt(at, scroll()) : m_time.tokenAt(at);
}

bool RouterChart::hover(const QPoint* at) {
    const int next = at != nullptr ? markAt(*at) : -1;
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void RouterChart::click(const QPoint& at) {
    if (m_mode == RouterMode::Layers) {
        chooseLayer(markAt(at));
    } else {
        chooseToken(markAt(at));
    }
}

bool RouterChart::useKey(QKeyEvent* event) {
    if (event->modifiers().testFlag(Qt::ControlModifier)) {
        return false;
    }
    const bool layers = m_mode == RouterMode::Layers;
    const int token = selection()->state().token;
    switch (event->key()) {
    case Qt::Key_Up: chooseLayer(layerInView() - 1); return true;
    case Qt::Key_Down: chooseLayer(layerInView() + 1); return true;
    case Qt::Key_Left: chooseToken(token - 1); return true;
    case Qt::Key_Right: chooseToken(token + 1); return true;
    case Qt::Key_Home: layers ? chooseLayer(0) : chooseToken(0); return true;
    case Qt::Key_End:
        layers ? chooseLayer(trace()->shape().layers - 1) : chooseToken(trace()->tokenCount() - 1);
        return true;
    default: return false;
    }
}

void RouterChart::revealSelection() {
    const int layer = selection()->state().layer;
    if (m_mode == RouterMode::Layers && layer >= 0 && layer < m_rows.rows.layers) {
        setScroll(m_rows.rows.scrollTo(layer, scroll()));
    }
}

} // namespace moescope::ui
