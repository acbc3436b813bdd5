// SPDX-License-Identifier: Apache-2.0
#include "ui/models/expertpairs.h"

#include <algorithm>
#include <cmath>

namespace moescope::ui {

namespace {

/** Sums over all sets of a size of the product of their members' odds: [0…size], of odds[0…i) in row i. */
using SetSums = std::vector<std::vector<double>>;

SetSums setSums(const std::vector<double>& odds, int size) {
    SetSums sums{std::vector<double>(size_t(size) + 1, 0)};
    sums.front().front() = 1;
    for (const double odd : odds) {
        std::vector<double> next = sums.back();
        for (size_t members = size_t(size); members > 0; --members) {
            next[members] += odd * sums.back()[members - 1];
        }
        sums.push_back(std::move(next));
    }
    return sums;
}

/** For each member, the sum over the sets of `size` of the others. Sums of positive terms alone, so nothing cancels. */
std::vector<double> sumsWithout(const std::vector<double>& odds, int size) {
    const SetSums before = setSums(odds, size);
    const SetSums after = setSums({odds.rbegin(), odds.rend()}, size);
    std::vector<double> sums(odds.size(), 0);
    for (size_t at = 0; at < odds.size(); ++at) {
        const std::vector<double>& left = before[at];
        const std::vector<double>& right = after[odds.size() - 1 - at];
        for (size_t members = 0; members <= size_t(size); ++members) {
            sums[at] += left[members] * right[size_t(size) - members];
        }
    }
    return sums;
}

/** Odds with which a draw of `used` different experts holds each with its share; 0 < share < 1. By the fixed point of
 *  Chen, Dempster and Liu (Biometrika 81, 1994), which is quick where few of many are drawn. */
std::vector<double> oddsOf(std::vector<double> shares, int used) {
    if (2 * used > int(shares.size())) { // who stays away is drawn then
        for (double& share : shares) {
            share = 1 - share;
        }
        std::vector<double> odds = oddsOf(shares, int(shares.size()) - used);
        for (double& odd : odds) {
            odd = 1 / odd;
        }
        return odds;
    }
    std::vector<double> odds;
    for (const double share : shares) {
        odds.push_back(share / (1 - share));
    }
    constexpr int rounds = 500;
    for (int round = 0; round < rounds; ++round) {
        const std::vector<double> without = sumsWithout(odds, used - 1);
        const double all = setSums(odds, used).back().back();
        double off = 0;
        double sum = 0;
        for (size_t at = 0; at < odds.size(); ++at) {
            const double share = odds[at] * without[at] / all;
            off = std::max(off, std::abs(share - shares[at]));
            odds[at] *= shares[at] / share;
            sum += odds[at];
        }
        for (double& odd : odds) {
            odd *= used / sum;
        }
        if (off < 1e-9) {
            break;
        }
    }
    return odds;
}

} // namespace

std::vector<double> expectedPairs(const std::vector<int>& chosen, int n, int used) {
    const size_t experts = chosen.size();
    std::vector<double> expected(experts * experts, 0);
    const auto set = [&](size_t a, size_t b, double tokens) {
        expected[a * experts + b] = tokens;
        expected[b * experts + a] = tokens;
    };
    std::vector<size_t> open; // neither never nor always chosen
    std::vector<double> shares;
    int left = used; // places that are open
    for (size_t expert = 0; expert < experts; ++expert) {
        if (chosen[expert] == n) {
            --left;
            for (size_t other = 0; other < experts; ++other) {
                if (other != expert) {
                    set(expert, other, chosen[other]);
                }
            }
        } else if (chosen[expert] > 0) {
            open.push_back(expert);
            shares.push_back(double(chosen[expert]) / n);
        }
    }
    if (n == 0 || left < 2) {
        return expected;
    }
    const std::vector<double> odds = oddsOf(shares, left);
    const double all = setSums(odds, left).back().back();
    std::vector<double> others(odds.begin() + 1, odds.end());
    for (size_t a = 0; a < odds.size(); ++a) { // `others`: all but a
        const std::vector<double> without = sumsWithout(others, left - 2);
        for (size_t b = a + 1; b < odds.size(); ++b) {
            set(open[a], open[b], n * odds[a] * odds[b] * without[b - 1] / all);
        }
        if (a < others.size()) {
            others[a] = odds[a];
        }
    }
    return expected;
}

bool ExpertPairs::update(const TraceModel& trace, Scope scope, PairMode mode, int layer) {
    const TraceShape& shape = trace.shape();
    const bool other = mode != m_mode || layer != m_layer;
    m_mode = mode;
    m_layer = layer;
    const bool possible = layer >= 0 && (mode == PairMode::WithinLayer ? shape.used > 1 && layer < shape.layers
                                                                       : layer + 1 < shape.layers);
    const bool again = m_feed.restart(trace, scope) || other;
    if (again) {
        m_matrix = possible ? LiftMatrix(shape.experts, shape.experts) : LiftMatrix();
        m_feed.rewind();
        m_feed.restart(trace, scope);
    }
    if (!possible) {
        return again;
    }
    const int counted = m_feed.read(trace, [&](qint64 run, int token) { add(trace, run, token); });
    m_counted += counted;
    if (mode == PairMode::WithinLayer && (counted > 0 || again)) {
        std::vector<int> chosen;
        for (int expert = 0; expert < shape.experts; ++expert) {
            chosen.push_back(m_matrix.rowTotal(expert));
        }
        m_matrix.setExpected(expectedPairs(chosen, m_matrix.n(), shape.used));
    }
    return again || counted > 0;
}

void ExpertPairs::add(const TraceModel& trace, qint64 run, int token) {
    const trace::RouterTrace& router = *trace.router(run, token);
    const size_t used = router.expert_used_count;
    const uint16_t* from = router.experts.data() + size_t(m_layer) * used;
    const bool within = m_mode == PairMode::WithinLayer;
    for (size_t a = 0; within && a < used; ++a) {
        if (std::find(from, from + a, from[a]) != from + a) {
            return; // a file that says so is damaged: no router chooses an expert twice
        }
    }
    const uint16_t* to = within ? from : from + used;
    const auto matches = [&](int layer, size_t rank) {
        return trace.filter().matches(trace.token(run, token), token, layer, int(rank));
    };
    m_matrix.addToken();
    for (size_t a = 0; a < used; ++a) {
        m_matrix.addRow(from[a]);
        m_matrix.addColumn(to[a]);
        const bool left = matches(m_layer, a);
        for (size_t b = 0; b < used; ++b) {
            if (!within || a != b) {
                m_matrix.addCell(from[a], to[b], left || matches(m_layer + int(!within), b));
            }
        }
    }
}

} // namespace moescope::ui
