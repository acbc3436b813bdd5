// SPDX-License-Identifier: Apache-2.0
// Token probabilities: every number against the trace it came from, then what the panel does.
#include "tests/ui/panels/panelboard.h"
#include "ui/models/tokentext.h"
#include "ui/panels/probabilitiespanel.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/tabletwin.h"

#include <QAbstractItemModelTester>
#include <QAccessible>
#include <QApplication>
#include <QMainWindow>
#include <QMouseEvent>
#include <QScrollBar>
#include <QSignalSpy>

#include <cmath>

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

namespace {

struct Bench {
    explicit Bench(int tokens = 60) {
        bindSelection(&trace, &selection);
        panel = new ProbabilitiesPanel(&trace, &selection, &window);
        trace.setModel(shape);
        if (tokens > 0) {
            trace.setRun(1, shape, test::syntheticAnswer(shape, tokens, false));
            trace.setCurrent(1);
        }
        selection.setFollowing(false);
        panel->setGeometry(0, 0, 496, 300);
        window.resize(500, 310);
        window.show();
    }

    TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    TraceModel trace;
    Selection selection;
    QWidget window;
    ProbabilitiesPanel* panel = nullptr;
};

double raw(const QAbstractItemModel* table, int row, int column) {
    return table->index(row, column).data(TabularModel::RawRole).toDouble();
}

bool says(const PanelFrame* panel, const QString& sentence) {
    const auto* page = panel->findChild<EmptyState*>();
    return page->isVisible() && page->accessibleName().contains(sentence);
}

} // namespace

class TestProbabilities : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }

    void everyNumberIsTheTraces() {
        Bench bench;
        const TabularModel* table = bench.panel->table();
        const QAbstractItemModelTester tester(const_cast<TabularModel*>(table));
        for (const int token : {0, 4, 9, 31}) { // 4 and 9: the third likeliest was sampled
            bench.selection.setToken(token);
            const trace::TokenTrace& at = bench.trace.token(token);
            QCOMPARE(table->rowCount(), int(at.candidates.size()) + 1);
            double rawSum = 0;
            double sampledSum = 0;
            int chosen = 0;
            for (int row = 0; row < table->rowCount(); ++row) {
                rawSum += raw(table, row, TokenProbabilitiesTable::Raw);
                sampledSum += raw(table, row, TokenProbabilitiesTable::Sampled);
                if (row == int(at.candidates.size())) {
                    break;
                }
                const trace::TokenCandidate& candidate = at.candidates[size_t(row)];
                QCOMPARE(raw(table, row, TokenProbabilitiesTable::Rank), double(row + 1));
                QCOMPARE(raw(table, row, TokenProbabilitiesTable::Id), double(candidate.token));
                QCOMPARE(raw(table, row, TokenProbabilitiesTable::Raw), double(candidate.probability) * 100);
                QCOMPARE(raw(table, row, TokenProbabilitiesTable::Sampled), double(candidate.sampled) * 100);
                QCOMPARE(table->index(row, TokenProbabilitiesTable::Text).data().toString(),
                         tokenLabel(candidate.text));
                const bool yes = table->index(row, TokenProbabilitiesTable::Chosen).data().toString() == "yes";
                QCOMPARE(yes, candidate.token == at.token);
                chosen += yes ? 1 : 0;
            }
            QCOMPARE(chosen, 1);
            QVERIFY(std::abs(rawSum - 100) < 1e-4);
            QVERIFY(std::abs(sampledSum - 100) < 1e-4);
            const double bits = -std::log2(double(at.probability));
            QCOMPARE(surpriseBits(at), bits);
            QVERIFY(bench.panel->readoutText().contains(QStringLiteral("surprise %1 bits").arg(bitsText(bits))));
        }
    }

    void numbersAsWords() {
        QCOMPARE(percentText(0), QStringLiteral("0"));
        QCOMPARE(percentText(1e-6), QStringLiteral("<0.01"));
        QCOMPARE(percentText(0.00005), QStringLiteral("0.01"));
        QCOMPARE(percentText(0.0421), QStringLiteral("4.21"));
        QCOMPARE(percentText(0.09996), QStringLiteral("10.0"));
        QCOMPARE(percentText(0.8314), QStringLiteral("83.1"));
        QCOMPARE(percentText(0.9996), QStringLiteral("100"));
        QCOMPARE(bitsText(0.271), QStringLiteral("0.271"));
        QCOMPARE(bitsText(0.0014427), QStringLiteral("0.00144"));
        QCOMPARE(bitsText(13.11), QStringLiteral("13.1"));
        QCOMPARE(bitsText(-1), QStringLiteral("–"));
        trace::TokenTrace sure;
        sure.generated = true;
        sure.probability = 1;
        QCOMPARE(surpriseBits(sure), 0.0);
        sure.generated = false;
        QCOMPARE(surpriseBits(sure), -1.0);
        sure.generated = true;
        sure.probability = 0;
        QCOMPARE(surpriseBits(sure), -1.0);
    }

    void nothingListedIsLeftWhereAllAreCandidates() {
        trace::TokenTrace token;
        token.token = 2;
        token.candidates = {{1, "a", 0.7F, 0.0F}, {2, "b", 0.3F, 1.0F}};
        const TokenProbabilities all = TokenProbabilities::of(token);
        QCOMPARE(all.chosen, 1);
        QCOMPARE(all.raw_rest, 0.0);
        QCOMPARE(all.sampled_rest, 0.0);
    }

    void emptyStates() {
        Bench bench(0);
        QVERIFY(QTest::qWaitForWindowExposed(&bench.window));
        QVERIFY(says(bench.panel, QStringLiteral("No token selected")));
        auto plain = std::make_shared<trace::TokenTrace>();
        plain->text = " a";
        plain->generated = true;
        auto read = std::make_shared<trace::TokenTrace>(*plain);
        read->generated = false;
        bench.trace.setRun(1, bench.shape, {read, plain});
        bench.trace.setCurrent(1);
        bench.selection.setToken(1, 0);
        QVERIFY(says(bench.panel, QStringLiteral("A token of the prompt")));
        bench.selection.setToken(1, 1);
        QVERIFY(says(bench.panel, QStringLiteral("No candidates recorded")));
        bench.trace.append(1, test::syntheticAnswer(bench.shape, 1, false));
        bench.selection.setToken(1, 2);
        QVERIFY(!bench.panel->isEmptyShown());
    }

    void bars() {
        Bench bench;
        bench.selection.setToken(9);
        ProbabilitiesChart* chart = bench.panel->candidates();
        const QImage image = painted(chart);
        const ProbabilitiesGeometry& geometry = chart->geometryOfRows();
        const trace::TokenTrace& token = bench.trace.token(9);
        for (int row = 0; row < int(token.candidates.size()); ++row) {
            const trace::TokenCandidate& candidate = token.candidates[size_t(row)];
            const QRect upper = geometry.rawBar(row, double(candidate.probability), 0);
            QVERIFY(std::abs(upper.width() - double(candidate.probability) * geometry.bars_width) <= 1);
            QVERIFY(near(image.pixelColor(upper.left(), upper.top()), theme().color(Color::BorderStrong)));
            const QRect lower = geometry.sampledBar(row, double(candidate.sampled), 0);
            QCOMPARE(lower.width() > 0, candidate.sampled > 0);
            if (candidate.sampled > 0) {
                QVERIFY(near(image.pixelColor(lower.left(), lower.bottom()), theme().color(Color::Shared)));
                QVERIFY(!near(image.pixelColor(lower.right() + 2, lower.bottom()), theme().color(Color::Shared)));
            }
            const QColor ground = theme().color(Color::AccentTint);
            QCOMPARE(holds(image, geometry.row(row, 0), ground), candidate.token == token.token);
        }
    }

    void clickAndEnterBranch() {
        Bench bench;
        QVERIFY(QTest::qWaitForWindowExposed(&bench.window));
        bench.selection.setToken(9);
        ProbabilitiesChart* chart = bench.panel->candidates();
        const QSignalSpy asked(bench.panel, &ProbabilitiesPanel::branchRequested);
        const trace::TokenTrace& token = bench.trace.token(9);
        const int chosen = chart->probabilities().chosen;
        QCOMPARE(chosen, 2);
        const auto clickRow = [chart](int row) {
            QTest::mouseClick(chart->viewport(), Qt::LeftButton, Qt::NoModifier,
                              chart->geometryOfRows().row(row, chart->verticalScrollBar()->value()).center());
        };
        clickRow(0);
        QCOMPARE(asked.size(), 1);
        QCOMPARE(asked.last(), (QVariantList{qint64(1), 9, token.candidates[0].token}));
        const QPointF at = chart->geometryOfRows().row(0, chart->verticalScrollBar()->value()).center();
        QMouseEvent second(QEvent::MouseButtonDblClick, at, chart->viewport()->mapToGlobal(at), Qt::LeftButton,
                           Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(chart->viewport(), &second);
        QCOMPARE(asked.size(), 1); // once for both clicks
        clickRow(chosen);          // it stands there already
        QCOMPARE(asked.size(), 1);

        chart->setFocus();
        QTest::keyClick(chart, Qt::Key_Return); // at the token that stands there
        QCOMPARE(asked.size(), 1);
        QTest::keyClick(chart, Qt::Key_Down);
        QCOMPARE(chart->cursor(), chosen + 1);
        QTest::keyClick(chart, Qt::Key_Return);
        QCOMPARE(asked.size(), 2);
        QCOMPARE(asked.last(), (QVariantList{qint64(1), 9, token.candidates[size_t(chosen) + 1].token}));
        QTest::keyClick(chart, Qt::Key_End);
        QCOMPARE(chart->cursor(), int(token.candidates.size()));
        QVERIFY(bench.panel->readoutText().startsWith(QStringLiteral("Not listed")));
        QTest::keyClick(chart, Qt::Key_Return); // of no token
        QCOMPARE(asked.size(), 2);
        QTest::keyClick(chart, Qt::Key_Home);
        QTest::keyClick(chart, Qt::Key_Up);
        QCOMPARE(chart->cursor(), 0);
        QTest::keyClick(chart, Qt::Key_Right);
        QCOMPARE(bench.selection.state().token, 10);
        QCOMPARE(chart->cursor(), chart->probabilities().chosen); // another token: back at its own

        QTest::keyClick(chart, Qt::Key_T);
        TableTwin* twin = bench.panel->twin();
        QVERIFY(twin->isVisible());
        QCOMPARE(twin->currentSourceRow(), chart->probabilities().chosen);
        bench.selection.setToken(14);
        QCOMPARE(twin->model()->rowCount(), int(bench.trace.token(14).candidates.size()) + 1);
        QCOMPARE(twin->currentSourceRow(), 2);
        QTest::keyClick(twin, Qt::Key_Up);
        QCOMPARE(twin->currentSourceRow(), 1);
        QVERIFY(bench.panel->readoutText().contains(tokenLabel(bench.trace.token(14).candidates[1].text)));
        QCOMPARE(asked.size(), 2); // to look at a row is not to choose it
        QTest::keyClick(twin, Qt::Key_Return);
        QCOMPARE(asked.size(), 3);
        QCOMPARE(asked.last(), (QVariantList{qint64(1), 14, bench.trace.token(14).candidates[1].token}));
    }

    void hiddenItDoesNothing() {
        Bench bench(0);
        QMainWindow window;
        auto* front = new TokenPathPanel(&bench.trace, &bench.selection, &window);
        auto* back = new ProbabilitiesPanel(&bench.trace, &bench.selection, &window);
        window.addDockWidget(Qt::RightDockWidgetArea, front);
        window.tabifyDockWidget(front, back);
        window.resize(800, 600);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        front->raise();
        QCoreApplication::processEvents();
        bench.panel->hide();
        bench.trace.begin(1, bench.shape);
        const auto answer = test::syntheticAnswer(bench.shape, 80, false);
        const int before = back->chart()->syncCount();
        const int hiddenBefore = bench.panel->chart()->syncCount();
        const QSignalSpy rows(back->table(), &QAbstractItemModel::rowsInserted);
        const QSignalSpy hiddenRows(bench.panel->table(), &QAbstractItemModel::rowsInserted);
        for (int at = 0; at < 80; at += 4) {
            bench.trace.append(1, answer.mid(at, 4));
            QCoreApplication::processEvents();
        }
        QCOMPARE(back->chart()->syncCount(), before);
        QCOMPARE(bench.panel->chart()->syncCount(), hiddenBefore);
        QCOMPARE(rows.size() + hiddenRows.size(), 0);
        back->raise();
        QTRY_VERIFY(!back->isEmptyShown());
        QCOMPARE(back->candidates()->probabilities(), TokenProbabilities::of(*answer.last()));
        bench.panel->show();
        QTRY_VERIFY(!bench.panel->isEmptyShown());
    }

    void surpriseUnderEachWord() {
        Board board;
        board.show();
        StripChart* strip = board.strip->strip();
        board.strip->setMode(StripMode::Surprise);
        for (const int token : {1, 4}) {
            const double bits = -std::log2(double(board.trace.token(token).probability));
            const QRect box = strip->geometryOfStrip().rect(token);
            QVERIFY(near(painted(strip).pixelColor(box.left(), box.bottom()), theme().sequential(bits / kSurpriseEnd)));
            board.selection.setToken(token);
            QVERIFY(board.strip->readoutText().contains(QStringLiteral("surprise %1 bits").arg(bitsText(bits))));
            QCOMPARE(raw(board.strip->table(), token, TokenStripTable::Surprise), bits);
        }
    }

    void accessibility() {
        Bench bench;
        QVERIFY(QTest::qWaitForWindowExposed(&bench.window));
        bench.selection.setToken(3);
        ProbabilitiesChart* chart = bench.panel->candidates();
        QVERIFY(!chart->accessibleName().isEmpty());
        QCOMPARE(chart->accessibleDescription(), bench.panel->readoutText());
        QCOMPARE(chart->focusPolicy(), Qt::StrongFocus);
        QVERIFY(!bench.panel->twin()->accessibleName().isEmpty());
    }
};

QTEST_MAIN(TestProbabilities)
#include "tst_probabilities.moc"
