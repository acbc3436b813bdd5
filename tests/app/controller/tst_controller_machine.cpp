// SPDX-License-Identifier: Apache-2.0
// What the window hears when the machine fails under it: no memory, a lost device.
#include "app/controller/inferencecontroller.h"
#include "engine/model/convert.h"
#include "tests/support/driver_faults.h"

#include <QSet>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

using namespace moescope;
using controller::GenerateJob;
using controller::InferenceController;
using State = InferenceController::State;

namespace {

constexpr int patience = 60'000; // ms: software Vulkan on a loaded machine

/** Everything that a controller said. */
struct Heard {
    explicit Heard(InferenceController& controller) {
        QObject::connect(&controller, &InferenceController::tokensArrived, &context,
                         [this](qint64 id, const controller::Pieces& pieces) {
                             for (const controller::Piece& piece : pieces) {
                                 if (piece.token->generated) {
                                     tokens.append(piece.token->token);
                                     answers.insert(id);
                                 }
                             }
                         });
        QObject::connect(&controller, &InferenceController::finished, &context,
                         [this](qint64 id, const controller::Finished&) { finished.append(id); });
        const auto keep = [this](QList<QString>& list) {
            return [&list](qint64, const trace::Error& error) { list.append(QString::fromStdString(error.id())); };
        };
        QObject::connect(&controller, &InferenceController::failed, &context, keep(failed));
        QObject::connect(&controller, &InferenceController::interrupted, &context, keep(interrupted));
        QObject::connect(&controller, &InferenceController::modelLoaded, &context, [this] { ++loads; });
        QObject::connect(&controller, &InferenceController::loadFailed, &context, [this](const trace::Error& error) {
            loadFailed.append(QString::fromStdString(error.id()));
            sentence = QString::fromStdString(error.what());
        });
    }

    QList<int32_t> tokens;
    QSet<qint64> answers; ///< whose tokens came
    QList<qint64> finished;
    QList<QString> failed;
    QList<QString> interrupted;
    QList<QString> loadFailed;
    QString sentence;
    int loads = 0;
    QObject context;
};

GenerateJob job(qint64 id) {
    GenerateJob job;
    job.id = id;
    job.messages = {{"user", "Hello there"}};
    job.sampling.temperature = 0.0F;
    job.sampling.seed = 1;
    job.max_tokens = 24;
    return job;
}

} // namespace

class TestControllerMachine : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() {
        QVERIFY(m_folder.isValid());
        m_load.model = std::filesystem::path(m_folder.filePath("large_like.gguf").toStdString());
        model::ConvertOptions options;
        options.type = gguf::TensorType::F32;
        model::convert(std::filesystem::path(MOESCOPE_TEST_DATA) / "golden" / "large_like", m_load.model, options);
        // The driver's functions are taken with the first device.
        InferenceController first;
        QSignalSpy listed(&first, &InferenceController::devicesListed);
        first.listDevices();
        QTRY_COMPARE_WITH_TIMEOUT(listed.size(), 1, patience);
    }

    void aLostDeviceInterruptsTheAnswerAndTheModelIsLoadedAgain() {
        test::DriverFaults driver;
        InferenceController controller;
        Heard heard(controller);
        const QList<int32_t> whole = wholeAnswer(controller, heard);
        QVERIFY(whole.size() > 8);

        driver.loseDevice(static_cast<uint32_t>(whole.size() / 2));
        controller.generate(job(2));
        QTRY_COMPARE_WITH_TIMEOUT(heard.interrupted, QList<QString>{QStringLiteral("vulkan.device_lost")}, patience);
        // What was answered before the loss has arrived before the end is told, and is the answer's beginning.
        QVERIFY(!heard.tokens.isEmpty());
        QVERIFY(heard.tokens.size() < whole.size());
        QCOMPARE(heard.tokens, whole.first(heard.tokens.size()));
        QTRY_COMPARE_WITH_TIMEOUT(heard.loads, 2, patience);
        QCOMPARE(controller.state(), State::Ready);
        QCOMPARE(heard.finished, QList<qint64>{1});
        QVERIFY(heard.failed.isEmpty());
        QVERIFY(heard.loadFailed.isEmpty());

        heard.tokens.clear();
        controller.generate(job(3));
        QTRY_COMPARE_WITH_TIMEOUT(heard.finished, (QList<qint64>{1, 3}), patience);
        QCOMPARE(heard.tokens, whole);
    }

    void aDeviceThatIsLostTwiceInARowIsNotTriedAThirdTime() {
        test::DriverFaults driver;
        InferenceController controller;
        Heard heard(controller);
        controller.load(m_load);
        QTRY_COMPARE_WITH_TIMEOUT(controller.state(), State::Ready, patience);
        driver.loseDevice(3);
        controller.generate(job(1));
        QTRY_COMPARE_WITH_TIMEOUT(heard.loads, 2, patience);
        driver.loseDevice(3);
        controller.generate(job(2));
        QTRY_COMPARE_WITH_TIMEOUT(heard.loadFailed, QList<QString>{QStringLiteral("app.lost_again")}, patience);
        QCOMPARE(heard.interrupted.size(), 2);
        QCOMPARE(heard.loads, 2);
        QCOMPARE(controller.state(), State::Empty);
        QVERIFY(!controller.loaded());
        // The person may load it all the same.
        controller.load(m_load);
        QTRY_COMPARE_WITH_TIMEOUT(controller.state(), State::Ready, patience);
    }

    void aDeviceLostByARecordedStepIsMadeAgain() {
        test::DriverFaults driver;
        InferenceController controller;
        Heard heard(controller);
        QSignalSpy troubled(&controller, &InferenceController::troubled);
        controller.load(m_load);
        QTRY_COMPARE_WITH_TIMEOUT(controller.state(), State::Ready, patience);
        driver.loseDevice(0);
        controller.recordStep();
        QTRY_COMPARE_WITH_TIMEOUT(heard.loads, 2, patience);
        QCOMPARE(troubled.count(), 1);
        QCOMPARE(heard.interrupted, QList<QString>{QStringLiteral("vulkan.device_lost")});
        QCOMPARE(controller.state(), State::Ready);
        QSignalSpy recorded(&controller, &InferenceController::stepRecorded);
        controller.recordStep();
        QTRY_COMPARE_WITH_TIMEOUT(recorded.count(), 1, patience);
    }

    void anAnswerAskedForWhileTheDeviceIsLostComesAfterTheLoad() {
        test::DriverFaults driver;
        InferenceController controller;
        Heard heard(controller);
        const QList<int32_t> whole = wholeAnswer(controller, heard);
        QVERIFY(whole.size() > 8);

        QList<State> states; // as models were loaded: soon after the answer may be there
        connect(&controller, &InferenceController::modelLoaded, this, [&] { states.append(controller.state()); });
        driver.loseDevice(0);
        controller.recordStep();
        controller.generate(job(2));
        QTRY_COMPARE_WITH_TIMEOUT(heard.loads, 2, patience);
        QCOMPARE(states, QList<State>{State::Generating});
        QTRY_COMPARE_WITH_TIMEOUT(heard.finished, (QList<qint64>{1, 2}), patience);
        QCOMPARE(controller.state(), State::Ready);
        QCOMPARE(heard.tokens, whole);
        QCOMPARE(heard.answers, QSet<qint64>{2});
        QVERIFY(heard.failed.isEmpty());
    }

    void aModelThatTheDeviceHasNoMemoryForIsASentenceWithItsBytes() {
        test::DriverFaults driver;
        InferenceController controller;
        Heard heard(controller);
        driver.failAllocation(6);
        controller.load(m_load);
        QTRY_COMPARE_WITH_TIMEOUT(heard.loadFailed, QList<QString>{QStringLiteral("vulkan.memory")}, patience);
        QVERIFY2(heard.sentence.contains(QLatin1String("iB")) || heard.sentence.contains(QLatin1String(" bytes")),
                 qPrintable(heard.sentence));
        QCOMPARE(controller.state(), State::Empty);
        controller.load(m_load);
        QTRY_COMPARE_WITH_TIMEOUT(controller.state(), State::Ready, patience);
    }

private:
    /** The tokens of job 1 from a model just loaded, which is then as if nothing had been heard of them; empty: they did
     *  not come. */
    QList<int32_t> wholeAnswer(InferenceController& controller, Heard& heard) const {
        controller.load(m_load);
        if (QTest::qWaitFor([&] { return controller.state() == State::Ready; }, patience)) {
            controller.generate(job(1));
        }
        QList<int32_t> tokens;
        if (QTest::qWaitFor([&] { return heard.finished == QList<qint64>{1}; }, patience)) {
            tokens.swap(heard.tokens);
            heard.answers.clear();
        }
        return tokens;
    }

    QTemporaryDir m_folder;
    controller::LoadJob m_load;
};

QTEST_GUILESS_MAIN(TestControllerMachine)
#include "tst_controller_machine.moc"
