// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/ledgerchart.h"

#include "ui/models/modelfit.h"
#include "ui/panels/chartpaint.h"
#include "ui/panels/memorybar.h"

#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>

#include <algorithm>

namespace moescope::ui {

namespace {

using Kind = LedgerState::Kind;

QString percentText(double percent) { return QStringLiteral("%1 %").arg(percent, 0, 'f', 1); }

QBrush brushOf(const QPainter& painter, const LedgerState::Row& row) {
    return row.part == LedgerState::ledgerStaging
               ? hatching(painter, theme().color(Color::BorderStrong), theme().color(Color::Panel))
               : QBrush(memoryColor(row.part));
}

QString elided(const QString& text, const QFont& font, int width) {
    return QFontMetrics(font).elidedText(text, Qt::ElideRight, std::max(0, width));
}

} // namespace

LedgerChart::LedgerChart(TraceModel* trace, Selection* selection, const MemoryLedgerTable* table, QWidget* parent)
    : ChartView(trace, selection, parent), m_table(table) {
    setAccessibleName(tr("Memory of the loaded model by part"));
}

void LedgerChart::sync() {
    const auto rows = int(state().rows.size());
    int warnings = 0;
    for (const QString& warning : state().warnings()) {
        warnings += linesOf(warning);
    }
    m_geometry = LedgerGeometry::of(viewport()->size(), rows, state().rowOf(Kind::All) + 1, warnings,
                                    state().driver_counts, needs(), theme().fontScale());
    setScrollRange(m_geometry.scroll_max, m_geometry.window.height(), m_geometry.row_height);
    m_hovered = m_hovered < rows ? m_hovered : -1;
    m_current = m_current < rows ? m_current : -1;
}

int LedgerChart::linesOf(const QString& warning) const {
    const QFontMetrics metrics(bold(axisFont()));
    const int width = LedgerGeometry::widthOf(viewport()->size(), theme().fontScale());
    const int height = metrics.boundingRect(QRect(0, 0, width, 10'000), Qt::TextWordWrap, warning).height();
    return std::max(1, (height + metrics.lineSpacing() / 2) / metrics.lineSpacing());
}

LedgerGeometry::Needs LedgerChart::needs() const {
    LedgerGeometry::Needs needs;
    const auto meet = [](int& most, const QFont& font, const QString& text) {
        most = std::max(most, QFontMetrics(font).horizontalAdvance(text));
    };
    for (const QString& title : {tr("Planned"), tr("Allocated"), tr("Difference")}) {
        meet(needs.bytes, axisFont(), title);
    }
    for (const LedgerState::Row& row : state().rows) {
        const bool all = row.kind == Kind::All;
        const QFont mono = all ? bold(axisMonoFont()) : axisMonoFont();
        if (row.kind == Kind::Part) { // the others begin further left
            meet(needs.name, axisFont(), row.name);
        }
        for (const std::optional<quint64>& count : {row.planned, row.allocated, row.free}) {
            meet(needs.bytes, mono, bytesText(count.value_or(0)));
        }
        if (const auto difference = row.difference()) {
            meet(needs.bytes, mono, signedBytesText(*difference));
        }
        meet(needs.share, mono, percentText(state().percent(row)));
    }
    return needs;
}

void LedgerChart::setCurrentRow(int row) {
    if (row != m_current && row >= 0 && row < state().rows.size()) {
        m_current = row;
        invalidate();
        setScroll(m_geometry.scrollTo(row, scroll()));
    }
}

QList<int> LedgerChart::ends(const QRect& bar, bool onDevice) const {
    const LedgerState& at = state();
    const quint64 most = onDevice ? at.device_bytes : at.all().allocated.value_or(0);
    QList<int> ends{bar.left()};
    quint64 sum = 0;
    for (int part = 0; part < at.parts(); ++part) {
        const LedgerState::Row& row = at.rows.at(part);
        const quint64 bytes = onDevice ? LedgerState::onDevice(row) : row.allocated.value_or(0);
        sum += bytes;
        ends.append(LedgerGeometry::xOf(bar, sum, most));
    }
    return ends;
}

void LedgerChart::paintChart(QPainter& painter) {
    if (state().isEmpty()) {
        return;
    }
    paintDevice(painter);
    paintLegend(painter);
    const auto title = [&](const QRect& line, const QString& left, const QString& right) {
        const int room = line.width() - QFontMetrics(axisMonoFont()).horizontalAdvance(right) - scaledPx(8);
        paintText(painter, line, Qt::AlignLeft | Qt::AlignVCenter, elided(left, axisFont(), room), axisFont(),
                  theme().color(Color::TextMuted));
        paintText(painter, line, Qt::AlignRight | Qt::AlignVCenter, right, axisMonoFont(),
                  theme().color(Color::TextSecondary));
    };
    title(m_geometry.device_title, deviceTitle(), bytesText(state().device_bytes));
    title(m_geometry.parts_title, state().of_capture ? tr("Allocated when captured") : tr("Allocated by the engine"),
          bytesText(state().all().allocated.value_or(0)));
    painter.fillRect(m_geometry.parts_bar, theme().color(Color::BorderSubtle));
    paintBar(painter, m_geometry.parts_bar, false);

    painter.setFont(bold(axisFont()));
    painter.setPen(theme().color(Color::Warn));
    int top = m_geometry.warnings.top();
    for (const QString& warning : state().warnings()) {
        const QRect lines(m_geometry.warnings.left(), top, m_geometry.warnings.width(),
                          linesOf(warning) * m_geometry.text_height);
        painter.drawText(lines, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextWordWrap, warning);
        top += lines.height();
    }
    paintHeader(painter);
    painter.save();
    painter.setClipRect(m_geometry.window);
    for (int row = 0; row < m_geometry.rows; ++row) {
        if (m_geometry.row(row, scroll()).intersects(m_geometry.window)) {
            paintRow(painter, row);
        }
    }
    painter.restore();
}

void LedgerChart::paintBar(QPainter& painter, const QRect& bar, bool onDevice) const {
    const QList<int> at = ends(bar, onDevice);
    for (int part = 0; part < state().parts(); ++part) {
        const int width = at.at(part + 1) - at.at(part);
        if (width > 0) {
            // A px apart, where that leaves something.
            const QRect piece(at.at(part), bar.top(), std::max(1, width - 1), bar.height());
            painter.setBrushOrigin(piece.topLeft());
            painter.fillRect(piece, brushOf(painter, state().rows.at(part)));
            if (part == m_hovered || part == m_current) {
                paintFrame(painter, piece, theme().color(part == m_hovered ? Color::Text : Color::AccentText));
            }
        }
    }
}

void LedgerChart::paintDevice(QPainter& painter) const {
    const LedgerState& at = state();
    const QRect bar = m_geometry.device_bar;
    const int free = LedgerGeometry::xOf(bar, at.free_before_bytes, at.device_bytes);
    painter.fillRect(bar, theme().color(Color::Sunken)); // others have it
    painter.fillRect(QRect(bar.left(), bar.top(), free - bar.left(), bar.height()), theme().color(Color::BorderSubtle));
    if (ends(bar, true).last() == bar.left() && LedgerState::onDevice(at.all()) > 0) {
        // A small model is a mark on what it could have.
        painter.fillRect(QRect(bar.left(), bar.top(), 2, bar.height()), brushOf(painter, at.rows.first()));
    }
    paintBar(painter, bar, true);
    const int reach = scaledPx(4);
    if (at.driver_counts && at.takenByDriver() > 0) {
        const int taken = LedgerGeometry::xOf(bar, quint64(at.takenByDriver()), at.device_bytes);
        for (int y = bar.top() - reach; y <= bar.bottom() + reach; y += 6) {
            painter.fillRect(QRect(taken - 1, y, 2, 3), theme().color(Color::TextSecondary));
        }
    }
    painter.fillRect(QRect(std::min(free, bar.right()) - 1, bar.top() - reach, 2, bar.height() + 2 * reach),
                     theme().color(Color::Text));
}

void LedgerChart::paintLegend(QPainter& painter) const {
    const LedgerState& at = state();
    const QFont font = axisFont();
    QRect line = m_geometry.legend;
    if (line == m_geometry.device_title) {
        line.setLeft(line.left() + QFontMetrics(font).horizontalAdvance(deviceTitle()) + scaledPx(16));
        line.setRight(line.right() - QFontMetrics(axisMonoFont()).horizontalAdvance(bytesText(at.device_bytes)) -
                      scaledPx(8));
    }
    int x = line.left();
    const auto entry = [&](bool dashed, const QString& text, const QString& shorter) {
        const int room = line.right() - x - scaledPx(8);
        if (room < scaledPx(60)) {
            return;
        }
        if (dashed) {
            for (int y = line.top() + scaledPx(2); y < line.bottom() - 2; y += 6) {
                painter.fillRect(QRect(x, y, 2, 3), theme().color(Color::TextSecondary));
            }
        } else {
            painter.fillRect(QRect(x, line.top() + scaledPx(2), 2, line.height() - scaledPx(4)),
                             theme().color(Color::Text));
        }
        const bool fits = QFontMetrics(font).horizontalAdvance(text) <= room;
        const QString shown = elided(fits ? text : shorter, font, room);
        paintText(painter, line.adjusted(x - line.left() + scaledPx(8), 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter,
                  shown, font, theme().color(Color::TextSecondary));
        x += scaledPx(8) + QFontMetrics(font).horizontalAdvance(shown) + scaledPx(16);
    };
    const QString free = bytesText(at.free_before_bytes);
    entry(false, tr("%1 free before the load").arg(free), tr("%1 free before").arg(free));
    if (at.driver_counts && at.takenByDriver() >= 0) { // else it would be what is allocated once more
        const QString taken = bytesText(quint64(at.takenByDriver()));
        entry(true, tr("%1 less after the load, as the driver counts").arg(taken), tr("%1 less after").arg(taken));
    }
}

QString LedgerChart::deviceTitle() const { return tr("Memory of %1").arg(state().device); }

void LedgerChart::paintHeader(QPainter& painter) const {
    const QRect line = m_geometry.header;
    const auto title = [&](int right, const QString& text) {
        if (right > 0) {
            paintText(painter, QRect(right - 100, line.top(), 100, line.height()), Qt::AlignRight | Qt::AlignVCenter,
                      text, axisFont(), theme().color(Color::TextMuted));
        }
    };
    paintText(painter, line, Qt::AlignLeft | Qt::AlignVCenter, tr("Part"), axisFont(), theme().color(Color::TextMuted));
    title(m_geometry.planned, tr("Planned"));
    title(m_geometry.allocated, tr("Allocated"));
    title(m_geometry.difference, tr("Difference"));
    title(m_geometry.share, tr("Of all"));
}

void LedgerChart::paintRow(QPainter& painter, int index) const {
    const LedgerState::Row& at = state().rows.at(index);
    const QRect line = m_geometry.row(index, scroll());
    if (index == m_current) {
        paintRowBand(painter, line, theme().color(Color::AccentTint));
    } else if (index == m_hovered) {
        paintRowBand(painter, line, theme().color(Color::Hover));
    }
    if (index > 0 && at.kind != state().rows.at(index - 1).kind) {
        painter.fillRect(QRect(m_geometry.device_bar.left(), line.top(), m_geometry.device_bar.width(), 1),
                         theme().color(Color::BorderSubtle));
    }
    const bool part = at.kind == Kind::Part;
    if (part) {
        const QRect mark = m_geometry.swatch(index, scroll());
        painter.setBrushOrigin(mark.topLeft());
        painter.fillRect(mark, brushOf(painter, at));
    }
    const QFont words = at.kind == Kind::All ? bold(axisFont()) : axisFont();
    const QFont mono = at.kind == Kind::All ? bold(axisMonoFont()) : axisMonoFont();
    const int left = part ? m_geometry.name_left : m_geometry.device_bar.left();
    const QRect name(left, line.top(), m_geometry.name_right - left, line.height());
    const QString full = at.note.isEmpty() ? at.name : QStringLiteral("%1 · %2").arg(at.name, at.note);
    const bool fits = QFontMetrics(words).horizontalAdvance(full) <= name.width();
    paintText(painter, name, Qt::AlignLeft | Qt::AlignVCenter, elided(fits ? full : at.name, words, name.width()),
              words, theme().color(Color::Text));
    const auto value = [&](int right, const QString& text, Color color) {
        if (right > 0) {
            paintText(painter, QRect(right - 100, line.top(), 100, line.height()), Qt::AlignRight | Qt::AlignVCenter,
                      text, mono, theme().color(color));
        }
    };
    const bool counted = part || at.kind == Kind::All;
    const auto bytes = [](const std::optional<quint64>& count) {
        return count ? bytesText(*count) : QStringLiteral("–");
    };
    if (at.kind != Kind::Driver) {
        value(m_geometry.planned, bytes(at.planned), Color::TextSecondary);
        value(m_geometry.allocated, bytes(at.allocated), at.allocated ? Color::Text : Color::TextSecondary);
    }
    if (counted) {
        const auto difference = at.difference();
        value(m_geometry.difference, difference ? signedBytesText(*difference) : QStringLiteral("–"),
              at.isOff() ? Color::Warn : Color::TextSecondary);
        value(m_geometry.share, percentText(state().percent(at)), Color::TextSecondary);
    }
    if (at.free) {
        value(m_geometry.allocated, bytesText(*at.free), Color::TextSecondary);
    }
}

Readout LedgerChart::kvTotals() const {
    Readout totals;
    for (const LedgerState::Row& row : state().rows) {
        if (row.kind == Kind::WhatIf) {
            totals.append({QStringLiteral("%1: %2").arg(row.name, bytesText(row.planned.value_or(0)))});
        }
    }
    return totals;
}

QString LedgerChart::differenceWords(const LedgerState::Row& row) {
    const qint64 difference = row.difference().value_or(0);
    if (!row.planned || *row.planned == row.asked || difference == 0) {
        return tr("%1 of padding").arg(bytesText(row.allocated.value_or(0) - row.asked));
    }
    const QString bytes = bytesText(quint64(std::abs(difference)));
    return difference > 0 ? tr("%1 more than planned").arg(bytes) : tr("%1 less than planned").arg(bytes);
}

Readout LedgerChart::readoutOf(const LedgerState::Row& row) const {
    Readout words{{row.name, ReadoutSpan::Strong}};
    if (row.isOff()) {
        words.append(
            {tr("%1 asked for, %2 planned").arg(bytesText(row.asked), bytesText(*row.planned)), ReadoutSpan::Warn});
    } else if (row.planned) {
        words.append({tr("%1 planned").arg(bytesText(*row.planned))});
    }
    if (row.kind == Kind::Part || row.kind == Kind::All) {
        words.append({tr("%1 allocated").arg(bytesText(row.allocated.value_or(0)))});
        words.append({differenceWords(row)});
        words.append({tr("%1 of all").arg(percentText(state().percent(row)))});
    }
    if (const QString place = LedgerState::placeText(row.place); !place.isEmpty()) {
        words.append({place});
    }
    if (row.kind == Kind::WhatIf) {
        const auto more = qint64(row.planned.value_or(0)) - qint64(state().all().planned.value_or(0));
        words.append({more == 0 ? tr("as it is") : tr("%1 against now").arg(signedBytesText(more))});
        const quint64 free = state().free_before_bytes;
        words.append(*row.planned <= free ? ReadoutSpan{tr("%1 were free").arg(bytesText(free))}
                                          : ReadoutSpan{tr("%1 more than was free").arg(bytesText(*row.planned - free)),
                                                        ReadoutSpan::Warn});
    } else if (row.kind == Kind::Driver) {
        words.append({tr("%1 free").arg(bytesText(row.free.value_or(0)))});
        words.append({state().driver_counts ? tr("less what other programs took")
                                            : tr("the driver of this device keeps no account")});
    }
    if (!row.note.isEmpty()) {
        words.append({row.note});
    }
    return words;
}

Readout LedgerChart::readout() const {
    const LedgerState& at = state();
    if (at.isEmpty()) {
        return {};
    }
    const int row = m_hovered >= 0 ? m_hovered : m_current;
    if (row >= 0 && row < at.rows.size()) {
        Readout words = readoutOf(at.rows.at(row));
        if (at.rows.at(row).part == 3) {
            words.append(kvTotals());
        }
        return words;
    }
    return readoutOf(at.all());
}

int LedgerChart::rowUnder(const QPoint& at) const {
    for (const bool onDevice : {true, false}) {
        const QRect bar = onDevice ? m_geometry.device_bar : m_geometry.parts_bar;
        if (bar.contains(at) && !state().isEmpty()) {
            const QList<int> x = ends(bar, onDevice);
            const auto next = std::upper_bound(x.begin(), x.end(), at.x());
            return next == x.begin() || next == x.end() ? -1 : int(next - x.begin()) - 1;
        }
    }
    return m_geometry.rowAt(at, scroll());
}

bool LedgerChart::hover(const QPoint* at) {
    const int next = at != nullptr ? rowUnder(*at) : -1;
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void LedgerChart::click(const QPoint& at) { setCurrentRow(rowUnder(at)); }

QString LedgerChart::tipAt(const QPoint& at) const {
    const int index = rowUnder(at);
    if (index < 0) {
        return {};
    }
    const LedgerState::Row& row = state().rows.at(index);
    QList<QPair<QString, QString>> rows;
    if (row.planned) {
        rows.append({tr("Planned"), bytesText(*row.planned)});
    }
    if (row.allocated) {
        rows.append({tr("Allocated"), bytesText(*row.allocated)});
    }
    if (row.free) {
        rows.append({tr("Free"), bytesText(*row.free)});
    }
    if (row.difference()) {
        rows.append({tr("Difference"), signedBytesText(*row.difference())});
    }
    if (const QString place = LedgerState::placeText(row.place); !place.isEmpty()) {
        rows.append({tr("Where"), place});
    }
    if (!row.note.isEmpty()) {
        rows.append({tr("Note"), row.note});
    }
    return tooltipTable(row.name, rows);
}

bool LedgerChart::useKey(QKeyEvent* event) {
    if (event->modifiers().testFlag(Qt::ControlModifier) || state().isEmpty()) {
        return false;
    }
    const auto last = int(state().rows.size()) - 1;
    switch (event->key()) {
    case Qt::Key_Up: setCurrentRow(std::max(0, m_current - 1)); return true;
    case Qt::Key_Down: setCurrentRow(std::min(last, m_current + 1)); return true;
    case Qt::Key_Home: setCurrentRow(0); return true;
    case Qt::Key_End: setCurrentRow(last); return true;
    default: return false;
    }
}

} // namespace moescope::ui
