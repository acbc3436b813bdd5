// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/attentionchart.h"

#include "ui/models/conversation.h"
#include "ui/models/tokentext.h"
#include "ui/panels/chartpaint.h"

#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace moescope::ui {

namespace {

constexpr int kShares = 9; ///< rows of a list: distances up to 65,535, the latest messages

/** Small weights can be seen, and the legend says how: the root of what the largest one is. */
QColor colorOf(double weight, double most) {
    return theme().sequential(most > 0 ? std::sqrt(std::min(1.0, weight / most)) : 0);
}

} // namespace

QList<AttentionState::Mass> joinedShares(QList<AttentionState::Mass> shares, int most) {
    while (shares.size() > most) {
        const AttentionState::Mass first = shares.takeFirst();
        shares.first().first = first.first;
        shares.first().share += first.share;
        shares.first().label = AttentionChart::tr("Earlier");
    }
    return shares;
}

AttentionChart::AttentionChart(TraceModel* trace, Selection* selection, QWidget* parent)
    : ChartView(trace, selection, parent) {
    setAccessibleName(tr("Attention by head"));
}

void AttentionChart::setState(const AttentionState& state) {
    m_state = state;
    if (!state.isEmpty()) { // else the head stays for what comes next
        m_head = std::min(m_head, state.heads() - 1);
        if (m_opened >= state.heads()) {
            openHead(-1);
        }
    }
    invalidate();
}

void AttentionChart::setHead(int head) {
    if (head < 0 || head >= m_state.heads() || (head == m_head && (m_opened < 0 || m_opened == head))) {
        return;
    }
    m_head = head;
    if (m_opened >= 0) {
        m_opened = head;
        emit headOpened(head);
    }
    invalidate();
    setScroll(m_geometry.scrollTo(head, scroll()));
    emit headChosen(head);
}

void AttentionChart::openHead(int head) {
    if (head == m_opened || head >= m_state.heads()) {
        return;
    }
    m_opened = head;
    m_head = head >= 0 ? head : m_head;
    hover(nullptr);
    setAccessibleName(head < 0 ? tr("Attention by head") : tr("Attention of head %1").arg(head));
    emit headOpened(head);
    invalidate();
}

void AttentionChart::sync() {
    m_distances.clear();
    m_messages.clear();
    if (!m_state.isEmpty()) {
        m_distances = m_state.byDistance(m_opened);
        m_messages = joinedShares(m_state.byMessage(m_opened), kShares);
    }
    m_geometry = AttentionGeometry::of(
        viewport()->size(), m_state.heads(), m_state.positions(), m_state.hasLearnedSinks() ? 2 : 1,
        {int(m_distances.size()), int(m_messages.size())}, m_opened >= 0, theme().fontScale());
    measureShares();
    setScrollRange(m_geometry.scroll_max, m_geometry.window.height(), m_geometry.row_height);
    m_hoveredHead = m_hoveredHead < m_state.heads() ? m_hoveredHead : -1;
    m_hoveredBin = m_hoveredBin < m_geometry.bins ? m_hoveredBin : -1;
    m_tops.clear();
    m_bars.clear();
    m_cells = QImage();
    if (m_state.isEmpty()) {
        return;
    }
    if (m_opened >= 0) {
        m_bars = m_state.binned(m_opened, m_geometry.bin);
        m_tops = m_state.tops(m_opened, m_geometry.top_rows);
        m_hoveredTop = m_hoveredTop < m_tops.size() ? m_hoveredTop : -1;
        return;
    }
    m_cells = QImage(m_geometry.bars_width, m_state.heads(), QImage::Format_RGB32);
    for (int head = 0; head < m_state.heads(); ++head) {
        const std::vector<double> bins = m_state.binned(head, m_geometry.bin);
        auto* line = reinterpret_cast<QRgb*>(m_cells.scanLine(head));
        for (int bin = 0; bin < m_geometry.bins; ++bin) {
            const int left = m_geometry.xOf(bin) - m_geometry.bars_left;
            const int right = m_geometry.xOf(bin + 1) - m_geometry.bars_left;
            std::fill(line + left, line + right, colorOf(bins[size_t(bin)], m_state.most()).rgb());
        }
    }
}

void AttentionChart::paintChart(QPainter& painter) {
    if (m_state.isEmpty()) {
        return;
    }
    paintHeader(painter);
    if (m_opened >= 0) {
        paintBars(painter);
        paintTops(painter);
    } else {
        painter.save();
        painter.setClipRect(m_geometry.window);
        for (int head = 0; head < m_state.heads(); ++head) {
            if (m_geometry.row(head, scroll()).intersects(m_geometry.window)) {
                paintHead(painter, head);
            }
        }
        painter.restore();
        paintLegend(painter);
    }
    // The token that looks is the last position: the selected one.
    const int end = m_geometry.bars_left + m_geometry.bars_width;
    painter.fillRect(QRect(end, m_geometry.window.top(), 2, m_geometry.window.height()),
                     theme().color(Color::AccentText));
    const QRect line = m_geometry.beside > 0 ? QRect(m_geometry.beside, 0, 1, viewport()->height())
                                             : QRect(0, m_geometry.divider, viewport()->width(), 1);
    painter.fillRect(line, theme().color(Color::BorderSubtle));
    const QString of = m_opened >= 0 ? tr("head %1").arg(m_opened) : tr("mean of %1 heads").arg(m_state.heads());
    paintShares(painter, m_geometry.distances, tr("Distance, %1").arg(of), m_distances);
    paintShares(painter, m_geometry.messages, tr("Message, %1").arg(of), m_messages);
}

void AttentionChart::paintHeader(QPainter& painter) const {
    const QRect line = m_geometry.header;
    const QFont font = axisFont();
    const QColor muted = theme().color(Color::TextMuted);
    const int end = m_geometry.bars_left + m_geometry.bars_width;
    const QString last = tr("position %1").arg(positionNumber(m_state.position()));
    paintText(painter, QRect(m_geometry.margin, line.top(), m_geometry.bars_left, line.height()),
              Qt::AlignLeft | Qt::AlignVCenter,
              m_opened < 0 ? tr("Head") : partText(m_state.weight(m_opened, m_state.top(m_opened))),
              m_opened < 0 ? font : axisMonoFont(), muted);
    paintText(painter, QRect(m_geometry.bars_left, line.top(), m_geometry.bars_width, line.height()),
              Qt::AlignLeft | Qt::AlignVCenter, positionNumber(0), font, muted);
    paintText(painter, QRect(m_geometry.bars_left, line.top(), m_geometry.bars_width, line.height()),
              Qt::AlignRight | Qt::AlignVCenter, last, font, muted);
    if (m_opened >= 0) {
        return;
    }
    const QStringList figures = {tr("First token"), tr("Sink")};
    for (int i = 0; i < m_geometry.figures; ++i) {
        paintText(painter, QRect(end + i * m_geometry.figure_width, line.top(), m_geometry.figure_width, line.height()),
                  Qt::AlignRight | Qt::AlignVCenter, figures.at(i), font, muted);
    }
}

void AttentionChart::paintHead(QPainter& painter, int head) const {
    const bool chosen = head == m_head;
    const QRect line = m_geometry.row(head, scroll());
    if (chosen || head == m_hoveredHead) {
        paintRowBand(painter, line, theme().color(chosen ? Color::AccentTint : Color::Hover));
    }
    const QFont mono = axisMonoFont();
    paintText(painter, QRect(m_geometry.margin, line.top(), m_geometry.bars_left, line.height()),
              Qt::AlignLeft | Qt::AlignVCenter, QString::number(head), chosen ? bold(mono) : mono,
              theme().color(chosen ? Color::Text : Color::TextSecondary));
    const QRect strip = m_geometry.strip(head, scroll());
    painter.drawImage(strip, m_cells, QRect(0, head, m_cells.width(), 1));
    if (head == m_hoveredHead && m_hoveredBin >= 0) {
        const int left = m_geometry.xOf(m_hoveredBin);
        const int width = std::max(3, m_geometry.xOf(m_hoveredBin + 1) - left);
        paintFrame(painter, QRect(left, strip.top(), width, strip.height()), theme().color(Color::Text));
    }
    const QList<double> figures = {m_state.weight(head, 0), m_state.learnedSink(head)};
    for (int i = 0; i < m_geometry.figures; ++i) {
        paintText(
            painter,
            QRect(strip.right() + 1 + i * m_geometry.figure_width, line.top(), m_geometry.figure_width, line.height()),
            Qt::AlignRight | Qt::AlignVCenter, partText(figures.at(i)), mono, theme().color(Color::Text));
    }
}

void AttentionChart::paintLegend(QPainter& painter) const {
    const QRect area = m_geometry.legend;
    const QFont mono = axisMonoFont();
    const QColor color = theme().color(Color::TextSecondary);
    const QString words = m_geometry.bin > 1 ? tr("√ weight, the most of %1 positions").arg(groupedText(m_geometry.bin))
                                             : tr("√ weight on a position");
    if (area.height() > scaledPx(20)) { // with numbers below the bar
        const QRect bar(area.left(), area.top() + scaledPx(2), scaledPx(160), scaledPx(8));
        paintLegendBar(painter, bar, [](double at) { return theme().sequential(at); });
        // Half of the root is a quarter of the weight.
        paintLegendTicks(painter, bar, {QStringLiteral("0"), partText(m_state.most() / 4), partText(m_state.most())});
        paintText(painter, area.adjusted(bar.width() + scaledPx(16), -scaledPx(2), 0, -scaledPx(12)),
                  Qt::AlignLeft | Qt::AlignVCenter, words, axisFont(), color);
        return;
    }
    int x = area.left();
    const auto word = [&](const QString& text, const QFont& font) {
        const int width = QFontMetrics(font).horizontalAdvance(text);
        if (x + width <= area.right() + 1) {
            paintText(painter, QRect(x, area.top(), width, area.height()), Qt::AlignLeft | Qt::AlignVCenter, text, font,
                      color);
        }
        x += width;
    };
    word(QStringLiteral("0"), mono);
    const QRect bar(x + scaledPx(6), area.center().y() - scaledPx(4), scaledPx(72), scaledPx(8));
    paintLegendBar(painter, bar, [](double at) { return theme().sequential(at); });
    x = bar.right() + scaledPx(7);
    word(partText(m_state.most()), mono);
    x += scaledPx(12);
    word(words, axisFont());
}

void AttentionChart::paintBars(QPainter& painter) const {
    const QRect plot(m_geometry.bars_left, m_geometry.window.top(), m_geometry.bars_width, m_geometry.window.height());
    const double most = m_state.weight(m_opened, m_state.top(m_opened));
    painter.fillRect(plot, theme().color(Color::Sunken));
    for (int bin = 0; bin < m_geometry.bins; ++bin) {
        const double share = most > 0 ? m_bars[size_t(bin)] / most : 0;
        const int left = m_geometry.xOf(bin);
        const int width =
            std::max(1, m_geometry.xOf(bin + 1) - left - (m_geometry.xOf(1) - m_geometry.xOf(0) > 3 ? 1 : 0));
        const int height = share > 0 ? std::max(1, int(std::lround(share * plot.height()))) : 0;
        painter.fillRect(QRect(left, plot.bottom() + 1 - height, width, height), colorOf(m_bars[size_t(bin)], most));
        if (bin == m_hoveredBin) {
            paintFrame(painter, QRect(left, plot.top(), std::max(3, width), plot.height()), theme().color(Color::Text));
        }
    }
    painter.fillRect(QRect(plot.left(), plot.bottom() + 1, plot.width(), 1), theme().color(Color::Border));
    paintText(painter, QRect(m_geometry.margin, plot.bottom() - scaledPx(14), m_geometry.bars_left, scaledPx(16)),
              Qt::AlignLeft | Qt::AlignVCenter, QStringLiteral("0"), axisMonoFont(), theme().color(Color::TextMuted));
}

void AttentionChart::paintTops(QPainter& painter) const {
    if (m_tops.isEmpty()) {
        return;
    }
    const QFont mono = axisMonoFont();
    const QFontMetrics metrics(mono);
    const QRect heading = m_geometry.topRow(-1);
    const QString bins = m_geometry.bin > 1
                             ? tr("Most weight; a bar is the most of %1 positions").arg(groupedText(m_geometry.bin))
                             : tr("Most weight");
    paintText(painter, heading, Qt::AlignLeft | Qt::AlignVCenter, bins, bold(axisFont()), theme().color(Color::Text));
    const double most = m_state.weight(m_opened, m_tops.first());
    const int number = std::max(scaledPx(36), metrics.horizontalAdvance(groupedText(m_state.position())));
    for (int i = 0; i < m_tops.size(); ++i) {
        const QRect line = m_geometry.topRow(i);
        const int at = m_tops.at(i);
        const double weight = m_state.weight(m_opened, at);
        if (i == m_hoveredTop) {
            paintRowBand(painter, line.adjusted(-scaledPx(4), 0, scaledPx(4), 0), theme().color(Color::Hover));
        }
        const auto cell = [&](int left, int width, int flags, const QString& text, Color color) {
            paintText(painter, QRect(line.left() + left, line.top(), width, line.height()), flags | Qt::AlignVCenter,
                      metrics.elidedText(text, Qt::ElideRight, width), mono, theme().color(color));
        };
        const int value = scaledPx(52);
        const int words = (line.width() - number - value - scaledPx(24)) / 2;
        cell(0, number, Qt::AlignRight, groupedText(at), Color::TextSecondary);
        cell(number + scaledPx(8), words, Qt::AlignLeft, m_state.token(at), Color::Text);
        const QRect track(line.left() + number + words + scaledPx(16), line.center().y() - scaledPx(4), words,
                          scaledPx(8));
        painter.fillRect(QRect(track.left(), track.top(),
                               most > 0 ? std::max(1, int(track.width() * weight / most)) : 0, track.height()),
                         colorOf(weight, most));
        cell(line.width() - value, value, Qt::AlignRight, partText(weight), Color::Text);
    }
}

void AttentionChart::measureShares() {
    const QFontMetrics words(axisFont());
    const QFontMetrics numbers(axisMonoFont());
    m_label = 0;
    m_value = numbers.horizontalAdvance(partText(0.888)); // the usual one: else bars would jump from token to token
    for (const QList<AttentionState::Mass>* list : {&m_distances, &m_messages}) {
        for (const AttentionState::Mass& mass : *list) {
            m_label = std::max(m_label, words.horizontalAdvance(mass.label) + 2);
            m_value = std::max(m_value, numbers.horizontalAdvance(partText(mass.share)));
        }
    }
    m_label = std::min(m_label, m_geometry.distances.width() / 2);
}

QRect AttentionChart::shareTrack(const QRect& list, int index) const {
    const QRect line = m_geometry.share(list, index);
    const int gap = scaledPx(8);
    return {line.left() + m_label + gap, line.center().y() - scaledPx(3),
            std::max(0, line.width() - m_label - m_value - 2 * gap), scaledPx(8)};
}

void AttentionChart::paintShares(QPainter& painter, const QRect& list, const QString& title,
                                 const QList<AttentionState::Mass>& shares) const {
    const QFont font = axisFont();
    const QFont mono = axisMonoFont();
    paintText(painter, QRect(list.left(), list.top(), list.width(), scaledPx(16)), Qt::AlignLeft | Qt::AlignVCenter,
              QFontMetrics(bold(font)).elidedText(title, Qt::ElideRight, list.width()), bold(font),
              theme().color(Color::Text));
    for (int i = 0; i < shares.size(); ++i) {
        const AttentionState::Mass& mass = shares.at(i);
        const QRect line = m_geometry.share(list, i);
        paintText(painter, line, Qt::AlignLeft | Qt::AlignVCenter,
                  QFontMetrics(font).elidedText(mass.label, Qt::ElideRight, m_label), font,
                  theme().color(Color::TextSecondary));
        const QRect track = shareTrack(list, i);
        painter.fillRect(track, theme().color(Color::Window));
        painter.fillRect(
            QRect(track.topLeft(), QSize(int(std::lround(track.width() * std::min(1.0, mass.share))), track.height())),
            theme().color(Color::Shared));
        paintText(painter, line, Qt::AlignRight | Qt::AlignVCenter, partText(mass.share), mono,
                  theme().color(Color::Text));
    }
}

std::pair<int, int> AttentionChart::positionsOf(int bin) const {
    const int first = bin * m_geometry.bin;
    return {first, std::min(first + m_geometry.bin, m_state.positions()) - 1};
}

bool AttentionChart::hover(const QPoint* at) {
    const int head = at != nullptr ? m_geometry.headAt(*at, scroll()) : -1;
    const bool onBars = at != nullptr && (head >= 0 || (m_opened >= 0 && m_geometry.window.contains(*at)));
    const int bin = onBars ? m_geometry.binAt(at->x()) : -1;
    const int row = at != nullptr ? m_geometry.topAt(*at) : -1;
    const int top = row < m_tops.size() ? row : -1;
    const bool changed = head != m_hoveredHead || bin != m_hoveredBin || top != m_hoveredTop;
    m_hoveredHead = head;
    m_hoveredBin = bin;
    m_hoveredTop = top;
    return changed;
}

void AttentionChart::click(const QPoint& at) {
    if (const int top = m_geometry.topAt(at); top >= 0 && top < m_tops.size()) {
        choosePosition(m_tops.at(top));
    } else if (const int bin = m_geometry.binAt(at.x());
               m_opened >= 0 && bin >= 0 && m_geometry.window.contains(at) && !m_state.isEmpty()) {
        // Of positions that share a bar the one that it is as high as.
        const auto [first, last] = positionsOf(bin);
        int most = first;
        for (int position = first; position <= last; ++position) {
            most = m_state.weight(m_opened, position) > m_state.weight(m_opened, most) ? position : most;
        }
        choosePosition(most);
    } else {
        setHead(m_geometry.headAt(at, scroll()));
    }
}

void AttentionChart::choosePosition(int position) {
    const auto positionOf = [this](int token) { return static_cast<int>(trace()->token(token).position); };
    const int selected = selection()->state().token;
    const int tokens = trace()->tokenCount();
    if (selected < 0 || selected >= tokens || positionOf(selected) != m_state.position()) {
        return; // the weights of another token, until those of this one are there
    }
    for (int token = 0; token <= selected; ++token) {
        if (positionOf(token) == position) {
            chooseToken(token);
            return;
        }
    }
}

void AttentionChart::mouseDoubleClickEvent(QMouseEvent* event) {
    if (const int head = m_geometry.headAt(event->pos(), scroll()); head >= 0 && event->button() == Qt::LeftButton) {
        openHead(head);
    }
}

bool AttentionChart::openDetail() {
    openHead(m_head);
    return !m_state.isEmpty();
}

bool AttentionChart::useKey(QKeyEvent* event) {
    if (event->modifiers().testFlag(Qt::ControlModifier) || m_state.isEmpty()) {
        return false;
    }
    const int token = selection()->state().token;
    switch (event->key()) {
    case Qt::Key_Up: setHead(m_head - 1); return true;
    case Qt::Key_Down: setHead(m_head + 1); return true;
    case Qt::Key_Home: setHead(0); return true;
    case Qt::Key_End: setHead(m_state.heads() - 1); return true;
    case Qt::Key_Left: chooseToken(token - 1); return true;
    case Qt::Key_Right: chooseToken(token + 1); return true;
    case Qt::Key_Escape:
        if (m_opened >= 0) {
            openHead(-1);
            return true;
        }
        return false;
    default: return false;
    }
}

bool AttentionChart::event(QEvent* event) {
    // Esc leaves the head before it stops an answer or leaves the chart.
    if (event->type() == QEvent::ShortcutOverride && m_opened >= 0 &&
        static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) {
        event->accept();
        return true;
    }
    return ChartView::event(event);
}

} // namespace moescope::ui
