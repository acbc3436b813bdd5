// SPDX-License-Identifier: Apache-2.0
// A program of its own: drivers are looked for once a process.
#include "app/controller/inferencecontroller.h"
#include "engine/model/convert.h"

#include <QTemporaryDir>
#include <QTest>

using namespace moescope;
using controller::InferenceController;

class TestControllerNoDriver : public QObject {
    Q_OBJECT

private slots:
    void withoutAVulkanDriverTheWindowHearsASentence() {
        qputenv("VK_DRIVER_FILES", "/nonexistent.json");
        qputenv("VK_ICD_FILENAMES", "/nonexistent.json");
        const QTemporaryDir folder;
        controller::LoadJob load;
        load.model = std::filesystem::path(folder.filePath("large_like.gguf").toStdString());
        model::ConvertOptions options;
        options.type = gguf::TensorType::F32;
        model::convert(std::filesystem::path(MOESCOPE_TEST_DATA) / "golden" / "large_like", load.model, options);

        InferenceController controller;
        QStringList ids;
        QString sentence;
        connect(&controller, &InferenceController::loadFailed, this, [&](const trace::Error& error) {
            ids.append(QString::fromStdString(error.id()));
            sentence = QString::fromStdString(error.what());
        });
        int devices = -1;
        connect(&controller, &InferenceController::devicesListed, this,
                [&](const QList<trace::DeviceInfo>& list) { devices = static_cast<int>(list.size()); });
        controller.load(load);
        QTRY_COMPARE_WITH_TIMEOUT(ids, QStringList{QStringLiteral("vulkan.none")}, 60'000);
        QVERIFY2(sentence.contains(QLatin1String("Vulkan")), qPrintable(sentence));
        QVERIFY2(sentence.endsWith(QLatin1Char('.')), qPrintable(sentence));
        QCOMPARE(controller.state(), InferenceController::State::Empty);
        controller.listDevices();
        QTRY_COMPARE_WITH_TIMEOUT(devices, 0, 60'000);
    }
};

QTEST_GUILESS_MAIN(TestControllerNoDriver)
#include "tst_controller_nodriver.moc"
