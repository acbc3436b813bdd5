// SPDX-License-Identifier: Apache-2.0
#include "ui/models/comparisontables.h"

#include "ui/models/modelfit.h"
#include "ui/models/tokentext.h"

#include <QCoreApplication>

#include <algorithm>

namespace moescope::ui {

namespace {

QString tr(const char* text) { return QCoreApplication::translate("moescope::ui::RunFigure", text); }

const auto kNone = QStringLiteral("–");

QString shareText(const QVariant& value, int digits) {
    return value.isValid() ? QString::number(value.toDouble(), 'f', digits) : kNone;
}

QVariant known(double value) { return value > 0 ? QVariant(value) : QVariant(); }

QString modelText(const RunView& run) { return QStringList{run.model, run.model_type}.join(u' ').trimmed(); }

QStringList figureTitles() {
    QStringList titles;
    for (const RunFigure figure : runFigures) {
        const auto [name, unit] = figureTitle(figure);
        titles << (unit.isEmpty() ? name : QStringLiteral("%1, %2").arg(name, unit));
    }
    return titles;
}

QStringList allRunsTitles(int layers) {
    QStringList titles{tr("Run"), tr("Title"), tr("Model")};
    for (int layer = 0; layer < layers; ++layer) {
        titles << tr("L%1 JS, bits").arg(layer);
    }
    return titles + figureTitles();
}

} // namespace

std::shared_ptr<const RunComparison> ComparisonTable::routed() const {
    const std::shared_ptr<const RunComparison>& pair = m_comparison->pair();
    return pair != nullptr && pair->routing ? pair : nullptr;
}

std::pair<QString, QString> figureTitle(RunFigure figure) {
    switch (figure) {
    case RunFigure::Prompt: return {tr("Prompt"), tr("tokens")};
    case RunFigure::FirstToken: return {tr("First token"), tr("s")};
    case RunFigure::Prefill: return {tr("Prefill"), tr("tok/s")};
    case RunFigure::Decode: return {tr("Decode"), tr("tok/s")};
    case RunFigure::KvBytes: return {tr("KV"), tr("bytes")};
    case RunFigure::Needle: break;
    }
    return {tr("Needle"), QString()};
}

QVariant figureOf(const RunView& run, RunFigure figure) {
    switch (figure) {
    case RunFigure::Prompt: return run.prompt_tokens > 0 ? QVariant(run.prompt_tokens) : QVariant();
    case RunFigure::FirstToken: return known(run.first_token_ms / 1000);
    case RunFigure::Prefill: return known(run.prefill_tps);
    case RunFigure::Decode: return known(run.decode_tps);
    case RunFigure::KvBytes: return run.kv_bytes > 0 ? QVariant(run.kv_bytes) : QVariant();
    case RunFigure::Needle: break;
    }
    switch (run.verdict) {
    case NeedleVerdict::Found: return tr("found");
    case NeedleVerdict::Missed: return tr("missed");
    case NeedleVerdict::None: break;
    }
    return {};
}

QString figureText(const RunView& run, RunFigure figure) {
    const QVariant value = figureOf(run, figure);
    if (!value.isValid()) {
        return kNone;
    }
    switch (figure) {
    case RunFigure::Prompt: return groupedText(value.toLongLong());
    case RunFigure::FirstToken: {
        const double seconds = value.toDouble();
        return QString::number(seconds, 'f', seconds < 9.995 ? 2 : 1);
    }
    case RunFigure::Prefill:
    case RunFigure::Decode:
        return value.toDouble() < 9.95 ? figureText(value.toDouble()) : groupedText(std::llround(value.toDouble()));
    case RunFigure::KvBytes: return bytesText(run.kv_bytes);
    case RunFigure::Needle: break;
    }
    return value.toString();
}

AgreementTable::AgreementTable(Comparison* comparison, QObject* parent)
    : ComparisonTable(
          {tr("Token of A"), tr("Layer"), tr("Expert A"), tr("Gate A"), tr("Expert B"), tr("Gate B"), tr("Same")},
          comparison, parent) {}

void AgreementTable::refresh() {
    const std::shared_ptr<const RunComparison> pair = routed();
    if (pair == m_pair) {
        return;
    }
    m_pair = pair;
    m_recorded.clear();
    m_layers = pair != nullptr ? pair->a->shape().layers : 0;
    for (int at = 0; pair != nullptr && at < static_cast<int>(pair->pairs.size()); ++at) {
        if (pair->isRecorded(at)) {
            m_recorded.push_back(at);
        }
    }
    resetTo(static_cast<int>(m_recorded.size()) * m_layers);
}

int AgreementTable::rowOf(int pair, int layer) const {
    const auto found = std::lower_bound(m_recorded.begin(), m_recorded.end(), pair);
    return found != m_recorded.end() && *found == pair && layer >= 0 && layer < m_layers
               ? static_cast<int>(found - m_recorded.begin()) * m_layers + layer
               : -1;
}

int AgreementTable::pairOf(int row) const { return m_recorded[size_t(row / m_layers)]; }

int AgreementTable::layerOf(int row) const { return row % m_layers; }

QVariant AgreementTable::raw(int row, int column) const {
    if (m_pair == nullptr || m_pair != routed()) {
        return {}; // another pair, and the panel was not asked to show it yet
    }
    const int pair = pairOf(row);
    const int layer = layerOf(row);
    const TokenPair tokens = m_pair->pairs[size_t(pair)];
    switch (column) {
    case Token: return tokens.a + 1;
    case Layer: return layer;
    case ExpertA: return m_pair->a->expert(tokens.a, layer);
    case GateA: return double(m_pair->a->gate(tokens.a, layer));
    case ExpertB: return m_pair->b->expert(tokens.b, layer);
    case GateB: return double(m_pair->b->gate(tokens.b, layer));
    case Same: return m_pair->isOther(pair, layer) ? AgreementTable::tr("no") : AgreementTable::tr("yes");
    default: return {};
    }
}

QString AgreementTable::text(int row, int column) const {
    const QVariant value = raw(row, column);
    return column == GateA || column == GateB ? shareText(value, 2)
           : column == Token                  ? groupedText(value.toLongLong())
                                              : value.toString();
}

DistanceTable::DistanceTable(Comparison* comparison, QObject* parent)
    : ComparisonTable({tr("Layer"), tr("JS, bits"), tr("Chance 95 %, bits"), tr("Jaccard"), tr("n")}, comparison,
                      parent) {}

void DistanceTable::refresh() { setRows(routed() != nullptr ? static_cast<int>(routed()->distance.size()) : 0, true); }

QVariant DistanceTable::raw(int row, int column) const {
    const std::shared_ptr<const RunComparison> pair = routed();
    if (pair == nullptr || row >= static_cast<int>(pair->distance.size())) {
        return {};
    }
    const LayerDistance& distance = pair->distance[size_t(row)];
    switch (column) {
    case Layer: return row;
    case Divergence: return distance.js_bits;
    case Chance: return distance.chance_bits;
    case Jaccard: return distance.jaccard;
    case Count: return distance.n;
    default: return {};
    }
}

QString DistanceTable::text(int row, int column) const {
    const QVariant value = raw(row, column);
    switch (column) {
    case Layer: return value.toString();
    case Count: return groupedText(value.toLongLong());
    case Jaccard: return shareText(value, 2);
    default: return shareText(value, 3);
    }
}

SpeedTable::SpeedTable(Comparison* comparison, QObject* parent)
    : ComparisonTable(QStringList{tr("Run"), tr("Title"), tr("Model")} + figureTitles() +
                          QStringList{tr("Reused, tokens"), tr("KV type"), tr("Median of"), tr("Machine")},
                      comparison, parent) {}

void SpeedTable::refresh() { setRows(static_cast<int>(comparison().runs().size()), true); }

bool SpeedTable::isText(int column) const {
    return column < Figures || column == Figures + int(RunFigure::Needle) || column == KvType || column == Machine;
}

QVariant SpeedTable::raw(int row, int column) const {
    if (row >= comparison().runs().size()) {
        return {};
    }
    const RunView& run = comparison().runs().at(row);
    if (column >= Figures && column < Reused) {
        return figureOf(run, runFigures[size_t(column - Figures)]);
    }
    switch (column) {
    case Letter: return comparison().letter(row);
    case Title: return run.title;
    case Model: return modelText(run);
    case Reused: return run.prompt_tokens > 0 ? QVariant(run.reused_tokens) : QVariant();
    case KvType: return kvTypeName(run.kv_type);
    case Measured: return run.decode_tps > 0 ? QVariant(std::max(1, run.measured)) : QVariant();
    case Machine: return run.machine.isEmpty() ? tr("this one") : run.machine;
    default: return {};
    }
}

QString SpeedTable::text(int row, int column) const {
    if (column >= Figures && column < Reused && row < comparison().runs().size()) {
        return figureText(comparison().runs().at(row), runFigures[size_t(column - Figures)]);
    }
    const QVariant value = raw(row, column);
    return !value.isValid() ? kNone : column == Reused ? groupedText(value.toLongLong()) : value.toString();
}

NeedleTable::NeedleTable(Comparison* comparison, QObject* parent)
    : ComparisonTable({tr("Length, tokens"), tr("Depth, %"), tr("Found"), tr("n"), tr("Low, 95 %"), tr("High, 95 %"),
                       tr("Seconds")},
                      comparison, parent) {}

void NeedleTable::refresh() {
    setRows(comparison().grid() ? static_cast<int>(comparison().grid()->cells.size()) : 0, true);
}

QVariant NeedleTable::raw(int row, int column) const {
    if (!comparison().grid() || row >= static_cast<int>(comparison().grid()->cells.size())) {
        return {};
    }
    const NeedleGridView& grid = *comparison().grid();
    const NeedleGridView::Cell& cell = grid.cells[size_t(row)];
    const auto ran = [&cell](double value) { return cell.n > 0 ? QVariant(value) : QVariant(); };
    switch (column) {
    case Length: return grid.lengths[size_t(row / grid.rows())];
    case Depth: return grid.depths.empty() ? QVariant() : QVariant(grid.depths[size_t(row % grid.rows())]);
    case Found: return cell.n > 0 ? QVariant(cell.found) : QVariant();
    case Count: return cell.n;
    case Low: return ran(cell.low);
    case High: return ran(cell.high);
    case Seconds: return ran(cell.seconds);
    default: return {};
    }
}

QString NeedleTable::text(int row, int column) const {
    const QVariant value = raw(row, column);
    switch (column) {
    case Length:
    case Count: return groupedText(value.toLongLong());
    case Depth: return value.isValid() ? value.toString() : tr("whole text");
    case Found: return value.isValid() ? value.toString() : kNone;
    case Seconds: return shareText(value, 1);
    default: return shareText(value, 2);
    }
}

MassTable::MassTable(Comparison* comparison, QObject* parent)
    : ComparisonTable({tr("Layer"), tr("A, %"), tr("B, %"), tr("n of A"), tr("n of B")}, comparison, parent) {}

void MassTable::refresh() {
    size_t layers = 0;
    for (const Side side : {Side::A, Side::B}) {
        const RunView* run = comparison().side(side);
        layers = std::max(layers, run != nullptr ? run->passage_mass.size() : 0);
    }
    setRows(static_cast<int>(layers), true);
}

QVariant MassTable::raw(int row, int column) const {
    if (column == Layer) {
        return row;
    }
    const RunView* run = comparison().side(column == MassA || column == CountA ? Side::A : Side::B);
    if (run == nullptr || row >= static_cast<int>(run->passage_mass.size())) {
        return {};
    }
    return column == MassA || column == MassB ? QVariant(double(run->passage_mass[size_t(row)]) * 100)
                                              : QVariant(run->passage_mass_n);
}

QString MassTable::text(int row, int column) const {
    const QVariant value = raw(row, column);
    return column == Layer                      ? value.toString()
           : column == MassA || column == MassB ? shareText(value, 1)
           : value.isValid()                    ? groupedText(value.toLongLong())
                                                : kNone;
}

AllRunsTable::AllRunsTable(Comparison* comparison, QObject* parent)
    : ComparisonTable(allRunsTitles(0), comparison, parent) {}

int AllRunsTable::layersOf(const Comparison& comparison) {
    const RunView* a = comparison.side(Side::A);
    return a != nullptr && a->hasAnswer() ? a->trace->shape().layers : 0;
}

void AllRunsTable::refresh() {
    const int layers = layersOf(comparison());
    const int rows = static_cast<int>(comparison().runs().size());
    if (layers != m_layers) {
        m_layers = layers;
        resetTo(rows, allRunsTitles(layers));
    } else {
        setRows(rows, true);
    }
}

bool AllRunsTable::isText(int column) const {
    return column < FirstLayer || column == FirstLayer + m_layers + int(RunFigure::Needle);
}

QVariant AllRunsTable::raw(int row, int column) const {
    if (row >= comparison().runs().size()) {
        return {};
    }
    const RunView& run = comparison().runs().at(row);
    switch (column) {
    case Letter: return comparison().letter(row);
    case Title: return run.title;
    case Model: return modelText(run);
    default: break;
    }
    if (column >= FirstLayer + m_layers) {
        return figureOf(run, runFigures[size_t(column - FirstLayer - m_layers)]);
    }
    const std::vector<LayerDistance>& distance = comparison().distanceToA(row);
    const auto layer = size_t(column - FirstLayer);
    return layer < distance.size() ? QVariant(distance[layer].js_bits) : QVariant();
}

QString AllRunsTable::text(int row, int column) const {
    if (column >= FirstLayer + m_layers && row < comparison().runs().size()) {
        return figureText(comparison().runs().at(row), runFigures[size_t(column - FirstLayer - m_layers)]);
    }
    const QVariant value = raw(row, column);
    return column < FirstLayer ? value.toString() : shareText(value, 3);
}

} // namespace moescope::ui
