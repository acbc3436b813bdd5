// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/conversationspanel.h"
#include "ui/panels/rowbutton.h"
#include "ui/theme/theme.h"

#include <QApplication>
#include <QLineEdit>
#include <QListView>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>

using namespace moescope::ui;

namespace {

const QDateTime kNow(QDate(2026, 11, 24), QTime(15, 0));

ConversationRow row(qint64 id, const QString& title, const QDateTime& changed) { return {id, title, changed, {}}; }

QStringList texts(const ConversationListModel& model) {
    QStringList all;
    for (int i = 0; i < model.rowCount(); ++i) {
        all << model.index(i).data().toString();
    }
    return all;
}

QList<ConversationRow> two() {
    return {row(1, "A fox and a boat", QDateTime::currentDateTime()),
            row(2, "Sums", QDateTime::currentDateTime().addDays(-1))};
}

class TwoShown : public ConversationsPanel {
public:
    TwoShown() {
        resize(264, 600);
        setConversations(two());
        show();
    }
};

} // namespace

class TestConversations : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }

    void groupsByDate() {
        ConversationListModel model;
        model.setNow(kNow);
        model.setConversations({row(5, "Last year", kNow.addDays(-400)), row(1, "Now", kNow.addSecs(-20)),
                                row(2, "Morning", kNow.addSecs(-5 * 3600)), row(3, "Evening before", kNow.addDays(-1)),
                                row(4, "Week", kNow.addDays(-4)), row(6, "October", kNow.addDays(-40))});
        QCOMPARE(texts(model), QStringList({"Today", "Now", "Morning", "Yesterday", "Evening before", "Previous 7 days",
                                            "Week", "October", "October", "October 2025", "Last year"}));
        const auto time = [&](int at) { return model.index(at).data(ConversationListModel::TimeRole).toString(); };
        QCOMPARE(time(1), QString("now"));
        QCOMPARE(time(2), QString("10:00"));
        QCOMPARE(time(4), QString("15:00"));
        QCOMPARE(time(6), QString("20 Nov"));
        QCOMPARE(time(10), QString("20 Oct 2025"));
        QVERIFY(!(model.flags(model.index(0)) & Qt::ItemIsSelectable));
        QVERIFY(model.flags(model.index(1)) & Qt::ItemIsEditable);
    }

    void movesToYesterdayAtMidnight() {
        ConversationListModel model;
        model.setNow(kNow);
        model.setConversations({row(1, "A", kNow)});
        model.setNow(kNow.addDays(1));
        QCOMPARE(texts(model), QStringList({"Yesterday", "A"}));
    }

    void emptyHistorySaysWhere() {
        ConversationListModel model;
        QCOMPARE(texts(model),
                 QStringList({"Conversations are kept on this machine only. Yours will be listed here."}));
        model.setDraftShown(true);
        QCOMPARE(texts(model),
                 QStringList({"Today", "New conversation",
                              "Conversations are kept on this machine only. Yours will be listed here."}));
    }

    void searchShowsHitsOrSaysNone() {
        ConversationListModel model;
        model.setHits("reeds", {});
        model.showHits();
        QCOMPARE(texts(model), QStringList({"Nothing contains “reeds”."}));
        SearchHit hit;
        hit.conversation = 3;
        hit.message = 9;
        hit.title = "Fox";
        hit.excerpt = "a\nboat";
        hit.excerpt_hits = {{2, 6}};
        model.setHits("boat", {hit});
        const QModelIndex index = model.index(0);
        QCOMPARE(index.data(ConversationListModel::ExcerptRole).toString(), QString("a boat"));
        QCOMPARE(index.data(ConversationListModel::MessageRole).toLongLong(), 9);
        QCOMPARE(index.data(ConversationListModel::WhoRole).toString(), QStringLiteral("Answer:"));
        hit.own = true;
        model.setHits("boat", {hit});
        QCOMPARE(model.index(0).data(ConversationListModel::WhoRole).toString(), QStringLiteral("You:"));
        QCOMPARE(index.data(Qt::AccessibleTextRole).toString().contains("a boat"), true);
    }

    void aTitleHitIsMarkedOnItsMessages() {
        ConversationListModel model;
        SearchHit title;
        title.conversation = 3;
        title.title = "A boat";
        title.title_hits = {{2, 6}};
        SearchHit message = title;
        message.message = 9;
        message.title_hits = {};
        message.excerpt = "the boat";
        SearchHit other = title;
        other.conversation = 4;
        model.setHits("boat", {title, message, other});
        model.showHits();
        QCOMPARE(model.rowCount(), 2);
        QCOMPARE(model.index(0).data(ConversationListModel::MessageRole).toLongLong(), 9);
        QCOMPARE(model.index(0).data(ConversationListModel::TitleHitsRole).value<QList<HitRange>>().size(), 1);
        QCOMPARE(model.index(1).data(ConversationListModel::IdRole).toLongLong(), 4); // its title alone
    }

    void keysRenameDeleteAndOpen() {
        TwoShown panel;
        panel.setCurrent(1);
        QVERIFY(QTest::qWaitForWindowActive(&panel));
        auto* list = panel.findChild<QListView*>();
        QSignalSpy opened(&panel, &ConversationsPanel::conversationActivated);
        QSignalSpy renamed(&panel, &ConversationsPanel::renameRequested);
        QSignalSpy removed(&panel, &ConversationsPanel::deleteRequested);
        list->setFocus();
        list->setCurrentIndex(panel.model()->index(panel.model()->rowOf(2)));
        QTest::keyClick(list, Qt::Key_Return);
        QCOMPARE(opened.count(), 1);
        QCOMPARE(opened[0][0].toLongLong(), 2);
        QTest::keyClick(list, Qt::Key_Delete);
        QCOMPARE(removed.count(), 1);
        QCOMPARE(removed[0][0].toLongLong(), 2);
        QTest::keyClick(list, Qt::Key_F2);
        auto* edit = list->viewport()->findChild<QLineEdit*>();
        QVERIFY(edit != nullptr);
        QVERIFY(!edit->accessibleName().isEmpty());
        // Rows that arrive now must not close the editor.
        panel.setConversations(two());
        QCOMPARE(list->viewport()->findChild<QLineEdit*>(), edit);
        edit->setText("  Sums \n in steps ");
        QTest::keyClick(edit, Qt::Key_Return);
        QTRY_COMPARE(renamed.count(), 1);
        QCOMPARE(renamed[0][0].toLongLong(), 2);
        QCOMPARE(renamed[0][1].toString(), QString("Sums in steps"));
    }

    void emptyTitleIsNoRename() {
        ConversationListModel model;
        model.setConversations(two());
        QSignalSpy renamed(&model, &ConversationListModel::renameRequested);
        const QModelIndex index = model.index(model.rowOf(1));
        QVERIFY(!model.setData(index, "   ", Qt::EditRole));
        QVERIFY(!model.setData(index, "A fox and a boat", Qt::EditRole));
        QCOMPARE(renamed.count(), 0);
    }

    void searchWaitsAndDropsOldAnswers() {
        TwoShown panel;
        auto* field = panel.findChild<QLineEdit*>();
        QSignalSpy searched(&panel, &ConversationsPanel::searchRequested);
        QTest::keyClicks(field, "fox");
        QCOMPARE(searched.count(), 0);
        QTRY_COMPARE(searched.count(), 1);
        QCOMPARE(searched[0][0].toString(), QString("fox"));
        panel.setSearchResult("fo", {});
        QVERIFY(!panel.model()->areHitsShown());
        panel.setSearchResult("fox", {});
        QVERIFY(panel.model()->areHitsShown());
        QTest::keyClick(field, Qt::Key_Escape);
        QVERIFY(!panel.model()->areHitsShown());
        QSignalSpy left(&panel, &ConversationsPanel::left);
        QTest::keyClick(field, Qt::Key_Escape);
        QCOMPARE(left.count(), 1);
    }

    void enterInTheSearchOpensTheChosenResult() {
        TwoShown panel;
        auto* field = panel.findChild<QLineEdit*>();
        QSignalSpy searched(&panel, &ConversationsPanel::searchRequested);
        QSignalSpy opened(&panel, &ConversationsPanel::conversationActivated);
        QSignalSpy left(&panel, &ConversationsPanel::left);
        SearchHit first;
        first.conversation = 2;
        first.message = 9;
        first.title = "Sums";
        SearchHit second = first;
        second.conversation = 1;
        second.message = 3;
        // Enter does not wait for the delay, but for the answer to this very text.
        QTest::keyClicks(field, "fox");
        QTest::keyClick(field, Qt::Key_Return);
        QCOMPARE(searched.count(), 1);
        QCOMPARE(opened.count(), 0);
        panel.setSearchResult("fox", {first, second});
        QCOMPARE(opened.count(), 1);
        QCOMPARE(opened[0][0].toLongLong(), 2);
        QCOMPARE(opened[0][1].toLongLong(), 9);
        QCOMPARE(left.count(), 1);
        // The hits are there: at once, and the chosen one.
        auto* list = panel.findChild<QListView*>();
        QCOMPARE(list->currentIndex().row(), 0);
        list->setCurrentIndex(panel.model()->index(1));
        QTest::keyClick(field, Qt::Key_Enter);
        QCOMPARE(opened.count(), 2);
        QCOMPARE(opened[1][0].toLongLong(), 1);
        // Who goes on writing does not want what Enter asked for.
        field->setText("boat");
        QTest::keyClick(field, Qt::Key_Return);
        QTest::keyClicks(field, "s");
        panel.setSearchResult("boat", {first});
        panel.setSearchResult("boats", {first});
        QCOMPARE(opened.count(), 2);
        field->setText("nothing");
        panel.setSearchResult("nothing", {});
        QTest::keyClick(field, Qt::Key_Return);
        QCOMPARE(opened.count(), 2);
        QCOMPARE(left.count(), 2);
    }

    void searchCanBeCleared() {
        TwoShown panel;
        auto* field = panel.findChild<QLineEdit*>();
        auto* cross = field->findChild<QToolButton*>();
        QVERIFY(cross != nullptr);
        QVERIFY(!cross->isVisible());
        field->setText("fox");
        panel.setSearchResult("fox", {});
        QVERIFY(cross->isVisible() && field->rect().contains(cross->geometry()));
        QTest::mouseClick(cross, Qt::LeftButton);
        QCOMPARE(field->text(), QString());
        QVERIFY(!panel.model()->areHitsShown());
        field->setText("fox");
        panel.clearSearch();
        QCOMPARE(field->text(), QString());
    }

    void deletedCanBeRestored() {
        ConversationsPanel panel;
        panel.resize(264, 600);
        panel.show();
        QVERIFY(QTest::qWaitForWindowActive(&panel));
        const auto buttons = panel.findChildren<RowButton*>();
        QCOMPARE(buttons.size(), 2);
        RowButton* open = buttons[1];
        QVERIFY(!open->isVisible());
        panel.setDeleted({{7, "Old", QDateTime::currentDateTime(), QDateTime::currentDateTime()}});
        QVERIFY(open->isVisible());
        QVERIFY(open->accessibleName().contains("1"));
        QTest::mouseClick(open, Qt::LeftButton);
        QVERIFY(panel.model()->isDeletedShown());
        auto* list = panel.findChild<QListView*>();
        QSignalSpy restored(&panel, &ConversationsPanel::restoreRequested);
        QSignalSpy removed(&panel, &ConversationsPanel::deleteRequested);
        QTest::keyClick(list, Qt::Key_Delete);
        QCOMPARE(removed.count(), 0);
        QTest::keyClick(list, Qt::Key_Return);
        QCOMPARE(restored.count(), 1);
        QCOMPARE(restored[0][0].toLongLong(), 7);
        QTest::keyClick(list, Qt::Key_Escape);
        QVERIFY(!panel.model()->isDeletedShown());
    }
};

QTEST_MAIN(TestConversations)
#include "tst_conversations.moc"
