// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/routeruncertainty.h"
#include "ui/models/tabularmodel.h"

namespace moescope::ui {

/** Twin of Router by layer: percentiles of entropy and margin over the answer in view. */
class RouterLayersTable : public TabularModel {
    Q_OBJECT
public:
    enum Column {
        Layer,
        EntropyP10,
        EntropyP25,
        EntropyP50,
        EntropyP75,
        EntropyP90,
        MarginP10,
        MarginP25,
        MarginP50,
        MarginP75,
        MarginP90,
        CloseCalls,
        Count,
        EntropyCount
    };

    explicit RouterLayersTable(RouterUncertainty* uncertainty, QObject* parent = nullptr);
    /** Announces what the uncertainty counted since the last call. */
    void refresh();

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int) const override { return false; }

private:
    RouterUncertainty* m_uncertainty;
};

/** Twin of Router over time: means over the layers, of each token and of the sliding window. */
class RouterTimeTable : public TabularModel {
    Q_OBJECT
public:
    enum Column { Token, Text, Entropy, Margin, SlidingEntropy, SlidingMargin, Count };

    RouterTimeTable(TraceModel* trace, RouterUncertainty* uncertainty, QObject* parent = nullptr);
    /** Announces the tokens that came since the last call. */
    void refresh();

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int column) const override { return column == Text; }

private:
    TraceModel* m_trace;
    RouterUncertainty* m_uncertainty;
    bool m_stale = true; ///< other tokens than those announced
};

} // namespace moescope::ui
