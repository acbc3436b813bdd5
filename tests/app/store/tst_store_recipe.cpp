// SPDX-License-Identifier: Apache-2.0
#include "app/store/recipe.h"
#include "tests/app/store/storetesting.h"

#include <QRandomGenerator>
#include <QTemporaryDir>
#include <QTest>

#include <limits>

using namespace moescope;
using namespace moescope::store;
using namespace moescope::store::testing;

namespace {

trace::Intervention everything() {
    trace::Intervention recipe;
    recipe.banned = {{5, 6}, {0, 15}};
    recipe.forced = {{3, 1}};
    recipe.biases = {{{2, 0}, -1.5F}, {{2, 1}, 0.1F}};
    recipe.without_shared = true;
    recipe.experts_used = 2;
    return recipe;
}

} // namespace

class TestStoreRecipe : public QObject {
    Q_OBJECT
private slots:
    void writesOnlyWhatIsChanged();
    void roundTrips_data();
    void roundTrips();
    void refusesWhatIsNoRecipe_data();
    void refusesWhatIsNoRecipe();
    void survivesAnyBytes();
    void keepsAPlainAnswerPlain();
    void opensAnAnswerWithADamagedRecipe();
};

void TestStoreRecipe::writesOnlyWhatIsChanged() {
    QCOMPARE(recipeText({}), QStringLiteral("{}"));
    QCOMPARE(recipeText(everything()),
             QStringLiteral("{\"banned\":[[5,6],[0,15]],\"biases\":[[2,0,-1.5],[2,1,0.10000000149011612]],"
                            "\"experts_used\":2,\"forced\":[[3,1]],\"without_shared\":true}"));
}

void TestStoreRecipe::roundTrips_data() {
    QTest::addColumn<int>("places");
    QTest::newRow("none") << 0;
    QTest::newRow("one") << 1;
    QTest::newRow("a whole large model") << 48 * 128;
}

void TestStoreRecipe::roundTrips() {
    QFETCH(const int, places);
    QRandomGenerator random(6);
    trace::Intervention recipe;
    for (int i = 0; i < places; ++i) {
        const trace::ExpertPlace place{static_cast<uint32_t>(i / 128), static_cast<uint32_t>(i % 128)};
        (i % 2 == 0 ? recipe.banned : recipe.forced).push_back(place);
        recipe.biases.push_back({place, static_cast<float>(random.generateDouble() * 20 - 10)});
    }
    recipe.without_shared = places == 1;
    recipe.experts_used = static_cast<uint32_t>(places);
    QVERIFY(recipeFrom(recipeText(recipe)) == recipe);
    QVERIFY(recipeFrom(recipeText(everything())) == everything());
    trace::Intervention extreme;
    extreme.biases = {{{0xFFFF, 0xFFFF}, std::numeric_limits<float>::lowest()},
                      {{0, 0}, std::numeric_limits<float>::denorm_min()}};
    QVERIFY(recipeFrom(recipeText(extreme)) == extreme);
}

void TestStoreRecipe::refusesWhatIsNoRecipe_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("detail");
    QTest::newRow("empty") << QString() << QStringLiteral("no JSON object");
    QTest::newRow("cut") << QStringLiteral("{\"banned\":[[5,") << QStringLiteral("no JSON object");
    QTest::newRow("a list") << QStringLiteral("[[5,6]]") << QStringLiteral("no JSON object");
    QTest::newRow("from the future") << QStringLiteral("{\"swapped\":[[1,2]]}") << QStringLiteral("“swapped” is not");
    QTest::newRow("no list") << QStringLiteral("{\"banned\":{\"5\":6}}") << QStringLiteral("“banned” is no list");
    QTest::newRow("no place") << QStringLiteral("{\"forced\":[5,6]}") << QStringLiteral("no list of 2 numbers");
    QTest::newRow("half a place") << QStringLiteral("{\"forced\":[[5]]}") << QStringLiteral("no list of 2 numbers");
    QTest::newRow("below 0") << QStringLiteral("{\"banned\":[[-1,6]]}") << QStringLiteral("no number from 0 to 65535");
    QTest::newRow("too large") << QStringLiteral("{\"banned\":[[0,65536]]}") << QStringLiteral("no number from 0");
    QTest::newRow("a fraction") << QStringLiteral("{\"banned\":[[0,0.5]]}") << QStringLiteral("no number from 0");
    QTest::newRow("a word") << QStringLiteral("{\"banned\":[[0,\"6\"]]}") << QStringLiteral("no number from 0");
    QTest::newRow("no bias") << QStringLiteral("{\"biases\":[[2,0]]}") << QStringLiteral("no list of 3 numbers");
    QTest::newRow("bias of words") << QStringLiteral("{\"biases\":[[2,0,\"NaN\"]]}") << QStringLiteral("fits 32 bits");
    QTest::newRow("bias too large") << QStringLiteral("{\"biases\":[[2,0,1e39]]}") << QStringLiteral("fits 32 bits");
    QTest::newRow("shared as a number") << QStringLiteral("{\"without_shared\":1}") << QStringLiteral("neither true");
    QTest::newRow("used below 0") << QStringLiteral("{\"experts_used\":-2}") << QStringLiteral("“experts_used” holds");
    QTest::newRow("used null") << QStringLiteral("{\"experts_used\":null}") << QStringLiteral("“experts_used” holds");
    QTest::newRow("deep") << QStringLiteral("[").repeated(100'000) << QStringLiteral("no JSON object");
    QTest::newRow("long") << QStringLiteral(" ").repeated(5'000'000) << QStringLiteral("5000000 bytes long");
}

void TestStoreRecipe::refusesWhatIsNoRecipe() {
    QFETCH(const QString, text);
    QFETCH(const QString, detail);
    QCOMPARE(errorOf([&] { recipeFrom(text); }), "store.recipe_damaged");
    const QString sentence = sentenceOf([&] { recipeFrom(text); });
    QVERIFY2(sentence.contains(detail), qPrintable(sentence));
    const StoredRecipe stored = readRecipe(text);
    QVERIFY(stored.intervention.empty());
    QCOMPARE(stored.error.value().id(), "store.recipe_damaged");
}

void TestStoreRecipe::survivesAnyBytes() {
    const QByteArray good = recipeText(everything()).toUtf8();
    QRandomGenerator random(7);
    int refused = 0;
    for (int i = 0; i < 5000; ++i) {
        QByteArray bad = good;
        for (int change = 0; change <= random.bounded(3); ++change) {
            bad[random.bounded(int(bad.size()))] = static_cast<char>(random.bounded(256));
        }
        const std::string error = errorOf([&] { recipeFrom(QString::fromUtf8(bad)); });
        QVERIFY(error.empty() || error == "store.recipe_damaged");
        refused += error.empty() ? 0 : 1;
    }
    QVERIFY(refused > 2500);
}

void TestStoreRecipe::keepsAPlainAnswerPlain() {
    const QTemporaryDir folder;
    Store store(folder.path());
    const qint64 id = store.addConversation().id;
    const qint64 prompt = store.addPrompt(id, 0, QStringLiteral("x")).id;
    const qint64 plain = store.beginAnswer({id, prompt, {}, {}, {}}).id;
    const qint64 changed = store.beginAnswer({id, prompt, {}, {}, 42, everything()}).id;
    store.finishAnswer(changed, QStringLiteral("y"), {}, {});
    QVERIFY(store.resumeAnswer(changed).recipe.intervention == everything());
    RawDatabase raw(databaseIn(folder.path()));
    QCOMPARE(raw.run(QStringLiteral("SELECT count(*) FROM messages WHERE recipe IS NULL")).first().toInt(), 2);
    QVERIFY(store.message(plain).recipe.intervention.empty());
    QVERIFY(store.messages(id).last().recipe.intervention == everything());
    const QString copy = folder.path() + QStringLiteral("/copy/moescope.sqlite");
    QVERIFY(QDir().mkpath(folder.path() + QStringLiteral("/copy")));
    store.backUp(copy);
    const Store copied(folder.path() + QStringLiteral("/copy"));
    QVERIFY(copied.message(changed).recipe.intervention == everything());
}

void TestStoreRecipe::opensAnAnswerWithADamagedRecipe() {
    const QTemporaryDir folder;
    Store store(folder.path());
    const qint64 id = store.addConversation().id;
    const qint64 prompt = store.addPrompt(id, 0, QStringLiteral("x")).id;
    const qint64 answer = store.beginAnswer({id, prompt, {}, {}, 42, everything()}).id;
    store.finishAnswer(answer, QStringLiteral("The fox."), {makeToken(0)}, {});
    RawDatabase raw(databaseIn(folder.path()));
    for (const char* const damage : {"'{\"banned\":[[5'", "''", "'null'", "'{\"banned\":[[5,6,7]]}'"}) {
        raw.run(QStringLiteral("UPDATE messages SET recipe = %1 WHERE id = %2").arg(QLatin1String(damage)).arg(answer));
        const Message found = store.messages(id).last();
        QCOMPARE(found.text, QStringLiteral("The fox."));
        QCOMPARE(found.seed.value(), 42ULL);
        QVERIFY(found.recipe.intervention.empty());
        QCOMPARE(found.recipe.error.value().id(), "store.recipe_damaged");
        QCOMPARE(store.traces(answer).tokens.size(), size_t(1));
    }
}

QTEST_GUILESS_MAIN(TestStoreRecipe)
#include "tst_store_recipe.moc"
