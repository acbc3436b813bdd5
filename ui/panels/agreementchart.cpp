// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/agreementchart.h"

#include "ui/models/tokentext.h"
#include "ui/panels/chartpaint.h"

#include <QFontMetrics>
#include <QHashFunctions>
#include <QPainter>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kFootMore = 6;    ///< px below the grid that CellGrid does not know of: two whole lines stand there
constexpr int kMostExperts = 8; ///< that are named

/** Numbers stand at 1, 5, 10 …: the distance between them. */
int labelStep(int cellWidth, int labelWidth, int merged) {
    for (int step = 5;; step *= step % 2 == 0 && step % 5 == 0 && step % 50 != 0 ? 5 : 2) {
        if (step >= merged && step / merged * cellWidth >= labelWidth + scaledPx(10)) {
            return step;
        }
    }
}

/** Of one token. */
QColor otherExpert() { return theme().sequential(0.625); }

QColor between(const QColor& from, const QColor& to, double share) {
    const auto mix = [share](int a, int b) { return a + int(std::lround((b - a) * share)); };
    return {mix(from.red(), to.red()), mix(from.green(), to.green()), mix(from.blue(), to.blue())};
}

} // namespace

AgreementChart::AgreementChart(Comparison* comparison, TraceModel* silent, QWidget* parent)
    : ComparisonChart(comparison, silent, parent) {
    setAccessibleName(tr("Agreement of the routing by token and layer"));
}

AgreementChart::Cell AgreementChart::cell(int place, int layer) const {
    Cell cell = m_totals[size_t(place)];
    cell.others = m_others[size_t(place) * size_t(m_grid.rows) + size_t(layer)];
    if (m_mask != nullptr) {
        cell.matches = false;
        for (int token = place * m_grid.merged; token < (place + 1) * m_grid.merged && !cell.matches; ++token) {
            cell.matches = m_mask->matches(token, layer);
        }
    }
    return cell;
}

void AgreementChart::sync() {
    const std::shared_ptr<const RunComparison>& pair = comparison()->pair();
    const std::shared_ptr<const RunComparison> shown = pair != nullptr && pair->routing ? pair : nullptr;
    const bool another = shown != m_pair || comparison()->mask(Side::A) != m_mask;
    m_pair = shown;
    m_mask = comparison()->mask(Side::A);
    const int tokens = m_pair != nullptr ? m_pair->a->size() : 0;
    CellGrid::Sides sides;
    sides.left = scaledPx(m_pair != nullptr && layers() > 100 ? 48 : 40);
    sides.label_left = scaledPx(12);
    sides.label_width = sides.left - sides.label_left - scaledPx(4);
    const QSize room(viewport()->width(), viewport()->height() - scaledPx(kFootMore));
    m_grid = CellGrid::of(room, m_pair != nullptr ? layers() : 0, tokens, sides, theme().fontScale());
    setScrollRange(m_grid.scroll_max, m_grid.window.height(), m_grid.cell_height);
    if (m_hovered && (m_hovered->row >= m_grid.rows || m_hovered->place >= m_grid.places)) {
        m_hovered.reset();
    }
    if (another || m_grid.merged != m_countedMerged) {
        count();
    }
    const quint64 key = qHashMulti(size_t(m_counted), m_grid.map.width(), m_grid.map.height(), m_grid.cell_width,
                                   m_grid.cell_height, int(theme().scheme()), devicePixelRatioF());
    if (key != m_painted) {
        m_painted = key;
        paintCells();
    }
}

void AgreementChart::count() {
    ++m_counted;
    m_countedMerged = m_grid.merged;
    const auto places = size_t(m_grid.places);
    m_totals.assign(places, {});
    m_others.assign(places * size_t(m_grid.rows), 0);
    m_pairOf.assign(size_t(m_grid.columns), -1);
    if (m_pair == nullptr) {
        return;
    }
    for (int pair = 0; pair < static_cast<int>(m_pair->pairs.size()); ++pair) {
        const int token = m_pair->pairs[size_t(pair)].a;
        const auto place = size_t(token / m_grid.merged);
        m_pairOf[size_t(token)] = pair;
        ++m_totals[place].aligned;
        if (!m_pair->isRecorded(pair)) {
            continue;
        }
        ++m_totals[place].recorded;
        for (int layer = 0; layer < m_grid.rows; ++layer) {
            m_others[place * size_t(m_grid.rows) + size_t(layer)] += m_pair->isOther(pair, layer) ? 1 : 0;
        }
    }
}

QColor AgreementChart::otherColor(double share) const {
    // Of several tokens, how many: never so faint that one of them is overlooked.
    return between(theme().color(Color::Window), otherExpert(), share >= 1 ? 1 : 0.3 + 0.7 * share);
}

void AgreementChart::paintCells() {
    if (m_grid.map.isEmpty()) {
        m_cells = QImage();
        return;
    }
    const qreal ratio = devicePixelRatioF();
    m_cells = QImage(QSizeF(QSizeF(m_grid.map.size()) * ratio).toSize(), QImage::Format_RGB32);
    m_cells.setDevicePixelRatio(ratio);
    m_cells.fill(theme().color(Color::Panel));
    QPainter painter(&m_cells);
    painter.translate(-m_grid.map.topLeft());
    const QColor same = theme().color(Color::Window);
    const QBrush alone = hatching(painter, theme().color(Color::Border), same);
    for (int place = 0; place < m_grid.places; ++place) {
        for (int layer = 0; layer < m_grid.rows; ++layer) {
            const QRect rect = m_grid.cell(layer, place, 0);
            const Cell what = cell(place, layer);
            if (!what.matches) {
                paintFilteredOut(painter, rect);
            } else if (what.aligned == 0) {
                painter.fillRect(rect, alone);
            } else if (what.recorded == 0) {
                paintFrame(painter, rect, theme().color(Color::BorderSubtle));
                paintDash(painter, rect, theme().color(Color::TextMuted));
            } else {
                painter.fillRect(rect, what.others == 0 ? same : otherColor(double(what.others) / what.recorded));
            }
        }
    }
}

void AgreementChart::paintChart(QPainter& painter) {
    if (!hasPair()) {
        return;
    }
    paintHeader(painter);
    painter.save();
    painter.setClipRect(m_grid.window);
    painter.drawImage(m_grid.map.topLeft() - QPoint(0, scroll()), m_cells);
    const int selected = comparison()->place().layer;
    painter.setClipRect(m_grid.window.adjusted(0, -8, 0, 10)); // labels of low rows reach beyond them
    for (int layer = 0; layer < m_grid.rows; ++layer) {
        const bool close = selected >= 0 && layer != selected && m_grid.label_step > 1 &&
                           std::abs(layer - selected) * m_grid.cell_height < m_grid.label_height;
        if ((layer % m_grid.label_step != 0 && layer != selected) || close) {
            continue;
        }
        const QRect row = m_grid.cell(layer, 0, scroll());
        const int height = std::max(m_grid.label_height, row.height());
        const QRect line(m_grid.row_labels.left(), row.center().y() - height / 2, m_grid.row_labels.width(), height);
        const QFont font = axisMonoFont();
        paintText(painter, line, Qt::AlignLeft | Qt::AlignVCenter, QStringLiteral("L%1").arg(layer),
                  layer == selected ? bold(font) : font,
                  theme().color(layer == selected ? Color::Text : Color::TextMuted));
    }
    painter.restore();
    paintMarks(painter);
    paintLegend(painter);
}

void AgreementChart::paintHeader(QPainter& painter) const {
    const QFont font = axisMonoFont();
    const QString heading = m_grid.merged > 1
                                ? tr("Aligned token of run A, %1 tokens a column").arg(groupedText(m_grid.merged))
                                : tr("Aligned token of run A");
    paintText(painter, m_grid.heading, Qt::AlignLeft | Qt::AlignVCenter, heading, axisFont(),
              theme().color(Color::TextMuted));
    const int labelWidth = QFontMetrics(font).horizontalAdvance(groupedText(m_grid.columns));
    const int step = labelStep(m_grid.cell_width, labelWidth, m_grid.merged);
    const int selected = comparison()->place().a;
    const auto number = [&](int token, bool marked) {
        const QRect cell = m_grid.cellOf(0, token, 0);
        paintText(painter, QRect(cell.center().x() - 40, m_grid.numbers.top(), 81, m_grid.numbers.height()),
                  Qt::AlignCenter, groupedText(token + 1), marked ? bold(font) : font,
                  theme().color(marked ? Color::Text : Color::TextSecondary));
    };
    for (int token = 0; token < m_grid.columns; token += token == 0 ? step - 1 : step) {
        const int apart = std::abs(token - selected) / m_grid.merged * m_grid.cell_width;
        if (selected < 0 || apart >= labelWidth + scaledPx(6)) {
            number(token, false);
        }
    }
    if (selected >= 0 && selected < m_grid.columns) {
        number(selected, true);
    }
}

QRect AgreementChart::paintName(QPainter& painter, int x, const QString& words, Color color, const QRect& taken) const {
    const QFont font = bold(axisFont());
    const int width = QFontMetrics(font).horizontalAdvance(words);
    const int left = m_grid.map.left();
    const int right = std::max(left + width, viewport()->width() - scaledPx(12));
    QRect at(std::clamp(x - width / 2, left, right - width), m_grid.legend.top(), width, scaledPx(16));
    if (at.adjusted(-8, 0, 8, 0).intersects(taken)) { // beside the other one, on the side with room
        const bool before = taken.left() - scaledPx(12) - width >= left;
        const bool after = taken.right() + scaledPx(12) + width <= right && (x >= taken.center().x() || !before);
        at.moveLeft(after ? taken.right() + scaledPx(12) : std::max(left, taken.left() - scaledPx(12) - width));
    }
    paintText(painter, at, Qt::AlignLeft | Qt::AlignVCenter, words, font, theme().color(color));
    return at;
}

void AgreementChart::paintMarks(QPainter& painter) const {
    const Comparison::Place place = comparison()->place();
    const TokenPair first = m_pair->first_difference;
    QRect taken;
    painter.save();
    painter.setClipRect(QRect(0, m_grid.window.top() - 4, viewport()->width(), viewport()->height()));
    const int bottom = m_grid.window.bottom() + 1;
    if (first.a >= 0 && first.a < m_grid.columns) {
        const QRect top = m_grid.cellOf(0, first.a, 0);
        const QRect column(top.left(), m_grid.window.top(), top.width(), m_grid.window.height() - m_grid.gap_y);
        if (place.a == first.a) {
            paintSelection(painter, column);
        } else {
            paintFrame(painter, column.adjusted(-1, -1, 1, 1), theme().color(Color::AccentText));
        }
        painter.fillRect(QRect(column.center().x(), bottom, 2, scaledPx(8)), theme().color(Color::AccentText));
        taken = paintName(painter, column.center().x(), tr("text parts"), Color::AccentText, {});
    }
    if (m_pair->routing_pair >= 0) {
        const int token = m_pair->pairs[size_t(m_pair->routing_pair)].a;
        const QRect cell = m_grid.cellOf(m_pair->routing_layer, token, scroll());
        if (m_grid.window.intersects(cell)) {
            paintFrame(painter, cell.adjusted(-2, -2, 2, 2), theme().color(Color::Text), 2);
        }
        const int from = std::clamp(cell.bottom() + 2, m_grid.window.top(), bottom);
        painter.fillRect(QRect(cell.center().x(), from, 1, bottom + scaledPx(8) - from), theme().color(Color::Text));
        paintName(painter, cell.center().x(), tr("routing parts"), Color::Text, taken);
    }
    if (place.a >= 0 && place.a < m_grid.columns && place.layer >= 0 && place.a != first.a) {
        const QRect cell = m_grid.cellOf(place.layer, place.a, scroll());
        if (m_grid.window.contains(cell.center())) {
            paintSelection(painter, cell);
        }
    }
    if (m_hovered) {
        paintFrame(painter, m_grid.cell(m_hovered->row, m_hovered->place, scroll()), theme().color(Color::Text));
    }
    painter.restore();
}

void AgreementChart::paintLegend(QPainter& painter) const {
    const QFont font = axisFont();
    const QFontMetrics metrics(font);
    int x = m_grid.map.left();
    const int top = m_grid.legend.top() + scaledPx(17);
    const QColor same = theme().color(Color::Window);
    const auto entry = [&](const QBrush& brush, bool framed, const QString& words) {
        const QRect sign(x, top + scaledPx(2), scaledPx(12), scaledPx(12));
        const int width = sign.width() + scaledPx(6) + metrics.horizontalAdvance(words);
        if (x + width > viewport()->width() - scaledPx(8)) {
            return;
        }
        painter.fillRect(sign, brush);
        if (framed) {
            paintFrame(painter, sign, theme().color(Color::Border));
        }
        paintText(painter, QRect(sign.right() + 1 + scaledPx(6), top, width, scaledPx(16)),
                  Qt::AlignLeft | Qt::AlignVCenter, words, font, theme().color(Color::TextSecondary));
        x += width + scaledPx(16);
    };
    const bool merged = m_grid.merged > 1;
    entry(otherExpert(), false, merged ? tr("another expert, all tokens of the column") : tr("another expert"));
    if (merged) {
        entry(otherColor(0.1), false, tr("some"));
    }
    entry(same, true, m_pair->a->shape().used > 1 ? tr("same experts") : tr("same expert"));
    entry(hatching(painter, theme().color(Color::Border), same), true, tr("token in one run only"));
    const bool unrecorded = std::any_of(m_totals.begin(), m_totals.end(),
                                        [](const Cell& cell) { return cell.aligned > 0 && cell.recorded == 0; });
    if (unrecorded) {
        entry(theme().color(Color::Panel), true, tr("not recorded"));
    }
}

int AgreementChart::tokenOf(const CellGrid::Cell& cell) const {
    const int first = cell.place * m_grid.merged;
    for (int token = first; token < std::min(first + m_grid.merged, m_grid.columns); ++token) {
        const int pair = m_pairOf[size_t(token)];
        if (pair >= 0 && m_pair->isOther(pair, cell.row)) {
            return token;
        }
    }
    return first;
}

bool AgreementChart::hover(const QPoint* at) {
    const auto next = at != nullptr && hasPair() ? m_grid.cellAt(*at, scroll()) : std::nullopt;
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void AgreementChart::click(const QPoint& at) {
    if (const auto cell = m_grid.cellAt(at, scroll()); cell && hasPair()) {
        comparison()->select(Side::A, tokenOf(*cell), cell->row);
    }
}

QString AgreementChart::chosenText(Side side, int token, int layer) const {
    const RunTrace& trace = side == Side::A ? *m_pair->a : *m_pair->b;
    const QString name = side == Side::A ? tr("A") : tr("B");
    const int used = trace.shape().used;
    if (used == 1) {
        return tr("%1: expert %2, gate %3")
            .arg(name)
            .arg(trace.expert(token, layer))
            .arg(gateText(double(trace.gate(token, layer))));
    }
    QStringList experts;
    for (int choice = 0; choice < std::min(used, kMostExperts); ++choice) {
        experts << QString::number(trace.expert(token, layer, choice));
    }
    if (used > kMostExperts) {
        experts << QStringLiteral("…");
    }
    return tr("%1: experts %2").arg(name, experts.join(QStringLiteral(", ")));
}

Readout AgreementChart::cellReadout(int token, int layer) const {
    const QString where = layer < 0 ? tr("Token %1").arg(tokenNumber(token))
                                    : tr("Token %1, layer %2").arg(tokenNumber(token)).arg(layer);
    Readout readout{{where, ReadoutSpan::Strong}, {tokenLabel(std::string(m_pair->a->text(token))), ReadoutSpan::Mono}};
    const int pair = m_pairOf[size_t(token)];
    if (pair < 0) {
        readout.append({tr("in run A only")});
    } else if (!m_pair->isRecorded(pair)) {
        readout.append({tr("not recorded in both runs")});
    } else if (layer >= 0) {
        readout.append({chosenText(Side::A, token, layer)});
        readout.append({chosenText(Side::B, m_pair->pairs[size_t(pair)].b, layer)});
        if (!m_pair->isOther(pair, layer)) {
            readout.append({m_pair->a->shape().used > 1 ? tr("the same experts") : tr("the same expert")});
        }
    }
    if (m_grid.merged > 1 && layer >= 0) {
        const int place = token / m_grid.merged;
        const Cell what = cell(place, layer);
        readout.append({tr("%1 of %2 tokens of the column have another").arg(what.others).arg(what.recorded)});
    }
    return readout;
}

Readout AgreementChart::partingReadout() const {
    if (m_pair->routing_pair < 0) {
        return {{tr("All aligned tokens were routed alike"), ReadoutSpan::Strong}};
    }
    const TokenPair tokens = m_pair->pairs[size_t(m_pair->routing_pair)];
    const int layer = m_pair->routing_layer;
    Readout readout{{tr("Routing parts at ")},
                    {tr("token %1, layer %2").arg(tokenNumber(tokens.a)).arg(layer), ReadoutSpan::Strong, false},
                    {chosenText(Side::A, tokens.a, layer)},
                    {chosenText(Side::B, tokens.b, layer)}};
    if (const int first = m_pair->first_difference.a; first >= 0) {
        const int before = first - tokens.a;
        readout.append({before > 1    ? tr("%1 tokens before the text does").arg(groupedText(before))
                        : before == 1 ? tr("1 token before the text does")
                                      : tr("after the text does")});
    }
    return readout;
}

Readout AgreementChart::readout() const {
    if (!hasPair()) {
        return {};
    }
    if (m_hovered) {
        return cellReadout(tokenOf(*m_hovered), m_hovered->row);
    }
    const Comparison::Place place = comparison()->place();
    if (place.a >= 0 && place.a < m_grid.columns && place.a != m_pair->first_difference.a) {
        return cellReadout(place.a, place.layer < m_grid.rows ? place.layer : -1);
    }
    return partingReadout();
}

QString AgreementChart::tipAt(const QPoint& at) const {
    const auto cell = hasPair() ? m_grid.cellAt(at, scroll()) : std::nullopt;
    return cell ? readoutText(cellReadout(tokenOf(*cell), cell->row)).toHtmlEscaped() : QString();
}

void AgreementChart::revealSelection() {
    const int layer = comparison()->place().layer;
    if (layer >= 0 && layer < m_grid.rows) {
        setScroll(m_grid.scrollTo(layer, scroll()));
    }
}

} // namespace moescope::ui
