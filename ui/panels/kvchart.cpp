// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/kvchart.h"

#include "engine/trace/error.h"
#include "ui/models/conversation.h"
#include "ui/panels/chartpaint.h"

#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>

namespace moescope::ui {

namespace {

QString bytes(quint64 count) { return QString::fromStdString(trace::bytesText(count)); }

QString count(quint64 tokens) { return groupedText(qint64(tokens)); }

/** "100 %", "25.0 %". */
QString percentText(double percent) {
    return (percent >= 99.95 ? QString::number(percent, 'f', 0) : QString::number(percent, 'f', 1)) +
           QStringLiteral(" %");
}

} // namespace

KvChart::KvChart(TraceModel* trace, Selection* selection, QWidget* parent) : ChartView(trace, selection, parent) {
    setAccessibleName(tr("KV cache by layer"));
}

void KvChart::setState(const KvCacheState& state) {
    m_state = state;
    invalidate();
}

void KvChart::sync() {
    m_geometry = KvGeometry::of(viewport()->size(), int(m_state.rows.size()), int(m_state.comparisons().size()),
                                theme().fontScale());
    setScrollRange(m_geometry.scroll_max, m_geometry.window.height(), m_geometry.row_height);
    m_hovered = m_hovered < m_geometry.rows ? m_hovered : -1;
}

int KvChart::selectedRow() const {
    return trace()->current() >= 0 ? m_state.rowOf(trace()->shape(), selection()->state().layer) : -1;
}

int KvChart::selectedPosition() const {
    const int token = selection()->state().token;
    return token >= 0 && token < trace()->tokenCount() && trace()->shape().routesLike(m_state.shape)
               ? int(trace()->token(token).position)
               : -1;
}

void KvChart::paintChart(QPainter& painter) {
    paintHeader(painter);
    painter.save();
    painter.setClipRect(m_geometry.window);
    for (int row = 0; row < m_geometry.rows; ++row) {
        if (m_geometry.row(row, scroll()).intersects(m_geometry.window)) {
            paintRow(painter, row);
        }
    }
    painter.restore();
    paintLegend(painter);
    paintComparison(painter);
}

void KvChart::paintHeader(QPainter& painter) const {
    const QRect line = m_geometry.header;
    const QFont font = axisFont();
    const QFontMetrics metrics(font);
    const QColor muted = theme().color(Color::TextMuted);
    const auto textAt = [&](int x, int flags, const QString& text) {
        const int room = scaledPx(100);
        const int left = flags & Qt::AlignRight ? x - room : flags & Qt::AlignHCenter ? x - room / 2 : x;
        paintText(painter, QRect(left, line.top(), room, line.height()), flags | Qt::AlignVCenter, text, font, muted);
    };
    textAt(m_geometry.margin, Qt::AlignLeft, tr("Layers"));
    textAt(m_geometry.used_right, Qt::AlignRight, tr("Used"));
    textAt(m_geometry.bars_left, Qt::AlignLeft, QStringLiteral("0"));
    const int right = m_geometry.bars_left + m_geometry.bars_width;
    const QString limit = count(m_state.limit_tokens);
    textAt(right, Qt::AlignRight, limit);
    const QString reserved = count(m_state.reserved_tokens);
    const int middle = m_geometry.xOf(m_state.reserved_tokens, m_state.limit_tokens);
    const int half = metrics.horizontalAdvance(reserved) / 2;
    const bool fits = middle + half + scaledPx(6) <= right - metrics.horizontalAdvance(limit) &&
                      middle - half >= m_geometry.bars_left + scaledPx(12);
    if (m_state.reserved_tokens < m_state.limit_tokens && fits) {
        textAt(middle, Qt::AlignHCenter, reserved);
    }
}

void KvChart::paintRow(QPainter& painter, int row) const {
    const bool selected = row == selectedRow();
    const QRect line = m_geometry.row(row, scroll());
    if (selected) {
        paintRowBand(painter, line, theme().color(Color::AccentTint));
    } else if (row == m_hovered) {
        paintRowBand(painter, line, theme().color(Color::Hover));
    }
    const QFont mono = axisMonoFont();
    const QRect label(m_geometry.margin, line.top(), m_geometry.bars_left - m_geometry.margin, line.height());
    paintText(painter, label, Qt::AlignLeft | Qt::AlignVCenter, m_state.rowLabel(row), selected ? bold(mono) : mono,
              theme().color(selected ? Color::Text : Color::TextSecondary));
    const QRect bar = m_geometry.bar(row, scroll());
    const int used = m_geometry.xOf(m_state.used_tokens, m_state.limit_tokens);
    const int reserved = m_geometry.xOf(m_state.reserved_tokens, m_state.limit_tokens);
    const QColor solid = theme().color(Color::Shared);
    const QColor ground = theme().color(Color::Panel);
    painter.fillRect(bar, ground);
    if (reserved > used) {
        painter.setBrushOrigin(bar.topLeft());
        painter.fillRect(QRect(used, bar.top(), reserved - used, bar.height()),
                         hatching(painter, theme().color(Color::BorderStrong), ground));
    }
    paintFrame(painter, bar, theme().color(Color::Border));
    painter.fillRect(QRect(bar.left(), bar.top(), used - bar.left(), bar.height()), solid);
    if (reserved > used) {
        painter.fillRect(QRect(reserved - 1, bar.top(), 1, bar.height()), theme().color(Color::BorderStrong));
    }
    const int position = selectedPosition();
    if (selected && position >= 0) {
        const int x = m_geometry.xOf(quint64(position), m_state.limit_tokens);
        painter.fillRect(QRect(x - 1, bar.top() - 3, 2, bar.height() + 6), theme().color(Color::AccentText));
    }
    const quint64 usedBytes = m_state.used_tokens * m_state.rowBytesPerToken(row);
    paintText(painter, QRect(m_geometry.used_right - scaledPx(90), line.top(), scaledPx(90), line.height()),
              Qt::AlignRight | Qt::AlignVCenter, bytes(usedBytes), mono, theme().color(Color::Text));
}

void KvChart::paintLegend(QPainter& painter) const {
    const QFont font = axisFont();
    const QFontMetrics metrics(font);
    const QColor solid = theme().color(Color::Shared);
    const QColor ground = theme().color(Color::Panel);
    int x = m_geometry.legend.left();
    const int side = scaledPx(9);
    const auto entry = [&](const QString& text, const QBrush& brush, bool framed) {
        const int width = side + scaledPx(5) + metrics.horizontalAdvance(text);
        const QRect mark(x, m_geometry.legend.center().y() - side / 2, side, side);
        painter.setBrushOrigin(mark.topLeft());
        painter.fillRect(mark, brush);
        if (framed) {
            paintFrame(painter, mark, theme().color(Color::Border));
        }
        paintText(painter,
                  QRect(mark.right() + scaledPx(5), m_geometry.legend.top(), width, m_geometry.legend.height()),
                  Qt::AlignLeft | Qt::AlignVCenter, text, font, theme().color(Color::TextSecondary));
        x += width + scaledPx(9);
    };
    const QString used = tr("used");
    const QString reserved = tr("reserved");
    QString limit = tr("limit, in tokens");
    const int marks = 3 * (side + scaledPx(5)) + 2 * scaledPx(9);
    if (marks + metrics.horizontalAdvance(used + reserved + limit) > m_geometry.legend.width() + scaledPx(8)) {
        limit = tr("limit");
    }
    entry(used, solid, false);
    entry(reserved, hatching(painter, theme().color(Color::BorderStrong), ground), true);
    entry(limit, ground, true);
}

void KvChart::paintComparison(QPainter& painter) const {
    const auto comparisons = m_state.comparisons();
    if (comparisons.isEmpty()) {
        return;
    }
    painter.fillRect(QRect(0, m_geometry.divider, viewport()->width(), 1), theme().color(Color::BorderSubtle));
    const QFont strong = bold(axisFont());
    QString heading = (m_state.used_tokens > 0 ? tr("These %1 tokens would need, %2") : tr("%1 tokens would need, %2"))
                          .arg(count(m_state.comparedTokens()), m_state.type);
    if (QFontMetrics(strong).horizontalAdvance(heading) > m_geometry.heading.width()) {
        heading = tr("%1 tokens need, %2").arg(count(m_state.comparedTokens()), m_state.type);
    }
    paintText(painter, m_geometry.heading, Qt::AlignLeft | Qt::AlignVCenter, heading, strong,
              theme().color(Color::Text));
    const QFont mono = axisMonoFont();
    const int percents = QFontMetrics(mono).horizontalAdvance(QStringLiteral("12.5 %")) + scaledPx(8);
    for (int at = 0; at < comparisons.size(); ++at) {
        const auto& comparison = comparisons.at(at);
        const QRect line = m_geometry.comparisonText(at);
        const QColor color = theme().color(comparison.in_use ? Color::Text : Color::TextSecondary);
        const QString needed = bytes(comparison.bytes);
        const int left = line.width() - percents - QFontMetrics(mono).horizontalAdvance(needed) - scaledPx(8);
        const bool whole = QFontMetrics(axisFont()).horizontalAdvance(comparison.name) <= left;
        paintText(painter, line, Qt::AlignLeft | Qt::AlignVCenter, whole ? comparison.name : comparison.form,
                  !whole && comparison.in_use ? strong : axisFont(), color);
        paintText(painter, line, Qt::AlignRight | Qt::AlignVCenter, percentText(comparison.percent), mono, color);
        paintText(painter, line.adjusted(0, 0, -percents, 0), Qt::AlignRight | Qt::AlignVCenter, needed, mono, color);
        QRect bar = m_geometry.comparisonBar(at);
        painter.fillRect(bar, theme().color(Color::Window));
        bar.setWidth(int(bar.width() * std::min(1.0, comparison.percent / 100) + 0.5));
        painter.fillRect(bar, theme().color(comparison.in_use ? Color::Shared : Color::BorderStrong));
    }
}

Readout KvChart::readout() const {
    if (m_hovered >= 0 && m_hovered < m_state.rows.size()) {
        const quint64 perToken = m_state.rowBytesPerToken(m_hovered);
        return {{m_state.rowLabel(m_hovered), ReadoutSpan::Strong},
                {tr("%1 of %2 reserved")
                     .arg(bytes(m_state.used_tokens * perToken), bytes(m_state.reserved_tokens * perToken))},
                {tr("%1 B a token").arg(count(perToken))}};
    }
    return {{tr("%1 B").arg(count(m_state.bytes_per_token)), ReadoutSpan::Strong},
            {tr(" a token"), ReadoutSpan::Plain, false},
            {m_state.captured                ? tr("%1 when captured").arg(count(m_state.used_tokens))
             : m_state.tokensUntilFull() > 0 ? tr("%1 tokens left").arg(count(m_state.tokensUntilFull()))
                                             : tr("full")}};
}

QString KvChart::tipAt(const QPoint& at) const {
    const int row = m_geometry.rowAt(at, scroll());
    if (row < 0) {
        return {};
    }
    const quint64 perToken = m_state.rowBytesPerToken(row);
    const auto tokensAndBytes = [&](quint64 tokens) {
        return tr("%1 tokens, %2").arg(count(tokens), bytes(tokens * perToken));
    };
    const KvCacheState::Row& layers = m_state.rows.at(row);
    QList<QPair<QString, QString>> rows = {{tr("Used"), tokensAndBytes(m_state.used_tokens)},
                                           {tr("Reserved"), tokensAndBytes(m_state.reserved_tokens)},
                                           {tr("Limit of the model"), tokensAndBytes(m_state.limit_tokens)},
                                           {tr("A token"), tr("%1 B").arg(count(perToken))}};
    if (layers.owners > 1) {
        rows.append({tr("Caches in this row"), QString::number(layers.owners)});
    }
    return tooltipTable(layers.first_layer == layers.last_layer
                            ? tr("Layer %1").arg(layers.first_layer)
                            : tr("Layers %1–%2").arg(layers.first_layer).arg(layers.last_layer),
                        rows);
}

bool KvChart::hover(const QPoint* at) {
    const int next = at != nullptr ? m_geometry.rowAt(*at, scroll()) : -1;
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void KvChart::chooseRow(int row) {
    if (row >= 0 && row < m_state.rows.size() && row != selectedRow() && trace()->shape().routesLike(m_state.shape)) {
        chooseLayer(std::max(0, m_state.rows.at(row).first_layer - m_state.shape.first_block));
    }
}

void KvChart::click(const QPoint& at) { chooseRow(m_geometry.rowAt(at, scroll())); }

bool KvChart::useKey(QKeyEvent* event) {
    if (event->modifiers().testFlag(Qt::ControlModifier)) {
        return false;
    }
    const int token = selection()->state().token;
    switch (event->key()) {
    case Qt::Key_Up: chooseRow(selectedRow() - 1); return true;
    case Qt::Key_Down: chooseRow(selectedRow() + 1); return true;
    case Qt::Key_Home: chooseRow(0); return true;
    case Qt::Key_End: chooseRow(int(m_state.rows.size()) - 1); return true;
    case Qt::Key_Left: chooseToken(token - 1); return true;
    case Qt::Key_Right: chooseToken(token + 1); return true;
    default: return false;
    }
}

void KvChart::revealSelection() {
    if (const int row = selectedRow(); row >= 0) {
        setScroll(m_geometry.scrollTo(row, scroll()));
    }
}

} // namespace moescope::ui
