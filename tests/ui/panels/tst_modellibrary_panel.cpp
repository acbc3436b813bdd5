// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/memorybar.h"
#include "ui/panels/modellibrarypanel.h"
#include "ui/panels/modeltable.h"
#include "ui/theme/theme.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/elidedlabel.h"
#include "ui/widgets/progresscard.h"
#include "ui/widgets/searchfield.h"

#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QSlider>
#include <QTest>

using namespace moescope;
using namespace moescope::ui;

namespace {

constexpr quint64 kGiB = quint64{1} << 30;

ModelRow model(const std::string& name, uint64_t bytes, uint32_t limit = 8192) {
    ModelRow row;
    row.card.info.path = "/models/" + name + ".gguf";
    row.card.info.file_name = name + ".gguf";
    row.card.info.name = name;
    row.card.info.architecture = "hunyuan-moe";
    row.card.info.license = "tencent-hunyuan-a13b";
    row.card.info.expert_count = 16;
    row.card.info.expert_used_count = 2;
    row.card.info.block_count = 4;
    row.card.info.context_length = limit;
    row.card.known = true;
    trace::MemoryNeeds needs;
    needs.routed = {bytes, "Q4_K"};
    needs.rest = {kGiB / 8, "Q6_K"};
    needs.kv_bytes_per_token = {262'144, 131'072, 69'632};
    row.card.needs = needs;
    return row;
}

ModelRow broken(const std::string& name) {
    ModelRow row;
    row.card.info.path = "/models/" + name;
    row.card.info.file_name = name;
    row.card.error = trace::Error("gguf.truncated", "cut");
    row.reason = QStringLiteral("The file “%1” ends too early. Download it again.").arg(QString::fromStdString(name));
    return row;
}

class Page : public ModelLibraryPanel {
public:
    explicit Page(const QSize& size = {1440, 770}) {
        resize(size);
        setDevices({{QStringLiteral("llvmpipe"), 4 * kGiB, 8 * kGiB}}, {});
        putModels(
            {model("fits", kGiB), model("huge", 40 * kGiB), broken("mixture.gguf"), model("long", 3 * kGiB, 262'144)});
        show();
    }
    ModelTable* table() const { return findChild<ModelTable*>(); }
    void choose(const char* path) { showModel(path); }
    QPushButton* button(const QString& text) const {
        for (QPushButton* button : findChildren<QPushButton*>()) {
            if (button->text() == text && button->isVisible()) {
                return button;
            }
        }
        return nullptr;
    }
    QString verdict() const {
        for (const Banner* banner : findChildren<Banner*>()) {
            if (banner->isVisible()) {
                return banner->text();
            }
        }
        return {};
    }
    bool says(const QString& part) const {
        const auto labels = findChildren<QLabel*>();
        return std::any_of(labels.begin(), labels.end(),
                           [&part](const QLabel* label) { return label->isVisible() && label->text().contains(part); });
    }
};

} // namespace

class TestModelLibraryPanel : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }

    void modelsOfOneNameShowTheirFiles() {
        Page page;
        page.choose("/models/fits.gguf");
        QVERIFY(!page.says(QStringLiteral("fits.gguf"))); // its name says enough
        ModelRow twin = model("fits", kGiB);
        twin.card.info.path = "/models/fits-q4.gguf";
        twin.card.info.file_name = "fits-q4.gguf";
        page.putModels({twin});
        page.choose("/models/fits.gguf");
        QVERIFY(page.says(QStringLiteral("fits.gguf")));
        page.choose("/models/fits-q4.gguf");
        QVERIFY(page.says(QStringLiteral("fits-q4.gguf")));
    }

    void onlyWhatFitsCanBeLoaded() {
        Page page;
        QSignalSpy wishes(&page, &ModelLibraryPanel::loadRequested);
        page.choose("/models/fits.gguf");
        QVERIFY(page.verdict().contains(QLatin1String("4.00 GiB")));
        QVERIFY(page.button("Load")->isEnabled());
        page.button("Load")->click();
        QCOMPARE(wishes.size(), 1);
        const auto wish = wishes[0][0].value<LoadWish>();
        QCOMPARE(wish.path, std::string("/models/fits.gguf"));
        QCOMPARE(wish.device, QStringLiteral("llvmpipe"));
        QCOMPARE(wish.context, 0U); // the model's limit fits
        QCOMPARE(wish.kv, trace::KvType::F16);

        page.choose("/models/huge.gguf");
        QVERIFY(page.verdict().contains(QLatin1String("cannot be loaded")));
        QVERIFY(!page.button("Load")->isEnabled());
        page.choose("/models/mixture.gguf");
        QVERIFY(page.verdict().contains(QLatin1String("Download it again")));
        QVERIFY(!page.button("Load")->isEnabled());
        QVERIFY(page.button("Copy message") != nullptr);
        QTest::keyClick(page.table(), Qt::Key_Return);
        QCOMPARE(wishes.size(), 1);
    }

    void theTypeOfTheCacheIsInTheSumsAndInTheWish() {
        Page page;
        page.choose("/models/long.gguf"); // 3.1 GiB and 4 GiB of F16 for 32,768 tokens of the 4 that are free
        QVERIFY2(page.verdict().contains(QLatin1String("needs 7.12 GiB")), qPrintable(page.verdict()));
        QComboBox* kv = nullptr;
        for (QComboBox* choice : page.findChildren<QComboBox*>()) {
            kv = choice->accessibleName() == QLatin1String("Type of the KV cache") ? choice : kv;
        }
        kv->setCurrentIndex(kv->findText(QStringLiteral("Q8_0")));
        QVERIFY2(page.verdict().contains(QLatin1String("needs 5.25 GiB")), qPrintable(page.verdict()));
        QVERIFY(page.says(QStringLiteral("68.0 KiB a token. The limit would need 17.0 GiB of KV cache.")));
        QSignalSpy wishes(&page, &ModelLibraryPanel::loadRequested);
        page.button("Load")->click();
        QCOMPARE(wishes[0][0].value<LoadWish>().kv, trace::KvType::Q8_0);
        kv->setCurrentIndex(kv->findText(QStringLiteral("F32")));
        QVERIFY(page.verdict().contains(QLatin1String("needs 11.1 GiB")));
    }

    void theSliderAsksForAContext() {
        Page page;
        page.choose("/models/long.gguf"); // 3.1 GiB and 4 GiB for 32,768 tokens of the 4 that are free
        QVERIFY(page.verdict().contains(QLatin1String("It fits with up to")));
        auto* slider = page.findChild<QSlider*>();
        QSignalSpy wishes(&page, &ModelLibraryPanel::loadRequested);
        page.button("Load")->click();
        QCOMPARE(wishes[0][0].value<LoadWish>().context, 0U); // the engine takes what fits
        slider->setValue(slider->minimum());
        QVERIFY(page.says(QStringLiteral("128 of 262,144")));
        QVERIFY(page.verdict().contains(QLatin1String("so it fits")));
        slider->setValue(slider->maximum() / 4);
        page.button("Load")->click();
        const quint32 context = wishes[1][0].value<LoadWish>().context;
        QVERIFY(context > 128 && context < 32'768);
        QCOMPARE(context % 64, 0U);
        // Another scan that tells of the same model leaves the slider where it is.
        page.putModels({model("long", 3 * kGiB, 262'144)});
        page.button("Load")->click();
        QCOMPARE(wishes[2][0].value<LoadWish>().context, context);
    }

    void theQuestionChangesEveryRow() {
        Page page;
        const int row = page.models()->rowOf("/models/fits.gguf");
        QCOMPARE(page.models()->fit(row).state, FitState::Fits);
        const auto combos = page.findChildren<QComboBox*>();
        QCOMPARE(combos.size(), 3);
        page.setDevices({{QStringLiteral("llvmpipe"), 4 * kGiB, 8 * kGiB}, {QStringLiteral("small"), kGiB, kGiB}},
                        QStringLiteral("llvmpipe"));
        combos[0]->setCurrentIndex(1);
        QCOMPARE(page.models()->fit(row).state, FitState::TooLarge);
        page.setDevices({{QStringLiteral("small"), 8 * kGiB, 8 * kGiB}, {QStringLiteral("llvmpipe"), 1, 1}},
                        QStringLiteral("llvmpipe"));
        QCOMPARE(page.question().device, QStringLiteral("small")); // what was chosen stays
        QCOMPARE(page.models()->fit(row).state, FitState::Fits);
        page.setDevices({{QStringLiteral("llvmpipe"), 4 * kGiB, 8 * kGiB, true, QStringLiteral("Nano")}},
                        QStringLiteral("llvmpipe"));
        QCOMPARE(combos[0]->currentText(), QStringLiteral("llvmpipe · 4.00 GiB free after unloading"));
        page.setDevices({}, {});
        QCOMPARE(page.models()->fit(row).state, FitState::Unchecked);
    }

    void loadingCanBeStoppedAndLoadedUnloaded() {
        Page page;
        page.choose("/models/fits.gguf");
        QSignalSpy stops(&page, &ModelLibraryPanel::stopRequested);
        QSignalSpy unloads(&page, &ModelLibraryPanel::unloadRequested);
        page.setLoaded("/models/fits.gguf", true);
        page.setLoadProgress(kGiB / 2, kGiB);
        auto* card = page.table()->window()->findChild<ModelDetails*>()->findChild<ProgressCard*>();
        QVERIFY(card->isVisible());
        QVERIFY2(card->accessibleName().contains(QLatin1String("512 MiB of 1.00 GiB")),
                 qPrintable(card->accessibleName()));
        QVERIFY(page.button("Load") == nullptr);
        card->findChild<QPushButton*>()->click();
        QCOMPARE(stops.size(), 1);
        page.setLoaded("/models/fits.gguf", false);
        QVERIFY(!card->isVisible());
        page.button("Unload")->click();
        QCOMPARE(unloads.size(), 1);
        page.setLoaded({}, false);
        QVERIFY(page.button("Load")->isEnabled());
    }

    void searchNarrowsAndSaysWhenNothingIsLeft() {
        Page page;
        auto* search = page.findChild<SearchField*>();
        search->setText(QStringLiteral("huge"));
        QCOMPARE(page.table()->shownCount(), 1);
        QCOMPARE(page.models()->at(page.table()->currentModel()).path(), std::string("/models/huge.gguf"));
        search->setText(QStringLiteral("reeds"));
        QVERIFY(page.says(QStringLiteral("Nothing contains “reeds”.")));
        QTest::keyClick(search, Qt::Key_Escape);
        QVERIFY(search->text().isEmpty());
        QVERIFY(page.table()->isVisible());
        QSignalSpy left(&page, &ModelLibraryPanel::left);
        QTest::keyClick(search, Qt::Key_Escape);
        QTest::keyClick(page.table(), Qt::Key_Escape);
        QCOMPARE(left.size(), 2);
    }

    void theChosenModelStaysThroughScans() {
        Page page;
        page.choose("/models/long.gguf");
        page.putModels({model("another", kGiB), model("aaa", kGiB)});
        QCOMPARE(page.models()->at(page.table()->currentModel()).path(), std::string("/models/long.gguf"));
        page.retainModels({"/models/long.gguf", "/models/aaa.gguf"});
        QCOMPARE(page.models()->rowCount(), 2);
        QCOMPARE(page.models()->at(page.table()->currentModel()).path(), std::string("/models/long.gguf"));
        page.retainModels({});
        QVERIFY(page.says(QStringLiteral("No models yet")));
    }

    void verdictsHaveTheirKind() {
        Page page;
        const auto kind = [&page](const char* path) {
            page.choose(path);
            return page.findChild<Banner*>()->kind();
        };
        QCOMPARE(kind("/models/fits.gguf"), Banner::Kind::Ok);
        QCOMPARE(kind("/models/long.gguf"), Banner::Kind::Warning);
        QCOMPARE(kind("/models/huge.gguf"), Banner::Kind::Error);
        QCOMPARE(kind("/models/mixture.gguf"), Banner::Kind::Error);
        QVERIFY(page.says(QStringLiteral("The message above says why.")));
        page.setDevices({}, {});
        QCOMPARE(kind("/models/fits.gguf"), Banner::Kind::Info);
    }

    void whatIsSaidIsLoaded() {
        Page page; // 4 GiB free
        QSignalSpy wishes(&page, &ModelLibraryPanel::loadRequested);
        page.putModels({model("few", kGiB * 7 / 2), model("full", kGiB * 15 / 4, 512)});
        page.choose("/models/few.gguf");
        QVERIFY2(page.verdict().contains(QLatin1String("up to 1,024 tokens")), qPrintable(page.verdict()));
        page.button("Load")->click();
        QCOMPARE(wishes[0][0].value<LoadWish>().context, 1024U);
        page.choose("/models/full.gguf"); // not a sixteenth is left, but it is what was asked for
        QVERIFY2(page.verdict().contains(QLatin1String("little is left")), qPrintable(page.verdict()));
        page.button("Load")->click();
        QCOMPARE(wishes[1][0].value<LoadWish>().context, 512U);
    }

    void aSearchIsNoChoice() {
        Page page;
        auto* search = page.findChild<QLineEdit*>();
        const auto shown = [&page] { return page.models()->at(page.table()->currentModel()).path(); };
        page.setLoaded("/models/long.gguf", false);
        search->setText(QStringLiteral("nowhere"));
        QCOMPARE(page.table()->currentModel(), -1);
        QVERIFY(page.says(QStringLiteral("No model is selected")));
        search->setText(QStringLiteral("huge"));
        page.setLoaded("/models/fits.gguf", false); // the search leaves it out
        QCOMPARE(shown(), std::string("/models/huge.gguf"));
        search->clear();
        QCOMPARE(shown(), std::string("/models/fits.gguf"));
    }

    void wordsGoWholeWhereThereIsNoRoom() {
        Page page;
        QVERIFY(page.says(QStringLiteral("or the model’s limit,")));
        page.resize(1000, 600);
        QCoreApplication::processEvents();
        QVERIFY(!page.says(QStringLiteral("or the model’s limit,")));
        page.resize(1440, 770);
        QCoreApplication::processEvents();
        QVERIFY(page.says(QStringLiteral("or the model’s limit,")));
    }

    void partsAreNamedWhole() {
        const ModelRow row = model("long", 3 * kGiB, 262'144);
        MemoryList list;
        list.setParts(memoryParts(*row.card.needs, 32'768, trace::KvType::F16));
        for (const int more : {0, 60}) {
            list.resize(list.sizeHint().width() + more, list.sizeHint().height());
            list.show();
            QVERIFY(QTest::qWaitForWindowExposed(&list));
            QStringList notes;
            for (const ElidedLabel* label : list.findChildren<ElidedLabel*>()) {
                QCOMPARE(label->shownText(), label->text());
                notes += label->text();
            }
            QVERIFY(notes.contains(QLatin1String("F16"))); // with how many tokens stands above
        }
    }

    void itOpensOnTheLoadedModel() {
        Page page;
        const auto shown = [&page] { return page.models()->at(page.table()->currentModel()).path(); };
        page.setLoaded("/models/long.gguf", true);
        QCOMPARE(shown(), std::string("/models/long.gguf"));
        page.setLoaded("/models/long.gguf", false);
        page.putModels({model("aaa", kGiB)});
        QCOMPARE(shown(), std::string("/models/long.gguf"));
        page.choose("/models/aaa.gguf");
        page.setLoaded("/models/long.gguf", false); // what was chosen stays
        QCOMPARE(shown(), std::string("/models/aaa.gguf"));
    }

    void foldersThatDoNotFitAreInAMenu() {
        Page page({960, 500});
        QList<WatchedFolderView> folders;
        for (int i = 0; i < 12; ++i) {
            folders.append({QStringLiteral("/a/long/path/of/a/folder/%1").arg(i),
                            QStringLiteral("~/folder %1").arg(i),
                            {},
                            i,
                            i == 0});
        }
        page.setFolders(folders);
        QCoreApplication::processEvents();
        auto* line = page.findChild<WatchedLine*>();
        int shown = 0;
        QPushButton* more = nullptr;
        for (QPushButton* button : line->findChildren<QPushButton*>()) {
            if (!button->isVisible()) {
                continue;
            }
            QVERIFY2(line->rect().contains(button->geometry()), qPrintable(button->text()));
            if (button->text().endsWith(QLatin1String("more"))) {
                more = button;
            }
            ++shown;
        }
        QVERIFY(more != nullptr);
        QCOMPARE(more->text(), QStringLiteral("%1 more").arg(12 - (shown - 1)));
        const auto counts = page.findChildren<ElidedLabel*>();
        QVERIFY(std::any_of(counts.begin(), counts.end(), [](const ElidedLabel* count) {
            return count->text() == QStringLiteral("4 models · 12 watched folders");
        }));
    }

    void everyControlHasANameAndFits_data() {
        QTest::addColumn<QSize>("size");
        QTest::addColumn<double>("scale");
        QTest::newRow("first size") << QSize(1440, 770) << 1.0;
        QTest::newRow("small") << QSize(960, 500) << 1.0;
        QTest::newRow("small, large words") << QSize(1100, 570) << 1.5;
    }

    void everyControlHasANameAndFits() {
        QFETCH(QSize, size);
        QFETCH(double, scale);
        setTheme(*qApp, Theme(Scheme::Dark, scale));
        Page page(size);
        page.choose("/models/huge.gguf");
        QCoreApplication::processEvents();
        QCOMPARE(page.size(), size); // nothing made it wider
        for (const QWidget* widget : page.findChildren<QWidget*>()) {
            if ((widget->focusPolicy() & Qt::TabFocus) != 0 && widget->isVisible()) {
                QVERIFY2(!widget->accessibleName().isEmpty(), widget->metaObject()->className());
            }
        }
        const ModelTable* table = page.table();
        int columns = 0;
        for (int column = 0; column < ModelListModel::ColumnCount; ++column) {
            columns += table->isColumnHidden(column) ? 0 : table->columnWidth(column);
        }
        QVERIFY2(columns <= table->viewport()->width(), qPrintable(QString::number(columns)));
        QVERIFY(!table->isColumnHidden(ModelListModel::Name) && !table->isColumnHidden(ModelListModel::FitColumn));
        setTheme(*qApp, Theme(Scheme::Light));
    }

    void licencesSayWhereTheyDoNotHold() {
        Page page;
        page.choose("/models/fits.gguf");
        QVERIFY(page.says(QStringLiteral("Use is not granted in the European Union, the United Kingdom")));
        ModelRow open = model("open", kGiB);
        open.card.info.license = "apache-2.0";
        ModelRow silent = model("silent", kGiB);
        silent.card.info.license.clear();
        page.putModels({open, silent});
        page.choose("/models/open.gguf");
        QVERIFY(page.says(QStringLiteral("apache-2.0")));
        QVERIFY(!page.says(QStringLiteral("not granted")));
        page.choose("/models/silent.gguf");
        QVERIFY(page.says(QStringLiteral("does not state a licence")));
    }
};

QTEST_MAIN(TestModelLibraryPanel)
#include "tst_modellibrary_panel.moc"
