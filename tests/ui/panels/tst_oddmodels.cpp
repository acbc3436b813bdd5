// SPDX-License-Identifier: Apache-2.0
// Every panel of the routing with the models and answers that are least like the usual one: each paints, and says no
// number that is none.
#include "tests/ui/panels/panelboard.h"
#include "ui/models/tabularmodel.h"
#include "ui/panels/capacitypanel.h"
#include "ui/panels/cardpanel.h"
#include "ui/panels/loadbalancepanel.h"
#include "ui/panels/matrixpanels.h"
#include "ui/panels/probabilitiespanel.h"
#include "ui/panels/routerpanel.h"
#include "ui/panels/whatifpanel.h"

#include <QApplication>
#include <QRegularExpression>

#include <limits>

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

namespace {

using Answer = QList<trace::TokenTracePtr>;

/** The answer with weights that are no numbers. */
Answer withoutNumbers(const Answer& answer) {
    Answer changed;
    for (const trace::TokenTracePtr& token : answer) {
        auto copy = std::make_shared<trace::TokenTrace>(*token);
        for (std::vector<float>* values : {&copy->router.weights, &copy->router.chosen_probs, &copy->router.probs}) {
            std::fill(values->begin(), values->end(), std::numeric_limits<float>::quiet_NaN());
        }
        changed.append(copy);
    }
    return changed;
}

/** The answer with every choice on the experts 0…used − 1. */
Answer crowded(const Answer& answer) {
    Answer changed;
    for (const trace::TokenTracePtr& token : answer) {
        auto copy = std::make_shared<trace::TokenTrace>(*token);
        for (size_t at = 0; at < copy->router.experts.size(); ++at) {
            copy->router.experts[at] = uint16_t(at % copy->router.expert_used_count);
        }
        changed.append(copy);
    }
    return changed;
}

} // namespace

class TestOddModels : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }
    void everyPanel_data();
    void everyPanel();
};

void TestOddModels::everyPanel_data() {
    QTest::addColumn<TraceShape>("shape");
    QTest::addColumn<Answer>("answer");
    const auto row = [](const char* name, const TraceShape& shape, int tokens, bool probabilities = true) {
        QTest::newRow(name) << shape << test::syntheticAnswer(shape, tokens, probabilities);
    };
    const TraceShape least = test::syntheticShape(1, 2, 1, 0);
    const TraceShape usual = test::syntheticShape(4, 8, 2, 1);
    TraceShape later = usual;
    later.first_block = 3;
    row("1 layer of 2 experts, top-1", least, 30);
    row("1 layer of 2 experts, both used", test::syntheticShape(1, 2, 2, 0), 30);
    row("1 expert", test::syntheticShape(2, 1, 1, 0), 30);
    row("all experts but one used", test::syntheticShape(2, 4, 3, 0), 30);
    row("dense layers before", later, 30);
    row("1 token", usual, 1);
    row("no tokens", usual, 0);
    row("no probabilities", usual, 30, false);
    row("more experts than tokens", test::syntheticShape(2, 128, 1, 0), 5);
    QTest::newRow("all on the same experts") << usual << crowded(test::syntheticAnswer(usual, 200, true));
    QTest::newRow("weights that are no numbers") << usual << withoutNumbers(test::syntheticAnswer(usual, 30, true));
    QTest::newRow("dense") << test::syntheticShape(0, 0, 0, 0) << Answer();
}

void TestOddModels::everyPanel() {
    QFETCH(TraceShape, shape);
    QFETCH(Answer, answer);
    Board board(0);
    board.trace.setModel(shape);
    board.trace.setRun(1, shape, answer);
    board.trace.setRun(2, shape, answer);
    board.trace.appendPrompt(1, answer);
    board.trace.setCurrent(1);
    auto* router = new RouterPanel(&board.trace, &board.selection, &board.window);
    auto* pairs = new PairsPanel(&board.trace, &board.selection, &board.window);
    auto* next = new PairsPanel(&board.trace, &board.selection, &board.window);
    next->setMode(PairMode::ToNextLayer);
    auto* classes = new ClassesPanel(&board.trace, &board.selection, &board.window);
    auto* card = new ExpertCardPanel(&board.trace, &board.selection, &board.window);
    auto* load = new LoadBalancePanel(&board.trace, &board.selection, &board.window);
    auto* capacity = new CapacityPanel(&board.trace, &board.selection, &board.window);
    auto* recycled = new CapacityPanel(&board.trace, &board.selection, &board.window);
    recycled->setRule(CapacityRule::Recycle);
    auto* probabilities = new ProbabilitiesPanel(&board.trace, &board.selection, &board.window);
    auto* diff = new WhatIfPanel(&board.trace, &board.selection, &board.window);
    diff->setSides({1, shape, answer}, {2, shape, answer.mid(0, answer.size() / 2)}, QStringLiteral("top-1"));
    diff->setDivergence(QList<trace::TokenDivergence>(answer.size(), {0, 0, 0}));
    const QList<PanelFrame*> panels = {board.experts, board.strip, board.path, router,   pairs,         next, classes,
                                       card,          load,        capacity,   recycled, probabilities, diff};
    for (PanelFrame* panel : panels) {
        panel->setGeometry(0, 0, 480, 340);
    }
    QHash<QString, QString> icons; // each kind of panel has its own
    for (const PanelFrame* panel : panels) {
        const QString other = icons.value(panel->iconName(), panel->objectName());
        QCOMPARE(panel->objectName(), other);
        icons.insert(panel->iconName(), panel->objectName());
    }
    board.show();
    const QRegularExpression none(QStringLiteral("\\b(nan|inf)\\b"), QRegularExpression::CaseInsensitiveOption);
    const auto check = [&](const char* state) {
        for (PanelFrame* panel : panels) {
            const QString what = panel->objectName() + QLatin1Char(' ') + QLatin1String(state);
            panel->grab();
            QVERIFY2(!none.match(panel->readoutText()).hasMatch(), qPrintable(what + panel->readoutText()));
            if (panel->isEmptyShown()) {
                continue;
            }
            const TabularModel* table = panel->table();
            for (int row = 0; row < std::min(table->rowCount(), 40); ++row) {
                for (int column = 0; column < table->columnCount(); ++column) {
                    const QString text = table->index(row, column).data().toString();
                    QVERIFY2(!none.match(text).hasMatch(), qPrintable(what + QLatin1Char(' ') + text));
                }
            }
        }
    };
    check("without a selection");
    board.selection.set({1, 0, 0, 0});
    check("at the first token");
    board.selection.set({1, int(answer.size()) - 1, shape.layers - 1, shape.experts - 1});
    check("at the last token");
    board.trace.setFilter(std::get<Filter>(Filter::parse(QStringLiteral("expert == 0 && weight > 0.3"))));
    check("with a filter");
    for (const Scope scope : {Scope::Window, Scope::Chat}) {
        board.trace.setWindow({0, 0});
        board.experts->setScope(scope);
        classes->setScope(scope);
        pairs->setScope(scope);
        card->setScope(scope);
        check("in another scope");
    }
    board.experts->setMode(HeatmapMode::GateMass);
    board.experts->setBaseline(2);
    router->setMode(RouterMode::Time);
    board.strip->setMode(StripMode::Margin);
    load->setPhase(LoadPhase::Prefill);
    check("in another mode");
    for (PanelFrame* panel : panels) {
        panel->setTwinShown(true);
    }
    check("as tables");
}

QTEST_MAIN(TestOddModels)
#include "tst_oddmodels.moc"
