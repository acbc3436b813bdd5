// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/filtermask.h"
#include "ui/models/runcomparison.h"
#include "ui/models/runview.h"
#include "ui/models/selection.h"

#include <QHash>
#include <QList>
#include <QObject>
#include <QThreadPool>

#include <array>
#include <atomic>
#include <memory>
#include <optional>

namespace moescope::ui {

enum class Side { A, B };

/** The comparison in view: all that the panels of Compare draw. What is computed of two runs is computed in the background;
 *  what belongs to an older choice is stopped and dropped. */
class Comparison : public QObject {
    Q_OBJECT
public:
    /** What the answers are aligned by. */
    enum class Unit { Words, Tokens };

    explicit Comparison(Selection* selection, QObject* parent = nullptr);
    ~Comparison() override;

    /** Another comparison comes into view, without runs. */
    void open(qint64 id, const QString& question);
    /** None is in view. */
    void close() { open(0, {}); }
    bool isOpen() const { return m_id != 0; }
    qint64 id() const { return m_id; }

    void setQuestion(const QString& question);
    const QString& question() const { return m_question; }
    /** What all runs have in common: "same question", "seed 42, greedy"; and what was done for all of them at once: "38
     *  prefix tokens computed once". */
    void setEqual(const QStringList& facts, const QString& once = {});
    const QStringList& equal() const { return m_equal; }
    const QString& once() const { return m_once; }

    void setRuns(const QList<RunView>& runs);
    /** One of them is another, or comes behind them. */
    void setRun(const RunView& run);
    const QList<RunView>& runs() const { return m_runs; }
    int indexOf(qint64 run) const; ///< −1: none
    /** "A", "B", "C" …: the two of the pair first, then the others in their order. */
    QString letter(int index) const;

    /** The run that stands on a side; null: there is none. The first two with answers, unless they were chosen. */
    const RunView* side(Side side) const;
    int sideIndex(Side side) const { return m_sides[static_cast<size_t>(side)]; }
    /** Chooses the run of a side; one that stands on the other changes places with it. */
    void choose(Side side, qint64 run);

    bool showsAll() const { return m_all; }
    void setShowsAll(bool all);
    Unit unit() const { return m_unit; }
    void setUnit(Unit unit);
    /** Tokens can be aligned: both have the same tokenizer. Else unit() is words. */
    bool canAlignTokens() const;

    /** A and B side by side; null: there are no two answers, or it is being computed. */
    const std::shared_ptr<const RunComparison>& pair() const { return m_pair; }
    bool isComparing() const { return m_comparing; }
    /** The layer in which they were routed most differently, −1: none. */
    int mostDistantLayer() const;

    /** How differently a run was routed from A; empty: it is A, is not comparable, or is being computed. Only computed while
     *  showsAll(), or once they are wanted. */
    const std::vector<LayerDistance>& distanceToA(int index) const;
    bool isDistancePending(int index) const;
    /** For a table of all runs that is not in view. */
    void wantDistances();
    /** Why there is none, as part of a sentence; empty: there is, or will be. */
    QString whyNoDistance(int index) const;

    /** Where the answers of A and B match the filter line; null: everywhere. What does not is greyed out. */
    void setMasks(std::shared_ptr<const FilterMask> a, std::shared_ptr<const FilterMask> b);
    const std::shared_ptr<const FilterMask>& mask(Side side) const { return m_masks[static_cast<size_t>(side)]; }
    /** Anything in a layer of A or B matches. */
    bool matchesLayer(int layer) const;

    void setGrid(const std::optional<NeedleGridView>& grid);
    const std::optional<NeedleGridView>& grid() const { return m_grid; }
    /** The grid's cell that a side's prompt has the length and depth of; −1: none. */
    int cellOf(Side side) const;

    /** Where the selection is in A and B. Tokens that the answers part at stand for each other. −1: not there. */
    struct Place {
        int a = -1;
        int b = -1;
        int pair = -1; ///< index of RunComparison::pairs
        int layer = -1;

        int token(Side side) const { return side == Side::A ? a : b; }
        bool isEmpty() const { return a < 0 && b < 0; }
    };
    Place place() const;
    /** The pair that a token is in; −1: its run alone has it. */
    int pairOf(Side side, int token) const;
    /** Selects a token of a run, and a layer unless that is −1. Out of range: nothing. */
    void select(Side side, int token, int layer = -1);
    void selectLayer(int layer);
    /** Where the text parts, else the first token, in the layer that differs most. */
    void selectParting();
    Selection* selection() const { return m_selection; }

signals:
    /** Another comparison is in view. */
    void opened();
    /** Question, facts, or any of the runs. */
    void runsChanged();
    /** Another run stands on a side, or one of the two has another answer. */
    void pairChanged();
    /** pair() is computed. */
    void compared();
    void distancesChanged();
    void viewChanged(); ///< unit() or showsAll()
    void gridChanged();
    void masksChanged();

private:
    using Cancel = std::shared_ptr<std::atomic<bool>>;
    using Traces = std::array<std::shared_ptr<const RunTrace>, 2>;

    struct Distance {
        Traces of;
        Cancel cancel;
        bool done = false;
        std::vector<LayerDistance> layers;
    };

    /** After the runs, or the choice of A and B, are others. */
    void refreshSides();
    int defaultSide(int other) const;
    std::array<qint64, 2> shownNow() const; ///< ids of A and B; 0: none
    /** Before anybody is told of the runs: what draws them takes a pair for one of theirs. */
    void dropStalePair();
    void refreshPair();
    void refreshDistances();
    void startDistance(qint64 run, const Traces& of);
    static SharedParts sharedParts(const RunView& a, const RunView& b);
    void stopAll();

    Selection* m_selection;
    qint64 m_id = 0;
    QString m_question;
    QStringList m_equal;
    QString m_once;
    QList<RunView> m_runs;
    std::array<qint64, 2> m_chosen{0, 0}; ///< run ids; 0: none
    std::array<int, 2> m_sides{-1, -1};   ///< indices
    std::array<qint64, 2> m_shown{0, 0};  ///< run ids that the pair is of, with their traces
    Traces m_traces;
    bool m_all = false;
    bool m_wantsDistances = false;
    Unit m_unit = Unit::Words;
    std::shared_ptr<const RunComparison> m_pair;
    bool m_comparing = false;
    Cancel m_pairCancel;
    QHash<qint64, Distance> m_distances; ///< by run
    std::array<std::shared_ptr<const FilterMask>, 2> m_masks;
    std::optional<NeedleGridView> m_grid;
    QThreadPool m_pool;
};

} // namespace moescope::ui
