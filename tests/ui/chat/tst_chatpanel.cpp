// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/chat/samples.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/composer.h"
#include "ui/panels/composeredit.h"
#include "ui/panels/findbar.h"
#include "ui/panels/firststartparts.h"
#include "ui/panels/messagewidget.h"
#include "ui/panels/thinkingblock.h"
#include "ui/panels/transcript.h"
#include "ui/text/markdownview.h"
#include "ui/theme/theme.h"
#include "ui/widgets/banner.h"

#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

using namespace moescope;
using namespace moescope::ui;

class TestChatPanel : public QObject {
    Q_OBJECT

private:
    struct Shown {
        ChatPanel panel;
        ComposerEdit* edit;

        Shown() {
            panel.resize(1000, 700);
            panel.show();
            edit = panel.findChild<ComposerEdit*>();
        }
    };

    static QPushButton* pushButton(const QWidget* parent, const QString& name) {
        for (QPushButton* each : parent->findChildren<QPushButton*>()) {
            if (each->accessibleName() == name) {
                return each;
            }
        }
        return nullptr;
    }

private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }

    void firstStartSaysWhatTheModelIs() {
        Shown s;
        s.panel.setModel(samples::nano(), true);
        s.panel.setConversation(0, {}, {});
        auto* banner = s.panel.findChild<ModelBanner*>();
        QVERIFY(banner->isVisible());
        QVERIFY(
            banner->accessibleName().startsWith("Nano is a small demonstration model. It has 30 million parameters, of "
                                                "which 6.5 million work on each token."));
        QVERIFY(banner->accessibleName().contains("Its 8 layers of 16 experts are real"));
        trace::ModelInfo random = samples::nano();
        random.synthetic = true;
        s.panel.setModel(random, false);
        QVERIFY(banner->accessibleName().contains("random weights"));
        const std::pair<quint64, QString> counts[] = {{900, "900"},
                                                      {9'999, "9,999"},
                                                      {408'123, "408 thousand"},
                                                      {999'600, "1 million"},
                                                      {6'512'000, "6.5 million"},
                                                      {30'000'000, "30 million"},
                                                      {135'000'000, "135 million"},
                                                      {999'900'000, "1 billion"},
                                                      {6'920'000'000, "6.9 billion"},
                                                      {80'400'000'000, "80 billion"}};
        for (const auto& [count, words] : counts) {
            QCOMPARE(FirstStart::countText(count), words);
        }
    }

    void aChatSaysThatTheModelHasRandomWeightsAsLongAsItIsInUse() {
        Shown s;
        const auto said = [&] {
            int banners = 0;
            for (const Banner* banner : s.panel.findChildren<Banner*>()) {
                banners += banner->isVisible() && banner->text().contains("has random weights") ? 1 : 0;
            }
            return banners + (s.panel.findChild<ModelBanner*>()->isVisible() ? 1 : 0);
        };
        trace::ModelInfo random = samples::nano();
        random.synthetic = true;
        s.panel.setModel(random, false);
        s.panel.setConversation(1, "A chat", samples::finishedStory());
        QCOMPARE(said(), 1);
        s.panel.setConversation(0, {}, {}); // the first start says it
        QCOMPARE(said(), 1);
        s.panel.setConversation(1, "A chat", samples::finishedStory());
        QCOMPARE(said(), 1);
        s.panel.setModel(samples::nano(), true);
        QCOMPARE(said(), 0);
        s.panel.setModel(random, false);
        QCOMPARE(said(), 1);
        s.panel.forgetModel();
        QCOMPARE(said(), 0);
    }

    void narrowFirstStartAlignsWithTheComposer() {
        Shown s;
        s.panel.setModel(samples::nano(), true);
        s.panel.setConversation(0, {}, {});
        const auto* card = s.panel.findChild<SuggestionCard*>();
        const auto* composer = s.panel.findChild<Composer*>();
        const int oneLine = card->height();
        for (const int width : {1000, 700, 340, 309}) {
            s.panel.resize(width, 700);
            QCoreApplication::processEvents();
            QCOMPARE(card->mapTo(&s.panel, QPoint()).x(), composer->mapTo(&s.panel, QPoint()).x());
        }
        // The whole prompt, in two lines.
        QCOMPARE(card->width(), composer->width());
        QCOMPARE(card->height(), oneLine + theme().lineHeight(TextStyle::Ui));
    }

    void suggestionIsSent() {
        Shown s;
        s.panel.setConversation(0, {}, {});
        QSignalSpy sent(&s.panel, &ChatPanel::sendRequested);
        auto* card = s.panel.findChild<SuggestionCard*>();
        s.panel.setUnavailable("The model is being loaded.");
        QVERIFY(!card->isEnabled());
        s.panel.setUnavailable({});
        card->click();
        QCOMPARE(sent.count(), 1);
        QCOMPARE(sent[0][0].toString(), QString("Tell me a story about a fox and a boat."));
    }

    void sendingClearsTheDraft() {
        Shown s;
        s.panel.setConversation(0, {}, {});
        QSignalSpy sent(&s.panel, &ChatPanel::sendRequested);
        QSignalSpy draft(&s.panel, &ChatPanel::draftChanged);
        s.panel.setDraft("hello");
        s.panel.focusComposer();
        QTest::keyClick(s.edit, Qt::Key_Return);
        QCOMPARE(sent.count(), 1);
        QCOMPARE(s.panel.draft(), QString());
        QCOMPARE(draft.count(), 0); // what is kept goes when the prompt is stored, not before
    }

    void editMakesABranchAndGivesTheDraftBack() {
        Shown s;
        s.panel.setConversation(4, "Story", samples::finishedStory());
        s.panel.setDraft({});
        QSignalSpy edited(&s.panel, &ChatPanel::editRequested);
        QSignalSpy sent(&s.panel, &ChatPanel::sendRequested);
        QTest::keyClick(s.edit, Qt::Key_Up);
        QCOMPARE(s.panel.composer()->text(), QString("Tell me a story about a fox and a boat."));
        QVERIFY(s.panel.composer()->isEditing());
        QTest::keyClick(s.edit, Qt::Key_Escape);
        QVERIFY(!s.panel.composer()->isEditing());
        QCOMPARE(s.panel.composer()->text(), QString());
        s.panel.setDraft("my draft");
        s.panel.editLast();
        QCOMPARE(s.panel.draft(), QString("my draft"));
        s.edit->setText("Tell me another.");
        QTest::keyClick(s.edit, Qt::Key_Return);
        QCOMPARE(edited.count(), 1);
        QCOMPARE(edited[0][0].toLongLong(), 1);
        QCOMPARE(edited[0][1].toString(), QString("Tell me another."));
        QCOMPARE(sent.count(), 0);
        QCOMPARE(s.panel.composer()->text(), QString("my draft"));
    }

    void commandsFollowTheState() {
        Shown s;
        s.panel.setConversation(0, {}, {});
        QVERIFY(!s.panel.canRegenerate() && !s.panel.canEdit() && !s.panel.canContinue() && !s.panel.hasMessages());
        QList<MessageView> messages = samples::finishedStory();
        messages.last().state = AnswerState::Interrupted;
        s.panel.setConversation(4, "Story", messages);
        QVERIFY(s.panel.canRegenerate() && s.panel.canEdit() && s.panel.canContinue());
        QSignalSpy more(&s.panel, &ChatPanel::continueRequested);
        QSignalSpy again(&s.panel, &ChatPanel::regenerateRequested);
        QSignalSpy stop(&s.panel, &ChatPanel::stopRequested);
        s.panel.continueLast();
        s.panel.regenerateLast();
        s.panel.stop();
        QCOMPARE(more.count(), 1);
        QCOMPARE(again.count(), 1);
        QCOMPARE(stop.count(), 0);
        s.panel.setAnswering(true);
        QVERIFY(!s.panel.canRegenerate() && !s.panel.canEdit() && !s.panel.canContinue());
        s.panel.stop();
        QCOMPARE(stop.count(), 1);

        s.panel.setAnswering(false);
        messages.last().state = AnswerState::Complete;
        messages.last().stats.stop_reason = "eos";
        s.panel.setMessages(messages);
        QVERIFY(!s.panel.canContinue());
        messages.last().stats.stop_reason = "cancelled"; // stopped by the user
        s.panel.setMessages(messages);
        QVERIFY(s.panel.canContinue());
    }

    void findLooksIntoThinkingAndAnswerButNotAtMarks() {
        Shown s;
        QList<MessageView> messages = samples::finishedStory();
        MessageView& answer = messages.last();
        answer.text = "<think>I think of a reed</think>A reed. Think again.";
        answer.parts = {7, 24, 32, -1, false, 0, 0};
        s.panel.setConversation(4, "Story", {answer});
        s.panel.openFind();
        auto* bar = s.panel.findChild<FindBar*>();
        auto* field = bar->findChild<QLineEdit*>();
        QTest::keyClicks(field, "think");
        QCOMPARE(bar->hits().value(answer.id).size(), 2);
        QCOMPARE(bar->hits().value(answer.id).first().start, 9);
        field->setText("reedA"); // not across the border
        QVERIFY(bar->hits().isEmpty());
        field->setText("reed");
        QCOMPARE(bar->hits().value(answer.id).size(), 2);
        // Going to the one in the thinking opens it.
        auto* block = s.panel.transcript()->widgetOf(answer.id)->findChild<ThinkingBlock*>();
        QVERIFY(!block->isOpen());
        QTest::keyClick(field, Qt::Key_Up);
        QVERIFY(block->isOpen());
    }

    void findGoesThroughTheHits() {
        Shown s;
        s.panel.setConversation(4, "Story", samples::finishedStory());
        s.panel.openFind();
        auto* bar = s.panel.findChild<FindBar*>();
        QVERIFY(bar->isVisible());
        auto* field = bar->findChild<QLineEdit*>();
        QSignalSpy found(bar, &FindBar::found);
        QTest::keyClicks(field, "FOX");
        QVERIFY(found.count() > 0);
        const auto label = [&] {
            for (const QLabel* each : bar->findChildren<QLabel*>()) {
                if (!each->text().isEmpty()) {
                    return each->text();
                }
            }
            return QString();
        };
        QCOMPARE(label(), QString("5 of 5"));
        int marked = 0;
        const auto hits = bar->hits();
        for (const QList<SourceRange>& ofMessage : hits) {
            marked += static_cast<int>(ofMessage.size());
        }
        QCOMPARE(marked, 5);
        QVERIFY(hits.size() > 1); // in a question and in an answer
        int begin = -1;
        QCOMPARE(bar->current(&begin), found.last()[0].toLongLong());
        QCOMPARE(begin, found.last()[1].toInt());
        QTest::keyClick(field, Qt::Key_Return);
        QCOMPARE(label(), QString("1 of 5"));
        QCOMPARE(found.last()[0].toLongLong(), 1);
        field->setText("nothing like it");
        QCOMPARE(label(), QString("No hit"));
        QTest::keyClick(field, Qt::Key_Escape);
        QVERIFY(!bar->isVisible());
        QVERIFY(bar->hits().isEmpty());
        QCOMPARE(found.last()[0].toLongLong(), 0);
    }

    void anAnswerIsEditedByItsQuestion() {
        Shown s;
        const QList<MessageView> messages = samples::finishedStory();
        s.panel.setConversation(4, "Story", messages);
        emit s.panel.transcript()->editRequested(messages.last().id);
        const auto question = std::find_if(messages.crbegin(), messages.crend(),
                                           [](const MessageView& each) { return each.role == Role::User; });
        QCOMPARE(s.panel.composer()->text(), question->text);
        QSignalSpy edited(&s.panel, &ChatPanel::editRequested);
        QPushButton* send = pushButton(s.panel.composer(), "Send");
        send->click();
        QCOMPARE(edited.count(), 1);
        QCOMPARE(edited[0][0].toLongLong(), question->id);
    }

    void afterACommandTheComposerHasTheFocus() {
        Shown s;
        QVERIFY(QTest::qWaitForWindowActive(&s.panel));
        QList<MessageView> messages = samples::finishedStory();
        messages.last().state = AnswerState::Interrupted;
        s.panel.setConversation(4, "Story", messages);
        QCoreApplication::processEvents();
        QPushButton* stop = pushButton(s.panel.composer(), "Stop the answer");
        QPushButton* send = pushButton(s.panel.composer(), "Send");
        QVERIFY(stop != nullptr && send != nullptr);
        Transcript* transcript = s.panel.transcript();

        s.panel.setDraft("hello");
        send->setFocus();
        QTest::mouseClick(send, Qt::LeftButton);
        QVERIFY(s.edit->hasFocus());
        s.panel.setAnswering(true);
        QSignalSpy stopped(&s.panel, &ChatPanel::stopRequested);
        QTest::mouseClick(stop, Qt::LeftButton);
        QCOMPARE(stopped.count(), 1);
        s.panel.setAnswering(false);
        QVERIFY(s.edit->hasFocus());
        QTest::keyClicks(QApplication::focusWidget(), "go on");
        QCOMPARE(s.panel.draft(), QString("go on"));

        // The answer ended while its button had the focus.
        s.panel.setAnswering(true);
        stop->setFocus();
        s.panel.setAnswering(false);
        QVERIFY(s.edit->hasFocus());

        for (const QString& name : QStringList{"Regenerate", "Continue the answer"}) {
            QAbstractButton* pressed = nullptr;
            for (auto* each : transcript->widgetOf(2)->findChildren<QAbstractButton*>()) {
                pressed = each->accessibleName() == name ? each : pressed;
            }
            QVERIFY2(pressed != nullptr, qPrintable(name));
            pressed->setFocus();
            QVERIFY(pressed->hasFocus());
            pressed->click();
            QVERIFY2(s.edit->hasFocus(), qPrintable(name));
        }
        transcript->setFocus();
        s.panel.regenerateLast();
        QVERIFY(s.edit->hasFocus());
        s.panel.setAnswering(true);
        transcript->setFocus();
        s.panel.stop();
        QVERIFY(s.edit->hasFocus());
    }

    void typingInTheTranscriptGoesToTheComposer() {
        Shown s;
        QVERIFY(QTest::qWaitForWindowActive(&s.panel));
        s.panel.setConversation(4, "Story", samples::finishedStory());
        s.panel.setDraft("so ");
        QCoreApplication::processEvents();
        QTest::mouseClick(s.panel.transcript()->viewport(), Qt::LeftButton, {}, QPoint(10, 10));
        s.panel.transcript()->setFocus(Qt::MouseFocusReason);
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_C, Qt::ControlModifier);
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_PageDown);
        QCOMPARE(s.panel.draft(), QString("so "));
        QVERIFY(!s.edit->hasFocus());
        QTest::keyClick(QApplication::focusWidget(), 'W', Qt::ShiftModifier);
        QVERIFY(s.edit->hasFocus());
        QTest::keyClicks(QApplication::focusWidget(), "hy");
        QCOMPARE(s.panel.draft(), QString("so Why"));
        // From a message's text, too.
        auto* text = s.panel.transcript()->widgetOf(2)->findChild<MarkdownView*>();
        QTest::mouseClick(text, Qt::LeftButton, {}, QPoint(20, 10));
        text->setFocus(Qt::MouseFocusReason);
        QTest::keyClicks(QApplication::focusWidget(), "?");
        QCOMPARE(s.panel.draft(), QString("so Why?"));
        // Another version is shown and its button is gone: what is typed is not.
        text->setFocus(Qt::MouseFocusReason);
        s.panel.setMessages(samples::finishedStory());
        QCoreApplication::processEvents();
        QTest::keyClicks(QApplication::focusWidget(), "!");
        QCOMPARE(s.panel.draft(), QString("so Why?!"));
    }

    void frameIsForKeyboardFocus() {
        Shown s;
        QVERIFY(QTest::qWaitForWindowActive(&s.panel));
        s.panel.setConversation(4, "Story", samples::finishedStory());
        Transcript* transcript = s.panel.transcript();
        const auto edge = [&] { return transcript->viewport()->grab().toImage().pixelColor(1, 300); };
        transcript->setFocus(Qt::MouseFocusReason);
        QVERIFY(transcript->hasFocus());
        QCOMPARE(edge(), theme().color(Color::Panel));
        s.edit->setFocus();
        transcript->setFocus(Qt::TabFocusReason);
        QCOMPARE(edge(), theme().color(Color::AccentText));
    }

    void refusedPasteIsSaidInPlace() {
        Shown s;
        s.panel.setConversation(0, {}, {});
        emit s.panel.composer()->refused("The text has 100,000,000 characters.");
        bool said = false;
        for (const QLabel* label : s.panel.findChildren<QLabel*>()) {
            said = said || (label->isVisible() && label->text().contains("100,000,000"));
        }
        QVERIFY(said);
    }
};

QTEST_MAIN(TestChatPanel)
#include "tst_chatpanel.moc"
