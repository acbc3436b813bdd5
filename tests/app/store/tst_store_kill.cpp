// SPDX-License-Identifier: Apache-2.0
#include "tests/app/store/storetesting.h"

#include <QElapsedTimer>
#include <QProcess>
#include <QRandomGenerator>
#include <QTemporaryDir>
#include <QTest>

using namespace moescope::store;
using namespace moescope::store::testing;

class TestStoreKill : public QObject {
    Q_OBJECT
private slots:
    void losesAtMostOneSecond();
};

void TestStoreKill::losesAtMostOneSecond() {
    const QTemporaryDir folder;
    QRandomGenerator random(20);
    int olderInAll = 0;
    for (int round = 0; round < 20; ++round) {
        QProcess child;
        child.start(QStringLiteral(STORE_CHILD), {QStringLiteral("stream"), folder.path()});
        QVERIFY(child.waitForStarted());
        QByteArray output;
        const auto readUntil = [&](const QByteArray& word) {
            while (!output.contains(word) && child.waitForReadyRead(30000)) {
                output += child.readAllStandardOutput();
            }
            return output.contains(word);
        };
        QVERIFY2(readUntil("answer "), output.constData());
        QTest::qWait(1300 + random.bounded(900));
        QElapsedTimer killed;
        killed.start();
        child.kill(); // SIGKILL
        QVERIFY(child.waitForFinished());
        output += child.readAllStandardOutput();

        int older = 0; // words said more than a second before the end
        qint64 prompt = 0;
        qint64 answer = 0;
        QList<QByteArray> lines = output.split('\n');
        lines.removeLast(); // cut or empty
        for (const QByteArray& line : std::as_const(lines)) {
            const QList<QByteArray> words = line.split(' ');
            if (words.first() == "prompt") {
                prompt = words.last().toLongLong();
            } else if (words.first() == "answer") {
                answer = words.last().toLongLong();
            } else if (words.last().toLongLong() <= killed.msecsSinceReference() - 1000) {
                older = words.first().toInt() + 1;
            }
        }
        QVERIFY(prompt != 0 && answer != 0);
        olderInAll += older;

        const Store store(folder.path());
        QVERIFY(store.report().checked);
        QVERIFY(!store.report().notice);
        QCOMPARE(store.report().interrupted, 1);
        QCOMPARE(store.message(prompt).text, QStringLiteral("Count until you die"));
        const Message message = store.message(answer);
        QCOMPARE(message.state, MessageState::Interrupted);
        const QStringList words = message.text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
        QVERIFY2(words.size() >= older, qPrintable(QStringLiteral("%1 of %2").arg(words.size()).arg(older)));
        for (int i = 0; i < words.size(); ++i) {
            QCOMPARE(words.at(i).toInt(), i);
        }
        const StoredTraces traces = store.traces(answer);
        QVERIFY(!traces.error);
        QCOMPARE(static_cast<qsizetype>(traces.tokens.size()), words.size());
        RawDatabase raw(databaseIn(folder.path()));
        QCOMPARE(raw.run(QStringLiteral("PRAGMA quick_check")).first().toString(), QStringLiteral("ok"));
        QVERIFY(raw.run(QStringLiteral("PRAGMA foreign_key_check")).isEmpty());
    }
    QVERIFY2(olderInAll > 20 * 20, "the rounds were too short to prove anything");
    QCOMPARE(Store(folder.path()).conversations().size(), 20);
}

QTEST_GUILESS_MAIN(TestStoreKill)
#include "tst_store_kill.moc"
