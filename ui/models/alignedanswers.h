// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/comparison.h"
#include "ui/models/tabularmodel.h"

namespace moescope::ui {

/** Words or tokens of two answers in rows: what both have side by side, and between such rows what one alone has, A's
 *  beside B's. */
class AlignedAnswers {
public:
    struct Row {
        int a = -1; ///< index of the word or token; −1: A has none here
        int b = -1;
        bool same = false;
    };

    AlignedAnswers() = default;
    AlignedAnswers(const RunComparison& pair, Comparison::Unit unit);

    const std::vector<Row>& rows() const { return m_rows; }
    /** Words or tokens of a side. */
    int count(Side side) const { return static_cast<int>(m_rowOf[index(side)].size()); }
    int rowOf(Side side, int element) const { return m_rowOf[index(side)][size_t(element)]; }
    bool isSame(Side side, int element) const { return m_rows[size_t(rowOf(side, element))].same; }
    int same() const { return m_same; } ///< rows of both
    bool isApproximate() const { return m_approximate; }

private:
    static size_t index(Side side) { return static_cast<size_t>(side); }

    std::vector<Row> m_rows;
    std::array<std::vector<int>, 2> m_rowOf;
    int m_same = 0;
    bool m_approximate = false;
};

/** Twin of Answers, aligned: a row a word or token. */
class AnswersTable : public TabularModel {
    Q_OBJECT
public:
    enum Column { Number, TextA, TextB, Same };

    explicit AnswersTable(Comparison* comparison, QObject* parent = nullptr);
    /** Words, or tokens where they can be aligned. */
    Comparison::Unit unit() const;
    /** After the pair or the unit is another. */
    void refresh();
    const AlignedAnswers& answers() const { return m_answers; }
    int rowOf(Side side, int token) const; ///< −1: none
    /** The first token of a side in a row; −1: none. */
    int tokenOf(Side side, int row) const;

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override { return raw(row, column).toString(); }
    bool isText(int column) const override { return column != Number; }
    bool isMark(int column) const override { return column == Same; }

private:
    QString textOf(Side side, int element) const;

    Comparison* m_comparison;
    std::shared_ptr<const RunComparison> m_pair; ///< that the rows are of
    Comparison::Unit m_unit = Comparison::Unit::Words;
    AlignedAnswers m_answers;
};

} // namespace moescope::ui
