// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/synthetictrace.h"
#include "ui/models/expertcardtable.h"

#include <QAbstractItemModelTester>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <map>

using namespace moescope;
using namespace moescope::ui;

namespace {

QVariant rawAt(const QAbstractItemModel& model, int row, int column) {
    return model.data(model.index(row, column), TabularModel::RawRole);
}

/** Gate of an expert for a token, −1: it was not chosen. */
double gateOf(const trace::TokenTracePtr& token, int layer, int expert) {
    const trace::RouterTrace& router = token->router;
    for (uint32_t k = 0; k < router.expert_used_count; ++k) {
        const size_t entry = size_t(layer) * router.expert_used_count + k;
        if (router.experts[entry] == expert) {
            return double(router.weights[entry]);
        }
    }
    return -1;
}

} // namespace

class TestExpertProfile : public QObject {
    Q_OBJECT
private slots:
    void againstTheTrace_data();
    void againstTheTrace();
    void growsWithTheAnswer();
    void idleExpert();
    void scaledWeights();
    void examplesInContext();
    void scopes();
    void table();
    void nothingToSay();
};

void TestExpertProfile::againstTheTrace_data() {
    QTest::addColumn<int>("experts");
    QTest::addColumn<int>("used");
    QTest::newRow("16, top-1") << 16 << 1;
    QTest::newRow("64, top-8") << 64 << 8;
    QTest::newRow("128, top-8") << 128 << 8;
}

void TestExpertProfile::againstTheTrace() {
    QFETCH(int, experts);
    QFETCH(int, used);
    const TraceShape shape = test::syntheticShape(3, experts, used, 0);
    const auto answer = test::syntheticAnswer(shape, 400, false);
    TraceModel trace;
    trace.setRun(1, shape, answer);
    trace.setCurrent(1);
    ExpertProfiler profiler;
    for (int expert = 0; expert < experts; expert += 5) {
        QVERIFY(profiler.update(trace, Scope::Answer, 1, expert));
        const ExpertProfile& profile = profiler.profile();
        int tokens = 0;
        double mass = 0;
        std::array<int, ExpertProfile::gateBins> gates{};
        std::map<int, std::pair<int, int>> words; // routed, all
        std::map<TokenClass, std::pair<int, int>> classes;
        std::vector<double> largest;
        for (const auto& token : answer) {
            const double gate = gateOf(token, 1, expert);
            const bool routed = gate >= 0;
            auto& word = words[token->token];
            auto& kind = classes[tokenClass(token->text)];
            ++word.second;
            ++kind.second;
            if (routed) {
                ++tokens;
                ++word.first;
                ++kind.first;
                mass += gate;
                ++gates[std::min(size_t(gate * 20), size_t(19))];
                largest.push_back(gate);
            }
        }
        QCOMPARE(profile.n, 400);
        QCOMPARE(profile.tokens, tokens);
        QCOMPARE(profile.share, tokens / 400.0);
        QCOMPARE(profile.over_uniform, tokens / 400.0 / (double(used) / experts));
        QVERIFY(std::abs(profile.mean_gate - (tokens > 0 ? mass / tokens : 0)) < 1e-9);
        QCOMPARE(profile.gates, gates);
        const ChanceInterval chance = ChanceInterval::of(400, double(used) / experts);
        QCOMPARE(profile.chance.low, chance.low);
        QCOMPARE(profile.chance.high, chance.high);
        QCOMPARE(profile.isOutsideChance(), trace.statistics(Scope::Answer).isOutsideChance(1, expert));
        // Every token of at least three occurrences with a lift above 1 is ranked; the first ten are told.
        int eligible = 0;
        for (const auto& word : words) {
            const auto [routed, all] = word.second;
            eligible += int(all >= 3 && tokens > 0 && double(routed) / tokens > all / 400.0 + 1e-12);
        }
        QCOMPARE(int(profile.top_tokens.size()), std::min(eligible, ExpertProfile::mostTokens));
        for (int i = 0; i < profile.top_tokens.size(); ++i) {
            const ExpertProfile::Lift& top = profile.top_tokens.at(i);
            QVERIFY(top.all >= 3);
            QVERIFY(std::abs(top.lift - (double(top.routed) / tokens) / (top.all / 400.0)) < 1e-9);
            const ChanceInterval by = ChanceInterval::ofOverlap(400, top.all, tokens);
            QCOMPARE(top.isOutsideChance(), !by.contains(top.routed));
            const auto same = std::any_of(words.begin(), words.end(), [&](const auto& word) {
                return word.second.first == top.routed && word.second.second == top.all;
            });
            QVERIFY(same);
            if (i > 0) {
                const ExpertProfile::Lift& before = profile.top_tokens.at(i - 1);
                QVERIFY(before.isOutsideChance() || !top.isOutsideChance());
                QVERIFY(before.isOutsideChance() != top.isOutsideChance() || before.lift >= top.lift);
            }
        }
        if (tokens > 0) {
            QCOMPARE(profile.classes.size(), qsizetype(classes.size()));
            int sum = 0;
            for (const ExpertProfile::Lift& kind : profile.classes) {
                sum += kind.routed;
                QVERIFY(std::abs(kind.lift - (double(kind.routed) / tokens) / (kind.all / 400.0)) < 1e-9);
            }
            QCOMPARE(sum, tokens);
        }
        std::sort(largest.rbegin(), largest.rend());
        QCOMPARE(profile.examples.size(), std::min(qsizetype(largest.size()), qsizetype(8)));
        for (int i = 0; i < profile.examples.size(); ++i) {
            const ExpertProfile::Example& example = profile.examples.at(i);
            QCOMPARE(example.gate, largest[size_t(i)]);
            QCOMPARE(gateOf(answer.at(example.token), 1, expert), example.gate);
        }
    }
}

void TestExpertProfile::growsWithTheAnswer() {
    const TraceShape shape = test::syntheticShape(2, 16, 2, 0);
    const auto answer = test::syntheticAnswer(shape, 100, false);
    TraceModel trace;
    trace.begin(1, shape);
    ExpertProfiler profiler;
    for (int at = 0; at < 100; at += 20) {
        trace.append(1, answer.mid(at, 20));
        QVERIFY(profiler.update(trace, Scope::Answer, 1, 5));
        QVERIFY(!profiler.update(trace, Scope::Answer, 1, 5));
    }
    QCOMPARE(profiler.counted(), 100); // each token once
    ExpertProfiler fresh;
    fresh.update(trace, Scope::Answer, 1, 5);
    QCOMPARE(profiler.profile().tokens, fresh.profile().tokens);
    QCOMPARE(profiler.profile().gates, fresh.profile().gates);
    QCOMPARE(profiler.profile().top_tokens.size(), fresh.profile().top_tokens.size());
    QVERIFY(profiler.update(trace, Scope::Answer, 1, 6));
    QCOMPARE(profiler.profile().tokens, trace.statistics(Scope::Answer).tokens(1, 6));
    QVERIFY(profiler.update(trace, Scope::Answer, 0, 6));
    QCOMPARE(profiler.profile().tokens, trace.statistics(Scope::Answer).tokens(0, 6));
}

void TestExpertProfile::idleExpert() {
    const TraceShape shape = test::syntheticShape(1, 4, 1, 0);
    QList<trace::TokenTracePtr> answer;
    for (int at = 0; at < 40; ++at) {
        answer.append(test::plainToken(shape, " x", {uint16_t(at % 3)}, {0.5F}));
    }
    TraceModel trace;
    trace.setRun(1, shape, answer);
    trace.setCurrent(1);
    ExpertProfiler profiler;
    profiler.update(trace, Scope::Answer, 0, 3);
    QCOMPARE(profiler.profile().n, 40);
    QCOMPARE(profiler.profile().tokens, 0);
    QVERIFY(profiler.profile().isOutsideChance()); // ten were expected
    QVERIFY(profiler.profile().top_tokens.isEmpty());
    QVERIFY(profiler.profile().examples.isEmpty());
}

void TestExpertProfile::scaledWeights() {
    const TraceShape shape = test::syntheticShape(1, 4, 1, 0);
    const std::vector<float> weights = {0.1F, 0.99F, 1.0F, 2.3F, 2.5F, std::nanf(""), HUGE_VALF};
    QList<trace::TokenTracePtr> answer;
    for (const float weight : weights) {
        answer.append(test::plainToken(shape, " x", {1}, {weight}));
    }
    TraceModel trace;
    trace.setRun(1, shape, answer);
    trace.setCurrent(1);
    ExpertProfiler profiler;
    profiler.update(trace, Scope::Answer, 0, 1);
    const ExpertProfile& profile = profiler.profile();
    QCOMPARE(profile.gate_end, 4.0); // bins of 0.2
    QCOMPARE(profile.gates[0], 3);   // with the two that are no weights
    QCOMPARE(profile.gates[4], 1);
    QCOMPARE(profile.gates[5], 1);
    QCOMPARE(profile.gates[11], 1);
    QCOMPARE(profile.gates[12], 1);
    QCOMPARE(profile.tokens, 7);
}

void TestExpertProfile::examplesInContext() {
    const TraceShape shape = test::syntheticShape(1, 4, 2, 0);
    QList<trace::TokenTracePtr> answer;
    const std::vector<const char*> words = {"One", " small", " boat", "\n", "sails", " home", "."};
    for (size_t at = 0; at < words.size(); ++at) {
        const bool here = at == 2 || at == 6;
        answer.append(
            test::plainToken(shape, words[at], {1, here ? uint16_t(2) : uint16_t(0)}, {0.9F, at == 2 ? 0.3F : 0.2F}));
    }
    TraceModel trace;
    trace.setRun(7, shape, answer);
    trace.setCurrent(7);
    ExpertProfiler profiler;
    profiler.update(trace, Scope::Answer, 0, 2);
    const QList<ExpertProfile::Example>& examples = profiler.profile().examples;
    QCOMPARE(examples.size(), 2);
    QCOMPARE(examples.at(0).run, 7);
    QCOMPARE(examples.at(0).token, 2);
    QCOMPARE(examples.at(0).before, QStringLiteral("One·small"));
    QCOMPARE(examples.at(0).text, QStringLiteral("·boat"));
    QCOMPARE(examples.at(0).after, QStringLiteral("↵sails·home."));
    QCOMPARE(examples.at(1).token, 6);
    QCOMPARE(examples.at(1).after, QString());
}

void TestExpertProfile::scopes() {
    const TraceShape shape = test::syntheticShape(2, 8, 1, 0);
    TraceModel trace;
    trace.setRun(1, shape, test::syntheticAnswer(shape, 40, false, 1));
    trace.setRun(2, shape, test::syntheticAnswer(shape, 50, false, 2));
    trace.setCurrent(1);
    ExpertProfiler profiler;
    profiler.update(trace, Scope::Chat, 1, 3);
    QCOMPARE(profiler.profile().n, 90);
    QCOMPARE(profiler.profile().tokens, trace.statistics(Scope::Chat).tokens(1, 3));
    trace.setWindow({5, 24});
    profiler.update(trace, Scope::Window, 1, 3);
    QCOMPARE(profiler.profile().n, 20);
    QCOMPARE(profiler.profile().tokens, trace.statistics(Scope::Window).tokens(1, 3));
}

void TestExpertProfile::table() {
    const TraceShape shape = test::syntheticShape(2, 16, 2, 0);
    TraceModel trace;
    ExpertCardTable table(&trace);
    QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
    trace.setRun(1, shape, test::syntheticAnswer(shape, 200, false));
    trace.setCurrent(1);
    QCOMPARE(table.counted(), 0); // nobody asked
    table.update(Scope::Answer, 1, 4);
    const ExpertProfile& profile = table.profile();
    QCOMPARE(rawAt(table, 0, ExpertCardTable::Tokens).toInt(), profile.tokens);
    QCOMPARE(rawAt(table, 0, ExpertCardTable::Of).toInt(), 200);
    QCOMPARE(rawAt(table, 0, ExpertCardTable::Lift).toDouble(), profile.over_uniform);
    int gates = 0;
    for (int bin = 0; bin < ExpertProfile::gateBins; ++bin) {
        gates += rawAt(table, 1 + bin, ExpertCardTable::Tokens).toInt();
    }
    QCOMPARE(gates, profile.tokens);
    QCOMPARE(rawAt(table, 1 + 5, ExpertCardTable::Item).toString(), QStringLiteral("0.25–0.30"));
    const int first = table.rowOfExample(0);
    QCOMPARE(table.exampleOf(first), 0);
    QCOMPARE(table.exampleOf(first - 1), -1);
    QCOMPARE(rawAt(table, first, ExpertCardTable::Gate).toDouble(), profile.examples.at(0).gate);
    QCOMPARE(table.rowCount(), first + int(profile.examples.size()));
    // Weights of the loaded model, where it is the answer's.
    TraceShape other = shape;
    other.file = QStringLiteral("other.gguf");
    table.setWeights({other, 4096, QStringLiteral("llvmpipe")});
    QCOMPARE(table.rowCount(), first + int(profile.examples.size()));
    table.setWeights({shape, 4096, QStringLiteral("llvmpipe")});
    QCOMPARE(table.rowCount(), first + int(profile.examples.size()) + 1);
    QVERIFY(rawAt(table, table.rowCount() - 1, ExpertCardTable::Item).toString().contains(QStringLiteral("4.00 KiB")));
    trace.clear();
    table.update(Scope::Answer, -1, -1);
    QCOMPARE(table.rowCount(), 0);
}

void TestExpertProfile::nothingToSay() {
    TraceModel trace;
    ExpertProfiler profiler;
    profiler.update(trace, Scope::Answer, 0, 0);
    QVERIFY(!profiler.profile().isValid());
    const TraceShape dense = test::syntheticShape(0, 0, 0, 0);
    trace.setRun(1, dense, test::syntheticAnswer(dense, 5, false));
    trace.setCurrent(1);
    profiler.update(trace, Scope::Answer, 0, 0);
    QVERIFY(!profiler.profile().isValid());
    const TraceShape shape = test::syntheticShape(2, 8, 1, 0);
    trace.setRun(2, shape, test::syntheticAnswer(shape, 5, false));
    trace.setCurrent(2);
    profiler.update(trace, Scope::Answer, 1, 8); // of a larger model
    QVERIFY(!profiler.profile().isValid());
    profiler.update(trace, Scope::Answer, 1, 7);
    QVERIFY(profiler.profile().isValid());
}

QTEST_GUILESS_MAIN(TestExpertProfile)
#include "tst_expertprofile.moc"
