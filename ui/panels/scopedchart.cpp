// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/scopedchart.h"

namespace moescope::ui {

ScopedChart::ScopedChart(TraceModel* trace, Selection* selection, QWidget* parent)
    : ChartView(trace, selection, parent) {
    connect(trace, &TraceModel::chatChanged, this, [this] {
        if (showsChat()) {
            invalidate();
        }
    });
    connect(trace, &TraceModel::windowChanged, this, [this] {
        if (m_scope == Scope::Window) {
            invalidate();
        }
    });
}

void ScopedChart::setScope(Scope scope) {
    if (scope != m_scope) {
        m_scope = scope;
        invalidate();
    }
}

Readout ScopedChart::readout() const {
    Readout readout = markReadout();
    const int leftOut = m_scope == Scope::Chat ? trace()->whatIfAnswers() : 0;
    if (leftOut > 0) {
        // Second, where it is not the first to be cut.
        readout.insert(
            std::min(qsizetype{1}, readout.size()),
            {leftOut == 1 ? tr("1 what-if answer left out") : tr("%1 what-if answers left out").arg(leftOut)});
    }
    return readout;
}

} // namespace moescope::ui
