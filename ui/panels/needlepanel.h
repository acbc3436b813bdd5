// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/comparepanel.h"
#include "ui/panels/needlechart.h"

class QPushButton;

namespace moescope::ui {

/** The needle grid, and the batch that fills it. */
class NeedlePanel : public ComparePanel {
    Q_OBJECT
public:
    explicit NeedlePanel(Comparison* comparison, QWidget* parent = nullptr);
    NeedleChart* cells() const { return m_chart; }

signals:
    /** A grid is to be chosen and begun. */
    void startRequested();
    void pauseRequested();
    void resumeRequested();
    /** A cell is to be opened as a run; depth 0 where the grid has none. */
    void cellRequested(quint32 length, quint32 depth);

protected:
    void addOwnActions(QMenu* menu) override;
    void refresh() override;
    int selectedRow() const override { return m_chart->current(); }
    void selectRow(int row) override;

private:
    void open(int cell);

    NeedleTable* m_rows = nullptr;
    NeedleChart* m_chart = nullptr;
    QPushButton* m_batch = nullptr;
};

} // namespace moescope::ui
