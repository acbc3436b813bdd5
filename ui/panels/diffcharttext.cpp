// SPDX-License-Identifier: Apache-2.0
// The words of What-if diff: headings, readout and tooltip.
#include "ui/models/conversation.h"
#include "ui/models/tokenprobabilities.h"
#include "ui/models/tokentext.h"
#include "ui/panels/chartpaint.h"
#include "ui/panels/diffchart.h"

namespace moescope::ui {

QString DiffChart::barsTitle() const {
    return m_diff->hasDivergence() ? tr("KL(A || B) by token, n = %1").arg(groupedText(m_geometry.tokens))
                                   : tr("KL(A || B) by token is not computed");
}

QStringList DiffChart::barsFigures() const {
    if (!m_diff->hasDivergence() || m_geometry.tokens == 0) {
        return {};
    }
    const double sum = m_diff->sumKl();
    const QStringList amounts{tr("mean %1 bits").arg(bitsText(sum / m_geometry.tokens)),
                              tr("sum %1 bits").arg(bitsText(sum))};
    const QString highest = tr("highest %1 bits").arg(bitsText(m_diff->mostKl()));
    const QStringList merged = m_geometry.merged > 1
                                   ? QStringList{tr("a bar is the highest of %1 tokens").arg(m_geometry.merged)}
                                   : QStringList();
    const QString separator = QStringLiteral(" · ");
    QStringList wordings{(amounts + QStringList{highest} + merged).join(separator)};
    for (const QStringList& shorter : {amounts + merged, amounts, QStringList{amounts.first()}}) {
        wordings.append(shorter.join(separator));
    }
    return wordings;
}

QString DiffChart::letter(int which) const { return which == kA ? tr("A") : tr("B"); }

QString DiffChart::sideWords(int which) const { return which == kA ? tr("untouched") : m_diff->recipe(); }

QString DiffChart::sideName(int which) const {
    const int version = side(which).version;
    return version > 0 ? tr("%1 version %2, %3").arg(letter(which)).arg(version).arg(sideWords(which))
                       : tr("%1 %2").arg(letter(which), sideWords(which));
}

QString DiffChart::headText(int which, int width) const {
    return fittingText({sideName(which), tr("%1 %2").arg(letter(which), sideWords(which))},
                       bold(theme().font(TextStyle::Small)), width);
}

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
            readout.append({QLatin1Char(' ') + tr("raw %1").arg(percentWords(double(word.probability))),
                            ReadoutSpan::Plain, false});
        }
    }
    if (m_diff->kl(at.a) >= 0) {
        readout.append({tr("KL %1 bits").arg(bitsText(m_diff->kl(at.a)))});
        if (!at.isPair()) {
            readout.append({tr("B would give A’s token %1").arg(percentWords(m_diff->probabilityB(row)))});
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
