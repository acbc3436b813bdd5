// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/expertprofile.h"
#include "ui/models/tabularmodel.h"

namespace moescope::ui {

/** Weights of one routed expert of the loaded model. */
struct ExpertWeights {
    TraceShape shape;  ///< of the model they belong to
    quint64 bytes = 0; ///< 0: not known
    QString place;     ///< device whose memory they lie in

    bool operator==(const ExpertWeights&) const = default;
};

/** Twin of Expert card: a row for each number of it. It has the profile that is drawn, and counts only when it is asked
 *  to. */
class ExpertCardTable : public TabularModel {
    Q_OBJECT
public:
    enum Column { Part, Item, Tokens, Of, Share, Lift, Chance, OutsideChance, Gate };

    explicit ExpertCardTable(const TraceModel* trace, QObject* parent = nullptr);
    /** Counts what is new, for this expert. */
    void update(Scope scope, int layer, int expert);
    void setWeights(const ExpertWeights& weights);
    /** Of the answer's model; bytes 0 where that is not the loaded one. */
    ExpertWeights weights() const;
    const ExpertProfile& profile() const { return m_profiler.profile(); }
    int counted() const { return m_profiler.counted(); }
    /** Of an example, −1: the row is none. */
    int exampleOf(int row) const;
    int rowOfExample(int example) const;

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int column) const override { return column == Part || column == Item; }
    bool isMark(int column) const override { return column == OutsideChance || column == Chance; }

private:
    enum class Kind { All, Gate, Token, Class, Example, Weights };
    struct Place {
        Kind kind = Kind::All;
        int index = 0;
    };

    Place placeOf(int row) const;
    void announce();
    QVariant liftValue(const ExpertProfile::Lift& lift, int column) const;

    const TraceModel* m_trace;
    ExpertProfiler m_profiler;
    ExpertWeights m_weights;
};

/** "0.25–0.30" of a bin of the gates. */
QString gateBinText(const ExpertProfile& profile, int bin);

} // namespace moescope::ui
