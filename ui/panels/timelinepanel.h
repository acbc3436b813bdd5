// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/timelinetable.h"
#include "ui/panels/panelframe.h"
#include "ui/panels/timelinechart.h"

class QComboBox;

namespace moescope::ui {

class IconButton;
class ElidedLabel;

/** Where the time of one decode step or prefill micro-batch goes. */
class TimelinePanel : public PanelFrame {
    Q_OBJECT
public:
    TimelinePanel(TraceModel* trace, StepTimelines* steps, Selection* selection, QWidget* parent = nullptr);

    TimelineChart* lanes() const { return m_lanes; }
    /** Without a model nothing can be recorded. */
    void setModelLoaded(bool loaded);
    /** A capture is shown: what it has no times of cannot be measured for it. */
    void setCaptured(bool captured);

signals:
    /** The panel is in view, so that steps are to be timed, or no longer is. */
    void timingWanted(bool wanted);
    void recordRequested();

protected:
    void refresh() override;
    int selectedRow() const override;
    void selectRow(int row) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    /** What the panel shows: the selected token's decode step, or one that was chosen and is no token's. */
    struct Choice {
        enum Kind { Token, Prefill, Recorded } kind = Token;
        int index = 0; ///< of a micro-batch
    };

    const StepTimelines::Steps& steps() const { return m_steps->of(trace()->current()); }
    trace::StepTimelinePtr stepInView() const;
    /** Of the answer in view; −1: not one of its tokens. */
    int tokenOf(const trace::StepTimeline& step) const;
    QString titleOf(const trace::StepTimeline& step) const;
    void fillSteps(const trace::StepTimelinePtr& shown);
    void chooseStep(int item);
    void showHead();
    void showMissing();

    StepTimelines* m_steps;
    TimelineChart* m_lanes = nullptr;
    TimelineTable* m_rows = nullptr;
    QComboBox* m_step = nullptr;
    IconButton* m_out = nullptr;
    IconButton* m_in = nullptr;
    QList<trace::StepTimelinePtr> m_listed; ///< in m_step
    Choice m_choice;
    SelectionState m_seen; ///< of the selection when it was last looked at
    bool m_loaded = false;
    bool m_lineShown = true;
    bool m_captured = false;
};

} // namespace moescope::ui
