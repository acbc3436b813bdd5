// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/expertcardtable.h"
#include "ui/panels/scopedchart.h"

namespace moescope::ui {

/** Where the parts of an expert's card lie, in logical px, before scrolling. */
struct CardGeometry {
    QRect facts; ///< lines of name and value
    QRect gates; ///< bars of the histogram
    QRect gates_title;
    QRect gates_axis;
    QRect tokens; ///< title, then a line each
    QRect classes;
    QRect examples;
    QRect scale_of_gates; ///< left of the bars: tokens
    int line = 0;         ///< px
    int height = 0;       ///< of all

    /** `facts` of at least `facts_width` px; `numbers`: px of the scale of the histogram. Where not all fits the view,
     *  lines are closer, and the histogram stands at the right of the facts. */
    static CardGeometry of(const QSize& view, const ExpertProfile& profile, int facts, int facts_width, int numbers,
                           double scale);

    /** y below which nothing is drawn, so that no line is cut at `bottom`. */
    int endOfWhole(int bottom) const;

    QRect bar(int bin) const;
    QRect row(const QRect& part, int index) const; ///< below its title
};

/** What is measured of the selected expert: how often tokens are routed to it and which, with which gates, and where. */
class CardChart : public ScopedChart {
    Q_OBJECT
public:
    CardChart(TraceModel* trace, Selection* selection, ExpertCardTable* table, QWidget* parent = nullptr);

    /** The weights are others. */
    void weightsChanged() { invalidate(); }
    const CardGeometry& geometryOfCard() const { return m_geometry; }
    /** The selected token among the examples, −1: none. */
    int selectedExample() const;
    void chooseExample(int example);
    QSize sizeHint() const override { return {496, 320}; }

protected:
    Readout markReadout() const override;
    void sync() override;
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void click(const QPoint& at) override;
    QString tipAt(const QPoint& at) const override;
    bool useKey(QKeyEvent* event) override;

private:
    enum class Part { None, Gate, Token, Class, Example };
    struct Mark {
        Part part = Part::None;
        int index = 0;
        bool operator==(const Mark&) const = default;
    };

    const ExpertProfile& profile() const { return m_table->profile(); }
    struct Fact {
        QString name;
        QString value;
        QString shorter; ///< where that does not fit, empty: it always does
    };

    QList<Fact> facts() const;
    static int nameWidth(const QList<Fact>& facts);
    /** px of names and the shorter of their values. */
    static int leastWidth(const QList<Fact>& facts);
    /** Tokens of the highest bar, at least 1. */
    int mostOfABin() const;
    Mark markAt(const QPoint& at) const;
    void chooseExpert(int expert);
    /** By a key; a selection made elsewhere leaves the card where it is. */
    void revealExample();
    /** `shorter`: at the right where that would meet the title. */
    void paintTitle(QPainter& painter, const QRect& line, const QString& title, const QString& right,
                    const QString& shorter = {}) const;
    void paintGates(QPainter& painter) const;
    void paintLifts(QPainter& painter, const QRect& part, const QList<ExpertProfile::Lift>& lifts, bool words) const;
    void paintExamples(QPainter& painter) const;

    ExpertCardTable* m_table;
    CardGeometry m_geometry;
    Mark m_hovered;
};

} // namespace moescope::ui
