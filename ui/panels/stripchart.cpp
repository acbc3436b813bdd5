// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/stripchart.h"

#include "ui/models/conversation.h"
#include "ui/models/tokenprobabilities.h"
#include "ui/models/tokentext.h"
#include "ui/panels/chartpaint.h"

#include <QFontMetrics>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <cmath>

namespace moescope::ui {

StripChart::StripChart(TraceModel* trace, Selection* selection, QWidget* parent) : ChartView(trace, selection, parent) {
    setAccessibleName(tr("Tokens of the answer"));
    connect(trace, &TraceModel::currentChanged, this, [this] {
        m_stale = true;
        m_anchor = -1;
    });
    connect(trace, &TraceModel::windowChanged, this, &StripChart::invalidate);
}

void StripChart::setMode(StripMode mode) {
    if (mode != m_mode) {
        m_mode = mode;
        invalidate();
    }
}

void StripChart::sync() {
    layOut();
    const int height = viewport()->height();
    m_geometry.fit(height);
    setScrollRange(m_geometry.scrollMax(height), m_geometry.visibleRows(height) * m_geometry.rowPitch(),
                   m_geometry.rowPitch());
    m_hovered = m_hovered < m_geometry.count() ? m_hovered : -1;
}

void StripChart::layOut() {
    const QFont font = theme().font(TextStyle::Mono);
    const QFontMetrics metrics(font);
    const QSize key(viewport()->width(), metrics.height());
    const int tokens = trace()->tokenCount();
    if (m_stale || m_run != trace()->current() || key != m_laidOut || tokens < m_geometry.count()) {
        m_geometry = StripGeometry(viewport()->width(), theme().fontScale());
        m_laidOut = key;
        if (m_stale || m_run != trace()->current() || tokens < m_labels.size()) {
            m_labels.clear();
        }
        m_run = trace()->current();
        m_stale = false;
    }
    for (int token = m_geometry.count(); token < tokens; ++token) {
        const std::string& bytes = trace()->token(token).text;
        if (token == m_labels.size()) {
            m_labels.append(tokenLabel(bytes));
        }
        m_geometry.append(metrics.horizontalAdvance(m_labels.at(token)), breaksLine(bytes));
    }
}

double StripChart::valueOf(int token) const {
    if (m_mode == StripMode::Surprise) {
        return surpriseBits(trace()->token(token));
    }
    const trace::RouterTrace* router = trace()->router(token);
    const int layer = layerInView();
    if (router == nullptr || layer >= int(router->moe_layers)) {
        return -1;
    }
    if (m_mode == StripMode::Margin) {
        return hasRunnerUp(*router) ? double(router->margin(uint32_t(layer))) : -1;
    }
    return double(router->weights[size_t(layer) * router->expert_used_count]);
}

bool StripChart::isShown(int token) const {
    if (token < 0 || token >= m_geometry.count()) {
        return false;
    }
    const int row = m_geometry.box(token).row - scroll() / m_geometry.rowPitch();
    return row >= 0 && row < m_geometry.visibleRows(viewport()->height());
}

int StripChart::tokenUnder(const QPoint& at) const {
    const int token = m_geometry.tokenAt(at + QPoint(0, scroll()));
    return isShown(token) ? token : -1;
}

void StripChart::paintChart(QPainter& painter) {
    if (m_geometry.rows() == 0) {
        return;
    }
    painter.translate(0, -scroll());
    const int firstRow = scroll() / m_geometry.rowPitch();
    const int lastRow = std::min(m_geometry.rows(), firstRow + m_geometry.visibleRows(viewport()->height())) - 1;
    const TokenWindow& window = trace()->window();
    for (int token = m_geometry.rowFirst(firstRow); token <= m_geometry.rowLast(lastRow); ++token) {
        if (!window.isEmpty() && token >= window.first && token <= window.last) {
            painter.fillRect(m_geometry.rect(token).united(m_geometry.below(token)).adjusted(-2, -2, 2, 1),
                             theme().color(Color::AccentTint));
        }
        paintToken(painter, token);
    }
    const QColor text = theme().color(Color::Text);
    const int newest = newestToken();
    if (isShown(newest)) {
        paintFrame(painter, m_geometry.rect(newest), text);
    }
    if (isShown(m_hovered)) {
        paintFrame(painter, m_geometry.rect(m_hovered), text);
    }
    const int selected = selection()->state().token;
    if (isShown(selected)) {
        paintSelection(painter, m_geometry.rect(selected));
    }
    painter.resetTransform();
}

void StripChart::paintToken(QPainter& painter, int token) const {
    const QRect box = m_geometry.rect(token);
    // What the filter leaves out keeps its place and its word, without a colour of its own.
    const bool out = !trace()->filter().isEmpty() && !trace()->matches(token, layerInView());
    const int expert = out ? -1 : trace()->topExpert(token, layerInView());
    const double value = out ? -1 : valueOf(token);
    QColor ground = theme().color(out ? Color::Window : Color::Sunken);
    QString below = out ? QString() : QStringLiteral("–");
    if (expert >= 0 && m_mode == StripMode::Expert) {
        ground = theme().expertTint(expert);
        below = QString::number(expert);
    } else if (m_mode == StripMode::Surprise && value >= 0) {
        ground = theme().sequential(value / kSurpriseEnd);
        below = QString::number(value, 'f', value < 9.95 ? 1 : 0);
    } else if (m_mode != StripMode::Expert && value >= 0) {
        ground = theme().sequential(value);
        const int shown =
            m_mode == StripMode::Margin ? marginHundredths(*trace()->router(token), layerInView()) : hundredths(value);
        below = shown < 100 ? gateText(shown / 100.0, false) : QStringLiteral("1.0"); // three characters at most
    }
    painter.fillRect(box, ground);
    if (expert >= 0 && m_mode == StripMode::Expert) {
        const int edge = scaledPx(3);
        painter.fillRect(QRect(box.left(), box.bottom() + 1 - edge, box.width(), edge), theme().expertStrong(expert));
    }
    // Words on a tint are ordinary text; on the ember map black or white.
    const bool onMap = m_mode != StripMode::Expert && value >= 0;
    const QColor text = onMap ? Theme::textOn(ground) : theme().color(out ? Color::TextMuted : Color::Text);
    const QFont font = theme().font(TextStyle::Mono);
    const QFontMetrics metrics(font);
    const int padding = scaledPx(3);
    const QRect line(box.left() + padding, box.top(), box.width() - 2 * padding,
                     box.height() - (m_mode == StripMode::Expert ? scaledPx(2) : 0));
    QString label = m_labels.at(token);
    if (metrics.horizontalAdvance(label) > line.width() + 1 && line.width() > scaledPx(14)) {
        label = metrics.elidedText(label, Qt::ElideRight, line.width());
    }
    int x = line.left();
    if (label.startsWith(QChar(0x00B7))) {
        paintText(painter, QRect(x, line.top(), line.width(), line.height()), Qt::AlignLeft | Qt::AlignVCenter,
                  label.left(1), font, onMap ? text : theme().color(Color::TextMuted));
        x += metrics.horizontalAdvance(label.left(1));
        label.remove(0, 1);
    }
    paintText(painter, QRect(x, line.top(), line.width(), line.height()), Qt::AlignLeft | Qt::AlignVCenter, label, font,
              text);
    const bool selected = token == selection()->state().token;
    const QFont small = axisMonoFont();
    paintText(painter, m_geometry.below(token), Qt::AlignCenter, below, selected ? bold(small) : small,
              theme().color(selected ? Color::AccentText : Color::TextMuted));
}

ReadoutSpan StripChart::windowSpan() const {
    const TokenWindow& window = trace()->window();
    return {tr("window %1–%2, %3 tokens")
                .arg(tokenNumber(window.first), tokenNumber(window.last), groupedText(window.count()))};
}

Readout StripChart::readout() const {
    const int token = m_hovered >= 0 ? m_hovered : selection()->state().token;
    const int count = trace()->tokenCount();
    if (token < 0 || token >= count) {
        return {{count == 1 ? tr("1 token") : tr("%1 tokens").arg(groupedText(count)), ReadoutSpan::Strong},
                {tr("layer %1").arg(layerInView())}};
    }
    const trace::TokenTrace& at = trace()->token(token);
    Readout readout = {{tr("Token %1").arg(tokenNumber(token)), ReadoutSpan::Strong},
                       {tr(" of %1").arg(groupedText(count)), ReadoutSpan::Plain, false},
                       {tokenLabel(at.text), ReadoutSpan::Mono},
                       {tr("id %1").arg(groupedText(at.token))}};
    const double bits = m_mode == StripMode::Surprise ? surpriseBits(at) : -1;
    if (bits >= 0) {
        readout.append({tr("surprise %1 bits").arg(bitsText(bits))});
    }
    const trace::RouterTrace* router = trace()->router(token);
    const int layer = layerInView();
    if (router != nullptr && layer < int(router->moe_layers)) {
        const size_t first = size_t(layer) * router->expert_used_count;
        readout.append({tr("expert "), ReadoutSpan::Plain});
        readout.append({QString::number(router->experts[first]), ReadoutSpan::Strong, false});
        readout.append({tr(", gate %1").arg(gateText(double(router->weights[first]))), ReadoutSpan::Plain, false});
        if (hasRunnerUp(*router)) {
            readout.append({tr("runner-up %1, %2")
                                .arg(router->runner_up[size_t(layer)])
                                .arg(gateText(double(router->runner_up_prob[size_t(layer)])))});
        }
    } else {
        readout.append({tr("no routing recorded")});
    }
    readout.append({tokenClassName(tokenClass(at.text))});
    if (!trace()->window().isEmpty()) {
        readout.append(windowSpan());
    }
    return readout;
}

QString StripChart::tipAt(const QPoint& at) const {
    const int token = tokenUnder(at);
    if (token < 0) {
        return {};
    }
    const trace::TokenTrace& trace = this->trace()->token(token);
    QList<QPair<QString, QString>> rows = {
        {tr("Text"), tokenLabel(trace.text)},
        {tr("Id"), groupedText(trace.token)},
        {tr("Position in the context"), positionNumber(static_cast<int>(trace.position))},
        {tr("Class"), tokenClassName(tokenClass(trace.text))}};
    const trace::RouterTrace* router = this->trace()->router(token);
    const int layer = layerInView();
    if (router != nullptr && layer < int(router->moe_layers)) {
        const size_t first = size_t(layer) * router->expert_used_count;
        rows.append({tr("Expert in layer %1").arg(layer), QString::number(router->experts[first])});
        rows.append({tr("Gate"), gateText(double(router->weights[first]))});
        if (hasRunnerUp(*router)) {
            rows.append({tr("Runner-up"), QString::number(router->runner_up[size_t(layer)])});
            rows.append({tr("Its gate"), gateText(double(router->runner_up_prob[size_t(layer)]))});
            rows.append({tr("Margin"), marginText(*router, layer)});
        }
    }
    if (const double bits = surpriseBits(trace); bits >= 0) {
        rows.append({tr("Surprise"), tr("%1 bits").arg(bitsText(bits))});
    }
    return tooltipTable(tr("Token %1 of %2").arg(tokenNumber(token), groupedText(this->trace()->tokenCount())), rows);
}

bool StripChart::hover(const QPoint* at) {
    const int next = at != nullptr ? tokenUnder(*at) : -1;
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void StripChart::mousePressEvent(QMouseEvent* event) {
    const int token = tokenUnder(event->pos());
    if (event->button() == Qt::LeftButton && event->modifiers().testFlag(Qt::ShiftModifier) && token >= 0) {
        extendWindow(token);
        return;
    }
    ChartView::mousePressEvent(event);
}

void StripChart::extendWindow(int token) {
    if (m_anchor < 0) {
        m_anchor = std::max(0, selection()->state().token);
    }
    trace()->setWindow({m_anchor, token});
}

void StripChart::step(int token, bool extends) {
    if (extends) {
        extendWindow(token);
    } else {
        m_anchor = -1;
    }
    chooseToken(token);
}

void StripChart::click(const QPoint& at) {
    m_anchor = -1;
    chooseToken(tokenUnder(at));
}

bool StripChart::useKey(QKeyEvent* event) {
    const int last = m_geometry.count() - 1;
    if (last < 0) {
        return false;
    }
    const int token = std::min(selection()->state().token, last);
    const int from = std::max(0, token);
    const int row = m_geometry.box(from).row;
    const bool control = event->modifiers().testFlag(Qt::ControlModifier);
    const bool shift = event->modifiers().testFlag(Qt::ShiftModifier);
    const int page = m_geometry.visibleRows(viewport()->height());
    switch (event->key()) {
    case Qt::Key_Left:
        if (control) {
            return false;
        }
        step(std::max(0, from - 1), shift);
        return true;
    case Qt::Key_Right:
        if (control) {
            return false;
        }
        step(token < 0 ? 0 : std::min(last, from + 1), shift);
        return true;
    case Qt::Key_Up: step(m_geometry.neighbour(from, -1), shift); return true;
    case Qt::Key_Down: step(m_geometry.neighbour(from, 1), shift); return true;
    case Qt::Key_Home: step(control ? 0 : m_geometry.rowFirst(row), shift); return true;
    case Qt::Key_End: step(control ? last : m_geometry.rowLast(row), shift); return true;
    case Qt::Key_PageUp: step(m_geometry.neighbour(from, -std::min(page, row)), shift); return true;
    case Qt::Key_PageDown:
        step(m_geometry.neighbour(from, std::min(page, m_geometry.rows() - 1 - row)), shift);
        return true;
    case Qt::Key_Escape:
        if (trace()->window().isEmpty()) {
            return false;
        }
        m_anchor = -1;
        trace()->setWindow({});
        return true;
    default: return false;
    }
}

void StripChart::revealSelection() {
    const int token = selection()->state().token;
    if (token >= 0 && token < m_geometry.count()) {
        setScroll(m_geometry.scrollTo(token, scroll(), viewport()->height()));
    }
}

} // namespace moescope::ui
