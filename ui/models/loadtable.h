// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/loadbalance.h"
#include "ui/models/tabularmodel.h"

namespace moescope::ui {

/** Twin of Load balance: the layers as the answer loaded them, then as the prompt did. */
class LoadTable : public TabularModel {
    Q_OBJECT
public:
    enum Column { Layer, Phase, Variation, MaxOverMean, Gini, Idle, Busiest, BusiestShare, Moved, Warnings, Count };

    explicit LoadTable(LoadBalance* balance, QObject* parent = nullptr);
    /** Announces what the balance counted since the last call. */
    void refresh();
    int rowOf(LoadPhase phase, int layer) const;
    LoadPhase phaseOf(int row) const;
    int layerOf(int row) const;

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int column) const override { return column == Phase || column == Warnings; }

private:
    LoadBalance* m_balance;
};

} // namespace moescope::ui
