// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/tokenprobabilities.h"
#include "ui/panels/chartview.h"
#include "ui/panels/probabilitiesgeometry.h"

namespace moescope::ui {

/** What could have stood in the place of the selected token: for each candidate its raw probability and, below, that
 *  with which it could be sampled. One row may be pointed at by keys; Enter or a click asks for a branch. */
class ProbabilitiesChart : public ChartView {
    Q_OBJECT
public:
    ProbabilitiesChart(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    const ProbabilitiesGeometry& geometryOfRows() const { return m_geometry; }
    const TokenProbabilities& probabilities() const { return m_probabilities; }
    /** Candidates for token `at.token` of answer `at.run`. */
    void setProbabilities(const TokenProbabilities& probabilities, const SelectionState& at);
    /** The row that the keys are at: candidates, then what is not listed. At first that of the token which stands
     *  there. */
    int cursor() const { return m_cursor >= 0 ? m_cursor : m_probabilities.chosen; }
    void setCursor(int row);
    /** Asks for a branch, if another token stands in this row. */
    void activate(int row);
    Readout readout() const override;
    QSize sizeHint() const override { return {496, 300}; }

signals:
    /** The answer shall go on with candidate `token` in place of the selected one. */
    void branchRequested(int token);

protected:
    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;
    bool openDetail() override;
    void revealSelection() override;

private:
    bool isListed(int row) const { return row >= 0 && row < m_probabilities.rows.size(); }
    /** Candidates, and what is not listed. */
    int rowCount() const { return m_probabilities.isEmpty() ? 0 : int(m_probabilities.rows.size()) + 1; }
    void paintHeader(QPainter& painter) const;
    void paintRow(QPainter& painter, int row) const;
    Readout rowReadout(int row) const;

    ProbabilitiesGeometry m_geometry;
    TokenProbabilities m_probabilities;
    SelectionState m_shown; ///< whose candidates these are
    int m_cursor = -1;      ///< −1: not moved
    int m_hovered = -1;
};

} // namespace moescope::ui
