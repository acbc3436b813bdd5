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

} // namespace moescope::ui
