// SPDX-License-Identifier: Apache-2.0
#include "tests/app/gui/walkcompare.h"

#include "app/gui/runvalues.h"
#include "engine/needle/grid_file.h"
#include "ui/models/alignedanswers.h"
#include "ui/models/comparisontables.h"
#include "ui/panels/comparepage.h"
#include "ui/panels/panelframe.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace moescope::test {
namespace {

using ui::Side;

constexpr double tolerance = 1e-5;          ///< shares are stored in 32 bits
constexpr double gateTolerance = 0.6 / 255; ///< a comparison keeps gates in 8 bits, the store in 16

/** A run as the store has it. */
struct Stored {
    store::Message answer;
    gui::RunResult result;
    store::TokenTraces tokens; ///< generated
};

Stored storedOf(App& app, const ui::RunView& run) {
    Stored stored;
    app.composition.store().run([&](store::Store& store) {
        stored.answer = store.message(run.answer);
        for (const store::Run& kept : store.runs(app.composition.comparison().id())) {
            if (kept.id == run.id) {
                stored.result = gui::resultOf(kept.result);
            }
        }
        for (const trace::TokenTracePtr& token : store.traces(run.answer).tokens) {
            if (token->generated) {
                stored.tokens.push_back(token);
            }
        }
    });
    app.settle();
    return stored;
}

/** The rows of one panel's table, and what is wrong with them. */
class Rows {
public:
    Rows(const ui::PanelFrame& panel) : m_panel(panel) {}

    int count() const { return m_panel.table()->rowCount(); }
    QVariant at(int row, int column) const {
        return m_panel.table()->index(row, column).data(ui::TabularModel::RawRole);
    }
    void check(int row, int column, const QVariant& expected, double allowed = tolerance) {
        const QVariant found = at(row, column);
        const bool numbers = found.canConvert<double>() && expected.canConvert<double>() &&
                             found.userType() != QMetaType::QString && expected.userType() != QMetaType::QString;
        const bool same = numbers ? std::abs(found.toDouble() - expected.toDouble()) <=
                                        allowed * std::max(1.0, std::abs(expected.toDouble()))
                                  : found == expected;
        if (!same) {
            const QString title = m_panel.table()->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
            say(QStringLiteral("row %1 has %2 “%3” in place of “%4”.")
                    .arg(row)
                    .arg(title, found.toString(), expected.toString()));
        }
    }
    void checkCount(size_t expected) {
        if (static_cast<size_t>(count()) != expected) {
            say(QStringLiteral("it has %1 rows in place of %2.").arg(count()).arg(expected));
        }
    }
    void say(const QString& words) { m_faults << QStringLiteral("%1: %2").arg(m_panel.objectName(), words); }
    const QStringList& faults() const { return m_faults; }

private:
    const ui::PanelFrame& m_panel;
    QStringList m_faults;
};

QString withoutSpace(QString text) {
    text.removeIf([](QChar letter) { return letter.isSpace(); });
    return text;
}

std::set<int> chosenIn(const trace::TokenTrace& token, int layer) {
    const uint32_t used = token.router.expert_used_count;
    const auto* first = &token.router.experts[size_t(layer) * used];
    return {first, first + used};
}

void checkAnswers(const std::array<Stored, 2>& stored, Rows& rows) {
    std::array<QString, 2> texts;
    for (int row = 0; row < rows.count(); ++row) {
        const QString a = rows.at(row, ui::AnswersTable::TextA).toString();
        const QString b = rows.at(row, ui::AnswersTable::TextB).toString();
        texts[0] += a;
        texts[1] += b;
        rows.check(row, ui::AnswersTable::Same, a == b ? QStringLiteral("yes") : QStringLiteral("no"));
    }
    for (size_t side = 0; side < 2; ++side) {
        if (withoutSpace(texts[side]) != withoutSpace(stored[side].answer.text)) {
            rows.say(
                QStringLiteral("it has the answer “%1” in place of “%2”.").arg(texts[side], stored[side].answer.text));
        }
    }
}

void checkAgreement(const ui::RunComparison& pair, const std::array<Stored, 2>& stored, Rows& rows) {
    using Table = ui::AgreementTable;
    const int layers = pair.a->shape().layers;
    rows.checkCount(pair.pairs.size() * size_t(layers));
    for (int row = 0; row < rows.count(); ++row) {
        const ui::TokenPair tokens = pair.pairs[size_t(row / layers)];
        const int layer = row % layers;
        rows.check(row, Table::Token, tokens.a + 1);
        rows.check(row, Table::Layer, layer);
        const trace::TokenTrace& a = *stored[0].tokens[size_t(tokens.a)];
        const trace::TokenTrace& b = *stored[1].tokens[size_t(tokens.b)];
        if (a.token != b.token) {
            rows.say(QStringLiteral("row %1 aligns other tokens.").arg(row));
        }
        const auto first = [layer](const trace::TokenTrace& token) {
            return size_t(layer) * token.router.expert_used_count;
        };
        rows.check(row, Table::ExpertA, int(a.router.experts[first(a)]));
        rows.check(row, Table::GateA, double(a.router.weights[first(a)]), gateTolerance);
        rows.check(row, Table::ExpertB, int(b.router.experts[first(b)]));
        rows.check(row, Table::GateB, double(b.router.weights[first(b)]), gateTolerance);
        const bool same = chosenIn(a, layer) == chosenIn(b, layer);
        rows.check(row, Table::Same, same ? QStringLiteral("yes") : QStringLiteral("no"));
    }
}

double jaccardOf(const std::set<int>& a, const std::set<int>& b) {
    std::set<int> all = a;
    all.insert(b.begin(), b.end());
    return double(a.size() + b.size() - all.size()) / double(all.size());
}

void checkDistance(const ui::RunComparison& pair, const std::array<Stored, 2>& stored, Rows& rows) {
    using Table = ui::DistanceTable;
    const int layers = pair.a->shape().layers;
    rows.checkCount(size_t(layers));
    for (int layer = 0; layer < rows.count(); ++layer) {
        std::array<std::vector<int64_t>, 2> counts;
        counts.fill(std::vector<int64_t>(size_t(pair.a->shape().experts)));
        double jaccard = 0;
        for (const ui::TokenPair& tokens : pair.pairs) {
            const std::set<int> a = chosenIn(*stored[0].tokens[size_t(tokens.a)], layer);
            const std::set<int> b = chosenIn(*stored[1].tokens[size_t(tokens.b)], layer);
            for (const int expert : a) {
                ++counts[0][size_t(expert)];
            }
            for (const int expert : b) {
                ++counts[1][size_t(expert)];
            }
            jaccard += jaccardOf(a, b);
        }
        rows.check(layer, Table::Layer, layer);
        rows.check(layer, Table::Divergence, ui::jensenShannonBits(counts[0], counts[1]));
        rows.check(layer, Table::Jaccard, jaccard / double(pair.pairs.size()));
        rows.check(layer, Table::Count, int(pair.pairs.size()));
    }
}

void checkMass(const std::array<Stored, 2>& stored, Rows& rows) {
    using Table = ui::MassTable;
    for (int layer = 0; layer < rows.count(); ++layer) {
        for (size_t side = 0; side < 2; ++side) {
            const controller::PassageMass& mass = stored[side].result.passage;
            const bool known = size_t(layer) < mass.by_layer.size();
            rows.check(layer, side == 0 ? Table::MassA : Table::MassB,
                       known ? QVariant(double(mass.by_layer[size_t(layer)]) * 100) : QVariant());
            rows.check(layer, side == 0 ? Table::CountA : Table::CountB,
                       known ? QVariant(int(mass.tokens)) : QVariant());
        }
    }
    rows.checkCount(std::max(stored[0].result.passage.by_layer.size(), stored[1].result.passage.by_layer.size()));
}

void checkSpeed(App& app, Rows& rows) {
    using Table = ui::SpeedTable;
    const ui::Comparison& comparison = app.composition.comparison();
    rows.checkCount(size_t(comparison.runs().size()));
    for (int row = 0; row < rows.count(); ++row) {
        const Stored run = storedOf(app, comparison.runs().at(row));
        const trace::StepTimings& timings = run.answer.timings;
        const auto figure = [](ui::RunFigure of) { return Table::Figures + int(of); };
        rows.check(row, figure(ui::RunFigure::Prompt), run.result.prompt_tokens);
        rows.check(row, figure(ui::RunFigure::FirstToken), timings.first_token_ms / 1000);
        rows.check(row, figure(ui::RunFigure::Prefill), gui::speedOf(timings.prefill_tokens, timings.prefill_ms));
        rows.check(row, figure(ui::RunFigure::Decode), gui::speedOf(timings.decode_tokens, timings.decode_ms));
        rows.check(row, figure(ui::RunFigure::KvBytes), run.result.kv_bytes);
        rows.check(row, Table::Reused, int(timings.reused_tokens));
        rows.check(row, Table::Model,
                   QStringLiteral("%1 %2").arg(run.answer.model.name, run.answer.model.type.toUpper()));
    }
}

void checkNeedle(const std::filesystem::path& state, Rows& rows) {
    using Table = ui::NeedleTable;
    const std::optional<needle::Grid> grid = needle::readGrid(state);
    if (!grid) {
        rows.say(QStringLiteral("the grid has no file."));
        return;
    }
    rows.checkCount(grid->cells().size());
    for (int row = 0; row < rows.count(); ++row) {
        const needle::Cell& cell = grid->cells()[size_t(row)];
        const needle::Interval interval = needle::wilson(cell.found, cell.n);
        rows.check(row, Table::Length, cell.length);
        rows.check(row, Table::Depth, cell.depth);
        rows.check(row, Table::Found, int(cell.found));
        rows.check(row, Table::Count, int(cell.n));
        rows.check(row, Table::Low, interval.low);
        rows.check(row, Table::High, interval.high);
        rows.check(row, Table::Seconds, cell.seconds);
    }
}

void checkAllRuns(const ui::Comparison& comparison, Rows& rows) {
    using Table = ui::AllRunsTable;
    rows.checkCount(size_t(comparison.runs().size()));
    const int b = comparison.sideIndex(Side::B);
    for (int row = 0; row < rows.count(); ++row) {
        rows.check(row, Table::Letter, comparison.letter(row));
        rows.check(row, Table::Title, comparison.runs().at(row).title);
    }
    for (size_t layer = 0; comparison.pair()->routing && layer < comparison.pair()->distance.size(); ++layer) {
        rows.check(b, Table::FirstLayer + int(layer), comparison.pair()->distance[layer].js_bits);
    }
}

} // namespace

QStringList comparisonFaults(App& app, const QString& dataFolder, const QString& panel) {
    ui::Comparison& comparison = app.composition.comparison();
    if (comparison.pair() == nullptr) {
        return {QStringLiteral("%1: the two runs are not compared.").arg(panel)};
    }
    const std::array stored{storedOf(app, *comparison.side(Side::A)), storedOf(app, *comparison.side(Side::B))};
    Rows rows(*app.composition.window().compare()->panel(panel));
    if (rows.count() == 0) {
        rows.say(QStringLiteral("its table is empty."));
    } else if (panel == QLatin1String("compare-answers")) {
        checkAnswers(stored, rows);
    } else if (panel == QLatin1String("compare-agreement")) {
        checkAgreement(*comparison.pair(), stored, rows);
    } else if (panel == QLatin1String("compare-distance")) {
        checkDistance(*comparison.pair(), stored, rows);
    } else if (panel == QLatin1String("compare-mass")) {
        checkMass(stored, rows);
    } else if (panel == QLatin1String("compare-speed")) {
        checkSpeed(app, rows);
    } else if (panel == QLatin1String("compare-needle")) {
        checkNeedle(dataFolder.toStdString() + "/needle/" + std::to_string(comparison.id()) + ".grid", rows);
    } else if (panel == QLatin1String("compare-all")) {
        checkAllRuns(comparison, rows);
    }
    return rows.faults();
}

QString differenceOf(const QString& before, const QString& after) {
    const QList<QStringList> expected = recordsOf(before);
    const QList<QStringList> found = recordsOf(after);
    for (qsizetype row = 0; row < expected.size(); ++row) {
        const QStringList& record = expected[row];
        for (qsizetype column = 0; column < record.size(); ++column) {
            const QString value = found.value(row).value(column);
            const bool gate = expected[0].value(column).startsWith(QLatin1String("Gate"));
            const bool near = gate && std::abs(value.toDouble() - record[column].toDouble()) <= 2 * gateTolerance;
            if (value != record[column] && !near) {
                return QStringLiteral("row %1 has %2 “%3” in place of “%4”.")
                    .arg(row)
                    .arg(expected[0].value(column), value, record[column]);
            }
        }
    }
    return expected.size() == found.size()
               ? QString()
               : QStringLiteral("there are %1 rows in place of %2.").arg(found.size()).arg(expected.size());
}

QList<QStringList> recordsOf(const QString& csv) {
    QList<QStringList> records{{QString()}};
    bool quoted = false;
    for (qsizetype at = 0; at < csv.size(); ++at) {
        const QChar letter = csv[at];
        QString& field = records.last().last();
        if (letter == u'"' && quoted && csv.mid(at + 1, 1) == QLatin1String("\"")) {
            field += csv[at++];
        } else if (letter == u'"') {
            quoted = !quoted;
        } else if (letter == u',' && !quoted) {
            records.last().append(QString());
        } else if (letter == u'\n' && !quoted) {
            records.append({QString()});
        } else if (letter != u'\r' || quoted) {
            field += letter;
        }
    }
    records.removeLast(); // behind the last line break
    return records;
}

} // namespace moescope::test
