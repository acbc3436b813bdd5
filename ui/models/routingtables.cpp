// SPDX-License-Identifier: Apache-2.0
#include "ui/models/routingtables.h"

#include "ui/models/conversation.h"
#include "ui/models/tokenprobabilities.h"
#include "ui/models/tokentext.h"

#include <QCoreApplication>

#include <cmath>

namespace moescope::ui {

namespace {

/** What Token strip and Token path both say of a token in a layer. */
enum class Choice { Expert, Gate, RunnerUp, RunnerUpGate, Margin, Entropy };

QVariant choiceValue(const trace::RouterTrace* router, int layer, Choice choice) {
    if (router == nullptr || layer < 0 || layer >= int(router->moe_layers)) {
        return {};
    }
    const auto row = size_t(layer);
    const size_t first = row * router->expert_used_count;
    const bool rivals = hasRunnerUp(*router);
    const auto known = [](double value) { return std::isfinite(value) ? QVariant(value) : QVariant(); };
    switch (choice) {
    case Choice::Expert:
        return router->expert_used_count == 1 ? QVariant(int(router->experts[first]))
                                              : QVariant(expertsText(*router, layer));
    case Choice::Gate: return known(double(router->weights[first]));
    case Choice::RunnerUp: return rivals ? QVariant(int(router->runner_up[row])) : QVariant();
    case Choice::RunnerUpGate: return rivals ? known(double(router->runner_up_prob[row])) : QVariant();
    case Choice::Margin: return rivals ? known(double(router->margin(uint32_t(layer)))) : QVariant();
    case Choice::Entropy: {
        const double bits = routerEntropy(*router, layer);
        return bits < 0 ? QVariant() : QVariant(bits);
    }
    }
    return {};
}

QString valueText(const QVariant& value) {
    if (!value.isValid()) {
        return QStringLiteral("–");
    }
    return value.typeId() == QMetaType::Double ? QString::number(value.toDouble(), 'f', 2) : value.toString();
}

/** The margin is the difference of what is shown, as in the charts. */
QString marginOf(const trace::RouterTrace* router, int layer) {
    const bool some = router != nullptr && layer >= 0 && layer < int(router->moe_layers) && hasRunnerUp(*router);
    return some ? marginText(*router, layer) : QStringLiteral("–");
}

} // namespace

QString expertsText(const trace::RouterTrace& router, int layer) {
    QString text;
    for (uint32_t k = 0; k < router.expert_used_count; ++k) {
        const int expert = router.experts[size_t(layer) * router.expert_used_count + k];
        text += (k > 0 ? QStringLiteral(", ") : QString()) + QString::number(expert);
    }
    return text;
}

bool isSharedOff(const WhatIf* whatIf, Scope scope) {
    return whatIf != nullptr && scope != Scope::Chat && whatIf->shown().without_shared;
}

QString sharedText(const WhatIf* whatIf, Scope scope) {
    return isSharedOff(whatIf, scope) ? QCoreApplication::translate("ExpertsTable", "off")
                                      : QCoreApplication::translate("ExpertsTable", "all");
}

ExpertsTable::ExpertsTable(TraceModel* trace, QObject* parent)
    : TabularModel({tr("Layer"), tr("Expert"), tr("Tokens"), tr("Share, %"), tr("n"), tr("÷ uniform"),
                    tr("Outside chance"), tr("Gate mass"), tr("Mean gate"), tr("What if"), tr("Shared expert")},
                   parent),
      m_trace(trace) {
    connect(trace, &TraceModel::currentChanged, this, &ExpertsTable::reset);
    connect(trace, &TraceModel::appended, this, &ExpertsTable::refresh);
    connect(trace, &TraceModel::chatChanged, this, &ExpertsTable::refresh);
    connect(trace, &TraceModel::windowChanged, this, [this] {
        if (m_scope == Scope::Window) {
            refresh();
        }
    });
    reset();
}

void ExpertsTable::setScope(Scope scope, int token) {
    if (scope != m_scope || (scope == Scope::Token && token != m_token)) {
        m_scope = scope;
        m_token = token;
        refresh();
    }
}

void ExpertsTable::setBaseline(qint64 run) {
    if (run != m_baseline) {
        m_baseline = run;
        refresh();
        emit headerDataChanged(Qt::Horizontal, OverUniform, OverUniform);
    }
}

void ExpertsTable::setWhatIf(WhatIf* whatIf) {
    m_whatIf = whatIf;
    connect(whatIf, &WhatIf::changed, this, &ExpertsTable::refresh);
    refresh();
}

void ExpertsTable::reset() {
    m_experts = m_trace->shape().experts;
    m_stale = true;
    resetTo(m_trace->shape().layers * m_experts);
}

void ExpertsTable::refresh() {
    m_stale = true;
    setRows(rowCount(), true);
}

const Measure& ExpertsTable::measure() const {
    if (m_stale) {
        m_measure = Measure::of(*m_trace, m_scope, m_token, m_baseline);
        m_stale = false;
    }
    return m_measure;
}

QVariant ExpertsTable::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation == Qt::Horizontal && role == SilentRole) {
        const bool changed = m_whatIf != nullptr && m_whatIf->hasMarks() && m_whatIf->marks(m_trace->shape());
        return (section == WhatIfMark && !changed) || (section == Shared && !isSharedOff(m_whatIf, m_scope));
    }
    const bool measured = section == OverUniform && orientation == Qt::Horizontal && role == Qt::DisplayRole;
    return measured && !measure().isUniform() ? tr("÷ %1").arg(baselineName(*m_trace, m_baseline))
                                              : TabularModel::headerData(section, orientation, role);
}

QVariant ExpertsTable::raw(int row, int column) const {
    const RoutingStatistics& counts = measure().counts;
    const int layer = row / m_experts;
    const int expert = row % m_experts;
    switch (column) {
    case Layer: return layer;
    case Expert: return expert;
    case Tokens: return counts.tokens(layer, expert);
    case Share: return counts.share(layer, expert) * 100;
    case OverUniform: return measure().ratio(layer, expert);
    case OutsideChance: return measure().isOutsideChance(layer, expert) ? QStringLiteral("yes") : QStringLiteral("no");
    case GateMass: return counts.gateMass(layer, expert);
    case MeanGate: return counts.tokens(layer, expert) > 0 ? QVariant(counts.meanGate(layer, expert)) : QVariant();
    case Count: return counts.n();
    case WhatIfMark: {
        const bool known = m_whatIf != nullptr && m_whatIf->marks(m_trace->shape());
        const QString words = known ? m_whatIf->markWords(layer, expert) : QString();
        return words.isEmpty() ? QVariant() : QVariant(words);
    }
    case Shared: return m_trace->shape().shared > 0 ? QVariant(sharedText(m_whatIf, m_scope)) : QVariant();
    default: return {};
    }
}

QString ExpertsTable::text(int row, int column) const {
    const QVariant value = raw(row, column);
    switch (column) {
    case Tokens:
    case Count: return groupedText(value.toLongLong());
    case Share: return QString::number(value.toDouble(), 'f', 1); // the heading has the unit
    case OverUniform: return std::isinf(value.toDouble()) ? QStringLiteral("∞") : valueText(value);
    case OutsideChance: return measure().isOutsideChance(row / m_experts, row % m_experts) ? tr("yes") : tr("no");
    default: return valueText(value);
    }
}

TokenStripTable::TokenStripTable(TraceModel* trace, QObject* parent)
    : TabularModel({tr("Position"), tr("Text"), tr("Id"), tr("Class"), tr("Expert"), tr("Gate"), tr("Runner-up"),
                    tr("Its gate"), tr("Margin"), tr("Entropy, bits"), tr("Surprise, bits")},
                   parent),
      m_trace(trace) {
    connect(trace, &TraceModel::currentChanged, this, [this] { resetTo(m_trace->tokenCount()); });
    connect(trace, &TraceModel::appended, this, [this] { setRows(m_trace->tokenCount(), false); });
    resetTo(trace->tokenCount());
}

void TokenStripTable::setLayer(int layer) {
    if (layer != m_layer) {
        m_layer = layer;
        setRows(rowCount(), true);
    }
}

QVariant TokenStripTable::raw(int row, int column) const {
    const trace::TokenTrace& token = m_trace->token(row);
    const trace::RouterTrace* router = m_trace->router(row);
    switch (column) {
    case Position: return token.position + 1;
    case Text: return QString::fromStdString(token.text);
    case Id: return token.token;
    case Class: return tokenClassName(tokenClass(token.text));
    case Expert: return choiceValue(router, m_layer, Choice::Expert);
    case Gate: return choiceValue(router, m_layer, Choice::Gate);
    case RunnerUp: return choiceValue(router, m_layer, Choice::RunnerUp);
    case RunnerUpGate: return choiceValue(router, m_layer, Choice::RunnerUpGate);
    case Margin: return choiceValue(router, m_layer, Choice::Margin);
    case Entropy: return choiceValue(router, m_layer, Choice::Entropy);
    case Surprise: {
        const double bits = surpriseBits(token);
        return bits < 0 ? QVariant() : QVariant(bits);
    }
    default: return {};
    }
}

QString TokenStripTable::text(int row, int column) const {
    switch (column) {
    case Text: return tokenLabel(m_trace->token(row).text);
    case Position:
    case Id: return groupedText(raw(row, column).toLongLong());
    case Margin: return marginOf(m_trace->router(row), m_layer);
    default: return valueText(raw(row, column));
    }
}

TokenPathTable::TokenPathTable(TraceModel* trace, QObject* parent)
    : TabularModel(
          {tr("Layer"), tr("Expert"), tr("Gate"), tr("Runner-up"), tr("Its gate"), tr("Margin"), tr("Entropy, bits")},
          parent),
      m_trace(trace) {
    connect(trace, &TraceModel::currentChanged, this, &TokenPathTable::refresh);
    connect(trace, &TraceModel::appended, this, [this](int first, int last) {
        if (first <= m_token && m_token <= last) { // it was chosen before it came
            refresh();
        }
    });
    refresh();
}

void TokenPathTable::setToken(int token) {
    if (token != m_token) {
        m_token = token;
        refresh();
    }
}

void TokenPathTable::refresh() {
    const trace::RouterTrace* router = m_trace->router(m_token);
    setRows(router != nullptr ? int(router->moe_layers) : 0, true);
}

QVariant TokenPathTable::raw(int row, int column) const {
    const trace::RouterTrace* router = m_trace->router(m_token);
    switch (column) {
    case Layer: return row;
    case Expert: return choiceValue(router, row, Choice::Expert);
    case Gate: return choiceValue(router, row, Choice::Gate);
    case RunnerUp: return choiceValue(router, row, Choice::RunnerUp);
    case RunnerUpGate: return choiceValue(router, row, Choice::RunnerUpGate);
    case Margin: return choiceValue(router, row, Choice::Margin);
    case Entropy: return choiceValue(router, row, Choice::Entropy);
    default: return {};
    }
}

QString TokenPathTable::text(int row, int column) const {
    return column == Margin ? marginOf(m_trace->router(m_token), row) : valueText(raw(row, column));
}

} // namespace moescope::ui
