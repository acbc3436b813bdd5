// SPDX-License-Identifier: Apache-2.0
#include "ui/models/expertcardtable.h"

#include "ui/models/conversation.h"
#include "ui/models/lifttable.h"
#include "ui/models/modelfit.h"

namespace moescope::ui {

QString gateBinText(const ExpertProfile& profile, int bin) {
    const double width = profile.gate_end / ExpertProfile::gateBins;
    return QStringLiteral("%1–%2").arg(bin * width, 0, 'f', 2).arg((bin + 1) * width, 0, 'f', 2);
}

ExpertCardTable::ExpertCardTable(const TraceModel* trace, QObject* parent)
    : TabularModel({tr("Part"), tr("Item"), tr("Tokens"), tr("Of"), tr("Share, %"), tr("Lift"), tr("By chance"),
                    tr("Outside chance"), tr("Gate")},
                   parent),
      m_trace(trace) {}

void ExpertCardTable::update(Scope scope, int layer, int expert) {
    if (m_profiler.update(*m_trace, scope, layer, expert)) {
        announce();
    }
}

void ExpertCardTable::setWeights(const ExpertWeights& weights) {
    if (weights != m_weights) {
        m_weights = weights;
        announce();
    }
}

ExpertWeights ExpertCardTable::weights() const {
    return m_weights.shape.routesLike(m_trace->shape()) ? m_weights : ExpertWeights();
}

void ExpertCardTable::announce() {
    const ExpertProfile& at = profile();
    const int rows = 1 + ExpertProfile::gateBins + int(at.top_tokens.size() + at.classes.size() + at.examples.size()) +
                     int(weights().bytes > 0);
    const int wanted = at.isValid() ? rows : 0;
    if (wanted == rowCount()) {
        setRows(wanted, true);
    } else {
        resetTo(wanted);
    }
}

ExpertCardTable::Place ExpertCardTable::placeOf(int row) const {
    const ExpertProfile& at = profile();
    for (const auto& [kind, count] :
         std::initializer_list<QPair<Kind, int>>{{Kind::All, 1},
                                                 {Kind::Gate, ExpertProfile::gateBins},
                                                 {Kind::Token, int(at.top_tokens.size())},
                                                 {Kind::Class, int(at.classes.size())},
                                                 {Kind::Example, int(at.examples.size())}}) {
        if (row < count) {
            return {kind, row};
        }
        row -= count;
    }
    return {Kind::Weights, 0};
}

int ExpertCardTable::exampleOf(int row) const {
    const Place place = placeOf(row);
    return place.kind == Kind::Example ? place.index : -1;
}

int ExpertCardTable::rowOfExample(int example) const {
    return 1 + ExpertProfile::gateBins + int(profile().top_tokens.size() + profile().classes.size()) + example;
}

QVariant ExpertCardTable::liftValue(const ExpertProfile::Lift& lift, int column) const {
    switch (column) {
    case Item: return lift.name;
    case Tokens: return lift.routed;
    case Of: return lift.all;
    case Share: return 100.0 * lift.routed / lift.all;
    case Lift: return lift.lift;
    case Chance: return chanceText(lift.chance);
    case OutsideChance: return lift.isOutsideChance() ? QStringLiteral("yes") : QStringLiteral("no");
    default: return {};
    }
}

QVariant ExpertCardTable::raw(int row, int column) const {
    const ExpertProfile& at = profile();
    const auto [kind, index] = placeOf(row);
    switch (kind) {
    case Kind::All:
        switch (column) {
        case Part: return tr("Share");
        case Item: return tr("Layer %1, expert %2").arg(at.layer).arg(at.expert);
        case Tokens: return at.tokens;
        case Of: return at.n;
        case Share: return at.share * 100;
        case Lift: return at.over_uniform;
        case Chance: return chanceText(at.chance);
        case OutsideChance: return at.isOutsideChance() ? QStringLiteral("yes") : QStringLiteral("no");
        case Gate: return at.tokens > 0 ? QVariant(at.mean_gate) : QVariant();
        default: return {};
        }
    case Kind::Gate: {
        const int tokens = at.gates[size_t(index)];
        switch (column) {
        case Part: return tr("Gate weight");
        case Item: return gateBinText(at, index);
        case Tokens: return tokens;
        case Of: return at.tokens;
        case Share: return at.tokens > 0 ? QVariant(100.0 * tokens / at.tokens) : QVariant();
        default: return {};
        }
    }
    case Kind::Token: return column == Part ? QVariant(tr("Token")) : liftValue(at.top_tokens.at(index), column);
    case Kind::Class: return column == Part ? QVariant(tr("Class")) : liftValue(at.classes.at(index), column);
    case Kind::Example: {
        const ExpertProfile::Example& example = at.examples.at(index);
        switch (column) {
        case Part: return tr("Example, token %1").arg(tokenNumber(example.token));
        case Item: return example.before + QLatin1Char('[') + example.text + QLatin1Char(']') + example.after;
        case Gate: return example.gate;
        default: return {};
        }
    }
    case Kind::Weights:
        switch (column) {
        case Part: return tr("Weights");
        case Item: return tr("%1 on %2").arg(bytesText(weights().bytes), weights().place);
        default: return {};
        }
    }
    return {};
}

QString ExpertCardTable::text(int row, int column) const {
    const QVariant value = raw(row, column);
    if (!value.isValid()) {
        return QStringLiteral("–");
    }
    switch (column) {
    case Tokens:
    case Of: return groupedText(value.toLongLong());
    case Share: return QString::number(value.toDouble(), 'f', 1);
    case Lift: return liftText(value.toDouble());
    case Gate: return QString::number(value.toDouble(), 'f', 2);
    case OutsideChance: return value.toString() == QLatin1String("yes") ? tr("yes") : tr("no");
    default: return value.toString();
    }
}

} // namespace moescope::ui
