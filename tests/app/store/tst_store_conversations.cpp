// SPDX-License-Identifier: Apache-2.0
#include "tests/app/store/storetesting.h"

#include <QElapsedTimer>
#include <QJsonArray>
#include <QTemporaryDir>
#include <QTest>

using namespace moescope::store;
using namespace moescope::store::testing;

class TestStoreConversations : public QObject {
    Q_OBJECT
private slots:
    void keepsEveryField();
    void listsNewestChangeFirst();
    void makesTitles_data();
    void makesTitles();
    void namesOnlyWhatHasNoName();
    void renames();
    void removesAndRestores();
    void knowsNoUnknownConversation();
    void readsDamagedSamplingAsEmpty();
    void keepsSettings();
    void listsAThousandConversationsQuickly();
};

void TestStoreConversations::keepsEveryField() {
    const QTemporaryDir folder;
    const QJsonObject sampling{{QStringLiteral("temperature"), 0.5}, {QStringLiteral("top_k"), 40}};
    qint64 id = 0;
    const QDateTime before = QDateTime::currentDateTime().addMSecs(-1);
    {
        Store store(folder.path());
        id = store.addConversation(QStringLiteral("Be brief."), sampling).id;
        store.setDraft(id, QStringLiteral("Half a thou"));
    }
    Store store(folder.path());
    const Conversation found = store.conversation(id);
    QCOMPARE(found.id, id);
    QCOMPARE(found.title, QString());
    QCOMPARE(found.system_prompt, QStringLiteral("Be brief."));
    QCOMPARE(found.draft, QStringLiteral("Half a thou"));
    QCOMPARE(found.sampling, sampling);
    QCOMPARE(found.current_leaf, 0);
    QVERIFY(!found.deleted_at);
    QVERIFY(found.created >= before && found.created <= QDateTime::currentDateTime());
    store.setSystemPrompt(id, QStringLiteral("<|eos|> '); DROP TABLE messages; --"));
    store.setSampling(id, {});
    QCOMPARE(store.conversation(id).system_prompt, QStringLiteral("<|eos|> '); DROP TABLE messages; --"));
    QVERIFY(store.conversation(id).sampling.isEmpty());
    const qint64 prompt = store.addPrompt(id, 0, QStringLiteral("Whole thought")).id;
    QCOMPARE(store.conversation(id).draft, QString());
    QCOMPARE(store.conversation(id).current_leaf, prompt);
}

void TestStoreConversations::listsNewestChangeFirst() {
    const QTemporaryDir folder;
    Store store(folder.path());
    QList<qint64> ids;
    for (int i = 0; i < 3; ++i) {
        ids.append(store.addConversation().id);
    }
    QTest::qWait(2);
    const qint64 prompt = store.addPrompt(ids.at(1), 0, QStringLiteral("changed")).id;
    store.addPrompt(ids.at(1), prompt, QStringLiteral("again"));
    const QList<ConversationRow> rows = store.conversations();
    QCOMPARE(rows.size(), 3);
    QCOMPARE(rows.at(0).id, ids.at(1));
    QCOMPARE(rows.at(0).messages, 2);
    QCOMPARE(rows.at(0).title, QStringLiteral("changed"));
    QCOMPARE(rows.at(1).messages, 0);
    QVERIFY(rows.at(0).changed > rows.at(1).changed);
}

void TestStoreConversations::makesTitles_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("title");
    const QString e = QChar(0x2026);
    QTest::newRow("short") << "Tell me a story"
                           << "Tell me a story";
    QTest::newRow("first line") << "\n  \n\tFirst   line \r\nsecond"
                                << "First line";
    QTest::newRow("paragraph separator") << QStringLiteral("one\u2029two") << "one";
    QTest::newRow("sixty") << QString(60, 'x') << QString(60, 'x');
    QTest::newRow("at a word") << "Tell me a long story about a fox and a boat and a river beyond"
                               << "Tell me a long story about a fox and a boat and a river" + e;
    QTest::newRow("endless word") << QString(100, 'x') << QString(59, 'x') + e;
    QTest::newRow("empty") << ""
                           << "";
    QTest::newRow("white") << " \n\t\n"
                           << "";
    QTest::newRow("control characters") << QStringLiteral("a\x1b[31mb\x07") + QChar(0) + "c"
                                        << "a[31mbc";
    QTest::newRow("turned around") << QStringLiteral("abc\u202Edef\u2066") << "abcdef";
    QTest::newRow("markup") << "<|eos|><b>x</b>"
                            << "<|eos|><b>x</b>";
}

void TestStoreConversations::makesTitles() {
    QFETCH(const QString, text);
    QFETCH(const QString, title);
    QCOMPARE(titleFrom(text), title);

    // Never longer, never half a character, whatever is cut.
    const QString emoji = QStringLiteral("👩‍👩‍👧 ");
    for (int shift = 0; shift < 12; ++shift) {
        const QString cut = titleFrom(QString(shift, QLatin1Char('a')) + (emoji + text).repeated(40));
        QVERIFY(cut.size() <= 60);
        QVERIFY(cut.isValidUtf16());
    }
}

void TestStoreConversations::namesOnlyWhatHasNoName() {
    const QTemporaryDir folder;
    Store store(folder.path());
    const qint64 id = store.addConversation().id;
    const qint64 prompt = store.addPrompt(id, 0, QStringLiteral("First\nsecond line")).id;
    QCOMPARE(store.conversation(id).title, QStringLiteral("First"));
    store.addPrompt(id, prompt, QStringLiteral("Another"));
    QCOMPARE(store.conversation(id).title, QStringLiteral("First"));
    const qint64 named = store.addConversation().id;
    store.rename(named, QStringLiteral("My name"));
    store.addPrompt(named, 0, QStringLiteral("First"));
    QCOMPARE(store.conversation(named).title, QStringLiteral("My name"));
}

void TestStoreConversations::renames() {
    const QTemporaryDir folder;
    Store store(folder.path());
    const qint64 id = store.addConversation().id;
    store.rename(id, QStringLiteral("  A  <b>new</b>\nname "));
    QCOMPARE(store.conversation(id).title, QStringLiteral("A <b>new</b>"));
    QCOMPARE(store.search(QStringLiteral("new")).hits.size(), 1);
    store.rename(id, QStringLiteral("Other"));
    QCOMPARE(store.search(QStringLiteral("new")).hits.size(), 0);
    QCOMPARE(store.search(QStringLiteral("other")).hits.size(), 1);
}

void TestStoreConversations::removesAndRestores() {
    const QTemporaryDir folder;
    Store store(folder.path());
    const qint64 id = store.addConversation().id;
    const qint64 other = store.addConversation().id;
    store.addPrompt(id, 0, QStringLiteral("undo me"));
    store.remove(id);
    QCOMPARE(store.conversations().size(), 1);
    QCOMPARE(store.conversations().first().id, other);
    QCOMPARE(store.conversations(true).size(), 1);
    const QDateTime removed = store.conversations(true).first().deleted_at.value();
    QTest::qWait(2);
    store.remove(id); // again: the thirty days do not start anew
    QCOMPARE(store.conversation(id).deleted_at.value(), removed);
    QVERIFY(store.search(QStringLiteral("undo")).hits.isEmpty());
    QVERIFY(store.search(QStringLiteral("un")).hits.isEmpty());
    store.restore(id);
    QCOMPARE(store.conversations().size(), 2);
    QCOMPARE(store.messages(id).size(), 1);
    QCOMPARE(store.search(QStringLiteral("undo")).hits.size(), 2);
}

void TestStoreConversations::knowsNoUnknownConversation() {
    const QTemporaryDir folder;
    Store store(folder.path());
    const qint64 id = store.addConversation().id;
    QCOMPARE(errorOf([&] { store.conversation(id + 1); }), "store.not_found");
    QCOMPARE(errorOf([&] { store.messages(id + 1); }), "store.not_found");
    QCOMPARE(errorOf([&] { store.rename(id + 1, QStringLiteral("x")); }), "store.not_found");
    QCOMPARE(errorOf([&] { store.remove(id + 1); }), "store.not_found");
    QCOMPARE(errorOf([&] { store.restore(0); }), "store.not_found");
    QCOMPARE(errorOf([&] { store.setDraft(-1, QStringLiteral("x")); }), "store.not_found");
    QCOMPARE(sentenceOf([&] { store.conversation(id + 1); }),
             QStringLiteral("There is no conversation %1 any more.").arg(id + 1));
    QVERIFY(store.messages(id).isEmpty());
}

void TestStoreConversations::readsDamagedSamplingAsEmpty() {
    const QTemporaryDir folder;
    Store store(folder.path());
    const qint64 id = store.addConversation({}, {{QStringLiteral("top_k"), 3}}).id;
    for (const QString& bad : {QStringLiteral("{"), QStringLiteral("[1]"), QStringLiteral("null"), QString()}) {
        RawDatabase(databaseIn(folder.path())).run(QStringLiteral("UPDATE conversations SET sampling = '%1'").arg(bad));
        QVERIFY(store.conversation(id).sampling.isEmpty());
    }
}

void TestStoreConversations::keepsSettings() {
    const QTemporaryDir folder;
    const QJsonValue nested = QJsonObject{{QStringLiteral("a"), QJsonArray{1, QStringLiteral("x"), true}}};
    {
        Store store(folder.path());
        QVERIFY(store.setting(QStringLiteral("none")).isUndefined());
        store.setSetting(QStringLiteral("a.b"), 1);
        store.setSetting(QStringLiteral("a.b"), nested);
        store.setSetting(QStringLiteral("text"), QStringLiteral("it's \"so\" ☃"));
        store.setSetting(QStringLiteral("gone"), true);
        store.setSetting(QStringLiteral("gone"), QJsonValue(QJsonValue::Undefined));
    }
    const Store store(folder.path());
    QCOMPARE(store.setting(QStringLiteral("a.b")), nested);
    QCOMPARE(store.setting(QStringLiteral("text")), QJsonValue(QStringLiteral("it's \"so\" ☃")));
    QVERIFY(store.setting(QStringLiteral("gone")).isUndefined());
}

void TestStoreConversations::listsAThousandConversationsQuickly() {
    const QTemporaryDir folder;
    { const Store made(folder.path()); }
    {
        RawDatabase raw(databaseIn(folder.path()));
        raw.run(QStringLiteral("BEGIN"));
        raw.run(QStringLiteral("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
                               "INSERT INTO conversations (title, created, changed, sampling, system_prompt, draft) "
                               "SELECT 'Conversation about number ' || i, i, i, '{}', '', '' FROM n"));
        raw.run(QStringLiteral("WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) "
                               "INSERT INTO messages (id, conversation, parent, role, state, created, indexed, text) "
                               "SELECT i + 1, i / 10 + 1, CASE i % 10 WHEN 0 THEN NULL ELSE i END, "
                               "CASE i % 2 WHEN 0 THEN 'user' ELSE 'assistant' END, 'complete', i, 1, "
                               "replace(hex(zeroblob(40)), '00', 'word ' || (i * 7919 % 1000) || ' ') FROM n"));
        raw.run(QStringLiteral("COMMIT"));
    }
    QElapsedTimer timer;
    timer.start();
    const Store store(folder.path());
    const qint64 open = timer.restart();
    QCOMPARE(store.conversations().size(), 1000);
    const qint64 list = timer.restart();
    QCOMPARE(store.messages(500).size(), 10);
    store.conversation(500);
    const qint64 one = timer.restart();
    const SearchResult found = store.search(QStringLiteral("word 998"));
    const qint64 search = timer.restart();
    QVERIFY(!found.hits.isEmpty());
    store.search(QStringLiteral("zq")); // read through, not found
    const qint64 scan = timer.restart();
    qInfo("open %lld ms, list %lld ms, one conversation %lld ms, search %lld ms, search by reading %lld ms", open, list,
          one, search, scan);
    QVERIFY(list < 50);
    QVERIFY(one < 50);
    QVERIFY(open < 500);
    QVERIFY(search < 500);
    QVERIFY(scan < 1000);
}

QTEST_GUILESS_MAIN(TestStoreConversations)
#include "tst_store_conversations.moc"
