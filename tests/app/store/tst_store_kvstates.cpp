// SPDX-License-Identifier: Apache-2.0
#include "tests/app/store/storetesting.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>

using namespace moescope::store;
using namespace moescope::store::testing;

namespace {

qint64 answered(Store& store, qint64 conversation, qint64 parent) {
    const qint64 prompt = store.addPrompt(conversation, parent, QStringLiteral("And then?")).id;
    const qint64 answer = store.beginAnswer({conversation, prompt, {}, {}, {}}).id;
    store.finishAnswer(answer, QStringLiteral("The boat sank."), {}, {});
    return answer;
}

QList<QByteArray> sortedLeaves(const Store& store) {
    QList<QByteArray> leaves = store.kvLeaves();
    std::sort(leaves.begin(), leaves.end());
    return leaves;
}

} // namespace

class TestStoreKvStates : public QObject {
    Q_OBJECT
private slots:
    void theNewestAboveAMessageCounts() {
        const QTemporaryDir folder;
        qint64 first = 0;
        qint64 third = 0;
        {
            Store store(folder.path());
            const qint64 chat = store.addConversation().id;
            first = answered(store, chat, 0);
            QVERIFY(!store.kvState(first));
            store.setKvState(first, {QByteArray("\x01\x00\x02", 3), QStringLiteral("{\"model\":\"a\"}")});
            const qint64 second = answered(store, chat, first);
            third = answered(store, chat, second);
            store.setKvState(second, {QByteArray("b"), {}});
            store.setKvState(second, {QByteArray("c"), QStringLiteral("k")}); // in place of the other
        }
        const Store store(folder.path());
        QCOMPARE(store.kvState(first)->leaf, QByteArray("\x01\x00\x02", 3));
        QCOMPARE(store.kvState(first)->key, QStringLiteral("{\"model\":\"a\"}"));
        QCOMPARE(store.kvState(third)->leaf, QByteArray("c"));
        QCOMPARE(sortedLeaves(store), QList<QByteArray>({QByteArray("\x01\x00\x02", 3), QByteArray("c")}));
    }

    void whatIsLeftOfAStateTakesItsPlace() {
        const QTemporaryDir folder;
        Store store(folder.path());
        const qint64 chat = store.addConversation().id;
        const qint64 first = answered(store, chat, 0);
        const qint64 second = answered(store, chat, first);
        store.setKvState(first, {QByteArray("a"), QStringLiteral("k")});
        store.setKvState(second, {QByteArray("b"), QStringLiteral("k")});
        store.moveKvStates(
            {{QByteArray("a"), QByteArray("c")}, {QByteArray("b"), QByteArray()}, {QByteArray("z"), QByteArray("y")}});
        QCOMPARE(sortedLeaves(store), QList<QByteArray>({QByteArray("c")}));
        QCOMPARE(store.kvState(second)->leaf, QByteArray("c")); // of the answer above it
    }

    void deletedConversationsNeedNone() {
        const QTemporaryDir folder;
        Store store(folder.path());
        const qint64 one = store.addConversation().id;
        const qint64 other = store.addConversation().id;
        store.setKvState(answered(store, one, 0), {QByteArray("a"), {}});
        store.setKvState(answered(store, other, 0), {QByteArray("b"), {}});
        QCOMPARE(store.kvConversations(), 2);
        store.remove(one);
        QCOMPARE(store.kvConversations(), 1);
        QCOMPARE(store.kvLeaves(), QList<QByteArray>{QByteArray("b")});
        store.restore(one);
        QCOMPARE(sortedLeaves(store), QList<QByteArray>({QByteArray("a"), QByteArray("b")}));
        store.forgetKvStates();
        QVERIFY(store.kvLeaves().isEmpty());
    }

    void aRunsStateGoesWithIt() {
        const QTemporaryDir folder;
        Store store(folder.path());
        const qint64 comparison = store.addComparison(QStringLiteral("Where?"), {}).id;
        Run run = store.addRun(comparison, {});
        run.answer = answered(store, comparison, 0);
        run.prompt = store.message(run.answer).parent;
        store.changeRun(run);
        store.setKvState(run.answer, {QByteArray("a"), {}});
        store.removeRun(run.id);
        QVERIFY(store.kvLeaves().isEmpty());
    }

    void noOtherMessageHasOne() {
        const QTemporaryDir folder;
        Store store(folder.path());
        QVERIFY_THROWS_EXCEPTION(moescope::trace::Error, store.setKvState(77, {QByteArray("a"), {}}));
        QVERIFY(!store.kvState(77));
    }
};

QTEST_GUILESS_MAIN(TestStoreKvStates)
#include "tst_store_kvstates.moc"
