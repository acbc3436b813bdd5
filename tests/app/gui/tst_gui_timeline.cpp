// SPDX-License-Identifier: Apache-2.0
// Steps are timed while the timeline is in view, from the engine to the panel.
#include "tests/app/gui/appfixture.h"

#include "ui/panels/chatpanel.h"
#include "ui/panels/timelinepanel.h"

#include <QPushButton>
#include <QTest>

using namespace moescope;

namespace {

constexpr int patience = 60'000; // ms: software Vulkan on a loaded machine

ui::TimelinePanel* panelOf(test::App& app) { return app.composition.window().findChild<ui::TimelinePanel*>(); }

/** Several fit the model's context of 256 tokens. */
void keepAnswersShort(test::App& app) {
    ui::SamplingView sampling;
    sampling.temperature = 0;
    sampling.max_tokens = 12;
    emit app.composition.window().chat()->samplingChanged(sampling);
}

/** Its tab may be behind the strip's in a low window. */
bool inView(ui::TimelinePanel* panel) {
    panel->raise();
    return !panel->visibleRegion().isEmpty();
}

const ui::StepTimelines::Steps& stepsInView(test::App& app) {
    return app.composition.timelines().of(app.composition.traces().current());
}

} // namespace

class TestGuiTimeline : public QObject {
    Q_OBJECT
private slots:
    void init() {
        m_folder = std::make_unique<QTemporaryDir>();
        QVERIFY(m_folder->isValid());
    }
    void aStepIsTimedOnlyWhileThePanelIsInView();
    void oneStepCanBeRecordedAfterwards();

private:
    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestGuiTimeline::aStepIsTimedOnlyWhileThePanelIsInView() {
    test::App app(m_folder->path());
    QVERIFY(app.waitForModel());
    app.answerBriefly();
    keepAnswersShort(app);
    QVERIFY(app.ask(QStringLiteral("Is anything timed?")));
    app.settle();
    QVERIFY(stepsInView(app).isEmpty());

    ui::MainWindow& window = app.composition.window();
    window.setLayoutName(ui::LayoutName::Inspect);
    ui::TimelinePanel* panel = panelOf(app);
    QVERIFY(panel != nullptr);
    QTRY_VERIFY_WITH_TIMEOUT(inView(panel) && panel->isEmptyShown(), patience);
    QVERIFY(app.ask(QStringLiteral("And now?")));
    app.settle();
    const ui::StepTimelines::Steps& steps = stepsInView(app);
    const ui::TraceModel& traces = app.composition.traces();
    QVERIFY(!steps.prefill.isEmpty());
    QVERIFY(traces.tokenCount() > 0);
    QCOMPARE(steps.decode.size(), qsizetype(traces.tokenCount()));
    for (int token = 0; token < traces.tokenCount(); ++token) {
        QVERIFY(steps.at(traces.token(token).position) != nullptr);
    }
    QVERIFY(!panel->isEmptyShown());
    app.composition.selection().setFollowing(false);
    app.composition.selection().setToken(0);
    QCOMPARE(panel->lanes()->step(), steps.at(traces.token(0).position));

    // Out of view, and nothing more is timed.
    window.setLayoutName(ui::LayoutName::Chat);
    QVERIFY(app.ask(QStringLiteral("And in the chat alone?")));
    app.settle();
    QVERIFY(stepsInView(app).isEmpty());
}

void TestGuiTimeline::oneStepCanBeRecordedAfterwards() {
    test::App app(m_folder->path());
    QVERIFY(app.waitForModel());
    keepAnswersShort(app);
    QVERIFY(app.ask(QStringLiteral("Is anything timed?")));
    app.settle();
    const QString before = app.messages().last().text;
    app.composition.window().setLayoutName(ui::LayoutName::Inspect);
    ui::TimelinePanel* panel = panelOf(app);
    QTRY_VERIFY_WITH_TIMEOUT(inView(panel) && panel->isEmptyShown(), patience);
    const auto buttons = panel->findChildren<QPushButton*>();
    const auto record = std::find_if(buttons.begin(), buttons.end(), [](const QPushButton* button) {
        return button->accessibleName() == QStringLiteral("Record a step");
    });
    QVERIFY(record != buttons.end());
    (*record)->click();
    QTRY_VERIFY_WITH_TIMEOUT(!panel->isEmptyShown(), patience);
    QVERIFY(stepsInView(app).recorded != nullptr);
    QCOMPARE(panel->lanes()->step(), stepsInView(app).recorded);
    QVERIFY(panel->table()->rowCount() > 0);
    QCOMPARE(app.messages().last().text, before);
}

QTEST_MAIN(TestGuiTimeline)
#include "tst_gui_timeline.moc"
