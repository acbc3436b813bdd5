// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/pathchart.h"

#include "ui/models/routingtables.h"
#include "ui/panels/chartpaint.h"

#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>

#include <cmath>

namespace moescope::ui {

namespace {

/** "layers 2 and 3", "layer 4", "12 of 48 layers". */
QString layerList(const QList<int>& layers, int all) {
    if (layers.size() > 6) {
        return PathChart::tr("%1 of %2 layers").arg(layers.size()).arg(all);
    }
    if (layers.size() == 1) {
        return PathChart::tr("layer %1").arg(layers.first());
    }
    QStringList names;
    for (const int layer : layers) {
        names.append(QString::number(layer));
    }
    const QString last = names.takeLast();
    return PathChart::tr("layers %1 and %2").arg(names.join(QStringLiteral(", ")), last);
}

} // namespace

PathChart::PathChart(TraceModel* trace, Selection* selection, QWidget* parent) : ChartView(trace, selection, parent) {
    setAccessibleName(tr("Path of the token through the layers"));
}

const trace::RouterTrace* PathChart::router() const { return trace()->router(selection()->state().token); }

void PathChart::sync() {
    const TraceShape& shape = trace()->shape();
    m_geometry = PathGeometry::of(viewport()->size(), shape.layers, shape.experts, shape.used, theme().fontScale(),
                                  QFontMetrics(axisFont()).horizontalAdvance(tr("Expert, gate")));
    setScrollRange(m_geometry.scroll_max, m_geometry.window.height(), m_geometry.row_height);
    m_hovered = m_hovered < shape.layers ? m_hovered : -1;
}

void PathChart::paintChart(QPainter& painter) {
    const trace::RouterTrace* router = this->router();
    if (router == nullptr) {
        return;
    }
    painter.save();
    painter.setClipRect(m_geometry.window);
    for (int layer = 0; layer < m_geometry.layers; ++layer) {
        if (m_geometry.row(layer, scroll()).intersects(m_geometry.window)) {
            const int token = selection()->state().token;
            painter.setOpacity(trace()->filter().isEmpty() || trace()->matches(token, layer) ? 1 : kFilteredOut);
            paintLayer(painter, *router, layer);
        }
    }
    painter.restore();
    paintHeader(painter, !router->probs.empty());
}

void PathChart::paintHeader(QPainter& painter, bool gates) const {
    const QColor muted = theme().color(Color::TextMuted);
    const QFont font = axisFont();
    const QRect line(0, scaledPx(11), viewport()->width(), scaledPx(16));
    const auto leftAt = [&](int x, const QString& text) {
        paintText(painter, QRect(x, line.top(), 200, line.height()), Qt::AlignLeft | Qt::AlignVCenter, text, font,
                  muted);
    };
    const auto rightAt = [&](int x, const QString& text) {
        paintText(painter, QRect(x - 200, line.top(), 200, line.height()), Qt::AlignRight | Qt::AlignVCenter, text,
                  font, muted);
    };
    if (m_geometry.gate_width > 0) {
        const QString words = gates ? tr("√ of all %1 gates").arg(m_geometry.experts) : tr("Gates not kept");
        const QString less = gates ? tr("√ of gates") : tr("No gates");
        const int room = m_geometry.chips_left - scaledPx(8) - m_geometry.gates_left;
        leftAt(m_geometry.gates_left, QFontMetrics(font).horizontalAdvance(words) <= room ? words : less);
    }
    if (m_geometry.used > 1) {
        leftAt(m_geometry.chips_left, tr("%1 experts, gate of the last").arg(m_geometry.used));
    } else {
        leftAt(m_geometry.chips_left, tr("Expert, gate"));
        leftAt(m_geometry.bars_left, QStringLiteral("0"));
    }
    rightAt(m_geometry.bars_left + m_geometry.bars_width, QStringLiteral("1"));
    rightAt(m_geometry.runner_gate_right, tr("Runner-up"));
    rightAt(m_geometry.margin_right, tr("Margin"));
}

void PathChart::paintLayer(QPainter& painter, const trace::RouterTrace& router, int layer) const {
    const auto index = size_t(layer);
    const size_t first = index * router.expert_used_count;
    const size_t last = first + router.expert_used_count - 1;
    const bool selected = layer == selection()->state().layer;
    const bool rivals = hasRunnerUp(router);
    const QRect row = m_geometry.row(layer, scroll());
    const QFont mono = theme().font(TextStyle::Mono);
    const QColor text = theme().color(Color::Text);
    const QColor secondary = theme().color(Color::TextSecondary);
    if (selected) {
        paintRowBand(painter, row, theme().color(Color::AccentTint));
    } else if (layer == m_hovered) {
        paintRowBand(painter, row, theme().color(Color::Hover));
    }
    const auto rightAt = [&](int x, const QString& words, const QFont& font, const QColor& color) {
        paintText(painter, QRect(x - 90, row.top(), 90, row.height()), Qt::AlignRight | Qt::AlignVCenter, words, font,
                  color);
    };
    const QFont label = axisMonoFont();
    rightAt(m_geometry.label_right, QStringLiteral("L%1").arg(layer), selected ? bold(label) : label,
            theme().color(selected ? Color::Text : Color::TextMuted));
    if (!router.probs.empty()) {
        paintGates(painter, router, layer);
    }
    for (int k = 0; k < m_geometry.chips; ++k) {
        const QRect chip = m_geometry.chip(layer, k, scroll());
        const int expert = router.experts[first + size_t(k)];
        const int edge = scaledPx(4);
        const bool more = k + 1 == m_geometry.chips && m_geometry.chips < m_geometry.used;
        if (more) {
            paintText(painter, chip, Qt::AlignCenter, tr("+%1").arg(m_geometry.used - k), label, secondary);
            continue;
        }
        painter.fillRect(chip, theme().expertTint(expert));
        painter.fillRect(QRect(chip.left(), chip.top(), edge, chip.height()), theme().expertStrong(expert));
        paintText(painter, chip.adjusted(edge, 0, 0, 0), Qt::AlignCenter, QString::number(expert),
                  expert > 99 ? label : mono, text);
    }
    const int lastExpert = router.experts[last];
    // With one expert a token the gate is its weight; with several the bars compare probabilities.
    const double gate = double(router.expert_used_count == 1 ? router.weights[first] : router.chosen_probs[last]);
    rightAt(m_geometry.gate_text_right, gateText(gate), mono, text);
    painter.fillRect(m_geometry.track(layer, scroll()), theme().color(selected ? Color::Panel : Color::Window));
    painter.fillRect(m_geometry.upperBar(layer, double(router.chosen_probs[last]), scroll()),
                     theme().expertStrong(lastExpert));
    if (!rivals) {
        rightAt(m_geometry.runner_gate_right, QStringLiteral("–"), mono, secondary);
        rightAt(m_geometry.margin_right, QStringLiteral("–"), mono, secondary);
        return;
    }
    const double second = double(router.runner_up_prob[index]);
    painter.fillRect(m_geometry.lowerBar(layer, second, scroll()), theme().expertStrong(router.runner_up[index]));
    rightAt(m_geometry.runner_right, QString::number(router.runner_up[index]), mono, secondary);
    rightAt(m_geometry.runner_gate_right, gateText(second), mono, secondary);
    const bool close = isCloseCall(router, layer);
    rightAt(m_geometry.margin_right, marginText(router, layer), close ? bold(mono) : mono,
            close ? theme().color(Color::Warn) : text);
}

void PathChart::paintGates(QPainter& painter, const trace::RouterTrace& router, int layer) const {
    if (m_geometry.gate_width == 0) {
        return;
    }
    const float* probs = router.probs.data() + size_t(layer) * router.expert_count;
    for (int column = 0; column < m_geometry.gate_columns; ++column) {
        float most = 0;
        const int first = column * m_geometry.merged;
        for (int expert = first; expert < std::min(first + m_geometry.merged, m_geometry.experts); ++expert) {
            most = std::max(most, probs[expert]);
        }
        painter.fillRect(m_geometry.gate(layer, column, scroll()), theme().sequential(std::sqrt(double(most))));
    }
    const SelectionState& state = selection()->state();
    for (uint32_t k = 0; k < router.expert_used_count; ++k) {
        const int expert = router.experts[size_t(layer) * router.expert_used_count + k];
        const QRect mark = m_geometry.gate(layer, expert / m_geometry.merged, scroll());
        if (layer != state.layer || expert != state.expert) {
            paintFrame(painter, mark.adjusted(-1, -1, 1, 1), theme().color(Color::Panel));
            paintFrame(painter, mark.adjusted(-2, -2, 2, 2), theme().color(Color::Text));
        }
    }
    if (layer == state.layer && state.expert >= 0 && state.expert < m_geometry.experts) {
        paintSelection(painter, m_geometry.gate(layer, state.expert / m_geometry.merged, scroll()));
    }
}

Readout PathChart::layerReadout(const trace::RouterTrace& router, int layer) const {
    Readout readout = {{tr("Layer %1").arg(layer), ReadoutSpan::Strong},
                       {router.expert_used_count == 1
                            ? tr("expert %1, gate %2")
                                  .arg(expertsText(router, layer),
                                       gateText(double(router.weights[size_t(layer) * router.expert_used_count])))
                            : tr("experts %1").arg(expertsText(router, layer))}};
    if (hasRunnerUp(router)) {
        readout.append({tr("runner-up %1, %2")
                            .arg(router.runner_up[size_t(layer)])
                            .arg(gateText(double(router.runner_up_prob[size_t(layer)])))});
        readout.append({tr("margin %1").arg(marginText(router, layer))});
    }
    const double bits = routerEntropy(router, layer);
    if (bits >= 0) {
        readout.append({tr("entropy %1 bits").arg(gateText(bits))});
    }
    return readout;
}

Readout PathChart::readout() const {
    const trace::RouterTrace* router = this->router();
    if (router == nullptr) {
        return {{tr("No token selected")}};
    }
    if (m_hovered >= 0) {
        return layerReadout(*router, m_hovered);
    }
    QList<int> close;
    double bits = 0;
    for (int layer = 0; layer < int(router->moe_layers); ++layer) {
        if (hasRunnerUp(*router) && isCloseCall(*router, layer)) {
            close.append(layer);
        }
        bits += routerEntropy(*router, layer);
    }
    Readout readout;
    if (close.isEmpty()) {
        readout = {{tr("No close call: every margin is at least 0.10")}};
    } else {
        const bool wide = viewport()->width() >= scaledPx(440);
        readout = {{wide ? tr("Close calls, margin below 0.10: ") : tr("Close calls: ")},
                   {layerList(close, int(router->moe_layers)), ReadoutSpan::Strong, false}};
    }
    if (router->probs.empty()) {
        readout.append({tr("no entropy: gates not kept")});
    } else {
        readout.append(
            {tr("mean entropy %1 bits, n = %2").arg(bits / router->moe_layers, 0, 'f', 2).arg(router->moe_layers)});
    }
    return readout;
}

QString PathChart::tipAt(const QPoint& at) const {
    const trace::RouterTrace* router = this->router();
    const int layer = m_geometry.layerAt(at, scroll());
    if (router == nullptr || layer < 0) {
        return {};
    }
    const int column = m_geometry.expertAt(at, scroll());
    if (column >= 0 && router->probs.empty()) {
        return tr("Only the chosen gates were kept for this token. All of them are kept while this panel is open.");
    }
    if (column >= 0) {
        const float gate = router->probs[size_t(layer) * router->expert_count + size_t(column)];
        return tooltipTable(tr("Layer %1, expert %2").arg(layer).arg(column),
                            {{tr("Probability"), QString::number(double(gate), 'f', 3)}});
    }
    QList<QPair<QString, QString>> rows;
    const size_t first = size_t(layer) * router->expert_used_count;
    for (uint32_t k = 0; k < router->expert_used_count; ++k) {
        rows.append(
            {tr("Gate of expert %1").arg(router->experts[first + k]), gateText(double(router->weights[first + k]))});
    }
    if (hasRunnerUp(*router)) {
        rows.append({tr("Runner-up, expert %1").arg(router->runner_up[size_t(layer)]),
                     gateText(double(router->runner_up_prob[size_t(layer)]))});
        rows.append({tr("Margin"), marginText(*router, layer)});
    }
    const double bits = routerEntropy(*router, layer);
    if (bits >= 0) {
        rows.append({tr("Entropy over %1 experts").arg(router->expert_count), tr("%1 bits").arg(gateText(bits))});
    }
    return tooltipTable(tr("Layer %1").arg(layer), rows);
}

bool PathChart::hover(const QPoint* at) {
    const int next = at != nullptr ? m_geometry.layerAt(*at, scroll()) : -1;
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void PathChart::click(const QPoint& at) {
    chooseLayer(m_geometry.layerAt(at, scroll())); // the row is what is outlined, wherever in it the pointer is
}

bool PathChart::useKey(QKeyEvent* event) {
    if (event->modifiers().testFlag(Qt::ControlModifier)) {
        return false;
    }
    const int token = selection()->state().token;
    switch (event->key()) {
    case Qt::Key_Up: chooseLayer(layerInView() - 1); return true;
    case Qt::Key_Down: chooseLayer(layerInView() + 1); return true;
    case Qt::Key_Home: chooseLayer(0); return true;
    case Qt::Key_End: chooseLayer(m_geometry.layers - 1); return true;
    case Qt::Key_Left: chooseToken(token - 1); return true;
    case Qt::Key_Right: chooseToken(token + 1); return true;
    default: return false;
    }
}

void PathChart::revealSelection() {
    const int layer = selection()->state().layer;
    if (layer >= 0 && layer < m_geometry.layers) {
        setScroll(m_geometry.scrollTo(layer, scroll()));
    }
}

} // namespace moescope::ui
