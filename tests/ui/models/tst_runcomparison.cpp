// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/synthetictrace.h"
#include "ui/models/runcomparison.h"

#include <QElapsedTimer>
#include <QFloat16>
#include <QTest>

#include <set>

using namespace moescope;
using namespace moescope::ui;

namespace {

/** An answer of these tokens, ids by text; the experts of each layer follow from id and `seed`. */
QList<trace::TokenTracePtr> answer(const TraceShape& shape, const QStringList& texts, uint32_t seed) {
    static QHash<QString, int> ids;
    QList<trace::TokenTracePtr> tokens;
    for (const QString& text : texts) {
        const int id = *ids.insert(text, ids.value(text, static_cast<int>(ids.size())));
        std::vector<uint16_t> experts;
        for (int layer = 0; layer < shape.layers; ++layer) {
            for (int used = 0; used < shape.used; ++used) {
                experts.push_back(static_cast<uint16_t>((uint32_t(id) * 7 + uint32_t(layer) * seed + uint32_t(used)) %
                                                        uint32_t(shape.experts)));
            }
        }
        auto token = std::make_shared<trace::TokenTrace>(
            *test::plainToken(shape, text.toStdString(), experts, std::vector<float>(experts.size(), 0.5F)));
        token->token = id;
        token->generated = true;
        token->probability = 0.4F;
        token->candidates = {{id, text.toStdString(), 0.4F, 0.4F}, {9'000, " other", 0.3F, 0.3F}};
        tokens.append(token);
    }
    return tokens;
}

std::shared_ptr<const RunTrace> runOf(const TraceShape& shape, const QStringList& texts, uint32_t seed = 1) {
    return std::make_shared<RunTrace>(shape, answer(shape, texts, seed));
}

const QStringList fox{"The", " fox", " left", " the", " boat", " at", " the", " quiet", " beach", "."};
const QStringList mill{"The", " fox", " left", " the", " boat", " at", " the", " old", " mi", "ll", "."};

} // namespace

class TestRunComparison : public QObject {
    Q_OBJECT
private slots:
    void keepsWhatItIsMadeOf() {
        const TraceShape shape = test::syntheticShape(8, 16, 2, 1);
        const QList<trace::TokenTracePtr> tokens = test::syntheticAnswer(shape, 60, true);
        QList<trace::TokenTracePtr> generated;
        for (const trace::TokenTracePtr& token : tokens) {
            auto copy = std::make_shared<trace::TokenTrace>(*token);
            copy->generated = true;
            generated.append(copy);
        }
        const RunTrace run(shape, generated);
        QCOMPARE(run.size(), generated.size());
        std::string bytes;
        for (int i = 0; i < run.size(); ++i) {
            QCOMPARE(std::string(run.text(i)), generated[i]->text);
            QCOMPARE(run.probability(i), generated[i]->probability);
            QVERIFY(run.isRouted(i));
            for (int layer = 0; layer < 8; ++layer) {
                QCOMPARE(run.expert(i, layer, 1), int(generated[i]->router.experts[size_t(layer) * 2 + 1]));
                QVERIFY(std::abs(run.gate(i, layer) - generated[i]->router.weights[size_t(layer) * 2]) < 0.0023F);
            }
            for (size_t byte = bytes.size(); byte < bytes.size() + generated[i]->text.size(); ++byte) {
                QCOMPARE(run.tokenAt(static_cast<int>(byte)), i);
            }
            bytes += generated[i]->text;
        }
        QCOMPARE(run.bytes(), bytes);
        QVERIFY(RunTrace(shape, tokens.mid(0, 0)).isEmpty());
    }

    void gatesReadTheSameLiveAndFromTheDisk() {
        const TraceShape shape = test::syntheticShape(8, 16, 2, 1);
        QList<trace::TokenTracePtr> live;
        QList<trace::TokenTracePtr> kept;
        for (const trace::TokenTracePtr& token : test::syntheticAnswer(shape, 60, true)) {
            auto copy = std::make_shared<trace::TokenTrace>(*token);
            copy->generated = true;
            live.append(std::make_shared<trace::TokenTrace>(*copy));
            for (float& weight : copy->router.weights) {
                weight = static_cast<float>(qfloat16(weight));
            }
            kept.append(copy);
        }
        const RunTrace now(shape, live);
        const RunTrace later(shape, kept);
        int rounded = 0;
        for (int token = 0; token < now.size(); ++token) {
            for (int layer = 0; layer < 8; ++layer) {
                QCOMPARE(now.gate(token, layer), later.gate(token, layer));
                rounded +=
                    live[token]->router.weights[size_t(layer) * 2] != kept[token]->router.weights[size_t(layer) * 2]
                        ? 1
                        : 0;
            }
        }
        QVERIFY(rounded > 0);
    }

    void whereTextAndRoutingPart() {
        const TraceShape shape = test::syntheticShape(4, 16, 1, 1);
        const RunComparison made = compareRuns(runOf(shape, fox), runOf(shape, mill));
        QCOMPARE(made.first_difference.a, 7);
        QCOMPARE(made.first_difference.b, 7);
        QCOMPARE(made.a->candidates(7).size(), size_t(2));
        QCOMPARE(made.a->textOf(made.a->candidates(7)[1].id), QByteArray(" other"));
        QCOMPARE(made.pairs.size(), size_t(8)); // seven before, and the stop
        QCOMPARE(made.pairs.back().a, 9);
        QCOMPARE(made.pairs.back().b, 10);
        QVERIFY(made.routing);
        QCOMPARE(made.routing_pair, -1); // the same tokens were routed alike
        QCOMPARE(made.distance.size(), size_t(4));
        for (const LayerDistance& layer : made.distance) {
            QCOMPARE(layer.n, 8);
            QCOMPARE(layer.js_bits, 0.0);
            QCOMPARE(layer.jaccard, 1.0);
        }
        const RunComparison moved = compareRuns(runOf(shape, fox, 1), runOf(shape, mill, 2));
        QCOMPARE(moved.routing_pair, 0);
        QCOMPARE(moved.routing_layer, 1); // layer 0 does not follow from the seed
        QVERIFY(moved.agree(0, 0) && !moved.agree(0, 1));
        QCOMPARE(moved.distance[0].js_bits, 0.0);
        QVERIFY(moved.distance[1].jaccard < 1);
    }

    void wordsAreAligned() {
        const TraceShape shape = test::syntheticShape(4, 16, 1, 1);
        const RunComparison made = compareRuns(runOf(shape, fox), runOf(shape, mill));
        QCOMPARE(made.words_a.size(), size_t(9));
        QCOMPARE(made.words_b.size(), size_t(9));
        QVERIFY((made.words.partner == std::vector<int>{0, 1, 2, 3, 4, 5, 6, -1, -1}));
        const AnswerWord& last = made.words_b.back();
        QCOMPARE(made.b->bytes().substr(size_t(last.begin), size_t(last.text_end - last.begin)), std::string("mill."));
    }

    void otherTokenizersAlignByWords() {
        const TraceShape nano = test::syntheticShape(4, 16, 1, 1);
        const TraceShape other = test::syntheticShape(6, 8, 2, 0, "Other");
        const QStringList spelled{"T",     "he",  " f",   "ox",     " left",  " the",
                                  " boat", " at", " the", " quiet", " beach", "."};
        const auto b = std::make_shared<RunTrace>(other, answer(other, spelled, 1));
        const RunComparison made = compareRuns(runOf(nano, fox), b);
        QVERIFY(made.tokens.partner.empty());
        QVERIFY(!made.routing);
        QVERIFY(made.distance.empty());
        QCOMPARE(made.pairs.size(), size_t(9));
        QCOMPARE(made.pairs[1].a, 1);
        QCOMPARE(made.pairs[1].b, 2);
        QCOMPARE(made.first_difference.a, -1); // the same text
    }

    void oneThatGoesOnPartsNowhere() {
        const TraceShape shape = test::syntheticShape(4, 16, 1, 1);
        QCOMPARE(compareRuns(runOf(shape, fox), runOf(shape, fox.mid(0, 4))).first_difference.a, -1);
        const RunComparison empty = compareRuns(runOf(shape, fox), runOf(shape, {}));
        QVERIFY(empty.pairs.empty() && !empty.routing);
    }

    void eightLongRunsTakeLittleMemoryAndTime() {
        const TraceShape shape = test::syntheticShape(64, 16, 1, 1);
        std::vector<std::shared_ptr<const RunTrace>> runs;
        size_t held = 0;
        for (quint32 seed = 1; seed <= 2; ++seed) {
            QList<trace::TokenTracePtr> tokens;
            const QList<trace::TokenTracePtr> some = test::syntheticAnswer(shape, 512, false, seed);
            for (int i = 0; i < 32'768; ++i) {
                auto token = std::make_shared<trace::TokenTrace>(*some[(i * 37 + i / 512) % 512]);
                token->generated = true;
                token->token = (i * 37 + i / 512) % 512;
                tokens.append(token);
            }
            runs.push_back(std::make_shared<RunTrace>(shape, tokens));
            held = runs.back()->bytesHeld();
        }
        QVERIFY2(held < size_t{10} << 20, qPrintable(QString::number(held)));
        QElapsedTimer clock;
        clock.start();
        const RunComparison made = compareRuns(runs[0], runs[1]);
        qInfo() << "two runs of 32,768 tokens:" << clock.elapsed() << "ms," << held / 1024 << "KiB each";
        QVERIFY(made.words.approximate);
        const std::atomic<bool> cancelled = true;
        QVERIFY_EXCEPTION_THROWN(compareRuns(runs[0], runs[1], &cancelled), trace::Error);
    }
};

QTEST_APPLESS_MAIN(TestRunComparison)
#include "tst_runcomparison.moc"
