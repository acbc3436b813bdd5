// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/comparison.h"
#include "ui/models/tabularmodel.h"

namespace moescope::ui {

/** Base of the twins of Compare's panels. */
class ComparisonTable : public TabularModel {
    Q_OBJECT
public:
    ComparisonTable(const QStringList& titles, Comparison* comparison, QObject* parent)
        : TabularModel(titles, parent), m_comparison(comparison) {}
    /** After what it shows is another. */
    virtual void refresh() = 0;

protected:
    const Comparison& comparison() const { return *m_comparison; }
    /** Null where there is none, or none with routing. */
    std::shared_ptr<const RunComparison> routed() const;

private:
    Comparison* m_comparison;
};

/** Twin of Routing agreement: a row an aligned token that was recorded in both, and a layer. */
class AgreementTable : public ComparisonTable {
    Q_OBJECT
public:
    enum Column { Token, Layer, ExpertA, GateA, ExpertB, GateB, Same };

    explicit AgreementTable(Comparison* comparison, QObject* parent = nullptr);
    void refresh() override;
    int rowOf(int pair, int layer) const; ///< −1: none
    int pairOf(int row) const;
    int layerOf(int row) const;

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int column) const override { return column == Same; }
    bool isMark(int column) const override { return column == Same; }

private:
    std::shared_ptr<const RunComparison> m_pair; ///< that the rows are of
    std::vector<int> m_recorded;                 ///< pairs
    int m_layers = 0;
};

/** Twin of Routing distance by layer. */
class DistanceTable : public ComparisonTable {
    Q_OBJECT
public:
    enum Column { Layer, Divergence, Chance, Jaccard, Count };

    explicit DistanceTable(Comparison* comparison, QObject* parent = nullptr);
    void refresh() override;

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int) const override { return false; }
};

/** What is known of a run's speed and memory, also as columns of All runs. */
enum class RunFigure { Prompt, FirstToken, Prefill, Decode, KvBytes, Needle };
inline constexpr std::array runFigures{RunFigure::Prompt, RunFigure::FirstToken, RunFigure::Prefill,
                                       RunFigure::Decode, RunFigure::KvBytes,    RunFigure::Needle};
/** Two lines: "Prompt", "tokens". */
std::pair<QString, QString> figureTitle(RunFigure figure);
/** Invalid: not known. */
QVariant figureOf(const RunView& run, RunFigure figure);
/** As it is shown; "–" where it is not known. */
QString figureText(const RunView& run, RunFigure figure);

/** Twin of Speed and memory: a row a run. */
class SpeedTable : public ComparisonTable {
    Q_OBJECT
public:
    enum Column { Letter, Title, Model, Figures, Reused = Figures + int(runFigures.size()), KvType, Measured, Machine };

    explicit SpeedTable(Comparison* comparison, QObject* parent = nullptr);
    void refresh() override;

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int column) const override;
};

/** Twin of Needle grid: a row a cell. */
class NeedleTable : public ComparisonTable {
    Q_OBJECT
public:
    enum Column { Length, Depth, Found, Count, Low, High, Seconds };

    explicit NeedleTable(Comparison* comparison, QObject* parent = nullptr);
    void refresh() override;

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int) const override { return false; }
};

/** Twin of Attention on the passage: a row a layer of the model. */
class MassTable : public ComparisonTable {
    Q_OBJECT
public:
    enum Column { Layer, MassA, MassB, CountA, CountB };

    explicit MassTable(Comparison* comparison, QObject* parent = nullptr);
    void refresh() override;

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int) const override { return false; }
};

/** Twin of All runs, and the CSV of a comparison: a row a run, its distances to A by layer, its figures. */
class AllRunsTable : public ComparisonTable {
    Q_OBJECT
public:
    enum Column { Letter, Title, Model, FirstLayer };

    explicit AllRunsTable(Comparison* comparison, QObject* parent = nullptr);
    void refresh() override;
    int layers() const { return m_layers; }
    /** Most layers that a run has distances in. */
    static int layersOf(const Comparison& comparison);

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int column) const override;

private:
    int m_layers = 0;
};

} // namespace moescope::ui
