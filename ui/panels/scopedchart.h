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
    /** Says what the scope leaves out, too. */
    Readout readout() const final;

protected:
    ScopedChart(TraceModel* trace, Selection* selection, QWidget* parent);

    /** What is under the pointer, else the selection. */
    virtual Readout markReadout() const = 0;
    /** Answers that are not in view are drawn as well. */
    virtual bool showsChat() const { return m_scope == Scope::Chat; }

private:
    Scope m_scope = Scope::Answer;
};

} // namespace moescope::ui
