// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/answerschart.h"
#include "ui/panels/comparepanel.h"

namespace moescope::ui {

class SegmentedControl;

/** The answers of A and B side by side. */
class AnswersPanel : public ComparePanel {
    Q_OBJECT
public:
    explicit AnswersPanel(Comparison* comparison, QWidget* parent = nullptr);
    AnswersChart* answers() const { return m_chart; }

protected:
    void refresh() override;
    int selectedRow() const override;
    void selectRow(int row) override;

private:
    AnswersTable* m_rows = nullptr;
    AnswersChart* m_chart = nullptr;
    SegmentedControl* m_unit = nullptr;
};

} // namespace moescope::ui
