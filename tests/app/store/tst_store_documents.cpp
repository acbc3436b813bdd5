// SPDX-License-Identifier: Apache-2.0
// Documents beside prompts and drafts, and the part of its branch that an answer is given.
#include "tests/app/store/storetesting.h"

#include <QTemporaryDir>
#include <QTest>

using namespace moescope;
using namespace moescope::store;
using namespace moescope::store::testing;

namespace {

QString longText(qsizetype lines) {
    QString text;
    for (qsizetype i = 0; i < lines; ++i) {
        text += QStringLiteral("line %1 of a quiet river\n").arg(i);
    }
    return text;
}

} // namespace

class TestStoreDocuments : public QObject {
    Q_OBJECT
private slots:
    void init();
    void cleanup();
    void composesAFenceThatNoTextHolds();
    void keepsDocumentsApartFromWords();
    void readsAnyFieldWithoutFailing_data();
    void readsAnyFieldWithoutFailing();
    void searchesDocuments();
    void keepsDraftsWithTheirDocuments();
    void keepsWhatAnAnswerWasGiven();
    void readsAnewBehindAnotherView();

private:
    void reopen();

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Store> m_store;
    qint64 m_conversation = 0;
};

void TestStoreDocuments::init() {
    m_folder = std::make_unique<QTemporaryDir>();
    m_store = std::make_unique<Store>(m_folder->path());
    m_conversation = m_store->addConversation().id;
}

void TestStoreDocuments::cleanup() {
    m_store.reset();
    m_folder.reset();
}

void TestStoreDocuments::reopen() {
    m_store.reset();
    m_store = std::make_unique<Store>(m_folder->path());
}

void TestStoreDocuments::composesAFenceThatNoTextHolds() {
    const PromptText plain = composePrompt({}, QStringLiteral("Hello"));
    QCOMPARE(plain.text, QStringLiteral("Hello"));
    QCOMPARE(plain.words_begin, 0);
    const QString nasty = QStringLiteral("a\n```\nb ````` c");
    const PromptText prompt =
        composePrompt({{QStringLiteral("a.md"), nasty, 7}, {QStringLiteral("b.txt"), QStringLiteral("x\n"), 0}},
                      QStringLiteral("What is it?"));
    QCOMPARE(prompt.text,
             QStringLiteral("a.md:\n``````\na\n```\nb ````` c\n``````\n\nb.txt:\n```\nx\n```\n\nWhat is it?"));
    QCOMPARE(prompt.documents.size(), 2);
    QCOMPARE(prompt.text.mid(prompt.documents[0].begin, prompt.documents[0].end - prompt.documents[0].begin), nasty);
    QCOMPARE(prompt.text.mid(prompt.words_begin), QStringLiteral("What is it?"));
    QCOMPARE(
        documentsOf(prompt.text, prompt.documents),
        (QList<Document>{{QStringLiteral("a.md"), nasty, 7}, {QStringLiteral("b.txt"), QStringLiteral("x\n"), 0}}));
}

void TestStoreDocuments::keepsDocumentsApartFromWords() {
    // A name that turns the direction of text or breaks the line is one line.
    const QString name = QStringLiteral("in\u202Evoice\n<b>.txt");
    const QString text = QStringLiteral("\uFEFFeins\uFFFFzwei 🦊\n");
    const Message prompt = m_store->addPrompt(m_conversation, 0, QStringLiteral("Sum it up"), {{name, text, 12}});
    reopen();
    const Message found = m_store->message(prompt.id);
    QCOMPARE(found.documents.size(), 1);
    QVERIFY(!found.documents[0].name.contains(QChar(0x202E)) && !found.documents[0].name.contains(QLatin1Char('\n')));
    QCOMPARE(found.documents[0].tokens, 12U);
    QCOMPARE(found.text.mid(found.words_begin), QStringLiteral("Sum it up"));
    QCOMPARE(documentsOf(found.text, found.documents)[0].text, QStringLiteral("eins\uFFFDzwei 🦊\n"));
    QCOMPARE(m_store->conversation(m_conversation).title, QStringLiteral("Sum it up"));
    // Without words the document names the chat.
    const qint64 other = m_store->addConversation().id;
    m_store->addPrompt(other, 0, {}, {{QStringLiteral("plan.md"), QStringLiteral("a"), 1}});
    QCOMPARE(m_store->conversation(other).title, QStringLiteral("plan.md"));
}

void TestStoreDocuments::readsAnyFieldWithoutFailing_data() {
    QTest::addColumn<QString>("field");
    QTest::newRow("no JSON") << QStringLiteral("nonsense");
    QTest::newRow("another kind") << QStringLiteral("[1, 2]");
    QTest::newRow("behind the text") << QStringLiteral(R"({"documents":[{"name":"a","begin":0,"end":999}],"words":0})");
    QTest::newRow("backwards") << QStringLiteral(R"({"documents":[{"name":"a","begin":4,"end":2}],"words":4})");
    QTest::newRow("negative") << QStringLiteral(R"({"documents":[{"name":"a","begin":-4,"end":2}],"words":4})");
    QTest::newRow("words inside") << QStringLiteral(R"({"documents":[{"name":"a","begin":0,"end":3}],"words":2})");
    QTest::newRow("huge") << QStringLiteral(R"({"documents":[{"name":"a","begin":0,"end":3}],"words":1e300})");
}

void TestStoreDocuments::readsAnyFieldWithoutFailing() {
    QFETCH(const QString, field);
    const Message prompt = m_store->addPrompt(m_conversation, 0, QStringLiteral("Words"), {{"a", "text", 1}});
    const QString whole = prompt.text;
    m_store.reset();
    {
        RawDatabase raw(databaseIn(m_folder->path()));
        raw.run(QStringLiteral("UPDATE messages SET documents = '%1'").arg(field));
    }
    reopen();
    const Message found = m_store->message(prompt.id);
    QCOMPARE(found.text, whole);
    QVERIFY(found.documents.isEmpty());
    QCOMPARE(found.words_begin, 0);
}

void TestStoreDocuments::searchesDocuments() {
    m_store->addPrompt(m_conversation, 0, QStringLiteral("What is it about?"),
                       {{QStringLiteral("a.txt"), longText(200) + QStringLiteral("the heron waits"), 9}});
    const SearchResult found = m_store->search(QStringLiteral("heron waits"));
    QCOMPARE(found.hits.size(), 1);
    QVERIFY(found.hits[0].snippet.contains(QStringLiteral("heron")));
}

void TestStoreDocuments::keepsDraftsWithTheirDocuments() {
    const QList<Document> two{{QStringLiteral("a.txt"), longText(10), 50},
                              {QStringLiteral("b.txt"), QStringLiteral("b"), 1}};
    m_store->setDraftDocuments(m_conversation, two);
    m_store->setDraftDocuments(0, {two[1]});
    reopen();
    QCOMPARE(m_store->draftDocuments(m_conversation), two);
    QCOMPARE(m_store->draftDocuments(0), QList<Document>{two[1]});
    QCOMPARE(errorOf([&] { m_store->setDraftDocuments(999, two); }), std::string("store.not_found"));
    // What is sent is no draft any more; the chat that is not stored yet has its own.
    m_store->addPrompt(m_conversation, 0, QStringLiteral("Now"), two);
    QVERIFY(m_store->draftDocuments(m_conversation).isEmpty());
    QCOMPARE(m_store->draftDocuments(0).size(), 1);
    m_store->setDraftDocuments(0, {});
    QVERIFY(m_store->draftDocuments(0).isEmpty());
}

void TestStoreDocuments::keepsWhatAnAnswerWasGiven() {
    const auto answer = [this](qint64 parent, const ContextView& view) {
        AnswerStart start;
        start.conversation = m_conversation;
        start.parent = parent;
        start.view = view;
        const qint64 id = m_store->beginAnswer(start).id;
        m_store->finishAnswer(id, QStringLiteral("Yes"), {}, {});
        return id;
    };
    const qint64 one = m_store->addPrompt(m_conversation, 0, QStringLiteral("One")).id;
    const qint64 first = answer(one, {});
    const qint64 two = m_store->addPrompt(m_conversation, first, QStringLiteral("Two")).id;
    const qint64 second = answer(two, {two, 31});
    const qint64 other = answer(two, {});
    const qint64 three = m_store->addPrompt(m_conversation, second, QStringLiteral("Three")).id;
    reopen();
    const QList<Message> tree = m_store->messages(m_conversation);
    QVERIFY(m_store->message(second).view == (ContextView{two, 31}));
    QVERIFY(viewAt(tree, first) == ContextView());
    QVERIFY(viewAt(tree, three) == (ContextView{two, 31})); // the next answer sees no more
    QVERIFY(viewAt(tree, other) == ContextView());
    const auto ids = [](const QList<Message>& messages) {
        QList<qint64> found;
        for (const Message& message : messages) {
            found.append(message.id);
        }
        return found;
    };
    QCOMPARE(ids(branch(tree, three, viewAt(tree, three))), (QList<qint64>{two, second, three}));
    QCOMPARE(ids(branch(tree, three, {first + 1000, 1})), (QList<qint64>{one, first, two, second, three}));
    // A message of another conversation is none of its branch.
    const qint64 foreign = m_store->addConversation().id;
    const qint64 there = m_store->addPrompt(foreign, 0, QStringLiteral("There")).id;
    QCOMPARE(errorOf([&] { answer(two, {there, 1}); }), std::string("store.not_found"));
    m_store->remove(m_conversation);
    RawDatabase raw(databaseIn(m_folder->path()));
    QVERIFY(raw.run(QStringLiteral("PRAGMA foreign_key_check")).isEmpty());
}

void TestStoreDocuments::readsAnewBehindAnotherView() {
    const qint64 one = m_store->addPrompt(m_conversation, 0, QStringLiteral("One")).id;
    AnswerStart start;
    start.conversation = m_conversation;
    start.parent = one;
    const qint64 id = m_store->beginAnswer(start).id;
    AnswerEnd end;
    end.stop_reason = trace::StopReason::Context;
    end.timings.decode_tokens = 4;
    m_store->finishAnswer(id, QStringLiteral("Once upon"), {makeToken(0), makeToken(1)}, end);
    QCOMPARE(m_store->traces(id).tokens.size(), size_t(2));
    const Message resumed = m_store->resumeAnswer(id, {one, 5});
    QCOMPARE(resumed.text, QStringLiteral("Once upon"));
    QVERIFY(resumed.state == MessageState::Streaming);
    QVERIFY(resumed.view == (ContextView{one, 5}));
    QVERIFY(!resumed.stop_reason);
    QVERIFY(m_store->traces(id).tokens.empty());
    QCOMPARE(errorOf([&] { m_store->resumeAnswer(id, {}); }), std::string("store.wrong_state"));
}

QTEST_GUILESS_MAIN(TestStoreDocuments)
#include "tst_store_documents.moc"
