// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/cardchart.h"
#include "ui/panels/panelframe.h"

namespace moescope::ui {

class ScopeBox;

/** What is measured of the selected expert of a layer. */
class ExpertCardPanel : public PanelFrame {
    Q_OBJECT
public:
    ExpertCardPanel(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    CardChart* card() const { return m_card; }
    Scope scope() const { return m_card->scope(); }
    void setScope(Scope scope);
    /** Of the loaded model; the card of another model's answer shows none. */
    void setWeights(const ExpertWeights& weights);

protected:
    void refresh() override;
    int selectedRow() const override;
    void selectRow(int row) override;

private:
    CardChart* m_card = nullptr;
    ExpertCardTable* m_rows = nullptr;
    ScopeBox* m_scope = nullptr;
};

} // namespace moescope::ui
