// SPDX-License-Identifier: Apache-2.0
// Making a what-if: charts, bar and the line of an answer.
#include "tests/ui/panels/panelboard.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/messagewidget.h"
#include "ui/panels/transcript.h"
#include "ui/panels/whatifbar.h"
#include "ui/panels/whatifline.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/tabletwin.h"

#include <QApplication>
#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QHeaderView>
#include <QHelpEvent>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTimer>
#include <QToolButton>
#include <QToolTip>

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

namespace {

/** The panels with a what-if for their model. */
struct WhatIfBoard : Board {
    explicit WhatIfBoard(int tokens = 60) : Board(tokens) {
        whatIf.setModel(test::syntheticModel(8, 16, 2));
        for (PanelFrame* panel : std::initializer_list<PanelFrame*>{experts, strip, path, kv}) {
            panel->setWhatIf(&whatIf);
        }
    }

    WhatIf whatIf;
};

QPushButton* button(const QWidget& parent, const QString& name) {
    for (QPushButton* found : parent.findChildren<QPushButton*>()) {
        if (found->accessibleName() == name) {
            return found;
        }
    }
    return nullptr;
}

template <typename Field>
Field* field(const QWidget& parent, const QString& name) {
    for (Field* found : parent.findChildren<Field*>()) {
        if (found->accessibleName() == name) {
            return found;
        }
    }
    return nullptr;
}

/** What is told where the pointer rests. */
QString tooltipAt(ChartView* chart, const QPoint& at) {
    QHelpEvent event(QEvent::ToolTip, at, chart->viewport()->mapToGlobal(at));
    QCoreApplication::sendEvent(chart->viewport(), &event);
    return QToolTip::text();
}

MessageView answer(qint64 id) {
    MessageView view;
    view.id = id;
    view.role = Role::Assistant;
    view.text = QStringLiteral("The fox left.");
    view.model = QStringLiteral("Nano");
    view.stats.tokens = 4;
    return view;
}

} // namespace

class TestWhatIfPanels : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }
    void keysBanAndForce();
    void keysNeedAnExpertOfTheLoadedModel();
    void theMenuBansAndForces();
    void theMapMarksTheChanged();
    void theSharedExpertIsOffWhereItWasOff();
    void theTableNamesTheChanged();
    void theBarSaysAndChanges();
    void theBarHasItsHeightWithTheEditorOpen();
    void theBarSaysWhyItCannotRun();
    void theBarEditsABias();
    void anAnswerSaysItsWhatIf();
    void anAnswerSaysWhatItWasMadeWith();
    void anAnswerWithADamagedWhatIf();
};

void TestWhatIfPanels::keysBanAndForce() {
    WhatIfBoard board;
    board.show();
    for (ChartView* chart : std::initializer_list<ChartView*>{board.experts->chart(), board.strip->chart(),
                                                              board.path->chart(), board.kv->chart()}) {
        board.selection.set({1, 10, 5, 6});
        chart->setFocus();
        QTest::keyClick(chart, Qt::Key_B);
        QCOMPARE(recipeWords(board.whatIf.recipe()), QStringLiteral("layer 5, expert 6 banned"));
        QTest::keyClick(chart, Qt::Key_B, Qt::ShiftModifier);
        QCOMPARE(recipeWords(board.whatIf.recipe()), QStringLiteral("layer 5, expert 6 forced"));
        QTest::keyClick(chart, Qt::Key_B, Qt::ShiftModifier);
        QVERIFY(board.whatIf.isEmpty());
        QTest::keyClick(chart, Qt::Key_B, Qt::ControlModifier); // of others
        QVERIFY(board.whatIf.isEmpty());
    }
}

void TestWhatIfPanels::keysNeedAnExpertOfTheLoadedModel() {
    WhatIfBoard board;
    board.show();
    ChartView* chart = board.experts->chart();
    chart->setFocus();
    board.selection.set({1, -1, -1, -1});
    const QSignalSpy refused(board.experts, &PanelFrame::messageRequested);
    QTest::keyClick(chart, Qt::Key_B);
    QVERIFY(board.whatIf.isEmpty());
    QCOMPARE(refused.count(), 1);
    QVERIFY(refused.last().first().toString().contains(QStringLiteral("No expert is selected")));
    board.selection.set({1, 10, 5, 6});
    trace::ModelInfo other = test::syntheticModel(8, 16, 2);
    other.name = "Another";
    board.whatIf.setModel(other); // the answer in view is of the one before
    QTest::keyClick(chart, Qt::Key_B);
    QVERIFY(board.whatIf.isEmpty());
    QVERIFY(refused.last().first().toString().contains(QStringLiteral("the loaded model")));
    board.whatIf.unsetModel();
    QTest::keyClick(chart, Qt::Key_B);
    QVERIFY(board.whatIf.isEmpty());
}

void TestWhatIfPanels::theMenuBansAndForces() {
    WhatIfBoard board;
    board.show();
    QSignalSpy bias(board.experts, &PanelFrame::biasRequested);
    const auto choose = [&](PanelFrame* panel, const QString& entry) {
        bool there = false;
        QTimer::singleShot(0, this, [&] {
            auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
            for (QAction* action : menu->actions()) {
                if (action->text() == entry) {
                    there = true;
                    action->trigger();
                }
            }
            menu->close();
        });
        emit panel->chart()->menuRequested(panel->mapToGlobal(QPoint(20, 60)));
        return there;
    };
    board.selection.set({1, 10, 5, 6});
    QVERIFY(choose(board.experts, QStringLiteral("Ban in a re-run")));
    QCOMPARE(board.whatIf.mark(5, 6), WhatIf::Mark::Banned);
    QVERIFY(choose(board.strip, QStringLiteral("Do not ban in a re-run")));
    QVERIFY(board.whatIf.isEmpty());
    QVERIFY(choose(board.path, QStringLiteral("Force in a re-run")));
    QCOMPARE(board.whatIf.mark(5, 6), WhatIf::Mark::Forced);
    QVERIFY(choose(board.experts, QStringLiteral("Bias in a re-run…")));
    QCOMPARE(bias.count(), 1);
    QCOMPARE(bias.first().first().value<trace::ExpertPlace>().expert, 6U);
    QVERIFY(!choose(board.kv, QStringLiteral("Ban in a re-run"))); // it shows no experts
    QSignalSpy card(board.experts->chart(), &ChartView::cardRequested);
    QVERIFY(choose(board.experts, QStringLiteral("Show expert card")));
    QCOMPARE(card.count(), 1);
    QVERIFY(!choose(board.strip, QStringLiteral("Show expert card"))); // its cells are tokens
    // The right button chooses what it points at first.
    const QPoint cell = board.experts->map()->geometryOfMap().cell(2, 3, 0).center();
    QTimer::singleShot(0, this, [] { QApplication::activePopupWidget()->close(); });
    QContextMenuEvent event(QContextMenuEvent::Mouse, cell, board.experts->map()->viewport()->mapToGlobal(cell));
    QApplication::sendEvent(board.experts->map()->viewport(), &event);
    QCOMPARE(board.selection.state().layer, 2);
    QCOMPARE(board.selection.state().expert, 3);
}

void TestWhatIfPanels::theMapMarksTheChanged() {
    WhatIfBoard board;
    board.show();
    board.selection.set({1, 10, 0, 0});
    const HeatmapGeometry& geometry = board.experts->map()->geometryOfMap();
    const QRect banned = geometry.cell(5, 6, 0);
    const QRect forced = geometry.cell(3, 1, 0);
    const QImage before = painted(board.experts->map());
    board.whatIf.toggleBanned({5, 6});
    board.whatIf.toggleForced({3, 1});
    const QImage after = painted(board.experts->map());
    QVERIFY(before.copy(banned) != after.copy(banned));
    QVERIFY(before.copy(forced) != after.copy(forced));
    QCOMPARE(before.copy(geometry.cell(5, 7, 0)), after.copy(geometry.cell(5, 7, 0)));
    // The marks differ in form: the cross goes through the middle, the corner does not.
    QVERIFY(near(after.pixelColor(banned.center()), theme().color(Color::Text)));
    QCOMPARE(after.pixelColor(forced.center()), before.pixelColor(forced.center()));
    QVERIFY(near(after.pixelColor(forced.right() - 3, forced.top() + 3), theme().color(Color::Text)));
    board.selection.set({1, 10, 5, 6});
    QVERIFY2(board.experts->readoutText().contains(QStringLiteral("what if: banned")),
             qPrintable(board.experts->readoutText()));
    const QRect legend = geometry.legend.adjusted(geometry.legend.width() / 2, geometry.legend.height() / 2, 0, 4);
    QVERIFY(before.copy(legend) != after.copy(legend)); // it says what the cross and the corner are
    board.whatIf.clear();
    board.selection.set({1, 10, 0, 0});
    QCOMPARE(painted(board.experts->map()), before);
    trace::Intervention shown;
    shown.banned = {{5, 6}};
    board.whatIf.setShown(shown, board.trace.shape()); // the answer in view was made so
    QVERIFY(near(painted(board.experts->map()).pixelColor(banned.center()), theme().color(Color::Text)));
    // Where it is idle the cross stands without the dash.
    board.trace.setRun(1, board.shape, test::syntheticAnswer(board.shape, 1, false));
    const int idle = (board.trace.topExpert(0, 5) + 1) % 16;
    const QPoint dash = geometry.cell(5, idle, 0).center() - QPoint(3, 0);
    board.whatIf.setShown({}, board.trace.shape());
    QVERIFY(near(painted(board.experts->map()).pixelColor(dash), theme().color(Color::Text)));
    shown.banned = {{5, static_cast<uint32_t>(idle)}};
    board.whatIf.setShown(shown, board.trace.shape());
    QVERIFY(near(painted(board.experts->map()).pixelColor(dash), theme().color(Color::Panel)));
    // Idle counts it, and the legend says so.
    const auto name = [&] { return board.experts->map()->markNames().first().second; };
    QCOMPARE(name(), QStringLiteral("banned, idle"));
    shown.banned = {{5, static_cast<uint32_t>(board.trace.topExpert(0, 5))}};
    board.whatIf.setShown(shown, board.trace.shape());
    QCOMPARE(name(), QStringLiteral("banned"));
}

void TestWhatIfPanels::theSharedExpertIsOffWhereItWasOff() {
    WhatIfBoard board;
    board.show();
    ExpertsChart* map = board.experts->map();
    const auto* table = qobject_cast<ExpertsTable*>(board.experts->table());
    const auto said = [&] { return table->index(3, ExpertsTable::Shared).data().toString(); };
    const QRect column = map->geometryOfMap().shared;
    const auto tip = [&] { return tooltipAt(map, column.center()); };
    const QImage all = painted(map);
    QCOMPARE(said(), QStringLiteral("all"));
    QVERIFY2(tip().contains(QStringLiteral("answers every token")), qPrintable(tip()));
    trace::Intervention shown;
    shown.without_shared = true;
    board.whatIf.setRecipe(shown); // of answers to come: the one in view had it
    QCOMPARE(painted(map).copy(column), all.copy(column));
    QCOMPARE(said(), QStringLiteral("all"));
    board.whatIf.clear();
    board.whatIf.setShown(shown, board.trace.shape());
    QVERIFY(painted(map).copy(column) != all.copy(column));
    QCOMPARE(said(), QStringLiteral("off"));
    QVERIFY2(tip().contains(QStringLiteral("shared expert off")), qPrintable(tip()));
    board.experts->setScope(Scope::Chat);
    QCOMPARE(said(), QStringLiteral("all"));
}

void TestWhatIfPanels::theTableNamesTheChanged() {
    WhatIfBoard board;
    board.show();
    const auto* table = qobject_cast<ExpertsTable*>(board.experts->table());
    board.experts->setTwinShown(true);
    const QHeaderView* head = board.experts->twin()->horizontalHeader();
    QTRY_VERIFY(head->count() > 0);
    QTRY_VERIFY(head->isSectionHidden(ExpertsTable::WhatIfMark)); // nothing is changed
    board.whatIf.setBias({2, 3}, -1.5F);
    QTRY_VERIFY(!head->isSectionHidden(ExpertsTable::WhatIfMark));
    const auto said = [&](int layer, int expert) {
        return table->index(table->rowOf(layer, expert), ExpertsTable::WhatIfMark).data().toString();
    };
    QCOMPARE(said(2, 3), QStringLiteral("bias −1.5"));
    QCOMPARE(said(3, 2), QStringLiteral("–"));
    board.whatIf.clear();
    QTRY_VERIFY(head->isSectionHidden(ExpertsTable::WhatIfMark));
}

void TestWhatIfPanels::theBarSaysAndChanges() {
    WhatIf whatIf;
    whatIf.setModel(test::syntheticModel(8, 16, 2));
    ChatPanel chat;
    chat.setWhatIf(&whatIf);
    chat.resize(340, 700); // as in Inspect
    chat.setConversation(1, QStringLiteral("A fox"), {answer(2)});
    chat.show();
    QVERIFY(QTest::qWaitForWindowExposed(&chat));
    WhatIfBar* bar = chat.whatIfBar();
    QVERIFY(!bar->isVisible());
    whatIf.setOpen(true);
    QVERIFY(bar->isVisible());
    // What is opened to be set shows its settings; a ban alone needs none.
    QVERIFY(field<QCheckBox>(*bar, QStringLiteral("Shared expert works"))->isVisible());
    whatIf.setOpen(false);
    whatIf.toggleBanned({5, 6});
    QVERIFY(bar->isVisible());
    QVERIFY(!field<QCheckBox>(*bar, QStringLiteral("Shared expert works"))->isVisible());
    whatIf.clear();
    whatIf.setOpen(true);
    QPushButton* rerun = button(*bar, QStringLiteral("Re-run with the same seed"));
    QVERIFY(!rerun->isEnabled()); // nothing is changed
    whatIf.toggleBanned({5, 6});
    QVERIFY2(bar->accessibleName().contains(QStringLiteral("layer 5, expert 6 banned")),
             qPrintable(bar->accessibleName()));
    QVERIFY(rerun->isEnabled());
    const QSignalSpy asked(&chat, &ChatPanel::rerunRequested);
    QTest::mouseClick(rerun, Qt::LeftButton);
    QCOMPARE(asked.count(), 1);
    field<QCheckBox>(*bar, QStringLiteral("Shared expert works"))->click();
    QVERIFY(whatIf.recipe().without_shared);
    auto* used = field<QSpinBox>(*bar, QStringLiteral("Experts per token"));
    QCOMPARE(used->value(), 1);
    used->setValue(2);
    QCOMPARE(whatIf.recipe().experts_used, 2U);
    field<QToolButton>(*bar, QStringLiteral("Take back the last change"))->click();
    QCOMPARE(whatIf.recipe().experts_used, 0U);
    QCOMPARE(used->value(), 1);
    field<QToolButton>(*bar, QStringLiteral("Change the what-if"))->setChecked(false);
    whatIf.setWithoutShared(false);
    // Everything lies within the bar, at every width, in one row or two; the buttons keep their places.
    const QToolButton* undo = field<QToolButton>(*bar, QStringLiteral("Take back the last change"));
    for (const int width : {300, 340, 760, 1200}) {
        chat.resize(width, 700);
        QTRY_VERIFY(bar->height() <= (width >= 760 ? 40 : 80));
        QCOMPARE(bar->width() - undo->mapTo(bar, QPoint(undo->width(), 0)).x(),
                 8 + button(*bar, QStringLiteral("Remove the what-if"))->width() + rerun->width() + 16);
        const auto* words = bar->findChild<QLabel*>(QString(), Qt::FindDirectChildrenOnly);
        const int middle = words->y() + words->fontMetrics().height() / 2;
        QVERIFY(std::abs(bar->signRect().center().y() - middle) <= 1);
        const auto outside = [bar] {
            for (const QWidget* child : bar->findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly)) {
                if (child->isVisible() && !bar->rect().contains(child->geometry())) {
                    return child->metaObject()->className();
                }
            }
            return "";
        };
        QTRY_COMPARE(outside(), "");
    }
    chat.setAnswering(true);
    QVERIFY(!rerun->isEnabled());
    chat.setAnswering(false);
    QVERIFY(rerun->isEnabled());
    chat.setConversation(0, {}, {});
    QVERIFY(!rerun->isEnabled());
    QVERIFY(rerun->toolTip().contains(QStringLiteral("no answer")));
    button(*bar, QStringLiteral("Remove the what-if"))->click();
    QVERIFY(!bar->isVisible());
    QVERIFY(whatIf.isEmpty());
}

// Beside docks, and in the smallest window, nothing is squeezed while the editor of biases is open.
void TestWhatIfPanels::theBarHasItsHeightWithTheEditorOpen() {
    WhatIf whatIf;
    whatIf.setModel(test::syntheticModel(8, 16, 2));
    ChatPanel chat;
    chat.setWhatIf(&whatIf);
    chat.resize(340, 500);
    chat.setConversation(1, QStringLiteral("A fox"), {answer(2)});
    chat.show();
    QVERIFY(QTest::qWaitForWindowExposed(&chat));
    WhatIfBar* bar = chat.whatIfBar();
    for (uint32_t layer = 0; layer < 4; ++layer) {
        whatIf.toggleBanned({layer, 7 + layer});
    }
    bar->editBias({2, 3});
    for (const QSize size : {QSize(300, 500), QSize(308, 470), QSize(340, 500), QSize(340, 760)}) {
        chat.resize(size);
        const auto squeezed = [bar, &chat] {
            const QRect all(bar->mapTo(&chat, QPoint()), bar->size());
            if (!chat.rect().contains(all)) {
                return QStringLiteral("bar %1 px high at %2").arg(all.height()).arg(all.y());
            }
            for (const QWidget* child : bar->findChildren<QWidget*>()) {
                const bool control = qobject_cast<const QAbstractSpinBox*>(child) != nullptr ||
                                     qobject_cast<const QAbstractButton*>(child) != nullptr;
                const QRect place(child->mapTo(bar, QPoint()), child->size());
                if (control && child->isVisible() &&
                    (place.height() < child->minimumSizeHint().height() || !bar->rect().contains(place))) {
                    return QStringLiteral("%1 %2 px high").arg(child->accessibleName()).arg(place.height());
                }
                if (const auto* words = qobject_cast<const QLabel*>(child);
                    words != nullptr && words->isVisible() && words->wordWrap() &&
                    words->height() < words->heightForWidth(words->width())) {
                    return QStringLiteral("words cut at %1 px").arg(words->height());
                }
            }
            return QString();
        };
        QTRY_COMPARE(squeezed(), QString());
    }
}

void TestWhatIfPanels::theBarSaysWhyItCannotRun() {
    WhatIf whatIf;
    whatIf.setModel(test::syntheticModel(8, 16, 2));
    WhatIfBar bar;
    bar.setWhatIf(&whatIf);
    whatIf.toggleForced({3, 1});
    whatIf.toggleForced({3, 2});
    QVERIFY(bar.isVisible());
    const auto* problem = bar.findChild<Banner*>();
    QVERIFY(problem->isVisible());
    QVERIFY2(problem->text().contains(QStringLiteral("2 experts are forced in layer 3, but only 1")),
             qPrintable(problem->text()));
    QVERIFY(!button(bar, QStringLiteral("Re-run with the same seed"))->isEnabled());
    field<QSpinBox>(bar, QStringLiteral("Experts per token"))->setValue(2);
    QVERIFY(!problem->isVisible());
    QVERIFY(button(bar, QStringLiteral("Re-run with the same seed"))->isEnabled());
    for (const QWidget* control : bar.findChildren<QWidget*>()) {
        if (control->focusPolicy() & Qt::TabFocus) {
            const bool inner = qobject_cast<const QAbstractSpinBox*>(control->parentWidget()) != nullptr;
            QVERIFY2(inner || !control->accessibleName().isEmpty(), control->metaObject()->className());
        }
    }
}

void TestWhatIfPanels::theBarEditsABias() {
    WhatIf whatIf;
    whatIf.setModel(test::syntheticModel(8, 16, 2));
    WhatIfBar bar;
    bar.setWhatIf(&whatIf);
    whatIf.setOpen(true);
    bar.setSelected(trace::ExpertPlace{4, 11});
    button(bar, QStringLiteral("Bias of an expert"))->click();
    QCOMPARE(field<QSpinBox>(bar, QStringLiteral("Layer of the bias"))->value(), 4);
    QCOMPARE(field<QSpinBox>(bar, QStringLiteral("Expert of the bias"))->value(), 11);
    const auto labels = bar.findChildren<QLabel*>();
    QVERIFY(std::any_of(labels.begin(), labels.end(),
                        [](const QLabel* label) { return label->text() == tr("Added to the router’s logit"); }));
    bar.editBias({2, 7});
    QVERIFY(bar.isVisible());
    auto* value = field<QDoubleSpinBox>(bar, QStringLiteral("Bias, added to the router’s logit"));
    QVERIFY(value->isVisible());
    QCOMPARE(field<QSpinBox>(bar, QStringLiteral("Layer of the bias"))->value(), 2);
    QCOMPARE(field<QSpinBox>(bar, QStringLiteral("Layer of the bias"))->maximum(), 7);
    QCOMPARE(field<QSpinBox>(bar, QStringLiteral("Expert of the bias"))->maximum(), 15);
    value->setValue(-1.5);
    button(bar, QStringLiteral("Set the bias"))->click();
    QCOMPARE(recipeWords(whatIf.recipe()), QStringLiteral("layer 2, expert 7 bias −1.5"));
    bar.editBias({0, 0});
    QCOMPARE(value->value(), 0.0);
    bar.editBias({2, 7});
    QCOMPARE(value->value(), -1.5);
    value->setValue(0);
    button(bar, QStringLiteral("Set the bias"))->click();
    QVERIFY(whatIf.isEmpty());
}

void TestWhatIfPanels::anAnswerSaysItsWhatIf() {
    ChatPanel chat;
    chat.resize(760, 600);
    MessageView plain = answer(2);
    MessageView changed = answer(3);
    changed.recipe.banned = {{5, 6}};
    chat.setConversation(1, QStringLiteral("A fox"), {plain, changed});
    chat.show();
    QVERIFY(QTest::qWaitForWindowExposed(&chat));
    const auto lineOf = [&](qint64 id) { return chat.transcript()->widgetOf(id)->findChild<WhatIfLine*>(); };
    QVERIFY(!lineOf(2)->isVisible());
    QVERIFY(lineOf(3)->isVisible());
    // Quieter than the bar of the next what-if: no frame, and no more than a line.
    QVERIFY(lineOf(3)->height() <= 28);
    const QColor edge = lineOf(3)->grab().toImage().pixelColor(lineOf(3)->width() / 2, 0);
    QVERIFY(!near(edge, theme().color(Color::Warn)));
    QCOMPARE(lineOf(3)->accessibleName(), QStringLiteral("What if: layer 5, expert 6 banned"));
    const QSignalSpy compared(&chat, &ChatPanel::compareRequested);
    const QSignalSpy taken(&chat, &ChatPanel::recipeRequested);
    button(*lineOf(3), QStringLiteral("Compare with the untouched answer"))->click();
    button(*lineOf(3), QStringLiteral("Use this what-if again"))->click();
    QCOMPARE(compared.count(), 1);
    QCOMPARE(compared.first().first().toLongLong(), 3);
    QCOMPARE(taken.first().first().toLongLong(), 3);
    changed.state = AnswerState::Answering; // there is nothing to compare yet
    chat.updateMessage(changed);
    QVERIFY(!button(*lineOf(3), QStringLiteral("Compare with the untouched answer"))->isEnabled());
}

void TestWhatIfPanels::anAnswerSaysWhatItWasMadeWith() {
    ChatPanel chat;
    chat.resize(760, 600);
    MessageView branched = answer(3);
    branched.version = branched.versions = 2;
    branched.sampling = SamplingView{.temperature = 0.7};
    branched.sampling->seed = 8'123'456'789;
    branched.taken = {{92, QStringLiteral("·a")}};
    chat.setConversation(1, QStringLiteral("A fox"), {branched});
    chat.show();
    QVERIFY(QTest::qWaitForWindowExposed(&chat));
    const auto labels = chat.findChildren<QLabel*>();
    const auto some = [&](auto is) { return std::any_of(labels.begin(), labels.end(), is); };
    QVERIFY(some([](const QLabel* label) {
        return label->isVisible() && label->toolTip().contains(QStringLiteral("seed 8123456789 · temperature 0.7"));
    }));
    QVERIFY(some([](const QLabel* label) {
        return label->isVisible() && label->text() == QString::fromUtf8("branch: “·a” at token 93");
    }));
    // Where there is no room for the words, a sign stands for them.
    chat.resize(320, 600);
    QTRY_VERIFY(some([](const QLabel* label) {
        return label->isVisible() && label->text().isEmpty() &&
               label->toolTip() == QString::fromUtf8("branch: “·a” at token 93");
    }));
    QTRY_VERIFY(!some([](const QLabel* label) {
        return label->isVisible() && label->text() == QString::fromUtf8("branch: “·a” at token 93");
    }));
}

void TestWhatIfPanels::anAnswerWithADamagedWhatIf() {
    ChatPanel chat;
    chat.resize(760, 600);
    MessageView damaged = answer(3);
    damaged.recipe_problem = QStringLiteral("The stored what-if of this answer cannot be read: “x” is not known.");
    chat.setConversation(1, QStringLiteral("A fox"), {damaged});
    chat.show();
    QVERIFY(QTest::qWaitForWindowExposed(&chat));
    const auto* line = chat.findChild<WhatIfLine*>();
    QVERIFY(line->isVisible());
    QVERIFY(line->accessibleName().contains(QStringLiteral("cannot be read")));
    QVERIFY(!button(*line, QStringLiteral("Use this what-if again"))->isVisible());
}

QTEST_MAIN(TestWhatIfPanels)
#include "tst_whatif_panels.moc"
