// SPDX-License-Identifier: Apache-2.0
// A what-if in the whole app: made in a panel, run, kept, compared.
#include "tests/app/gui/appfixture.h"

#include "ui/models/measure.h"
#include "ui/panels/attentionpanel.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/expertspanel.h"
#include "ui/panels/messagewidget.h"
#include "ui/panels/transcript.h"
#include "ui/panels/whatifbar.h"
#include "ui/panels/whatifline.h"
#include "ui/panels/whatifpanel.h"
#include "ui/text/markdownview.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/iconbutton.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QPushButton>
#include <QTest>

#include <cmath>
#include <set>

using namespace moescope;
using test::App;

namespace {

template <typename Button = QPushButton>
Button* button(const QWidget& parent, const QString& name) {
    for (Button* found : parent.findChildren<Button*>()) {
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
    sampling.seed = 5; // chance ends some answers before their first token
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
            const qint64 conversation = app.composition.session().conversation();

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
            // Experts can be measured against the version without it, which counts as no other answer of the chat.
            QTRY_VERIFY(ui::baselineRuns(traces).contains(untouched));
            QCOMPARE(ui::baselineName(traces, untouched), QStringLiteral("other version"));
            QCOMPARE(traces.statistics(ui::Scope::Chat).n(), 0);
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

            // The comparison costs the panels nothing: the answer is in the KV cache as it was.
            auto* attention = window.findChild<ui::AttentionPanel*>();
            window.showPanel(attention->objectName());
            app.composition.selection().setToken(changed, 2);
            QTRY_VERIFY_WITH_TIMEOUT(!attention->headsChart()->state().isEmpty(), 20'000);
            QCOMPARE(attention->headsChart()->state().position(), int(traces.token(2).position));

            // Nor is it computed again for the same pair.
            window.showPanel(panel->objectName());
            emit window.chat()->versionRequested(changed, -1);
            QTRY_COMPARE(traces.current(), untouched);
            QTRY_COMPARE(panel->state(), ui::WhatIfPanel::State::Ready);
            QVERIFY(diff.hasDivergence());
            window.setLayoutName(ui::LayoutName::Chat);
            window.setLayoutName(ui::LayoutName::Inspect);
            const int before = int(app.messages().size());
            app.composition.session().startNew();
            QTRY_COMPARE(panel->state(), ui::WhatIfPanel::State::None);
            QVERIFY(!diff.hasDivergence());
            app.composition.session().open(conversation);
            QTRY_COMPARE(int(app.messages().size()), before);
            QTRY_COMPARE(panel->state(), ui::WhatIfPanel::State::Ready);
            QVERIFY(diff.hasDivergence());

            // A word of the other answer alone brings that one into view.
            emit panel->diff()->tokenWanted(changed, 1);
            QTRY_COMPARE(traces.current(), changed);
            QTRY_COMPARE(app.composition.selection().state().token, 1);
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

    void aClickedWordTakesTheKeysOfCharts() {
        const QTemporaryDir folder;
        App app(folder.path(), QStringLiteral("builtin"));
        QVERIFY(app.waitForModel());
        app.composition.window().setLayoutName(ui::LayoutName::Inspect);
        choose(app, 8);
        QVERIFY(app.ask(QStringLiteral("Tell me about the fox and the boat.")));
        ui::ChatPanel* chat = app.composition.window().chat();
        auto* text = chat->transcript()->widgetOf(app.messages().last().id)->findChildren<ui::MarkdownView*>().last();
        QTRY_VERIFY(text->isVisible());
        QTest::mouseClick(text, Qt::LeftButton, {}, QPoint(8, 10));
        const ui::Selection& selection = app.composition.selection();
        QTRY_COMPARE(selection.state().token, 0);
        app.composition.selection().setLayer(2);
        const trace::ExpertPlace place{2, uint32_t(selection.state().expert)};
        QTest::keyClick(text, Qt::Key_B);
        QVERIFY(app.composition.whatIf().recipe().banned == std::vector{place});
        QTest::keyClick(text, Qt::Key_B, Qt::ShiftModifier);
        QVERIFY(app.composition.whatIf().recipe().forced == std::vector{place});
        QTest::keyClick(text, Qt::Key_BracketRight);
        QCOMPARE(selection.state().layer, 3);
        QCOMPARE(chat->draft(), QString());
        // What begins as words goes to the composer, and so does all that follows.
        QTest::keyClicks(text, QStringLiteral("Tab"));
        QCOMPARE(chat->draft(), QStringLiteral("Tab"));
    }

    void anAnswerWithoutItsUntouchedOneGetsIt() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        app.composition.window().setLayoutName(ui::LayoutName::Inspect);
        choose(app, 8);
        app.composition.whatIf().setWithoutShared(true);
        QVERIFY(app.ask(QStringLiteral("First")));
        const qint64 whatIf = app.messages().last().id;
        app.composition.window().showPanel(QStringLiteral("what-if"));
        auto* panel = app.composition.window().findChild<ui::WhatIfPanel*>();
        QTRY_COMPARE(panel->state(), ui::WhatIfPanel::State::Alone);
        QPushButton* run = button(*panel, QStringLiteral("Run untouched"));
        QVERIFY(run != nullptr && run->isVisible());
        run->click();
        QVERIFY(app.waitForAnswer());
        QTRY_COMPARE(panel->state(), ui::WhatIfPanel::State::Ready);
        QCOMPARE(panel->model()->whatIf().run, whatIf);
        QCOMPARE(panel->model()->untouched().run, app.messages().last().id);
        QVERIFY(app.messages().last().recipe.empty());
        QCOMPARE(answerOf(app, app.messages().last().id).seed, answerOf(app, whatIf).seed);
        QVERIFY(!app.composition.whatIf().isEmpty()); // what is being made stays
    }

    void aBranchIsNotTheUntouchedAnswer() {
        const QTemporaryDir folder;
        App app(folder.path(), QStringLiteral("builtin"));
        QVERIFY(app.waitForModel());
        app.composition.window().setLayoutName(ui::LayoutName::Inspect);
        choose(app);
        QVERIFY(app.ask(QStringLiteral("Tell me about the fox and the boat.")));
        const qint64 first = app.messages().last().id;
        const ui::TraceModel& traces = app.composition.traces();
        QTRY_VERIFY(traces.tokenCount() > 8);
        const trace::TokenTrace place = traces.token(3);
        const auto other =
            std::find_if(place.candidates.begin(), place.candidates.end(),
                         [&place](const trace::TokenCandidate& one) { return one.token != place.token; });
        QVERIFY(other != place.candidates.end());
        app.composition.session().branchAnswer(first, 3, other->token);
        QVERIFY(app.waitForAnswer());
        const qint64 branched = app.messages().last().id;
        QVERIFY(branched != first);

        // From the branch or from the answer that it came of: what is run again is sampled from its first token on.
        for (const int step : {0, -1}) {
            if (step != 0) {
                emit app.composition.window().chat()->versionRequested(app.messages().last().id, -2);
                QTRY_COMPARE(traces.current(), first);
            }
            app.composition.whatIf().setWithoutShared(true);
            QVERIFY(app.composition.session().rerun(step == 0 ? branched : first));
            QVERIFY(app.waitForAnswer());
            app.composition.window().showPanel(QStringLiteral("what-if"));
            auto* panel = app.composition.window().findChild<ui::WhatIfPanel*>();
            const qint64 again = app.messages().last().id;
            QTRY_VERIFY(panel->state() == ui::WhatIfPanel::State::Ready && panel->model()->whatIf().run == again);
            QCOMPARE(panel->model()->untouched().run, first);
            QCOMPARE(panel->diff()->sideName(0), QStringLiteral("A version 1, untouched"));
            QCOMPARE(panel->diff()->sideName(1),
                     QStringLiteral("B version %1, shared expert off").arg(app.messages().last().version));
            QVERIFY(gui::takenOf(answerOf(app, again).sampling).isEmpty());
            // What they were made with can be taken along.
            const QString seed = QString::number(answerOf(app, first).seed.value());
            button<ui::IconButton>(*panel, QStringLiteral("Copy seed and sampling"))->click();
            QVERIFY(
                QGuiApplication::clipboard()->text().contains(QStringLiteral("seed %1 · temperature 0.8").arg(seed)));
        }
    }

    void whatIsSentTakesTheRecipeAndRegenerateDoesNot() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        app.answerBriefly();
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

    void aReRunInTheMiddleSaysWhereTheRestIs() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        app.answerBriefly();
        choose(app, 8);
        QVERIFY(app.ask(QStringLiteral("First")));
        const qint64 first = app.messages().last().id;
        QVERIFY(app.ask(QStringLiteral("Second")));
        const QString sentence = QStringLiteral("The messages that followed stand behind version 1");
        app.composition.whatIf().setWithoutShared(true);
        ui::WhatIfBar* bar = app.composition.window().chat()->whatIfBar();
        button(*bar, QStringLiteral("Re-run with the same seed"))->click();
        QVERIFY(app.waitForAnswer());
        QCOMPARE(app.messages().size(), 4); // of the last answer, nothing followed it
        QVERIFY(!app.shows(sentence));
        emit app.composition.window().chat()->expertsRequested(first);
        QCOMPARE(app.composition.traces().current(), first);
        app.composition.whatIf().setWithoutShared(true);
        button(*bar, QStringLiteral("Re-run with the same seed"))->click();
        QVERIFY(app.waitForAnswer());
        QCOMPARE(app.messages().size(), 2);
        QVERIFY(app.shows(sentence));
    }

    void forcedBeyondTopKRunsNothing() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        app.answerBriefly();
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

    // The prompt is the one that was computed, whatever the conversation says since.
    void theDivergenceIsOfThePromptThatWasComputed() {
        const QTemporaryDir folder;
        const auto compute = [](App& app) {
            app.composition.window().showPanel(QStringLiteral("what-if"));
            auto* panel = app.composition.window().findChild<ui::WhatIfPanel*>();
            QList<double> divergence;
            if (QTest::qWaitFor([&] { return panel->state() == ui::WhatIfPanel::State::Ready; }, 20'000)) {
                button(*panel, QStringLiteral("Compute KL by token"))->click();
                (void)QTest::qWaitFor([&] { return panel->model()->hasDivergence(); }, 60'000);
            }
            const auto tokens = static_cast<int>(panel->model()->untouched().tokens.size());
            for (int row = 0; row < tokens && panel->model()->hasDivergence(); ++row) {
                divergence.append(panel->model()->kl(row));
            }
            return divergence;
        };
        QList<double> before;
        {
            App app(folder.path());
            QVERIFY(app.waitForModel());
            choose(app, 8);
            QVERIFY(app.ask(QStringLiteral("First")));
            app.composition.whatIf().setWithoutShared(true);
            QVERIFY(app.composition.session().rerun(app.messages().last().id));
            QVERIFY(app.waitForAnswer());
            before = compute(app);
            QVERIFY(!before.isEmpty());
            ui::SamplingView other = app.composition.session().sampling();
            other.system_prompt = QStringLiteral("Answer in verse, and at length.");
            emit app.composition.window().chat()->samplingChanged(other);
            app.settle();
        }
        App app(folder.path());
        QVERIFY(app.waitForModel());
        app.settle();
        QTRY_COMPARE(app.messages().size(), 2);
        QTRY_COMPARE(app.composition.traces().current(), app.messages().last().id);
        const gui::ChatSession& session = app.composition.session();
        QCOMPARE(session.promptOf(*session.find(session.lastAnswer())).messages.front().role, std::string("system"));
        QCOMPARE(compute(app), before);
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
