// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/synthetictrace.h"
#include "tests/ui/panels/compareboard.h"
#include "ui/panels/chartpaint.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/segmentedcontrol.h"
#include "ui/widgets/tabletwin.h"

#include <QApplication>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>

using namespace moescope;
using namespace moescope::ui;
using test::CompareBoard;
using test::said;

namespace {

QString inA(const AnswersChart& chart, const AnswerLayout::Range& range, Side side = Side::A) {
    return chart.answer(side).text().mid(range.from, range.to - range.from);
}

QStringList different(const AnswersChart& chart, Side side) {
    QStringList texts;
    for (const AnswerLayout::Range& range : chart.differences(side)) {
        texts << inA(chart, range, side);
    }
    return texts;
}

} // namespace

class TestComparePanels : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }

    void answersUnderlineWhatOneAloneHas() {
        CompareBoard board;
        board.show();
        const AnswersChart& chart = *board.answers->answers();
        QCOMPARE(different(chart, Side::A),
                 (QStringList{QStringLiteral("quiet beach."), QStringLiteral("tall tree"), QStringLiteral("blue"),
                              QStringLiteral("The"), QStringLiteral("still there in the morning.")}));
        QCOMPARE(different(chart, Side::B),
                 (QStringList{QStringLiteral("old mill."), QStringLiteral("stone"),
                              QStringLiteral("In the morning the"), QStringLiteral("gone.")}));
        QCOMPARE(chart.footWords(Side::A),
                 QStringLiteral("%1 tokens · stopped at end of text").arg(board.comparison.runs()[0].trace->size()));
        QCOMPARE(chart.passagePlace(Side::B), QStringLiteral("at token 769 of 1,536"));
        // Tokens: each for itself.
        board.comparison.setUnit(Comparison::Unit::Tokens);
        QVERIFY(different(chart, Side::A).startsWith(QStringLiteral("quiet")));
        QCOMPARE(different(chart, Side::A).value(1), QStringLiteral("beach"));
    }

    void answersReadoutAndTwinSayTheSame() {
        CompareBoard board;
        board.show();
        board.comparison.selectParting();
        QCOMPARE(board.answers->readoutText(),
                 QStringLiteral("Text parts at token 8 · A ·quiet 0.41 · B ·old 0.38, A’s word was second with 0.29 · "
                                "%1 of 37 words aligned")
                     .arg(AlignedAnswers(*board.comparison.pair(), Comparison::Unit::Words).same()));
        QCOMPARE(said(board.answers, 0, AnswersTable::TextA), QStringLiteral("The"));
        QCOMPARE(said(board.answers, 0, AnswersTable::Same), QStringLiteral("yes"));
        QCOMPARE(said(board.answers, 7, AnswersTable::TextA), QStringLiteral("quiet"));
        QCOMPARE(said(board.answers, 7, AnswersTable::TextB), QStringLiteral("old"));
        QCOMPARE(said(board.answers, 7, AnswersTable::Same), QStringLiteral("no"));
        // The twin marks the row of the selection, and a row selects its token.
        board.answers->setTwinShown(true);
        QCOMPARE(board.answers->twin()->currentSourceRow(), 7);
        emit board.answers->twin()->sourceRowSelected(1);
        QCOMPARE(board.comparison.place().a, 1);
        QCOMPARE(board.selection.state().run, 101);
    }

    void aClickSelectsInBoth() {
        CompareBoard board;
        board.show();
        AnswersChart* chart = board.answers->answers();
        const TokenPair pair = board.comparison.pair()->pairs[9];
        test::clickAt(chart, chart->tokenRect(Side::B, pair.b).center());
        QCOMPARE(board.selection.state().run, 102);
        QCOMPARE(board.comparison.place().a, pair.a);
        QCOMPARE(board.comparison.place().b, pair.b);
        QTest::keyClick(chart, Qt::Key_Right);
        QCOMPARE(board.comparison.place().b, pair.b + 1);
        QTest::keyClick(chart, Qt::Key_Home);
        QCOMPARE(board.comparison.place().b, 0);
        // Every token is found where it is drawn.
        for (int token = 0; token < board.comparison.runs()[0].trace->size(); ++token) {
            const QRect rect = chart->tokenRect(Side::A, token);
            if (!rect.isEmpty()) {
                test::clickAt(chart, rect.center());
                QCOMPARE(board.comparison.place().a, token);
            }
        }
    }

    void answersOfAnyWriting() {
        CompareBoard board;
        QList<RunView> runs = test::sampleRuns();
        const TraceShape shape = runs[0].trace->shape();
        // Chinese, Arabic, an emoji cut in two tokens of bytes, a word longer than a line, only line breaks.
        QList<trace::TokenTracePtr> tokens;
        const std::vector<uint16_t> experts(8, 3);
        const std::vector<float> gates(8, 0.5F);
        for (const std::string& text : {std::string("船在海滩上。"), std::string(" القارب"), std::string("\xF0\x9F"),
                                        std::string("\xA6\x8A"), std::string(400, 'm'), std::string("\n\n\n")}) {
            auto token = std::make_shared<trace::TokenTrace>(*test::plainToken(shape, text, experts, gates));
            token->generated = true;
            tokens.append(token);
        }
        runs[0].trace = std::make_shared<RunTrace>(shape, tokens);
        board.comparison.setRuns(runs);
        board.show();
        const AnswerLayout& layout = board.answers->answers()->answer(Side::A);
        QVERIFY(layout.text().startsWith(QStringLiteral("船在海滩上。 القارب🦊mmm")));
        QVERIFY(layout.rectsOf(layout.tokenRange(4)).size() > 1);
        for (const QRect& rect : layout.rectsOf(layout.tokenRange(4))) {
            QVERIFY(rect.right() <= 380);
        }
        QVERIFY(!layout.rectsOf(layout.tokenRange(2)).isEmpty());
        for (int token = 0; token < 6; ++token) {
            board.comparison.select(Side::A, token);
            QVERIFY(!board.answers->readoutText().isEmpty());
            (void)board.answers->answers()->toImage();
        }
    }

    void agreementShowsEachPairAndLayer() {
        CompareBoard board;
        board.show();
        const AgreementChart& chart = *board.agreement->cells();
        const RunComparison& pair = *board.comparison.pair();
        QCOMPARE(chart.grid().columns, pair.a->size());
        QCOMPARE(chart.grid().merged, 1);
        int aligned = 0;
        for (int place = 0; place < chart.grid().places; ++place) {
            const int at = board.comparison.pairOf(Side::A, place);
            aligned += at >= 0 ? 1 : 0;
            for (int layer = 0; layer < 8; ++layer) {
                const AgreementChart::Cell cell = chart.cell(place, layer);
                QCOMPARE(cell.aligned, at >= 0 ? 1 : 0);
                QCOMPARE(cell.others, at >= 0 && !pair.agree(at, layer) ? 1 : 0);
            }
        }
        QCOMPARE(aligned, static_cast<int>(pair.pairs.size()));
        QCOMPARE(board.agreement->table()->rowCount(), aligned * 8);
        QCOMPARE(said(board.agreement, 3, AgreementTable::ExpertA), QString::number(pair.a->expert(0, 3)));
        QCOMPARE(said(board.agreement, 3, AgreementTable::ExpertB), QString::number(pair.b->expert(0, 3)));
        const TokenPair first = pair.pairs[size_t(pair.routing_pair)];
        QVERIFY(board.agreement->readoutText().contains(
            QStringLiteral("token %1, layer %2").arg(first.a + 1).arg(pair.routing_layer)));
        QVERIFY(board.agreement->readoutText().contains(
            QStringLiteral("A: expert %1, gate").arg(pair.a->expert(first.a, pair.routing_layer))));
        // Nothing is counted again for a selection.
        const int counted = chart.counted();
        for (int token = 0; token < 20; ++token) {
            board.comparison.select(Side::A, token, token % 8);
        }
        QCOMPARE(chart.counted(), counted);
        // A click selects the token of A and the layer, and the twin follows.
        test::clickAt(board.agreement->cells(), chart.grid().cell(2, first.a, 0).center());
        QCOMPARE(board.comparison.place().a, first.a);
        QCOMPARE(board.comparison.place().layer, 2);
        board.agreement->setTwinShown(true);
        QCOMPARE(said(board.agreement, board.agreement->twin()->currentSourceRow(), AgreementTable::Layer),
                 QStringLiteral("2"));
    }

    void agreementCellsHaveTheColourOfWhatTheyAre() {
        CompareBoard board;
        board.show();
        const AgreementChart& chart = *board.agreement->cells();
        const QImage image = board.agreement->cells()->toImage();
        const RunComparison& pair = *board.comparison.pair();
        for (int at = 0; at < static_cast<int>(pair.pairs.size()); ++at) {
            const QPoint middle = chart.grid().cell(1, pair.pairs[size_t(at)].a, 0).center();
            const QColor color = image.pixelColor(middle);
            QCOMPARE(color.rgb(), (pair.agree(at, 1) ? theme().color(Color::Window) : theme().sequential(0.625)).rgb());
        }
    }

    void theFilterGreysOutWhatDoesNotMatch() {
        CompareBoard board;
        board.show();
        const RunTrace& a = *board.comparison.runs()[0].trace;
        QList<trace::TokenTracePtr> tokens;
        for (int token = 0; token < a.size(); ++token) {
            std::vector<uint16_t> experts;
            for (int layer = 0; layer < a.shape().layers; ++layer) {
                for (int choice = 0; choice < a.shape().used; ++choice) {
                    experts.push_back(static_cast<uint16_t>(a.expert(token, layer, choice)));
                }
            }
            tokens.append(test::plainToken(a.shape(), std::string(a.text(token)), experts,
                                           std::vector<float>(experts.size(), 0.5F)));
        }
        const int expert = a.expert(3, 1);
        const auto filter = Filter::parse(QStringLiteral("layer == 1 && expert == %1").arg(expert));
        const QImage before = board.answers->answers()->toImage();
        const QImage bars = board.distance->bars()->toImage();
        board.comparison.setMasks(FilterMask::of(tokens, a.shape().layers, std::get<Filter>(filter)), nullptr);
        const AgreementChart& chart = *board.agreement->cells();
        const QImage image = board.agreement->cells()->toImage();
        int matching = 0;
        for (int token = 0; token < a.size(); ++token) {
            for (int layer = 0; layer < a.shape().layers; ++layer) {
                bool expected = layer == 1 && a.expert(token, layer) == expert;
                for (int choice = 1; choice < a.shape().used && layer == 1; ++choice) {
                    expected = expected || a.expert(token, layer, choice) == expert;
                }
                QCOMPARE(chart.cell(token, layer).matches, expected);
                matching += expected ? 1 : 0;
                if (!expected) { // the stroke goes through its middle
                    const QColor color = image.pixelColor(chart.grid().cell(layer, token, 0).center());
                    QVERIFY(color != theme().sequential(0.625));
                }
            }
        }
        QVERIFY(matching > 0 && matching < a.size());
        QVERIFY(board.answers->answers()->toImage() != before);
        QVERIFY(board.distance->bars()->toImage() != bars);
        QVERIFY(board.comparison.matchesLayer(1));
        QVERIFY(!board.comparison.matchesLayer(0));
        // Without a filter all is as it was.
        board.comparison.setMasks(nullptr, nullptr);
        QCOMPARE(board.answers->answers()->toImage(), before);
    }

    void distanceSaysWhatWasComputed() {
        CompareBoard board;
        board.show();
        const RunComparison& pair = *board.comparison.pair();
        QCOMPARE(board.distance->table()->rowCount(), 8);
        for (int layer = 0; layer < 8; ++layer) {
            const LayerDistance& distance = pair.distance[size_t(layer)];
            QCOMPARE(said(board.distance, layer, DistanceTable::Divergence), QString::number(distance.js_bits, 'f', 3));
            QCOMPARE(said(board.distance, layer, DistanceTable::Chance), QString::number(distance.chance_bits, 'f', 3));
            QCOMPARE(said(board.distance, layer, DistanceTable::Jaccard), QString::number(distance.jaccard, 'f', 2));
            const BarRows& bars = board.distance->bars()->bars();
            const QRect bar = bars.bar(layer, distance.js_bits, 0, 1, 0);
            QVERIFY(std::abs(bar.width() - distance.js_bits / bars.top * bars.bar_width) <= 1);
        }
        QCOMPARE(board.distance->readoutText(),
                 QStringLiteral("Jensen–Shannon of expert shares, n = %1 aligned tokens").arg(pair.pairs.size()));
        test::clickAt(board.distance->bars(), board.distance->bars()->bars().rows.row(6, 0).center());
        QCOMPARE(board.comparison.place().layer, 6);
        QCOMPARE(board.comparison.place().a, 0); // it has a token, too
        QTest::keyClick(board.distance->bars(), Qt::Key_Up);
        QCOMPARE(board.selection.state().layer, 5);
        QTest::keyClick(board.distance->bars(), Qt::Key_BracketRight);
        QCOMPARE(board.selection.state().layer, 6);
    }

    void massSpeedAndTwins() {
        CompareBoard board;
        board.show();
        const QList<RunView>& runs = board.comparison.runs();
        for (int layer = 0; layer < 8; ++layer) {
            QCOMPARE(said(board.mass, layer, MassTable::MassA),
                     QString::number(double(runs[0].passage_mass[size_t(layer)]) * 100, 'f', 1));
            QCOMPARE(said(board.mass, layer, MassTable::CountB), QString::number(runs[1].passage_mass_n));
        }
        board.comparison.select(Side::A, 2, 5);
        QCOMPARE(board.mass->readoutText(), QStringLiteral("Layer 5 · A 14.2 %, n = %1 · B 2.4 %, n = %2")
                                                .arg(runs[0].passage_mass_n)
                                                .arg(runs[1].passage_mass_n));
        QCOMPARE(board.speed->table()->rowCount(), 4);
        QCOMPARE(said(board.speed, 1, SpeedTable::Letter), QStringLiteral("B"));
        QCOMPARE(said(board.speed, 1, SpeedTable::Reused), QStringLiteral("38"));
        const QStringList figures{QStringLiteral("1,489"), QStringLiteral("31.7"),    QStringLiteral("47"),
                                  QStringLiteral("9.1"),   QStringLiteral("191 MiB"), QStringLiteral("found")};
        for (int column = 0; column < figures.size(); ++column) {
            QCOMPARE(said(board.speed, 2, SpeedTable::Figures + column), figures[column]);
        }
        QCOMPARE(said(board.speed, 3, SpeedTable::Machine), QStringLiteral("Radeon PRO W7900"));
        QVERIFY(board.speed->readoutText().contains(QStringLiteral("C, D: median of 3")));
        QVERIFY(board.speed->readoutText().contains(
            QStringLiteral("D is a capture file from another machine (Radeon PRO W7900)")));
        QCOMPARE(said(board.speed, 0, SpeedTable::Machine), QStringLiteral("this one"));
    }

    void aLongTitleLeavesTheFiguresInView() {
        CompareBoard board;
        QList<RunView> runs = test::sampleRuns();
        runs[1].title =
            QStringLiteral("256-token prompt · needle at 100 % · passage “The code for the ice cellar is 4703.”");
        board.comparison.setRuns(runs);
        board.show();
        board.speed->setTwinShown(true);
        auto* twin = board.speed->findChild<TableTwin*>();
        QTRY_VERIFY(twin->isVisible());
        QTRY_VERIFY(twin->columnWidth(SpeedTable::Title) <= 160);
        const int decode = SpeedTable::Figures + int(RunFigure::Prompt);
        QVERIFY(twin->columnViewportPosition(decode) + twin->columnWidth(decode) <= twin->viewport()->width());
        // With room for all of it nothing is cut.
        QCOMPARE(twin->columnWidthsWithin(100'000), twin->columnWidths());
        const QList<int> tight = twin->columnWidthsWithin(1);
        for (int column = 0; column < tight.size(); ++column) {
            QVERIFY(tight[column] == twin->columnWidths()[column] || tight[column] == 160);
        }
        // A title that is too long loses whole parts, and says so.
        const QFont font = theme().font(TextStyle::Small);
        const QString part = QStringLiteral("256-token prompt · needle at 100 % · …");
        const int width = QFontMetrics(font).horizontalAdvance(part);
        QCOMPARE(fittingParts(runs[1].title, font, width, true), part);
        QCOMPARE(fittingParts(runs[1].title, font, width, false), QStringLiteral("256-token prompt · needle at 100 %"));
        QVERIFY(fittingParts(runs[1].title, font, 40, true).endsWith(u'…'));
    }

    void theRowOfBComesIntoView() {
        CompareBoard board;
        QList<RunView> runs = test::sampleRuns();
        while (runs.size() < 12) {
            RunView more = runs[1];
            more.id = 100 + runs.size();
            more.answer = 200 + runs.size();
            runs.append(more);
        }
        board.comparison.setRuns(runs);
        board.show();
        const RunsChart* chart = board.speed->list();
        (void)board.speed->list()->toImage();
        QVERIFY(chart->rows().scroll_max > 0);
        const auto seen = [&](int run) {
            return chart->rows().window.contains(chart->rows().row(run, chart->verticalScrollBar()->value()));
        };
        QVERIFY(!seen(11));
        board.comparison.choose(Side::B, runs[11].id);
        (void)board.speed->list()->toImage();
        QVERIFY(seen(11) && seen(0)); // A and B above the others
        QCOMPARE(chart->rows().order[1], 11);
        QCOMPARE(chart->rows().runAt(chart->rows().row(11, 0).center(), 0), 11);
        QCOMPARE(chart->rows().order[2], 1);
        // The keys go from row to row as they stand.
        board.speed->list()->setCurrent(0);
        QTest::keyClick(board.speed->list(), Qt::Key_Down);
        QCOMPARE(chart->current(), 11);
        QTest::keyClick(board.speed->list(), Qt::Key_Down);
        QCOMPARE(chart->current(), 1);
        // All runs keep their order: a click there moves no row, and the row of B is scrolled to.
        board.comparison.setShowsAll(true);
        (void)board.all->list()->toImage();
        const RunRows& all = board.all->list()->rows();
        QCOMPARE(all.order[11], 11);
        QVERIFY(all.window.contains(all.row(11, board.all->list()->verticalScrollBar()->value())));
    }

    void allRunsMakeOneB() {
        CompareBoard board;
        RunView fifth = test::sampleRuns()[1];
        fifth.id = 5;
        fifth.answer = 105;
        fifth.title = QStringLiteral("Seed 7");
        board.comparison.setRun(fifth);
        board.comparison.setShowsAll(true);
        board.show();
        QTRY_VERIFY(!board.comparison.isDistancePending(1) && !board.comparison.isDistancePending(4));
        const std::vector<LayerDistance>& distance = board.comparison.distanceToA(1);
        QCOMPARE(board.all->table()->columnCount(), 3 + 8 + int(runFigures.size()));
        const QImage image = board.all->list()->toImage();
        for (int layer = 0; layer < 8; ++layer) {
            QCOMPARE(said(board.all, 1, AllRunsTable::FirstLayer + layer),
                     QString::number(distance[size_t(layer)].js_bits, 'f', 3));
            const QColor color = image.pixelColor(board.all->list()->cell(1, layer).topLeft() + QPoint(3, 3));
            QCOMPARE(color.rgb(),
                     theme().sequential(distance[size_t(layer)].js_bits / board.all->list()->most()).rgb());
        }
        QVERIFY(said(board.all, 2, AllRunsTable::FirstLayer).contains(QStringLiteral("–")));
        test::clickAt(board.all->list(), board.all->list()->rows().row(4, 0).center());
        QCOMPARE(board.comparison.side(Side::B)->id, 5);
        // Of A itself nothing happens; Enter makes the current row B.
        test::clickAt(board.all->list(), board.all->list()->rows().row(0, 0).center());
        QCOMPARE(board.comparison.side(Side::B)->id, 5);
        QTest::keyClick(board.all->list(), Qt::Key_Down);
        QTest::keyClick(board.all->list(), Qt::Key_Return);
        QCOMPARE(board.comparison.side(Side::B)->id, 2);
    }

    void needleGridCountsAndRuns() {
        CompareBoard board;
        board.show();
        NeedleChart* chart = board.needle->cells();
        const NeedleGridView grid = test::sampleGrid();
        QCOMPARE(chart->cellText(grid.find(512, 50)), QStringLiteral("1.0"));
        QCOMPARE(chart->cellText(grid.find(1'536, 50)), QStringLiteral("0.2"));
        QCOMPARE(chart->cellText(36), QStringLiteral("6 / 10"));
        QCOMPARE(chart->cellText(39), QString());
        QCOMPARE(board.needle->readoutText(),
                 QStringLiteral("1,536 tokens, depth 50 % · 2 of 10 found · 95 % interval 0.06–0.51 · 9.0 s"));
        QCOMPARE(said(board.needle, grid.find(1'536, 50), NeedleTable::Low), QStringLiteral("0.06"));
        QCOMPARE(said(board.needle, grid.find(1'536, 50), NeedleTable::Found), QStringLiteral("2"));
        QCOMPARE(said(board.needle, 39, NeedleTable::Found), QStringLiteral("–"));
        // A click and the keys choose a cell; Enter opens it as a run.
        QSignalSpy opened(board.needle, &NeedlePanel::cellRequested);
        test::clickAt(chart, chart->cellRect(2, 1).center());
        QCOMPARE(chart->current(), grid.index(2, 1));
        QTest::keyClick(chart, Qt::Key_Down);
        QTest::keyClick(chart, Qt::Key_Right);
        QTest::keyClick(chart, Qt::Key_Return);
        QCOMPARE(opened.count(), 1);
        QCOMPARE(opened[0][0].toUInt(), 1'024U);
        QCOMPARE(opened[0][1].toUInt(), 50U);
        // The batch: pause while it runs, resume while it does not, neither once it is over.
        QSignalSpy paused(board.needle, &NeedlePanel::pauseRequested);
        QSignalSpy resumed(board.needle, &NeedlePanel::resumeRequested);
        QPushButton* batch = nullptr;
        for (QPushButton* button : board.needle->findChildren<QPushButton*>()) {
            batch = button->text() == QStringLiteral("Pause") ? button : batch;
        }
        QVERIFY(batch != nullptr);
        batch->click();
        QCOMPARE(paused.count(), 1);
        NeedleGridView still = grid;
        still.running = false;
        still.paused = true;
        board.comparison.setGrid(still);
        QCOMPARE(batch->text(), QStringLiteral("Resume"));
        batch->click();
        QCOMPARE(resumed.count(), 1);
        still.done = still.all;
        board.comparison.setGrid(still);
        QVERIFY(batch->isHidden());
        // Kinds without a depth have one row.
        NeedleGridView whole = grid;
        whole.depths.clear();
        whole.cells.resize(8);
        board.comparison.setGrid(whole);
        QCOMPARE(said(board.needle, 0, NeedleTable::Depth), QStringLiteral("whole text"));
        QVERIFY(!board.needle->readoutText().isEmpty());
        (void)chart->toImage();
    }

    void emptyPanelsSayWhatIsMissing() {
        CompareBoard board(false);
        board.show();
        for (PanelFrame* panel : board.panels()) {
            QVERIFY2(panel->isEmptyShown(), qPrintable(panel->objectName()));
        }
        board.comparison.open(7, QStringLiteral("Where?"));
        board.comparison.setRuns(test::sampleRuns().mid(0, 1));
        const auto titleOf = [](PanelFrame* panel) { return panel->findChild<EmptyState*>()->accessibleName(); };
        QVERIFY(board.answers->isEmptyShown() && board.agreement->isEmptyShown() && board.all->isEmptyShown());
        QVERIFY(!board.speed->isEmptyShown() && !board.mass->isEmptyShown());
        QVERIFY2(titleOf(board.answers).contains(QStringLiteral("One run so far")), qPrintable(titleOf(board.answers)));
        QSignalSpy wanted(board.answers, &ComparePanel::addRunRequested);
        auto* add = qobject_cast<QPushButton*>(board.answers->focusTarget());
        QVERIFY(add != nullptr);
        add->click();
        QCOMPARE(wanted.count(), 1);
        QVERIFY(qobject_cast<QPushButton*>(board.agreement->focusTarget()) == nullptr); // one button is enough
        QSignalSpy start(board.needle, &NeedlePanel::startRequested);
        qobject_cast<QPushButton*>(board.needle->focusTarget())->click();
        QCOMPARE(start.count(), 1);
        // A run that is not there yet, one that failed, another model, a dense one.
        QList<RunView> runs = test::sampleRuns();
        runs[1].trace.reset();
        runs[1].phase = RunPhase::Reading;
        board.comparison.setRuns(runs.mid(0, 2));
        QVERIFY(!board.answers->isEmptyShown());
        QVERIFY(titleOf(board.agreement).contains(QStringLiteral("Waiting for run B")));
        runs[1].tokenizer_key.clear(); // a model that is not loaded yet
        board.comparison.setRuns(runs.mid(0, 2));
        QCOMPARE(board.answers->findChild<SegmentedControl*>()->toolTip(),
                 QStringLiteral("The answers are aligned once both are there."));
        runs[1].phase = RunPhase::Failed;
        runs[1].error = QStringLiteral("No memory is left.");
        board.comparison.setRuns(runs.mid(0, 2));
        QVERIFY(titleOf(board.agreement).contains(QStringLiteral("Run B failed")));
        board.comparison.setRuns({runs[0], runs[2]});
        QTRY_VERIFY(titleOf(board.agreement).contains(QStringLiteral("Two models")));
        QVERIFY(titleOf(board.distance).contains(QStringLiteral("Two models")));
        QVERIFY(!board.answers->isEmptyShown());
        QVERIFY(!board.answers->findChild<SegmentedControl*>()->isEnabled()); // words alone
        runs[0].trace = test::sampleTrace(test::syntheticShape(0, 0, 0, 0), {QStringLiteral("The")}, false);
        board.comparison.setRuns({runs[0], test::sampleRuns()[1]});
        QTRY_VERIFY(titleOf(board.agreement).contains(QStringLiteral("No router")));
    }

    void hiddenPanelsCostNothing() {
        CompareBoard board;
        board.show();
        board.window.hide();
        QList<int> before;
        for (PanelFrame* panel : board.panels()) {
            before << panel->chart()->syncCount();
        }
        for (int token = 0; token < 20; ++token) {
            board.comparison.select(Side::A, token, token % 8);
            RunView run = board.comparison.runs()[1];
            run.progress = token / 20.0;
            board.comparison.setRun(run);
        }
        for (int i = 0; i < before.size(); ++i) {
            QCOMPARE(board.panels()[i]->chart()->syncCount(), before[i]);
        }
    }

    void longRunsAreMergedIntoColumns() {
        CompareBoard board(false);
        TraceShape shape = test::syntheticShape(64, 64, 1, 0);
        shape.file = QStringLiteral("large.gguf");
        QStringList texts;
        for (int i = 0; i < 3'000; ++i) {
            texts << QStringLiteral(" w%1").arg(i * 7919 % 500);
        }
        QList<RunView> runs = test::sampleRuns().mid(0, 2);
        runs[0].trace = test::sampleTrace(shape, texts, false);
        runs[1].trace = test::sampleTrace(shape, texts, true);
        board.comparison.open(7, QStringLiteral("Where?"));
        board.comparison.setRuns(runs);
        board.show();
        const AgreementChart& chart = *board.agreement->cells();
        QVERIFY(chart.grid().merged > 1);
        const RunComparison& pair = *board.comparison.pair();
        int others = 0;
        for (int at = 0; at < static_cast<int>(pair.pairs.size()); ++at) {
            others += pair.agree(at, 63) ? 0 : 1;
        }
        int shown = 0;
        for (int place = 0; place < chart.grid().places; ++place) {
            shown += chart.cell(place, 63).others;
        }
        QCOMPARE(shown, others);
        board.comparison.select(Side::A, 2'999, 63);
        QVERIFY2(board.agreement->readoutText().startsWith(QStringLiteral("Token 3,000, layer 63")),
                 qPrintable(board.agreement->readoutText()));
    }
};

QTEST_MAIN(TestComparePanels)
#include "tst_compare_panels.moc"
