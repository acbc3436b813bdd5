// SPDX-License-Identifier: Apache-2.0
#include "ui/models/filter.h"

#include "ui/models/filterprogram.h"
#include "ui/models/routingstatistics.h"
#include "ui/models/tokentext.h"

#include <QVarLengthArray>

#include <limits>

namespace moescope::ui {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

double numberOf(FilterField field, const trace::TokenTrace& trace, int token, int layer, int rank) {
    const trace::RouterTrace& router = trace.router;
    const size_t chosen = size_t(layer) * router.expert_used_count + size_t(rank);
    switch (field) {
    case FilterField::Token: return token + 1;
    case FilterField::Position: return trace.position;
    case FilterField::Id: return trace.token;
    case FilterField::Layer: return layer;
    case FilterField::Expert: return router.experts[chosen];
    case FilterField::Rank: return rank;
    case FilterField::Weight: return double(router.weights[chosen]);
    case FilterField::Prob: return double(router.chosen_probs[chosen]);
    case FilterField::RunnerUp: return hasRunnerUp(router) ? double(router.runner_up[size_t(layer)]) : kUnknown;
    case FilterField::Margin: return hasRunnerUp(router) ? double(router.margin(uint32_t(layer))) : kUnknown;
    case FilterField::Entropy: {
        const double entropy = routerEntropy(router, layer);
        return entropy >= 0 ? entropy : kUnknown;
    }
    case FilterField::Sampled: return trace.generated ? double(trace.probability) : kUnknown;
    case FilterField::Text:
    case FilterField::Class: break;
    }
    return kUnknown;
}

/** Whether `left` is `comparison` to `right`; false with what was not recorded, whatever the comparison. */
bool compare(double left, FilterOperator comparison, double right) {
    if (qIsNaN(left)) {
        return false;
    }
    switch (comparison) {
    case FilterOperator::Equal: return left == right;
    case FilterOperator::NotEqual: return left != right;
    case FilterOperator::Less: return left < right;
    case FilterOperator::LessEqual: return left <= right;
    case FilterOperator::Greater: return left > right;
    case FilterOperator::GreaterEqual: return left >= right;
    case FilterOperator::Contains: break;
    }
    return false;
}

bool compareWords(const FilterStep& step, const trace::TokenTrace& trace) {
    const QString text =
        step.field == FilterField::Class ? tokenClassName(tokenClass(trace.text)) : QString::fromStdString(trace.text);
    switch (step.comparison) {
    case FilterOperator::Contains: return text.contains(step.word, Qt::CaseInsensitive);
    case FilterOperator::NotEqual: return text.trimmed().compare(step.word.trimmed(), Qt::CaseInsensitive) != 0;
    default: return text.trimmed().compare(step.word.trimmed(), Qt::CaseInsensitive) == 0;
    }
}

} // namespace

std::variant<Filter, FilterError> Filter::parse(const QString& line) {
    Filter filter;
    filter.m_line = line.trimmed();
    if (filter.m_line.isEmpty()) {
        return filter;
    }
    try {
        filter.m_program = std::make_shared<const Program>(Program{parseFilter(line)});
    } catch (const FilterError& error) {
        return error;
    }
    return filter;
}

bool Filter::matches(const trace::TokenTrace& trace, int token, int layer, int rank) const {
    if (isEmpty()) {
        return true;
    }
    QVarLengthArray<bool, 64> stack;
    for (const FilterStep& step : m_program->steps) {
        switch (step.kind) {
        case FilterStep::Kind::Compare:
            stack.append(isWord(step.field)
                             ? compareWords(step, trace)
                             : compare(numberOf(step.field, trace, token, layer, rank), step.comparison, step.number));
            break;
        case FilterStep::Kind::Not: stack.back() = !stack.back(); break;
        case FilterStep::Kind::And:
        case FilterStep::Kind::Or: {
            const bool right = stack.back();
            stack.removeLast();
            stack.back() = step.kind == FilterStep::Kind::And ? stack.back() && right : stack.back() || right;
            break;
        }
        }
    }
    return stack.back();
}

bool Filter::matchesAny(const trace::TokenTrace& trace, int token, int layer) const {
    if (isEmpty()) {
        return true;
    }
    for (int rank = 0; rank < int(trace.router.expert_used_count); ++rank) {
        if (matches(trace, token, layer, rank)) {
            return true;
        }
    }
    return false;
}

} // namespace moescope::ui
