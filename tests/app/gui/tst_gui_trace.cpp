// SPDX-License-Identifier: Apache-2.0
// What the panels hold of an answer is what `moescope-cli trace` writes for the same tokens.
#include "tests/app/gui/appfixture.h"
#include "tests/app/gui/npyfile.h"

#include "engine/model/convert.h"
#include "ui/models/routingtables.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/expertspanel.h"
#include "ui/panels/kvcachepanel.h"
#include "ui/panels/loadbalancepanel.h"
#include "ui/panels/routerpanel.h"
#include "ui/panels/tokenpathpanel.h"
#include "ui/panels/tokenstrippanel.h"

#include <QAction>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <functional>

using namespace moescope;
using test::App;
using test::NpyFile;

namespace {

constexpr int answerTokens = 48;
// The app decodes token by token, `trace` reads all at once: sums are added in another order, and keys and values are
// rounded to F16 after that.
constexpr double sameNumber = 2e-4;

/** Runs moescope-cli; what it printed as JSON. */
QJsonObject cli(const QStringList& arguments) {
    QProcess process;
    process.start(QStringLiteral(MOESCOPE_CLI), arguments);
    if (!process.waitForFinished(60'000) || process.exitCode() != 0) {
        qFatal("moescope-cli: %s", process.readAllStandardError().constData());
    }
    return QJsonDocument::fromJson(process.readAllStandardOutput()).object();
}

double raw(const QAbstractItemModel* table, int row, int column) {
    return table->index(row, column).data(ui::TabularModel::RawRole).toDouble();
}

/** An answer's tokens, the prompt's before it, as they came out of the engine. */
struct Tokens {
    explicit Tokens(controller::InferenceController& controller) {
        QObject::connect(&controller, &controller::InferenceController::tokensArrived, &context,
                         [this](qint64, const controller::Pieces& pieces) {
                             for (const controller::Piece& piece : pieces) {
                                 traces.append(piece.token);
                             }
                         });
    }
    QString ids() const {
        QStringList list;
        for (const trace::TokenTracePtr& token : traces) {
            list.append(QString::number(token->token));
        }
        return list.join(QLatin1Char(','));
    }
    int promptSize() const {
        return static_cast<int>(
            std::count_if(traces.begin(), traces.end(), [](const auto& t) { return !t->generated; }));
    }

    QList<trace::TokenTracePtr> traces;
    QObject context;
};

/** The files of a trace. */
struct Written {
    explicit Written(const QString& folder)
        : experts(folder + QStringLiteral("/routed_experts.npy")),
          weights(folder + QStringLiteral("/router_weights.npy")), probs(folder + QStringLiteral("/router_probs.npy")) {
    }

    NpyFile experts;
    NpyFile weights;
    NpyFile probs;
};

/** Compares one token's routing, row `row` of the files. Empty: the same. */
QString difference(const trace::RouterTrace& router, const Written& files, int row, double tolerance) {
    const auto& shape = files.experts.shape;
    if (router.moe_layers != shape[1] || router.expert_used_count != shape[2] ||
        router.expert_count != files.probs.shape[2]) {
        return QStringLiteral("other sizes");
    }
    for (uint32_t layer = 0; layer < router.moe_layers; ++layer) {
        const QString place = QStringLiteral("token %1, layer %2").arg(row).arg(layer);
        for (uint32_t k = 0; k < router.expert_used_count; ++k) {
            const size_t i = size_t{layer} * router.expert_used_count + k;
            const int expert = files.experts.at<int32_t>(row, layer, k);
            const double weight = files.weights.at<float>(row, layer, k);
            const double prob = files.probs.at<float>(row, layer, expert);
            if (router.experts[i] != expert) {
                return place + QStringLiteral(": expert %1, not %2").arg(router.experts[i]).arg(expert);
            }
            if (std::abs(router.weights[i] - weight) > tolerance ||
                std::abs(router.chosen_probs[i] - prob) > tolerance) {
                return place + QStringLiteral(": weight %1, not %2").arg(router.weights[i]).arg(weight);
            }
        }
        double second = 0; // the best that was not chosen
        for (uint32_t e = 0; e < router.expert_count; ++e) {
            bool chosen = false;
            for (uint32_t k = 0; k < router.expert_used_count; ++k) {
                chosen = chosen || files.experts.at<int32_t>(row, layer, k) == static_cast<int32_t>(e);
            }
            second = chosen ? second : std::max<double>(second, files.probs.at<float>(row, layer, e));
            if (!router.probs.empty() && std::abs(router.probs[size_t{layer} * router.expert_count + e] -
                                                  files.probs.at<float>(row, layer, e)) > tolerance) {
                return place + QStringLiteral(": probability of expert %1").arg(e);
            }
        }
        if (std::abs(router.runner_up_prob[layer] - second) > tolerance) {
            return place + QStringLiteral(": runner-up %1, not %2").arg(router.runner_up_prob[layer]).arg(second);
        }
    }
    return {};
}

/** Router and Load balance against rows [first, first + n), and [0, first) of the prompt. */
void compareRouters(App& app, const Written& files, int first, int n) {
    const int layers = static_cast<int>(files.experts.shape[1]);
    const int used = static_cast<int>(files.experts.shape[2]);
    const int experts = static_cast<int>(files.probs.shape[2]);
    auto* routers = app.composition.window().findChild<ui::RouterPanel*>();
    routers->raise();
    QTRY_COMPARE(raw(routers->table(), 0, ui::RouterLayersTable::Count), double(n));
    for (int layer = 0; layer < layers; ++layer) {
        std::vector<double> margins;
        for (int token = first; token < first + n; ++token) {
            std::vector<double> probs;
            for (int e = 0; e < experts; ++e) {
                probs.push_back(static_cast<double>(files.probs.at<float>(token, layer, e)));
            }
            std::sort(probs.begin(), probs.end(), std::greater<>());
            margins.push_back(probs[static_cast<size_t>(used) - 1] - probs[static_cast<size_t>(used)]);
        }
        std::sort(margins.begin(), margins.end());
        const auto middle = static_cast<size_t>(n);
        const double median = (margins[(middle - 1) / 2] + margins[middle / 2]) / 2;
        QVERIFY(std::abs(raw(routers->table(), layer, ui::RouterLayersTable::MarginP50) - median) < 2e-3);
    }
    auto* load = app.composition.window().findChild<ui::LoadBalancePanel*>();
    load->show();
    load->raise();
    QTRY_COMPARE(raw(load->table(), 0, ui::LoadTable::Count), double(n));
    for (int layer = 0; layer < layers; ++layer) {
        for (const bool prompt : {false, true}) {
            std::vector<int> counts(static_cast<size_t>(experts), 0);
            for (int token = prompt ? 0 : first; token < (prompt ? first : first + n); ++token) {
                for (int k = 0; k < used; ++k) {
                    ++counts[static_cast<size_t>(files.experts.at<int32_t>(token, layer, k))];
                }
            }
            const int row = layer + (prompt ? layers : 0);
            const int tokens = prompt ? first : n;
            const double mean = double(tokens) * used / experts;
            QCOMPARE(raw(load->table(), row, ui::LoadTable::Count), double(tokens));
            QCOMPARE(raw(load->table(), row, ui::LoadTable::Idle), double(std::count(counts.begin(), counts.end(), 0)));
            QVERIFY(std::abs(raw(load->table(), row, ui::LoadTable::MaxOverMean) -
                             *std::max_element(counts.begin(), counts.end()) / mean) < 1e-9);
        }
    }
    load->hide();
}

/** Compares the panels' own tables with rows [first, first + n) of the files. */
void comparePanels(App& app, const Written& files, int first, int n) {
    // As by a click on a word; a panel behind another works once it is in front.
    auto* front = app.composition.window().findChild<ui::TokenPathPanel*>();
    front->raise();
    emit app.composition.window().chat()->tokenClicked(app.composition.traces().current(), n / 2);
    QTRY_COMPARE(qobject_cast<ui::TokenPathTable*>(front->table())->token(), n / 2);
    const auto& traces = app.composition.traces();
    // Each word brings the expert that was chosen for it, whichever was selected before.
    const ui::Selection& selection = app.composition.selection();
    for (int token = 0; token <= n / 2; ++token) {
        emit app.composition.window().chat()->tokenClicked(traces.current(), token);
        QCOMPARE(selection.state(), (ui::SelectionState{traces.current(), token, 0, traces.topExpert(token, 0)}));
    }
    // So do the window's keys.
    const auto press = [&app](const QString& name) {
        for (QAction* action : app.composition.window().findChildren<QAction*>()) {
            if (action->text() == name) {
                action->trigger();
            }
        }
    };
    press(QStringLiteral("Previous token"));
    QCOMPARE(selection.state().token, n / 2 - 1);
    QCOMPARE(selection.state().expert, traces.topExpert(n / 2 - 1, 0));
    press(QStringLiteral("Next token"));
    QCOMPARE(selection.state().token, n / 2);
    QCOMPARE(selection.state().expert, traces.topExpert(n / 2, 0));
    const int layers = static_cast<int>(files.experts.shape[1]);
    const int used = static_cast<int>(files.experts.shape[2]);
    const int experts = static_cast<int>(files.probs.shape[2]);
    const QWidget& window = app.composition.window();

    const auto* map = window.findChild<ui::ExpertsPanel*>();
    QCOMPARE(map->scope(), ui::Scope::Answer);
    const auto* table = qobject_cast<const ui::ExpertsTable*>(map->table());
    QCOMPARE(table->rowCount(), layers * experts);
    for (int layer = 0; layer < layers; ++layer) {
        for (int expert = 0; expert < experts; ++expert) {
            int tokens = 0;
            double mass = 0;
            for (int token = first; token < first + n; ++token) {
                for (int k = 0; k < used; ++k) {
                    if (files.experts.at<int32_t>(token, layer, k) == expert) {
                        ++tokens;
                        mass += static_cast<double>(files.weights.at<float>(token, layer, k));
                    }
                }
            }
            const int row = table->rowOf(layer, expert);
            QCOMPARE(traces.statistics(ui::Scope::Answer).tokens(layer, expert), tokens);
            QCOMPARE(raw(table, row, ui::ExpertsTable::Tokens), double(tokens));
            QVERIFY(std::abs(raw(table, row, ui::ExpertsTable::GateMass) - mass) < n * 1e-3);
            QVERIFY(std::abs(raw(table, row, ui::ExpertsTable::Share) - 100.0 * tokens / n) < 1e-6);
            QCOMPARE(raw(table, row, ui::ExpertsTable::Count), double(n));
        }
    }

    const auto* strip = qobject_cast<const ui::TokenStripTable*>(window.findChild<ui::TokenStripPanel*>()->table());
    QCOMPARE(strip->rowCount(), n);
    for (int token = 0; token < n; ++token) {
        QCOMPARE(raw(strip, token, ui::TokenStripTable::Position), double(first + token + 1)); // from 1
        const QString expert =
            strip->index(token, ui::TokenStripTable::Expert).data(ui::TabularModel::RawRole).toString();
        QCOMPARE(expert.split(QLatin1Char(',')).first().toInt(),
                 files.experts.at<int32_t>(first + token, strip->layer(), 0));
        QVERIFY(std::abs(raw(strip, token, ui::TokenStripTable::Gate) -
                         static_cast<double>(files.weights.at<float>(first + token, strip->layer(), 0))) < 1e-3);
    }

    const auto* path = qobject_cast<const ui::TokenPathTable*>(window.findChild<ui::TokenPathPanel*>()->table());
    QCOMPARE(path->rowCount(), layers);
    for (int layer = 0; layer < layers; ++layer) {
        const int token = first + path->token();
        const QString expert =
            path->index(layer, ui::TokenPathTable::Expert).data(ui::TabularModel::RawRole).toString();
        QCOMPARE(expert.split(QLatin1Char(',')).first().toInt(), files.experts.at<int32_t>(token, layer, 0));
        const QVariant entropy = path->index(layer, ui::TokenPathTable::Entropy).data(ui::TabularModel::RawRole);
        if (entropy.isValid()) {
            double bits = 0;
            for (int e = 0; e < experts; ++e) {
                const auto p = static_cast<double>(files.probs.at<float>(token, layer, e));
                bits -= p > 0 ? p * std::log2(p) : 0;
            }
            QVERIFY(std::abs(entropy.toDouble() - bits) < 0.01);
        }
    }
    compareRouters(app, files, first, n);
    front->raise();
}

} // namespace

class TestGuiTrace : public QObject {
    Q_OBJECT

private slots:
    void panelsHoldWhatTraceWrites_data() {
        QTest::addColumn<QString>("golden");
        QTest::newRow("top-1") << QStringLiteral("large_like");
        QTest::newRow("top-2") << QStringLiteral("top2_cla");
    }

    void panelsHoldWhatTraceWrites() {
        QFETCH(const QString, golden);
        const QTemporaryDir folder;
        const QString model = folder.filePath(QStringLiteral("model.gguf"));
        model::ConvertOptions options;
        options.type = gguf::TensorType::F32;
        model::convert(std::filesystem::path(MOESCOPE_TEST_DATA) / "golden" / golden.toStdString(), model.toStdString(),
                       options);
        const QString data = folder.filePath(QStringLiteral("data"));
        const QString out = folder.filePath(QStringLiteral("trace"));
        int prompt = 0;
        int answer = 0;
        {
            App app(data, model);
            QVERIFY(app.waitForModel());
            app.composition.window().setLayoutName(ui::LayoutName::Inspect);
            QTRY_VERIFY(app.composition.window().findChild<ui::TokenPathPanel*>()->isVisible());
            ui::SamplingView sampling;
            sampling.temperature = 0;
            sampling.max_tokens = answerTokens;
            emit app.composition.window().chat()->samplingChanged(sampling);
            const Tokens tokens(app.composition.controller());
            QVERIFY(app.ask(QStringLiteral("Tell me about the fox and the boat.")));
            prompt = tokens.promptSize();
            answer = static_cast<int>(tokens.traces.size()) - prompt;
            QVERIFY(prompt > 4);
            QVERIFY2(answer > 8, "the answer is too short to say anything");

            const QJsonObject said = cli({"trace", "-m", model, "--tokens", tokens.ids(), "--out", out, "--logits",
                                          "last", "--probs", "--kv", "f16", "--json"});
            QCOMPARE(said.value(QStringLiteral("tokens")).toInt(), prompt + answer);
            const Written files(out);
            QCOMPARE(files.experts.kind, QByteArray("<i4"));
            QCOMPARE(files.experts.shape[0], qsizetype(prompt + answer));

            // All that went through the model, then the answer as the panels' model holds it.
            for (int i = 0; i < prompt + answer; ++i) {
                QCOMPARE(tokens.traces[i]->position, uint32_t(i));
                QCOMPARE(difference(tokens.traces[i]->router, files, i, sameNumber), QString());
            }
            const ui::TraceModel& traces = app.composition.traces();
            QCOMPARE(traces.tokenCount(), answer);
            bool withProbs = false;
            for (int i = 0; i < answer; ++i) {
                QCOMPARE(traces.token(i).token, tokens.traces[prompt + i]->token);
                QVERIFY(traces.router(i) != nullptr);
                withProbs = withProbs || !traces.router(i)->probs.empty();
                QCOMPARE(difference(*traces.router(i), files, prompt + i, sameNumber), QString());
            }
            QVERIFY2(withProbs, "Token path is in view and asks for the probabilities of all experts");
            comparePanels(app, files, prompt, answer);

            // KV cache: what the engine allocated, what `plan` says, the tokens that are in it.
            const auto* panel = app.composition.window().findChild<ui::KvCachePanel*>();
            const ui::KvCacheState& state = qobject_cast<const ui::KvCacheTable*>(panel->table())->state();
            const auto& loaded = app.composition.controller().loaded();
            QCOMPARE(state.used_tokens, quint64(prompt + answer));
            QCOMPARE(state.reserved_tokens, quint64(loaded->memory.context));
            QCOMPARE(state.reserved_tokens * state.bytes_per_token, quint64(loaded->memory.kv_bytes));
            QCOMPARE(state.owners, int(loaded->model.kvOwners()));
            quint64 rows = 0;
            for (int row = 0; row < state.rows.size(); ++row) {
                rows += state.rowBytesPerToken(row);
            }
            QCOMPARE(rows, state.bytes_per_token);
            const QJsonObject plan = cli({"plan", "-m", model, "-c", QString::number(state.reserved_tokens), "--kv",
                                          state.type.toLower(), "--json"});
            QCOMPARE(quint64(plan.value(QStringLiteral("kv_bytes")).toDouble()), quint64(loaded->memory.kv_bytes));
            QCOMPARE(quint64(plan.value(QStringLiteral("kv_bytes_mha")).toDouble()),
                     state.mha_bytes_per_token * state.reserved_tokens);
        }
        // Kept and read again: the same choices, numbers as the store keeps them (F16).
        App app(data, model);
        QVERIFY(app.waitForModel());
        app.settle();
        QTRY_COMPARE(app.composition.traces().tokenCount(), answer);
        const Written files(out);
        for (int i = 0; i < answer; ++i) {
            QVERIFY(app.composition.traces().router(i) != nullptr);
            QCOMPARE(difference(*app.composition.traces().router(i), files, prompt + i, 1e-3), QString());
        }
        QTRY_VERIFY(app.composition.window().findChild<ui::TokenPathPanel*>()->isVisible());
        QTest::qWait(100);
        comparePanels(app, files, prompt, answer);
    }
};

QTEST_MAIN(TestGuiTrace)
#include "tst_gui_trace.moc"
