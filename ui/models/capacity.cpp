// SPDX-License-Identifier: Apache-2.0
#include "ui/models/capacity.h"

#include "ui/models/conversation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace moescope::ui {

namespace {

/** Each expert as often as it has room, the one with the most room first. */
std::vector<int> placesLeft(const std::vector<int>& kept, int capacity) {
    std::vector<int> order(kept.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return kept[size_t(a)] < kept[size_t(b)]; });
    std::vector<int> places;
    for (const int expert : order) {
        places.insert(places.end(), size_t(std::max(0, capacity - kept[size_t(expert)])), expert);
    }
    return places;
}

std::vector<const trace::RouterTrace*> batchOf(const TraceModel& trace) {
    std::vector<const trace::RouterTrace*> batch;
    for (int token = 0; token < trace.tokenCount(); ++token) {
        if (const trace::RouterTrace* router = trace.router(token)) {
            batch.push_back(router);
        }
    }
    return batch;
}

} // namespace

int expertCapacity(double factor, int tokens, int experts, int used) {
    const double share = experts > 0 ? factor * used * tokens / experts : 0;
    return std::max(1, static_cast<int>(std::ceil(share - 1e-9)));
}

CapacityOutcome withCapacity(const std::vector<const trace::RouterTrace*>& batch, int layer, int capacity,
                             CapacityRule rule) {
    CapacityOutcome outcome;
    if (batch.empty()) {
        return outcome;
    }
    const size_t used = batch.front()->expert_used_count;
    const size_t first = size_t(layer) * used;
    const size_t experts = batch.front()->expert_count;
    outcome.experts.assign(batch.size() * used, -1);
    outcome.weights.assign(batch.size() * used, 0);
    outcome.kept.assign(experts, 0);
    std::vector<size_t> without; // tokens whose choice has no room
    for (size_t k = 0; k < used; ++k) {
        for (size_t token = 0; token < batch.size(); ++token) {
            const trace::RouterTrace& router = *batch[token];
            const int expert = router.experts[first + k];
            if (outcome.kept[size_t(expert)] < capacity) {
                ++outcome.kept[size_t(expert)];
                outcome.experts[token * used + k] = expert;
                outcome.weights[token * used + k] = router.weights[first + k];
            } else {
                without.push_back(token);
            }
        }
    }
    outcome.dropped = static_cast<int>(without.size());
    if (rule == CapacityRule::Drop || used != 1) {
        return outcome;
    }
    const std::vector<int> places = placesLeft(outcome.kept, capacity);
    for (size_t i = 0; i < std::min(places.size(), without.size()); ++i) {
        const trace::RouterTrace& router = *batch[without[i]];
        outcome.experts[without[i]] = places[i];
        outcome.weights[without[i]] = router.probs[size_t(layer) * experts + size_t(places[i])];
        ++outcome.moved;
        --outcome.dropped;
    }
    return outcome;
}

bool canRecycle(const TraceModel& trace) {
    const auto batch = batchOf(trace);
    return !batch.empty() && std::all_of(batch.begin(), batch.end(), [](const trace::RouterTrace* router) {
        return router->expert_used_count == 1 && !router->probs.empty();
    });
}

QList<CapacityRow> capacityRows(const TraceModel& trace, double factor, CapacityRule rule) {
    const auto batch = batchOf(trace);
    if (batch.empty() || (rule == CapacityRule::Recycle && !canRecycle(trace))) {
        return {};
    }
    const trace::RouterTrace& any = *batch.front();
    const auto tokens = static_cast<int>(batch.size());
    const auto used = static_cast<int>(any.expert_used_count);
    const int capacity = expertCapacity(factor, tokens, static_cast<int>(any.expert_count), used);
    QList<CapacityRow> rows;
    for (int layer = 0; layer < static_cast<int>(any.moe_layers); ++layer) {
        const CapacityOutcome outcome = withCapacity(batch, layer, capacity, rule);
        std::vector<int> asked(any.expert_count, 0);
        double before = 0;
        for (const trace::RouterTrace* router : batch) {
            for (size_t k = 0; k < size_t(used); ++k) {
                ++asked[router->experts[size_t(layer) * size_t(used) + k]];
                before += double(router->weights[size_t(layer) * size_t(used) + k]);
            }
        }
        const double after = std::accumulate(outcome.weights.begin(), outcome.weights.end(), 0.0);
        CapacityRow row;
        row.layer = layer;
        row.tokens = tokens;
        row.capacity = capacity;
        row.dropped = outcome.dropped;
        row.moved = outcome.moved;
        const auto most = std::max_element(asked.begin(), asked.end());
        row.expert = static_cast<int>(most - asked.begin());
        row.busiest = *most;
        row.mass = before > 0 ? std::max(0.0, 1 - after / before) : 0;
        rows.append(row);
    }
    return rows;
}

CapacityTable::CapacityTable(QObject* parent)
    : TabularModel({tr("Layer"), tr("Tokens"), tr("Of the busiest expert"), tr("Capacity"), tr("Dropped"),
                    tr("Dropped, %"), tr("Moved"), tr("Weight lost, %")},
                   parent) {}

void CapacityTable::setRows(const QList<CapacityRow>& rows, int used) {
    m_rows = rows;
    m_used = std::max(1, used);
    TabularModel::setRows(static_cast<int>(rows.size()), true);
}

QVariant CapacityTable::raw(int row, int column) const {
    const CapacityRow& at = m_rows.at(row);
    switch (column) {
    case Layer: return at.layer;
    case Tokens: return at.tokens;
    case Busiest: return at.busiest;
    case Capacity: return at.capacity;
    case Dropped: return at.dropped;
    case DroppedShare: return at.tokens > 0 ? 100.0 * at.dropped / (double(at.tokens) * m_used) : 0.0;
    case Moved: return at.moved;
    case LostWeight: return at.mass * 100;
    default: return {};
    }
}

QString CapacityTable::text(int row, int column) const {
    const QVariant value = raw(row, column);
    const bool share = column == DroppedShare || column == LostWeight;
    return share ? fixedText(value.toDouble(), 1) : groupedText(value.toLongLong());
}

} // namespace moescope::ui
