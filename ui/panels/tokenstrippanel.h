// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/routingtables.h"
#include "ui/panels/panelframe.h"
#include "ui/panels/stripchart.h"

class QComboBox;

namespace moescope::ui {

class LayerStepper;
class SegmentedControl;

/** What the router of one layer did at each word. */
class TokenStripPanel : public PanelFrame {
    Q_OBJECT
public:
    TokenStripPanel(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    StripChart* strip() const { return m_strip; }
    StripMode mode() const { return m_strip->mode(); }
    void setMode(StripMode mode);

protected:
    void refresh() override;
    int selectedRow() const override;
    void selectRow(int row) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void stepLayer(int step);
    void placeControls();

    StripChart* m_strip = nullptr;
    TokenStripTable* m_rows = nullptr;
    LayerStepper* m_stepper = nullptr;
    SegmentedControl* m_mode = nullptr;
    QComboBox* m_narrowMode = nullptr; ///< in its place where there is no room for it
    QWidget* m_legend = nullptr;
};

} // namespace moescope::ui
