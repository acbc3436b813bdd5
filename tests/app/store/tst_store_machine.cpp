// SPDX-License-Identifier: Apache-2.0
#include "tests/app/store/storetesting.h"

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

using namespace moescope::store;
using namespace moescope::store::testing;

namespace {

QByteArray contentsOf(const QString& file) {
    QFile opened(file);
    return opened.open(QIODevice::ReadOnly) ? opened.readAll() : QByteArray();
}

void write(const QString& file, const QByteArray& bytes) {
    QFile opened(file);
    if (!opened.open(QIODevice::WriteOnly) || opened.write(bytes) != bytes.size()) {
        qFatal("cannot write %s", qPrintable(file));
    }
}

QList<QByteArray> runChild(const QString& what, const QString& folder) {
    QProcess child;
    child.start(QStringLiteral(STORE_CHILD), {what, folder});
    child.waitForFinished(60000);
    return child.readAllStandardOutput().split('\n');
}

/** A conversation with one prompt in a new store; the id of the conversation. */
qint64 fillStore(const QString& folder, const QString& text = QStringLiteral("Is anybody there?")) {
    Store store(folder);
    const Conversation conversation = store.addConversation();
    store.addPrompt(conversation.id, 0, text);
    return conversation.id;
}

} // namespace

class TestStoreMachine : public QObject {
    Q_OBJECT
private slots:
    void makesTheFolder();
    void saysThatThereIsNoFolder();
    void saysThatTheFolderIsReadOnly();
    void keepsWhatIsThereWhenTheDiskIsFull();
    void keepsWhatIsThereWhenAFileCannotGrow();
    void setsADamagedDatabaseAside_data();
    void setsADamagedDatabaseAside();
    void neverOverwritesWhatWasSetAside();
    void setsAsideADatabaseThatFailsTheCheck();
    void checksOnlyAfterABadEnd();
    void leavesANewerDatabaseAlone();
    void leavesANewerVersionInTheLogAlone();
    void leavesTheDatabaseOfAnotherProgramAlone();
    void refusesAFolderAsDatabase();
    void refusesASecondProgram();
    void opensAfterTheFirstWasKilled();
    void waitsForAReaderAndAWriter();
    void backsUp();
    void needsNoFolderInMemory();
    void purgesAfterThirtyDays();
};

void TestStoreMachine::makesTheFolder() {
    const QTemporaryDir folder;
    const QString deep = folder.path() + QStringLiteral("/with space/数据/") + QString(200, QLatin1Char('d'));
    {
        const Store store(deep);
        QVERIFY(store.report().created);
        QCOMPARE(store.report().file, databaseIn(deep));
        QCOMPARE(QFile::permissions(databaseIn(deep)) & (QFileDevice::ReadGroup | QFileDevice::ReadOther),
                 QFileDevice::Permissions());
    }
    QCOMPARE(QDir(deep).entryList(QDir::Files),
             QStringList({QStringLiteral("moescope.sqlite"), QStringLiteral("moescope.sqlite-lock")}));
    QVERIFY(!Store(deep).report().created);
}

void TestStoreMachine::saysThatThereIsNoFolder() {
    QCOMPARE(errorOf([] { const Store store{QString()}; }), "store.no_folder");
    const QTemporaryDir folder;
    const QString file = folder.filePath(QStringLiteral("file"));
    write(file, "x");
    QCOMPARE(errorOf([&] { const Store store(file + QStringLiteral("/data")); }), "store.no_folder");
    QCOMPARE(errorOf([&] { const Store store(file); }), "store.no_folder");
    QVERIFY(sentenceOf([&] { const Store store(file); }).contains(file));
}

void TestStoreMachine::saysThatTheFolderIsReadOnly() {
    const QTemporaryDir outer;
    QFile::setPermissions(outer.path(), QFileDevice::Permissions(0x7755));
    const QString folder = outer.filePath(QStringLiteral("data"));
    const auto setRights = [&](int rights) { QFile::setPermissions(folder, QFileDevice::Permissions(rights)); };
    QDir().mkpath(folder);
    setRights(0x5555);
    QCOMPARE(runChild(QStringLiteral("nobody"), folder).first(), QByteArray("store.read_only"));
    QVERIFY(QDir(folder).isEmpty());

    // With a database of before in it.
    setRights(0x7777);
    const qint64 id = fillStore(folder);
    const QByteArray before = contentsOf(databaseIn(folder));
    setRights(0x5555);
    const QList<QByteArray> lines = runChild(QStringLiteral("nobody"), folder);
    QCOMPARE(lines.first(), QByteArray("store.read_only"));
    QVERIFY(lines.at(1).contains(folder.toUtf8()));
    QCOMPARE(contentsOf(databaseIn(folder)), before);

    // A folder that may be written with a database that may not.
    setRights(0x7777);
    QFile::remove(databaseIn(folder) + QStringLiteral("-lock"));
    QFile::setPermissions(databaseIn(folder), QFileDevice::Permissions(0x4444));
    QCOMPARE(runChild(QStringLiteral("nobody"), folder).first(), QByteArray("store.read_only"));
    QFile::remove(databaseIn(folder) + QStringLiteral("-lock"));
    QFile::setPermissions(databaseIn(folder), QFileDevice::Permissions(0x6666));
    QCOMPARE(Store(folder).conversation(id).title, QStringLiteral("Is anybody there?"));
}

void TestStoreMachine::keepsWhatIsThereWhenTheDiskIsFull() {
    const QTemporaryDir folder;
    StoreOptions small;
    small.max_pages = 120;
    qint64 answer = 0;
    QList<qint64> prompts;
    {
        Store store(folder.path(), small);
        const Conversation conversation = store.addConversation();
        prompts.append(store.addPrompt(conversation.id, 0, QStringLiteral("first")).id);
        answer = store.beginAnswer({conversation.id, prompts.last(), {}, {}, {}}).id;
        store.appendAnswer(answer, QStringLiteral("kept"), {makeToken(1)});
        std::string error;
        while (error.empty() && prompts.size() < 1000) {
            error = errorOf(
                [&] { prompts.append(store.addPrompt(conversation.id, 0, QString(3000, QLatin1Char('y'))).id); });
        }
        QCOMPARE(error, "store.full");
        QCOMPARE(errorOf([&] { store.appendAnswer(answer, QString(200000, QLatin1Char('z')), {}); }), "store.full");
        QVERIFY(sentenceOf([&] {
                    store.addPrompt(conversation.id, 0, QString(200000, QLatin1Char('y')));
                }).contains(folder.path()));
        QCOMPARE(store.messages(conversation.id).size(), prompts.size() + 1);
        QCOMPARE(store.message(answer).text, QStringLiteral("kept"));
    }
    Store store(folder.path()); // with room again
    QVERIFY(!store.report().notice);
    QCOMPARE(store.message(answer).state, MessageState::Interrupted);
    for (const qint64 prompt : std::as_const(prompts)) {
        QVERIFY(!store.message(prompt).text.isEmpty());
    }
    store.addPrompt(store.message(answer).conversation, answer, QStringLiteral("goes on"));
}

void TestStoreMachine::keepsWhatIsThereWhenAFileCannotGrow() {
    const QTemporaryDir folder;
    QList<QByteArray> lines = runChild(QStringLiteral("fill"), folder.path());
    lines.removeLast();
    const QByteArray error = lines.takeLast();
    QVERIFY2(error == "store.full" || error == "store.io", error.constData());
    QVERIFY(lines.size() > 3);
    const Store store(folder.path());
    QVERIFY(!store.report().notice);
    for (const QByteArray& id : std::as_const(lines)) {
        QCOMPARE(store.message(id.toLongLong()).text.size(), 4000);
    }
}

void TestStoreMachine::setsADamagedDatabaseAside_data() {
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("text") << QByteArray("This is not a database at all.");
    QTest::newRow("zeros") << QByteArray(8192, '\0');
    QTest::newRow("header only") << QByteArray("SQLite format 3\0", 16) + QByteArray(84, '\0');
    const QTemporaryDir folder;
    fillStore(folder.path());
    QByteArray damaged = contentsOf(databaseIn(folder.path()));
    QTest::newRow("cut") << damaged.first(100);
    damaged.replace(100, 8000, QByteArray(8000, '\xA5')); // the page of the schema
    QTest::newRow("schema overwritten") << damaged;
}

void TestStoreMachine::setsADamagedDatabaseAside() {
    QFETCH(const QByteArray, bytes);
    const QTemporaryDir folder;
    write(databaseIn(folder.path()), bytes);
    Store store(folder.path());
    QVERIFY(store.report().notice);
    QCOMPARE(store.report().notice->id(), "store.set_aside");
    QVERIFY(QRegularExpression(QStringLiteral("/moescope\\.sqlite\\.corrupt-\\d{8}-\\d{6}$"))
                .match(store.report().set_aside)
                .hasMatch());
    QVERIFY(QString::fromUtf8(store.report().notice->what()).contains(store.report().set_aside));
    QCOMPARE(contentsOf(store.report().set_aside), bytes);
    store.addPrompt(store.addConversation().id, 0, QStringLiteral("works"));
    QCOMPARE(store.conversations().size(), 1);
}

void TestStoreMachine::neverOverwritesWhatWasSetAside() {
    const QTemporaryDir folder;
    QStringList names;
    for (int i = 0; i < 3; ++i) { // within one second, most likely
        write(databaseIn(folder.path()), "damaged " + QByteArray::number(i));
        QFile::remove(databaseIn(folder.path()) + QStringLiteral("-wal"));
        names.append(Store(folder.path()).report().set_aside);
    }
    for (int i = 0; i < 3; ++i) {
        QCOMPARE(contentsOf(names.at(i)), "damaged " + QByteArray::number(i));
    }
}

void TestStoreMachine::setsAsideADatabaseThatFailsTheCheck() {
    const QTemporaryDir folder;
    {
        Store store(folder.path());
        const Conversation conversation = store.addConversation();
        for (int i = 0; i < 200; ++i) {
            store.addPrompt(conversation.id, 0, QStringLiteral("prompt %1 ").arg(i).repeated(50));
        }
    }
    // Pages in the middle are lost, as after a failure of the disk; the last end was not clean.
    const QString file = databaseIn(folder.path());
    QByteArray bytes = contentsOf(file);
    const qsizetype middle = bytes.size() / 8192 * 4096;
    bytes.replace(middle, 16 * 4096, QByteArray(16 * 4096, '\xFF'));
    write(file, bytes);
    write(file + QStringLiteral("-open"), "");
    const Store store(folder.path());
    QVERIFY(store.report().checked);
    QVERIFY(store.report().notice);
    QCOMPARE(contentsOf(store.report().set_aside).size(), bytes.size());
    QVERIFY(store.conversations().isEmpty());
}

void TestStoreMachine::checksOnlyAfterABadEnd() {
    const QTemporaryDir folder;
    const qint64 id = fillStore(folder.path());
    QVERIFY(!Store(folder.path()).report().checked);
    write(databaseIn(folder.path()) + QStringLiteral("-open"), "");
    {
        const Store store(folder.path());
        QVERIFY(store.report().checked);
        QVERIFY(!store.report().notice);
        QCOMPARE(store.messages(id).size(), 1);
    }
    QVERIFY(!Store(folder.path()).report().checked);
}

void TestStoreMachine::leavesANewerDatabaseAlone() {
    const QTemporaryDir folder;
    fillStore(folder.path());
    RawDatabase(databaseIn(folder.path())).run(QStringLiteral("PRAGMA user_version = 73"));
    const QByteArray before = contentsOf(databaseIn(folder.path()));
    QCOMPARE(errorOf([&] { const Store store(folder.path()); }), "store.newer");
    const QString sentence = sentenceOf([&] { const Store store(folder.path()); });
    QVERIFY2(sentence.contains(QStringLiteral("schema 73; this one knows %1)").arg(Store::schemaVersion)),
             qPrintable(sentence));
    QCOMPARE(contentsOf(databaseIn(folder.path())), before);
    QCOMPARE(QDir(folder.path()).entryList({QStringLiteral("*corrupt*")}), QStringList());
}

void TestStoreMachine::leavesANewerVersionInTheLogAlone() {
    const QTemporaryDir folder;
    fillStore(folder.path());
    RawDatabase other(databaseIn(folder.path())); // stays open: its change stays in the log
    other.run(QStringLiteral("PRAGMA user_version = %1").arg(Store::schemaVersion + 1));
    QCOMPARE(errorOf([&] { const Store store(folder.path()); }), "store.newer");
    QCOMPARE(other.run(QStringLiteral("SELECT count(*) FROM messages")).first().toInt(), 1);
}

void TestStoreMachine::leavesTheDatabaseOfAnotherProgramAlone() {
    const QTemporaryDir folder;
    {
        RawDatabase other(databaseIn(folder.path()));
        other.run(QStringLiteral("CREATE TABLE photographs (id INTEGER)"));
        other.run(QStringLiteral("PRAGMA application_id = 252006675"));
    }
    const QByteArray before = contentsOf(databaseIn(folder.path()));
    QCOMPARE(errorOf([&] { const Store store(folder.path()); }), "store.foreign");
    QCOMPARE(contentsOf(databaseIn(folder.path())), before);
}

void TestStoreMachine::refusesAFolderAsDatabase() {
    const QTemporaryDir folder;
    QDir().mkpath(databaseIn(folder.path()));
    QCOMPARE(errorOf([&] { const Store store(folder.path()); }), "store.foreign");
}

void TestStoreMachine::refusesASecondProgram() {
    const QTemporaryDir folder;
    QProcess first;
    first.start(QStringLiteral(STORE_CHILD), {QStringLiteral("hold"), folder.path()});
    QVERIFY(first.waitForReadyRead(30000));
    QCOMPARE(errorOf([&] { const Store store(folder.path()); }), "store.in_use");
    QVERIFY(sentenceOf([&] { const Store store(folder.path()); }).contains(folder.path()));
    first.kill();
    first.waitForFinished();
    const Store store(folder.path());
    QCOMPARE(errorOf([&] { const Store second(folder.path()); }), "store.in_use"); // in one program, too
    QVERIFY(store.conversations().isEmpty());
}

void TestStoreMachine::opensAfterTheFirstWasKilled() {
    const QTemporaryDir folder;
    for (int i = 0; i < 3; ++i) {
        QProcess first;
        first.start(QStringLiteral(STORE_CHILD), {QStringLiteral("hold"), folder.path()});
        QVERIFY(first.waitForReadyRead(30000));
        first.kill();
        first.waitForFinished();
    }
    QVERIFY(Store(folder.path()).report().checked);
}

void TestStoreMachine::waitsForAReaderAndAWriter() {
    const QTemporaryDir folder;
    Store store(folder.path());
    const Conversation conversation = store.addConversation();
    RawDatabase other(databaseIn(folder.path()));
    other.run(QStringLiteral("BEGIN"));
    other.run(QStringLiteral("SELECT count(*) FROM messages"));
    store.addPrompt(conversation.id, 0, QStringLiteral("beside a reader")); // WAL: readers block nobody
    other.run(QStringLiteral("COMMIT"));
    other.run(QStringLiteral("BEGIN IMMEDIATE"));
    QCOMPARE(errorOf([&] { store.setDraft(conversation.id, QStringLiteral("x")); }), "store.busy");
    other.run(QStringLiteral("COMMIT"));
    store.setDraft(conversation.id, QStringLiteral("x"));
    QCOMPARE(store.conversation(conversation.id).draft, QStringLiteral("x"));
}

void TestStoreMachine::backsUp() {
    const QTemporaryDir folder;
    const QTemporaryDir target;
    const qint64 id = fillStore(folder.path());
    const Store store(folder.path());
    store.backUp(databaseIn(target.path()));
    QCOMPARE(errorOf([&] { store.backUp(databaseIn(target.path())); }), "store.backup_exists");
    QVERIFY(!errorOf([&] { store.backUp(target.path() + QStringLiteral("/no/such/folder.sqlite")); }).empty());
    const Store copy(target.path());
    QVERIFY(!copy.report().created);
    QCOMPARE(copy.messages(id).first().text, store.messages(id).first().text);
    QCOMPARE(copy.search(QStringLiteral("anybody")).hits.size(), 2);
}

void TestStoreMachine::needsNoFolderInMemory() {
    StoreOptions options;
    options.in_memory = true;
    Store store(QString(), options);
    Store second(QString(), options);
    const qint64 id = store.addConversation().id;
    store.addPrompt(id, 0, QStringLiteral("kept for now"));
    QCOMPARE(store.search(QStringLiteral("kept")).hits.size(), 2);
    QVERIFY(second.conversations().isEmpty());
}

void TestStoreMachine::purgesAfterThirtyDays() {
    const QTemporaryDir folder;
    qint64 old = 0;
    qint64 young = 0;
    {
        Store store(folder.path());
        old = store.addConversation().id;
        young = store.addConversation().id;
        const qint64 prompt = store.addPrompt(old, 0, QStringLiteral("purge me")).id;
        const qint64 answer = store.beginAnswer({old, prompt, {}, {}, {}}).id;
        store.finishAnswer(answer, QStringLiteral("purged"), {makeToken(0)}, {});
        store.remove(old);
        store.remove(young);
    }
    const qint64 day = 24LL * 60 * 60 * 1000;
    const qint64 time = QDateTime::currentMSecsSinceEpoch();
    RawDatabase(databaseIn(folder.path())) // a chat deeper than SQLite's triggers may nest
        .run(QStringLiteral("WITH RECURSIVE n (i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 5100) INSERT "
                            "INTO messages (id, conversation, parent, role, state, created, indexed, text) SELECT i, "
                            "%1, CASE i WHEN 100 THEN NULL ELSE i - 1 END, 'user', 'complete', i, 1, 'deep' FROM n")
                 .arg(old));
    RawDatabase(databaseIn(folder.path()))
        .run(QStringLiteral("UPDATE conversations SET deleted_at = CASE id WHEN %1 THEN %2 ELSE %3 END")
                 .arg(old)
                 .arg(time - 31 * day)
                 .arg(time - 29 * day));
    {
        const Store store(folder.path());
        QCOMPARE(store.report().purged, 1);
        QCOMPARE(store.conversations(true).size(), 1);
        QCOMPARE(store.conversations(true).first().id, young);
    }
    RawDatabase raw(databaseIn(folder.path()));
    QCOMPARE(raw.run(QStringLiteral("SELECT count(*) FROM messages")).first().toInt(), 0);
    QCOMPARE(raw.run(QStringLiteral("SELECT count(*) FROM traces")).first().toInt(), 0);
    raw.run(QStringLiteral("INSERT INTO text_search (text_search) VALUES ('integrity-check')"));
    raw.run(QStringLiteral("INSERT INTO title_search (title_search) VALUES ('integrity-check')"));
    QCOMPARE(raw.run(QStringLiteral("SELECT count(*) FROM text_search WHERE text_search MATCH 'purge'")).first(), 0);
}

QTEST_GUILESS_MAIN(TestStoreMachine)
#include "tst_store_machine.moc"
