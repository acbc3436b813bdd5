// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/token_trace.h"
#include "ui/models/tabularmodel.h"
#include "ui/models/tracemodel.h"

#include <QList>

#include <optional>
#include <vector>

namespace moescope::ui {

/** What becomes of a choice for which its expert has no room. */
enum class CapacityRule {
    Drop,   ///< it vanishes; the others of its token keep their weights
    Recycle ///< its token goes to an expert with room left; with one expert a token alone
};

/** The tokens that an expert takes of a batch: ⌈factor × top-k × tokens ÷ experts⌉, at least 1. */
int expertCapacity(double factor, int tokens, int experts, int used);

/** What a batch's routing in one layer would be if each expert took at most so many tokens. */
struct CapacityOutcome {
    std::vector<int> experts;   ///< [tokens][used]; −1: dropped, only a shared expert works
    std::vector<float> weights; ///< [tokens][used]; 0 where dropped
    int dropped = 0;            ///< choices
    int moved = 0;              ///< tokens
    std::vector<int> kept;      ///< [experts] choices that stay where the router put them
};

/** `batch`: routing of the tokens in order, all of one shape. Choices are kept in the order of the batch, all first
 *  choices before all second ones. With CapacityRule::Recycle the places left over, experts with the most room first and
 *  each as often as it has room, go to the tokens without one in the order of the batch: as in training, without its
 *  shuffle. A moved token carries its own probability of the expert that it came to, which needs RouterTrace::probs. */
CapacityOutcome withCapacity(const std::vector<const trace::RouterTrace*>& batch, int layer, int capacity,
                             CapacityRule rule);

/** Layers of the answer in view under a capacity, counted when it is asked for. */
struct CapacityRow {
    int layer = 0;
    int tokens = 0;   ///< of the batch: those of the answer that have routing
    int capacity = 0; ///< of each expert
    int dropped = 0;  ///< choices
    int moved = 0;    ///< tokens
    int expert = -1;  ///< the busiest one, the first of several
    int busiest = 0;  ///< tokens that the router put to it
    double mass = 0;  ///< share of the gate weight that is lost, 0…1
};

/** Twin of Capacity: a row a layer. */
class CapacityTable : public TabularModel {
    Q_OBJECT
public:
    enum Column { Layer, Tokens, Busiest, Capacity, Dropped, DroppedShare, Moved, LostWeight };

    explicit CapacityTable(QObject* parent = nullptr);
    void setRows(const QList<CapacityRow>& rows, int used);
    const QList<CapacityRow>& rows() const { return m_rows; }
    int used() const { return m_used; } ///< choices a token

protected:
    QVariant raw(int row, int column) const override;
    QString text(int row, int column) const override;
    bool isText(int) const override { return false; }

private:
    QList<CapacityRow> m_rows;
    int m_used = 1;
};

/** Whether the answer in view has what CapacityRule::Recycle needs: probabilities of all experts, one expert a token. */
bool canRecycle(const TraceModel& trace);
/** The answer in view as one batch. Recycle without canRecycle() gives nothing. */
QList<CapacityRow> capacityRows(const TraceModel& trace, double factor, CapacityRule rule);

} // namespace moescope::ui
