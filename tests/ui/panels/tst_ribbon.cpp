// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/panels/panelboard.h"
#include "ui/panels/chartpaint.h"
#include "ui/panels/ribbonpanel.h"
#include "ui/panels/tokenstrippanel.h"
#include "ui/widgets/tabletwin.h"

#include <QApplication>
#include <QMainWindow>
#include <QSignalSpy>

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

class TestRibbon : public QObject {
    Q_OBJECT

    struct Shown {
        TraceShape shape = test::syntheticShape(4, 8, 1, 1);
        TraceModel trace;
        Selection selection;
        QWidget window;
        RibbonPanel* panel = nullptr;
        ContextState state;

        Shown() {
            bindSelection(&trace, &selection);
            panel = new RibbonPanel(&trace, &selection, &window);
            panel->setGeometry(0, 0, 1200, 60);
            window.resize(1200, 300);
            trace.setModel(shape);
            // The answer in view stands at positions 100…139.
            QList<trace::TokenTracePtr> tokens;
            int position = 100;
            for (const trace::TokenTracePtr& token : test::syntheticAnswer(shape, 40, false)) {
                auto moved = std::make_shared<trace::TokenTrace>(*token);
                moved->position = static_cast<uint32_t>(position++);
                tokens.append(moved);
            }
            trace.setRun(12, shape, tokens);
            trace.setCurrent(12);
            selection.setFollowing(false);
            state.blocks = {{11, ContextRole::User, 0, 100}, {12, ContextRole::Model, 100, 40}};
            state.used = 140;
            state.reused = 60;
            state.reserved = 200;
            state.limit = 400;
            panel->setState(state);
            window.show();
            (void)QTest::qWaitForWindowExposed(&window);
        }
        QPoint at(int position) const {
            const RibbonGeometry& geometry = panel->ribbon()->geometryOfBar();
            return {geometry.xOf(position), geometry.bar.center().y()};
        }
        QColor pixel(int position) const { return painted(panel->ribbon()).pixelColor(at(position) + QPoint(2, -4)); }
    };

private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }

    void geometryIsInTokens() {
        const RibbonGeometry geometry = RibbonGeometry::of({1000, 60}, 4096, 1);
        QCOMPARE(geometry.xOf(0), geometry.bar.left());
        QCOMPARE(geometry.xOf(4096), geometry.bar.right() + 1);
        for (const int position : {0, 7, 100, 2048, 4095}) {
            QVERIFY(qAbs(geometry.positionAt(geometry.xOf(position)) - position) <= 4096 / geometry.bar.width() + 1);
        }
        QCOMPARE(geometry.positionAt(-50), 0);
        QCOMPARE(geometry.positionAt(5000), 4096);
        QCOMPARE(geometry.tokens(17, 0).width(), 1);
        QVERIFY(geometry.words.bottom() < 60);
    }

    void theCutIsADashedAmberLine() {
        Shown s;
        const auto amber = [&s](int position) {
            const QImage image = painted(s.panel->ribbon());
            const RibbonGeometry& geometry = s.panel->ribbon()->geometryOfBar();
            int found = 0;
            for (int y = 0; y < geometry.words.top(); ++y) {
                found += image.pixelColor(geometry.xOf(position), y) == theme().color(Color::Warn) ? 1 : 0;
            }
            return found;
        };
        QCOMPARE(amber(20), 0);
        s.state.blocks = {
            {0, ContextRole::System, 0, 20}, {11, ContextRole::User, 20, 80}, {12, ContextRole::Model, 100, 40}};
        s.state.cut_messages = 4;
        s.state.cut_tokens = 212;
        s.panel->setState(s.state);
        const int drawn = amber(20);
        QVERIFY2(drawn > 8 && drawn < s.panel->ribbon()->geometryOfBar().words.top(),
                 qPrintable(QString::number(drawn)));
        QCOMPARE(s.state.blockName(0), QStringLiteral("Message 1, system"));
        QCOMPARE(s.state.blockName(1), QStringLiteral("Message 6, you")); // four are above the line
        const QString words = s.panel->ribbon()->readout().last().text;
        QVERIFY2(words.contains(QStringLiteral("4 messages above the cut")), qPrintable(words));
    }

    void wordsMoveAsideForEachOther() {
        const QRect line(12, 40, 400, 16);
        const QList<QRect> taken{{12, 40, 60, 16}, {330, 40, 82, 16}};
        QCOMPARE(RibbonGeometry::freePlace(line, {}, 100, 50, 12), QRect(100, 40, 50, 16));
        QCOMPARE(RibbonGeometry::freePlace(line, {}, -30, 50, 12).left(), 12);
        QCOMPARE(RibbonGeometry::freePlace(line, taken, 20, 50, 12).left(), 72 + 12);
        QCOMPARE(RibbonGeometry::freePlace(line, taken, 390, 50, 12).right() + 12 + 1, 330);
        QVERIFY(RibbonGeometry::freePlace(line, taken, 100, 300, 12).isEmpty());
    }

    void usedAndReservedAreSaidAlsoAtTheEnds() {
        // As in a new conversation with all of the limit reserved.
        Shown s;
        s.state = {};
        s.state.used = 61;
        s.state.reserved = 2048;
        s.state.limit = 2048;
        s.panel->setState(s.state);
        const QRect words = s.panel->ribbon()->geometryOfBar().words;
        const QImage image = painted(s.panel->ribbon());
        const auto inked = [&](const QRect& part) { return holds(image, part, theme().color(Color::TextSecondary)); };
        QVERIFY(inked({words.left(), words.top(), 40, words.height()})); // used
        const int limit = QFontMetrics(axisFont()).horizontalAdvance(QStringLiteral("limit 2,048 tokens"));
        const int reserved = QFontMetrics(axisFont()).horizontalAdvance(QStringLiteral("reserved 2,048"));
        QVERIFY(inked({words.right() - limit, words.top(), limit, words.height()}));
        QVERIFY(inked({words.right() - limit - 12 - reserved, words.top(), reserved, words.height()}));
        QVERIFY(!inked({words.left() + 200, words.top(), words.width() - 200 - limit - reserved - 40, words.height()}));
    }

    void whatIsReusedIsSaidUnderItsBracket() {
        // As early in a long context: the selected token and what is used are near the bracket, too.
        Shown s;
        s.state.limit = 8192;
        s.state.reserved = 8192;
        s.panel->setState(s.state);
        s.selection.setToken(5);
        const QRect words = s.panel->ribbon()->geometryOfBar().words;
        const auto wide = [](const QString& text) { return QFontMetrics(axisFont()).horizontalAdvance(text); };
        const QRect reused(words.left(), words.top(), wide(QStringLiteral("reused prefix 60")) + 6, words.height());
        const auto inked = [&](const QRect& part, Color color) {
            return holds(painted(s.panel->ribbon()), part, theme().color(color));
        };
        QVERIFY(inked(reused, Color::Ok));
        const QRect rest = words.adjusted(reused.width(), 0, 0, 0);
        QVERIFY(!inked(rest, Color::Ok) && inked(rest, Color::AccentText) && inked(rest, Color::TextSecondary));
        // Where not all words have room, it is not the selected token that is left out.
        s.panel->resize(wide(QStringLiteral("selected 106 limit 8,192 tokens")) + 80, 60);
        QCoreApplication::processEvents();
        const QRect narrow = s.panel->ribbon()->geometryOfBar().words;
        QVERIFY(inked(narrow, Color::AccentText) && !inked(narrow, Color::Ok));
    }

    // In a tab as high as its neighbour it is the same low bar, at the top; its table takes all of the place.
    void isLowInAHighTab() {
        TraceModel trace;
        Selection selection;
        QMainWindow window;
        auto* neighbour = new TokenStripPanel(&trace, &selection, &window);
        auto* ribbon = new RibbonPanel(&trace, &selection, &window);
        window.addDockWidget(Qt::RightDockWidgetArea, neighbour);
        window.tabifyDockWidget(neighbour, ribbon);
        window.resize(900, 600);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        ribbon->raise();
        QTRY_VERIFY(ribbon->isAmongTabs() && ribbon->height() > 300);
        QTRY_VERIFY(ribbon->ribbon()->height() <= 60);
        QVERIFY(ribbon->ribbon()->mapTo(ribbon, QPoint()).y() < 40);
        ribbon->setTwinShown(true);
        QTRY_VERIFY(ribbon->twin()->height() > 200);
        ribbon->setTwinShown(false);
        QTRY_VERIFY(ribbon->ribbon()->height() <= 60);
    }

    void marksSayWhoseTokensTheyAre() {
        Shown s;
        QVERIFY(near(s.pixel(30), theme().color(Color::Text)));
        QVERIFY(near(s.pixel(120), theme().color(Color::Shared)));
        QVERIFY(near(s.pixel(300), theme().color(Color::Panel)));
        const QImage image = painted(s.panel->ribbon());
        QVERIFY(holds(image, s.panel->ribbon()->geometryOfBar().bracket, theme().color(Color::Ok)));
        s.selection.setToken(20);
        const QImage selected = painted(s.panel->ribbon());
        QVERIFY(near(selected.pixelColor(s.panel->ribbon()->geometryOfBar().xOf(120), s.at(120).y()),
                     theme().color(Color::AccentText)));
        // What is not read yet is outlined, not filled.
        s.state.used = 0;
        s.state.reused = 0;
        s.panel->setState(s.state);
        QVERIFY(near(s.pixel(30), theme().color(Color::Sunken)));
    }

    void aClickAsksForTheMessageAndADragChoosesTheWindow() {
        Shown s;
        QSignalSpy chosen(s.panel, &RibbonPanel::messageChosen);
        QWidget* view = s.panel->ribbon()->viewport();
        QTest::mouseClick(view, Qt::LeftButton, {}, s.at(30));
        QCOMPARE(chosen.size(), 1);
        QCOMPARE(chosen.at(0).at(0).toLongLong(), 11);
        QTest::mousePress(view, Qt::LeftButton, {}, s.at(90));
        QTest::mouseMove(view, s.at(105));
        QTest::mouseMove(view, s.at(110));
        QTest::mouseRelease(view, Qt::LeftButton, {}, s.at(110));
        QCOMPARE(chosen.size(), 1); // a drag is no click
        QCOMPARE(s.trace.window().first, 0);
        QVERIFY(qAbs(s.trace.window().last - 10) <= 1);
        QTest::mouseClick(view, Qt::LeftButton, {}, s.at(120));
        QVERIFY(s.trace.window().isEmpty());
    }

    void keysStepThroughTheMessages() {
        Shown s;
        QSignalSpy chosen(s.panel, &RibbonPanel::messageChosen);
        RibbonChart* ribbon = s.panel->ribbon();
        ribbon->setFocus();
        QTest::keyClick(ribbon, Qt::Key_Home);
        QCOMPARE(ribbon->block(), 0);
        QTest::keyClick(ribbon, Qt::Key_Right);
        QTest::keyClick(ribbon, Qt::Key_Right);
        QCOMPARE(ribbon->block(), 1);
        QTest::keyClick(ribbon, Qt::Key_Return);
        QCOMPARE(chosen.size(), 1);
        QCOMPARE(chosen.at(0).at(0).toLongLong(), 12);
        QVERIFY(ribbon->accessibleDescription().contains(QStringLiteral("Message 2, model")));
        QVERIFY(ribbon->accessibleDescription().contains(QStringLiteral("28.6 % of 140")));
    }

    void theTableNeedsRoom() {
        Shown s;
        QCOMPARE(s.panel->maximumHeight(), 60);
        s.panel->ribbon()->setFocus();
        QTest::keyClick(s.panel->ribbon(), Qt::Key_T);
        QVERIFY(s.panel->isTwinShown());
        QVERIFY(s.panel->minimumHeight() > 150);
        QCOMPARE(s.panel->twin()->model()->rowCount(), 2);
        s.panel->setTwinShown(false);
        QCOMPARE(s.panel->maximumHeight(), 60);
    }

    void hiddenItDoesNothing() {
        Shown s;
        s.window.hide();
        const int syncs = s.panel->ribbon()->syncCount();
        s.state.used = 130;
        s.panel->setState(s.state);
        s.selection.setToken(3);
        QCOMPARE(s.panel->ribbon()->syncCount(), syncs);
        s.window.show();
        QTRY_VERIFY(s.panel->ribbon()->syncCount() > syncs);
    }

    void withoutAModelItSaysSo() {
        Shown s;
        s.panel->setState({});
        QVERIFY(s.panel->ribbon()->accessibleDescription().contains(QStringLiteral("No model")));
    }
};

QTEST_MAIN(TestRibbon)
#include "tst_ribbon.moc"
