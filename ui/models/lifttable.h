// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/expertpairs.h"
#include "ui/models/tabularmodel.h"
#include "ui/models/tokenclasses.h"

namespace moescope::ui {

/** Twin of a matrix of lifts: a row for each cell, row by row. It has the counts that the matrix draws, and counts only
 *  when it is asked to. */
class LiftTable : public TabularModel {
    Q_OBJECT
public:
    enum Column { Row, Across, Observed, Expected, Lift, Chance, OutsideChance, Count };

    /** Counts what is new, for the scope and layer. */
    virtual void update(Scope scope, int layer) = 0;
    virtual const LiftMatrix& matrix() const = 0;
    /** Tokens counted in all, however often anew: none while nobody asks. */
    virtual int counted() const = 0;
    /** Where a cell stands, −1: it has no row. */
    virtual int rowOf(int row, int column) const;
    /** Row and column of the matrix. */
    virtual QPair<int, int> cellOf(int tableRow) const;

protected:
    LiftTable(QStringList titles, QObject* parent) : TabularModel(std::move(titles), parent) {}
    virtual QVariant rowName(int row) const { return row; }
    /** Announces that the counts changed. */
    void announce();
    virtual int cells() const;
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int) const override { return false; }
    bool isMark(int column) const override { return column == OutsideChance || column == Chance; }
};

/** "0.27", "12.4"; "–" where nothing is expected. */
QString liftText(double lift);
/** "3–9", or "3" alone. */
QString chanceText(const ChanceInterval& chance);

/** Twin of Co-activation. Within a layer each pair has one row, with the smaller expert first. */
class PairsTable : public LiftTable {
    Q_OBJECT
public:
    explicit PairsTable(const TraceModel* trace, QObject* parent = nullptr);
    void setMode(PairMode mode) { m_mode = mode; }
    PairMode mode() const { return m_mode; }

    void update(Scope scope, int layer) override;
    const LiftMatrix& matrix() const override { return m_pairs.matrix(); }
    int counted() const override { return m_pairs.counted(); }
    int rowOf(int row, int column) const override;
    QPair<int, int> cellOf(int tableRow) const override;

protected:
    int cells() const override;

private:
    const TraceModel* m_trace;
    PairMode m_mode = PairMode::WithinLayer;
    ExpertPairs m_pairs;
};

/** Twin of Token classes. */
class ClassesTable : public LiftTable {
    Q_OBJECT
public:
    explicit ClassesTable(const TraceModel* trace, QObject* parent = nullptr);

    void update(Scope scope, int layer) override;
    const LiftMatrix& matrix() const override { return m_classes.matrix(); }
    int counted() const override { return m_classes.counted(); }

protected:
    QVariant rowName(int row) const override { return tokenClassName(tokenClasses().at(row)); }
    bool isText(int column) const override { return column == Row; }

private:
    const TraceModel* m_trace;
    ClassesByExpert m_classes;
};

} // namespace moescope::ui
