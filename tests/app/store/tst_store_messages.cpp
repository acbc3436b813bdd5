// SPDX-License-Identifier: Apache-2.0
#include "tests/app/store/storetesting.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

#include <limits>

using namespace moescope;
using namespace moescope::store;
using namespace moescope::store::testing;

class TestStoreMessages : public QObject {
    Q_OBJECT
private slots:
    void init();
    void cleanup();
    void storesThePromptBeforeTheAnswer();
    void keepsEveryFieldOfAnAnswer();
    void keepsTheTree();
    void refusesForeignParents();
    void keepsAnyText_data();
    void keepsAnyText();
    void repairsWhatIsNoText();
    void appendsToAnAnswer();
    void appendsQuickly();
    void interruptsWhatWasStreaming();
    void resumes();
    void refusesChangesInTheWrongState();
    void namesEveryState();
    void neverUsesAnIdTwice();
    void opensALongConversation();

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Store> m_store;
    qint64 m_conversation = 0;
};

void TestStoreMessages::init() {
    m_folder = std::make_unique<QTemporaryDir>();
    m_store = std::make_unique<Store>(m_folder->path());
    m_conversation = m_store->addConversation().id;
}

void TestStoreMessages::cleanup() {
    m_store.reset();
    m_folder.reset();
}

void TestStoreMessages::storesThePromptBeforeTheAnswer() {
    const Message prompt = m_store->addPrompt(m_conversation, 0, QStringLiteral("Hello"));
    QCOMPARE(prompt.role, Role::User);
    QCOMPARE(prompt.state, MessageState::Complete);
    QCOMPARE(prompt.text, QStringLiteral("Hello"));
    QCOMPARE(prompt.parent, 0);
    RawDatabase raw(databaseIn(m_folder->path())); // another connection sees what is committed
    QCOMPARE(raw.run(QStringLiteral("SELECT text FROM messages")), QVariantList{QStringLiteral("Hello")});
}

void TestStoreMessages::keepsEveryFieldOfAnAnswer() {
    const qint64 prompt = m_store->addPrompt(m_conversation, 0, QStringLiteral("Hello")).id;
    AnswerStart start;
    start.conversation = m_conversation;
    start.parent = prompt;
    start.model = {QStringLiteral("Nano"), QStringLiteral("nano.gguf"), QStringLiteral("q6_k"), 388'952'367'104ULL,
                   52'000'000'000ULL};
    start.sampling = {{QStringLiteral("temperature"), 0.5}, {QStringLiteral("top_k"), 40}};
    start.seed = std::numeric_limits<quint64>::max();
    start.recipe.banned = {{5, 6}};
    start.recipe.biases = {{{2, 0}, -1.5F}};
    const Message begun = m_store->beginAnswer(start);
    QCOMPARE(begun.state, MessageState::Streaming);
    QCOMPARE(begun.role, Role::Assistant);
    QCOMPARE(begun.parent, prompt);
    QCOMPARE(m_store->conversation(m_conversation).current_leaf, begun.id);
    AnswerEnd end;
    end.state = MessageState::Failed;
    end.timings.prefill_ms = 12.25;
    end.timings.prefill_tokens = 20;
    end.timings.reused_tokens = 7;
    end.timings.first_token_ms = 13.5;
    end.timings.decode_ms = 401.125;
    end.timings.decode_tokens = 40;
    end.stop_reason = trace::StopReason::Length;
    end.error_id = QStringLiteral("vulkan.device_lost");
    end.error = QStringLiteral("The device was lost.");
    end.thinking = {350.5, 31};
    m_store->finishAnswer(begun.id, QStringLiteral("Hi"), {}, end);
    m_store.reset();
    m_store = std::make_unique<Store>(m_folder->path());
    QCOMPARE(m_store->report().interrupted, 0);
    const Message found = m_store->message(begun.id);
    QCOMPARE(found.state, MessageState::Failed);
    QCOMPARE(found.text, QStringLiteral("Hi"));
    QCOMPARE(found.model.name, start.model.name);
    QCOMPARE(found.model.file, start.model.file);
    QCOMPARE(found.model.type, start.model.type);
    QCOMPARE(found.model.parameters, start.model.parameters);
    QCOMPARE(found.model.active_parameters, start.model.active_parameters);
    QCOMPARE(found.sampling, start.sampling);
    QCOMPARE(found.seed.value(), std::numeric_limits<quint64>::max());
    QVERIFY(found.recipe.intervention == start.recipe);
    QVERIFY(!found.recipe.error);
    QCOMPARE(found.timings.prefill_ms, 12.25);
    QCOMPARE(found.timings.prefill_tokens, 20U);
    QCOMPARE(found.timings.reused_tokens, 7U);
    QCOMPARE(found.timings.first_token_ms, 13.5);
    QCOMPARE(found.timings.decode_ms, 401.125);
    QCOMPARE(found.timings.decode_tokens, 40U);
    QCOMPARE(found.thinking.ms, 350.5);
    QCOMPARE(found.thinking.tokens, 31U);
    QVERIFY(found.stop_reason == trace::StopReason::Length);
    QCOMPARE(found.error_id, end.error_id);
    QCOMPARE(found.error, end.error);
    QCOMPARE(found.created, begun.created);
}

void TestStoreMessages::keepsTheTree() {
    const qint64 first = m_store->addPrompt(m_conversation, 0, QStringLiteral("one")).id;
    const auto answer = [&](qint64 parent, const QString& text) {
        const qint64 id = m_store->beginAnswer({m_conversation, parent, {}, {}, {}}).id;
        m_store->finishAnswer(id, text, {}, {});
        return id;
    };
    const qint64 a = answer(first, QStringLiteral("A"));
    const qint64 b = answer(first, QStringLiteral("B")); // regenerated
    const qint64 second = m_store->addPrompt(m_conversation, b, QStringLiteral("two")).id;
    const qint64 c = answer(second, QStringLiteral("C"));
    const qint64 edited = m_store->addPrompt(m_conversation, 0, QStringLiteral("one, edited")).id;
    const QList<Message> all = m_store->messages(m_conversation);
    QCOMPARE(all.size(), 6);
    const auto ids = [](const QList<Message>& messages) {
        QList<qint64> list;
        for (const Message& message : messages) {
            list.append(message.id);
        }
        return list;
    };
    QCOMPARE(ids(branch(all, c)), QList<qint64>({first, b, second, c}));
    QCOMPARE(ids(branch(all, a)), QList<qint64>({first, a}));
    QCOMPARE(ids(branch(all, edited)), QList<qint64>({edited}));
    QVERIFY(branch(all, 12345).isEmpty());
    QCOMPARE(versions(all, a), QList<qint64>({a, b}));
    QCOMPARE(versions(all, first), QList<qint64>({first, edited}));
    QCOMPARE(versions(all, c), QList<qint64>({c}));
    QVERIFY(versions(all, 12345).isEmpty());
    QCOMPARE(newestLeaf(all, first), c);
    QCOMPARE(newestLeaf(all, a), a);
    QCOMPARE(newestLeaf(all, b), c);
    const qint64 late = answer(a, QStringLiteral("late"));
    QCOMPARE(newestLeaf(m_store->messages(m_conversation), first), late);
    QCOMPARE(m_store->conversation(m_conversation).current_leaf, late);
    m_store->setCurrentLeaf(m_conversation, a);
    QCOMPARE(m_store->conversation(m_conversation).current_leaf, a);
}

void TestStoreMessages::refusesForeignParents() {
    const qint64 other = m_store->addConversation().id;
    const qint64 foreign = m_store->addPrompt(other, 0, QStringLiteral("x")).id;
    QCOMPARE(errorOf([&] { m_store->addPrompt(m_conversation, foreign, QStringLiteral("y")); }), "store.not_found");
    QCOMPARE(errorOf([&] { m_store->addPrompt(m_conversation, 777, QStringLiteral("y")); }), "store.not_found");
    QCOMPARE(errorOf([&] { m_store->addPrompt(777, 0, QStringLiteral("y")); }), "store.not_found");
    QCOMPARE(errorOf([&] { m_store->beginAnswer({m_conversation, foreign, {}, {}, {}}); }), "store.not_found");
    QCOMPARE(errorOf([&] { m_store->setCurrentLeaf(m_conversation, foreign); }), "store.not_found");
    QCOMPARE(errorOf([&] { m_store->setCurrentLeaf(m_conversation, 0); }), "store.not_found");
    QVERIFY(m_store->messages(m_conversation).isEmpty());
    QCOMPARE(m_store->conversation(m_conversation).title, QString());
}

void TestStoreMessages::keepsAnyText_data() {
    QTest::addColumn<QString>("text");
    QTest::newRow("empty") << QString();
    QTest::newRow("nul") << QStringLiteral("before") + QChar(0) + QStringLiteral("after") + QChar(0);
    QTest::newRow("emoji") << QStringLiteral("👩‍👩‍👧‍👦 🦊⛵ e\u0301");
    QTest::newRow("sql") << QStringLiteral("'; DROP TABLE messages; -- \" ? :name @x $y %s `");
    QTest::newRow("special tokens") << QStringLiteral("<|eos|><|endoftext|>");
    QTest::newRow("terminal") << QStringLiteral("\x1b]0;title\x07\x1b[31m");
    QTest::newRow("line ends") << QStringLiteral("a\r\nb\rc\n\u2028\u2029");
    QTest::newRow("joiners and marks") << QStringLiteral("x\uFEFF\u200B\u202E\uFFFD\U0010FFFD");
    QTest::newRow("10 MB") << QStringLiteral("The fox found a boat. 狐 ").repeated(10 * 1000 * 1000 / 24);
}

void TestStoreMessages::keepsAnyText() {
    QFETCH(const QString, text);
    const Message prompt = m_store->addPrompt(m_conversation, 0, text);
    m_store->setDraft(m_conversation, text);
    m_store->setSystemPrompt(m_conversation, text);
    const qint64 answer = m_store->beginAnswer({m_conversation, prompt.id, {}, {}, {}}).id;
    m_store->appendAnswer(answer, text, {});
    QVERIFY(m_store->message(answer).text == text);
    m_store->finishAnswer(answer, text, {}, {});
    m_store.reset();
    m_store = std::make_unique<Store>(m_folder->path());
    QVERIFY(m_store->message(prompt.id).text == text);
    QVERIFY(m_store->message(answer).text == text + text);
    QVERIFY(m_store->conversation(m_conversation).draft == text);
    QVERIFY(m_store->conversation(m_conversation).system_prompt == text);
    QVERIFY(m_store->conversation(m_conversation).title.size() <= 60);
}

void TestStoreMessages::repairsWhatIsNoText() {
    const QString fox = QStringLiteral("🦊");
    const QChar high = fox.at(0);
    const QChar low = fox.at(1);
    const QChar mark(QChar::ReplacementCharacter);
    const QString bad = QString(low) + QLatin1Char('a') + high + QLatin1Char('b') + fox + high + high + low + high;
    const QString good = QString(mark) + QLatin1Char('a') + mark + QLatin1Char('b') + fox + mark + fox + mark;
    QCOMPARE(m_store->addPrompt(m_conversation, 0, bad).text, good);
    m_store->rename(m_conversation, bad);
    QCOMPARE(m_store->conversation(m_conversation).title, good);
    m_store->search(bad);
    // What SQLite itself would change without a word.
    QCOMPARE(m_store->addPrompt(m_conversation, 0, QStringLiteral("\uFEFFa\uFFFE\uFFFF\uFEFF")).text,
             QStringLiteral("a\uFFFD\uFFFD\uFEFF"));
    QCOMPARE(m_store->addPrompt(m_conversation, 0, QStringLiteral("\uFEFF")).text, QString());
}

void TestStoreMessages::appendsToAnAnswer() {
    const qint64 prompt = m_store->addPrompt(m_conversation, 0, QStringLiteral("x")).id;
    const qint64 answer = m_store->beginAnswer({m_conversation, prompt, {}, {}, {}}).id;
    m_store->appendAnswer(answer, QStringLiteral("Once "), {makeToken(0), makeToken(1)});
    m_store->appendAnswer(answer, QString(), {makeToken(2)}); // a token that shows nothing yet
    m_store->appendAnswer(answer, QStringLiteral("upon "), {});
    QCOMPARE(m_store->message(answer).text, QStringLiteral("Once upon "));
    QCOMPARE(m_store->messages(m_conversation).last().text, QStringLiteral("Once upon "));
    QCOMPARE(m_store->messages(m_conversation).last().state, MessageState::Streaming);
    QCOMPARE(m_store->message(answer).timings.decode_tokens, 1U); // of the three, one was generated
    const Message done = m_store->finishAnswer(answer, QStringLiteral("a time"), {makeToken(3)}, {});
    QCOMPARE(done.text, QStringLiteral("Once upon a time"));
    QCOMPARE(m_store->traces(answer).tokens.size(), size_t(4));
    QVERIFY(m_store->traces(prompt).tokens.empty());
    QCOMPARE(m_store->search(QStringLiteral("upon a time")).hits.size(), 1);
}

void TestStoreMessages::appendsQuickly() {
    const qint64 prompt = m_store->addPrompt(m_conversation, 0, QStringLiteral("x")).id;
    const qint64 answer = m_store->beginAnswer({m_conversation, prompt, {}, {}, {}}).id;
    m_store->appendAnswer(answer, QString(5'000'000, QLatin1Char('a')), {});
    QElapsedTimer timer;
    timer.start();
    for (int i = 0; i < 50; ++i) {
        m_store->appendAnswer(answer, QStringLiteral("word "), {makeToken(i)});
    }
    qInfo("one flush to a long answer: %.2f ms", static_cast<double>(timer.elapsed()) / 50);
    QVERIFY(timer.elapsed() < 50 * 20);
}

void TestStoreMessages::interruptsWhatWasStreaming() {
    const qint64 prompt = m_store->addPrompt(m_conversation, 0, QStringLiteral("x")).id;
    const qint64 answer = m_store->beginAnswer({m_conversation, prompt, {}, {}, {}}).id;
    const qint64 empty = m_store->beginAnswer({m_conversation, prompt, {}, {}, {}}).id;
    m_store->appendAnswer(answer, QStringLiteral("Once "), {makeToken(0)});
    m_store->appendAnswer(answer, QStringLiteral("upon"), {makeToken(1)});
    m_store.reset();
    m_store = std::make_unique<Store>(m_folder->path());
    QCOMPARE(m_store->report().interrupted, 2);
    QCOMPARE(m_store->message(answer).state, MessageState::Interrupted);
    QCOMPARE(m_store->message(answer).text, QStringLiteral("Once upon"));
    QCOMPARE(m_store->message(empty).state, MessageState::Interrupted);
    QCOMPARE(m_store->message(empty).text, QString());
    QCOMPARE(m_store->traces(answer).tokens.size(), size_t(2));
    QCOMPARE(m_store->search(QStringLiteral("once upon")).hits.size(), 1);
}

void TestStoreMessages::resumes() {
    const qint64 prompt = m_store->addPrompt(m_conversation, 0, QStringLiteral("x")).id;
    const qint64 answer = m_store->beginAnswer({m_conversation, prompt, {}, {}, {}}).id;
    m_store->appendAnswer(answer, QStringLiteral("Once "), {makeToken(0)});
    m_store.reset();
    m_store = std::make_unique<Store>(m_folder->path());
    QCOMPARE(m_store->resumeAnswer(answer).state, MessageState::Streaming);
    m_store->appendAnswer(answer, QStringLiteral("upon "), {makeToken(1)});
    QCOMPARE(m_store->message(answer).text, QStringLiteral("Once upon "));
    m_store.reset(); // again
    m_store = std::make_unique<Store>(m_folder->path());
    QCOMPARE(m_store->message(answer).text, QStringLiteral("Once upon "));
    m_store->resumeAnswer(answer);
    m_store->finishAnswer(answer, QStringLiteral("a time"), {makeToken(2)}, {});
    QCOMPARE(m_store->message(answer).text, QStringLiteral("Once upon a time"));
    QCOMPARE(m_store->message(answer).state, MessageState::Complete);
    const StoredTraces traces = m_store->traces(answer);
    QCOMPARE(traces.tokens.size(), size_t(3));
    QCOMPARE(traces.tokens.back()->token, makeToken(2)->token);
    QCOMPARE(m_store->search(QStringLiteral("once upon a time")).hits.size(), 1);
}

void TestStoreMessages::refusesChangesInTheWrongState() {
    const qint64 prompt = m_store->addPrompt(m_conversation, 0, QStringLiteral("x")).id;
    const qint64 answer = m_store->beginAnswer({m_conversation, prompt, {}, {}, {}}).id;
    QCOMPARE(errorOf([&] { m_store->resumeAnswer(answer); }), "store.wrong_state");
    QCOMPARE(errorOf([&] { m_store->appendAnswer(prompt, QStringLiteral("y"), {}); }), "store.not_found");
    QCOMPARE(errorOf([&] { m_store->appendAnswer(999, QStringLiteral("y"), {}); }), "store.not_found");
    AnswerEnd end;
    end.state = MessageState::Streaming;
    QCOMPARE(errorOf([&] { m_store->finishAnswer(answer, QString(), {}, end); }), "store.invalid");
    m_store->finishAnswer(answer, QStringLiteral("done"), {}, {});
    QCOMPARE(errorOf([&] { m_store->finishAnswer(answer, QStringLiteral("twice"), {}, {}); }), "store.wrong_state");
    QCOMPARE(errorOf([&] { m_store->appendAnswer(answer, QStringLiteral("y"), {}); }), "store.wrong_state");
    QCOMPARE(m_store->message(answer).text, QStringLiteral("done"));
    QCOMPARE(errorOf([&] { m_store->message(999); }), "store.not_found");
}

void TestStoreMessages::namesEveryState() {
    const qint64 prompt = m_store->addPrompt(m_conversation, 0, QStringLiteral("x")).id;
    for (const MessageState state :
         {MessageState::Complete, MessageState::Interrupted, MessageState::Cancelled, MessageState::Failed}) {
        for (const trace::StopReason reason :
             {trace::StopReason::Eos, trace::StopReason::Stop, trace::StopReason::Length, trace::StopReason::Context,
              trace::StopReason::Cancelled}) {
            const qint64 id = m_store->beginAnswer({m_conversation, prompt, {}, {}, {}}).id;
            AnswerEnd end;
            end.state = state;
            end.stop_reason = reason;
            const Message ended = m_store->finishAnswer(id, QString(), {}, end);
            QCOMPARE(ended.state, state);
            QVERIFY(ended.stop_reason == reason);
        }
    }
}

void TestStoreMessages::neverUsesAnIdTwice() {
    const qint64 gone = m_store->addPrompt(m_conversation, 0, QStringLiteral("x")).id;
    m_store->remove(m_conversation);
    m_store.reset();
    StoreOptions options;
    options.purge_after_days = -1;
    m_store = std::make_unique<Store>(m_folder->path(), options);
    QCOMPARE(m_store->report().purged, 1);
    const qint64 next = m_store->addConversation().id;
    QVERIFY(next > m_conversation);
    QVERIFY(m_store->addPrompt(next, 0, QStringLiteral("y")).id > gone);
}

void TestStoreMessages::opensALongConversation() {
    m_store.reset();
    {
        RawDatabase raw(databaseIn(m_folder->path()));
        raw.run(QStringLiteral("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
                               "INSERT INTO messages (id, conversation, parent, role, state, created, sampling, "
                               "indexed, text) SELECT i, %1, CASE i WHEN 1 THEN NULL ELSE i - 1 END, "
                               "CASE i % 2 WHEN 1 THEN 'user' ELSE 'assistant' END, 'complete', i, "
                               "'{\"temperature\":0.8,\"top_k\":40}', 0, replace(hex(zeroblob(100)), '00', 'word ') "
                               "FROM n")
                    .arg(m_conversation));
    }
    m_store = std::make_unique<Store>(m_folder->path());
    QElapsedTimer timer;
    timer.start();
    const QList<Message> all = m_store->messages(m_conversation);
    qInfo("10,000 messages of one conversation: %lld ms", timer.restart());
    QCOMPARE(branch(all, 10000).size(), 10000);
    QCOMPARE(newestLeaf(all, 1), 10000);
    qInfo("its branch and leaf: %lld ms", timer.elapsed());
}

QTEST_GUILESS_MAIN(TestStoreMessages)
#include "tst_store_messages.moc"
