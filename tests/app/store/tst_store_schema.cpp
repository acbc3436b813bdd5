// SPDX-License-Identifier: Apache-2.0
#include "app/store/schema.h"
#include "tests/app/store/storetesting.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace moescope::store;
using namespace moescope::store::testing;

namespace {

/** Statements of a file, which end at empty lines. */
QStringList statementsOf(const QString& file) {
    QFile opened(file);
    if (!opened.open(QIODevice::ReadOnly)) {
        qFatal("cannot open %s", qPrintable(file));
    }
    QStringList statements;
    for (const QString& block : QString::fromUtf8(opened.readAll()).split(QStringLiteral("\n\n"))) {
        if (!block.trimmed().isEmpty() && !block.startsWith(QLatin1String("--"))) {
            statements.append(block.trimmed());
        }
    }
    return statements;
}

QVariantList schemaIn(const QString& file) {
    return RawDatabase(file).run(QStringLiteral(
        "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY 1"));
}

} // namespace

class TestStoreSchema : public QObject {
    Q_OBJECT
private slots:
    void migratesOlderSchemas_data();
    void migratesOlderSchemas();
    void numbersMigrations();
    void rollsAFailedMigrationBack();
    void keepsTheIndexInStep();
    void rebuildsADamagedIndex();
    void usesIndices();
};

void TestStoreSchema::migratesOlderSchemas_data() {
    QTest::addColumn<int>("version");
    QTest::newRow("the first") << 1;
    QTest::newRow("before recipes") << 4;
    QTest::newRow("before documents") << 6;
}

void TestStoreSchema::migratesOlderSchemas() {
    QFETCH(const int, version);
    const QTemporaryDir old;
    {
        RawDatabase raw(databaseIn(old.path()));
        const QStringList statements =
            statementsOf(QStringLiteral(MOESCOPE_TEST_DATA "/store/schema_v%1.sql").arg(version));
        QVERIFY(statements.size() > 20);
        for (const QString& statement : statements) {
            raw.run(statement);
        }
    }
    {
        const Store store(old.path());
        QCOMPARE(store.report().migrated_from, version);
        QVERIFY(!store.report().created);
        QCOMPARE(store.report().interrupted, 1);
        const Conversation conversation = store.conversation(7);
        QCOMPARE(conversation.title, QStringLiteral("The fox and the boat"));
        QCOMPARE(conversation.current_leaf, 12);
        QCOMPARE(conversation.draft, QStringLiteral("And then"));
        const QList<Message> messages = store.messages(7);
        QCOMPARE(messages.size(), 3);
        QCOMPARE(messages.at(1).seed.value(), 42ULL);
        QCOMPARE(messages.at(1).timings.decode_tokens, 40U);
        QVERIFY(messages.at(1).stop_reason == moescope::trace::StopReason::Eos);
        QCOMPARE(messages.at(1).model.active_parameters, version < 4 ? 0ULL : 6'500'000ULL);
        QVERIFY(messages.at(1).recipe.intervention.empty());
        QVERIFY(!messages.at(1).recipe.error);
        QCOMPARE(messages.at(2).text, QStringLiteral("Once upon a time"));
        QVERIFY(messages.at(0).documents.isEmpty());
        QCOMPARE(messages.at(0).words_begin, 0);
        QVERIFY(messages.at(1).view == ContextView());
        QVERIFY(store.draftDocuments(7).isEmpty() && store.draftDocuments(0).isEmpty());
        if (version == 6) {
            QCOMPARE(store.runs(8).size(), 1);
        }
        QCOMPARE(store.search(QStringLiteral("reeds")).hits.size(), 1);
        QCOMPARE(store.setting(QStringLiteral("window.layout")), QJsonValue(QStringLiteral("Inspect")));
    }
    const QTemporaryDir fresh;
    { const Store made(fresh.path()); }
    QCOMPARE(schemaIn(databaseIn(old.path())), schemaIn(databaseIn(fresh.path())));
    RawDatabase raw(databaseIn(old.path()));
    QCOMPARE(raw.run(QStringLiteral("PRAGMA user_version")).first().toInt(), Store::schemaVersion);
    QCOMPARE(raw.run(QStringLiteral("PRAGMA application_id")).first().toUInt(), applicationId);
    QCOMPARE(raw.run(QStringLiteral("PRAGMA journal_mode")).first().toString(), QStringLiteral("wal"));
    QVERIFY(raw.run(QStringLiteral("PRAGMA foreign_key_check")).isEmpty());
    QCOMPARE(raw.run(QStringLiteral("PRAGMA integrity_check")).first().toString(), QStringLiteral("ok"));
}

void TestStoreSchema::numbersMigrations() {
    QCOMPARE(migrations().size(), Store::schemaVersion);
    for (int i = 0; i < migrations().size(); ++i) {
        QCOMPARE(migrations().at(i).version, i + 1);
        QVERIFY(!migrations().at(i).statements.isEmpty());
    }
}

void TestStoreSchema::rollsAFailedMigrationBack() {
    const QTemporaryDir folder;
    Connection connection(databaseIn(folder.path()), 1000);
    const Migration first{1, {QStringLiteral("CREATE TABLE a (x INTEGER)")}};
    const Migration second{2,
                           {QStringLiteral("ALTER TABLE a ADD COLUMN y TEXT"),
                            QStringLiteral("INSERT INTO a (x, y) VALUES (1, 'moved')"),
                            QStringLiteral("CREATE TABLE nonsense (")}};
    const Migration third{3, {QStringLiteral("CREATE TABLE c (x INTEGER)")}};
    QVERIFY(!errorOf([&] { migrate(connection, {first, second, third}); }).empty());
    QCOMPARE(schemaVersionOf(connection), 1);
    QCOMPARE(connection.value(QStringLiteral("SELECT count(*) FROM pragma_table_info('a')")).toInt(), 1);
    QCOMPARE(connection.value(QStringLiteral("SELECT count(*) FROM a")).toInt(), 0);
    QVERIFY(!connection.value(QStringLiteral("SELECT 1 FROM sqlite_master WHERE name = 'c'")).isValid());
    const Migration mended{2, second.statements.first(2)};
    migrate(connection, {first, mended, third});
    QCOMPARE(schemaVersionOf(connection), 3);
    QCOMPARE(connection.value(QStringLiteral("SELECT y FROM a")).toString(), QStringLiteral("moved"));
    QCOMPARE(errorOf([&] { migrate(connection, {first}); }), "store.newer");
}

void TestStoreSchema::keepsTheIndexInStep() {
    const QTemporaryDir folder;
    Store store(folder.path());
    const qint64 id = store.addConversation().id;
    const qint64 prompt = store.addPrompt(id, 0, QStringLiteral("indexed")).id;
    store.addPrompt(id, 0, QStringLiteral("nul ") + QChar(0) + QStringLiteral(" inside"));
    store.addPrompt(id, 0, QStringLiteral("long ").repeated(100000));
    const qint64 answer = store.beginAnswer({id, prompt, {}, {}, {}}).id;
    store.appendAnswer(answer, QStringLiteral("part"), {});
    store.finishAnswer(answer, QStringLiteral(" and end"), {}, {});
    store.resumeAnswer(answer);
    store.finishAnswer(answer, QString(1, QChar(0)), {}, {}); // leaves the index
    const qint64 thoughtful = store.beginAnswer({id, prompt, {}, {}, {}}).id;
    store.setAnswerBegin(thoughtful, 4);
    store.finishAnswer(thoughtful, QStringLiteral("hm: the answer"), {}, {});
    store.resumeAnswer(thoughtful);
    store.setAnswerBegin(thoughtful, 8);
    AnswerEnd end;
    end.answer_begin = 3;
    store.finishAnswer(thoughtful, QStringLiteral("!"), {}, end);
    store.resumeAnswer(answer);
    store.rename(id, QStringLiteral("renamed"));
    RawDatabase raw(databaseIn(folder.path()));
    // Compares every entry with the table that it indexes.
    raw.run(QStringLiteral("INSERT INTO text_search (text_search, rank) VALUES ('integrity-check', 1)"));
    raw.run(QStringLiteral("INSERT INTO title_search (title_search, rank) VALUES ('integrity-check', 1)"));
    QCOMPARE(raw.run(QStringLiteral("SELECT count(*) FROM messages WHERE indexed = 0")).first().toInt(), 3);
}

void TestStoreSchema::rebuildsADamagedIndex() {
    const QTemporaryDir folder;
    Store store(folder.path());
    const qint64 id = store.addConversation().id;
    for (int i = 0; i < 50; ++i) {
        store.addPrompt(id, 0, QStringLiteral("needle %1").arg(i));
    }
    QCOMPARE(store.search(QStringLiteral("needle")).hits.size(), 51);
    RawDatabase(databaseIn(folder.path()))
        .run(QStringLiteral("UPDATE text_search_data SET block = x'0000ffff' WHERE id > 10"));
    QCOMPARE(store.search(QStringLiteral("needle")).hits.size(), 51);
    RawDatabase(databaseIn(folder.path()))
        .run(QStringLiteral("INSERT INTO text_search (text_search, rank) VALUES ('integrity-check', 1)"));
}

void TestStoreSchema::usesIndices() {
    const QTemporaryDir folder;
    { const Store made(folder.path()); }
    Connection connection(databaseIn(folder.path()), 1000);
    const auto plan = [&](const QString& sql) {
        QString text;
        QSqlQuery rows = connection.query(QStringLiteral("EXPLAIN QUERY PLAN ") + sql);
        while (connection.next(rows)) {
            text += rows.value(3).toString() + QLatin1Char('\n');
        }
        return text;
    };
    for (const QString& sql :
         {QStringLiteral("SELECT id FROM messages WHERE state = 'streaming'"),
          QStringLiteral("SELECT text FROM messages WHERE conversation = 1 ORDER BY id"),
          QStringLiteral("SELECT count(*) FROM messages WHERE conversation = 1"),
          QStringLiteral("SELECT title FROM conversations WHERE deleted_at IS NULL ORDER BY changed DESC, id DESC"),
          QStringLiteral("SELECT data FROM traces WHERE message = 1 ORDER BY part"),
          QStringLiteral("SELECT text FROM messages WHERE indexed = 0 ORDER BY id DESC")}) {
        const QString text = plan(sql);
        QVERIFY2(text.contains(QLatin1String("INDEX")), qPrintable(sql + QLatin1Char('\n') + text));
        QVERIFY2(!text.contains(QLatin1String("TEMP B-TREE")), qPrintable(sql + QLatin1Char('\n') + text));
    }
}

QTEST_GUILESS_MAIN(TestStoreSchema)
#include "tst_store_schema.moc"
