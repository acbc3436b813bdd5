// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/filter.h"

#include <vector>

namespace moescope::ui {

enum class FilterField : uint8_t {
    Token,
    Position,
    Id,
    Layer,
    Expert,
    Rank,
    Weight,
    Prob,
    RunnerUp,
    Margin,
    Entropy,
    Sampled,
    Text,
    Class
};

enum class FilterOperator : uint8_t { Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, Contains };

/** A comparison pushes its truth; And, Or and Not take theirs from the stack. */
struct FilterStep {
    enum class Kind : uint8_t { Compare, And, Or, Not };
    Kind kind = Kind::Compare;
    FilterField field = FilterField::Token;
    FilterOperator comparison = FilterOperator::Equal;
    double number = 0;
    QString word;
};

struct Filter::Program {
    std::vector<FilterStep> steps;
};

constexpr bool isWord(FilterField field) { return field == FilterField::Text || field == FilterField::Class; }

/** Steps of a line that is not blank; throws FilterError. */
std::vector<FilterStep> parseFilter(const QString& line);

} // namespace moescope::ui
