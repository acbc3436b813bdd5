// SPDX-License-Identifier: Apache-2.0
// The words of Attention: readout and tooltip.
#include "ui/models/conversation.h"
#include "ui/models/tokentext.h"
#include "ui/panels/attentionchart.h"
#include "ui/panels/chartpaint.h"

#include <tuple>

namespace moescope::ui {

Readout AttentionChart::readout() const {
    if (m_state.isEmpty()) {
        return {};
    }
    const int head = m_opened >= 0 ? m_opened : m_hoveredHead >= 0 ? m_hoveredHead : m_head;
    Readout readout = {{tr("Layer %1, head %2").arg(m_state.layer()).arg(head), ReadoutSpan::Strong}};
    int first = m_state.top(head);
    int last = first;
    if (m_hoveredTop >= 0) {
        first = last = m_tops.at(m_hoveredTop);
    } else if (m_hoveredBin >= 0) {
        std::tie(first, last) = positionsOf(m_hoveredBin);
    } else {
        readout.append({tr("first token %1").arg(partText(m_state.weight(head, 0)))});
        if (m_state.hasLearnedSinks()) {
            readout.append({tr("learned sink %1").arg(partText(m_state.learnedSink(head)))});
        }
        readout.append({tr("most on ")});
        readout.append({m_state.token(first), ReadoutSpan::Mono, false});
        readout.append({tr(" at %1, %2").arg(positionNumber(first), partText(m_state.weight(head, first))),
                        ReadoutSpan::Plain, false});
        return readout;
    }
    const double weight = m_state.maximum(head, first, last);
    if (first == last) {
        readout.append({m_state.token(first), ReadoutSpan::Mono});
        readout.append(
            {tr("position %1, %2 back").arg(positionNumber(first), groupedText(m_state.position() - first))});
        readout.append({partText(weight)});
        readout.append({m_state.messageAt(first)});
    } else {
        readout.append({tr("positions %1–%2").arg(positionNumber(first), positionNumber(last))});
        readout.append({tr("at most %1").arg(partText(weight))});
    }
    return readout;
}

QString AttentionChart::tipAt(const QPoint& at) const {
    const int head = m_opened >= 0 ? m_opened : m_geometry.headAt(at, scroll());
    if (m_state.isEmpty() || head < 0 || (m_opened >= 0 && !m_geometry.window.contains(at))) {
        return {};
    }
    const int bin = m_geometry.binAt(at.x());
    QList<QPair<QString, QString>> rows;
    if (bin >= 0) {
        const auto [first, last] = positionsOf(bin);
        rows = {{first == last ? tr("Position") : tr("Positions"),
                 first == last ? positionNumber(first)
                               : QStringLiteral("%1–%2").arg(positionNumber(first), positionNumber(last))},
                {first == last ? tr("Weight") : tr("Most weight"), partText(m_state.maximum(head, first, last))}};
        if (first == last) {
            rows.append({{tr("Token"), m_state.token(first)}, {tr("Message"), m_state.messageAt(first)}});
        }
    } else {
        rows = {{tr("Sink (first token)"), partText(m_state.weight(head, 0))}};
        if (m_state.hasLearnedSinks()) {
            rows.append({tr("Learned sink"), partText(m_state.learnedSink(head))});
        }
    }
    return tooltipTable(tr("Layer %1, head %2").arg(m_state.layer()).arg(head), rows);
}

} // namespace moescope::ui
