// SPDX-License-Identifier: Apache-2.0
// The words of What-if diff: readout and tooltip.
#include "ui/models/tokentext.h"
#include "ui/panels/diffchart.h"

namespace moescope::ui {

Readout DiffChart::rowReadout(int row) const {
    const DiffRow& at = m_diff->rows().at(row);
    const bool parting = isParting(row);
    const QString number = tokenNumber(std::max(at.a, at.a < 0 ? at.b : 0));
    Readout readout = parting
                          ? Readout{{tr("Text parts at ")}, {tr("token %1").arg(number), ReadoutSpan::Strong, false}}
                          : Readout{{tr("Token %1").arg(number), ReadoutSpan::Strong}};
    // Where the answers part, both words; elsewhere what stands in this row.
    for (const int which : {kA, kB}) {
        const int token = parting ? m_diff->prefix() : tokenOf(row, which);
        if (token >= 0 && token < side(which).tokens.size()) {
            const trace::TokenTrace& word = *side(which).tokens.at(token);
            readout.append({which == kA ? tr("A ") : tr("B ")});
            readout.append({tokenLabel(word.text), ReadoutSpan::Mono, false});
            readout.append({QLatin1Char(' ') + probabilityText(double(word.probability)), ReadoutSpan::Plain, false});
        }
    }
    if (m_diff->kl(at.a) >= 0) {
        readout.append({tr("KL %1 bits").arg(klText(m_diff->kl(at.a)))});
        if (!at.isPair()) {
            readout.append({tr("B would give A’s token %1").arg(probabilityText(m_diff->probabilityB(row)))});
        }
    }
    const int layer = layerInView();
    const int a = m_diff->expertA(row, layer);
    const int b = m_diff->expertB(row, layer);
    if (a >= 0 && b >= 0) {
        readout.append({a == b ? tr("layer %1: expert %2 in both").arg(layer).arg(a)
                               : tr("layer %1: expert %2, B %3").arg(layer).arg(a).arg(b)});
        readout.append({tr("%1 of %2 layers alike").arg(m_diff->sameLayers(row)).arg(m_diff->layers())});
    }
    readout.append(alignedPart());
    return readout;
}

ReadoutSpan DiffChart::alignedPart() const {
    return {tr("n = %1 of %2 tokens aligned").arg(m_diff->pairs()).arg(m_diff->untouched().tokens.size())};
}

Readout DiffChart::readout() const {
    if (m_diff->isEmpty()) {
        return {};
    }
    const int shown = m_hovered >= 0 ? m_hovered : row();
    if (shown >= 0) {
        return rowReadout(shown);
    }
    Readout readout;
    const int first = m_diff->firstDifference();
    readout.append({first < 0 ? tr("The answers are the same") : tr("Text parts at token %1").arg(tokenNumber(first)),
                    ReadoutSpan::Strong});
    const WhatIfDiff::Place routing = m_diff->firstRoutingDifference();
    if (routing.row >= 0) {
        readout.append({tr("routing parts at token %1, layer %2").arg(tokenNumber(routing.row)).arg(routing.layer)});
    }
    readout.append(alignedPart());
    return readout;
}

QString DiffChart::tipAt(const QPoint& at) const {
    for (const int which : {kA, kB}) {
        const QRect head(m_geometry.left[which], m_geometry.heads.top(), m_geometry.column, m_geometry.heads.height());
        if (head.contains(at) && !m_diff->isEmpty()) {
            return sideName(which).toHtmlEscaped(); // the head may be too narrow for it
        }
    }
    const int row = rowAt(at);
    return row < 0 ? QString() : readoutText(rowReadout(row)).toHtmlEscaped();
}

} // namespace moescope::ui
