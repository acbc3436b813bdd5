// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/probabilitieschart.h"

#include "ui/models/conversation.h"
#include "ui/models/tokentext.h"
#include "ui/panels/chartpaint.h"

#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>

#include <cmath>

namespace moescope::ui {

namespace {

/** Raw bars are light in a line, those after sampling solid: told apart without colour. */
void paintRawMark(QPainter& painter, const QRect& bar) {
    painter.fillRect(bar, theme().color(Color::SharedTint));
    if (bar.width() > 0) {
        paintFrame(painter, bar, theme().color(Color::BorderStrong));
    }
}

} // namespace

ProbabilitiesChart::ProbabilitiesChart(TraceModel* trace, Selection* selection, QWidget* parent)
    : ChartView(trace, selection, parent) {
    setAccessibleName(tr("Candidates for the selected token"));
}

void ProbabilitiesChart::setProbabilities(const TokenProbabilities& probabilities, const SelectionState& at) {
    const bool other = at.run != m_shown.run || at.token != m_shown.token;
    if (other || probabilities != m_probabilities) {
        m_cursor = other || m_cursor > probabilities.rows.size() ? -1 : m_cursor;
        m_shown = at;
        m_probabilities = probabilities;
        invalidate();
    }
}

void ProbabilitiesChart::sync() {
    m_geometry = ProbabilitiesGeometry::of(viewport()->size(), rowCount(), theme().fontScale());
    setScrollRange(m_geometry.scroll_max, m_geometry.window.height(), m_geometry.row_height);
    m_hovered = m_hovered < rowCount() ? m_hovered : -1;
}

void ProbabilitiesChart::paintChart(QPainter& painter) {
    if (m_probabilities.isEmpty()) {
        return;
    }
    painter.save();
    painter.setClipRect(m_geometry.window);
    for (int row = 0; row < m_geometry.rows; ++row) {
        if (m_geometry.row(row, scroll()).intersects(m_geometry.window)) {
            paintRow(painter, row);
        }
    }
    painter.restore();
    paintHeader(painter);
}

void ProbabilitiesChart::paintHeader(QPainter& painter) const {
    const QColor muted = theme().color(Color::TextMuted);
    const QFont font = axisFont();
    const QFontMetrics metrics(font);
    const QRect line(0, scaledPx(11), viewport()->width(), scaledPx(16));
    const int side = scaledPx(9);
    const auto textAt = [&](int x, int flags, const QString& text) {
        const QRect room(flags & Qt::AlignRight ? x - 200 : x, line.top(), 200, line.height());
        paintText(painter, room, flags | Qt::AlignVCenter, text, font, muted);
    };
    // The heads of the columns are the legend of the bars.
    const auto head = [&](int right, const QString& text) {
        textAt(right, Qt::AlignRight, text);
        const int left = right - metrics.horizontalAdvance(text) - scaledPx(5) - side;
        return QRect(left, line.top() + (line.height() - side) / 2, side, side);
    };
    paintRawMark(painter, head(m_geometry.raw_right, tr("Raw, %")));
    painter.fillRect(head(m_geometry.sampled_right, tr("Sampled, %")), theme().color(Color::Shared));
    textAt(m_geometry.label_left, Qt::AlignLeft, tr("Token"));
    textAt(m_geometry.bars_left, Qt::AlignLeft, QStringLiteral("0"));
    const QString end = tr("100 %");
    if (m_geometry.bars_width >= metrics.horizontalAdvance(end) + scaledPx(24)) {
        textAt(m_geometry.bars_left + m_geometry.bars_width, Qt::AlignRight, end);
    }
}

void ProbabilitiesChart::paintRow(QPainter& painter, int row) const {
    const bool listed = isListed(row);
    const bool chosen = row == m_probabilities.chosen;
    const QRect line = m_geometry.row(row, scroll());
    const double raw = listed ? m_probabilities.rows.at(row).raw : m_probabilities.raw_rest;
    const double sampled = listed ? m_probabilities.rows.at(row).sampled : m_probabilities.sampled_rest;
    if (chosen) {
        paintRowBand(painter, line, theme().color(Color::AccentTint));
    } else if (row == m_hovered) {
        paintRowBand(painter, line, theme().color(Color::Hover));
    }
    if (!listed) {
        painter.fillRect(QRect(line.left(), line.top(), line.width(), 1), theme().color(Color::BorderSubtle));
    }
    const QFont mono = theme().font(TextStyle::Mono);
    const QColor text = theme().color(Color::Text);
    const QColor secondary = theme().color(Color::TextSecondary);
    const auto rightAt = [&](int x, const QString& words, const QFont& font, const QColor& color) {
        paintText(painter, QRect(x - 90, line.top(), 90, line.height()), Qt::AlignRight | Qt::AlignVCenter, words, font,
                  color);
    };
    const QRect box = m_geometry.label(row, scroll());
    if (listed) {
        const QFont small = axisMonoFont();
        rightAt(m_geometry.rank_right, QString::number(row + 1), chosen ? bold(small) : small,
                chosen ? text : theme().color(Color::TextMuted));
        const QString label =
            QFontMetrics(mono).elidedText(m_probabilities.rows.at(row).label, Qt::ElideRight, box.width());
        paintText(painter, box, Qt::AlignLeft | Qt::AlignVCenter, label, chosen ? bold(mono) : mono, text);
    } else {
        const QFont font = theme().font(TextStyle::Small);
        paintText(painter, box, Qt::AlignLeft | Qt::AlignVCenter,
                  QFontMetrics(font).elidedText(tr("Not listed"), Qt::ElideRight, box.width()), font, secondary);
    }
    if (chosen) {
        const QRect mark = m_geometry.check(row, scroll());
        painter.drawPixmap(mark.topLeft(),
                           theme().pixmap(QStringLiteral("check"), mark.width(), text, devicePixelRatioF()));
    }
    painter.fillRect(m_geometry.track(row, scroll()), theme().color(chosen ? Color::Panel : Color::Window));
    paintRawMark(painter, m_geometry.rawBar(row, raw, scroll()));
    painter.fillRect(m_geometry.sampledBar(row, sampled, scroll()), theme().color(Color::Shared));
    rightAt(m_geometry.raw_right, percentText(raw), mono, listed ? text : secondary);
    rightAt(m_geometry.sampled_right, percentText(sampled), mono, listed ? text : secondary);
    if (row == m_hovered || (m_hovered < 0 && row == m_cursor)) {
        paintFrame(painter, line, text);
    }
}

Readout ProbabilitiesChart::rowReadout(int row) const {
    if (!isListed(row)) {
        return {{tr("Not listed"), ReadoutSpan::Strong},
                {tr("raw %1").arg(percentWords(m_probabilities.raw_rest))},
                {tr("sampled %1").arg(percentWords(m_probabilities.sampled_rest))}};
    }
    const TokenProbabilities::Row& at = m_probabilities.rows.at(row);
    Readout readout = {
        {at.label, ReadoutSpan::Mono},
        {tr("id %1").arg(groupedText(at.token))},
        {tr("raw %1").arg(percentWords(at.raw))},
        {at.sampled > 0 ? tr("sampled %1").arg(percentWords(at.sampled)) : tr("removed by the samplers")}};
    if (at.chosen) {
        readout.append({tr("stands here")});
    } else {
        readout.append({tr("Click or Enter: branch here with “%1”").arg(at.label)});
    }
    return readout;
}

Readout ProbabilitiesChart::readout() const {
    const int token = selection()->state().token;
    if (m_probabilities.isEmpty() || token < 0 || token >= trace()->tokenCount()) {
        return {{tr("No token selected")}};
    }
    if (m_hovered >= 0 || m_cursor >= 0) {
        return rowReadout(m_hovered >= 0 ? m_hovered : m_cursor);
    }
    const trace::TokenTrace& at = trace()->token(token);
    Readout readout = {{tr("Token %1").arg(tokenNumber(token)), ReadoutSpan::Strong},
                       {tr(" of %1").arg(groupedText(trace()->tokenCount())), ReadoutSpan::Plain, false},
                       {tokenLabel(at.text), ReadoutSpan::Mono}};
    if (isListed(m_probabilities.chosen)) {
        const TokenProbabilities::Row& chosen = m_probabilities.rows.at(m_probabilities.chosen);
        readout.append({tr("raw %1").arg(percentWords(chosen.raw))});
        readout.append({tr("sampled %1").arg(percentWords(chosen.sampled))});
    }
    if (const double bits = surpriseBits(at); bits >= 0) {
        readout.append({tr("surprise %1 bits").arg(bitsText(bits))});
    }
    readout.append({tr("not listed %1").arg(percentWords(m_probabilities.raw_rest))});
    return readout;
}

QString ProbabilitiesChart::tipAt(const QPoint& at) const {
    const int row = m_geometry.rowAt(at, scroll());
    if (!isListed(row)) {
        return row < 0 ? QString()
                       : tooltipTable(tr("All other tokens"),
                                      {{tr("Before sampling"), percentWords(m_probabilities.raw_rest)},
                                       {tr("After sampling"), percentWords(m_probabilities.sampled_rest)}});
    }
    const TokenProbabilities::Row& candidate = m_probabilities.rows.at(row);
    const QString title =
        candidate.chosen ? candidate.label : tr("Click or Enter: branch here with “%1”").arg(candidate.label);
    return tooltipTable(
        title,
        {{tr("Id"), groupedText(candidate.token)},
         {tr("Rank"), QString::number(row + 1)},
         {tr("Before sampling"), percentWords(candidate.raw)},
         {tr("After sampling"), candidate.sampled > 0 ? percentWords(candidate.sampled) : tr("removed")},
         {candidate.chosen ? tr("Surprise") : tr("Surprise, had it stood here"),
          candidate.raw > 0 ? tr("%1 bits").arg(bitsText(std::abs(std::log2(candidate.raw)))) : QStringLiteral("–")}});
}

void ProbabilitiesChart::setCursor(int row) {
    if (row >= 0 && row < rowCount() && row != m_cursor) {
        m_cursor = row;
        setScroll(m_geometry.scrollTo(row, scroll()));
        viewport()->update();
        emit readoutChanged();
        setAccessibleDescription(readoutText(readout()));
    }
}

void ProbabilitiesChart::activate(int row) {
    if (isListed(row) && !m_probabilities.rows.at(row).chosen) {
        emit branchRequested(m_probabilities.rows.at(row).token);
    }
}

bool ProbabilitiesChart::hover(const QPoint* at) {
    const int next = at != nullptr ? m_geometry.rowAt(*at, scroll()) : -1;
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

bool ProbabilitiesChart::openDetail() {
    activate(cursor()); // the first of two clicks has asked for its row already, and moved no cursor
    return true;
}

void ProbabilitiesChart::click(const QPoint& at) { activate(m_geometry.rowAt(at, scroll())); }

bool ProbabilitiesChart::useKey(QKeyEvent* event) {
    if (event->modifiers().testFlag(Qt::ControlModifier)) {
        return false;
    }
    const int token = selection()->state().token;
    switch (event->key()) {
    case Qt::Key_Up: setCursor(std::max(0, cursor() - 1)); return true;
    case Qt::Key_Down: setCursor(std::min(rowCount() - 1, cursor() + 1)); return true;
    case Qt::Key_Home: setCursor(0); return true;
    case Qt::Key_End: setCursor(rowCount() - 1); return true;
    case Qt::Key_Left: chooseToken(token - 1); return true;
    case Qt::Key_Right: chooseToken(token + 1); return true;
    default: return false;
    }
}

void ProbabilitiesChart::revealSelection() {
    if (const int row = cursor(); row >= 0) {
        setScroll(m_geometry.scrollTo(row, scroll()));
    }
}

} // namespace moescope::ui
