// SPDX-License-Identifier: Apache-2.0
// Chips in composer and messages, the cut line, and what is offered where a chat has outgrown its context.
#include "ui/panels/composer.h"
#include "ui/panels/contextbar.h"
#include "ui/panels/cutline.h"
#include "ui/panels/documentchip.h"
#include "ui/panels/findbar.h"
#include "ui/panels/messagewidget.h"
#include "ui/panels/transcript.h"
#include "ui/theme/theme.h"

#include <QApplication>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTest>
#include <QVBoxLayout>

using namespace moescope::ui;

namespace {

DocumentView document(qint64 id, const QString& name, int tokens) {
    return {id, name, QStringLiteral("text of it"), DocumentView::State::Ready, tokens};
}

MessageView message(qint64 id, Role role, const QString& text) {
    MessageView view;
    view.id = id;
    view.role = role;
    view.text = text;
    return view;
}

} // namespace

class TestDocuments : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }

    void aFigureIsSaidAtEachStage() {
        DocumentView view = document(1, QStringLiteral("a.txt"), 1204);
        QCOMPARE(documentText(view), QStringLiteral("1,204 tokens"));
        view.tokens = 1;
        QCOMPARE(documentText(view), QStringLiteral("1 token"));
        view.tokens = -1;
        QCOMPARE(documentText(view), QStringLiteral("10 characters"));
        view.state = DocumentView::State::Counting;
        QCOMPARE(documentText(view), QStringLiteral("counting…"));
        view.state = DocumentView::State::Reading;
        QCOMPARE(documentText(view), QStringLiteral("reading…"));
    }

    void chipsStandAboveTheText_data() {
        QTest::addColumn<int>("width");
        QTest::newRow("wide") << 760;
        QTest::newRow("narrow") << 320;
    }

    void chipsStandAboveTheText() {
        QFETCH(const int, width);
        QWidget window;
        auto* column = new QVBoxLayout(&window);
        column->setContentsMargins(0, 0, 0, 0);
        auto* composer = new Composer;
        column->addStretch(1);
        column->addWidget(composer);
        window.resize(width, 400);
        window.show();
        const int bare = composer->height();
        const QString longName = QString(QStringLiteral("a-rather-long-name-")).repeated(12) + QStringLiteral(".csv");
        composer->setDocuments({document(1, QStringLiteral("a.txt"), 10), document(2, longName, 1'301'222),
                                document(3, QStringLiteral("c.md"), 7)});
        QTest::qWait(1);
        QVERIFY(composer->height() > bare + 20);
        const auto chips = composer->findChildren<DocumentChip*>();
        QCOMPARE(chips.size(), 3);
        for (const DocumentChip* chip : chips) {
            const QRect box(chip->mapTo(composer, QPoint(0, 0)), chip->size());
            QVERIFY2(composer->rect().adjusted(4, 4, -4, -4).contains(box), qPrintable(chip->document().name));
        }
        // A figure that comes changes no chip and takes the focus from none.
        chips[1]->setFocus();
        composer->setDocuments({document(1, QStringLiteral("a.txt"), 11), document(2, longName, 5),
                                document(3, QStringLiteral("c.md"), 7)});
        QCOMPARE(composer->findChildren<DocumentChip*>(), chips);
        QCOMPARE(chips[0]->document().tokens, 11);
        QSignalSpy removed(composer, &Composer::documentRemoved);
        QTest::keyClick(chips[1], Qt::Key_Backspace);
        QCOMPARE(removed.count(), 1);
        QCOMPARE(removed[0][0].toLongLong(), qint64(2));
        composer->setDocuments({});
        QTRY_COMPARE(composer->height(), bare);
    }

    void nothingIsSentWhileADocumentIsRead() {
        Composer composer;
        composer.setDraft(QStringLiteral("What?"));
        DocumentView reading = document(1, QStringLiteral("a.txt"), -1);
        reading.state = DocumentView::State::Reading;
        composer.setDocuments({reading});
        QSignalSpy sent(&composer, &Composer::sent);
        QSignalSpy refused(&composer, &Composer::refused);
        composer.send();
        QCOMPARE(sent.count(), 0);
        QVERIFY(refused[0][0].toString().contains(QStringLiteral("a.txt")));
        reading.state = DocumentView::State::Counting;
        composer.setDocuments({reading});
        composer.send();
        QCOMPARE(sent.count(), 1);
        composer.setDraft({}); // a document says enough
        composer.send();
        QCOMPARE(sent.count(), 2);
    }

    void aMessageShowsItsDocumentsAsChips() {
        Transcript view;
        view.resize(700, 500);
        view.show();
        MessageView asked = message(1, Role::User, QStringLiteral("Why?"));
        asked.documents = {document(0, QStringLiteral("plan.md"), 321)};
        asked.sent = QStringLiteral("plan.md:\n```\nx\n```\n\nWhy?");
        MessageView bare = message(2, Role::User, {});
        bare.documents = asked.documents;
        view.setMessages({asked, bare, message(3, Role::User, QStringLiteral("Why?"))});
        QTest::qWait(1);
        auto* chip = view.widgetOf(1)->findChild<DocumentChip*>();
        QVERIFY(chip != nullptr && chip->isVisible());
        QVERIFY(view.widgetOf(1)->rect().contains(QRect(chip->mapTo(view.widgetOf(1), QPoint()), chip->size())));
        QVERIFY(view.widgetOf(1)->height() > view.widgetOf(3)->height() + 20);
        QVERIFY(view.widgetOf(2)->height() < view.widgetOf(1)->height());
        QSignalSpy opened(&view, &Transcript::documentOpened);
        QTest::mouseClick(chip, Qt::LeftButton);
        QCOMPARE(opened.count(), 1);
        QCOMPARE(opened[0][0].value<DocumentView>().name, QStringLiteral("plan.md"));
    }

    void aSearchInTheChatFindsWhatDocumentsSay() {
        FindBar bar;
        bar.show();
        MessageView asked = message(1, Role::User, QStringLiteral("Is the heron there?"));
        asked.documents = {document(0, QStringLiteral("plan.md"), 3), document(0, QStringLiteral("birds.md"), 3)};
        asked.documents[1].text = QStringLiteral("A HERON, and one more heron.");
        bar.setMessages({asked});
        bar.findChild<QLineEdit*>()->setText(QStringLiteral("heron"));
        const QList<moescope::ui::SourceRange> hits = bar.hits().value(1);
        QCOMPARE(hits.size(), 2); // one for the document, one for the words
        QCOMPARE(hits[0].start, -2);
        QCOMPARE(hits[1].start, 7);
        Transcript view;
        view.resize(700, 300);
        view.show();
        view.setMessages({asked});
        QTest::qWait(1);
        const auto chips = view.widgetOf(1)->findChildren<DocumentChip*>();
        const QImage before = chips[1]->grab().toImage();
        const QImage other = chips[0]->grab().toImage();
        view.setFound(bar.hits(), 1, -2);
        QVERIFY(chips[1]->grab().toImage() != before);
        QCOMPARE(chips[0]->grab().toImage(), other);
        view.setFound({}, 0, 0);
        QCOMPARE(chips[1]->grab().toImage(), before);
    }

    void theCutLineStandsAboveItsMessage() {
        Transcript view;
        view.resize(700, 300);
        view.show();
        QList<MessageView> messages;
        for (int i = 1; i <= 40; ++i) {
            messages << message(i, i % 2 == 1 ? Role::User : Role::Assistant, QStringLiteral("Some words"));
        }
        view.setMessages(messages);
        auto* line = view.findChild<CutLine*>();
        QVERIFY(!line->isVisible());
        messages[30].cut_above = true;
        messages[30].cut_tokens = 212;
        view.setMessages(messages);
        view.scrollToMessage(31);
        QVERIFY(line->isVisible());
        QVERIFY2(line->accessibleName().contains(QStringLiteral("212 tokens above")),
                 qPrintable(line->accessibleName()));
        const QWidget* below = view.widgetOf(31);
        QCOMPARE(line->geometry().bottom() + 1, below->y());
        QCOMPARE(line->width(), below->width());
        // Amber dashes at both sides of the words.
        const QImage image = line->grab().toImage();
        const QColor amber = theme().color(Color::Warn);
        int dashes = 0;
        const int y = theme().lineHeight(TextStyle::Small) / 2;
        for (int x = 0; x + 1 < image.width(); ++x) {
            dashes += image.pixelColor(x, y) == amber && image.pixelColor(x + 1, y) != amber ? 1 : 0;
        }
        QVERIFY2(dashes > 20, qPrintable(QString::number(dashes)));
        // It scrolls with its message and is gone with it.
        view.scrollToEnd();
        QVERIFY(!line->isVisible());
        view.scrollToMessage(30);
        QVERIFY(line->isVisible());
        QCOMPARE(line->geometry().bottom() + 1, view.widgetOf(31)->y());
    }

    void theOfferSaysWhatIsOffAndWraps() {
        QWidget window;
        auto* column = new QVBoxLayout(&window);
        auto* bar = new ContextBar(&window);
        column->addWidget(bar);
        column->addStretch(1);
        window.resize(640, 500);
        window.show();
        QVERIFY(!bar->isVisible());
        ContextOffer offer;
        offer.sentence = QStringLiteral("It does not fit, and so on.");
        offer.brief = QStringLiteral("It does not fit.");
        offer.longer_refusal = QStringLiteral("The limit is 256 tokens.");
        bar->setOffer(offer);
        QVERIFY(bar->isVisible());
        QVERIFY(bar->text().startsWith(offer.sentence) && bar->text().contains(offer.longer_refusal));
        // In a narrow transcript it says less, and its buttons go on in a second row.
        window.resize(340, 500);
        QTRY_COMPARE(bar->text(), offer.brief);
        QTest::qWait(1);
        int on = 0;
        for (const QPushButton* button : bar->findChildren<QPushButton*>()) {
            QVERIFY(bar->rect().contains(button->geometry()));
            on += button->isEnabled() ? 1 : 0;
            QVERIFY(button->isEnabled() || button->toolTip().contains(offer.longer_refusal));
        }
        QCOMPARE(on, 2);
        QSignalSpy chosen(bar, &ContextBar::chosen);
        QTest::mouseClick(bar->findChildren<QPushButton*>().first(), Qt::LeftButton);
        QCOMPARE(chosen.count(), 1);
        QCOMPARE(chosen[0][0].value<ContextChoice>(), ContextChoice::Newest);
        bar->setAvailable(false);
        for (const QPushButton* button : bar->findChildren<QPushButton*>()) {
            QVERIFY(!button->isEnabled());
        }
        bar->setOffer({});
        QVERIFY(!bar->isVisible());
    }
};

QTEST_MAIN(TestDocuments)
#include "tst_documents.moc"
