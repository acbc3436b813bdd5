// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/synthetictimeline.h"
#include "tests/ui/models/synthetictrace.h"
#include "ui/panels/timelinepanel.h"
#include "ui/theme/theme.h"
#include "ui/widgets/tabletwin.h"

#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

using namespace moescope;
using namespace moescope::ui;

namespace {

constexpr int layers = 8;
constexpr quint32 promptTokens = 40;

/** An answer of `tokens` tokens behind a prompt, and the panel. */
struct Board {
    explicit Board(int tokens = 20) {
        bindSelection(&trace, &selection);
        selection.setFollowing(false);
        trace.setModel(shape);
        QList<trace::TokenTracePtr> answer;
        for (const trace::TokenTracePtr& token : test::syntheticAnswer(shape, tokens, false)) {
            auto moved = std::make_shared<trace::TokenTrace>(*token);
            moved->position = promptTokens + quint32(answer.size());
            answer.append(moved);
        }
        trace.setRun(1, shape, answer);
        trace.setCurrent(1);
        panel = new TimelinePanel(&trace, &steps, &selection, &window);
        panel->setModelLoaded(true);
        panel->setGeometry(0, 0, 1200, 168);
        window.resize(1200, 168);
    }
    void time(int first, int last) {
        QList<trace::StepTimelinePtr> timed;
        for (int token = first; token <= last; ++token) {
            timed.append(test::syntheticDecodeStep(promptTokens + quint32(token), layers));
        }
        steps.append(1, timed);
    }
    void show() {
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
    }
    TimelineChart* lanes() const { return panel->lanes(); }
    const TimelineGeometry& geometry() const { return panel->lanes()->geometryOfLanes(); }
    QComboBox* combo() const { return panel->findChild<QComboBox*>(); }
    const trace::TimelineSpan& span(int index) const { return lanes()->step()->spans[size_t(index)]; }
    /** The first one of a lane and layer. */
    int find(trace::Lane lane, int layer) const {
        const auto& spans = lanes()->step()->spans;
        for (size_t i = 0; i < spans.size(); ++i) {
            if (spans[i].lane == lane && spans[i].layer == layer) {
                return int(i);
            }
        }
        return -1;
    }
    QPoint middleOf(int index) const { return geometry().box(span(index)).center(); }

    TraceShape shape = test::syntheticShape(layers, 16, 1, 1);
    TraceModel trace;
    Selection selection;
    StepTimelines steps;
    QWidget window;
    TimelinePanel* panel = nullptr;
};

void wheel(QWidget* widget, const QPoint& at, int notches) {
    QWheelEvent event(at, widget->mapToGlobal(at), {}, {0, notches * 120}, Qt::NoButton, Qt::NoModifier,
                      Qt::NoScrollPhase, false);
    QApplication::sendEvent(widget, &event);
}

} // namespace

class TestTimelinePanel : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }
    void geometryMapsTimeToPixels();
    void geometryZoomsAndMovesWithinTheStep();
    void ticksAreRoundAndApart();
    void theSelectedTokenBringsItsStep();
    void aLowPanelSaysItsReadoutInTheTitle();
    void choosingAStepSelectsItsToken();
    void chunksAndRecordedStepsCanBeChosen();
    void headAndLegendTellTheStep();
    void clickSelectsTheLayerAndPaintsIt();
    void wheelDragAndDoubleClick();
    void everythingByKeyboard();
    void waitsAreDashed();
    void emptyStatesSayWhatToDo();
    void withoutTimestampsOnlyTheHost();
    void aHiddenPanelDoesNothing();
    void asksForTimingOnlyWhileInView();
    void tableFollowsTheStep();
};

void TestTimelinePanel::geometryMapsTimeToPixels() {
    const auto step = test::syntheticDecodeStep(0, layers);
    const TimelineGeometry geometry = TimelineGeometry::of({1200, 106}, step->total_us, {}, 8, 1);
    QCOMPARE(geometry.xOf(0), double(geometry.plot.left()));
    QCOMPARE(geometry.xOf(step->total_us), double(geometry.plot.right() + 1));
    QVERIFY(!geometry.legend.isEmpty());
    QVERIFY(geometry.plot.right() < geometry.legend.left());
    QVERIFY(geometry.plot.bottom() <= 106);
    QVERIFY(geometry.legendRow(7).bottom() <= 106);
    QRect before;
    for (const trace::TimelineSpan& span : step->spans) {
        const QRect box = geometry.box(span);
        QVERIFY(box.width() >= 1);
        QVERIFY(geometry.plot.contains(box));
        if (!before.isNull() && before.top() == box.top()) {
            QVERIFY(box.left() > before.right() || box.left() == before.left());
        }
        before = box;
        if (box.width() > 2) {
            const int found = geometry.spanAt(*step, box.center());
            QCOMPARE(&step->spans[size_t(found)], &span);
        }
    }
    QCOMPARE(geometry.spanAt(*step, QPoint(0, 0)), -1);

    // The least the panel can be: three lanes, no legend.
    const TimelineGeometry least = TimelineGeometry::of({478, 78}, step->total_us, {}, 8, 1);
    QVERIFY(least.legend.isEmpty());
    QVERIFY(least.lane(trace::Lane::Host).bottom() <= 78);
    QVERIFY(least.lane(trace::Lane::Layer).bottom() < least.lane(trace::Lane::Gpu).top());
    // Nothing to draw, and a step of no length.
    QVERIFY(TimelineGeometry::of({478, 78}, 0, {}, 0, 1).ticks().isEmpty());
    QVERIFY(TimelineGeometry::of({478, 78}, 0, {}, 0, 1).box({}).isEmpty());
}

void TestTimelinePanel::geometryZoomsAndMovesWithinTheStep() {
    const auto at = [](const TimeWindow& window) { return TimelineGeometry::of({1000, 106}, 5000, window, 8, 1); };
    TimelineGeometry geometry = at({});
    QCOMPARE(geometry.window, (TimeWindow{0, 5000}));
    const TimeWindow in = geometry.zoomed(0.5, 1000);
    QCOMPARE(in.width, 2500.0);
    // What was under the pointer stays there.
    QVERIFY(std::abs(at(in).xOf(1000) - geometry.xOf(1000)) < 1e-6);
    QCOMPARE(at(in).zoomed(100, 1000), (TimeWindow{0, 5000}));
    QCOMPARE(at({100, 50}).zoomed(1e-9, 120).width, TimelineGeometry::kLeastWindowUs);
    QCOMPARE(at({100, 50}).moved(-500), (TimeWindow{0, 50}));
    QCOMPARE(at({100, 50}).moved(1e9), (TimeWindow{4950, 50}));
    QCOMPARE(at({}).around(1000, 2000), (TimeWindow{950, 1100}));
    QCOMPARE(at({100, 50}).holding(110, 140), (TimeWindow{100, 50}));
    QCOMPARE(at({100, 50}).holding(200, 220), (TimeWindow{170, 50}));
    QCOMPARE(at({100, 50}).holding(20, 40), (TimeWindow{20, 50}));
    QCOMPARE(at({100, 50}).holding(200, 900), (TimeWindow{200, 50}));
    // Outside of the window there is nothing.
    QVERIFY(at({100, 50}).box({trace::Lane::Gpu, trace::StepPart::Qkv, 0, 200, 20}).isEmpty());
    QVERIFY(!at({100, 50}).box({trace::Lane::Gpu, trace::StepPart::Qkv, 0, 0, 5000}).isEmpty());
}

void TestTimelinePanel::ticksAreRoundAndApart() {
    for (const double total : {7.0, 480.0, 4900.0, 33'000.0, 2'100'000.0}) {
        const TimelineGeometry geometry = TimelineGeometry::of({1200, 106}, total, {}, 8, 1);
        const auto ticks = geometry.ticks();
        QVERIFY(ticks.size() >= 3);
        QCOMPARE(ticks.first().us, 0.0);
        for (qsizetype i = 1; i < ticks.size(); ++i) {
            QVERIFY(geometry.xOf(ticks.at(i).us) - geometry.xOf(ticks.at(i - 1).us) >= 60);
            QVERIFY(QString::number(ticks.at(i).us / 1000, 'f', ticks.at(i).digits) !=
                    QString::number(ticks.at(i - 1).us / 1000, 'f', ticks.at(i).digits));
        }
        QVERIFY(ticks.last().us <= total);
    }
}

void TestTimelinePanel::theSelectedTokenBringsItsStep() {
    Board board;
    board.show();
    board.time(0, 14);
    board.selection.setToken(3);
    QCOMPARE(board.lanes()->step()->position, promptTokens + 3);
    QCOMPARE(board.combo()->currentText(), QStringLiteral("Decode step 4"));
    QVERIFY2(board.panel->readoutText().startsWith(QStringLiteral("Decode step 4")),
             qPrintable(board.panel->readoutText()));
    board.selection.setToken(14);
    QCOMPARE(board.lanes()->step()->position, promptTokens + 14);
    board.selection.setToken(15);
    QVERIFY(board.panel->isEmptyShown());
    // No token selected: the newest step.
    board.selection.set({1, -1, 2, -1});
    QCOMPARE(board.lanes()->step()->position, promptTokens + 14);
}

void TestTimelinePanel::aLowPanelSaysItsReadoutInTheTitle() {
    Board board;
    board.show();
    board.time(0, 14);
    board.selection.setToken(3);
    const auto* line = board.panel->findChild<ReadoutLine*>();
    board.panel->resize(1200, 240);
    QVERIFY(line->isVisible());
    board.panel->resize(1200, 168);
    QVERIFY(!line->isVisible());
    QCoreApplication::processEvents();
    const TimelineGeometry geometry = TimelineGeometry::of(board.lanes()->viewport()->size(), 5000, {}, 8, 1);
    QVERIFY2(geometry.legend_pitch >= 16, qPrintable(QString::number(geometry.legend_pitch)));
    QVERIFY(geometry.legendRow(0).top() > 2 && geometry.legendRow(7).bottom() < board.lanes()->viewport()->height());
    QVERIFY(geometry.lane(trace::Lane::Gpu).height() >= 26);
    const auto title = [&] {
        QStringList words;
        for (const QWidget* part : board.panel->titleBarWidget()->findChildren<QWidget*>()) {
            words.append(part->accessibleName());
        }
        return words.join(QLatin1Char('|'));
    };
    QVERIFY2(title().contains(QStringLiteral("dispatches")), qPrintable(title()));
    QVERIFY(title().contains(QStringLiteral("position")));
    board.lanes()->setCurrentSpan(2);
    QVERIFY(!title().contains(QStringLiteral("dispatches")));
    QVERIFY2(title().contains(board.lanes()->readout().first().text), qPrintable(title()));
    board.panel->resize(1200, 240);
    QVERIFY(line->isVisible() && title().contains(QStringLiteral("dispatches")));
}

void TestTimelinePanel::choosingAStepSelectsItsToken() {
    Board board;
    board.show();
    board.time(0, 14);
    board.selection.setToken(2);
    QCOMPARE(board.combo()->count(), 15);
    board.combo()->setFocus();
    QTest::keyClick(board.combo(), Qt::Key_Down);
    QCOMPARE(board.selection.state().token, 3);
    QCOMPARE(board.lanes()->step()->position, promptTokens + 3);
    QTest::keyClick(board.combo(), Qt::Key_End);
    QCOMPARE(board.selection.state().token, 14);
}

void TestTimelinePanel::chunksAndRecordedStepsCanBeChosen() {
    Board board;
    board.show();
    board.steps.append(1, {test::syntheticPrefillStep(0, 32, layers), test::syntheticPrefillStep(32, 8, layers)});
    QCOMPARE(board.lanes()->step()->position, 32U); // the newest there is
    board.time(0, 5);
    board.selection.setToken(5);
    QCOMPARE(board.combo()->itemText(1), QStringLiteral("Prefill chunk 2"));
    board.combo()->setCurrentIndex(1);
    emit board.combo()->activated(1);
    QCOMPARE(board.lanes()->step()->kind, trace::StepKind::Prefill);
    QCOMPARE(board.lanes()->step()->position, 32U);
    QCOMPARE(board.selection.state().token, 5); // it has no token
    QVERIFY(board.panel->readoutText().contains(QStringLiteral("8 tokens")));
    board.time(6, 7); // others that arrive leave it there
    QCOMPARE(board.lanes()->step()->position, 32U);
    board.selection.setToken(4);
    QCOMPARE(board.lanes()->step()->position, promptTokens + 4);
    board.steps.record(1, test::syntheticDecodeStep(promptTokens + 20, layers));
    const int last = board.combo()->count() - 1;
    QCOMPARE(board.combo()->itemText(last), QStringLiteral("Recorded step"));
    emit board.combo()->activated(last);
    QCOMPARE(board.lanes()->step()->position, promptTokens + 20);
}

void TestTimelinePanel::headAndLegendTellTheStep() {
    Board board;
    board.show();
    board.time(0, 0);
    board.selection.setToken(0);
    const auto& step = *board.lanes()->step();
    const StepShares shares = StepShares::of(step);
    const QString head = QStringLiteral("%1 · kernels cover %2 % of the step · %3 dispatches")
                             .arg(msText(step.total_us))
                             .arg(QString::number(100 * step.kernelsUs() / step.total_us, 'f', 1))
                             .arg(step.dispatches);
    bool found = false;
    for (const QWidget* child : board.panel->findChildren<QWidget*>()) {
        found =
            found ||
            child->accessibleName().remove(QStringLiteral(" ·")).startsWith(QString(head).remove(QStringLiteral(" ·")));
    }
    QVERIFY2(found, qPrintable(head));
    // A mark in each kind's colour, as on the spans.
    const QImage image = board.lanes()->toImage();
    int row = 0;
    for (size_t kind = 0; kind < trace::kernelKindCount; ++kind) {
        QVERIFY(shares.kinds[kind] > 0);
        const QRect line = board.geometry().legendRow(row++);
        const int color = kindColor(static_cast<trace::KernelKind>(kind));
        const QColor want = color >= 0 ? theme().expertTint(color) : theme().color(Color::SharedTint);
        QCOMPARE(image.pixelColor(line.left() + 3, line.center().y() - 2), want);
    }
}

void TestTimelinePanel::clickSelectsTheLayerAndPaintsIt() {
    Board board;
    board.show();
    board.time(0, 5);
    board.selection.setToken(5);
    const int span = board.find(trace::Lane::Gpu, 3);
    QTest::mouseClick(board.lanes()->viewport(), Qt::LeftButton, {}, board.middleOf(span));
    QCOMPARE(board.selection.state().layer, 3);
    QCOMPARE(board.lanes()->currentSpan(), span);
    QVERIFY(board.panel->readoutText().contains(QStringLiteral("layer 3")));
    QTest::mouseClick(board.lanes()->viewport(), Qt::LeftButton, {}, board.middleOf(board.find(trace::Lane::Layer, 6)));
    QCOMPARE(board.selection.state().layer, 6);
    // The mark is around the layer, in both lanes.
    const QRect layer = board.geometry().box(board.span(board.find(trace::Lane::Layer, 6)));
    const QImage image = board.lanes()->toImage();
    QCOMPARE(image.pixelColor(layer.left() - 2, board.geometry().lane(trace::Lane::Gpu).center().y()),
             theme().color(Color::AccentText));
    QCOMPARE(image.pixelColor(layer.left() + 2, layer.bottom() - 2), theme().color(Color::AccentTint));
    // The host has no layer.
    QTest::mouseClick(board.lanes()->viewport(), Qt::LeftButton, {}, board.middleOf(board.find(trace::Lane::Host, -1)));
    QCOMPARE(board.selection.state().layer, 6);
}

void TestTimelinePanel::wheelDragAndDoubleClick() {
    Board board;
    board.show();
    board.time(0, 0);
    board.selection.setToken(0);
    board.selection.setLayer(7);
    QWidget* view = board.lanes()->viewport();
    const QPoint at = board.middleOf(board.find(trace::Lane::Layer, 2));
    const double under = board.geometry().usAt(at.x());
    wheel(view, at, 2);
    QVERIFY(!board.lanes()->showsAll());
    QVERIFY(std::abs(board.geometry().usAt(at.x()) - under) < 1);
    const double from = board.geometry().window.from;
    QTest::mousePress(view, Qt::LeftButton, {}, at);
    QMouseEvent move(QEvent::MouseMove, at + QPoint(100, 0), view->mapToGlobal(at + QPoint(100, 0)), Qt::NoButton,
                     Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(view, &move);
    QTest::mouseRelease(view, Qt::LeftButton, {}, at + QPoint(100, 0));
    QVERIFY(std::abs(board.geometry().usAt(at.x() + 100) - under) < 1);
    QVERIFY(board.geometry().window.from < from);
    QCOMPARE(board.selection.state().layer, 7); // a drag is no click
    wheel(view, at, -50);
    QVERIFY(board.lanes()->showsAll());
    const int span = board.find(trace::Lane::Gpu, 4);
    QTest::mouseDClick(view, Qt::LeftButton, {}, board.middleOf(span));
    const trace::TimelineSpan& layer = board.span(board.find(trace::Lane::Layer, 4));
    QVERIFY(board.geometry().window.from <= layer.start_us);
    QVERIFY(board.geometry().window.to() >= layer.end_us());
    QVERIFY(board.geometry().window.width < 1.2 * layer.duration_us);
}

void TestTimelinePanel::everythingByKeyboard() {
    Board board;
    board.show();
    board.time(0, 5);
    board.selection.setToken(4);
    TimelineChart* lanes = board.lanes();
    lanes->setFocus();
    board.selection.setLayer(4);
    QTest::keyClick(lanes, Qt::Key_Plus);
    QVERIFY(!lanes->showsAll());
    const double width = board.geometry().window.width;
    QTest::keyClick(lanes, Qt::Key_Plus);
    QVERIFY(board.geometry().window.width < width);
    QTest::keyClick(lanes, Qt::Key_Minus);
    QVERIFY(std::abs(board.geometry().window.width - width) < 1e-6);
    const double from = board.geometry().window.from;
    QTest::keyClick(lanes, Qt::Key_Left, Qt::ShiftModifier);
    QVERIFY(board.geometry().window.from < from);
    QTest::keyClick(lanes, Qt::Key_Right, Qt::ShiftModifier);
    QVERIFY(std::abs(board.geometry().window.from - from) < 1e-6);
    QTest::keyClick(lanes, Qt::Key_0);
    QVERIFY(lanes->showsAll());

    board.selection.setLayer(5);
    QTest::keyClick(lanes, Qt::Key_Right); // to the first interval of the selected layer
    QCOMPARE(lanes->currentSpan(), board.find(trace::Lane::Gpu, 5));
    QTest::keyClick(lanes, Qt::Key_Left);
    QCOMPARE(board.span(lanes->currentSpan()).layer, 4);
    QCOMPARE(board.selection.state().layer, 4);
    QTest::keyClick(lanes, Qt::Key_Up);
    QCOMPARE(board.span(lanes->currentSpan()).lane, trace::Lane::Layer);
    QCOMPARE(board.span(lanes->currentSpan()).layer, 4);
    QTest::keyClick(lanes, Qt::Key_Return);
    QVERIFY(!lanes->showsAll());
    // A span outside of what is shown comes into view.
    for (int i = 0; i < 3; ++i) {
        QTest::keyClick(lanes, Qt::Key_Left);
    }
    QCOMPARE(board.span(lanes->currentSpan()).layer, 1);
    QVERIFY(!board.geometry().box(board.span(lanes->currentSpan())).isEmpty());
    QTest::keyClick(lanes, Qt::Key_Down);
    QTest::keyClick(lanes, Qt::Key_Down);
    QCOMPARE(board.span(lanes->currentSpan()).part, trace::StepPart::Wait);
    QTest::keyClick(lanes, Qt::Key_Down);
    QCOMPARE(board.span(lanes->currentSpan()).part, trace::StepPart::Wait);
    QTest::keyClick(lanes, Qt::Key_BracketRight);
    QCOMPARE(board.selection.state().layer, 2);
    QTest::keyClick(lanes, Qt::Key_PageDown);
    QCOMPARE(board.selection.state().token, 5);
    QCOMPARE(lanes->step()->position, promptTokens + 5);
    QTest::keyClick(lanes, Qt::Key_T);
    QVERIFY(board.panel->isTwinShown());
}

void TestTimelinePanel::waitsAreDashed() {
    Board board;
    board.show();
    board.time(0, 0);
    board.selection.setToken(0);
    const auto& spans = board.lanes()->step()->spans;
    const auto wait = std::find_if(spans.begin(), spans.end(),
                                   [](const trace::TimelineSpan& span) { return span.part == trace::StepPart::Wait; });
    const QRect box = board.geometry().box(*wait);
    const QImage image = board.lanes()->toImage();
    int drawn = 0;
    for (int x = box.left(); x <= box.right(); ++x) {
        drawn += image.pixelColor(x, box.top()) == theme().color(Color::BorderStrong) ? 1 : 0;
    }
    QVERIFY2(drawn > box.width() / 3 && drawn < 2 * box.width() / 3, qPrintable(QString::number(drawn)));
}

void TestTimelinePanel::emptyStatesSayWhatToDo() {
    Board board;
    board.show();
    const auto* button = [&] {
        for (const QPushButton* each : board.panel->findChildren<QPushButton*>()) {
            if (each->text() == QStringLiteral("Record a step")) {
                return each;
            }
        }
        return static_cast<const QPushButton*>(nullptr);
    }();
    QVERIFY(button != nullptr);
    const auto says = [&](const QString& words) {
        const auto labels = board.panel->findChildren<QLabel*>();
        return std::any_of(labels.begin(), labels.end(), [&words](const QLabel* label) {
            return label->isVisible() && label->text().contains(words);
        });
    };
    QVERIFY(board.panel->isEmptyShown());
    QVERIFY(says(QStringLiteral("computed while the panel was hidden")));
    QVERIFY(says(QStringLiteral("“Record a step” times the next token")));
    QVERIFY(button->isVisible());
    QSignalSpy recorded(board.panel, &TimelinePanel::recordRequested);
    QTest::mouseClick(const_cast<QPushButton*>(button), Qt::LeftButton);
    QCOMPARE(recorded.count(), 1);
    board.selection.setToken(3); // looked at meanwhile: what was asked for comes all the same
    QTest::mouseClick(const_cast<QPushButton*>(button), Qt::LeftButton);
    board.steps.record(1, test::syntheticDecodeStep(60, layers));
    QVERIFY(!board.panel->isEmptyShown());
    QCOMPARE(board.combo()->currentText(), QStringLiteral("Recorded step"));
    board.selection.setToken(4);
    QVERIFY(board.panel->isEmptyShown());
    QVERIFY(board.combo()->isVisible()); // it lists what was recorded, and says what it is for
    QCOMPARE(board.combo()->currentIndex(), -1);
    QCOMPARE(board.combo()->placeholderText(), QStringLiteral("Choose a step"));
    board.time(7, 7);
    QVERIFY(says(QStringLiteral("the step of token 8 is kept")));
    board.time(8, 9);
    QVERIFY(says(QStringLiteral("The steps of tokens")));
    // Without a model nothing can be recorded.
    board.panel->setModelLoaded(false);
    QVERIFY(!button->isVisible());
    board.panel->setModelLoaded(true);
    QVERIFY(button->isVisible());
    board.trace.begin(2, board.shape);
    QVERIFY(!button->isVisible()); // an answer is being written
    QVERIFY(board.panel->isEmptyShown());
}

void TestTimelinePanel::withoutTimestampsOnlyTheHost() {
    Board board;
    board.show();
    board.steps.append(1, {test::syntheticHostStep(promptTokens)});
    board.selection.setToken(0);
    QVERIFY(!board.panel->isEmptyShown());
    QVERIFY2(board.panel->readoutText().contains(QStringLiteral("no timestamps")),
             qPrintable(board.panel->readoutText()));
    QCOMPARE(board.panel->table()->rowCount(), 3);
    QTest::keyClick(board.lanes(), Qt::Key_Right);
    QCOMPARE(board.lanes()->currentSpan(), 0);
}

void TestTimelinePanel::aHiddenPanelDoesNothing() {
    Board board;
    board.show();
    board.time(0, 3);
    board.selection.setToken(1);
    board.panel->hide();
    const int before = board.lanes()->syncCount();
    const auto step = board.lanes()->step();
    const int items = board.combo()->count();
    board.time(4, 19);
    for (int token = 0; token < 20; ++token) {
        board.selection.setToken(token);
    }
    QCOMPARE(board.lanes()->syncCount(), before);
    QCOMPARE(board.lanes()->step(), step);
    QCOMPARE(board.combo()->count(), items);
    board.panel->show();
    QVERIFY(board.lanes()->syncCount() > before);
    QCOMPARE(board.lanes()->step()->position, promptTokens + 19);
}

void TestTimelinePanel::asksForTimingOnlyWhileInView() {
    Board board;
    QSignalSpy wanted(board.panel, &TimelinePanel::timingWanted);
    board.show();
    QVERIFY(!wanted.isEmpty());
    QCOMPARE(wanted.last().at(0).toBool(), true);
    board.panel->hide();
    QCOMPARE(wanted.last().at(0).toBool(), false);
}

void TestTimelinePanel::tableFollowsTheStep() {
    Board board;
    board.show();
    board.time(0, 3);
    board.selection.setToken(1);
    board.panel->setTwinShown(true);
    QCOMPARE(board.panel->table()->rowCount(), int(board.lanes()->step()->spans.size()));
    const int span = board.find(trace::Lane::Gpu, 4);
    emit board.panel->twin()->sourceRowSelected(span);
    QCOMPARE(board.lanes()->currentSpan(), span);
    QCOMPARE(board.selection.state().layer, 4);
}

QTEST_MAIN(TestTimelinePanel)
#include "tst_timeline_panel.moc"
