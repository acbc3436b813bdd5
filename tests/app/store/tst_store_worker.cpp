// SPDX-License-Identifier: Apache-2.0
#include "app/store/answerwriter.h"
#include "app/store/connection.h"
#include "tests/app/store/storetesting.h"

#include <QSemaphore>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>

using namespace moescope;
using namespace moescope::store;
using namespace moescope::store::testing;

namespace {

constexpr int patience = 60'000; // ms: only a hang lasts longer

/** Where a search stands still until a test lets it go on. */
struct Latch {
    QSemaphore reached;
    QSemaphore go_on;
};

} // namespace

class TestStoreWorker : public QObject {
    Q_OBJECT
private slots:
    void init();
    void cleanup();
    void answersOnItsOwnThread();
    void keepsTheOrder();
    void reportsErrors();
    void sendsUnclaimedErrorsAsSignal();
    void forgetsReceiversThatAreGone();
    void takesJobsFromAnyThread();
    void failsWhileNothingIsOpen();
    void runsWhatIsQueuedBeforeItCloses();
    void streamsAnAnswer();
    void finishesDuringAFlush();
    void keepsTheRestOfAnAnswerWhenItGoes();
    void triesAgainWhenTheDiskHasRoom();
    void givesUpWhatCanNeverBeStored();
    void searchesBesideTheJobs();
    void searchFindsWhatWasJustStored();
    void searchMendsADamagedIndex();
    void searchEndsWithTheStore();
    void searchErrorsAreRefused();
    void searchSaysWhenTheFileCannotBeOpened();
    void aFinishedSearchIsNotEnded();

private:
    void openWith(const StoreOptions& options = {}) {
        m_worker->open(m_folder->path(), options, this, {},
                       [](const trace::Error& error) { qFatal("%s", error.what()); });
    }
    /** What `read` gives, waiting for it. */
    template <typename Read>
    auto get(Read read) {
        std::optional<std::invoke_result_t<Read&, Store&>> result;
        m_worker->run(this, read, [&](const auto& value) { result = value; });
        if (!QTest::qWaitFor([&] { return result.has_value(); }, 30000)) {
            qFatal("no result");
        }
        return *result;
    }
    /** A Streaming answer. */
    qint64 begin() {
        return get([](Store& store) {
            const qint64 id = store.addConversation().id;
            const qint64 prompt = store.addPrompt(id, 0, QStringLiteral("x")).id;
            return store.beginAnswer({id, prompt, {}, {}, {}}).id;
        });
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<StoreWorker> m_worker;
};

void TestStoreWorker::init() {
    m_folder = std::make_unique<QTemporaryDir>();
    m_worker = std::make_unique<StoreWorker>();
}

void TestStoreWorker::cleanup() {
    m_worker.reset();
    m_folder.reset();
}

void TestStoreWorker::answersOnItsOwnThread() {
    std::optional<OpenReport> report;
    m_worker->open(m_folder->path(), {}, this, [&](const OpenReport& opened) { report = opened; }, {});
    QThread* jobThread = nullptr;
    QThread* resultThread = nullptr;
    m_worker->run(
        this, [&](Store&) { jobThread = QThread::currentThread(); }, [&] { resultThread = QThread::currentThread(); });
    QVERIFY(!resultThread);
    QTRY_VERIFY(resultThread);
    QVERIFY(report && report->created);
    QCOMPARE(resultThread, QThread::currentThread());
    QVERIFY(jobThread && jobThread != resultThread);
}

void TestStoreWorker::keepsTheOrder() {
    openWith();
    QList<int> order;
    for (int i = 0; i < 100; ++i) {
        m_worker->run(
            this, [i](Store&) { return i; }, [&](int value) { order.append(value); });
    }
    QTRY_COMPARE(order.size(), 100);
    QVERIFY(std::is_sorted(order.begin(), order.end()));
}

void TestStoreWorker::reportsErrors() {
    openWith();
    QSignalSpy spy(m_worker.get(), &StoreWorker::failed);
    std::string id;
    const auto fail = [&](const trace::Error& error) { id = error.id(); };
    m_worker->run(
        this, [](Store& store) { return store.conversation(5); }, [](const Conversation&) { QFAIL("no such thing"); },
        fail);
    QTRY_COMPARE(id, "store.not_found");
    m_worker->run(
        this, [](Store&) { throw std::bad_alloc(); }, [] { QFAIL("no such thing"); }, fail);
    QTRY_COMPARE(id, "store.failed");
    QVERIFY(spy.isEmpty());
    QCOMPARE(get([](Store& store) { return store.conversations().size(); }), 0); // goes on
}

void TestStoreWorker::sendsUnclaimedErrorsAsSignal() {
    openWith();
    std::string id;
    connect(m_worker.get(), &StoreWorker::failed, this, [&](const trace::Error& error) { id = error.id(); });
    m_worker->run([](Store& store) { store.rename(5, QStringLiteral("x")); });
    QTRY_COMPARE(id, "store.not_found");
}

void TestStoreWorker::forgetsReceiversThatAreGone() {
    openWith();
    auto receiver = std::make_unique<QObject>();
    bool called = false;
    m_worker->run(
        receiver.get(), [](Store&) { return 1; }, [&](int) { called = true; });
    m_worker->run(
        receiver.get(), [](Store& store) { store.rename(5, {}); }, [&] { called = true; },
        [&](const trace::Error&) { called = true; });
    receiver.reset();
    m_worker->flush();
    QCoreApplication::processEvents();
    QVERIFY(!called);
}

void TestStoreWorker::takesJobsFromAnyThread() {
    openWith();
    std::unique_ptr<QThread> thread(QThread::create([&] {
        for (int i = 0; i < 50; ++i) {
            m_worker->run([](Store& store) { store.addConversation(); });
        }
    }));
    thread->start();
    for (int i = 0; i < 50; ++i) {
        m_worker->run([](Store& store) { store.addConversation(); });
    }
    thread->wait();
    QCOMPARE(get([](Store& store) { return store.conversations().size(); }), 100);
}

void TestStoreWorker::failsWhileNothingIsOpen() {
    std::string id;
    const auto fail = [&](const trace::Error& error) { id = error.id(); };
    m_worker->run(
        this, [](Store&) { return 1; }, [](int) {}, fail);
    QTRY_COMPARE(id, "store.closed");
    std::string openError;
    m_worker->open(QString(), {}, this, {}, [&](const trace::Error& error) { openError = error.id(); });
    QTRY_COMPARE(openError, "store.no_folder");
    StoreOptions options;
    options.in_memory = true;
    openWith(options);
    QCOMPARE(get([](Store& store) { return store.addConversation().id; }), 1);
    m_worker->close();
    id.clear();
    m_worker->run(
        this, [](Store&) { return 1; }, [](int) {}, fail);
    QTRY_COMPARE(id, "store.closed");
}

void TestStoreWorker::runsWhatIsQueuedBeforeItCloses() {
    openWith();
    for (int i = 0; i < 100; ++i) {
        m_worker->run([](Store& store) { store.addConversation(); });
    }
    m_worker->close();
    m_worker->close();
    const Store store(m_folder->path());
    QCOMPARE(store.conversations().size(), 100);
    QVERIFY(!store.report().checked); // a clean end
}

void TestStoreWorker::streamsAnAnswer() {
    openWith();
    const qint64 id = begin();
    AnswerWriter writer(*m_worker, id);
    std::optional<Message> finished;
    connect(&writer, &AnswerWriter::finished, this, [&](const Message& message) { finished = message; });
    QString said;
    for (int i = 0; i < 130; ++i) {
        const QString word = QString::number(i) + QLatin1Char(' ');
        writer.append(word, makeToken(i));
        said += word;
        if (i == 100) {
            QTest::qWait(900);
            QCOMPARE(get([id](Store& store) { return store.message(id).text; }), said); // within a second
            QCOMPARE(get([id](Store& store) { return store.message(id).state; }), MessageState::Streaming);
        }
    }
    AnswerEnd end;
    end.stop_reason = trace::StopReason::Eos;
    end.timings.decode_tokens = 130;
    writer.finish(end);
    QTRY_VERIFY(finished);
    QCOMPARE(finished->text, said);
    QCOMPARE(finished->state, MessageState::Complete);
    QCOMPARE(finished->timings.decode_tokens, 130U);
    QCOMPARE(get([id](Store& store) { return store.traces(id).tokens.size(); }), size_t(130));
}

void TestStoreWorker::finishesDuringAFlush() {
    openWith();
    const qint64 id = begin();
    m_worker->run([](Store&) { QThread::msleep(1200); }); // the flush waits behind it
    AnswerWriter writer(*m_worker, id);
    QSignalSpy spy(&writer, &AnswerWriter::finished);
    writer.append(QStringLiteral("one "), makeToken(0));
    QTest::qWait(700); // given, not stored
    writer.append(QStringLiteral("two "), makeToken(1));
    writer.append(QStringLiteral("three"), makeToken(2));
    writer.finish({});
    QTRY_COMPARE(spy.size(), 1);
    QCOMPARE(get([id](Store& store) { return store.message(id).text; }), QStringLiteral("one two three"));
    QCOMPARE(get([id](Store& store) { return store.traces(id).tokens.size(); }), size_t(3));
}

void TestStoreWorker::searchesBesideTheJobs() {
    openWith();
    const qint64 answer = begin();
    const auto latch = std::make_shared<Latch>();
    m_worker->setSearchHook([latch](Connection& reader) {
        // In the middle of reading: a job that waits for its end stores nothing.
        reader.query(QStringLiteral("BEGIN"));
        reader.value(QStringLiteral("SELECT count(*) FROM messages"));
        latch->reached.release();
        latch->go_on.tryAcquire(1, patience);
        reader.query(QStringLiteral("COMMIT"));
    });
    std::optional<bool> complete;
    m_worker->search(this, QStringLiteral("zq"), 200, {},
                     [&](const SearchResult& result) { complete = result.complete; });
    QVERIFY(latch->reached.tryAcquire(1, patience));
    for (int i = 0; i < 3; ++i) {
        QCOMPARE(get([answer](Store& store) {
                     store.appendAnswer(answer, QStringLiteral("word "), {});
                     return store.message(answer).text;
                 }),
                 QStringLiteral("word ").repeated(i + 1));
        QVERIFY2(!complete, "what is stored waits for the search");
    }
    latch->go_on.release();
    QTRY_VERIFY_WITH_TIMEOUT(complete, patience);
    QVERIFY(*complete);
}

void TestStoreWorker::searchErrorsAreRefused() {
    openWith();
    get([](Store& store) { return store.addPrompt(store.addConversation().id, 0, QStringLiteral("the needle")).id; });
    const auto searches = std::make_shared<std::atomic<int>>(0);
    const auto leftovers = std::make_shared<std::atomic<int>>(0);
    m_worker->setSearchHook([searches, leftovers](Connection& reader) {
        const QString left = QStringLiteral("SELECT count(*) FROM temp.sqlite_master");
        *leftovers += reader.value(left).toInt();
        reader.query(QStringLiteral("CREATE TEMP TABLE mark (x)")); // lives as long as the connection
        switch (searches->fetch_add(1)) {
        case 0: throw trace::Error("store.busy", "Busy.");
        case 1: throw std::bad_alloc();
        default: break;
        }
    });
    std::vector<std::string> ids;
    std::optional<qsizetype> hits;
    const auto search = [&] {
        m_worker->search(
            this, QStringLiteral("needle"), 200, {}, [&](const SearchResult& result) { hits = result.hits.size(); },
            [&](const trace::Error& error) { ids.push_back(error.id()); });
    };
    search();
    search();
    QTRY_COMPARE_WITH_TIMEOUT(ids.size(), size_t{2}, patience);
    QCOMPARE(ids, (std::vector<std::string>{"store.busy", "store.failed"}));
    QVERIFY2(!hits, "the storing thread searched");
    search();
    QTRY_VERIFY_WITH_TIMEOUT(hits, patience);
    QCOMPARE(*hits, 2); // a title and a message
    QCOMPARE(searches->load(), 3);
    QCOMPARE(leftovers->load(), 0); // each failure ended its connection
}

void TestStoreWorker::searchSaysWhenTheFileCannotBeOpened() {
    openWith();
    get([](Store& store) { return store.addPrompt(store.addConversation().id, 0, QStringLiteral("the needle")).id; });
    const QString file = databaseIn(m_folder->path());
    QVERIFY(QFile::rename(file, file + QStringLiteral("-away")));
    std::string id;
    std::optional<qsizetype> hits;
    const auto search = [&] {
        m_worker->search(
            this, QStringLiteral("needle"), 200, {}, [&](const SearchResult& result) { hits = result.hits.size(); },
            [&](const trace::Error& error) { id = error.id(); });
    };
    search();
    QTRY_COMPARE_WITH_TIMEOUT(id, std::string("store.read_only"), patience);
    QVERIFY2(!hits, "the storing thread searched");
    QVERIFY(QFile::rename(file + QStringLiteral("-away"), file));
    search();
    QTRY_VERIFY_WITH_TIMEOUT(hits, patience);
    QCOMPARE(*hits, 2); // a title and a message
}

void TestStoreWorker::aFinishedSearchIsNotEnded() {
    openWith();
    const auto cancel = std::make_shared<std::atomic<bool>>(false);
    std::optional<bool> complete;
    m_worker->search(this, QStringLiteral("needle"), 200, cancel,
                     [&](const SearchResult& result) { complete = result.complete; });
    m_worker->flush(); // it has run, and is not delivered
    QVERIFY(!complete);
    openWith();
    m_worker->flush();
    QVERIFY(!cancel->load());
    QTRY_VERIFY_WITH_TIMEOUT(complete, patience);
    QVERIFY(*complete);
}

void TestStoreWorker::searchFindsWhatWasJustStored() {
    for (const bool in_memory : {false, true}) {
        StoreOptions options;
        options.in_memory = in_memory;
        openWith(options);
        const qint64 conversation = get([](Store& store) { return store.addConversation().id; });
        for (int i = 0; i < 20; ++i) {
            const QString word = QStringLiteral("needle%1").arg(i);
            m_worker->run([conversation, word](Store& store) { store.addPrompt(conversation, 0, word); });
            std::optional<qsizetype> hits;
            m_worker->search(this, word, 200, {}, [&](const SearchResult& result) {
                hits = 0;
                for (const SearchHit& hit : result.hits) {
                    hits = *hits + (hit.message != 0 && hit.snippet == word ? 1 : 0);
                }
            });
            QTRY_VERIFY(hits);
            QCOMPARE(*hits, 1);
        }
    }
}

void TestStoreWorker::searchMendsADamagedIndex() {
    openWith();
    get([](Store& store) { return store.addPrompt(store.addConversation().id, 0, QStringLiteral("the needle")).id; });
    m_worker->close();
    RawDatabase(databaseIn(m_folder->path()))
        .run(QStringLiteral("UPDATE text_search_data SET block = x'0000ffff' WHERE id > 10"));
    m_worker = std::make_unique<StoreWorker>();
    openWith();
    std::optional<SearchResult> found;
    m_worker->search(this, QStringLiteral("needle"), 200, {}, [&](const SearchResult& result) { found = result; });
    QTRY_VERIFY(found);
    QVERIFY(!found->hits.isEmpty());
}

void TestStoreWorker::searchEndsWithTheStore() {
    openWith();
    get([](Store& store) { return store.addPrompt(store.addConversation().id, 0, QStringLiteral("ab zq")).id; });
    const auto latch = std::make_shared<Latch>();
    const auto cancel = std::make_shared<std::atomic<bool>>(false);
    const auto begun = std::make_shared<std::atomic<int>>(0);
    m_worker->setSearchHook([latch, cancel, begun](Connection&) {
        ++*begun;
        latch->reached.release();
        for (int waited = 0; !cancel->load() && waited < patience; ++waited) {
            QThread::msleep(1);
        }
    });
    QList<SearchResult> results;
    for (int i = 0; i < 10; ++i) {
        m_worker->search(this, QStringLiteral("zq"), 200, i == 0 ? cancel : nullptr,
                         [&](const SearchResult& result) { results.append(result); });
    }
    QVERIFY(latch->reached.tryAcquire(1, patience));
    m_worker->close();
    QVERIFY2(cancel->load(), "the search was not told to end");
    QCOMPARE(begun->load(), 1); // what waited did not begin
    QTRY_COMPARE_WITH_TIMEOUT(results.size(), 10, patience);
    for (const SearchResult& result : results) {
        QVERIFY(!result.complete);
        QVERIFY(result.hits.isEmpty());
    }
    QVERIFY2(!QFile::exists(databaseIn(m_folder->path()) + QStringLiteral("-wal")), "the log is in the file");
}

void TestStoreWorker::keepsTheRestOfAnAnswerWhenItGoes() {
    openWith();
    const qint64 first = begin();
    const qint64 second = begin();
    {
        AnswerWriter writer(*m_worker, first);
        writer.append(QStringLiteral("unfinished"), makeToken(0));
        AnswerWriter other(*m_worker, second);
        other.append(QStringLiteral("finished"), makeToken(0));
        AnswerEnd end;
        end.state = MessageState::Cancelled;
        other.finish(end);
    }
    m_worker->close();
    const Store store(m_folder->path());
    QCOMPARE(store.message(first).text, QStringLiteral("unfinished"));
    QCOMPARE(store.message(first).state, MessageState::Interrupted);
    QCOMPARE(store.message(second).text, QStringLiteral("finished"));
    QCOMPARE(store.message(second).state, MessageState::Cancelled);
}

void TestStoreWorker::triesAgainWhenTheDiskHasRoom() {
    StoreOptions small;
    small.max_pages = 100;
    openWith(small);
    const qint64 id = begin();
    AnswerWriter writer(*m_worker, id);
    QSignalSpy failures(&writer, &AnswerWriter::failed);
    QSignalSpy recoveries(&writer, &AnswerWriter::recovered);
    QSignalSpy ends(&writer, &AnswerWriter::finished);
    const QString big(1'000'000, QLatin1Char('b'));
    writer.append(QStringLiteral("a"), makeToken(0));
    writer.append(big, makeToken(1));
    QTRY_COMPARE_WITH_TIMEOUT(failures.size(), 1, 5000);
    writer.append(QStringLiteral("c"), makeToken(2));
    writer.finish({});
    QTest::qWait(2500);
    QCOMPARE(failures.size(), 1); // told once
    QCOMPARE(ends.size(), 0);
    openWith(); // with room; the answer is Interrupted by that
    m_worker->run([id](Store& store) { store.resumeAnswer(id); });
    QTRY_COMPARE_WITH_TIMEOUT(ends.size(), 1, 10000);
    QCOMPARE(recoveries.size(), 1);
    QVERIFY(get([id](Store& store) { return store.message(id).text; }) == QStringLiteral("a") + big + QLatin1Char('c'));
    QCOMPARE(get([id](Store& store) { return store.traces(id).tokens.size(); }), size_t(3));
}

void TestStoreWorker::givesUpWhatCanNeverBeStored() {
    openWith();
    const qint64 id = begin();
    m_worker->run([id](Store& store) { store.finishAnswer(id, QStringLiteral("there"), {}, {}); });
    AnswerWriter writer(*m_worker, id); // of an answer that streams no longer
    QSignalSpy failures(&writer, &AnswerWriter::failed);
    QSignalSpy recoveries(&writer, &AnswerWriter::recovered);
    QSignalSpy ends(&writer, &AnswerWriter::finished);
    QSignalSpy givenUp(&writer, &AnswerWriter::gaveUp);
    std::string why;
    connect(&writer, &AnswerWriter::failed, this, [&](const trace::Error& error) { why = error.id(); });
    writer.append(QStringLiteral("a"), makeToken(0));
    QTRY_COMPARE(failures.size(), 1);
    QCOMPARE(why, std::string("store.wrong_state"));
    writer.append(QStringLiteral("b"), makeToken(1));
    QTest::qWait(2500); // a retry would have come
    QCOMPARE(failures.size(), 1);
    QVERIFY(givenUp.isEmpty());
    writer.finish({});
    QTRY_COMPARE(givenUp.size(), 1);
    QCOMPARE(failures.size(), 1);
    QVERIFY(ends.isEmpty() && recoveries.isEmpty());
    QCOMPARE(get([id](Store& store) { return store.message(id).text; }), QStringLiteral("there"));
}

QTEST_GUILESS_MAIN(TestStoreWorker)
#include "tst_store_worker.moc"
