// SPDX-License-Identifier: Apache-2.0
#include "app/controller/inferencecontroller.h"
#include "app/controller/spscring.h"
#include "engine/gguf/reader.h"
#include "engine/model/convert.h"
#include "engine/model/tokenizer.h"

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include <algorithm>
#include <thread>

using namespace moescope;
using controller::GenerateJob;
using controller::InferenceController;
using State = InferenceController::State;

namespace {

constexpr int patience = 60'000; // ms: software Vulkan on a loaded machine

/** What one answer sent. */
struct Heard {
    QString text;
    QStringList texts; ///< of each generated token
    std::vector<trace::TokenTracePtr> prompt;
    std::vector<trace::TokenTracePtr> generated;
    std::vector<trace::StopReason> ends;
    std::vector<std::string> errors;
    int batches = 0;

    explicit Heard(InferenceController& controller, qint64 id) {
        QObject::connect(&controller, &InferenceController::tokensArrived, &m_context,
                         [this, id](qint64 from, const controller::Pieces& pieces) {
                             if (from != id) {
                                 return; // of a later answer
                             }
                             ++batches;
                             for (const controller::Piece& piece : pieces) {
                                 text += piece.text;
                                 if (piece.token->generated) {
                                     texts.append(piece.text);
                                 }
                                 (piece.token->generated ? generated : prompt).push_back(piece.token);
                             }
                         });
        QObject::connect(&controller, &InferenceController::finished, &m_context,
                         [this, id](qint64 from, const controller::Finished& end) {
                             if (from == id) {
                                 ends.push_back(end.reason);
                             }
                         });
        QObject::connect(&controller, &InferenceController::failed, &m_context,
                         [this](qint64, const trace::Error& error) { errors.push_back(error.id()); });
    }
    bool isOver() const { return ends.size() + errors.size() > 0; }
    std::vector<int32_t> ids() const {
        std::vector<int32_t> all;
        for (const auto& token : generated) {
            all.push_back(token->token);
        }
        return all;
    }

private:
    QObject m_context;
};

GenerateJob job(qint64 id, uint32_t tokens) {
    GenerateJob job;
    job.id = id;
    job.messages = {{"user", "Hello there"}};
    job.sampling.temperature = 0.0F;
    job.sampling.seed = 1;
    job.max_tokens = tokens;
    return job;
}

/** Words that were never seen before, for seconds of merging. */
std::string longText() {
    std::string text(24'000'000, ' ');
    uint32_t state = 1;
    for (size_t i = 0; i < text.size(); ++i) {
        state = state * 1'664'525 + 1'013'904'223;
        text[i] = i % 12 == 0 ? ' ' : static_cast<char>('a' + (state >> 24) % 26);
    }
    return text;
}

} // namespace

class TestController : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() {
        QVERIFY(m_folder.isValid());
        m_model = std::filesystem::path(m_folder.filePath("large_like.gguf").toStdString());
        model::ConvertOptions options;
        options.type = gguf::TensorType::F32;
        model::convert(std::filesystem::path(MOESCOPE_TEST_DATA) / "golden" / "large_like", m_model, options);
    }

    void ringKeepsOrderAndRefusesWhenFull() {
        controller::SpscRing<int, 4> ring;
        for (int i = 0; i < 4; ++i) {
            int value = i;
            QVERIFY(ring.push(value));
        }
        int fifth = 4;
        QVERIFY(!ring.push(fifth));
        QCOMPARE(fifth, 4);
        for (int i = 0; i < 4; ++i) {
            int value = -1;
            QVERIFY(ring.pop(value));
            QCOMPARE(value, i);
        }
        int none = 0;
        QVERIFY(!ring.pop(none));

        controller::SpscRing<int, 8> shared;
        constexpr int count = 100'000;
        std::thread writer([&shared] {
            for (int i = 0; i < count;) {
                int value = i;
                if (shared.push(value)) {
                    ++i;
                }
            }
        });
        bool inOrder = true;
        for (int i = 0; i < count;) {
            int value = -1;
            if (shared.pop(value)) {
                inOrder = inOrder && value == i;
                ++i;
            }
        }
        writer.join();
        QVERIFY(inOrder);
    }

    void comparesWhatInterventionsExpect() {
        InferenceController controller;
        load(controller);
        Heard heard(controller, 1);
        controller.generate(job(1, 12));
        QTRY_VERIFY_WITH_TIMEOUT(heard.isOver(), patience);
        controller::DivergenceJob compare;
        compare.prompt.messages = job(1, 12).messages;
        compare.answer = heard.ids();
        QVERIFY(compare.answer.size() > 4);
        QList<trace::TokenDivergence> found;
        QStringList errors;
        QSignalSpy progress(&controller, &InferenceController::divergenceProgress);
        QSignalSpy done(&controller, &InferenceController::diverged);
        connect(&controller, &InferenceController::diverged, this,
                [&found](const QList<trace::TokenDivergence>& divergence) { found = divergence; });
        connect(&controller, &InferenceController::divergenceFailed, this,
                [&errors](const trace::Error& error) { errors.append(QString::fromStdString(error.id())); });
        const auto expect = [&](const controller::DivergenceJob& asked) {
            found.clear();
            done.clear();
            controller.diverge(asked);
            return QTest::qWaitFor([&] { return !done.isEmpty() || !errors.isEmpty(); }, patience) && errors.isEmpty();
        };
        QVERIFY(expect(compare)); // nothing is changed, and nothing differs
        QCOMPARE(size_t(found.size()), compare.answer.size());
        for (size_t i = 0; i < compare.answer.size(); ++i) {
            QVERIFY(found[int(i)].kl_bits < 1e-6);
            // What was sampled had this probability; it was decoded one by one then.
            QVERIFY(std::abs(found[int(i)].base_probability - double(heard.generated[i]->probability)) < 1e-3);
        }
        QVERIFY(!progress.isEmpty());
        QCOMPARE(progress.last().at(0), progress.last().at(1));
        compare.what_if.without_shared = true;
        QVERIFY(expect(compare));
        QVERIFY(std::any_of(found.begin(), found.end(), [](const auto& at) { return at.kl_bits > 1e-3; }));
        QCOMPARE(controller.state(), State::Ready);
        // What cannot be run is said, and an answer goes before what is compared.
        compare.what_if.banned = {{0, 9999}};
        QVERIFY(!expect(compare));
        QCOMPARE(errors, QStringList{QStringLiteral("intervention.expert")});
        errors.clear();
        done.clear();
        compare.what_if = {};
        Heard next(controller, 2);
        QSignalSpy ended(&controller, &InferenceController::divergenceFailed);
        const quint64 first = controller.diverge(compare);
        const quint64 second = controller.diverge(compare);
        controller.generate(job(2, 4));
        QTRY_VERIFY_WITH_TIMEOUT(next.isOver(), patience);
        QCOMPARE(next.ends.size(), size_t(1));
        QTRY_COMPARE(int(done.size() + errors.size()), 2);
        for (const QString& error : errors) {
            QCOMPARE(error, QStringLiteral("work.cancelled"));
        }
        QVERIFY(!errors.isEmpty());
        QCOMPARE(ended.last().at(1).toULongLong(), second); // the end of the first is not taken for the second's
        QCOMPARE((done.isEmpty() ? ended : done).first().at(1).toULongLong(), first);
    }

    void loadsAndAnswers() {
        InferenceController controller;
        QCOMPARE(controller.state(), State::Empty);
        load(controller);
        QCOMPARE(controller.loaded()->model.file_name, std::string("large_like.gguf"));
        QVERIFY(controller.loaded()->memory.context > 0);

        Heard heard(controller, 7);
        controller.generate(job(7, 24));
        QCOMPARE(controller.state(), State::Generating);
        QTRY_VERIFY_WITH_TIMEOUT(heard.isOver(), patience);
        QCOMPARE(heard.errors.size(), size_t{0});
        QCOMPARE(heard.ends.size(), size_t{1});
        QCOMPARE(controller.state(), State::Ready);
        QVERIFY(!heard.generated.empty());
        QVERIFY(heard.prompt.size() > 2);
        for (size_t i = 1; i < heard.generated.size(); ++i) {
            QCOMPARE(heard.generated[i]->position, heard.generated[i - 1]->position + 1);
        }
        QVERIFY(!heard.generated.front()->router.empty());
        QVERIFY(heard.generated.front()->router.probs.empty());

        // Asked for, the probabilities of all experts come along.
        Heard full(controller, 8);
        GenerateJob second = job(8, 2);
        second.router_probs = true;
        controller.generate(second);
        QTRY_VERIFY_WITH_TIMEOUT(full.isOver(), patience);
        QVERIFY(!full.generated.front()->router.probs.empty());
    }

    void tellsWhereEachMessageOfThePromptBegins() {
        InferenceController controller;
        load(controller);
        QSignalSpy rendered(&controller, &InferenceController::promptRendered);
        bool first = true; // nothing of the prompt was told as read before
        connect(&controller, &InferenceController::tokensArrived, this, [&] { first = first && !rendered.isEmpty(); });
        Heard heard(controller, 4);
        GenerateJob chat = job(4, 2);
        chat.messages = {{"system", "Be short"}, {"user", "Hello there"}, {"assistant", "Hello"}, {"user", "Why?"}};
        controller.generate(chat);
        QTRY_VERIFY_WITH_TIMEOUT(heard.isOver(), patience);
        QCOMPARE(rendered.size(), 1);
        QVERIFY(first);
        QCOMPARE(rendered[0][0].toLongLong(), 4);
        const auto starts = rendered[0][1].value<QList<int>>();
        QCOMPARE(starts.size(), 5);
        QCOMPARE(starts.first(), 0);
        QVERIFY(std::is_sorted(starts.begin(), starts.end()));
        QCOMPARE(starts.last(), int(heard.prompt.size()));
        QCOMPARE(rendered[0][2].toInt(), int(heard.prompt.size()));
        // Each message's text lies between its start and the next one's.
        for (qsizetype i = 0; i + 1 < starts.size(); ++i) {
            std::string text;
            for (int token = starts[i]; token < starts[i + 1]; ++token) {
                text += heard.prompt[static_cast<size_t>(token)]->text;
            }
            QVERIFY2(text.find(chat.messages[static_cast<size_t>(i)].content) != std::string::npos, text.c_str());
        }

        // What an answer has already is prompt, and belongs to no message.
        GenerateJob more = chat;
        more.begun = "Because";
        controller.generate(more);
        QTRY_COMPARE_WITH_TIMEOUT(rendered.size(), 2, patience);
        QCOMPARE(rendered[1][1].value<QList<int>>(), starts);
        QVERIFY(rendered[1][2].toInt() > starts.last());
        QTRY_COMPARE_WITH_TIMEOUT(controller.state(), State::Ready, patience);
    }

    void stepsAreTimedOnlyWhileAskedFor() {
        InferenceController controller;
        load(controller);
        std::vector<trace::StepTimelinePtr> steps;
        connect(&controller, &InferenceController::stepsTimed, this,
                [&steps](qint64 id, const controller::TimedSteps& batch) {
                    QCOMPARE(id, qint64{4});
                    steps.insert(steps.end(), batch.begin(), batch.end());
                });
        Heard silent(controller, 3);
        controller.generate(job(3, 12));
        QTRY_VERIFY_WITH_TIMEOUT(silent.isOver(), patience);
        QVERIFY(steps.empty());

        // No longer wanted in the middle of an answer.
        Heard heard(controller, 4);
        controller.setStepsTimed(true);
        const auto untime = connect(&controller, &InferenceController::tokensArrived, this,
                                    [&controller] { controller.setStepsTimed(false); });
        GenerateJob longer = job(4, 0);
        longer.messages = {{"user", "Another one, so that something is read"}};
        controller.generate(longer);
        QTRY_VERIFY_WITH_TIMEOUT(heard.isOver(), patience);
        disconnect(untime);
        QVERIFY(!steps.empty());
        QCOMPARE(steps.front()->kind, trace::StepKind::Prefill);
        QVERIFY2(steps.back()->position < heard.generated.back()->position, "it was timed to its end");
        for (size_t i = 1; i < steps.size(); ++i) {
            QCOMPARE(steps[i]->position, steps[i - 1]->position + steps[i - 1]->tokens);
        }
    }

    void oneStepCanBeRecordedBehindAnAnswer() {
        InferenceController controller;
        QSignalSpy recorded(&controller, &InferenceController::stepRecorded);
        QSignalSpy troubled(&controller, &InferenceController::troubled);
        controller.recordStep();
        QTRY_COMPARE_WITH_TIMEOUT(troubled.count(), 1, patience); // without a model
        load(controller);
        Heard heard(controller, 5);
        controller.generate(job(5, 6));
        QTRY_VERIFY_WITH_TIMEOUT(heard.isOver(), patience);
        controller.recordStep();
        QTRY_COMPARE_WITH_TIMEOUT(recorded.count(), 1, patience);
        const auto step = recorded.front().front().value<trace::StepTimelinePtr>();
        QCOMPARE(step->position, heard.generated.back()->position + 1);
        QVERIFY(step->total_us > 0);

        // It left nothing behind.
        Heard again(controller, 6);
        controller.generate(job(6, 6));
        QTRY_VERIFY_WITH_TIMEOUT(again.isOver(), patience);
        QCOMPARE(again.ids(), heard.ids());
        QCOMPARE(recorded.count(), 1);
    }

    void continuesWhereItWasInterrupted() {
        InferenceController controller;
        load(controller);
        Heard whole(controller, 1);
        controller.generate(job(1, 20));
        QTRY_VERIFY_WITH_TIMEOUT(whole.isOver(), patience);
        const std::vector<int32_t> all = whole.ids();
        if (all.size() < 4) {
            QSKIP("the answer ended too early to be cut");
        }
        GenerateJob rest = job(1, static_cast<uint32_t>(20 - all.size() / 2));
        rest.begun_tokens.assign(all.begin(), all.begin() + static_cast<ptrdiff_t>(all.size() / 2));
        for (size_t i = 0; i < all.size() / 2; ++i) {
            rest.begun += whole.texts[static_cast<qsizetype>(i)].toStdString(); // as it is stored
        }
        Heard second(controller, 1);
        controller.generate(rest);
        QTRY_VERIFY_WITH_TIMEOUT(second.isOver(), patience);
        std::vector<int32_t> together = rest.begun_tokens;
        const std::vector<int32_t> more = second.ids();
        together.insert(together.end(), more.begin(), more.end());
        QCOMPARE(together, all);
        QVERIFY2(second.prompt.empty(), "the first part is stored already");
    }

    void aBranchTakesOverTokensAndTextAndEndsAtTheSameLength() {
        InferenceController controller;
        load(controller);
        GenerateJob asked = job(1, 16);
        asked.sampling.temperature = 1.2F;
        asked.sampling.top_k = 0U;
        asked.sampling.top_p = 1.0F;
        Heard whole(controller, 1);
        controller.generate(asked);
        QTRY_VERIFY_WITH_TIMEOUT(whole.isOver(), patience);
        const std::vector<int32_t> all = whole.ids();
        QVERIFY(all.size() > 8);
        const auto branchAt = [&](size_t place, const trace::TokenCandidate& token) {
            controller::Branch branch{{}, token, whole.generated[place]->candidates};
            branch.begun = whole.prompt;
            branch.begun.insert(branch.begun.end(), whole.generated.begin(),
                                whole.generated.begin() + static_cast<ptrdiff_t>(place));
            return branch;
        };
        const auto chosen = [](const trace::TokenTrace& token) {
            return *std::find_if(token.candidates.begin(), token.candidates.end(),
                                 [&](const auto& one) { return one.token == token.token; });
        };
        qint64 id = 1;
        for (const size_t place : {size_t{0}, size_t{5}, all.size() - 1}) {
            GenerateJob again = asked;
            again.id = ++id;
            again.branch = branchAt(place, chosen(*whole.generated[place]));
            Heard heard(controller, id);
            controller.generate(again);
            QTRY_VERIFY_WITH_TIMEOUT(heard.isOver(), patience);
            QCOMPARE(heard.ids(), all); // the same draws: as if it had not been cut
            QCOMPARE(heard.text, whole.text);
            QCOMPARE(heard.ends, whole.ends);
            QCOMPARE(heard.prompt.size(), whole.prompt.size());
            QVERIFY(!heard.generated[place]->router.empty());
            QCOMPARE(heard.generated[place]->probability, whole.generated[place]->probability);
        }

        // The end of a text in the place of a token: the answer ends there.
        const gguf::Reader file(m_model);
        const model::Tokenizer tokenizer(file);
        GenerateJob shorter = asked;
        shorter.id = ++id;
        shorter.branch = branchAt(5, {tokenizer.eos(), {}, 0.1F, 0.1F});
        Heard heard(controller, id);
        controller.generate(shorter);
        QTRY_VERIFY_WITH_TIMEOUT(heard.isOver(), patience);
        QCOMPARE(heard.ids(), std::vector<int32_t>(all.begin(), all.begin() + 5));
        QCOMPARE(heard.ends, std::vector<trace::StopReason>{trace::StopReason::Eos});
    }

    void cancelEndsSoonAndKeepsWhatThereIs() {
        InferenceController controller;
        load(controller);
        Heard heard(controller, 3);
        GenerateJob endless = job(3, 0);
        endless.messages = {{"user", "Tell me a long story"}};
        endless.sampling.temperature = 1.0F;
        controller.generate(endless);
        QTRY_VERIFY_WITH_TIMEOUT(!heard.generated.empty() || heard.isOver(), patience);
        controller.cancel();
        QElapsedTimer clock;
        clock.start();
        QTRY_VERIFY_WITH_TIMEOUT(heard.isOver(), 2000);
        QVERIFY2(clock.elapsed() < 500, qPrintable(QString::number(clock.elapsed())));
        QCOMPARE(controller.state(), State::Ready);
    }

    void failuresAreSentencesAndLeaveTheModelLoaded() {
        InferenceController controller;
        std::vector<std::string> failures;
        connect(&controller, &InferenceController::loadFailed, this,
                [&](const trace::Error& error) { failures.emplace_back(error.what()); });
        controller::LoadJob missing;
        missing.model = "/nonexistent/model.gguf";
        controller.load(missing);
        QTRY_COMPARE_WITH_TIMEOUT(failures.size(), size_t{1}, patience);
        QVERIFY(failures[0].find("model.gguf") != std::string::npos);
        QCOMPARE(controller.state(), State::Empty);

        load(controller);
        Heard heard(controller, 5);
        GenerateJob tooLong = job(5, 1);
        std::string text;
        for (uint32_t i = 0; i < controller.loaded()->memory.context; ++i) {
            text += "word ";
        }
        tooLong.messages = {{"user", text}};
        controller.generate(tooLong);
        QTRY_VERIFY_WITH_TIMEOUT(heard.isOver(), patience);
        QCOMPARE(heard.errors, std::vector<std::string>{"app.context"});
        QCOMPARE(controller.state(), State::Ready);
    }

    void aNewerLoadReplacesAnOlder() {
        InferenceController controller;
        int loads = 0;
        int failures = 0;
        connect(&controller, &InferenceController::modelLoaded, this, [&] { ++loads; });
        connect(&controller, &InferenceController::loadFailed, this, [&] { ++failures; });
        controller::LoadJob model;
        model.model = m_model;
        for (int i = 0; i < 5; ++i) {
            controller.load(model);
        }
        QTRY_COMPARE_WITH_TIMEOUT(controller.state(), State::Ready, patience);
        QTest::qWait(100);
        QCOMPARE(controller.state(), State::Ready);
        QCOMPARE(failures, 0);
        QVERIFY(loads >= 1);
    }

    void whatAnEarlierLoadTellsTooLateIsDropped() {
        InferenceController controller;
        int loads = 0;
        std::vector<std::string> failures;
        connect(&controller, &InferenceController::modelLoaded, this, [&] { ++loads; });
        connect(&controller, &InferenceController::loadFailed, this,
                [&](const trace::Error& error) { failures.emplace_back(error.what()); });
        controller::LoadJob model;
        model.model = m_model;
        controller.load(model);
        QThread::msleep(3000); // it is loaded, and this thread has not heard of it
        controller::LoadJob missing;
        missing.model = "/nonexistent/model.gguf";
        controller.load(missing);
        QCoreApplication::processEvents();
        QVERIFY(controller.state() != State::Ready);
        QTRY_COMPARE_WITH_TIMEOUT(failures.size(), size_t{1}, patience);
        QCOMPARE(controller.state(), State::Empty);
        QCOMPARE(loads, 0);

        // The failure of an earlier load does not end the one that goes on.
        controller.load(missing);
        QThread::msleep(500);
        load(controller);
        QCOMPARE(loads, 1);
        QCOMPARE(failures.size(), size_t{1});
    }

    void onlyTheLatestDraftIsCounted() {
        InferenceController controller;
        load(controller);
        QSignalSpy counted(&controller, &InferenceController::tokensCounted);
        for (int i = 0; i < 50; ++i) {
            controller.countTokens(QString("draft %1 ").arg(i).repeated(500));
        }
        controller.countTokens("Hello");
        QTRY_VERIFY_WITH_TIMEOUT(!counted.isEmpty(), patience);
        QTest::qWait(50);
        QCOMPARE(counted.size(), 1);
        QCOMPARE(counted[0][0].toString(), QString("Hello"));
        QVERIFY(counted[0][1].toInt() > 0);
    }

    void goingAwayWhileALongTextIsReadWaitsForNothingLong() {
        const std::string paste = longText();
        const qint64 whole = msToRead(paste);
        for (const bool sent : {false, true}) {
            QElapsedTimer clock;
            {
                InferenceController controller;
                load(controller);
                QSignalSpy counted(&controller, &InferenceController::tokensCounted);
                if (sent) {
                    GenerateJob long_one = job(1, 1);
                    long_one.messages = {{"user", paste}};
                    controller.generate(long_one);
                } else {
                    controller.countTokens(QString::fromStdString(paste));
                }
                QTest::qWait(static_cast<int>(whole / 10));
                QVERIFY2(counted.isEmpty() && (!sent || controller.state() == State::Generating), "it is read already");
                clock.start();
            }
            QVERIFY2(clock.elapsed() < whole / 2,
                     qPrintable(QString("%1 of %2 ms, sent %3").arg(clock.elapsed()).arg(whole).arg(sent)));
        }
    }

    void stopIsFeltWhileALongTextIsRead() {
        InferenceController controller;
        load(controller);
        Heard heard(controller, 3);
        GenerateJob long_one = job(3, 1);
        long_one.messages = {{"user", longText()}};
        const qint64 whole = msToRead(longText());
        controller.generate(long_one);
        QTest::qWait(static_cast<int>(whole / 10));
        QVERIFY(!heard.isOver());
        controller.cancel();
        QTRY_VERIFY_WITH_TIMEOUT(heard.isOver(), patience);
        // Read whole, it would be refused as too long for the context.
        QVERIFY(heard.errors.empty());
        QCOMPARE(heard.ends, std::vector<trace::StopReason>{trace::StopReason::Cancelled});
        QCOMPARE(controller.state(), State::Ready);
    }

    void goingAwayWhileAnsweringWaitsForNothingLong() {
        QElapsedTimer clock;
        {
            InferenceController controller;
            load(controller);
            GenerateJob endless = job(1, 0);
            endless.sampling.temperature = 1.0F;
            controller.generate(endless);
            QTest::qWait(30);
            clock.start();
        }
        QVERIFY2(clock.elapsed() < 1000, qPrintable(QString::number(clock.elapsed())));
    }

private:
    /** What this machine takes to read `text` if nothing ends it. */
    qint64 msToRead(const std::string& text) const {
        const gguf::Reader file(m_model);
        const model::Tokenizer tokenizer(file);
        QElapsedTimer clock;
        clock.start();
        const size_t tokens = tokenizer.encode(text, false).size();
        return tokens > 0 ? clock.elapsed() : 0;
    }
    void load(InferenceController& controller) {
        controller::LoadJob model;
        model.model = m_model;
        controller.load(model);
        QTRY_COMPARE_WITH_TIMEOUT(controller.state(), State::Ready, patience);
    }

    QTemporaryDir m_folder;
    std::filesystem::path m_model;
};

QTEST_GUILESS_MAIN(TestController)
#include "tst_controller.moc"
