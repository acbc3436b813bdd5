// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/messagewidget.h"
#include "ui/panels/thinkingblock.h"
#include "ui/panels/transcript.h"
#include "ui/text/markdownview.h"
#include "ui/theme/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QElapsedTimer>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTest>
#include <QTimer>
#include <QToolButton>

using namespace moescope::ui;

namespace {

MessageView message(qint64 id, Role role, const QString& text) {
    MessageView view;
    view.id = id;
    view.role = role;
    view.text = text;
    view.model = "Nano";
    view.created = QDateTime::currentDateTime();
    view.stats.tokens = 12;
    return view;
}

QList<MessageView> many(int count) {
    QList<MessageView> all;
    for (int i = 0; i < count; ++i) {
        all << message(i + 1, i % 2 == 0 ? Role::User : Role::Assistant,
                       QString("Message %1. ").arg(i) + QString("Some **words** of it. ").repeated(i % 23));
    }
    return all;
}

/** An answer with thinking; `text` has the marks <think> and </think>. */
MessageView thought(qint64 id, const QString& text) {
    MessageView view = message(id, Role::Assistant, text);
    const QString open = QStringLiteral("<think>");
    const qsizetype close = text.indexOf(QStringLiteral("</think>"));
    view.parts.thinking_begin = static_cast<int>(open.size());
    view.parts.thinking_end = static_cast<int>(close < 0 ? text.size() : close);
    view.parts.answer_begin = close < 0 || close + 8 == text.size() ? -1 : static_cast<int>(close) + 8;
    view.parts.thinks = close < 0;
    view.parts.thinking_ms = close < 0 ? 0 : 3200;
    view.parts.thinking_tokens = 120;
    view.state = AnswerState::Answering;
    return view;
}

ThinkingBlock* thinkingOf(const Transcript& view, qint64 id) { return view.widgetOf(id)->findChild<ThinkingBlock*>(); }

QToolButton* button(QWidget* widget, const QString& name) {
    for (QToolButton* each : widget->findChildren<QToolButton*>()) {
        if (each->accessibleName() == name) {
            return each;
        }
    }
    return nullptr;
}

} // namespace

class TestTranscript : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }

    void tenThousandMessagesOpenQuickly() {
        Transcript view;
        view.resize(800, 600);
        view.show();
        const QList<MessageView> all = many(10'000);
        QElapsedTimer timer;
        timer.start();
        view.setMessages(all);
        QCoreApplication::processEvents();
        QVERIFY2(timer.elapsed() < 1000, qPrintable(QString::number(timer.elapsed())));
        QVERIFY2(view.widgetCount() < 40, qPrintable(QString::number(view.widgetCount())));
        QVERIFY(view.widgetOf(10'000) != nullptr);
        QVERIFY(view.widgetOf(1) == nullptr);
        timer.restart();
        for (int i = 0; i <= 20; ++i) {
            view.verticalScrollBar()->setValue(view.verticalScrollBar()->maximum() * i / 20);
        }
        QVERIFY2(timer.elapsed() < 2000, qPrintable(QString::number(timer.elapsed())));
        view.verticalScrollBar()->setValue(0);
        QVERIFY(view.widgetOf(1) != nullptr);
        QCOMPARE(view.widgetOf(1)->y(), 16);
        QVERIFY2(view.widgetCount() < 40, qPrintable(QString::number(view.widgetCount())));
    }

    void messagesStandBelowEachOther() {
        Transcript view;
        view.resize(500, 700);
        view.show();
        view.setMessages(many(60));
        for (const int value : {0, 500, 1500, 100000}) {
            view.verticalScrollBar()->setValue(value);
            QCoreApplication::processEvents();
            for (qint64 id = 1; id < 60; ++id) {
                const MessageWidget* upper = view.widgetOf(id);
                const MessageWidget* lower = view.widgetOf(id + 1);
                if (upper != nullptr && lower != nullptr && upper->isVisible() && lower->isVisible()) {
                    QCOMPARE(lower->y(), upper->y() + upper->height());
                }
            }
        }
    }

    void followsTheEndUnlessScrolledUp() {
        Transcript view;
        view.resize(600, 300);
        view.show();
        view.setMessages(many(20));
        QVERIFY(view.isFollowing());
        const auto atEnd = [&] { return view.verticalScrollBar()->value() == view.verticalScrollBar()->maximum(); };
        view.appendText(20, QString("\n\nmore").repeated(30));
        QCoreApplication::processEvents();
        QVERIFY(atEnd());
        view.verticalScrollBar()->setValue(200);
        QVERIFY(!view.isFollowing());
        const int y = view.widgetOf(view.messages()[2].id) != nullptr ? view.widgetOf(3)->y() : 0;
        view.appendText(20, QString("\n\nmore").repeated(30));
        QCoreApplication::processEvents();
        QVERIFY(!atEnd());
        if (view.widgetOf(3) != nullptr) {
            QCOMPARE(view.widgetOf(3)->y(), y);
        }
        view.scrollToEnd();
        QVERIFY(view.isFollowing());
        QVERIFY(atEnd());
    }

    void streamedTextIsTheMessage() {
        Transcript view;
        view.resize(600, 300);
        view.show();
        MessageView answer = message(2, Role::Assistant, {});
        answer.state = AnswerState::Reading;
        answer.prefill = {10, 0, 100, 20};
        view.setMessages({message(1, Role::User, "hi"), answer});
        answer.state = AnswerState::Answering;
        view.updateMessage(answer);
        for (const QString& piece : {QString("Once "), QString("upon "), QString("a **time**")}) {
            view.appendText(2, piece);
        }
        auto* text = view.widgetOf(2)->findChild<MarkdownView*>();
        QCOMPARE(text->markdown(), QString("Once upon a **time**"));
        answer.text = "Once upon a **time**.";
        answer.state = AnswerState::Complete;
        view.updateMessage(answer);
        QCOMPARE(text->markdown(), answer.text);
        QCOMPARE(view.messages().last().text, answer.text);
        view.appendText(99, "nobody"); // ignored
    }

    void thinkingIsOpenUntilTheAnswerBegins() {
        Transcript view;
        view.resize(600, 400);
        view.show();
        view.setMessages({message(1, Role::User, "hi"), thought(2, "<think>One **two**")});
        QCoreApplication::processEvents();
        ThinkingBlock* block = thinkingOf(view, 2);
        auto* text = view.widgetOf(2)->findChild<MarkdownView*>(QString(), Qt::FindDirectChildrenOnly);
        QVERIFY(block->isVisible());
        QVERIFY(block->isOpen());
        QCOMPARE(block->head()->text(), QString("Thinking… · 120 tokens"));
        QCOMPARE(block->view()->markdown(), QString("One **two**"));
        QVERIFY(!text->isVisible());
        view.updateMessage(thought(2, "<think>One **two** three</think>"));
        QVERIFY(block->isOpen());
        QCOMPARE(block->view()->markdown(), QString("One **two** three"));
        view.updateMessage(thought(2, "<think>One **two** three</think>Yes"));
        QCoreApplication::processEvents();
        QVERIFY(!block->isOpen());
        QVERIFY(!block->view()->isVisible());
        QCOMPARE(block->head()->text(), QString("Thought for 3.2 s · 120 tokens"));
        QCOMPARE(text->markdown(), QString("Yes"));
        view.appendText(2, ", sure"); // the numbers come later
        QCOMPARE(text->markdown(), QString("Yes, sure"));
        QCOMPARE(block->view()->markdown(), QString("One **two** three"));
    }

    void thinkingThatTheUserOpenedStaysOpen() {
        Transcript view;
        view.resize(600, 400);
        view.show();
        QList<MessageView> all{message(1, Role::User, "hi"), thought(2, "<think>One</think>Yes")};
        all.last().state = AnswerState::Complete;
        view.setMessages(all);
        QCoreApplication::processEvents();
        ThinkingBlock* block = thinkingOf(view, 2);
        QVERIFY(!block->isOpen());
        const int folded = view.widgetOf(2)->height();
        // By the keyboard alone.
        block->head()->setFocus();
        QTest::keyClick(block->head(), Qt::Key_Return);
        QCoreApplication::processEvents();
        QVERIFY(block->isOpen());
        QVERIFY(block->head()->isChecked());
        QVERIFY(block->view()->isVisible());
        QVERIFY(view.widgetOf(2)->height() > folded);
        all.last().text += " and more";
        view.updateMessage(all.last());
        QVERIFY(block->isOpen());
        view.setMessages(all); // its widget is made anew
        QVERIFY(thinkingOf(view, 2)->isOpen());
        QTest::keyClick(thinkingOf(view, 2)->head(), Qt::Key_Left);
        QVERIFY(!thinkingOf(view, 2)->isOpen());
        QTest::keyClick(thinkingOf(view, 2)->head(), Qt::Key_Left);
        QVERIFY(!thinkingOf(view, 2)->isOpen());
        QTest::keyClick(thinkingOf(view, 2)->head(), Qt::Key_Space);
        QVERIFY(thinkingOf(view, 2)->isOpen());

        // One that was folded while it came stays so, and one that never came to an answer is all there is.
        view.setMessages({thought(3, "<think>One")});
        thinkingOf(view, 3)->head()->click();
        view.updateMessage(thought(3, "<think>One two"));
        QVERIFY(!thinkingOf(view, 3)->isOpen());
        MessageView stopped = thought(4, "<think>One</think>");
        stopped.state = AnswerState::Complete;
        view.setMessages({stopped});
        QVERIFY(thinkingOf(view, 4)->isOpen());
    }

    void anAnswerWithoutThinkingHasNoBlock() {
        Transcript view;
        view.resize(600, 400);
        view.show();
        view.setMessages({message(2, Role::Assistant, "Yes")});
        QVERIFY(!thinkingOf(view, 2)->isVisible());
    }

    void copyTakesTheAnswerAlone() {
        Transcript view;
        view.resize(700, 500);
        view.show();
        MessageView answer = thought(2, "<think>One</think>Yes");
        answer.state = AnswerState::Complete;
        view.setMessages({answer});
        button(view.widgetOf(2), "Copy")->click();
        QCOMPARE(QApplication::clipboard()->text(), QString("Yes"));
    }

    void marksAndTokensFallIntoTheirPart() {
        Transcript view;
        view.resize(600, 500);
        view.show();
        MessageView answer = thought(2, "<think>One two</think>Yes two");
        answer.state = AnswerState::Complete;
        view.setMessages({answer});
        const int first = static_cast<int>(answer.text.indexOf("two"));
        const int second = static_cast<int>(answer.text.lastIndexOf("two"));
        QVERIFY(!thinkingOf(view, 2)->isOpen());
        view.setFound({{2, {{first, first + 3}, {second, second + 3}}}}, 2, second);
        QVERIFY(!thinkingOf(view, 2)->isOpen());
        view.setFound({{2, {{first, first + 3}, {second, second + 3}}}}, 2, first);
        QVERIFY(thinkingOf(view, 2)->isOpen()); // the hit in view is in it
        view.scrollToMessage(2, first);
        QCoreApplication::processEvents();

        QSignalSpy clicked(&view, &Transcript::tokenClicked);
        view.setTokensClickable(true);
        view.setTokenRanges(2, {{7, 10}, {first, first + 3}, {22, 25}, {second, second + 3}});
        const auto clickOn = [](MarkdownView* part, int begin, int end) {
            QTest::mouseClick(part, Qt::LeftButton, Qt::NoModifier, part->rectsOfSource(begin, end).first().center());
        };
        clickOn(thinkingOf(view, 2)->view(), 4, 7);
        clickOn(view.widgetOf(2)->findChild<MarkdownView*>(QString(), Qt::FindDirectChildrenOnly), 4, 7);
        QCOMPARE(clicked.count(), 2);
        QCOMPARE(clicked[0][1].toInt(), 1);
        QCOMPARE(clicked[1][1].toInt(), 3);
    }

    void aClickOnAnotherAnswerTellsItsPlace() {
        Transcript view;
        view.resize(600, 500);
        view.show();
        view.setMessages({thought(2, "<think>One two</think>Yes two"), message(4, Role::Assistant, "Second answer")});
        QCoreApplication::processEvents();
        QSignalSpy token(&view, &Transcript::tokenClicked);
        QSignalSpy offset(&view, &Transcript::offsetClicked);
        const auto click = [&view](qint64 id, int begin) {
            auto* part = view.widgetOf(id)->findChild<MarkdownView*>(QString(), Qt::FindDirectChildrenOnly);
            QTest::mouseClick(part, Qt::LeftButton, Qt::NoModifier,
                              part->rectsOfSource(begin, begin + 3).first().center());
        };
        view.setTokenRanges(4, {{0, 6}, {6, 13}});
        click(2, 4);
        QCOMPARE(offset.count(), 0); // in Chat a word is only text
        view.setTokensClickable(true);
        click(2, 4);
        QCOMPARE(token.count(), 0);
        QCOMPARE(offset.count(), 1);
        QCOMPARE(offset[0][0].toLongLong(), 2);
        const int place = offset[0][1].toInt();
        QVERIFY2(place >= 26 && place < 29, qPrintable(QString::number(place))); // of the whole text
        click(4, 7);
        QCOMPARE(token.count(), 1);
        QCOMPARE(offset.count(), 1);
        view.setTokensClickable(false);
        click(2, 4);
        QCOMPARE(offset.count(), 1);
    }

    void anAnswerStoppedBeforeItsFirstTokenSaysSo() {
        Transcript view;
        view.resize(700, 500);
        view.show();
        MessageView stopped = message(2, Role::Assistant, "");
        stopped.stats.tokens = 0;
        stopped.stats.stop_reason = "cancelled";
        view.setMessages({message(1, Role::User, "A question"), stopped});
        QCoreApplication::processEvents();
        const auto labels = view.widgetOf(2)->findChildren<QLabel*>();
        QVERIFY(std::any_of(labels.begin(), labels.end(), [](const QLabel* label) {
            return label->isVisible() && label->text() == QStringLiteral("stopped by you before the first token");
        }));
        stopped.stats.stop_reason = "eos";
        QCOMPARE(statsText(stopped.stats), QStringLiteral("0 tokens · stopped at end of text"));
    }

    void actionsTellTheirMessage() {
        Transcript view;
        view.resize(700, 500);
        view.show();
        MessageView answer = message(2, Role::Assistant, "An answer");
        answer.version = 2;
        answer.versions = 3;
        answer.has_trace = true;
        view.setMessages({message(1, Role::User, "A question"), answer});
        QSignalSpy regenerate(&view, &Transcript::regenerateRequested);
        QSignalSpy version(&view, &Transcript::versionRequested);
        QSignalSpy experts(&view, &Transcript::expertsRequested);
        QSignalSpy edit(&view, &Transcript::editRequested);
        QSignalSpy branch(&view, &Transcript::branchRequested);
        QWidget* shown = view.widgetOf(2);
        button(shown, "Copy")->click();
        QCOMPARE(QApplication::clipboard()->text(), QString("An answer"));
        button(shown, "Regenerate")->click();
        button(shown, "Show experts")->click();
        button(shown, "Edit the question")->click();
        QCOMPARE(edit.takeFirst()[0].toLongLong(), 2);
        button(shown, "Branch at a token")->click();
        QCOMPARE(branch.takeFirst()[0].toLongLong(), 2);
        button(shown, "Previous version")->click();
        button(shown, "Next version")->click();
        button(view.widgetOf(1), "Edit: sending makes a new branch")->click();
        QCOMPARE(regenerate.count(), 1);
        QCOMPARE(regenerate[0][0].toLongLong(), 2);
        QCOMPARE(experts.count(), 1);
        QCOMPARE(version.count(), 2);
        QCOMPARE(version[0][1].toInt(), -1);
        QCOMPARE(version[1][1].toInt(), 1);
        QCOMPARE(edit[0][0].toLongLong(), 1);
        view.setAnswering(true);
        QVERIFY(!button(shown, "Regenerate")->isEnabled());
        QVERIFY(!button(shown, "Edit the question")->isEnabled());
        QVERIFY(button(shown, "Copy")->isEnabled());
        view.setAnswering(false);
        answer.has_trace = false;
        answer.versions = 1;
        answer.version = 1;
        view.updateMessage(answer);
        QVERIFY(!button(shown, "Show experts")->isVisible());
        QVERIFY(!button(shown, "Branch at a token")->isVisible());
        QVERIFY(!button(shown, "Next version")->isVisible());
        answer.has_trace = true;
        answer.captured = true; // nothing can be asked anew
        view.updateMessage(answer);
        QVERIFY(!button(shown, "Edit the question")->isVisible());
        QVERIFY(!button(shown, "Branch at a token")->isVisible());
    }

    void inANarrowTranscriptActionsAreInTheMenuAndStatsStay() {
        for (const int width : {300, 326, 344, 760}) {
            Transcript view;
            view.resize(width, 500);
            view.show();
            MessageView answer = message(2, Role::Assistant, "An answer");
            answer.version = answer.versions = 2;
            answer.has_trace = true;
            answer.stats.tokens = 1234;
            answer.stats.tokens_per_second = 29.6;
            view.setMessages({message(1, Role::User, "A question"), answer});
            QCoreApplication::processEvents();
            QWidget* shown = view.widgetOf(2);
            QCOMPARE(button(shown, "Edit the question")->isVisible(), width == 760);
            const QLabel* stats = nullptr;
            for (const QLabel* each : shown->findChildren<QLabel*>()) {
                stats = each->isVisible() && each->text().contains("tok/s") ? each : stats;
            }
            QVERIFY(stats != nullptr);
            QVERIFY(stats->text().startsWith("1,234 tokens · 29.6 tok/s"));
            QVERIFY(stats->fontMetrics().horizontalAdvance(stats->text()) <= stats->width());
            for (const QWidget* each : shown->findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly)) {
                QVERIFY(each == stats || !each->isVisible() || !each->geometry().intersects(stats->geometry()));
            }
            if (width < 480) {
                QStringList offered;
                QTimer::singleShot(0, this, [&] {
                    auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
                    for (QAction* action : menu->actions()) {
                        offered << action->text();
                    }
                    menu->close();
                });
                button(shown, "More")->click();
                for (const char* action : {"Edit the question", "Branch at a token", "Show experts"}) {
                    QVERIFY2(offered.contains(QLatin1String(action)), action);
                }
            }
        }
    }

    void interruptedOffersContinue() {
        Transcript view;
        view.resize(700, 500);
        view.show();
        MessageView answer = message(2, Role::Assistant, "The boat moved a");
        answer.state = AnswerState::Interrupted;
        view.setMessages({message(1, Role::User, "Go"), answer});
        QSignalSpy more(&view, &Transcript::continueRequested);
        for (QPushButton* each : view.widgetOf(2)->findChildren<QPushButton*>()) {
            if (each->isVisible() && each->text() == "Continue") {
                each->click();
            }
        }
        QCOMPARE(more.count(), 1);
        QCOMPARE(more[0][0].toLongLong(), 2);
    }

    void interruptionIsSaidWhole() {
        for (const int width : {300, 340, 480, 760}) {
            Transcript view;
            view.resize(width, 500);
            view.show();
            MessageView answer = message(2, Role::Assistant, "The boat moved a");
            answer.state = AnswerState::Interrupted;
            answer.stats.tokens = 1234;
            view.setMessages({message(1, Role::User, "Go"), answer});
            const QLabel* said = nullptr;
            for (const QLabel* each : view.widgetOf(2)->findChildren<QLabel*>()) {
                said = each->isVisible() && each->text().startsWith("Interrupted") ? each : said;
            }
            QVERIFY(said != nullptr);
            QVERIFY2(said->fontMetrics().horizontalAdvance(said->text()) <= said->width(), qPrintable(said->text()));
            QVERIFY(said->text().endsWith("after 1,234 tokens"));
            for (const QAbstractButton* each : view.widgetOf(2)->findChildren<QAbstractButton*>()) {
                QVERIFY(!each->isVisible() || !each->geometry().intersects(said->geometry()));
                QVERIFY(!each->isVisible() || view.widgetOf(2)->rect().contains(
                                                  QRect(each->mapTo(view.widgetOf(2), QPoint()), each->size())));
            }
        }
    }

    void nothingIsCutAtTheSide() {
        for (const int width : {300, 760, 1400}) {
            Transcript view;
            view.resize(width, 600);
            view.show();
            MessageView answer =
                message(2, Role::Assistant, QString(500, 'x') + "\n\n```\n" + QString(500, 'y') + "\n```");
            view.setMessages({message(1, Role::User, QString(500, QLatin1Char('W'))), answer});
            const QRect column = Transcript::columnIn(view.viewport()->width());
            for (const qint64 id : {1, 2}) {
                const MessageWidget* shown = view.widgetOf(id);
                if (shown == nullptr) {
                    continue;
                }
                QCOMPARE(shown->x(), column.left());
                QCOMPARE(shown->width(), column.width());
                for (const QWidget* child : shown->findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly)) {
                    if (child->isVisible() && child->height() > 0) {
                        QVERIFY2(child->geometry().right() < shown->width(), child->metaObject()->className());
                    }
                }
            }
        }
    }

    void clickOnAWordTellsItsToken() {
        Transcript view;
        view.resize(700, 400);
        view.show();
        view.setMessages({message(1, Role::User, "Go"), message(2, Role::Assistant, "Once upon a time")});
        view.setTokenRanges(2, {{0, 4}, {4, 9}, {9, 11}, {11, 16}});
        auto* text = view.widgetOf(2)->findChild<MarkdownView*>();
        QSignalSpy clicked(&view, &Transcript::tokenClicked);
        const QImage plain = text->grab().toImage();
        view.setSelectedToken(3);
        QCOMPARE(text->grab().toImage(), plain);
        QTest::mouseClick(text, Qt::LeftButton, Qt::NoModifier, QPoint(8, 8));
        QCOMPARE(clicked.count(), 0);
        view.setTokensClickable(true);
        QVERIFY(text->grab().toImage() != plain);
        const QList<QRect> boxes = text->rectsOfSource(12, 16);
        QCOMPARE(boxes.size(), 1);
        const QPoint word = boxes.first().center();
        QTest::mouseClick(text, Qt::LeftButton, Qt::NoModifier, word);
        QCOMPARE(clicked.count(), 1);
        QCOMPARE(clicked[0][0].toLongLong(), 2);
        QCOMPARE(clicked[0][1].toInt(), 3);
        // A drag selects text instead.
        QTest::mousePress(text, Qt::LeftButton, Qt::NoModifier, QPoint(8, 8));
        QTest::mouseRelease(text, Qt::LeftButton, Qt::NoModifier, word);
        QCOMPARE(clicked.count(), 1);
        view.setTokensClickable(false);
        QTest::mouseClick(text, Qt::LeftButton, Qt::NoModifier, word);
        QCOMPARE(clicked.count(), 1);
    }

    void longUserMessageOpensOnDemand() {
        Transcript view;
        view.resize(700, 400);
        view.show();
        QElapsedTimer timer;
        timer.start();
        view.setMessages({message(1, Role::User, QString("word ").repeated(100'000))});
        QVERIFY2(timer.elapsed() < 500, qPrintable(QString::number(timer.elapsed())));
        const int before = view.widgetOf(1)->height();
        QPushButton* all = nullptr;
        for (QPushButton* each : view.widgetOf(1)->findChildren<QPushButton*>()) {
            all = each->text().startsWith("Show all") ? each : all;
        }
        QVERIFY(all != nullptr);
        all->click();
        QTRY_VERIFY(view.widgetOf(1)->height() > before * 2);
    }

    void themeAndFontSizeChangeTheHeights() {
        Transcript view;
        view.resize(700, 500);
        view.show();
        view.setMessages(many(8));
        const int before = view.widgetOf(8)->height();
        setTheme(*qApp, Theme(Scheme::Dark, 1.5));
        QTRY_VERIFY(view.widgetOf(8)->height() > before);
        setTheme(*qApp, Theme(Scheme::Light));
        QTRY_COMPARE(view.widgetOf(8)->height(), before);
    }
};

QTEST_MAIN(TestTranscript)
#include "tst_transcript.moc"
