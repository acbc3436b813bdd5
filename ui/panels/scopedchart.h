// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/chartview.h"

namespace moescope::ui {

/** A chart of what a scope counts: the window, the answer in view, the whole chat. */
class ScopedChart : public ChartView {
    Q_OBJECT
public:
    void setScope(Scope scope);
    Scope scope() const { return m_scope; }

protected:
    ScopedChart(TraceModel* trace, Selection* selection, QWidget* parent);

    /** Answers that are not in view are drawn as well. */
    virtual bool showsChat() const { return m_scope == Scope::Chat; }

private:
    Scope m_scope = Scope::Answer;
};

} // namespace moescope::ui
