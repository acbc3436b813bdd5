// SPDX-License-Identifier: Apache-2.0
#include "tests/app/store/storetesting.h"

#include <QTemporaryDir>
#include <QTest>

using namespace moescope::store;
using namespace moescope::store::testing;

class TestStoreSearch : public QObject {
    Q_OBJECT
private slots:
    void init();
    void cleanup();
    void findsAndMarks();
    void takesSignsLiterally_data();
    void takesSignsLiterally();
    void findsShortWords();
    void needsEveryWord();
    void findsWhatTheIndexDoesNotHold();
    void ignoresCase();
    void ordersAndLimits();
    void findsNothingForNothing();
    void cutsSnippetsAtCharacters();
    void leavesOutWhatStandsBeforeAnAnswer();
    void canBeCancelled();

private:
    qint64 add(const QString& text) { return m_store->addPrompt(m_conversation, 0, text).id; }
    QList<qint64> find(const QString& query) {
        QList<qint64> ids;
        for (const SearchHit& hit : m_store->search(query).hits) {
            ids.append(hit.message);
        }
        return ids;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Store> m_store;
    qint64 m_conversation = 0;
};

void TestStoreSearch::init() {
    m_folder = std::make_unique<QTemporaryDir>();
    m_store = std::make_unique<Store>(m_folder->path());
    m_conversation = m_store->addConversation().id;
    m_store->rename(m_conversation, QStringLiteral("#"));
}

void TestStoreSearch::cleanup() {
    m_store.reset();
    m_folder.reset();
}

void TestStoreSearch::findsAndMarks() {
    m_store->rename(m_conversation, QStringLiteral("Among the reeds"));
    const QString text = QStringLiteral("x ").repeated(100) + QStringLiteral("The boat\nlay in the reeds, reeds and ") +
                         QStringLiteral("y ").repeated(100);
    const qint64 id = add(text);
    const QList<SearchHit> hits = m_store->search(QStringLiteral("reeds")).hits;
    QCOMPARE(hits.size(), 2);
    QCOMPARE(hits.at(0).message, 0);
    QCOMPARE(hits.at(0).snippet, QStringLiteral("Among the reeds"));
    QCOMPARE(hits.at(0).marks, QList<TextRange>({{10, 5}}));
    const SearchHit& hit = hits.at(1);
    QCOMPARE(hit.message, id);
    QCOMPARE(hit.conversation, m_conversation);
    QCOMPARE(hit.title, QStringLiteral("Among the reeds"));
    QCOMPARE(hit.role, Role::User);
    QCOMPARE(hit.date, m_store->message(id).created);
    QVERIFY(hit.snippet.startsWith(QChar(0x2026)) && hit.snippet.endsWith(QChar(0x2026)));
    QVERIFY(!hit.snippet.contains(QLatin1Char('\n')));
    QVERIFY(hit.snippet.size() <= 162);
    QCOMPARE(hit.marks.size(), 2);
    for (const TextRange& mark : hit.marks) {
        QCOMPARE(hit.snippet.mid(mark.start, mark.length), QStringLiteral("reeds"));
    }
}

void TestStoreSearch::takesSignsLiterally_data() {
    QTest::addColumn<QString>("query");
    for (const char* query :
         {"\"quoted\"", "a\"b\"c", "100%",   "under_score", "AND",     "NOT", "fox*",  "^fox",  "(fox", "fox)",
          "text:",      "-fox",    "NEAR(a", "'; DROP",     "<|eos|>", "[x]", "\\\\n", "{fox}", "+fox", "?1?"}) {
        QTest::newRow(query) << QString::fromUtf8(query);
    }
}

void TestStoreSearch::takesSignsLiterally() {
    QFETCH(const QString, query);
    const qint64 id = add(QStringLiteral("before ") + query + QStringLiteral(" after"));
    add(QStringLiteral("the fox x quoted 100 underXscore abc text eos near drop ?"));
    QCOMPARE(find(query), QList<qint64>({id}));
}

void TestStoreSearch::findsShortWords() {
    const qint64 a = add(QStringLiteral("狐和船"));
    const qint64 b = add(QStringLiteral("a 🦊 in C++"));
    const qint64 c = add(QStringLiteral("100% it is"));
    QCOMPARE(find(QStringLiteral("狐")), QList<qint64>({a}));
    QCOMPARE(find(QStringLiteral("和船")), QList<qint64>({a}));
    QCOMPARE(find(QStringLiteral("狐和船")), QList<qint64>({a}));
    QCOMPARE(find(QStringLiteral("🦊")), QList<qint64>({b}));
    QCOMPARE(find(QStringLiteral("+")), QList<qint64>({b}));
    QCOMPARE(find(QStringLiteral("%")), QList<qint64>({c}));
    QCOMPARE(find(QStringLiteral("_")), QList<qint64>());
    QCOMPARE(find(QStringLiteral("IT")), QList<qint64>({c}));
    QCOMPARE(m_store->search(QStringLiteral("#")).hits.size(), 1);
    QCOMPARE(m_store->search(QStringLiteral("#")).hits.first().conversation, m_conversation);
}

void TestStoreSearch::needsEveryWord() {
    const qint64 both = add(QStringLiteral("a boat for the fox"));
    add(QStringLiteral("only a boat"));
    add(QStringLiteral("only the fox"));
    const qint64 mixed = add(QStringLiteral("fox no 7"));
    QCOMPARE(find(QStringLiteral("fox boat")), QList<qint64>({both}));
    QCOMPARE(find(QStringLiteral("  boat\t fox  ")), QList<qint64>({both}));
    QCOMPARE(find(QStringLiteral("fox 7")), QList<qint64>({mixed}));
    QCOMPARE(find(QStringLiteral("7 no")), QList<qint64>({mixed}));
    const SearchHit hit = m_store->search(QStringLiteral("fox boat")).hits.first();
    QCOMPARE(hit.marks, QList<TextRange>({{2, 4}, {15, 3}}));
}

void TestStoreSearch::findsWhatTheIndexDoesNotHold() {
    const qint64 nul = add(QStringLiteral("before ") + QChar(0) + QStringLiteral(" behind needle"));
    const qint64 big = add(QStringLiteral("hay ").repeated(200000) + QStringLiteral("needle"));
    const qint64 plain = add(QStringLiteral("needle"));
    QCOMPARE(find(QStringLiteral("needle")), QList<qint64>({plain, big, nul}));
    QCOMPARE(find(QStringLiteral("behind needle")), QList<qint64>({nul}));
    QCOMPARE(find(QChar(0) + QStringLiteral(" behind")), QList<qint64>({nul}));
}

void TestStoreSearch::ignoresCase() {
    const qint64 id = add(QStringLiteral("ÄRGER im Straßenbau, ΣΊΣΥΦΟΣ"));
    QCOMPARE(find(QStringLiteral("ärger")), QList<qint64>({id}));
    QCOMPARE(find(QStringLiteral("STRAßEN")), QList<qint64>({id}));
    QCOMPARE(find(QStringLiteral("σίσυφος")), QList<qint64>({id}));
    QCOMPARE(find(QStringLiteral("är")), QList<qint64>({id}));
}

void TestStoreSearch::ordersAndLimits() {
    QList<qint64> ids;
    for (int i = 0; i < 20; ++i) {
        ids.prepend(add(QStringLiteral("needle no %1").arg(i)));
    }
    QCOMPARE(find(QStringLiteral("needle")), ids);
    QVERIFY(m_store->search(QStringLiteral("needle")).complete);
    for (const QString& query : {QStringLiteral("needle"), QStringLiteral("no"), QStringLiteral("needle no")}) {
        const SearchResult few = m_store->search(query, 5);
        QCOMPARE(few.hits.size(), 5);
        QCOMPARE(few.hits.first().message, ids.first());
        QVERIFY(!few.complete);
        QVERIFY(m_store->search(query, 20).complete);
    }
}

void TestStoreSearch::findsNothingForNothing() {
    add(QStringLiteral("text"));
    for (const QString& query : {QString(), QStringLiteral(" \n\t"), QStringLiteral("nowhere"), QString(10000, 'q')}) {
        const SearchResult found = m_store->search(query);
        QVERIFY(found.hits.isEmpty());
        QVERIFY(found.complete);
    }
}

void TestStoreSearch::cutsSnippetsAtCharacters() {
    for (int shift = 0; shift < 4; ++shift) {
        add(QString(shift, QLatin1Char('a')) + QStringLiteral("🦊").repeated(100) + QStringLiteral("needle") +
            QStringLiteral("⛵🦊").repeated(100));
    }
    const QList<SearchHit> hits = m_store->search(QStringLiteral("needle")).hits;
    QCOMPARE(hits.size(), 4);
    for (const SearchHit& hit : hits) {
        QVERIFY(hit.snippet.isValidUtf16());
        QCOMPARE(hit.snippet.mid(hit.marks.first().start, hit.marks.first().length), QStringLiteral("needle"));
    }
}

void TestStoreSearch::leavesOutWhatStandsBeforeAnAnswer() {
    const qint64 prompt = add(QStringLiteral("?"));
    const qint64 answer = m_store->beginAnswer({m_conversation, prompt, {}, {}, {}}).id;
    const QString thinking = QStringLiteral("<think>\n🦊 a heron, 狐\n</think>\n\n");
    const auto characters = static_cast<qint64>(thinking.toUcs4().size());
    QVERIFY(characters < thinking.size()); // the fox has two UTF-16 units
    m_store->appendAnswer(answer, thinking, {});
    m_store->setAnswerBegin(answer, 1'000'000); // it thinks
    m_store->finishAnswer(answer, {}, {}, {});
    for (const char* query : {"heron", "狐", "think"}) {
        QCOMPARE(find(QString::fromUtf8(query)), QList<qint64>());
    }
    m_store->resumeAnswer(answer);
    AnswerEnd end;
    end.answer_begin = characters;
    m_store->finishAnswer(answer, QStringLiteral("🦊 in the reeds, 船"), {}, end);
    for (const char* query : {"heron", "狐", "think", "heron reeds", "狐 船"}) {
        QCOMPARE(find(QString::fromUtf8(query)), QList<qint64>());
    }
    for (const char* query : {"reeds", "船", "🦊", "🦊 in"}) {
        QCOMPARE(find(QString::fromUtf8(query)), QList<qint64>({answer}));
    }
    const SearchHit hit = m_store->search(QStringLiteral("reeds")).hits.first();
    QCOMPARE(hit.snippet, QStringLiteral("🦊 in the reeds, 船"));
    QCOMPARE(hit.snippet.mid(hit.marks.first().start, hit.marks.first().length), QStringLiteral("reeds"));

    // One that the index does not hold is read, and cut as well.
    const qint64 odd = m_store->beginAnswer({m_conversation, prompt, {}, {}, {}}).id;
    m_store->setAnswerBegin(odd, 6);
    m_store->finishAnswer(odd, QStringLiteral("heron reeds ") + QChar(0) + QStringLiteral("nul"), {}, {});
    QCOMPARE(find(QStringLiteral("heron")), QList<qint64>());
    QCOMPARE(find(QStringLiteral("reeds nul")), QList<qint64>({odd}));
}

void TestStoreSearch::canBeCancelled() {
    add(QStringLiteral("needle"));
    const std::atomic<bool> cancel = true;
    const SearchResult found = m_store->search(QStringLiteral("needle"), 10, &cancel);
    QVERIFY(found.hits.isEmpty());
    QVERIFY(!found.complete);
}

QTEST_GUILESS_MAIN(TestStoreSearch)
#include "tst_store_search.moc"
