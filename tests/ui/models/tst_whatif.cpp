// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/synthetictrace.h"
#include "ui/models/whatif.h"

#include <QSignalSpy>
#include <QTest>

using namespace moescope;
using namespace moescope::ui;

class TestWhatIf : public QObject {
    Q_OBJECT
private slots:
    void init();
    void saysARecipe();
    void shortensALongRecipe();
    void banAndForceExcludeEachOther();
    void biasesAnExpert();
    void saysWhyItCannotRun_data();
    void saysWhyItCannotRun();
    void takesChangesBack();
    void anotherModelDropsTheRecipe();
    void marksTheAnswerInView();
    void marksAnAnswerOfAModelThatIsNotLoaded();
    void isOpenWhileItLasts();

private:
    std::unique_ptr<WhatIf> m_whatIf;
};

void TestWhatIf::init() {
    m_whatIf = std::make_unique<WhatIf>();
    m_whatIf->setModel(test::syntheticModel(8, 16, 2));
}

void TestWhatIf::saysARecipe() {
    QCOMPARE(recipeWords({}), QString());
    trace::Intervention recipe;
    recipe.banned = {{5, 6}};
    QCOMPARE(recipeWords(recipe), QStringLiteral("layer 5, expert 6 banned"));
    recipe.banned = {{5, 9}, {0, 1}, {5, 6}, {5, 7}};
    recipe.forced = {{3, 1}, {3, 2}};
    recipe.biases = {{{2, 1}, 0.25F}, {{2, 0}, -1.5F}};
    recipe.experts_used = 2;
    recipe.without_shared = true;
    const QString words = QStringLiteral(
        "layer 0, expert 1 banned · layer 5, experts 6, 7 and 9 banned · layer 3, experts 1 and 2 forced · layer 2, "
        "expert 0 bias −1.5 · layer 2, expert 1 bias +0.25 · top-2 · shared expert off");
    QCOMPARE(recipeWords(recipe), words);
    QCOMPARE(recipeWords(recipe, true), words); // four experts are few
}

void TestWhatIf::shortensALongRecipe() {
    trace::Intervention recipe;
    for (uint32_t expert = 0; expert < 5; ++expert) {
        recipe.banned.push_back({expert, expert});
        recipe.forced.push_back({expert, expert + 5});
        recipe.biases.push_back({{expert, expert + 10}, 1});
    }
    QCOMPARE(recipeWords(recipe, true), QStringLiteral("5 experts banned · 5 experts forced · 5 experts biased"));
    QVERIFY(recipeWords(recipe).contains(QStringLiteral("layer 4, expert 14 bias +1")));
}

void TestWhatIf::banAndForceExcludeEachOther() {
    m_whatIf->toggleBanned({5, 6});
    QCOMPARE(m_whatIf->mark(5, 6), WhatIf::Mark::Banned);
    QCOMPARE(m_whatIf->mark(6, 5), WhatIf::Mark::None);
    m_whatIf->toggleForced({5, 6});
    QVERIFY(m_whatIf->recipe().banned.empty());
    QCOMPARE(m_whatIf->mark(5, 6), WhatIf::Mark::Forced);
    QCOMPARE(m_whatIf->problem(), QString());
    m_whatIf->toggleForced({5, 6});
    QVERIFY(m_whatIf->isEmpty());
    m_whatIf->setBias({5, 6}, 2);
    m_whatIf->toggleBanned({5, 6}); // a banned expert with a bias could be chosen all the same
    QVERIFY(m_whatIf->recipe().biases.empty());
    m_whatIf->toggleBanned({5, 6});
    QVERIFY(m_whatIf->isEmpty());
}

void TestWhatIf::biasesAnExpert() {
    m_whatIf->toggleForced({2, 0});
    m_whatIf->setBias({2, 0}, -1.5F);
    QCOMPARE(m_whatIf->mark(2, 0), WhatIf::Mark::Biased);
    QCOMPARE(m_whatIf->biasOf(2, 0), -1.5F);
    m_whatIf->setBias({2, 0}, 3);
    QCOMPARE(m_whatIf->recipe().biases.size(), size_t(1));
    QCOMPARE(m_whatIf->biasOf(2, 0), 3.0F);
    m_whatIf->setBias({2, 0}, 0);
    QVERIFY(m_whatIf->isEmpty());
}

void TestWhatIf::saysWhyItCannotRun_data() {
    QTest::addColumn<int>("banned");
    QTest::addColumn<int>("forced");
    QTest::addColumn<int>("used");
    QTest::addColumn<QString>("part");
    QTest::newRow("fine") << 15 << 0 << 0 << QString();
    QTest::newRow("all banned") << 16 << 0 << 0 << QStringLiteral("16 of the 16 experts of layer 3 are banned");
    QTest::newRow("forced beyond k") << 0 << 2 << 0 << QStringLiteral("2 experts are forced in layer 3, but only 1");
    QTest::newRow("with a greater k") << 0 << 2 << 2 << QString();
    QTest::newRow("more than there are") << 0 << 0 << 17 << QStringLiteral("17 experts cannot answer each token");
}

void TestWhatIf::saysWhyItCannotRun() {
    QFETCH(const int, banned);
    QFETCH(const int, forced);
    QFETCH(const int, used);
    QFETCH(const QString, part);
    for (int i = 0; i < banned; ++i) {
        m_whatIf->toggleBanned({3, static_cast<uint32_t>(i)});
    }
    for (int i = 0; i < forced; ++i) {
        m_whatIf->toggleForced({3, static_cast<uint32_t>(15 - i)});
    }
    m_whatIf->setExpertsUsed(static_cast<uint32_t>(used));
    QCOMPARE(m_whatIf->problem().isEmpty(), part.isEmpty());
    QVERIFY2(m_whatIf->problem().contains(part), qPrintable(m_whatIf->problem()));
    m_whatIf->clear();
    QCOMPARE(m_whatIf->problem(), QString());
}

void TestWhatIf::takesChangesBack() {
    QVERIFY(!m_whatIf->canUndo());
    m_whatIf->toggleBanned({5, 6});
    m_whatIf->setExpertsUsed(2);
    m_whatIf->setWithoutShared(true);
    m_whatIf->setWithoutShared(true); // no change, no step
    m_whatIf->clear();
    QVERIFY(m_whatIf->isEmpty());
    m_whatIf->undo();
    QCOMPARE(recipeWords(m_whatIf->recipe()), QStringLiteral("layer 5, expert 6 banned · top-2 · shared expert off"));
    m_whatIf->undo();
    m_whatIf->undo();
    QCOMPARE(recipeWords(m_whatIf->recipe()), QStringLiteral("layer 5, expert 6 banned"));
    m_whatIf->undo();
    QVERIFY(m_whatIf->isEmpty());
    QVERIFY(!m_whatIf->canUndo());
    m_whatIf->undo();
    m_whatIf->setExpertsUsed(1); // what the model has is no change
    QVERIFY(m_whatIf->isEmpty());
    QVERIFY(!m_whatIf->canUndo());
}

void TestWhatIf::anotherModelDropsTheRecipe() {
    m_whatIf->toggleBanned({5, 6});
    m_whatIf->unsetModel();
    QVERIFY(!m_whatIf->isEmpty());
    m_whatIf->setModel(test::syntheticModel(8, 16, 2)); // loaded again, as after a lost device
    QVERIFY(!m_whatIf->isEmpty());
    m_whatIf->setModel(test::syntheticModel(4, 16, 2));
    QVERIFY(m_whatIf->isEmpty());
    QVERIFY(!m_whatIf->canUndo());
    QVERIFY(!m_whatIf->isOpen());
    m_whatIf->toggleBanned({5, 6});
    QVERIFY2(m_whatIf->problem().contains(QStringLiteral("0 to 3")), qPrintable(m_whatIf->problem()));
}

void TestWhatIf::marksTheAnswerInView() {
    const QSignalSpy spy(m_whatIf.get(), &WhatIf::changed);
    trace::Intervention shown;
    shown.banned = {{1, 2}};
    const TraceShape shape = TraceShape::of(test::syntheticModel(8, 16, 2));
    m_whatIf->setShown(shown, shape);
    m_whatIf->setShown(shown, shape);
    QCOMPARE(spy.count(), 1);
    QCOMPARE(m_whatIf->mark(1, 2), WhatIf::Mark::Banned);
    QVERIFY(!m_whatIf->isOpen());
    m_whatIf->toggleForced({0, 0}); // what is being made goes before it
    QCOMPARE(m_whatIf->mark(1, 2), WhatIf::Mark::None);
    QCOMPARE(m_whatIf->mark(0, 0), WhatIf::Mark::Forced);
    m_whatIf->clear();
    QCOMPARE(m_whatIf->mark(1, 2), WhatIf::Mark::Banned);
    m_whatIf->setShown({}, shape);
    QCOMPARE(m_whatIf->mark(1, 2), WhatIf::Mark::None);
}

// Whether the model that made it is loaded, another or none: what is being made is about the loaded one alone.
void TestWhatIf::marksAnAnswerOfAModelThatIsNotLoaded() {
    trace::Intervention shown;
    shown.banned = {{1, 2}};
    const TraceShape other = TraceShape::of(test::syntheticModel(4, 16, 2));
    m_whatIf->toggleForced({0, 0});
    m_whatIf->setShown(shown, other);
    QVERIFY(!m_whatIf->isAbout(other));
    QVERIFY(m_whatIf->marks(other));
    QCOMPARE(m_whatIf->mark(1, 2), WhatIf::Mark::Banned);
    QCOMPARE(m_whatIf->mark(0, 0), WhatIf::Mark::None);
    m_whatIf->unsetModel();
    QVERIFY(m_whatIf->marks(other));
    QVERIFY(!m_whatIf->marks(TraceShape::of(test::syntheticModel(8, 16, 2))));
    QCOMPARE(m_whatIf->mark(1, 2), WhatIf::Mark::Banned);
}

void TestWhatIf::isOpenWhileItLasts() {
    QVERIFY(!m_whatIf->isOpen());
    m_whatIf->setOpen(true);
    QVERIFY(m_whatIf->isOpen() && m_whatIf->isEmpty());
    m_whatIf->setWithoutShared(true);
    m_whatIf->setOpen(false);
    QVERIFY(m_whatIf->isOpen()); // what is in it lasts
    m_whatIf->clear();
    QVERIFY(!m_whatIf->isOpen());
}

QTEST_GUILESS_MAIN(TestWhatIf)
#include "tst_whatif.moc"
