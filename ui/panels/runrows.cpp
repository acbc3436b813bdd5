// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/runrows.h"

#include "ui/models/comparisontext.h"
#include "ui/panels/chartpaint.h"
#include "ui/panels/comparisonchart.h"

#include <QCoreApplication>
#include <QFontMetrics>
#include <QPainter>

#include <algorithm>
#include <numeric>

namespace moescope::ui {

namespace {

constexpr int kMargin = 12;    ///< px
constexpr int kGap = 16;       ///< px between columns
constexpr int kMark = 14;      ///< px of an icon
constexpr int kKeptRest = 240; ///< px of cells that are worth more than a figure

QString tr(const char* text) { return QCoreApplication::translate("moescope::ui::RunRows", text); }

/** The order in which columns are given up. */
constexpr std::array kLeast{RunFigure::Prefill, RunFigure::KvBytes, RunFigure::FirstToken, RunFigure::Decode,
                            RunFigure::Prompt};

QString unitOf(RunFigure figure, const QString& kvType) {
    return figure == RunFigure::KvBytes ? kvType : figureTitle(figure).second;
}

int widthOf(RunFigure figure, const Comparison& comparison, const QString& kvType) {
    const QFontMetrics head(axisFont());
    const QFontMetrics mono(theme().font(TextStyle::Mono));
    int width =
        std::max(head.horizontalAdvance(figureTitle(figure).first), head.horizontalAdvance(unitOf(figure, kvType)));
    for (const RunView& run : comparison.runs()) {
        const QString text = figureText(run, figure);
        width = std::max(width, figure == RunFigure::Needle
                                    ? scaledPx(kMark + 4) +
                                          QFontMetrics(theme().font(TextStyle::Small)).horizontalAdvance(text)
                                    : mono.horizontalAdvance(text));
    }
    return width;
}

} // namespace

RunRows RunRows::of(const QSize& view, const Comparison& comparison, int leastName, int rest, int foot) {
    RunRows rows;
    rows.runs = static_cast<int>(comparison.runs().size());
    rows.order.resize(size_t(rows.runs));
    std::iota(rows.order.begin(), rows.order.end(), 0);
    rows.row_height = scaledPx(28);
    rows.header = QRect(0, 0, view.width(), scaledPx(44));
    const int room = std::max(0, view.height() - rows.header.height() - foot);
    const int shown = std::max(1, room / std::max(1, rows.row_height));
    rows.window = QRect(0, rows.header.bottom() + 1, view.width(), std::min(rows.runs, shown) * rows.row_height);
    rows.scroll_max = std::max(0, rows.runs - shown) * rows.row_height;
    rows.letter_left = scaledPx(kMargin);
    rows.name_left = rows.letter_left + scaledPx(20 + 8);
    for (const RunView& run : comparison.runs()) {
        if (run.kv_bytes > 0) {
            const QString type = kvTypeName(run.kv_type);
            rows.kv_type = rows.kv_type.isEmpty() || rows.kv_type == type ? type : tr("bytes");
        }
    }
    std::vector<RunFigure> kept;
    for (const RunFigure figure : runFigures) {
        const bool some = std::any_of(comparison.runs().begin(), comparison.runs().end(),
                                      [figure](const RunView& run) { return figureOf(run, figure).isValid(); });
        if (some || figure != RunFigure::Needle) {
            kept.push_back(figure);
        }
    }
    const auto needed = [&] {
        int width = 0;
        for (const RunFigure figure : kept) {
            width += widthOf(figure, comparison, rows.kv_type) + scaledPx(kGap);
        }
        return width;
    };
    const int free =
        view.width() - rows.name_left - scaledPx(kMargin) - leastName - std::min(rest / 2, scaledPx(kKeptRest));
    for (const RunFigure figure : kLeast) {
        if (needed() > free) {
            kept.erase(std::remove(kept.begin(), kept.end(), figure), kept.end());
        }
    }
    int x = view.width() - scaledPx(kMargin);
    for (auto figure = kept.rbegin(); figure != kept.rend(); ++figure) {
        const int width = widthOf(*figure, comparison, rows.kv_type);
        rows.columns.insert(rows.columns.begin(), {*figure, x - width, width});
        x -= width + scaledPx(kGap);
    }
    const int most = x - rows.name_left;
    rows.name_width = rest > 0 ? std::clamp(most - rest - scaledPx(kGap), leastName, std::max(leastName, scaledPx(240)))
                               : std::max(0, most);
    const auto& all = comparison.runs();
    rows.models = rest == 0 && std::any_of(all.begin(), all.end(),
                                           [&](const RunView& run) { return run.model != all.first().model; });
    const QFontMetrics metrics(theme().font(TextStyle::Small));
    rows.models = rows.models && std::all_of(all.begin(), all.end(), [&](const RunView& run) {
                      return metrics.horizontalAdvance(rows.nameOf(run)) <= rows.name_width;
                  });
    rows.rest_left = rows.name_left + rows.name_width + scaledPx(kGap);
    rows.rest_width = std::max(0, x - rows.rest_left);
    return rows;
}

QString RunRows::nameOf(const RunView& run) const {
    if (run.title.isEmpty()) {
        return run.model;
    }
    return models && !run.title.startsWith(run.model) ? QStringLiteral("%1 · %2").arg(run.model, run.title) : run.title;
}

void RunRows::putPairFirst(const Comparison& comparison) {
    for (const Side side : {Side::B, Side::A}) {
        const auto at = std::find(order.begin(), order.end(), comparison.sideIndex(side));
        if (at != order.end()) {
            std::rotate(order.begin(), at, at + 1);
        }
    }
}

int RunRows::placeOf(int run) const {
    return static_cast<int>(std::find(order.begin(), order.end(), run) - order.begin());
}

QRect RunRows::row(int run, int scroll) const {
    return {0, window.top() + placeOf(run) * row_height - scroll, window.width(), row_height};
}

int RunRows::runAt(const QPoint& at, int scroll) const {
    if (!window.contains(at)) {
        return -1;
    }
    const int place = (at.y() - window.top() + scroll) / row_height;
    return place < runs ? order[size_t(place)] : -1;
}

int RunRows::scrollTo(int run, int scroll) const {
    const int top = placeOf(run) * row_height;
    return std::clamp(scroll, std::clamp(top + row_height - window.height(), 0, scroll_max),
                      std::clamp(top, 0, scroll_max));
}

void RunRows::paintHeader(QPainter& painter) const {
    const QColor color = theme().color(Color::TextMuted);
    const QRect upper(name_left, scaledPx(6), name_width, scaledPx(16));
    const QRect middle(letter_left, 0, name_width, header.height());
    paintText(painter, middle, Qt::AlignLeft | Qt::AlignVCenter, tr("Run"), axisFont(), color);
    for (const Column& column : columns) {
        const auto [name, unit] = figureTitle(column.figure);
        const bool words = column.figure == RunFigure::Needle;
        const Qt::Alignment side = words ? Qt::AlignLeft : Qt::AlignRight;
        QRect line(column.left, upper.top(), column.width, upper.height());
        if (words) {
            line = QRect(column.left, 0, column.width, header.height());
        }
        paintText(painter, line, int(side | Qt::AlignVCenter), name, axisFont(), color);
        if (!words) {
            paintText(painter, line.translated(0, scaledPx(15)), int(side | Qt::AlignVCenter),
                      unitOf(column.figure, kv_type), axisFont(), color);
        }
    }
    painter.fillRect(QRect(0, header.bottom(), header.width(), 1), theme().color(Color::BorderSubtle));
}

void RunRows::paintRow(QPainter& painter, const Comparison& comparison, int run, int scroll, bool current,
                       bool hovered) const {
    const RunView& view = comparison.runs().at(run);
    const QRect line = row(run, scroll);
    if (current || hovered) {
        painter.fillRect(line, theme().color(current ? Color::AccentTint : Color::Hover));
    }
    painter.fillRect(QRect(0, line.bottom(), line.width(), 1), theme().color(Color::BorderSubtle));
    const int box = scaledPx(20);
    paintLetter(painter, QRect(letter_left, line.center().y() - box / 2 + 1, box, box), comparison.letter(run));
    const QFont small = theme().font(TextStyle::Small);
    const int icon = view.machine.isEmpty() ? 0 : scaledPx(kMark + 6);
    const QString name = fittingParts(nameOf(view), small, std::max(0, name_width - icon), true);
    paintText(painter, QRect(name_left, line.top(), name_width, line.height()), Qt::AlignLeft | Qt::AlignVCenter, name,
              small, theme().color(Color::Text));
    const auto mark = [&](int x, const char* iconName, Color color) {
        const int side = scaledPx(kMark);
        painter.drawPixmap(
            QPoint(x, line.center().y() - side / 2 + 1),
            theme().pixmap(QLatin1String(iconName), side, theme().color(color), painter.device()->devicePixelRatioF()));
    };
    if (icon > 0) {
        mark(name_left + QFontMetrics(small).horizontalAdvance(name) + scaledPx(6), "record", Color::TextSecondary);
    }
    const QFont mono = theme().font(TextStyle::Mono);
    for (const Column& column : columns) {
        const QRect cell(column.left, line.top(), column.width, line.height());
        const QString text = figureText(view, column.figure);
        if (column.figure != RunFigure::Needle) {
            paintText(painter, cell, Qt::AlignRight | Qt::AlignVCenter, text, mono,
                      theme().color(figureOf(view, column.figure).isValid() ? Color::Text : Color::TextMuted));
            continue;
        }
        if (view.verdict == NeedleVerdict::None) {
            paintText(painter, cell, Qt::AlignLeft | Qt::AlignVCenter, text, small, theme().color(Color::TextMuted));
            continue;
        }
        const bool found = view.verdict == NeedleVerdict::Found;
        mark(cell.left(), found ? "check" : "close", found ? Color::Ok : Color::Error);
        paintText(painter, cell.adjusted(scaledPx(kMark + 4), 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, text, small,
                  theme().color(found ? Color::Ok : Color::Error));
    }
}

QStringList runWords(const RunView& run) {
    QStringList words;
    if (const QString phase = phaseText(run); !phase.isEmpty()) {
        words << phase;
    }
    if (run.prompt_tokens > 0) {
        words << (run.reused_tokens > 0 ? tr("%1 prompt tokens, %2 reused")
                                              .arg(groupedText(run.prompt_tokens), groupedText(run.reused_tokens))
                                        : tr("%1 prompt tokens").arg(groupedText(run.prompt_tokens)));
    }
    if (run.prefill_tps > 0) {
        words << tr("prefill %1 tok/s").arg(figureText(run, RunFigure::Prefill));
    }
    if (run.decode_tps > 0) {
        words << tr("decode %1 tok/s").arg(figureText(run, RunFigure::Decode));
        words << (run.measured > 1 ? tr("median of %1").arg(run.measured) : tr("measured once"));
    }
    if (run.kv_bytes > 0) {
        words << tr("KV %1, %2").arg(figureText(run, RunFigure::KvBytes), kvTypeName(run.kv_type));
    }
    if (!run.machine.isEmpty()) {
        words << tr("captured on %1").arg(run.machine);
    }
    return words;
}

} // namespace moescope::ui
