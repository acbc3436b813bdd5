// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/text/richlayout.h"

#include <deque>
#include <vector>

namespace moescope::ui {

/** A table: columns as wide as their text where there is room, else shared out; a table of many columns scrolls. */
class TableLayout final : public BlockLayout {
public:
    explicit TableLayout(const MarkdownBlock& block) : BlockLayout(block) {}

    void layOut(int width) override;
    void paint(QPainter& painter, const QRect& clip, const BlockMarks& marks) override;
    int sourceAt(const QPoint& point, bool nearest) const override;
    QList<QRect> rectsOf(int sourceStart, int sourceEnd) const override;
    int linkAt(const QPoint& point) const override;
    QList<QString> links() const override;
    QRect linkRect(int link) const override;
    int scrollRange() const override;
    QRect scrollBar() const override;

private:
    int rows() const;
    QPoint cellOrigin(int row, int column) const;
    void shareWidths(int room);

    std::deque<RichLayout> m_cells; ///< a QTextLayout cannot move
    std::vector<int> m_widths;      ///< px of each column, padding included
    std::vector<int> m_lefts;       ///< and where it starts
    std::vector<int> m_tops;        ///< of each row, and the bottom of the last
    std::vector<int> m_firstLinks;  ///< index in links() of each cell's first link
};

} // namespace moescope::ui
