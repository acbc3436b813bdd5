// SPDX-License-Identifier: Apache-2.0
#include "tests/app/store/storetesting.h"

#include <QJsonArray>
#include <QTemporaryDir>
#include <QTest>

using namespace moescope::store;
using namespace moescope::store::testing;

namespace {

const QJsonObject settings{{QStringLiteral("length"), 512}, {QStringLiteral("model"), QStringLiteral("Nano")}};

/** A prompt and its answer, as a run leaves them. */
Run answered(Store& store, Run run, const QString& text) {
    run.prompt = store.addPrompt(run.conversation, 0, QStringLiteral("Where is the boat?")).id;
    run.answer = store.beginAnswer({run.conversation, run.prompt, {}, {}, {}}).id;
    store.finishAnswer(run.answer, text, {}, {});
    run.state = RunState::Done;
    run.result = {{QStringLiteral("attention"), QJsonArray{0.25, 0.5}}};
    store.changeRun(run);
    return run;
}

} // namespace

class TestStoreComparisons : public QObject {
    Q_OBJECT
private slots:
    void aCopyOfACutChatOutlivesIt() {
        const QTemporaryDir folder;
        qint64 comparison = 0;
        {
            Store store(folder.path());
            const qint64 chat = store.addConversation().id;
            const qint64 first = store.addPrompt(chat, 0, QStringLiteral("One")).id;
            const qint64 one = store.beginAnswer({chat, first, {}, {}, {}}).id;
            store.finishAnswer(one, QStringLiteral("1"), {}, {});
            const qint64 second = store.addPrompt(chat, one, QStringLiteral("Two")).id;
            AnswerStart start{chat, second, {}, {}, {}};
            start.view = {second, 4}; // what stands above is cut
            const qint64 two = store.beginAnswer(start).id;
            store.finishAnswer(two, QStringLiteral("2"), {}, {});
            comparison = store.addComparison(QStringLiteral("Two"), {}).id;
            const qint64 copied = store.copyBranch(comparison, branch(store.messages(chat), two));
            QCOMPARE(store.message(copied).view, ContextView());
            store.remove(chat);
        }
        RawDatabase(databaseIn(folder.path()))
            .run(QStringLiteral("UPDATE conversations SET deleted_at = 1 WHERE kind = 'chat'"));
        const Store store(folder.path());
        QCOMPARE(store.report().purged, 1);
        QCOMPARE(store.messages(comparison).size(), 4);
    }

    void keepsEveryField() {
        const QTemporaryDir folder;
        qint64 id = 0;
        Run run;
        {
            Store store(folder.path());
            const Conversation made =
                store.addComparison(QStringLiteral("Where did the fox leave the boat?\nAnd why?"), settings);
            QVERIFY(made.kind == ConversationKind::Comparison);
            QCOMPARE(made.title, QStringLiteral("Where did the fox leave the boat?"));
            QCOMPARE(made.comparison, settings);
            id = made.id;
            run = answered(store, store.addRun(id, settings), QStringLiteral("At the beach."));
            store.addRun(id, {});
            store.rename(id, QStringLiteral("Foxes"));
            store.setComparison(id, {{QStringLiteral("all"), true}});
        }
        Store store(folder.path());
        QCOMPARE(store.conversations().size(), 1);
        QVERIFY(store.conversations().first().kind == ConversationKind::Comparison);
        QCOMPARE(store.conversation(id).title, QStringLiteral("Foxes"));
        QCOMPARE(store.conversation(id).comparison, (QJsonObject{{QStringLiteral("all"), true}}));
        const QList<Run> runs = store.runs(id);
        QCOMPARE(runs.size(), 2);
        QCOMPARE(runs[0].id, run.id);
        QCOMPARE(runs[0].conversation, id);
        QVERIFY(runs[0].state == RunState::Done);
        QCOMPARE(runs[0].prompt, run.prompt);
        QCOMPARE(runs[0].answer, run.answer);
        QCOMPARE(runs[0].settings, settings);
        QCOMPARE(runs[0].result, run.result);
        QVERIFY(runs[1].state == RunState::Queued);
        QCOMPARE(runs[1].answer, 0);
        QCOMPARE(store.message(run.answer).text, QStringLiteral("At the beach."));
        QCOMPARE(store.search(QStringLiteral("beach")).hits.size(), 1);
        store.remove(id);
        QVERIFY(store.conversations().isEmpty());
        QCOMPARE(store.runs(id).size(), 2);
        store.restore(id);
        QCOMPARE(store.conversations().size(), 1);
    }

    void aRunThatWasCutIsQueuedAgain() {
        const QTemporaryDir folder;
        qint64 id = 0;
        {
            Store store(folder.path());
            id = store.addComparison(QStringLiteral("Q"), {}).id;
            Run run = store.addRun(id, {});
            run.state = RunState::Running;
            store.changeRun(run);
            run = store.addRun(id, {});
            run.state = RunState::Failed;
            run.error_id = QStringLiteral("vulkan.device_lost");
            run.error = QStringLiteral("The device was lost.");
            store.changeRun(run);
        }
        Store store(folder.path());
        QVERIFY(store.runs(id)[0].state == RunState::Queued);
        QVERIFY(store.runs(id)[1].state == RunState::Failed);
        QCOMPARE(store.runs(id)[1].error, QStringLiteral("The device was lost."));
    }

    void aRunGoesWithItsMessages() {
        const QTemporaryDir folder;
        Store store(folder.path());
        const qint64 id = store.addComparison(QStringLiteral("Q"), {}).id;
        const Run first = answered(store, store.addRun(id, {}), QStringLiteral("One"));
        Run second = store.addRun(id, {});
        second.prompt = first.prompt; // the same prompt, answered under another intervention
        second.answer = store.beginAnswer({id, first.prompt, {}, {}, {}}).id;
        store.finishAnswer(second.answer, QStringLiteral("Two"), {}, {});
        second.state = RunState::Done;
        store.changeRun(second);
        QCOMPARE(store.messages(id).size(), 3);
        store.removeRun(second.id);
        QCOMPARE(store.messages(id).size(), 2);
        QCOMPARE(store.runs(id).size(), 1);
        QCOMPARE(store.runs(id).first().prompt, first.prompt);
        store.removeRun(first.id);
        QVERIFY(store.messages(id).isEmpty());
        QVERIFY(store.runs(id).isEmpty());
        QVERIFY(store.search(QStringLiteral("Two")).hits.isEmpty());
        RawDatabase raw(databaseIn(folder.path()));
        QVERIFY(raw.run(QStringLiteral("PRAGMA foreign_key_check")).isEmpty());
    }

    void messagesOfOthersAreNotItsOwn() {
        const QTemporaryDir folder;
        Store store(folder.path());
        const qint64 chat = store.addConversation().id;
        const qint64 foreign = store.addPrompt(chat, 0, QStringLiteral("Hello")).id;
        const qint64 id = store.addComparison(QStringLiteral("Q"), {}).id;
        Run run = store.addRun(id, {});
        run.prompt = foreign;
        QCOMPARE(errorOf([&] { store.changeRun(run); }), "store.not_found");
        QCOMPARE(store.runs(id).first().prompt, 0);
        run.id = 4000;
        QCOMPARE(errorOf([&] { store.changeRun(run); }), "store.not_found");
        QCOMPARE(errorOf([&] { store.removeRun(4000); }), "store.not_found");
        QCOMPARE(errorOf([&] { store.addRun(chat, {}); }), "store.not_found");
        QCOMPARE(errorOf([&] { store.setComparison(chat, {}); }), "store.not_found");
        QVERIFY(store.conversation(chat).kind == ConversationKind::Chat);
    }
};

QTEST_GUILESS_MAIN(TestStoreComparisons)
#include "tst_store_comparisons.moc"
