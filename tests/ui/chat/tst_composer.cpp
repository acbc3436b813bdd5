// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/composer.h"
#include "ui/panels/composeredit.h"
#include "ui/panels/samplingform.h"
#include "ui/theme/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QDoubleSpinBox>
#include <QElapsedTimer>
#include <QLabel>
#include <QMimeData>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QVBoxLayout>

using namespace moescope::ui;

class TestComposer : public QObject {
    Q_OBJECT

private:
    struct Shown {
        QWidget window;
        Composer* composer;
        ComposerEdit* edit;

        explicit Shown(int width) {
            auto* column = new QVBoxLayout(&window);
            column->setContentsMargins(0, 0, 0, 0);
            composer = new Composer;
            column->addStretch(1);
            column->addWidget(composer);
            window.resize(width, 500);
            window.show();
            edit = composer->findChild<ComposerEdit*>();
            composer->focusText();
        }
    };

private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }

    void enterSendsShiftEnterBreaks() {
        Shown s(760);
        QSignalSpy sent(s.composer, &Composer::sent);
        QTest::keyClick(s.edit, Qt::Key_Return);
        QCOMPARE(sent.count(), 0);
        QTest::keyClicks(s.edit, "one");
        QTest::keyClick(s.edit, Qt::Key_Return, Qt::ShiftModifier);
        QTest::keyClicks(s.edit, "two");
        QCOMPARE(s.composer->text(), QString("one\ntwo"));
        QTest::keyClick(s.edit, Qt::Key_Return);
        QCOMPARE(sent.count(), 1);
        QCOMPARE(sent[0][0].toString(), QString("one\ntwo"));
    }

    void theThinkingSwitchIsThereForModelsThatHaveOne() {
        for (const int width : {760, 320}) {
            Shown s(width);
            QPushButton* thinking = nullptr;
            for (auto* button : s.composer->findChildren<QPushButton*>()) {
                thinking = button->accessibleName() == QString("Thinking before the answer") ? button : thinking;
            }
            QVERIFY(thinking != nullptr);
            QVERIFY(!thinking->isVisible());
            s.composer->setThinkingSwitch(true);
            QVERIFY(thinking->isVisible());
            QVERIFY(thinking->isChecked());
            QVERIFY(s.composer->rect().contains(thinking->geometry()));
            QSignalSpy chosen(s.composer, &Composer::thinkingChosen);
            thinking->click();
            QCOMPARE(chosen.count(), 1);
            QCOMPARE(chosen[0][0].toBool(), false);
            QCOMPARE(thinking->text(), width == 320 ? QString() : QString("Thinking off"));
            // The form of the sampling knows nothing of it.
            QSignalSpy changed(s.composer, &Composer::samplingChanged);
            emit s.composer->findChild<SamplingPopover*>()->changed({});
            QCOMPARE(changed[0][0].value<SamplingView>().thinking, false);
            SamplingView on;
            s.composer->setSampling(on);
            QVERIFY(thinking->isChecked());
            QCOMPARE(chosen.count(), 1);
        }
    }

    void nothingIsSentWhileAnsweringOrUnavailable() {
        Shown s(760);
        QSignalSpy sent(s.composer, &Composer::sent);
        QSignalSpy stopped(s.composer, &Composer::stopRequested);
        s.composer->setDraft("hello");
        s.composer->setAnswering(true);
        QTest::keyClick(s.edit, Qt::Key_Return);
        QTest::keyClick(s.edit, Qt::Key_Escape);
        QCOMPARE(sent.count(), 0);
        QCOMPARE(stopped.count(), 1);
        s.composer->setAnswering(false);
        s.composer->setUnavailable("The model is being loaded.");
        QTest::keyClick(s.edit, Qt::Key_Return);
        QCOMPARE(sent.count(), 0);
        QCOMPARE(s.composer->text(), QString("hello"));
        s.composer->setUnavailable({});
        QTest::keyClick(s.edit, Qt::Key_Return);
        QCOMPARE(sent.count(), 1);
    }

    void upInEmptyEditsLast() {
        Shown s(760);
        QSignalSpy edit(s.composer, &Composer::editLastRequested);
        QTest::keyClick(s.edit, Qt::Key_Up);
        QCOMPARE(edit.count(), 1);
        QTest::keyClicks(s.edit, "x");
        QTest::keyClick(s.edit, Qt::Key_Up);
        QCOMPARE(edit.count(), 1);
    }

    void growsToEightLines() {
        Shown s(760);
        const int one = s.composer->height();
        QStringList lines;
        for (int i = 0; i < 3; ++i) {
            lines << "line";
        }
        s.composer->setDraft(lines.join('\n'));
        const int three = s.composer->height();
        QCOMPARE(three - one, 2 * theme().lineHeight(TextStyle::Body));
        s.composer->setDraft(QString("line\n").repeated(8) + "line");
        const int most = s.composer->height();
        QCOMPARE(most - one, 7 * theme().lineHeight(TextStyle::Body));
        s.composer->setDraft(QString("line\n").repeated(200));
        QCOMPARE(s.composer->height(), most);
        s.composer->setDraft({});
        QCOMPARE(s.composer->height(), one);
        // One paragraph that wraps grows it too.
        s.composer->setDraft(QString("word ").repeated(60));
        QVERIFY(s.composer->height() > one);
    }

    void narrowIsOneLineWithIcons() {
        Shown s(320);
        for (QPushButton* button : s.composer->findChildren<QPushButton*>()) {
            if (button->isVisible()) {
                QVERIFY(button->text().isEmpty());
                QVERIFY(!button->accessibleName().isEmpty());
            }
        }
        QVERIFY2(s.composer->height() <= 44, qPrintable(QString::number(s.composer->height())));
    }

    void hugePasteIsRefusedQuickly() {
        Shown s(760);
        QSignalSpy refused(s.composer, &Composer::refused);
        s.composer->setDraft("kept");
        auto* data = new QMimeData;
        data->setText(QString(100'000'000, QLatin1Char('a')));
        QApplication::clipboard()->setMimeData(data);
        QElapsedTimer timer;
        timer.start();
        s.edit->paste();
        QVERIFY2(timer.elapsed() < 1000, qPrintable(QString::number(timer.elapsed())));
        QCOMPARE(refused.count(), 1);
        QVERIFY(refused[0][0].toString().contains("100,000,000 characters"));
        QCOMPARE(s.composer->text(), QString("kept"));
        QApplication::clipboard()->clear();
    }

    void largestPasteStaysQuick() {
        Shown s(760);
        QMimeData data;
        data.setText(QString("word ").repeated(Composer::kMostCharacters / 5 - 10));
        QApplication::clipboard()->setText(data.text());
        QElapsedTimer timer;
        timer.start();
        s.edit->paste();
        QCoreApplication::processEvents();
        QVERIFY2(timer.elapsed() < 5000, qPrintable(QString::number(timer.elapsed())));
        QCOMPARE(s.composer->text().size(), data.text().size());
        QApplication::clipboard()->clear();
    }

    void draftAndCountFollowWithDelay() {
        Shown s(760);
        QSignalSpy draft(s.composer, &Composer::draftChanged);
        QSignalSpy count(s.composer, &Composer::tokenCountRequested);
        s.composer->setDraft("from the store");
        QTest::qWait(450);
        QCOMPARE(draft.count(), 0);
        QCOMPARE(count.count(), 1);
        QTest::keyClicks(s.edit, " and more");
        QTRY_COMPARE(draft.count(), 1);
        QCOMPARE(draft[0][0].toString(), QString("from the store and more"));
        s.composer->setTokenCount("from the store", 3); // of an older text
        QVERIFY(!s.composer->findChild<QLabel*>()->text().contains("tokens"));
        s.composer->setTokenCount("from the store and more", 5);
        bool shown = false;
        for (const QLabel* label : s.composer->findChildren<QLabel*>()) {
            shown = shown || label->text().startsWith("5 tokens");
        }
        QVERIFY(shown);
    }

    void samplingChipAndPopover() {
        Shown s(760);
        SamplingView view;
        view.temperature = 0.7;
        view.top_p = 0.9;
        QCOMPARE(samplingText(view), QString("Temperature 0.7 · top-p 0.9 · random seed"));
        view.seed = 42;
        QCOMPARE(samplingText(view), QString("Temperature 0.7 · top-p 0.9 · seed 42"));
        view.temperature = 0;
        QCOMPARE(samplingText(view), QString("Greedy"));
        QSignalSpy changed(s.composer, &Composer::samplingChanged);
        s.composer->setSampling(view);
        s.composer->openSampling();
        auto* popover = s.composer->findChild<SamplingPopover*>();
        QVERIFY(popover->isVisible());
        QCOMPARE(changed.count(), 0);
        auto* temperature = popover->findChild<QDoubleSpinBox*>();
        temperature->setValue(1.5);
        QCOMPARE(changed.count(), 1);
        const auto told = changed[0][0].value<SamplingView>();
        QCOMPARE(told.temperature, 1.5);
        QCOMPARE(told.seed, std::optional<quint64>(42));
        popover->hide();
    }

    void theSamplingChipStandsUnderTheText() {
        Shown s(760);
        s.composer->setModelName(QStringLiteral("Nano"));
        s.composer->setSampling({});
        s.window.setFocus(); // no caret
        const QImage image = s.composer->grab().toImage();
        const auto firstInk = [&](int top, int bottom) {
            for (int x = 4; x < image.width(); ++x) {
                for (int y = top; y < bottom; ++y) {
                    if (image.pixelColor(x, y).lightness() < 150) {
                        return x;
                    }
                }
            }
            return -1;
        };
        const int text = firstInk(s.edit->y(), s.edit->geometry().bottom());
        const int chip = firstInk(s.edit->geometry().bottom() + 4, s.composer->height() - 4);
        QVERIFY2(text > 0 && std::abs(chip - text) <= 3, qPrintable(QStringLiteral("%1 %2").arg(text).arg(chip)));
    }

    void settingsThatAreNotTheDefaultsAreMarked() {
        Shown s(760);
        SamplingView defaults;
        defaults.top_p = 0.9;
        s.composer->setSamplingDefaults(defaults);
        s.composer->setSampling(defaults);
        s.composer->openSampling();
        auto* popover = s.composer->findChild<SamplingPopover*>();
        const auto marks = [popover] {
            QStringList words;
            for (const QLabel* label : popover->findChildren<QLabel*>()) {
                if (label->text().startsWith("default ")) {
                    words.append(label->text());
                }
            }
            words.sort();
            return words;
        };
        QCOMPARE(marks(), QStringList());
        const QSize size = popover->size();
        SamplingView other = defaults;
        other.top_p = 0.5;
        other.seed = 7;
        s.composer->setSampling(other);
        QCOMPARE(marks(),
                 QStringList({"default 0.90 · 1 is off", "default random · the same seed gives the same answer"}));
        popover->adjustSize();
        QCOMPARE(popover->size(), size);
        defaults.top_p = 0.5; // of another model
        s.composer->setSamplingDefaults(defaults);
        QCOMPARE(marks().size(), 1);
        popover->hide();
    }

    void specialTextStaysText() {
        Shown s(760);
        QSignalSpy sent(s.composer, &Composer::sent);
        QApplication::clipboard()->setText("<b>x</b> <|eos|> 混合\n行");
        s.edit->paste();
        QTest::keyClick(s.edit, Qt::Key_Return);
        QCOMPARE(sent[0][0].toString(), QString("<b>x</b> <|eos|> 混合\n行"));
    }
};

QTEST_MAIN(TestComposer)
#include "tst_composer.moc"
