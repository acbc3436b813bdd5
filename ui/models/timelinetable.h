// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/steptimelines.h"
#include "ui/models/tabularmodel.h"

namespace moescope::ui {

/** Twin of Kernel timeline: a row a span, lane by lane. */
class TimelineTable : public TabularModel {
    Q_OBJECT
public:
    enum Column { Lane, Name, Layer, Start, Duration, Share };

    explicit TimelineTable(QObject* parent = nullptr);
    /** Null: none. */
    void setStep(const trace::StepTimelinePtr& step);
    const trace::StepTimelinePtr& step() const { return m_step; }

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int column) const override { return column == Lane || column == Name; }

private:
    trace::StepTimelinePtr m_step;
};

} // namespace moescope::ui
