// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/info.h"
#include "engine/trace/token_trace.h"

#include <QString>

#include <functional>
#include <vector>

namespace moescope::ui {

/** The sizes that the panels need of the model that gave an answer. Layers are MoE layers in order. */
struct TraceShape {
    QString model; ///< "Nano"
    QString file;  ///< its file's name: models of one name may differ
    int layers = 0;
    int experts = 0; ///< routed experts; 0 in a dense model
    int used = 0;    ///< routed experts a token, top-k
    int shared = 0;
    int first_block = 0; ///< dense layers before the first MoE layer

    static TraceShape of(const trace::ModelInfo& model);
    bool isValid() const { return !model.isEmpty() || layers > 0; }
    bool isDense() const { return layers == 0; }
    /** Share of the tokens that each expert gets under an even spread: top-k ÷ experts. */
    double uniformShare() const { return experts > 0 ? double(used) / experts : 0; }
    /** The same routers, as far as a kept trace tells: it knows neither shared experts nor dense layers. */
    bool routesLike(const TraceShape& other) const {
        return model == other.model && file == other.file && layers == other.layers && experts == other.experts &&
               used == other.used;
    }
    /** Whether a trace has these sizes and every id is in range; what fails is never counted or drawn. */
    bool fits(const trace::RouterTrace& router) const;
    /** The same of the choices alone, which is all that RoutingStatistics takes. */
    bool fitsChoices(const trace::RouterTrace& router) const;

    bool operator==(const TraceShape&) const = default;
};

/** Counts of a binomial variable that chance alone gives in 95 of 100 cases.
 *
 *  Exact binomial with the mid-p correction: `low` is the smallest count c with P(X < c) + ½P(X = c) ≥ 2.5 %, `high`
 *  the largest with P(X > c) + ½P(X = c) ≥ 2.5 %. Fewer than 4 trials say nothing: everything is within chance. */
struct ChanceInterval {
    int low = 0;
    int high = 0;

    static ChanceInterval of(int trials, double probability);
    /** Of `all` things, `some` are of one kind and `others` of another: how many are of both by chance, as if one kind
     *  were dealt out anew. Exact hypergeometric with the mid-p correction. `expected`: how many are of both on average,
     *  where that is not some × others ÷ all (Fisher's noncentral distribution); negative: it is. */
    static ChanceInterval ofOverlap(int all, int some, int others, double expected = -1);
    bool contains(int count) const { return count >= low && count <= high; }
};

/** Tokens and gate weights by layer and expert. Adding a token costs O(layers × top-k). */
class RoutingStatistics {
public:
    RoutingStatistics() = default;
    explicit RoutingStatistics(const TraceShape& shape);

    const TraceShape& shape() const { return m_shape; }
    /** `router` must fit the shape. */
    void add(const trace::RouterTrace& router);
    /** Counts the token, but of its experts only those that match. */
    void add(const trace::RouterTrace& router, const std::function<bool(int layer, int rank)>& matches);
    void add(const RoutingStatistics& other);
    void clear();
    /** Another shape that routesLike() this one: the counts stay. */
    void setShape(const TraceShape& shape) { m_shape = shape; }

    int n() const { return m_n; }                ///< tokens counted, the same in every layer
    qint64 choices() const { return m_choices; } ///< experts counted, over all layers
    int tokens(int layer, int expert) const { return m_tokens[index(layer, expert)]; }
    double gateMass(int layer, int expert) const { return m_mass[index(layer, expert)]; } ///< sum of gate weights
    double meanGate(int layer, int expert) const; ///< over the tokens routed to it; 0 without any
    double share(int layer, int expert) const;    ///< of the n tokens, 0…1
    double overUniform(int layer, int expert) const;
    bool isOutsideChance(int layer, int expert) const;
    ChanceInterval chance() const;
    double variation(int layer) const; ///< CV: population deviation of the tokens over the experts ÷ their mean
    int idle(int layer) const;         ///< experts without a token
    int maxTokens() const;
    double maxGateMass() const;

private:
    size_t index(int layer, int expert) const { return size_t(layer) * size_t(m_shape.experts) + size_t(expert); }

    TraceShape m_shape;
    int m_n = 0;
    qint64 m_choices = 0;
    std::vector<int> m_tokens;  ///< [layers][experts]
    std::vector<double> m_mass; ///< [layers][experts]
    mutable int m_chanceN = -1;
    mutable ChanceInterval m_chance;
};

/** Entropy of the router's probabilities in bits; −1 where they were not recorded. */
double routerEntropy(const trace::RouterTrace& router, int layer);
/** Whether a runner-up exists: not in a layer that uses all its experts. */
inline bool hasRunnerUp(const trace::RouterTrace& router) { return router.expert_used_count < router.expert_count; }
/** A gate or probability as it is shown, with two decimals: in whole hundredths. */
int hundredths(double value);
/** Margin of a layer's choice as it is shown, in hundredths: the difference of the two probabilities as they are shown,
 *  so that what is read adds up. */
int marginHundredths(const trace::RouterTrace& router, int layer);
/** "0.07". */
QString marginText(const trace::RouterTrace& router, int layer);
/** Close calls are decided by the margin that is shown: none reads "0.10". */
inline bool isCloseCall(const trace::RouterTrace& router, int layer) { return marginHundredths(router, layer) < 10; }

} // namespace moescope::ui
