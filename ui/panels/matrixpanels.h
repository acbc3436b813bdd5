// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/matrixchart.h"
#include "ui/panels/panelframe.h"

namespace moescope::ui {

class LayerStepper;
class ScopeBox;
class SegmentedControl;

/** A matrix of lifts of the layer in view, with what is counted and the layer to choose. */
class MatrixPanel : public PanelFrame {
    Q_OBJECT
public:
    MatrixChart* matrix() const { return m_matrix; }
    Scope scope() const { return m_matrix->scope(); }
    void setScope(Scope scope);

protected:
    using PanelFrame::PanelFrame;
    void build(TraceModel* trace, Selection* selection, MatrixChart* matrix, LiftTable* rows);
    /** Why there is no matrix though tokens were routed, title and sentence; empty: there is one. */
    virtual QPair<QString, QString> missing() const { return {}; }
    /** Least widths in px with the stepper and with its word: below, layers are stepped by keys alone. */
    virtual QPair<int, int> stepperWidths() const { return {0, 440}; }

    void refresh() override;
    int selectedRow() const override;
    void selectRow(int row) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void stepLayer(int step);

    MatrixChart* m_matrix = nullptr;
    LiftTable* m_rows = nullptr;
    ScopeBox* m_scope = nullptr;
    LayerStepper* m_stepper = nullptr;
};

/** Which experts work on the same token, against independence. */
class PairsPanel : public MatrixPanel {
    Q_OBJECT
public:
    PairsPanel(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    PairsChart* pairs() const { return m_pairs; }
    PairMode mode() const { return m_pairs->mode(); }
    /** Else it is what the model has pairs of. */
    void setMode(PairMode mode);

protected:
    void refresh() override;
    QPair<QString, QString> missing() const override;
    QPair<int, int> stepperWidths() const override { return {560, 600}; }

private:
    void showMode(PairMode mode);

    bool m_chosen = false; ///< by the user
    PairsChart* m_pairs = nullptr;
    SegmentedControl* m_mode = nullptr;
};

/** Which classes of tokens were routed to which experts, against independence. */
class ClassesPanel : public MatrixPanel {
    Q_OBJECT
public:
    ClassesPanel(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);
};

} // namespace moescope::ui
