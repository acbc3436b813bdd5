// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/alignedanswers.h"
#include "ui/panels/answerlayout.h"
#include "ui/panels/comparisonchart.h"

namespace moescope::ui {

/** Both answers side by side: what one alone has is underlined, solid in A and dashed in B. Above them where the marked
 *  passage stands in the prompts. */
class AnswersChart : public ComparisonChart {
    Q_OBJECT
public:
    AnswersChart(Comparison* comparison, AnswersTable* table, TraceModel* silent, QWidget* parent = nullptr);

    const AnswerLayout& answer(Side side) const { return m_layouts[static_cast<size_t>(side)]; }
    /** Stretches of a side that the other has not, in its text. */
    const std::vector<AnswerLayout::Range>& differences(Side side) const {
        return m_differences[static_cast<size_t>(side)];
    }
    /** Of a token in the view; empty: it is not in view. */
    QRect tokenRect(Side side, int token) const;
    /** "42 tokens · stopped at end of text". */
    QString footWords(Side side) const;
    /** "at token 257 of 512"; empty without a marked passage. */
    QString passagePlace(Side side) const;
    Readout readout() const override;
    QSize sizeHint() const override { return {780, 260}; }

protected:
    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;
    void revealSelection() override;

private:
    /** A token under the pointer; −1: none. */
    struct Spot {
        Side side = Side::A;
        int token = -1;
        bool operator==(const Spot&) const = default;
    };

    static size_t index(Side side) { return static_cast<size_t>(side); }
    void findDifferences(Side side);
    int columnLeft(Side side) const;
    QPoint origin(Side side) const;
    Spot spotAt(const QPoint& at) const;
    bool hasPassage() const;
    void paintStrip(QPainter& painter) const;
    void layOutPassage(Side side);
    void paintSide(QPainter& painter, Side side) const;
    void paintMarks(QPainter& painter, Side side) const;
    void paintFilteredOutTokens(QPainter& painter, Side side, const AnswerLayout::Range& seen) const;
    /** What stands in the place of an answer that is not there yet. */
    static QString phaseSentence(const RunView& run);
    Readout placeReadout(const Comparison::Place& place) const;
    Comparison::Place placeOf(const Spot& spot) const;
    /** "A ·quiet 0.41". */
    /** While the answers are not compared. */
    Readout waitingReadout() const;
    void addWord(Readout& readout, Side side, int token) const;
    ReadoutSpan alignedPart() const;

    AnswersTable* m_table;
    std::array<AnswerLayout, 2> m_layouts;
    std::array<QTextLayout, 2> m_passages;
    std::array<std::vector<AnswerLayout::Range>, 2> m_differences;
    std::shared_ptr<const RunComparison> m_pair; ///< that the differences are of
    Comparison::Unit m_unit = Comparison::Unit::Words;
    QRect m_strip;
    QRect m_window; ///< where the answers are seen
    int m_column = 0;
    Spot m_hovered;
};

} // namespace moescope::ui
