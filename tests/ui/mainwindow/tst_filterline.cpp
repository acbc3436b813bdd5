// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/filterline.h"
#include "ui/theme/theme.h"

#include <QApplication>
#include <QLabel>
#include <QSignalSpy>
#include <QTest>
#include <QVBoxLayout>

using namespace moescope::ui;

class TestFilterLine : public QObject {
    Q_OBJECT

    struct Shown {
        QWidget window;
        FilterLine* line = new FilterLine;
        QLineEdit* other = new QLineEdit;

        Shown() {
            auto* column = new QVBoxLayout(&window);
            column->addWidget(line);
            column->addWidget(other);
            column->addStretch();
            window.resize(500, 200);
            window.show();
            window.activateWindow();
            (void)QTest::qWaitForWindowActive(&window);
            line->setFocus();
        }
        QString sentence() const {
            for (const QLabel* label : window.findChildren<QLabel*>()) {
                if (label->isVisible()) {
                    return label->text();
                }
            }
            return {};
        }
    };

private slots:
    void initTestCase() {
        qRegisterMetaType<Filter>();
        setTheme(*qApp, Theme(Scheme::Light));
    }

    void aPauseOrEnterApplies() {
        Shown s;
        QSignalSpy chosen(s.line, &FilterLine::filterChosen);
        QTest::keyClicks(s.line, "layer>3");
        QCOMPARE(chosen.size(), 0);
        QTRY_COMPARE(chosen.size(), 1);
        QCOMPARE(chosen.at(0).at(0).value<Filter>().line(), QStringLiteral("layer>3"));
        QTest::keyClicks(s.line, "0");
        QTest::keyClick(s.line, Qt::Key_Return);
        QCOMPARE(chosen.size(), 2);
        QTest::keyClick(s.line, Qt::Key_Return);
        QCOMPARE(chosen.size(), 2); // nothing new
        QTest::keyClick(s.line, Qt::Key_Escape);
        QCOMPARE(chosen.size(), 3);
        QVERIFY(chosen.at(2).at(0).value<Filter>().isEmpty());
        QVERIFY(s.line->text().isEmpty());
    }

    void anErrorPointsAtThePlaceAndKeepsTheFilter() {
        Shown s;
        QSignalSpy chosen(s.line, &FilterLine::filterChosen);
        QTest::keyClicks(s.line, "layer>3 && expret==7");
        QTest::keyClick(s.line, Qt::Key_Return);
        QCOMPARE(chosen.size(), 0);
        QVERIFY(s.line->error().has_value());
        QCOMPARE(s.line->cursorPosition(), 11);
        QVERIFY2(s.sentence().contains("expret"), qPrintable(s.sentence()));
        QCOMPARE(s.line->accessibleDescription(), s.sentence());
        const QImage marked = s.line->grab().toImage();
        int red = 0;
        for (int x = 0; x < marked.width(); ++x) {
            for (int y = marked.height() / 2; y < marked.height() - 2; ++y) {
                const QColor pixel = marked.pixelColor(x, y);
                red += pixel.red() > pixel.green() + 60 && pixel.red() > pixel.blue() + 60 ? 1 : 0;
            }
        }
        QVERIFY2(red > 10, qPrintable(QString::number(red)));
        // It goes with the focus, comes back with it, and goes when the line is mended.
        s.other->setFocus();
        QVERIFY(s.sentence().isEmpty());
        s.line->setFocus();
        QVERIFY(!s.sentence().isEmpty());
        s.line->setText({});
        QTest::keyClicks(s.line, "expert==7");
        QVERIFY(s.sentence().isEmpty());
        QTRY_COMPARE(chosen.size(), 1);
    }

    void aFilterChosenElsewhereIsShown() {
        Shown s;
        QSignalSpy chosen(s.line, &FilterLine::filterChosen);
        QTest::keyClicks(s.line, "layer>");
        s.line->setFilter(std::get<Filter>(Filter::parse(QStringLiteral("layer == 5 && expert == 6"))));
        QCOMPARE(s.line->text(), QStringLiteral("layer == 5 && expert == 6"));
        QTest::qWait(400);
        QCOMPARE(chosen.size(), 0);
        s.line->setMatches(37, 1104);
        QVERIFY(s.line->accessibleDescription().contains(QStringLiteral("37 of 1,104")));
        s.line->setMatches(-1, 0);
        QVERIFY(s.line->accessibleDescription().isEmpty());
    }

    void aLongFilterIsSeenFromItsBeginning() {
        Shown s;
        const QString example = QStringLiteral("layer>3 && expert==7 && weight<0.4"); // of the README
        s.line->setMatches(37, 1104);
        const int beside = s.line->textMargins().right();
        QVERIFY(beside > 0);
        s.line->setFilter(std::get<Filter>(Filter::parse(example)));
        QCOMPARE(s.line->cursorPosition(), 0);
        if (s.line->fontMetrics().horizontalAdvance(example) + s.line->textMargins().left() + beside >
            s.line->width()) {
            QCOMPARE(s.line->textMargins().right(), 0); // the count gives way
        }
        QVERIFY(s.line->toolTip().contains(QStringLiteral("37 of 1,104")));
        s.line->setFocus();
        QTest::keyClick(s.line, Qt::Key_End);
        s.line->clearFocus();
        QCOMPARE(s.line->cursorPosition(), 0);
        // In a narrow field both end in the same ellipsis, and not in a letter of theirs.
        s.line->setFixedWidth(150);
        const auto end = [&](const QString& line) {
            s.line->setFilter(std::get<Filter>(Filter::parse(line)));
            return s.line->grab(QRect(132, 4, 16, s.line->height() - 8)).toImage();
        };
        const QImage first = end(example);
        QCOMPARE(end(QStringLiteral("weight<0.4 && expert==7 && layer>3")), first);
        QVERIFY(end(QStringLiteral("layer>3")) != first);
    }
};

QTEST_MAIN(TestFilterLine)
#include "tst_filterline.moc"
