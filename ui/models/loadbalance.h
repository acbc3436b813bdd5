// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/tracemodel.h"

#include <QObject>

#include <array>
#include <vector>

namespace moescope::ui {

/** How evenly one layer's router spread its tokens over the experts. */
struct LayerLoad {
    int n = 0;                ///< tokens; without any the rest says nothing
    double variation = 0;     ///< CV: population deviation of the experts' tokens ÷ their mean
    double max_over_mean = 0; ///< tokens of the busiest expert ÷ the mean
    double gini = 0;          ///< mean difference of two experts' tokens ÷ twice the mean: 0 if all have as many
    int idle = 0;             ///< experts without a token
    int busiest = -1;         ///< the first expert with the most tokens

    static LayerLoad of(const RoutingStatistics& counts, int layer);
};

/** What chance gives in 95 of 100 answers at most, in all layers together, if each token went to any expert alike. */
struct LoadChance {
    int n = 0;
    double variation = 0;
    double max_over_mean = 0;
    bool tells_skew = false; ///< the two bounds hold: kLeastMean tokens an expert or more
    bool tells_idle = false; ///< chance leaves no expert idle

    static constexpr int kLeastMean = 5;

    static LoadChance of(const TraceShape& shape, int n);
};

/** How many choices of a layer moved to other experts from the first half of an answer to the second. */
struct HalvesShift {
    int first = 0;              ///< tokens of the first half
    int second = 0;             ///< of the second
    double moved = -1;          ///< share 0…1 of the choices: half the sum of the differences of the experts' shares
    bool beyond_chance = false; ///< by χ², at 95 % in all `layers` together

    /** −1 and within chance where the halves are too small to tell: experts are pooled up to five choices expected. */
    static HalvesShift of(const RoutingStatistics& whole, const RoutingStatistics& firstHalf, int layer);
};

/** P(X > value) of a χ² variable, by the cube root that Wilson and Hilferty gave. */
double chiSquareTail(double value, int degrees);
/** The value with that tail. */
double chiSquareBound(double tail, int degrees);

enum class LoadPhase {
    Decode, ///< the tokens of the answer
    Prefill ///< the tokens of the prompt that were computed for it
};

/** What is wrong with the load of a layer. Each has to be large and beyond chance. */
struct LoadWarnings {
    bool idle = false;     ///< experts without a token, where chance would leave none
    bool skewed = false;   ///< CV from kSkewedVariation or max ÷ mean from kSkewedMax
    bool unstable = false; ///< from kUnstable of the choices moved between the halves; of the answer alone

    bool any() const { return idle || skewed || unstable; }
};

/** Load of the experts in the answer in view, prefill and decode apart. Does nothing until refresh(), which costs
 *  O(layers × top-k) for each new token and O(layers × experts) in all. */
class LoadBalance : public QObject {
    Q_OBJECT
public:
    static constexpr double kSkewedVariation = 1;
    static constexpr double kSkewedMax = 4;
    static constexpr double kUnstable = 0.25;

    explicit LoadBalance(TraceModel* trace, QObject* parent = nullptr);

    void refresh();

    const TraceShape& shape() const { return m_shape; }
    int n(LoadPhase phase) const { return chance(phase).n; }
    const LoadChance& chance(LoadPhase phase) const { return m_chance[size_t(phase)]; }
    const LayerLoad& load(LoadPhase phase, int layer) const { return m_loads[size_t(phase)][size_t(layer)]; }
    /** Of the answer. */
    const HalvesShift& shift(int layer) const { return m_shifts[size_t(layer)]; }
    LoadWarnings warnings(LoadPhase phase, int layer) const;
    /** In words, with thresholds and n. */
    QStringList sentences(LoadPhase phase, int layer) const;
    /** Layers with a warning. */
    int warned(LoadPhase phase) const;

private:
    TraceModel* m_trace;
    TraceShape m_shape;
    quint64 m_revision = 0;
    bool m_started = false;
    int m_read = 0;            ///< tokens of the answer
    std::vector<int> m_routed; ///< those of them with routing
    int m_half = 0;            ///< of m_routed, counted in m_firstHalf
    RoutingStatistics m_firstHalf;
    std::array<LoadChance, 2> m_chance;
    std::array<std::vector<LayerLoad>, 2> m_loads; ///< [phase][layers]
    std::vector<HalvesShift> m_shifts;             ///< [layers]
};

} // namespace moescope::ui
