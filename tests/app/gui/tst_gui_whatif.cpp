// SPDX-License-Identifier: Apache-2.0
// A what-if in the whole app: made in a panel, run, kept, compared.
#include "tests/app/gui/appfixture.h"

#include "ui/panels/chatpanel.h"
#include "ui/panels/expertspanel.h"
#include "ui/panels/messagewidget.h"
#include "ui/panels/transcript.h"
#include "ui/panels/whatifbar.h"
#include "ui/panels/whatifline.h"
#include "ui/panels/whatifpanel.h"
#include "ui/widgets/banner.h"

#include <QPushButton>
#include <QTest>

#include <cmath>
#include <set>

using namespace moescope;
using test::App;

namespace {

QPushButton* button(const QWidget& parent, const QString& name) {
    for (QPushButton* found : parent.findChildren<QPushButton*>()) {
        if (found->accessibleName() == name) {
            return found;
        }
    }
    return nullptr;
}

/** A short answer at a temperature, so that the seed matters. */
void choose(App& app, int tokens = 24) {
    ui::SamplingView sampling;
    sampling.temperature = 0.8;
    sampling.max_tokens = tokens;
    emit app.composition.window().chat()->samplingChanged(sampling);
}

const store::Message& answerOf(const App& app, qint64 id) {
    return *const_cast<gui::Composition&>(app.composition).session().find(id);
}

/** Whether some token of the answer in view went to this expert. */
bool wentTo(const ui::TraceModel& traces, const trace::ExpertPlace& place) {
    return traces.statistics(ui::Scope::Answer).tokens(int(place.layer), int(place.expert)) > 0;
}

} // namespace

class TestGuiWhatIf : public QObject {
    Q_OBJECT

private slots:
    void banRerunCompareAndRestart() {
        const QTemporaryDir folder;
        trace::ExpertPlace place;
        qint64 untouched = 0;
        qint64 changed = 0;
        {
            App app(folder.path(), QStringLiteral("builtin"));
            QVERIFY(app.waitForModel());
            ui::MainWindow& window = app.composition.window();
            window.setLayoutName(ui::LayoutName::Inspect);
            choose(app);
            QVERIFY(app.ask(QStringLiteral("Tell me about the fox and the boat.")));
            untouched = app.messages().last().id;
            const ui::TraceModel& traces = app.composition.traces();
            QVERIFY(traces.tokenCount() > 8);

            // The expert of a token, banned by the key of the chart.
            auto* experts = window.findChild<ui::ExpertsPanel*>();
            app.composition.selection().setFollowing(false);
            app.composition.selection().set({untouched, 5, 3, -1});
            place = {3, uint32_t(app.composition.selection().state().expert)};
            QVERIFY(wentTo(traces, place));
            experts->chart()->setFocus();
            QTest::keyClick(experts->chart(), Qt::Key_B);
            ui::WhatIfBar* bar = window.chat()->whatIfBar();
            QTRY_VERIFY(bar->isVisible());
            QVERIFY(bar->accessibleName().contains(QStringLiteral("layer 3, expert %1 banned").arg(place.expert)));

            button(*bar, QStringLiteral("Re-run with the same seed"))->click();
            QVERIFY(app.waitForAnswer());
            changed = app.messages().last().id;
            QVERIFY(changed != untouched);
            QCOMPARE(app.messages().last().versions, 2);
            QCOMPARE(traces.current(), changed);
            QVERIFY(traces.tokenCount() > 0);
            QVERIFY2(!wentTo(traces, place), "the banned expert answers nothing");
            QCOMPARE(answerOf(app, changed).seed.value(), answerOf(app, untouched).seed.value());
            QCOMPARE(answerOf(app, changed).sampling, answerOf(app, untouched).sampling);
            QVERIFY(answerOf(app, changed).recipe.intervention.banned == std::vector{place});
            QVERIFY(answerOf(app, untouched).recipe.intervention.empty());

            // The comparison stands beside it.
            auto* panel = window.findChild<ui::WhatIfPanel*>();
            QTRY_COMPARE(panel->state(), ui::WhatIfPanel::State::Ready);
            const ui::WhatIfDiff& diff = *panel->model();
            QCOMPARE(diff.untouched().run, untouched);
            QCOMPARE(diff.whatIf().run, changed);
            QCOMPARE(int(diff.whatIf().tokens.size()), traces.tokenCount());
            const ui::WhatIfDiff::Place routing = diff.firstRoutingDifference();
            QVERIFY2(routing.row >= 0 || diff.firstDifference() == 0, "a ban of a chosen expert changes the routing");
            QVERIFY(routing.row <= 5);

            // Both sides are the same run until the texts part: the divergence says the same as what was sampled.
            button(*panel, QStringLiteral("Compute KL by token"))->click();
            QTRY_VERIFY_WITH_TIMEOUT(diff.hasDivergence(), 60'000);
            double most = 0;
            for (int row = 0; row < diff.prefix(); ++row) {
                QVERIFY(diff.kl(row) >= 0);
                most = std::max(most, diff.kl(row));
                QVERIFY(std::abs(diff.probabilityA(row) - double(diff.untouched().tokens.at(row)->probability)) < 1e-9);
            }
            for (int token = 0; token < diff.untouched().tokens.size(); ++token) {
                most = std::max(most, diff.kl(token));
            }
            QVERIFY(most > 0);
        }
        // Kept: the recipe is shown on its answer, and taken up again.
        App app(folder.path(), QStringLiteral("builtin"));
        QVERIFY(app.waitForModel());
        app.settle();
        QTRY_COMPARE(app.messages().last().id, changed);
        QVERIFY(app.messages().last().recipe.banned == std::vector{place});
        ui::ChatPanel* chat = app.composition.window().chat();
        const auto* line = chat->transcript()->widgetOf(changed)->findChild<ui::WhatIfLine*>();
        QTRY_VERIFY(line->isVisible());
        QVERIFY(line->accessibleName().contains(QStringLiteral("expert %1 banned").arg(place.expert)));
        QTRY_COMPARE(app.composition.whatIf().mark(int(place.layer), int(place.expert)), ui::WhatIf::Mark::Banned);
        QVERIFY(!chat->whatIfBar()->isVisible());
        button(*line, QStringLiteral("Use this what-if again"))->click();
        QVERIFY(chat->whatIfBar()->isVisible());
        // Made again it is the same answer, token by token.
        const QString text = app.messages().last().text;
        button(*chat->whatIfBar(), QStringLiteral("Re-run with the same seed"))->click();
        QVERIFY(app.waitForAnswer());
        QCOMPARE(app.messages().last().versions, 3);
        QCOMPARE(app.messages().last().text, text);
    }

    void whatIsSentTakesTheRecipeAndRegenerateDoesNot() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        choose(app, 8);
        app.composition.whatIf().setWithoutShared(true);
        QVERIFY(app.ask(QStringLiteral("First")));
        QVERIFY(app.messages().last().recipe.without_shared);
        app.composition.session().regenerate(app.messages().last().id);
        QVERIFY(app.waitForAnswer());
        QVERIFY(app.messages().last().recipe.empty());
        app.composition.whatIf().clear();
        QVERIFY(app.ask(QStringLiteral("Second")));
        QVERIFY(app.messages().last().recipe.empty());
    }

    void theUntouchedAnswerComesAgain() {
        // What a what-if left in the KV cache must not reach an answer without one.
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        ui::SamplingView sampling;
        sampling.temperature = 0;
        sampling.max_tokens = 16;
        emit app.composition.window().chat()->samplingChanged(sampling);
        QVERIFY(app.ask(QStringLiteral("Tell me about the fox and the boat.")));
        const QString text = app.messages().last().text;
        app.composition.whatIf().setWithoutShared(true);
        QVERIFY(app.composition.session().rerun(app.messages().last().id));
        QVERIFY(app.waitForAnswer());
        QVERIFY(app.messages().last().recipe.without_shared);
        app.composition.session().regenerate(app.messages().last().id);
        QVERIFY(app.waitForAnswer());
        QCOMPARE(app.messages().last().text, text);
    }

    void forcedBeyondTopKRunsNothing() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        choose(app, 8);
        QVERIFY(app.ask(QStringLiteral("First")));
        const auto before = app.messages().size();
        const int versions = app.messages().last().versions;
        app.composition.whatIf().toggleForced({0, 0});
        app.composition.whatIf().toggleForced({0, 1});
        ui::WhatIfBar* bar = app.composition.window().chat()->whatIfBar();
        QVERIFY(bar->isVisible());
        const QString sentence = QStringLiteral("2 experts are forced in layer 0, but only 1 can answer a token.");
        QCOMPARE(bar->findChild<ui::Banner*>()->text(), sentence);
        QVERIFY(!button(*bar, QStringLiteral("Re-run with the same seed"))->isEnabled());
        QVERIFY(!app.composition.session().rerun(app.messages().last().id));
        // Nor does what is sent: it is given back.
        app.composition.session().send(QStringLiteral("Second"));
        app.settle();
        QVERIFY(!app.composition.session().run().isActive());
        QCOMPARE(app.messages().size(), before);
        QCOMPARE(app.messages().last().versions, versions);
        QCOMPARE(app.composition.window().chat()->draft(), QStringLiteral("Second"));
        QVERIFY(app.shows(QStringLiteral("2 experts are forced in layer 0")));
        app.composition.whatIf().setExpertsUsed(2);
        QVERIFY(app.ask(QStringLiteral("Second")));
        const trace::RouterTrace* router = app.composition.traces().router(0);
        QVERIFY(router != nullptr); // the panels count two a token now
        QCOMPARE(router->expert_used_count, 2U);
        const std::set<uint16_t> chosen(router->experts.begin(), router->experts.begin() + 2);
        QVERIFY((chosen == std::set<uint16_t>{0, 1}));
    }

    void anAnswerStopsTheComparison() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        app.composition.window().setLayoutName(ui::LayoutName::Inspect);
        choose(app, 8);
        QVERIFY(app.ask(QStringLiteral("First")));
        app.composition.whatIf().setWithoutShared(true);
        QVERIFY(app.composition.session().rerun(app.messages().last().id));
        QVERIFY(app.waitForAnswer());
        app.composition.window().showPanel(QStringLiteral("what-if"));
        auto* panel = app.composition.window().findChild<ui::WhatIfPanel*>();
        QTRY_COMPARE(panel->state(), ui::WhatIfPanel::State::Ready);
        button(*panel, QStringLiteral("Compute KL by token"))->click();
        button(*panel, QStringLiteral("Compute KL by token"))->click(); // it says Stop
        QVERIFY(app.ask(QStringLiteral("Second")));
        QCOMPARE(app.messages().size(), 4);
        // Another answer is in view, with no version without the what-if.
        QTRY_COMPARE(panel->state(), ui::WhatIfPanel::State::Alone);
    }
};

QTEST_MAIN(TestGuiWhatIf)
#include "tst_gui_whatif.moc"
