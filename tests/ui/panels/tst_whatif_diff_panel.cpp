// SPDX-License-Identifier: Apache-2.0
// The answer beside the same with a what-if.
#include "tests/ui/panels/panelboard.h"
#include "ui/panels/chartpaint.h"
#include "ui/panels/whatifpanel.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/tabletwin.h"

#include <QApplication>
#include <QPushButton>
#include <QSignalSpy>

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

namespace {

/** The tokens with the ids of their words, so that equal words are equal tokens. */
QList<trace::TokenTracePtr> withWords(const QList<trace::TokenTracePtr>& tokens, const QStringList& words) {
    QList<trace::TokenTracePtr> changed;
    for (qsizetype i = 0; i < words.size(); ++i) {
        auto token = std::make_shared<trace::TokenTrace>(*tokens.at(i));
        token->text = words.at(i).toStdString();
        token->token = static_cast<int32_t>(qHash(words.at(i)) % 100000);
        token->probability = 0.25F;
        changed.append(token);
    }
    return changed;
}

const QStringList untouched = {"The", " fox", " left", " the", " boat", " at", " the", " quiet", " beach", "."};
const QStringList changed = {"The", " fox", " left", " the", " boat", " at", " the", " old", " mill", "."};

struct DiffBoard {
    DiffBoard() {
        bindSelection(&trace, &selection);
        trace.setModel(shape);
        a = withWords(test::syntheticAnswer(shape, 10, true, 1), untouched);
        b = withWords(test::syntheticAnswer(shape, 10, true, 2), changed);
        trace.setRun(2, shape, b);
        trace.setCurrent(2);
        selection.setFollowing(false);
        selection.setLayer(5);
        panel = new WhatIfPanel(&trace, &selection, &window);
        panel->setGeometry(0, 0, 600, 320);
        window.resize(620, 340);
    }
    void show() {
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
    }
    void give() { panel->setSides({1, shape, a}, {2, shape, b}, QStringLiteral("layer 5, expert 6 banned")); }

    TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    TraceModel trace;
    Selection selection;
    QWidget window;
    QList<trace::TokenTracePtr> a;
    QList<trace::TokenTracePtr> b;
    WhatIfPanel* panel = nullptr;
};

QList<trace::TokenDivergence> divergence(int tokens) {
    QList<trace::TokenDivergence> values;
    for (int i = 0; i < tokens; ++i) {
        values.append({i == 7 ? 2.0 : 0.1 * i, 0.25, i == 7 ? 0.0625 : 0.2});
    }
    return values;
}

} // namespace

class TestWhatIfDiffPanel : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }
    void saysWhatIsMissing();
    void beginsWhereTheAnswersPart();
    void underlinesWhatOneAloneHas();
    void clicksAndKeysChoose();
    void barsAreTheDivergence();
    void asksForTheDivergence();
    void theTableIsItsTwin();
    void aHiddenPanelDoesNoWork();
    void flowsWords();
    void manyTokensShareABar();
    void ticksAreNamed();
    void selectionIsWhole();
    void selectionHidesNoLetter();
    void headsKeepWhatDiffers();
    void darkAndLarge();
};

void TestWhatIfDiffPanel::saysWhatIsMissing() {
    DiffBoard board;
    board.show();
    const auto says = [&](const char* words) {
        return board.panel->isEmptyShown() &&
               board.panel->findChild<EmptyState*>()->accessibleName().contains(QLatin1String(words));
    };
    QVERIFY(says("No what-if to compare"));
    board.panel->setState(WhatIfPanel::State::Alone);
    QVERIFY(says("No untouched answer"));
    board.panel->setState(WhatIfPanel::State::Running);
    QVERIFY(says("is being made"));
    board.panel->setSides({1, board.shape}, {2, board.shape}, {});
    QVERIFY(says("No tokens"));
    board.give();
    QVERIFY(!board.panel->isEmptyShown());
    board.panel->setState(WhatIfPanel::State::Reading);
    QVERIFY(says("Reading"));
    QVERIFY(board.panel->model()->isEmpty());
}

void TestWhatIfDiffPanel::beginsWhereTheAnswersPart() {
    DiffBoard board;
    board.show();
    board.give();
    QCOMPARE(board.panel->model()->rows().at(board.panel->diff()->row()).b, 7);
    QCOMPARE(board.selection.state().token, 7); // everywhere
    const QString readout = board.panel->readoutText();
    QVERIFY2(readout.startsWith(QStringLiteral("Text parts at token 8 · A ·quiet raw 25.0 % · B ·old raw 25.0 %")),
             qPrintable(readout));
    board.selection.setToken(2);
    QVERIFY2(board.panel->readoutText().startsWith(QStringLiteral("Token 3 · A ·left raw 25.0 % · B ·left raw 25.0 %")),
             qPrintable(board.panel->readoutText()));
    QVERIFY2(board.panel->readoutText().contains(QStringLiteral("layer 5: ")), qPrintable(board.panel->readoutText()));
}

void TestWhatIfDiffPanel::underlinesWhatOneAloneHas() {
    DiffBoard board;
    board.show();
    board.give();
    board.selection.setToken(0);
    DiffChart* chart = board.panel->diff();
    const DiffGeometry& geometry = chart->geometryOfDiff();
    const QImage image = painted(chart);
    const auto lineOf = [&](int side, int token) {
        const QRect rect = chart->flow(side).rect(token).translated(geometry.left[side], geometry.window.top());
        return QRect(rect.left() + 4, rect.bottom() - 2, rect.width() - 4, 2);
    };
    const QColor colors[2] = {theme().color(Color::RunA), theme().color(Color::RunB)};
    for (const int side : {0, 1}) {
        QVERIFY(holds(image, lineOf(side, 8), colors[side])); // beach, mill
        QVERIFY(!holds(image, lineOf(side, 1), colors[side]));
        QVERIFY(!holds(image, lineOf(side, 8), colors[1 - side]));
    }
    // Not by colour alone: the line of B has gaps.
    const auto gaps = [&](const QRect& line, const QColor& color) {
        int missing = 0;
        for (int x = line.left(); x <= line.right(); ++x) {
            missing += holds(image, QRect(x, line.top(), 1, line.height()), color) ? 0 : 1;
        }
        return missing;
    };
    QCOMPARE(gaps(lineOf(0, 8), colors[0]), 0);
    QVERIFY(gaps(lineOf(1, 8), colors[1]) > 2);
}

void TestWhatIfDiffPanel::clicksAndKeysChoose() {
    DiffBoard board;
    board.show();
    board.give();
    DiffChart* chart = board.panel->diff();
    const DiffGeometry& geometry = chart->geometryOfDiff();
    const auto click = [&](int side, int token) {
        const QRect rect = chart->flow(side).rect(token).translated(geometry.left[side], geometry.window.top());
        QTest::mouseClick(chart->viewport(), Qt::LeftButton, {}, rect.center());
    };
    click(1, 3);
    QCOMPARE(board.selection.state().token, 3);
    click(0, 2); // a common word, in the answer that is not in view: the same token there
    QCOMPARE(board.selection.state().token, 2);
    click(0, 8); // a word of the other answer alone: shown here, nowhere else
    QCOMPARE(board.selection.state().token, 2);
    QCOMPARE(board.selection.state().run, 2);
    QVERIFY2(board.panel->readoutText().startsWith(QStringLiteral("Token 9 · A ·beach")),
             qPrintable(board.panel->readoutText()));
    QTest::mouseClick(chart->viewport(), Qt::LeftButton, {}, geometry.slot(5).center());
    QCOMPARE(board.selection.state().token, 5);
    chart->setFocus();
    QTest::keyClick(chart, Qt::Key_Right);
    QCOMPARE(board.selection.state().token, 6);
    QTest::keyClick(chart, Qt::Key_Left);
    QCOMPARE(board.selection.state().token, 5);
    // Where the answers part, the words of both have the line of the selection.
    chart->showParting();
    const QImage image = painted(chart);
    for (const int side : {0, 1}) {
        const QRect word = chart->flow(side)
                               .rect(board.panel->model()->prefix())
                               .translated(geometry.left[side], geometry.window.top());
        QVERIFY(holds(image, QRect(word.left(), word.top() - 2, word.width(), 3), theme().color(Color::AccentText)));
    }
    QTest::keyClick(chart, Qt::Key_End);
    QCOMPARE(chart->row(), int(board.panel->model()->rows().size()) - 1);
    QTest::keyClick(chart, Qt::Key_Home);
    QCOMPARE(board.selection.state().token, 0);
}

void TestWhatIfDiffPanel::barsAreTheDivergence() {
    DiffBoard board;
    board.show();
    board.give();
    board.selection.setToken(0);
    DiffChart* chart = board.panel->diff();
    const DiffGeometry& geometry = chart->geometryOfDiff();
    const QColor color = theme().sequential(0.55);
    QVERIFY(!holds(painted(chart), geometry.band, color));
    QVERIFY(chart->barsFigures().isEmpty());
    board.panel->setDivergence(divergence(10));
    double sum = 0;
    for (const trace::TokenDivergence& at : divergence(10)) {
        sum += at.kl_bits;
    }
    QCOMPARE(board.panel->model()->sumKl(), sum);
    QCOMPARE(chart->barsTitle(), QString::fromUtf8("KL(A || B) by token, n = 10"));
    QCOMPARE(chart->barsFigures(),
             (QStringList{"mean 0.580 bits · sum 5.80 bits · highest 2.00 bits", "mean 0.580 bits · sum 5.80 bits",
                          "mean 0.580 bits · sum 5.80 bits", "mean 0.580 bits"}));
    const QImage image = painted(chart);
    QVERIFY(holds(image, QRect(geometry.slot(7).center(), QSize(1, 1)), color)); // the highest
    QVERIFY(!holds(image, QRect(geometry.slot(3).center(), QSize(1, 1)), color));
    QVERIFY(geometry.axis.left() > geometry.slot(9).right());
    QVERIFY(holds(image, geometry.axis, theme().color(Color::TextMuted)));
    QCOMPARE(geometry.bar(7, 1).height(), geometry.band.height());
    QCOMPARE(geometry.bar(3, 0.3 / 2).height(), int(geometry.band.height() * 0.15 + 0.5));
    QCOMPARE(geometry.bar(0, 0).height(), 0);
    chart->setRow(7);
    QVERIFY2(board.panel->readoutText().contains(QStringLiteral("KL 2.00 bits · B would give A’s token 6.25 %")),
             qPrintable(board.panel->readoutText()));
}

void TestWhatIfDiffPanel::asksForTheDivergence() {
    DiffBoard board;
    board.show();
    QPushButton* compute = nullptr;
    for (QPushButton* found : board.panel->findChildren<QPushButton*>()) {
        if (found->accessibleName() == QStringLiteral("Compute KL by token")) {
            compute = found;
        }
    }
    QVERIFY(compute != nullptr && !compute->isVisible());
    board.give();
    QVERIFY(compute->isVisible());
    const QSignalSpy asked(board.panel, &WhatIfPanel::divergenceRequested);
    const QSignalSpy stopped(board.panel, &WhatIfPanel::divergenceCancelled);
    compute->click();
    QCOMPARE(asked.count(), 1);
    board.panel->setProgress(40, 96);
    QCOMPARE(compute->text(), QStringLiteral("Stop"));
    compute->click();
    QCOMPARE(stopped.count(), 1);
    compute->setFocus();
    QTest::keyClick(compute, Qt::Key_Escape);
    QCOMPARE(stopped.count(), 2);
    board.panel->setDivergence(divergence(10));
    QVERIFY(!compute->isVisible()); // it is whole
    QCOMPARE(QApplication::focusWidget(), board.panel->diff());
}

void TestWhatIfDiffPanel::theTableIsItsTwin() {
    DiffBoard board;
    board.show();
    board.give();
    board.panel->setDivergence(divergence(10));
    board.panel->setTwinShown(true);
    QCOMPARE(board.panel->table()->rowCount(), int(board.panel->model()->rows().size()));
    board.selection.setToken(4);
    QCOMPARE(board.panel->twin()->currentIndex().row(), 4);
    const auto text = [&](int row, int column) { return board.panel->table()->index(row, column).data().toString(); };
    QCOMPARE(text(7, WhatIfDiffTable::Kl), QStringLiteral("2.00"));
    QCOMPARE(text(7, WhatIfDiffTable::TextB), QStringLiteral("–"));
    const int layer = board.selection.state().layer;
    QCOMPARE(text(4, WhatIfDiffTable::ExpertB).toInt(), board.trace.topExpert(4, layer));
    QTest::keyClick(board.panel->twin(), Qt::Key_T);
    QVERIFY(!board.panel->isTwinShown());
}

void TestWhatIfDiffPanel::aHiddenPanelDoesNoWork() {
    DiffBoard board;
    const QSignalSpy wanted(board.panel, &WhatIfPanel::wantedChanged);
    board.show();
    QCOMPARE(wanted.last().first().toBool(), true);
    board.give();
    board.panel->hide();
    QCOMPARE(wanted.last().first().toBool(), false);
    QVERIFY(!board.panel->isInView());
    const int synced = board.panel->diff()->syncCount();
    for (int token = 0; token < 10; ++token) {
        board.selection.setToken(token);
    }
    board.trace.append(2, test::syntheticAnswer(board.shape, 5, false));
    QCOMPARE(board.panel->diff()->syncCount(), synced);
    board.panel->show();
    QVERIFY(board.panel->diff()->syncCount() > synced);
}

void TestWhatIfDiffPanel::flowsWords() {
    TokenFlow flow(100, 20, 4);
    flow.append({{40, false, false}});
    flow.append({{30, true, false}, {20, false, false}});
    flow.append({{30, true, false}, {10, false, false}}); // does not fit: a new line, without the space
    QCOMPARE(flow.rect(2), QRect(70, 0, 20, 20));
    QVERIFY(flow.isTrimmed(3));
    QCOMPARE(flow.rect(3), QRect(0, 20, 26, 20));
    QCOMPARE(flow.rect(4), QRect(26, 20, 10, 20));
    flow.append({{80, true, false}, {80, false, true}}); // longer than a line: within the word
    QCOMPARE(flow.rect(5).top(), 40);
    QCOMPARE(flow.rect(6).top(), 60);
    flow.append({{10, false, false}}); // behind a line break
    QCOMPARE(flow.rect(7), QRect(0, 80, 10, 20));
    QCOMPARE(flow.height(), 100);
    QCOMPARE(flow.tokenAt({5, 85}), 7);
    QCOMPARE(flow.tokenAt({95, 5}), -1);
}

void TestWhatIfDiffPanel::manyTokensShareABar() {
    const DiffGeometry geometry = DiffGeometry::of({600, 300}, 5000, true, 1);
    QVERIFY(geometry.merged > 1);
    QCOMPARE(geometry.barOf(4999), geometry.bars - 1);
    QVERIFY(geometry.slot(geometry.bars - 1).right() <= geometry.band.right() + 1);
    for (const int bar : {0, 7, geometry.bars - 1}) {
        QCOMPARE(geometry.barAt(geometry.slot(bar).center()), bar);
    }
    // Until KL is computed there is no empty frame: the answers have its height.
    const DiffGeometry plain = DiffGeometry::of({600, 300}, 48, false, 1);
    QVERIFY(plain.band.height() < 10 && plain.window.height() > geometry.window.height() + 30);
    const DiffGeometry empty = DiffGeometry::of({10, 10}, 0, true, 1);
    QCOMPARE(empty.barAt({5, 5}), -1);
}

void TestWhatIfDiffPanel::ticksAreNamed() {
    DiffBoard board;
    QStringList words;
    for (int i = 0; i < 280; ++i) {
        words.append(QStringLiteral(" w%1").arg(i));
    }
    const auto answer = withWords(test::syntheticAnswer(board.shape, 280, true, 1), words);
    words.last() = QStringLiteral(" other");
    auto other = withWords(test::syntheticAnswer(board.shape, 280, true, 1), words);
    auto routed = std::make_shared<trace::TokenTrace>(*other.at(278));
    routed->router.experts[0] = uint16_t((routed->router.experts[0] + 1) % 16);
    other[278] = routed;
    board.trace.setRun(2, board.shape, other);
    board.panel->setSides({1, board.shape, answer}, {2, board.shape, other},
                          QStringLiteral("layer 0, expert 6 banned"));
    board.show();
    auto* chart = qobject_cast<DiffChart*>(board.panel->chart());
    const DiffGeometry& geometry = chart->geometryOfDiff();
    QVERIFY(geometry.ticks.top() > geometry.band.bottom() + 1);
    QVERIFY(geometry.marks.top() > geometry.ticks.bottom());
    const QImage image = painted(chart);
    // Both stand at the end; what they are is said apart from where they are.
    const auto columns = [&](const QRect& line, Color color) {
        QPair<int, int> found{image.width(), -1};
        for (int x = line.left(); x <= line.right(); ++x) {
            if (holds(image, QRect(x, line.top(), 1, line.height()), theme().color(color))) {
                found = {std::min(found.first, x), x};
            }
        }
        return found;
    };
    for (const auto& [color, row] : {std::pair(Color::Text, 278), std::pair(Color::AccentText, 279)}) {
        const int x = geometry.slot(geometry.barOf(row)).center().x();
        const auto tick = columns(geometry.ticks, color);
        QVERIFY(tick.first >= x - 6 && tick.second <= x + 7);
        const auto sign = columns(geometry.marks, color);
        QVERIFY(sign.second >= 0 && sign.second - sign.first < 12);
    }
    QVERIFY(columns(geometry.marks, Color::Text).second < columns(geometry.marks, Color::AccentText).first);
    const int least = QFontMetrics(axisFont()).horizontalAdvance(QStringLiteral("routing parts at token 279"));
    const auto named = columns(geometry.marks, Color::TextSecondary);
    QVERIFY(named.second - named.first > least);
    QVERIFY(named.second <= geometry.marks.right());
}

/** The line of the selection is seen whole above the first line of the answers and below the last one. */
void TestWhatIfDiffPanel::selectionIsWhole() {
    DiffBoard board;
    board.show();
    board.panel->setGeometry(0, 0, 600, 190);
    board.give();
    DiffChart* chart = board.panel->diff();
    const DiffGeometry& geometry = chart->geometryOfDiff();
    for (const int token : {1, 4}) {
        chart->setRow(token);
        const QImage image = painted(chart);
        const QRect word = chart->flow(0).rect(token).translated(geometry.left[0], geometry.window.top());
        for (const int y : {word.top() - 2, word.top() - 1, word.bottom() + 1, word.bottom() + 2}) {
            QVERIFY(holds(image, QRect(word.center().x(), y, 1, 1), theme().color(Color::AccentText)));
        }
    }
}

/** Between a word and its full stop there is no room for a line. */
void TestWhatIfDiffPanel::selectionHidesNoLetter() {
    DiffBoard board;
    board.show();
    board.give();
    DiffChart* chart = board.panel->diff();
    const DiffGeometry& geometry = chart->geometryOfDiff();
    chart->setRow(board.panel->model()->rowOf(1, 8)); // "beach", before the full stop
    const QImage image = painted(chart);
    const QRect word = chart->flow(0).rect(8).translated(geometry.left[0], geometry.window.top());
    const QColor line = theme().color(Color::AccentText);
    QVERIFY(holds(image, QRect(word.left() - 4, word.center().y(), 12, 1), line));
    QVERIFY(!holds(image, QRect(word.right() - 4, word.top() + 4, 10, word.height() - 8), line));
}

void TestWhatIfDiffPanel::headsKeepWhatDiffers() {
    DiffBoard board;
    board.show();
    board.panel->setSides({1, board.shape, board.a, 1}, {2, board.shape, board.b, 2},
                          QStringLiteral("layer 5, expert 6 banned"));
    DiffChart* chart = board.panel->diff();
    QCOMPARE(chart->headText(1, 1000), QStringLiteral("B version 2, layer 5, expert 6 banned"));
    const QFontMetrics metrics(bold(theme().font(TextStyle::Small)));
    const QString shorter = QStringLiteral("B layer 5, expert 6 banned");
    QCOMPARE(chart->headText(1, metrics.horizontalAdvance(shorter)), shorter);
}

void TestWhatIfDiffPanel::darkAndLarge() {
    for (const Scheme scheme : {Scheme::Light, Scheme::Dark}) {
        for (const double scale : {0.9, 1.5}) {
            setTheme(*qApp, Theme(scheme, scale));
            DiffBoard board;
            board.show();
            board.give();
            board.panel->setDivergence(divergence(10));
            const QImage image = painted(board.panel->diff());
            QVERIFY(holds(image, image.rect(), theme().color(Color::RunA)));
            QVERIFY(holds(image, image.rect(), theme().color(Color::RunB)));
        }
    }
    setTheme(*qApp, Theme(Scheme::Light));
}

QTEST_MAIN(TestWhatIfDiffPanel)
#include "tst_whatif_diff_panel.moc"
