// SPDX-License-Identifier: Apache-2.0
#include "ui/models/modellist.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

using namespace moescope;
using namespace moescope::ui;

namespace {

constexpr quint64 kGiB = quint64{1} << 30;

ModelRow row(const std::string& name, uint64_t routedBytes = kGiB, uint32_t limit = 8192) {
    ModelRow row;
    row.card.info.path = "/models/" + name + ".gguf";
    row.card.info.file_name = name + ".gguf";
    row.card.info.name = name;
    row.card.info.architecture = "hunyuan-moe";
    row.card.info.main_type = "Q4_K";
    row.card.info.file_bytes = routedBytes;
    row.card.info.parameters = 80'000'000'000;
    row.card.info.active_parameters = 13'000'000'000;
    row.card.info.expert_count = 64;
    row.card.info.block_count = 32;
    row.card.info.context_length = limit;
    row.card.known = true;
    trace::MemoryNeeds needs;
    needs.routed.bytes = routedBytes;
    needs.kv_bytes_per_token = {262'144, 131'072, 69'632};
    row.card.needs = needs;
    return row;
}

ModelRow unreadable(const std::string& file) {
    ModelRow row;
    row.card.info.path = "/models/" + file;
    row.card.info.file_name = file;
    row.card.error = trace::Error("gguf.truncated", "It is cut short.");
    row.reason = QStringLiteral("It is cut short.");
    return row;
}

FitQuestion against(quint64 freeBytes, quint32 context = 4096, trace::KvType kv = trace::KvType::F16) {
    return {QStringLiteral("llvmpipe"), freeBytes, false, context, kv};
}

QStringList names(const QAbstractItemModel& model) {
    QStringList all;
    for (int i = 0; i < model.rowCount(); ++i) {
        all += model.index(i, ModelListModel::Name).data().toString();
    }
    return all;
}

} // namespace

class TestModelList : public QObject {
    Q_OBJECT

private slots:
    void fitFollowsTheNumbers_data() {
        QTest::addColumn<quint64>("free");
        QTest::addColumn<quint32>("context");
        QTest::addColumn<trace::KvType>("kv");
        QTest::addColumn<FitState>("state");
        QTest::addColumn<QString>("words");
        using trace::KvType;
        // 1 GiB of weights and 128 KiB a token: 4,096 tokens are half a GiB, the model's 8,192 one GiB.
        QTest::newRow("green") << 3 * kGiB << 4096U << KvType::F16 << FitState::Fits << "Fits";
        QTest::newRow("just green") << kGiB * 5 / 3 + 100 << 4096U << KvType::F16 << FitState::Fits << "Fits";
        QTest::newRow("more than 90 %") << kGiB * 5 / 3 - 100'000 << 4096U << KvType::F16 << FitState::Tight
                                        << "Fits, little is left";
        QTest::newRow("a sixteenth is left")
            << kGiB * 8 / 5 + 1 << 4096U << KvType::F16 << FitState::Tight << "Fits, little is left";
        QTest::newRow("less is left") << kGiB * 8 / 5 - 100 << 4096U << KvType::F16 << FitState::Shorter
                                      << "Fits up to 4,032 tokens";
        QTest::newRow("as asked, and no sixteenth is left")
            << kGiB * 17 / 16 << 128U << KvType::F16 << FitState::Tight << "Fits, little is left";
        QTest::newRow("one byte short") << kGiB * 3 / 2 - 1 << 4096U << KvType::F16 << FitState::Shorter
                                        << "Fits up to 3,328 tokens";
        QTest::newRow("wider cache") << kGiB * 3 / 2 << 4096U << KvType::F32 << FitState::Shorter
                                     << "Fits up to 1,664 tokens";
        // 1 GiB and 68 KiB a token.
        QTest::newRow("narrower cache") << kGiB * 3 / 2 << 4096U << KvType::Q8_0 << FitState::Fits << "Fits";
        QTest::newRow("narrower cache, shorter")
            << kGiB * 5 / 4 << 4096U << KvType::Q8_0 << FitState::Shorter << "Fits up to 2,624 tokens";
        QTest::newRow("the limit counts") << kGiB * 3 << 1'000'000U << KvType::F16 << FitState::Fits << "Fits";
        QTest::newRow("too large") << kGiB << 4096U << KvType::F16 << FitState::TooLarge << "512 MiB too large";
        QTest::newRow("nothing free") << quint64{0} << 4096U << KvType::F16 << FitState::TooLarge
                                      << "1.50 GiB too large";
    }

    void fitFollowsTheNumbers() {
        QFETCH(quint64, free);
        QFETCH(quint32, context);
        QFETCH(trace::KvType, kv);
        QFETCH(FitState, state);
        QFETCH(QString, words);
        const ModelRow model = row("a");
        const FitQuestion question = against(free, context, kv);
        const Fit fit = fitOf(model.card, question);
        QCOMPARE(fit.state, state);
        QCOMPARE(fitText(fit), words);
        QCOMPARE(fit.context, std::min(context, 8192U));
        QCOMPARE(fit.canLoad(), state != FitState::TooLarge);
        const QString sentence = fitSentence(model.card, fit, question, {});
        QVERIFY2(sentence.contains(bytesText(fit.needed_bytes)) && sentence.contains(bytesText(free)) &&
                     sentence.contains(QLatin1String("llvmpipe")),
                 qPrintable(sentence));
    }

    void aTooLargeModelSaysWhereItsBytesAre() {
        const ModelRow model = row("a", 43 * kGiB);
        const FitQuestion question = against(20 * kGiB);
        QCOMPARE(fitSentence(model.card, fitOf(model.card, question), question, {}),
                 QStringLiteral("This model needs 43.5 GiB and llvmpipe has 20.0 GiB free, so it cannot be loaded. The "
                                "routed experts alone are 43.0 GiB."));
    }

    void whatCannotBeReadHasItsReason() {
        const ModelRow model = unreadable("x.gguf");
        const Fit fit = fitOf(model.card, against(kGiB));
        QCOMPARE(fit.state, FitState::Unreadable);
        QVERIFY(!fit.canLoad());
        QCOMPARE(fitSentence(model.card, fit, against(kGiB), model.reason), model.reason);
        QCOMPARE(fitOf(row("a").card, {}).state, FitState::Unchecked);
    }

    void equalNamesAreToldApartByTheirFiles() {
        ModelListModel models;
        const auto named = [](const std::string& path) {
            ModelRow model = row("tiny");
            model.card.info.path = path;
            model.card.info.file_name = path.substr(path.rfind('/') + 1);
            return model;
        };
        const auto distinctions = [&models] {
            QStringList all;
            for (int at = 0; at < models.rowCount(); ++at) {
                all.append(models.index(at, ModelListModel::Name).data(ModelListModel::DistinctionRole).toString());
            }
            return all;
        };
        models.put({row("other"), named("/a/one.gguf")});
        QCOMPARE(distinctions(), QStringList({"", ""}));
        QSignalSpy changed(&models, &QAbstractItemModel::dataChanged);
        models.put({named("/a/two.gguf")});
        QCOMPARE(changed.size(), 1);
        QCOMPARE(distinctions(), QStringList({"", "one.gguf", "two.gguf"}));
        QVERIFY(models.index(1, ModelListModel::Name).data(Qt::AccessibleTextRole).toString().contains("one.gguf"));
        models.put({named("/b/two.gguf")});
        QCOMPARE(distinctions(), QStringList({"", "one.gguf", "a/two.gguf", "b/two.gguf"}));
        models.retain({"/models/other.gguf", "/b/two.gguf"});
        QCOMPARE(distinctions(), QStringList({"", ""}));
    }

    void rowsAreInOrderAndKnownOnesAreReplaced() {
        ModelListModel models;
        const QAbstractItemModelTester tester(&models, QAbstractItemModelTester::FailureReportingMode::QtTest);
        ModelRow builtIn = row("Nano");
        builtIn.built_in = true;
        models.put({row("beta"), row("Alpha"), builtIn, unreadable("mixture-test.gguf")});
        QCOMPARE(names(models), QStringList({"Nano", "Alpha", "beta", "mixture-test"}));
        ModelRow renamed = row("beta");
        renamed.card.info.name = "Aardvark";
        models.put({renamed});
        QCOMPARE(names(models), QStringList({"Nano", "Aardvark", "Alpha", "mixture-test"}));
        ModelRow same = row("Alpha");
        same.card.info.main_type = "Q8_0";
        QSignalSpy changed(&models, &QAbstractItemModel::dataChanged);
        models.put({same});
        QCOMPARE(changed.size(), 1);
        QCOMPARE(models.index(2, ModelListModel::Type).data().toString(), QStringLiteral("Q8_0"));
        models.retain({"/models/Alpha.gguf"});
        QCOMPARE(names(models), QStringList({"Nano", "Alpha"})); // the built-in one is no file of a folder
    }

    void countsAreShort() {
        const std::pair<quint64, QString> counts[] = {
            {9'999, "9,999"},    {10'000, "10K"},     {408'123, "408K"},     {999'400, "999K"},      {999'600, "1.0M"},
            {6'500'000, "6.5M"}, {30'000'000, "30M"}, {999'600'000, "1.0B"}, {6'920'000'000, "6.9B"}};
        for (const auto& [count, words] : counts) {
            QCOMPARE(shortCount(count), words);
        }
    }

    void cellsSayWhatIsKnown() {
        ModelListModel models;
        models.setQuestion(against(4 * kGiB));
        ModelRow dense = row("dense");
        dense.card.info.expert_count = 0;
        dense.card.info.parameters = 135'000'000;
        dense.card.info.architecture = "llama";
        models.put({row("moe"), dense, unreadable("x.gguf")});
        const auto texts = [&models](int at) {
            QStringList all;
            for (int column = 0; column < ModelListModel::ColumnCount; ++column) {
                all += models.index(at, column).data().toString();
            }
            return all;
        };
        QCOMPARE(texts(0), QStringList({"dense", "llama, dense", "135M", "Q4_K", "1.00 GiB", "8,192", "Fits"}));
        QCOMPARE(texts(1), QStringList({"moe", "hunyuan-moe", "80B · 13B", "Q4_K", "1.00 GiB", "8,192", "Fits"}));
        QCOMPARE(texts(2), QStringList({"x", "not known", "–", "–", "–", "–", "Cannot be read"}));
        models.setLoaded("/models/moe.gguf", true);
        QVERIFY(models.index(1, 0).data(ModelListModel::LoadingRole).toBool());
        QCOMPARE(models.index(1, 0).data(Qt::AccessibleTextRole).toString(), QStringLiteral("moe, being loaded"));
        models.setLoaded("/models/moe.gguf", false);
        QVERIFY(models.isLoaded(1) && !models.isLoaded(0));
    }

    void hostileNamesAreOneHarmlessLine() {
        ModelRow model = row("a");
        model.card.info.name =
            std::string("<b>two</b>\nlines\x1b[31m \xe2\x80\xae") + std::string(100'000, 'n') + "\xff";
        const QString name = modelName(model.card);
        QVERIFY(name.size() <= 400);
        QVERIFY(name.startsWith(QLatin1String("<b>two</b> lines [31m n")));
        ModelListModel models;
        models.put({model});
        QVERIFY(models.index(0, 0).data(Qt::ToolTipRole).toString().startsWith(QLatin1String("<span>&lt;b&gt;")));
        model.card.info.name = "模型 🦊 é";
        QCOMPARE(modelName(model.card), QStringLiteral("模型 🦊 é"));
    }

    void filterAndSort() {
        ModelListModel models;
        models.setQuestion(against(4 * kGiB));
        ModelRow big = row("big", 40 * kGiB);
        big.card.info.main_type = "Q8_0";
        models.put({row("alpha", 2 * kGiB), big, row("small", kGiB / 2), unreadable("broken.gguf")});
        ModelFilter filter;
        filter.setSourceModel(&models);
        QCOMPARE(names(filter), QStringList({"alpha", "big", "broken", "small"}));
        filter.setText(QStringLiteral("  HUNYUAN q8 "));
        QCOMPARE(names(filter), QStringList({"big"}));
        filter.setText(QStringLiteral("no such"));
        QCOMPARE(filter.rowCount(), 0);
        filter.setText({});
        filter.sort(ModelListModel::File, Qt::DescendingOrder);
        QCOMPARE(names(filter), QStringList({"big", "alpha", "small", "broken"}));
        filter.sort(ModelListModel::FitColumn);
        QCOMPARE(names(filter), QStringList({"alpha", "small", "big", "broken"}));
        filter.sort(-1);
        QCOMPARE(names(filter), QStringList({"alpha", "big", "broken", "small"}));
    }
};

QTEST_GUILESS_MAIN(TestModelList)
#include "tst_modellist.moc"
