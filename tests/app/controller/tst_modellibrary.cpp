// SPDX-License-Identifier: Apache-2.0
#include "app/controller/modelcards.h"
#include "app/controller/modelconverter.h"
#include "app/controller/modellibrary.h"
#include "engine/gguf/reader.h"
#include "engine/inference/memory_plan.h"
#include "engine/model/convert.h"

#include <QDir>
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <filesystem>
#include <map>

using namespace moescope;
using controller::ModelLibrary;
namespace fs = std::filesystem;

namespace {

constexpr int patience = 60'000; // ms

fs::path goldenFolder(const char* name) { return fs::path(MOESCOPE_TEST_DATA) / "golden" / name; }

/** Converted once. */
QString golden(const char* name, gguf::TensorType type = gguf::TensorType::F16) {
    static const QTemporaryDir folder;
    const QString target =
        folder.filePath(QStringLiteral("%1-%2.gguf").arg(QLatin1String(name)).arg(static_cast<int>(type)));
    if (!QFile::exists(target)) {
        model::ConvertOptions options;
        options.type = type;
        model::convert(goldenFolder(name), target.toStdString(), options);
    }
    return target;
}

void write(const QString& path, const QByteArray& bytes) {
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(bytes);
}

/** What a library has told, as a list that follows it would show it. */
struct Shown {
    explicit Shown(ModelLibrary& library) {
        QObject::connect(&library, &ModelLibrary::cardsRead, &m_context, [this](const QList<trace::ModelCard>& read) {
            for (const trace::ModelCard& card : read) {
                cards.insert_or_assign(fs::path(card.info.path).filename().string(), card);
                ++told;
            }
        });
        QObject::connect(&library, &ModelLibrary::scanEnded, &m_context, [this](const controller::ScanReport& report) {
            std::erase_if(cards, [&report](const auto& entry) {
                return std::find(report.paths.begin(), report.paths.end(), entry.second.info.path) ==
                       report.paths.end();
            });
            last = report;
            ++scans;
        });
    }

    std::map<std::string, trace::ModelCard> cards;
    controller::ScanReport last;
    int told = 0;
    int scans = 0;

private:
    QObject m_context;
};

controller::LibraryPlaces placesOf(const QString& folder) {
    controller::LibraryPlaces places;
    places.folders.push_back(folder.toStdString());
    return places;
}

} // namespace

class TestModelLibrary : public QObject {
    Q_OBJECT

private slots:
    void aCardHasThePlannersSums_data() {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<bool>("experts");
        QTest::newRow("experts") << QByteArray("large_like") << true;
        QTest::newRow("dense") << QByteArray("dense") << false;
        QTest::newRow("untied") << QByteArray("untied") << true;
        QTest::newRow("no QK norm") << QByteArray("no_qk_norm") << true;
    }

    void aCardHasThePlannersSums() {
        QFETCH(QByteArray, name);
        QFETCH(bool, experts);
        const QString path = golden(name.constData(), gguf::TensorType::Q8_0);
        const trace::ModelCard card = controller::readCard(path.toStdString());
        QVERIFY2(card.isRunnable(), card.error ? card.error->what() : "");
        QCOMPARE(card.needs->routed.bytes > 0, experts);
        const gguf::Reader file(path.toStdString());
        const model::ModelConfig config = model::readConfig(file);
        for (const uint32_t context : {1U, 64U, 200U, config.context_length}) {
            for (const trace::KvType kv : trace::kvTypes) {
                const inference::MemoryPlan plan = inference::planMemory(config, file, context, kv);
                QCOMPARE(card.needs->weights(), plan.weights_bytes);
                QCOMPARE(card.needs->kv(context, kv), plan.kv_bytes);
                QCOMPARE(card.needs->workspace(context), plan.workspace_bytes);
                QCOMPARE(card.needs->total(context, kv), plan.total());
                const inference::MemoryPlan software = inference::planMemory(config, file, context, kv, true);
                QCOMPARE(card.needsOn(true)->total(context, kv), software.total());
                QVERIFY(software.workspace_bytes < plan.workspace_bytes);
            }
        }
    }

    void hostileFilesHaveAReasonAndNoFigures() {
        const QTemporaryDir folder;
        QFile whole(golden("large_like"));
        QVERIFY(whole.open(QIODevice::ReadOnly));
        const QByteArray bytes = whole.readAll();
        write(folder.filePath("text.gguf"), "just a text\n");
        write(folder.filePath("empty.gguf"), {});
        write(folder.filePath("cut.gguf"), bytes.left(bytes.size() / 2));
        write(folder.filePath("head.gguf"), bytes.left(600));
        write(folder.filePath("counts.gguf"), bytes.left(8) + QByteArray(16, '\xff') + bytes.mid(24));
        QVERIFY(QFile::link(folder.filePath("nothing"), folder.filePath("nowhere.gguf")));
        write(folder.filePath("lone-00002-of-00003.gguf"), bytes);
        ModelLibrary library;
        Shown shown(library);
        library.setPlaces(placesOf(folder.path()));
        QTRY_COMPARE_WITH_TIMEOUT(shown.scans, 1, patience);
        QCOMPARE(shown.cards.size(), size_t{7});
        for (const auto& [name, card] : shown.cards) {
            QVERIFY2(card.error, name.c_str());
            QVERIFY2(!card.isRunnable(), name.c_str());
            QVERIFY2(std::string(card.error->what()).size() > 20, card.error->what());
            QCOMPARE(card.info.file_name, name);
        }
        QCOMPARE(shown.cards.at("lone-00002-of-00003.gguf").error->id(), std::string("library.parts"));
        QCOMPARE(shown.cards.at("cut.gguf").info.file_bytes, uint64_t(bytes.size() / 2));
    }

    void changesAreSeenAndOnlyTheyAreTold() {
        const QTemporaryDir folder;
        QVERIFY(QFile::copy(golden("large_like"), folder.filePath("a.gguf")));
        ModelLibrary library;
        Shown shown(library);
        library.setPlaces(placesOf(folder.path()));
        QTRY_COMPARE_WITH_TIMEOUT(shown.scans, 1, patience);
        QCOMPARE(shown.told, 1);
        QVERIFY(shown.cards.at("a.gguf").isRunnable());
        QCOMPARE(shown.last.folders.size(), size_t{1});
        QCOMPARE(shown.last.folders[0].models, size_t{1});

        QVERIFY(QFile::copy(golden("dense"), folder.filePath("b.gguf"))); // nobody asks for a scan
        QTRY_COMPARE_WITH_TIMEOUT(shown.cards.size(), size_t{2}, patience);
        QTRY_VERIFY_WITH_TIMEOUT(shown.cards.at("b.gguf").isRunnable(), patience);
        QCOMPARE(shown.cards.count("a.gguf"), size_t{1});
        QVERIFY(QFile::remove(folder.filePath("a.gguf")));
        QTRY_COMPARE_WITH_TIMEOUT(shown.cards.size(), size_t{1}, patience);
        QVERIFY(shown.cards.contains("b.gguf"));

        const int told = shown.told;
        const int scans = shown.scans;
        library.rescan();
        QTRY_VERIFY_WITH_TIMEOUT(shown.scans > scans, patience);
        QCOMPARE(shown.told, told);
    }

    void aDownloadThatBecomesWholeIsReadAgain() {
        const QTemporaryDir folder;
        QFile whole(golden("large_like"));
        QVERIFY(whole.open(QIODevice::ReadOnly));
        const QByteArray bytes = whole.readAll();
        QFile growing(folder.filePath("new.gguf"));
        QVERIFY(growing.open(QIODevice::WriteOnly));
        growing.write(bytes.left(1000));
        growing.flush();
        ModelLibrary library;
        Shown shown(library);
        library.setPlaces(placesOf(folder.path()));
        QTRY_COMPARE_WITH_TIMEOUT(shown.scans, 1, patience);
        QVERIFY(shown.cards.at("new.gguf").error);
        growing.write(bytes.mid(1000)); // the folder itself does not change
        growing.close();
        QTRY_VERIFY_WITH_TIMEOUT(shown.cards.at("new.gguf").isRunnable(), patience);
    }

    void newPlacesEndAScanOfOldOnes() {
        const QTemporaryDir many;
        for (int i = 0; i < 300; ++i) {
            write(many.filePath(QStringLiteral("m%1.gguf").arg(i)), "x");
        }
        const QTemporaryDir few;
        write(few.filePath("one.gguf"), "x");
        ModelLibrary library;
        Shown shown(library);
        library.setPlaces(placesOf(many.path()));
        library.setPlaces(placesOf(few.path()));
        QTRY_COMPARE_WITH_TIMEOUT(shown.scans, 1, patience);
        QCOMPARE(shown.cards.size(), size_t{1});
        QVERIFY(shown.cards.contains("one.gguf"));
        QTest::qWait(50);
        QCOMPARE(shown.scans, 1);
    }

    void endsWhileItIsScanning() {
        const QTemporaryDir folder;
        for (int i = 0; i < 500; ++i) {
            write(folder.filePath(QStringLiteral("m%1.gguf").arg(i)), "x");
        }
        ModelLibrary library;
        library.setPlaces(placesOf(folder.path()));
        library.inspect({folder.path().toStdString()});
    }

    void aFolderThatIsNotThereIsMadeOrSaid() {
        const QTemporaryDir folder;
        controller::LibraryPlaces places = placesOf(folder.filePath("own/models"));
        places.made = places.folders.front();
        places.folders.push_back(folder.filePath("missing").toStdString());
        ModelLibrary library;
        Shown shown(library);
        library.setPlaces(places);
        QTRY_COMPARE_WITH_TIMEOUT(shown.scans, 1, patience);
        QVERIFY(QDir(folder.filePath("own/models")).exists());
        QVERIFY(!QDir(folder.filePath("missing")).exists());
        QVERIFY(!shown.last.folders[0].error);
        QCOMPARE(shown.last.folders[1].error->id(), std::string("library.folder"));
    }

    void whatIsDroppedIsSortedOut() {
        const QTemporaryDir folder;
        write(folder.filePath("notes.txt"), "a text\n");
        QVERIFY(QDir(folder.path()).mkdir("models"));
        QVERIFY(QDir(folder.path()).mkdir("hf"));
        write(folder.filePath("hf/config.json"), "{}");
        ModelLibrary library;
        QSignalSpy inspected(&library, &ModelLibrary::inspected);
        const auto at = [&folder](const char* name) { return fs::path(folder.filePath(name).toStdString()); };
        library.inspect({at("notes.txt"), at("gone.gguf"), at("models"), at("hf"), golden("dense").toStdString(),
                         golden("dense").toStdString()});
        QTRY_COMPARE_WITH_TIMEOUT(inspected.size(), 1, patience);
        const auto what = inspected[0][0].value<controller::Inspected>();
        QCOMPARE(what.folders.size(), size_t{1});
        QCOMPARE(what.folders[0], at("models").string());
        QCOMPARE(what.files.size(), size_t{1}); // once, though it was given twice
        QVERIFY(what.files[0].isRunnable());
        QCOMPARE(what.errors.size(), size_t{3});
        QVERIFY(std::string(what.errors[0].what()).find("notes.txt") != std::string::npos);
        QCOMPARE(what.errors[1].id(), std::string("library.missing"));
        QCOMPARE(what.errors[2].id(), std::string("library.hugging_face"));
    }

    void aFolderIsConvertedAndAConversionCanBeCancelled() {
        const QTemporaryDir folder;
        controller::ModelConverter converter;
        QSignalSpy converted(&converter, &controller::ModelConverter::converted);
        std::vector<std::string> failed;
        connect(&converter, &controller::ModelConverter::failed, this,
                [&failed](const trace::Error& error) { failed.push_back(error.id()); });
        const fs::path target = folder.filePath("new.gguf").toStdString();
        converter.convert({goldenFolder("large_like"), target, "q8_0"});
        QVERIFY(converter.isRunning());
        QTRY_COMPARE_WITH_TIMEOUT(converted.size(), 1, patience);
        QVERIFY(!converter.isRunning());
        QVERIFY(controller::readCard(target).isRunnable());

        const fs::path other = folder.filePath("other.gguf").toStdString();
        converter.convert({goldenFolder("large_like"), other, "f16"});
        converter.cancel();
        QTRY_VERIFY_WITH_TIMEOUT(!converter.isRunning(), patience);
        QCOMPARE(failed, std::vector<std::string>{"convert.cancelled"});
        QCOMPARE(converted.size(), 1);
        QVERIFY(!fs::exists(other));
    }
};

QTEST_GUILESS_MAIN(TestModelLibrary)
#include "tst_modellibrary.moc"
