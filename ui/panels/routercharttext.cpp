// SPDX-License-Identifier: Apache-2.0
// The words of RouterChart: its readout and its tooltips.
#include "ui/models/conversation.h"
#include "ui/models/tabularmodel.h"
#include "ui/models/tokentext.h"
#include "ui/panels/chartpaint.h"
#include "ui/panels/routerchart.h"

namespace moescope::ui {

namespace {

QString value(double number) { return fixedText(number, 2); }

} // namespace

Readout RouterChart::layerReadout(int layer) const {
    const UncertaintySpread& spread = m_uncertainty->spread(layer);
    Readout readout = {{tr("Layer %1").arg(layer), ReadoutSpan::Strong}};
    if (isRecorded(0)) {
        readout.append({tr("median %1 bits").arg(value(spread.entropy[kMedian]))});
    }
    if (isRecorded(1)) {
        const QString margin = value(spread.margin[kMedian]);
        readout.append({isRecorded(0) ? tr("margin %1").arg(margin) : tr("median margin %1").arg(margin)});
    }
    readout.append({tr("n = %1").arg(groupedText(std::max(spread.n, spread.entropy_n)))});
    if (isRecorded(0) && isRecorded(1) && spread.entropy_n != spread.n) {
        readout.append({tr("entropy of %1").arg(groupedText(spread.entropy_n))});
    }
    if (spread.n > 0) {
        readout.append({tr("%1 close calls (%2 %)")
                            .arg(groupedText(spread.close_calls))
                            .arg(100.0 * spread.close_calls / spread.n, 0, 'f', 1)});
    }
    return readout;
}

Readout RouterChart::tokenReadout(int token) const {
    const TokenUncertainty own = m_uncertainty->token(token);
    const TokenUncertainty mean = m_uncertainty->slidingMean(token);
    const auto words = [](const TokenUncertainty& of) {
        QStringList parts;
        if (of.entropy >= 0) {
            parts.append(tr("%1 bits").arg(value(of.entropy)));
        }
        if (of.margin >= 0) {
            parts.append(tr("margin %1").arg(value(of.margin)));
        }
        return parts.isEmpty() ? QStringList(tr("not recorded")) : parts;
    };
    Readout readout = {{tr("Token %1").arg(tokenNumber(token)), ReadoutSpan::Strong}};
    QStringList means = words(mean);
    means.first() = tr("mean of %1: %2").arg(RouterUncertainty::kWindow).arg(means.first());
    for (const QString& part : std::as_const(means)) {
        readout.append({part});
    }
    readout.append({tokenLabel(trace()->token(token).text), ReadoutSpan::Mono});
    readout.append({tr("itself: %1, n = %2 layers")
                        .arg(words(own).join(QStringLiteral(", ")))
                        .arg(m_uncertainty->shape().layers)});
    return readout;
}

Readout RouterChart::readout() const {
    const SelectionState& state = selection()->state();
    const bool there = state.token >= 0 && state.token < m_uncertainty->tokens() && trace()->tokenCount() > state.token;
    if (m_mode == RouterMode::Time) {
        const int token = m_hovered >= 0 ? m_hovered : there ? state.token : -1;
        if (token >= 0) {
            return tokenReadout(token);
        }
        return {
            {tr("Mean of %1 tokens over %2 layers").arg(RouterUncertainty::kWindow).arg(m_uncertainty->shape().layers)},
            {tr("n = %1").arg(groupedText(m_uncertainty->n()))}};
    }
    if (m_hovered >= 0 && m_hovered < m_uncertainty->shape().layers) {
        return layerReadout(m_hovered);
    }
    Readout readout;
    if (there) {
        readout.append({tr("○ token %1").arg(tokenNumber(state.token))});
    }
    readout.append({tr("box 25–75 %, n = %1").arg(groupedText(m_uncertainty->n()))});
    if (there && state.layer >= 0 && state.layer < m_uncertainty->shape().layers) {
        const Shares own = sharesOf(state.token, state.layer);
        QString words = tr("layer %1: ").arg(state.layer);
        words += own.of[0] >= 0 ? tr("%1 bits").arg(value(own.of[0] * m_uncertainty->maxEntropy())) : tr("no entropy");
        words +=
            own.of[1] >= 0 ? tr(", margin %1").arg(marginText(*trace()->router(state.token), state.layer)) : QString();
        readout.append({words});
    }
    readout.append({tr("bar 10–90 %")});
    if (m_uncertainty->entropyN() != m_uncertainty->n()) {
        readout.append({tr("entropy of %1 tokens").arg(groupedText(m_uncertainty->entropyN()))});
    }
    return readout;
}

QString RouterChart::tipAt(const QPoint& at) const {
    const int mark = markAt(at);
    if (mark < 0 || m_uncertainty->n() < RouterUncertainty::kLeast) {
        return {};
    }
    if (m_mode == RouterMode::Time) {
        const TokenUncertainty own = m_uncertainty->token(mark);
        const TokenUncertainty mean = m_uncertainty->slidingMean(mark);
        return tooltipTable(tr("Token %1").arg(tokenNumber(mark)),
                            {{tr("Entropy, mean of its layers"), tr("%1 bits").arg(value(own.entropy))},
                             {tr("Entropy, mean of 16 tokens"), tr("%1 bits").arg(value(mean.entropy))},
                             {tr("Margin, mean of its layers"), value(own.margin)},
                             {tr("Margin, mean of 16 tokens"), value(mean.margin)}});
    }
    const UncertaintySpread& spread = m_uncertainty->spread(mark);
    const auto range = [](const Percentiles& values, size_t low, size_t high) {
        return values[low] < 0 ? QStringLiteral("–")
                               : QStringLiteral("%1–%2").arg(value(values[low]), value(values[high]));
    };
    return tooltipTable(tr("Layer %1").arg(mark),
                        {{tr("Entropy, median"), tr("%1 bits").arg(value(spread.entropy[kMedian]))},
                         {tr("Entropy, 25–75 %"), tr("%1 bits").arg(range(spread.entropy, 1, 3))},
                         {tr("Entropy, 10–90 %"), tr("%1 bits").arg(range(spread.entropy, 0, 4))},
                         {tr("n of entropy"), groupedText(spread.entropy_n)},
                         {tr("Margin, median"), value(spread.margin[kMedian])},
                         {tr("Margin, 25–75 %"), range(spread.margin, 1, 3)},
                         {tr("Margin, 10–90 %"), range(spread.margin, 0, 4)},
                         {tr("Close calls, below 0.10"), groupedText(spread.close_calls)},
                         {tr("n of margin"), groupedText(spread.n)}});
}

} // namespace moescope::ui
