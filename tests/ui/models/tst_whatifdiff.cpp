// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/synthetictrace.h"
#include "ui/models/tokenprobabilities.h"
#include "ui/models/whatifdiff.h"

#include <QSignalSpy>
#include <QTest>

using namespace moescope;
using namespace moescope::ui;

namespace {

const TraceShape shape = test::syntheticShape(2, 8, 1, 1);

/** Tokens of these texts; the same text has the same id. `experts`: of the two layers, for each token. */
DiffSide side(qint64 run, const std::vector<std::string>& texts,
              const std::vector<std::array<uint16_t, 2>>& experts = {}) {
    DiffSide made{run, shape};
    for (size_t i = 0; i < texts.size(); ++i) {
        const std::array<uint16_t, 2> chosen = i < experts.size() ? experts[i] : std::array<uint16_t, 2>{1, 2};
        auto token = std::make_shared<trace::TokenTrace>(
            *test::plainToken(shape, texts[i], {chosen[0], chosen[1]}, {0.75F, 0.5F}));
        token->token = static_cast<int32_t>(std::hash<std::string>()(texts[i]) % 100000);
        token->probability = 1.0F / static_cast<float>(i + 2);
        made.tokens.append(token);
    }
    return made;
}

QString rowsText(const WhatIfDiff& diff) {
    QStringList rows;
    for (int row = 0; row < diff.rows().size(); ++row) {
        rows.append(diff.textA(row) + QLatin1Char('|') + diff.textB(row));
    }
    return rows.join(QLatin1Char(' '));
}

} // namespace

class TestWhatIfDiff : public QObject {
    Q_OBJECT
private slots:
    void alignsByWordsBehindTheCommonBeginning();
    void equalAnswers();
    void oneAnswerGoesOn();
    void findsWhereTheRoutingParts();
    void probabilitiesOfTheSameTokens();
    void tableHasTheSameNumbers();
    void clears();
};

void TestWhatIfDiff::alignsByWordsBehindTheCommonBeginning() {
    WhatIfDiff diff;
    diff.setSides(side(1, {"The", " fox", " left", " the", " qui", "et", " beach", ".", " It", " rained"}),
                  side(2, {"The", " fox", " left", " the", " old", " mill", ".", " It", " rained", "!"}), {});
    QCOMPARE(diff.prefix(), 4);
    QCOMPARE(diff.firstDifference(), 4);
    QCOMPARE(rowsText(diff),
             QStringLiteral("The|The ·fox|·fox ·left|·left ·the|·the ·qui| et| ·beach| .| |·old |·mill |. "
                            "·It|·It ·rained| |·rained |!"));
    QCOMPARE(diff.pairs(), 5);
    QCOMPARE(diff.rowOf(1, 8), 11);
    QCOMPARE(diff.rowOf(2, 7), 11);
    QCOMPARE(diff.rowOf(2, 4), 8);
    QCOMPARE(diff.rowOf(2, 10), -1);
    QCOMPARE(diff.rowOf(3, 0), -1);
    for (int token = 0; token < 10; ++token) { // every token is in one row
        QCOMPARE(diff.rows().at(diff.rowOf(1, token)).a, token);
        QCOMPARE(diff.rows().at(diff.rowOf(2, token)).b, token);
    }
}

void TestWhatIfDiff::equalAnswers() {
    WhatIfDiff diff;
    diff.setSides(side(1, {"A", " boat"}), side(2, {"A", " boat"}), {});
    QCOMPARE(diff.firstDifference(), -1);
    QCOMPARE(diff.firstRoutingDifference().row, -1);
    QCOMPARE(diff.pairs(), 2);
    QCOMPARE(diff.sameLayers(1), 2);
}

void TestWhatIfDiff::oneAnswerGoesOn() {
    WhatIfDiff diff;
    diff.setSides(side(1, {"A", " boat"}), side(2, {"A", " boat", " and", " a", " fox"}), {});
    QCOMPARE(diff.firstDifference(), 2);
    QCOMPARE(diff.rows().size(), 5);
    QCOMPARE(diff.rows().last().a, -1);
    diff.setSides(side(1, {"A", " boat"}), side(2, {}), {});
    QCOMPARE(diff.firstDifference(), 0);
    QCOMPARE(diff.rows().size(), 2);
    QCOMPARE(diff.probabilityB(0), -1.0);
}

void TestWhatIfDiff::findsWhereTheRoutingParts() {
    WhatIfDiff diff;
    diff.setSides(side(1, {"A", " b", " c", " d"}, {{1, 2}, {1, 2}, {3, 4}, {0, 0}}),
                  side(2, {"A", " b", " c", " x"}, {{1, 2}, {1, 5}, {6, 4}, {7, 7}}), {});
    QCOMPARE(diff.firstRoutingDifference().row, 1);
    QCOMPARE(diff.firstRoutingDifference().layer, 1);
    QCOMPARE(diff.expertA(1, 1), 2);
    QCOMPARE(diff.expertB(1, 1), 5);
    QCOMPARE(diff.sameLayers(1), 1);
    QCOMPARE(diff.sameLayers(0), 2);
    QCOMPARE(diff.expertB(3, 0), -1); // only in A
    QCOMPARE(diff.sameLayers(3), -1);
    // Another token there, other experts: no difference of routing for the same words.
    diff.setSides(side(1, {"A", " b"}, {{1, 2}, {1, 2}}), side(2, {"A", " c"}, {{1, 2}, {5, 6}}), {});
    QCOMPARE(diff.firstRoutingDifference().row, -1);
    // Two experts a token against one: the first counts.
    DiffSide two{2, test::syntheticShape(2, 8, 2, 1)};
    for (const char* const text : {"A", " b"}) {
        auto token = std::make_shared<trace::TokenTrace>(
            *test::plainToken(two.shape, text, {1, 7, 2, 7}, {0.5F, 0.5F, 0.5F, 0.5F}));
        token->token = static_cast<int32_t>(std::hash<std::string>()(text) % 100000);
        two.tokens.append(token);
    }
    diff.setSides(side(1, {"A", " b"}, {{1, 2}, {1, 3}}), two, {});
    QCOMPARE(diff.firstRoutingDifference().row, 1);
    QCOMPARE(diff.firstRoutingDifference().layer, 1);
}

void TestWhatIfDiff::probabilitiesOfTheSameTokens() {
    WhatIfDiff diff;
    diff.setSides(side(1, {"A", " b", " c"}), side(2, {"A", " x"}), {});
    QCOMPARE(diff.probabilityA(0), 0.5);
    QCOMPARE(diff.probabilityB(0), 0.5); // the beginning is common: what B had there
    const int c = diff.rowOf(1, 2);
    QCOMPARE(diff.probabilityA(c), 0.25);
    QCOMPARE(diff.probabilityB(c), -1.0); // B was never asked for it
    QCOMPARE(diff.kl(0), -1.0);
    const QSignalSpy spy(&diff, &WhatIfDiff::divergenceChanged);
    diff.setDivergence({{0, 0.5, 0.5}, {1.25, 0.3, 0.1}, {0.5, 0.25, 0.125}});
    QVERIFY(diff.hasDivergence());
    QCOMPARE(spy.count(), 1);
    QCOMPARE(diff.mostKl(), 1.25);
    QCOMPARE(diff.kl(1), 1.25);
    QCOMPARE(diff.probabilityB(c), 0.125);
    diff.setSides(side(1, {"A"}), side(2, {"A"}), {});
    QVERIFY(!diff.hasDivergence()); // of another pair
}

void TestWhatIfDiff::tableHasTheSameNumbers() {
    WhatIfDiff diff;
    WhatIfDiffTable table(&diff);
    QCOMPARE(table.rowCount(), 0);
    diff.setSides(side(1, {"A", " b", " c"}, {{1, 2}, {3, 4}, {5, 6}}), side(2, {"A", " b"}, {{1, 2}, {3, 7}}), {});
    QCOMPARE(table.rowCount(), 3);
    const auto raw = [&](int row, int column) { return table.index(row, column).data(TabularModel::RawRole); };
    const auto text = [&](int row, int column) { return table.index(row, column).data().toString(); };
    QCOMPARE(raw(0, WhatIfDiffTable::Token).toInt(), 1);
    QCOMPARE(text(1, WhatIfDiffTable::TextB), QStringLiteral("·b"));
    QCOMPARE(text(2, WhatIfDiffTable::ProbabilityB), QStringLiteral("–"));
    QCOMPARE(raw(1, WhatIfDiffTable::ExpertB).toInt(), 3);
    table.setLayer(1);
    QCOMPARE(raw(1, WhatIfDiffTable::ExpertA).toInt(), 4);
    QCOMPARE(raw(1, WhatIfDiffTable::ExpertB).toInt(), 7);
    QCOMPARE(text(1, WhatIfDiffTable::SameLayers), QStringLiteral("1 of 2"));
    QCOMPARE(text(1, WhatIfDiffTable::Kl), QStringLiteral("–"));
    diff.setDivergence({{0.25, 0.5, 0.5}});
    QCOMPARE(text(0, WhatIfDiffTable::Kl), QStringLiteral("0.250"));
    QCOMPARE(bitsText(0.010 / 48), QStringLiteral("0.000208"));
    QCOMPARE(bitsText(9.996), QStringLiteral("10.0"));
    QCOMPARE(bitsText(0), QStringLiteral("0"));
    QCOMPARE(bitsText(1e-9), QStringLiteral("<0.000001"));
    // In percent, as Token probabilities has them.
    const double raw0 = diff.probabilityA(0);
    QCOMPARE(raw(0, WhatIfDiffTable::ProbabilityA).toDouble(), raw0 * 100);
    QCOMPARE(text(0, WhatIfDiffTable::ProbabilityA), percentText(raw0));
}

void TestWhatIfDiff::clears() {
    WhatIfDiff diff;
    const QSignalSpy spy(&diff, &WhatIfDiff::changed);
    diff.clear();
    QCOMPARE(spy.count(), 0);
    diff.setSides(side(1, {"A"}), side(2, {"B"}), QStringLiteral("top-2"));
    QVERIFY(!diff.isEmpty());
    QCOMPARE(diff.recipe(), QStringLiteral("top-2"));
    diff.clear();
    QVERIFY(diff.isEmpty());
    QVERIFY(diff.rows().isEmpty());
    QCOMPARE(spy.count(), 2);
}

QTEST_GUILESS_MAIN(TestWhatIfDiff)
#include "tst_whatifdiff.moc"
