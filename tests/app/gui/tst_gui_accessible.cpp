// SPDX-License-Identifier: Apache-2.0
// What a screen reader and a keyboard find of the whole window: names, descriptions, tables in place of charts, and a way
// to each panel.
#include "tests/app/gui/appfixture.h"
#include "tests/app/gui/walkhand.h"
#include "tests/app/gui/walkpanels.h"

#include "app/gui/capturerecorder.h"
#include "app/gui/capturesession.h"
#include "ui/panels/capturepanel.h"
#include "ui/panels/chartview.h"
#include "ui/panels/chatpanel.h"
#include "ui/widgets/tabletwin.h"

#include <QAbstractButton>
#include <QAccessible>
#include <QApplication>
#include <QDialog>
#include <QFile>
#include <QListWidget>
#include <QTabBar>
#include <QTest>

#include <functional>
#include <set>

using namespace moescope;
using test::App;
using test::Hand;
using test::walkPatience;

namespace {

using Visit = std::function<void(QAccessibleInterface*)>;

/** Everything a screen reader can come to from here. */
void visit(QAccessibleInterface* face, const Visit& each) {
    if (face == nullptr || !face->isValid() || face->state().invisible) {
        return;
    }
    each(face);
    if (face->tableInterface() != nullptr) {
        return; // its cells are checked as the model's
    }
    for (int child = 0; child < face->childCount(); ++child) {
        visit(face->child(child), each);
    }
}

QAccessibleInterface* faceOf(QWidget* widget) { return QAccessible::queryAccessibleInterface(widget); }

QString name(QAccessibleInterface* face) { return face->text(QAccessible::Name); }

/** Where something stands, for whoever reads that it failed. */
QString pathOf(QAccessibleInterface* face) {
    QStringList path;
    for (QAccessibleInterface* at = face; at != nullptr; at = at->parent()) {
        const QObject* object = at->object();
        path.prepend(QStringLiteral("%1 “%2”").arg(
            object != nullptr ? QString::fromLatin1(object->metaObject()->className()) : QStringLiteral("item"),
            name(at)));
    }
    return path.join(QStringLiteral(" > "));
}

/** Controls that take the focus and have no name. */
QStringList unnamed(QWidget* root, int& controls) {
    QStringList faults;
    visit(faceOf(root), [&](QAccessibleInterface* face) {
        const auto* widget = qobject_cast<const QWidget*>(face->object());
        if (widget == nullptr || widget->focusPolicy() == Qt::NoFocus || widget->isWindow()) {
            return;
        }
        if (const auto* bar = qobject_cast<const QTabBar*>(widget); bar != nullptr && bar->count() == 0) {
            return; // one that QMainWindow keeps, hidden, for later
        }
        ++controls;
        if (name(face).trimmed().isEmpty()) {
            faults << pathOf(face);
        }
    });
    return faults;
}

/** Buttons in one container that a screen reader cannot tell apart. */
QStringList alike(QWidget* root) {
    QStringList faults;
    QHash<QWidget*, std::set<QString>> names;
    visit(faceOf(root), [&](QAccessibleInterface* face) {
        const auto* button = qobject_cast<const QAbstractButton*>(face->object());
        if (button != nullptr && !names[button->parentWidget()].insert(name(face)).second) {
            faults << pathOf(face);
        }
    });
    return faults;
}

void check(QWidget* root, int least) {
    int controls = 0;
    const QStringList nameless = unnamed(root, controls);
    QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(QLatin1Char('\n'))));
    QVERIFY2(controls >= least, qPrintable(QStringLiteral("only %1 controls were found").arg(controls)));
    const QStringList twice = alike(root);
    QVERIFY2(twice.isEmpty(), qPrintable(twice.join(QLatin1Char('\n'))));
}

bool isReached(QWidget* root, const QObject* wanted) {
    bool found = false;
    visit(faceOf(root), [&](QAccessibleInterface* face) { found = found || face->object() == wanted; });
    return found;
}

/** A panel that stands open and has the keys. */
void checkPanel(ui::MainWindow& window, ui::PanelFrame& panel) {
    const QByteArray id = panel.objectName().toUtf8();
    int controls = 0;
    const QStringList nameless = unnamed(&panel, controls);
    QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(QLatin1Char('\n'))));
    QVERIFY2(!panel.accessibleName().isEmpty(), id);
    // All buttons of a panel, whatever container they are in.
    std::set<QString> names;
    visit(faceOf(&panel), [&](QAccessibleInterface* face) {
        if (qobject_cast<const QAbstractButton*>(face->object()) != nullptr) {
            QVERIFY2(names.insert(name(face)).second, qPrintable(pathOf(face)));
        }
    });
    QVERIFY2(panel.table()->columnCount() >= 1, id);
    for (int column = 0; column < panel.table()->columnCount(); ++column) {
        QVERIFY2(!panel.table()->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString().isEmpty(), id);
    }
    if (panel.isEmptyShown()) {
        return;
    }
    ui::ChartView* chart = panel.chart();
    QVERIFY2(isReached(&window, chart), id);
    QVERIFY2(!name(faceOf(chart)).isEmpty(), id);
    const QString spoken = faceOf(chart)->text(QAccessible::Description);
    QVERIFY2(!spoken.isEmpty(), id);
    QCOMPARE(spoken, ui::readoutText(chart->readout()));

    chart->setFocus(Qt::TabFocusReason);
    Hand::key(Qt::Key_T);
    QVERIFY2(panel.isTwinShown() && panel.twin()->hasFocus(), id);
    QVERIFY2(isReached(&window, panel.twin()), id);
    QAccessibleInterface* twin = faceOf(panel.twin());
    QVERIFY2(!name(twin).isEmpty() && twin->tableInterface() != nullptr, id);
    QCOMPARE(twin->tableInterface()->columnCount(), panel.table()->columnCount());
    QCOMPARE(twin->tableInterface()->rowCount(), panel.table()->rowCount());
    Hand::key(Qt::Key_T);
    QVERIFY2(!panel.isTwinShown(), id);
}

/** Tab comes to every control of the panel that is there, and leaves it. */
void checkTab(ui::PanelFrame& panel) {
    std::set<const QWidget*> left;
    for (const QWidget* widget : panel.findChildren<QWidget*>()) {
        const bool stop = (widget->focusPolicy() & Qt::TabFocus) != 0 && widget->focusProxy() == nullptr;
        if (stop && widget->isEnabled() && !widget->visibleRegion().isEmpty()) {
            left.insert(widget);
        }
    }
    const auto stops = left.size();
    left.erase(QApplication::focusWidget());
    bool outside = false;
    for (size_t step = 0; step < 4 * stops + 400 && !(outside && left.empty()); ++step) {
        Hand::key(Qt::Key_Tab);
        const QWidget* at = QApplication::focusWidget();
        left.erase(at);
        outside = outside || (at != nullptr && !panel.isAncestorOf(at));
    }
    QStringList missed;
    for (const QWidget* widget : left) {
        missed << QStringLiteral("%1 “%2”").arg(QString::fromLatin1(widget->metaObject()->className()),
                                                widget->accessibleName());
    }
    QVERIFY2(left.empty(), qPrintable(panel.objectName() + QStringLiteral(": ") + missed.join(QStringLiteral(", "))));
    QVERIFY2(outside, qPrintable(panel.objectName()));
}

/** Opens a dialog by an entry of the menu, checks it, and closes it by Esc. */
void checkDialog(ui::MainWindow& window, Hand& hand, const QStringList& path, int least,
                 const std::function<void(QWidget*)>& inside = {}) {
    QVERIFY(hand.choose(path));
    QTRY_VERIFY_WITH_TIMEOUT(qobject_cast<QDialog*>(QApplication::activeWindow()) != nullptr, walkPatience);
    QPointer<QWidget> dialog = QApplication::activeWindow();
    QVERIFY(!name(faceOf(dialog)).isEmpty());
    check(dialog, least);
    if (inside) {
        inside(dialog);
    }
    Hand::key(Qt::Key_Escape);
    QTRY_VERIFY_WITH_TIMEOUT(dialog.isNull() || !dialog->isVisible(), walkPatience);
    window.activateWindow(); // as a window manager does
    QVERIFY(QTest::qWaitForWindowActive(&window, walkPatience));
}

} // namespace

class TestGuiAccessible : public QObject {
    Q_OBJECT

private slots:
    void everyControlHasANameAndEveryPanelAWay() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        gui::Composition& composition = app.composition;
        ui::MainWindow& window = composition.window();
        window.resize(1440, 900);
        window.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&window, walkPatience));
        test::KeyHand hand(composition);
        const test::PointerWatch pointer;

        check(&window, 10); // the first start
        ui::SamplingView sampling;
        sampling.max_tokens = 16;
        sampling.seed = 3;
        emit window.chat()->samplingChanged(sampling);
        QVERIFY(app.ask(QStringLiteral("First")));
        QVERIFY(app.ask(QStringLiteral("Second")));
        check(&window, 15);
        Hand::key(Qt::Key_F, Qt::ControlModifier);
        check(&window, 18);
        Hand::key(Qt::Key_Escape);

        Hand::key(Qt::Key_2, Qt::ControlModifier);
        QCOMPARE(window.layoutName(), ui::LayoutName::Inspect);
        QVERIFY(hand.selectToken(0));
        const QList<ui::PanelFrame*> panels = test::panelsOf(window);
        QVERIFY(panels.size() >= 10);
        for (ui::PanelFrame* panel : panels) {
            QVERIFY2(hand.open(panel->objectName()), qPrintable(panel->objectName()));
            checkPanel(window, *panel);
            QVERIFY(hand.goTo(panel->objectName()));
            checkTab(*panel);
            if (QTest::currentTestFailed()) {
                return;
            }
        }
        check(&window, 40);

        // F6 goes round all of them, and Shift+F6 the same way back.
        for (const Qt::KeyboardModifiers modifiers :
             {Qt::KeyboardModifiers(), Qt::KeyboardModifiers(Qt::ShiftModifier)}) {
            std::set<const QWidget*> visited;
            for (qsizetype step = 0; step < panels.size() + 2; ++step) { // and the chat, and the list
                Hand::key(Qt::Key_F6, modifiers);
                for (const ui::PanelFrame* panel : panels) {
                    if (panel->isAncestorOf(QApplication::focusWidget())) {
                        visited.insert(panel);
                    }
                }
            }
            QCOMPARE(visited.size(), size_t(panels.size()));
        }
        QCOMPARE(pointer.count(), 0);
    }

    void dialogsAndPagesHaveNames() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        ui::MainWindow& window = app.composition.window();
        window.resize(1440, 900);
        window.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&window, walkPatience));
        test::KeyHand hand(app.composition);
        checkDialog(window, hand, {QStringLiteral("File"), QStringLiteral("Settings…")}, 4, [](QWidget* dialog) {
            auto* pages = dialog->findChild<QListWidget*>();
            QVERIFY(pages != nullptr && pages->count() >= 4);
            for (int page = 0; page < pages->count(); ++page) {
                pages->setCurrentRow(page);
                check(dialog, 3);
            }
        });
        checkDialog(window, hand, {QStringLiteral("Help"), QStringLiteral("Keyboard")}, 2);
        checkDialog(window, hand, {QStringLiteral("Help"), QStringLiteral("About Moescope")}, 2);
        QVERIFY(hand.choose({QStringLiteral("Model"), QStringLiteral("Models")}));
        QVERIFY(window.areModelsShown());
        check(&window, 8);
        Hand::key(Qt::Key_Escape);
        QVERIFY(!window.areModelsShown());
        QVERIFY(hand.choose({QStringLiteral("Run"), QStringLiteral("Sampling and system prompt…")}));
        QTRY_VERIFY_WITH_TIMEOUT(QApplication::activePopupWidget() != nullptr, walkPatience);
        check(QApplication::activePopupWidget(), 5);
    }

    void aCaptureHasNames() {
        const QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("answer.moescope"));
        {
            const QTemporaryDir data;
            App app(data.path());
            QVERIFY(app.waitForModel());
            ui::SamplingView sampling;
            sampling.max_tokens = 8;
            sampling.seed = 3;
            emit app.composition.window().chat()->samplingChanged(sampling);
            QVERIFY(app.ask(QStringLiteral("First")));
            app.composition.recorder().save(app.composition.session().lastAnswer(), path);
            QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(path), walkPatience);
        }
        App app(folder.path(), folder.filePath(QStringLiteral("none.gguf")));
        ui::MainWindow& window = app.composition.window();
        QTRY_VERIFY_WITH_TIMEOUT(window.isVisible(), walkPatience);
        app.settle();
        app.composition.captures().open(path);
        QTRY_VERIFY_WITH_TIMEOUT(app.composition.captures().isOpen(), walkPatience);
        window.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&window, walkPatience));
        app.composition.captures().toggleBookmark();
        QTRY_COMPARE_WITH_TIMEOUT(window.capture()->marks()->count(), 1, walkPatience);
        check(&window, 15);
        test::KeyHand hand(app.composition);
        for (ui::PanelFrame* panel : test::panelsOf(window)) {
            QVERIFY2(hand.open(panel->objectName()), qPrintable(panel->objectName()));
            checkPanel(window, *panel);
            if (QTest::currentTestFailed()) {
                return;
            }
        }
    }
};

QTEST_MAIN(TestGuiAccessible)
#include "tst_gui_accessible.moc"
