// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/probabilitiespanel.h"

#include "ui/models/conversation.h"
#include "ui/models/tokentext.h"
#include "ui/widgets/tabletwin.h"

namespace moescope::ui {

ProbabilitiesPanel::ProbabilitiesPanel(TraceModel* trace, Selection* selection, QWidget* parent)
    : PanelFrame(QStringLiteral("probabilities"), QStringLiteral("step"), tr("Token probabilities"), {340, 180},
                 parent) {
    bind(trace, selection);
    m_candidates = new ProbabilitiesChart(trace, selection, this);
    m_rows = new TokenProbabilitiesTable(this);
    connect(m_candidates, &ProbabilitiesChart::branchRequested, this, [this](int candidate) {
        const SelectionState& state = this->selection()->state();
        emit branchRequested(state.run, state.token, candidate);
    });
    connect(twin(), &TableTwin::sourceRowActivated, m_candidates, &ProbabilitiesChart::activate);
    setChart(m_candidates, m_rows);
}

void ProbabilitiesPanel::refresh() {
    const int token = selection()->state().token;
    const trace::TokenTrace* at = token >= 0 && token < trace()->tokenCount() ? &trace()->token(token) : nullptr;
    const TokenProbabilities probabilities = at != nullptr ? TokenProbabilities::of(*at) : TokenProbabilities();
    m_rows->setProbabilities(probabilities);
    m_candidates->setProbabilities(probabilities, selection()->state());
    if (at == nullptr) {
        setInfo({});
        if (trace()->isReadingPrompt()) {
            setEmpty(tr("Reading the prompt"), tr("The candidates of the first token appear with it."));
        } else {
            setEmpty(tr("No token selected"), tr("Click a word of an answer, or press Ctrl+Right."));
        }
        return;
    }
    Readout info = {{tr("token %1 ").arg(tokenNumber(token))}, {tokenLabel(at->text), ReadoutSpan::Mono, false}};
    if (const double bits = surpriseBits(*at); bits >= 0) {
        info.append({tr(", surprise %1 bits").arg(bitsText(bits)), ReadoutSpan::Plain, false});
    }
    setInfo(info);
    if (!at->candidates.empty()) {
        setEmpty({}, {});
    } else if (!at->generated) {
        setEmpty(tr("A token of the prompt"), tr("It was read, not sampled, so nothing else could have stood here."));
    } else {
        setEmpty(tr("No candidates recorded"),
                 tr("This answer was kept without them. Regenerate it, and its new version has them."));
    }
}

int ProbabilitiesPanel::selectedRow() const { return m_candidates->cursor(); }

void ProbabilitiesPanel::selectRow(int row) { m_candidates->setCursor(row); }

} // namespace moescope::ui
