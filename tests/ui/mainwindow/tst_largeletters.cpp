// SPDX-License-Identifier: Apache-2.0
// The window at other font scales: it is placed as the smaller one that would show as many letters.
#include "tests/ui/mainwindow/windowboard.h"

#include <QApplication>

#include <algorithm>

using namespace moescope;
using namespace moescope::ui;
using Shown = moescope::test::WindowBoard;
using moescope::test::overlaps;

class TestLargeLetters : public QObject {
    Q_OBJECT

private slots:
    void cleanup() { setTheme(*qApp, Theme(Scheme::Light)); }

    void aWindowIsPlacedByItsLetters() {
        setTheme(*qApp, Theme(Scheme::Light, 1.5));
        Shown s({1440, 900}); // as 960 × 600
        s.window->setLayoutName(LayoutName::Inspect);
        QTest::qWait(20);
        QCOMPARE(s.window->tabifiedDockWidgets(s.experts).size(), 2);
        QCOMPARE(s.window->chat()->width(), 462);
        QVERIFY(s.experts->minimumWidth() == 630 && s.experts->minimumHeight() == 390);
        QVERIFY(s.cache->minimumWidth() == 360);
        QVERIFY2(overlaps(*s.window).isEmpty(), qPrintable(overlaps(*s.window)));
        s.window->resize(2160, 1350);
        QTest::qWait(20);
        QVERIFY(!s.path->isHidden() && s.window->tabifiedDockWidgets(s.path).isEmpty());
        QCOMPARE(s.window->chat()->width(), 510);
        QVERIFY2(qAbs(s.experts->width() - 900) <= 12, qPrintable(QString::number(s.experts->width())));
    }

    void anotherScalePlacesThemAnew() {
        Shown s({1440, 900});
        s.window->setLayoutName(LayoutName::Inspect);
        QTest::qWait(20);
        QVERIFY(s.window->tabifiedDockWidgets(s.path).isEmpty());
        setTheme(*qApp, Theme(Scheme::Light, 1.2));
        QTest::qWait(20);
        QCOMPARE(s.window->tabifiedDockWidgets(s.path), QList<QDockWidget*>{s.cache});
        QVERIFY2(overlaps(*s.window).isEmpty(), qPrintable(overlaps(*s.window)));
        setTheme(*qApp, Theme(Scheme::Light));
        QTest::qWait(20);
        QVERIFY(s.window->tabifiedDockWidgets(s.path).isEmpty());
        QCOMPARE(s.experts->minimumWidth(), 420);
    }

    void noWindowIsTooSmall_data() {
        QTest::addColumn<double>("scale");
        for (const double scale : {0.9, 1.2, 1.5}) {
            QTest::addRow("%.0f %%", scale * 100) << scale;
        }
    }

    void noWindowIsTooSmall() {
        QFETCH(const double, scale);
        setTheme(*qApp, Theme(Scheme::Light, scale));
        Shown s({1440, 900});
        s.addOther(QStringLiteral("router"), QStringLiteral("Router"));
        s.window->setLayoutName(LayoutName::Inspect);
        s.window->resetLayout();
        for (const QSize& size : {QSize(960, 600), QSize(1100, 700), QSize(1280, 800), QSize(1440, 700)}) {
            s.window->resize(size);
            QTest::qWait(20);
            QCOMPARE(s.window->size(), size);
            QVERIFY2(overlaps(*s.window).isEmpty(), qPrintable(overlaps(*s.window)));
            QVERIFY(s.window->chat()->width() >= 300 && s.experts->width() >= qRound(420 * std::min(1.0, scale)));
        }
    }
};

QTEST_MAIN(TestLargeLetters)
#include "tst_largeletters.moc"
