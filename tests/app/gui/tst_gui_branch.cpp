// SPDX-License-Identifier: Apache-2.0
// Another token in the place of one that was sampled: the answer goes on from there as a version of its own.
#include "tests/app/gui/appfixture.h"

#include "ui/models/tokentext.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/probabilitiespanel.h"

#include <QTest>

using namespace moescope;
using test::App;

namespace {

constexpr int answerTokens = 24;

/** Asks with settings under which the tiny model says much. */
bool ask(App& app) {
    ui::SamplingView sampling;
    sampling.temperature = 1.1;
    sampling.top_k = 0;
    sampling.top_p = 0.98;
    sampling.seed = 21;
    sampling.max_tokens = answerTokens;
    emit app.composition.window().chat()->samplingChanged(sampling);
    return app.ask(QStringLiteral("Go on and on"));
}

/** The tokens of the answer in view. */
std::vector<trace::TokenTrace> tokensOf(const App& app) {
    const ui::TraceModel& traces = const_cast<App&>(app).composition.traces();
    std::vector<trace::TokenTrace> tokens;
    for (int i = 0; i < traces.tokenCount(); ++i) {
        tokens.push_back(traces.token(i));
    }
    return tokens;
}

std::vector<int32_t> idsOf(const std::vector<trace::TokenTrace>& tokens) {
    std::vector<int32_t> ids;
    for (const trace::TokenTrace& token : tokens) {
        ids.push_back(token.token);
    }
    return ids;
}

store::Message storedAnswer(App& app, qint64 id) {
    store::Message found;
    app.composition.store().run([&found, id](store::Store& store) { found = store.message(id); });
    app.settle();
    return found;
}

} // namespace

class TestGuiBranch : public QObject {
    Q_OBJECT

private slots:
    void enterOnACandidateMakesAVersionThatDiffersThere() {
        const QTemporaryDir folder;
        constexpr int place = 9;
        std::vector<int32_t> branchIds;
        {
            App app(folder.path());
            QVERIFY(app.waitForModel());
            app.composition.window().setLayoutName(ui::LayoutName::Inspect);
            QVERIFY(ask(app));
            const ui::MessageView first = app.messages()[1];
            const std::vector<trace::TokenTrace> before = tokensOf(app);
            QVERIFY(before.size() > place + 2);
            QVERIFY(before[place].candidates.size() >= 10);
            QCOMPARE(first.versions, 1);

            auto* panel = app.composition.window().findChild<ui::ProbabilitiesPanel*>();
            panel->show();
            panel->raise();
            emit app.composition.window().chat()->tokenClicked(first.id, place);
            ui::ProbabilitiesChart* chart = panel->candidates();
            QTRY_COMPARE(chart->probabilities().rows.size(), qsizetype(before[place].candidates.size()));
            chart->setFocus();
            QTest::keyClick(chart, Qt::Key_Home);
            if (chart->cursor() == chart->probabilities().chosen) {
                QTest::keyClick(chart, Qt::Key_Down);
            }
            const ui::TokenProbabilities::Row other = chart->probabilities().rows.at(chart->cursor());
            QVERIFY(!other.chosen);
            QTest::keyClick(chart, Qt::Key_Return);
            QVERIFY(app.waitForAnswer());

            const ui::MessageView second = app.messages()[1];
            QCOMPARE(app.messages().size(), 2);
            QVERIFY(second.id != first.id);
            QCOMPARE(second.versions, 2);
            QCOMPARE(second.version, 2);
            QCOMPARE(app.composition.traces().current(), second.id);
            const std::vector<trace::TokenTrace> after = tokensOf(app);
            branchIds = idsOf(after);
            QVERIFY(after.size() > place);
            for (int i = 0; i < place; ++i) {
                QCOMPARE(after[size_t(i)].token, before[size_t(i)].token);
                QCOMPARE(after[size_t(i)].position, before[size_t(i)].position);
            }
            const trace::TokenTrace& taken = after[place];
            QCOMPARE(taken.token, other.token);
            QCOMPARE(taken.position, before[place].position);
            QVERIFY(taken.generated);
            QCOMPARE(double(taken.probability), other.raw);
            QCOMPARE(taken.candidates.size(), before[place].candidates.size());
            QVERIFY(!taken.router.empty());
            if (after.size() > place + 1) {
                QCOMPARE(after[place + 1].position, taken.position + 1);
                QVERIFY(!after[place + 1].candidates.empty());
            }
            QVERIFY(after.size() <= answerTokens);
            // The token that differs is selected, in every panel.
            QCOMPARE(app.composition.selection().state().run, second.id);
            QCOMPARE(app.composition.selection().state().token, place);
            QVERIFY(chart->probabilities().rows.at(chart->probabilities().chosen).token == other.token);
            QCOMPARE(second.stats.tokens, int(after.size()));
            const store::Message a = storedAnswer(app, first.id);
            const store::Message b = storedAnswer(app, second.id);
            QCOMPARE(b.parent, a.parent);
            QCOMPARE(gui::withoutTaken(b.sampling), a.sampling);
            QCOMPARE(gui::takenOf(b.sampling), (QList<ui::TakenToken>{{place, ui::tokenLabel(taken.text)}}));
            QVERIFY(gui::takenOf(a.sampling).isEmpty());
            QCOMPARE(ui::takenText(second.taken),
                     QStringLiteral("branch: “%1” at token 10").arg(ui::tokenLabel(taken.text)));
            QVERIFY(a.seed && b.seed == a.seed);

            emit app.composition.window().chat()->versionRequested(second.id, -1);
            QTRY_COMPARE(app.composition.traces().current(), first.id);
            QCOMPARE(idsOf(tokensOf(app)), idsOf(before));
        }
        App app(folder.path());
        QVERIFY(app.waitForModel());
        app.settle();
        QTRY_COMPARE(app.messages().size(), 2);
        emit app.composition.window().chat()->versionRequested(app.messages()[1].id, 1);
        QTRY_COMPARE(app.composition.traces().tokenCount(), int(branchIds.size()));
        QCOMPARE(idsOf(tokensOf(app)), branchIds);
        QVERIFY(!app.composition.traces().token(0).candidates.empty());
    }

    void whatFollowedABranchedAnswerIsNamed() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        app.composition.window().setLayoutName(ui::LayoutName::Inspect);
        QVERIFY(ask(app));
        const qint64 first = app.messages()[1].id;
        const trace::TokenTrace place = tokensOf(app)[3];
        QVERIFY(app.ask(QStringLiteral("And then?")));
        QCOMPARE(app.messages().size(), 4);
        auto* panel = app.composition.window().findChild<ui::ProbabilitiesPanel*>();
        emit panel->branchRequested(first, 3, place.candidates[0].token);
        QVERIFY(app.waitForAnswer());
        QCOMPARE(app.messages().size(), 2);
        QVERIFY(app.shows(QStringLiteral("The messages that followed stand behind version 1")));
        emit app.composition.window().chat()->versionRequested(app.messages()[1].id, -1);
        QTRY_COMPARE(app.messages().size(), 4);
    }

    void theSameTokenGivesTheSameAnswerWhereverItIsCut() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        QVERIFY(ask(app));
        const ui::MessageView whole = app.messages()[1];
        const std::vector<trace::TokenTrace> tokens = tokensOf(app);
        bool insideCharacter = false;
        for (size_t place = 0; place < tokens.size(); ++place) {
            const auto lead = place > 0 && !tokens[place - 1].text.empty()
                                  ? static_cast<unsigned char>(tokens[place - 1].text.back())
                                  : 0U;
            insideCharacter = insideCharacter || lead >= 0xC2;
            app.composition.session().branchAnswer(whole.id, int(place), tokens[place].token);
            QVERIFY(app.waitForAnswer());
            QCOMPARE(idsOf(tokensOf(app)), idsOf(tokens));
            QCOMPARE(app.messages()[1].text, whole.text);
            QCOMPARE(app.messages()[1].versions, int(place) + 2);
        }
        QVERIFY2(insideCharacter, "no token ends inside a character, so that case was not tried");
    }

    void aLongAnswerOfAnotherModelOrWithoutItsTokensIsRefused() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        QVERIFY(ask(app));
        const qint64 answer = app.messages()[1].id;
        const trace::TokenTrace place = tokensOf(app)[3];
        gui::ChatSession& session = app.composition.session();

        // A token that was not recorded there.
        session.branchAnswer(answer, 3, -7);
        app.settle();
        QTRY_VERIFY(app.shows(QStringLiteral("were not kept")));
        session.branchAnswer(answer, 1000, place.token);
        app.settle();
        QTRY_VERIFY(app.shows(QStringLiteral("were not kept")));
        QCOMPARE(app.messages()[1].versions, 1);

        // While another is made.
        {
            const test::SlowAnswers slow;
            app.askForLong(3);
            QTRY_VERIFY(session.run().isActive());
            session.branchAnswer(answer, 3, place.candidates[0].token);
            QVERIFY(app.shows(QStringLiteral("An answer is being made")));
            session.stop();
            QVERIFY(app.waitForAnswer());
        }
        QCOMPARE(app.messages()[1].versions, 1);

        // With another model.
        const QTemporaryDir other;
        controller::LoadJob job;
        job.model = test::modelWithTemplate(other.path(), QStringLiteral("{% for m in messages %}{{ m.content }}"
                                                                         "{% endfor %}"))
                        .toStdString();
        app.composition.controller().load(job);
        QVERIFY(app.waitForModel());
        session.branchAnswer(answer, 3, place.candidates[0].token);
        QVERIFY(app.shows(QStringLiteral("whose tokens are others")));
        app.settle();
        QCOMPARE(app.messages()[1].versions, 1);
    }
};

QTEST_MAIN(TestGuiBranch)
#include "tst_gui_branch.moc"
