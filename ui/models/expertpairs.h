// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/liftmatrix.h"
#include "ui/models/tokenfeed.h"

namespace moescope::ui {

enum class PairMode {
    WithinLayer, ///< two experts of one layer, chosen for the same token
    ToNextLayer  ///< an expert of a layer and one of the next, for the same token: all top-k × top-k
};

/** How often two experts work on the same token, against independence.
 *
 *  To the next layer: as if the next layer's choices were dealt out to the tokens anew. Within a layer the experts of a
 *  token are never the same, which alone keeps pairs below the product of their shares: expected is what tokens give
 *  that draw k different experts, each as often as it was chosen. A filter leaves the tokens of which it matches one of
 *  the two choices. */
class ExpertPairs {
public:
    /** Counts the tokens that are not counted yet; all of them where scope, mode or layer is another. True if anything
     *  changed. */
    bool update(const TraceModel& trace, Scope scope, PairMode mode, int layer);
    const LiftMatrix& matrix() const { return m_matrix; }
    PairMode mode() const { return m_mode; }
    int layer() const { return m_layer; }
    /** Tokens counted in all, however often anew. */
    int counted() const { return m_counted; }

private:
    void add(const TraceModel& trace, qint64 run, int token);

    TokenFeed m_feed;
    PairMode m_mode = PairMode::WithinLayer;
    int m_layer = -1;
    int m_counted = 0;
    LiftMatrix m_matrix;
};

/** Tokens that hold each pair of experts, [experts][experts] with zeros on the diagonal, if each of `n` tokens draws
 *  `used` different experts and expert e is drawn for `chosen[e]` of them: the draw of the largest entropy, in which the
 *  odds of a set are the product of its members' odds. `chosen` adds up to n × used. */
std::vector<double> expectedPairs(const std::vector<int>& chosen, int n, int used);

} // namespace moescope::ui
