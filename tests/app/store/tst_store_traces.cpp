// SPDX-License-Identifier: Apache-2.0
#include "app/store/tracecodec.h"
#include "tests/app/store/storetesting.h"

#include <QRandomGenerator>
#include <QTemporaryDir>
#include <QTest>
#include <QtEndian>

#include <cmath>

using namespace moescope;
using namespace moescope::store;
using namespace moescope::store::testing;

namespace {

void compare(const trace::TokenTrace& a, const trace::TokenTrace& b) {
    QCOMPARE(a.token, b.token);
    QCOMPARE(a.position, b.position);
    QCOMPARE(a.generated, b.generated);
    QVERIFY(a.text == b.text);
    QCOMPARE(a.probability, b.probability);
    QCOMPARE(a.router.moe_layers, b.router.moe_layers);
    QCOMPARE(a.router.expert_count, b.router.expert_count);
    QCOMPARE(a.router.expert_used_count, b.router.expert_used_count);
    QVERIFY(a.router.experts == b.router.experts);
    QCOMPARE(a.candidates.size(), b.candidates.size());
    for (size_t i = 0; i < a.candidates.size(); ++i) {
        QCOMPARE(a.candidates[i].token, b.candidates[i].token);
        QVERIFY(a.candidates[i].text == b.candidates[i].text);
        QCOMPARE(a.candidates[i].probability, b.candidates[i].probability);
        QCOMPARE(a.candidates[i].sampled, b.candidates[i].sampled);
    }
    if (!a.generated && !a.router.empty() && a.router.probs.empty()) { // of a prompt the choices alone are kept
        QVERIFY(b.router.choicesOnly() && b.router.runner_up.empty() && b.router.runner_up_prob.empty());
        QCOMPARE(b.router.weights.size(), a.router.weights.size());
        for (size_t i = 0; i < a.router.weights.size(); ++i) {
            QVERIFY(std::abs(a.router.weights[i] - b.router.weights[i]) <= 1.0F / 509);
        }
        return;
    }
    QVERIFY(a.router.runner_up == b.router.runner_up);
    const auto close = [](const std::vector<float>& x, const std::vector<float>& y) {
        bool fits = x.size() == y.size();
        for (size_t i = 0; fits && i < x.size(); ++i) {
            fits = std::abs(x[i] - y[i]) <= std::abs(x[i]) / 2048 + 6e-8F; // half precision
        }
        return fits;
    };
    QVERIFY(close(a.router.weights, b.router.weights));
    QVERIFY(close(a.router.chosen_probs, b.router.chosen_probs));
    QVERIFY(close(a.router.runner_up_prob, b.router.runner_up_prob));
    QVERIFY(close(a.router.probs, b.router.probs));
}

TokenTraces decodeAll(const QList<TraceChunk>& chunks) {
    TokenTraces all;
    for (const TraceChunk& chunk : chunks) {
        const TokenTraces part = decodeTraces(chunk.data);
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

/** With the likeliest tokens in its place, as an answer has them. */
trace::TokenTracePtr withCandidates(const trace::TokenTracePtr& plain, int count) {
    auto token = std::make_shared<trace::TokenTrace>(*plain);
    for (int i = 0; i < count; ++i) {
        const float probability = 0.5F / static_cast<float>(i + 1);
        token->candidates.push_back(
            {plain->token + i, " c" + std::to_string(i), probability, i < 2 ? probability : 0.0F});
    }
    return token;
}

/** A chunk around `raw` that passes the checksum: what is inside must be judged. */
QByteArray seal(const QByteArray& packed) {
    quint64 hash = 0xcbf29ce484222325ULL;
    for (const char byte : packed) {
        hash = (hash ^ static_cast<quint8>(byte)) * 0x100000001b3ULL;
    }
    QByteArray data("MTR1");
    data.resize(12);
    qToLittleEndian(hash, data.data() + 4);
    return data + packed;
}

} // namespace

class TestStoreTraces : public QObject {
    Q_OBJECT
private slots:
    void roundTrips_data();
    void roundTrips();
    void readsTheVersionBeforeCandidates();
    void readsTheVersionBeforeChoicesAlone();
    void aPromptKeepsItsChoices_data();
    void aPromptKeepsItsChoices();
    void keepsWeightsAboveOneAndWhatIsNoWeight();
    void splitsWhereTheShapeChanges();
    void isCompact();
    void refusesProbabilitiesThatAreNone();
    void refusesSizesThatDoNotFit();
    void noticesDamage();
    void survivesAnyBytes();
    void refusesBombs();
    void givesNoTraceForADamagedOne();
};

void TestStoreTraces::roundTrips_data() {
    QTest::addColumn<int>("layers");
    QTest::addColumn<int>("experts");
    QTest::addColumn<int>("used");
    QTest::addColumn<bool>("probs");
    QTest::newRow("top 1 of 16") << 4 << 16 << 1 << false;
    QTest::newRow("all probabilities") << 4 << 16 << 1 << true;
    QTest::newRow("top 8 of 256") << 3 << 256 << 8 << true;
    QTest::newRow("wide ids") << 2 << 300 << 6 << true;
    QTest::newRow("every expert") << 2 << 4 << 4 << true;
    QTest::newRow("64 layers") << 64 << 16 << 1 << false;
}

void TestStoreTraces::roundTrips() {
    QFETCH(const int, layers);
    QFETCH(const int, experts);
    QFETCH(const int, used);
    QFETCH(const bool, probs);
    TokenTraces tokens;
    for (int i = 0; i < 300; ++i) {
        const auto token = makeToken(i, uint32_t(layers), uint32_t(experts), uint32_t(used), probs && i % 3 != 0);
        tokens.push_back(token->generated ? withCandidates(token, i % 12) : token);
    }
    auto odd =
        std::make_shared<trace::TokenTrace>(*makeToken(300, uint32_t(layers), uint32_t(experts), uint32_t(used)));
    odd->text = std::string("\0\xF0\x9F\x00\xFF", 5); // half a character, NUL
    odd->token = -1;
    odd->candidates = {{-1, odd->text, 1, 1}, {7, std::string(300, 'x'), 1e-30F, 0}, {8, {}, 0, 0}};
    tokens.push_back(odd);
    auto plain = std::make_shared<trace::TokenTrace>();
    plain->text = "no router";
    tokens.push_back(plain);
    const QList<TraceChunk> chunks = encodeTraces(tokens);
    QCOMPARE(chunks.size(), 1);
    QCOMPARE(chunks.first().tokens, 302);
    const TokenTraces found = decodeAll(chunks);
    QCOMPARE(found.size(), tokens.size());
    for (size_t i = 0; i < found.size(); ++i) {
        compare(*tokens[i], *found[i]);
    }
    QVERIFY(encodeTraces({}).isEmpty());
    QVERIFY(encodeTraces({nullptr}).isEmpty());
}

void TestStoreTraces::readsTheVersionBeforeCandidates() {
    // Written by hand after the description of version 1, not by this program: two tokens, the second sampled and routed
    // by two layers of three experts. Its flag 8 means nothing yet.
    const TokenTraces found = decodeTraces(
        QByteArray::fromHex("4d5452313dfd94095d7cae150000004b789c6364606060826266206604e2142066678002908442622a90e400"
                            "626e0686063b90ba0ff34132160c5620ccc8c460c26000007677050d"));
    QCOMPARE(found.size(), size_t(2));
    QCOMPARE(found[0]->token, 100);
    QCOMPARE(found[0]->position, 7U);
    QVERIFY(!found[0]->generated);
    QVERIFY(found[0]->text == " a");
    QVERIFY(found[0]->router.empty());
    QCOMPARE(found[1]->token, 101);
    QVERIFY(found[1]->generated);
    QCOMPARE(found[1]->probability, 0.25F);
    QVERIFY(found[1]->text == std::string("\xF0\x9F\0", 3));
    QVERIFY(found[1]->router.experts == (std::vector<uint16_t>{2, 0}));
    QVERIFY(found[1]->router.weights == (std::vector<float>{0.5F, 0.75F}));
    QVERIFY(found[1]->router.runner_up_prob == (std::vector<float>{0.25F, 0.125F}));
    QVERIFY(found[1]->candidates.empty());
}

void TestStoreTraces::readsTheVersionBeforeChoicesAlone() {
    // Sampled tokens are kept as they were, and so was a prompt's, which version 2 told from them by a flag alone.
    const trace::TokenTracePtr token = withCandidates(makeToken(1), 3);
    QByteArray raw = qUncompress(encodeTraces({token}).first().data.sliced(12));
    QCOMPARE(int(raw.at(0)), 3);
    raw[0] = 2;
    compare(*token, *decodeTraces(seal(qCompress(raw))).front());
    constexpr qsizetype flags = 4 + 16 + 8;
    QCOMPARE(int(raw.at(flags)), 1 + 2 + 8);
    raw[flags] = 2 + 8;
    const trace::TokenTracePtr prompt = decodeTraces(seal(qCompress(raw))).front();
    QVERIFY(!prompt->generated);
    QCOMPARE(prompt->router.chosen_probs, token->router.chosen_probs);
    raw[flags] = 2 + 8 + 16; // means nothing yet
    QCOMPARE(decodeTraces(seal(qCompress(raw))).front()->router.chosen_probs, token->router.chosen_probs);
    raw[0] = 3; // and says now that those numbers are not there
    QCOMPARE(errorOf([&] { decodeTraces(seal(qCompress(raw))); }), "store.trace_damaged");
}

void TestStoreTraces::aPromptKeepsItsChoices_data() {
    QTest::addColumn<uint32_t>("layers");
    QTest::addColumn<uint32_t>("experts");
    QTest::addColumn<uint32_t>("used");
    QTest::addColumn<qsizetype>("most");
    QTest::newRow("64 layers, 1 of 16") << 64U << 16U << 1U << qsizetype{16'000'000};
    QTest::newRow("32 layers, 8 of 64") << 32U << 64U << 8U << qsizetype{64'000'000};
}

void TestStoreTraces::aPromptKeepsItsChoices() {
    QFETCH(const uint32_t, layers);
    QFETCH(const uint32_t, experts);
    QFETCH(const uint32_t, used);
    QFETCH(const qsizetype, most);
    constexpr int all = 131'072;
    constexpr int atOnce = 4096; // as they come, so that not all have to be there at once
    QRandomGenerator random(11);
    qsizetype bytes = 0;
    for (int first = 0; first < all; first += atOnce) {
        TokenTraces tokens;
        for (int i = 0; i < atOnce; ++i) { // random: nothing of it can be packed
            auto token = std::make_shared<trace::TokenTrace>(*makeToken(2 * (first + i), layers, experts, used));
            for (uint16_t& expert : token->router.experts) {
                expert = static_cast<uint16_t>(random.bounded(experts));
            }
            for (float& weight : token->router.weights) {
                weight = static_cast<float>(random.bounded(1.0));
            }
            tokens.push_back(token);
        }
        const QList<TraceChunk> chunks = encodeTraces(tokens);
        for (const TraceChunk& chunk : chunks) {
            bytes += chunk.data.size();
        }
        if (first == 0) {
            const TokenTraces found = decodeAll(chunks);
            QCOMPARE(found.size(), tokens.size());
            for (size_t i = 0; i < found.size(); ++i) {
                compare(*tokens[i], *found[i]);
            }
        }
    }
    qInfo("%d tokens: %.1f MB", all, double(bytes) / 1e6);
    QVERIFY(bytes <= most);
}

void TestStoreTraces::keepsWeightsAboveOneAndWhatIsNoWeight() {
    const auto prompt = [](float weight) {
        auto token = std::make_shared<trace::TokenTrace>(*makeToken(0));
        token->router.weights[2] = weight;
        return token;
    };
    const TokenTraces scaled = decodeAll(encodeTraces({prompt(2.5F), makeToken(2), makeToken(3)}));
    QCOMPARE(scaled[0]->router.weights[2], 2.5F);
    QVERIFY(scaled[0]->router.choicesOnly() && scaled[1]->router.choicesOnly());
    QVERIFY(std::abs(scaled[1]->router.weights[0] - 0.5F) <= 2.5F / 509);
    QVERIFY(!scaled[2]->router.choicesOnly());
    // Read once and kept again, as in another conversation: choices stay choices.
    QVERIFY(decodeAll(encodeTraces(scaled))[1]->router.experts == scaled[1]->router.experts);
    for (const float none : {-0.5F, std::nanf(""), std::numeric_limits<float>::infinity()}) {
        const TokenTraces kept = decodeAll(encodeTraces({prompt(none)}));
        QVERIFY(!kept[0]->router.choicesOnly()); // as it is, and not as the nearest weight
        QVERIFY(!(kept[0]->router.weights[2] >= 0 && kept[0]->router.weights[2] <= 65504));
    }
}

void TestStoreTraces::splitsWhereTheShapeChanges() {
    const TokenTraces tokens = {makeToken(0, 3, 16, 1), std::make_shared<trace::TokenTrace>(), makeToken(1, 3, 16, 1),
                                makeToken(2, 4, 16, 1), makeToken(3, 3, 16, 1)};
    const QList<TraceChunk> chunks = encodeTraces(tokens);
    QCOMPARE(chunks.size(), 3);
    const TokenTraces found = decodeAll(chunks);
    QCOMPARE(found.size(), tokens.size());
    for (size_t i = 0; i < found.size(); ++i) {
        compare(*tokens[i], *found[i]);
    }
    TokenTraces big; // 64 layers of 256 probabilities: 32 KiB a token
    for (int i = 0; i < 1000; ++i) {
        big.push_back(makeToken(i, 64, 256, 1, true));
    }
    QVERIFY(encodeTraces(big).size() > 1);
    QCOMPARE(decodeAll(encodeTraces(big)).size(), big.size());
}

void TestStoreTraces::isCompact() {
    QRandomGenerator random(4);
    TokenTraces tokens;
    for (int i = 0; i < 1000; ++i) { // random: the worst case
        auto token = std::make_shared<trace::TokenTrace>(*makeToken(i, 8, 16, 1));
        for (uint32_t layer = 0; layer < 8; ++layer) {
            token->router.experts[layer] = static_cast<uint16_t>(random.bounded(16));
            token->router.runner_up[layer] = static_cast<uint16_t>(random.bounded(16));
            token->router.weights[layer] = static_cast<float>(random.generateDouble());
            token->router.chosen_probs[layer] = token->router.weights[layer];
            token->router.runner_up_prob[layer] = static_cast<float>(random.generateDouble());
        }
        tokens.push_back(token);
    }
    const QList<TraceChunk> chunks = encodeTraces(tokens);
    const qsizetype plain = chunks.first().data.size();
    QVERIFY(plain < 1000 * 8 * 8);
    qInfo("8 layers, top 1: %lld bytes a token", plain / 1000);
    for (trace::TokenTracePtr& token : tokens) {
        auto full = std::make_shared<trace::TokenTrace>(*token);
        for (int i = 0; i < 10; ++i) {
            const auto id = random.bounded(128'000);
            full->candidates.push_back({id, " w" + std::to_string(id % 9000),
                                        static_cast<float>(random.generateDouble()),
                                        i < 5 ? static_cast<float>(random.generateDouble()) : 0.0F});
        }
        token = full;
    }
    const qsizetype more = encodeTraces(tokens).first().data.size() - plain;
    QVERIFY(more < 1000 * 10 * 16);
    qInfo("10 candidates: %lld bytes a token", more / 1000);
}

void TestStoreTraces::refusesSizesThatDoNotFit() {
    const auto errorWith = [](const std::function<void(trace::RouterTrace&)>& change) {
        auto token = std::make_shared<trace::TokenTrace>(*makeToken(0));
        change(token->router);
        return errorOf([&] { encodeTraces({token}); });
    };
    QCOMPARE(errorWith([](trace::RouterTrace&) {}), "");
    QCOMPARE(errorWith([](trace::RouterTrace& r) { r.experts.pop_back(); }), "store.invalid");
    QCOMPARE(errorWith([](trace::RouterTrace& r) { r.weights.push_back(1); }), "store.invalid");
    QCOMPARE(errorWith([](trace::RouterTrace& r) { r.runner_up.clear(); }), "store.invalid");
    QCOMPARE(errorWith([](trace::RouterTrace& r) { r.probs.resize(3); }), "store.invalid");
    QCOMPARE(errorWith([](trace::RouterTrace& r) { r.experts[0] = 16; }), "store.invalid");
    QCOMPARE(errorWith([](trace::RouterTrace& r) { r.expert_count = 0; }), "store.invalid");
    QCOMPARE(errorWith([](trace::RouterTrace& r) { r.expert_used_count = 17; }), "store.invalid");
    QCOMPARE(errorOf([] { encodeTraces({withCandidates(makeToken(0), 65'535)}); }), "");
    QCOMPARE(errorOf([] { encodeTraces({withCandidates(makeToken(0), 65'536)}); }), "store.invalid");
}

void TestStoreTraces::refusesProbabilitiesThatAreNone() {
    for (const float wrong : {-0.1F, 1.1F, std::numeric_limits<float>::infinity(), std::nanf("")}) {
        for (float trace::TokenCandidate::*member :
             {&trace::TokenCandidate::probability, &trace::TokenCandidate::sampled}) {
            auto token = std::make_shared<trace::TokenTrace>(*withCandidates(makeToken(1), 3));
            token->candidates[1].*member = wrong;
            QCOMPARE(errorOf([&] { decodeAll(encodeTraces({token})); }), "store.trace_damaged");
        }
    }
}

void TestStoreTraces::noticesDamage() {
    const QByteArray good = encodeTraces({makeToken(0), withCandidates(makeToken(1), 3)}).first().data;
    QCOMPARE(decodeTraces(good).size(), size_t(2));
    for (qsizetype i = 0; i < good.size(); ++i) {
        QByteArray bad = good;
        bad[i] = static_cast<char>(bad.at(i) ^ 0x10);
        QCOMPARE(errorOf([&] { decodeTraces(bad); }), "store.trace_damaged");
        QCOMPARE(errorOf([&] { decodeTraces(good.first(i)); }), "store.trace_damaged");
    }
    QCOMPARE(errorOf([&] { decodeTraces(good + '\0'); }), "store.trace_damaged");
    QCOMPARE(errorOf([&] { decodeTraces({}); }), "store.trace_damaged");
}

void TestStoreTraces::survivesAnyBytes() {
    // Behind a right checksum: each value of each byte of the unpacked contents near the limits.
    const QByteArray data =
        encodeTraces({makeToken(0, 2, 4, 2, true), withCandidates(makeToken(1, 2, 4, 2), 3), makeToken(2, 2, 4, 2)})
            .first()
            .data;
    const QByteArray raw = qUncompress(data.sliced(12));
    QCOMPARE(decodeTraces(seal(qCompress(raw))).size(), size_t(3));
    int refused = 0;
    for (qsizetype i = 0; i < raw.size(); ++i) {
        for (const int value : {0x00, 0x01, 0x7F, 0x80, 0xFF}) {
            QByteArray bad = raw;
            bad[i] = static_cast<char>(value);
            const std::string error = errorOf([&] { decodeTraces(seal(qCompress(bad))); });
            QVERIFY(error.empty() || error == "store.trace_damaged");
            refused += error.empty() ? 0 : 1;
        }
        QCOMPARE(errorOf([&] { decodeTraces(seal(qCompress(raw.first(i)))); }), "store.trace_damaged");
    }
    QVERIFY(refused > 50);
    QRandomGenerator random(9);
    for (int i = 0; i < 2000; ++i) {
        QByteArray bytes(random.bounded(200), '\0');
        for (char& byte : bytes) {
            byte = static_cast<char>(random.bounded(256));
        }
        QCOMPARE(errorOf([&] { decodeTraces(i % 2 == 0 ? bytes : seal(bytes)); }), "store.trace_damaged");
    }
}

void TestStoreTraces::refusesBombs() {
    QByteArray packed = qCompress(QByteArray(1 << 20, '\0'));
    QCOMPARE(errorOf([&] { decodeTraces(seal(packed)); }), "store.trace_damaged");
    for (const quint32 size : {0U, 1U, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
        qToBigEndian(size, packed.data());
        QCOMPARE(errorOf([&] { decodeTraces(seal(packed)); }), "store.trace_damaged");
    }
}

void TestStoreTraces::givesNoTraceForADamagedOne() {
    const QTemporaryDir folder;
    Store store(folder.path());
    const qint64 id = store.addConversation().id;
    const qint64 prompt = store.addPrompt(id, 0, QStringLiteral("x")).id;
    const qint64 answer = store.beginAnswer({id, prompt, {}, {}, {}}).id;
    store.appendAnswer(answer, QStringLiteral("a"), {makeToken(0)});
    store.finishAnswer(answer, QStringLiteral("b"), {makeToken(1)}, {});
    QVERIFY(!store.traces(answer).error);
    QCOMPARE(store.traces(answer).tokens.size(), size_t(2));
    RawDatabase raw(databaseIn(folder.path()));
    const QString good = raw.run(QStringLiteral("SELECT hex(data) FROM traces WHERE part = 2")).first().toString();
    for (const QString& change : {QStringLiteral("data = x'00'"), QStringLiteral("data = x''"),
                                  QStringLiteral("data = substr(data, 1, 40)"), QStringLiteral("tokens = 9")}) {
        raw.run(QStringLiteral("UPDATE traces SET %1 WHERE part = 2").arg(change));
        const StoredTraces damaged = store.traces(answer);
        QVERIFY(damaged.tokens.empty());
        QCOMPARE(damaged.error.value().id(), "store.trace_damaged");
        raw.run(QStringLiteral("UPDATE traces SET tokens = 1, data = x'%1' WHERE part = 2").arg(good));
        QCOMPARE(store.traces(answer).tokens.size(), size_t(2));
    }
    QCOMPARE(store.message(answer).text, QStringLiteral("ab"));
}

QTEST_GUILESS_MAIN(TestStoreTraces)
#include "tst_store_traces.moc"
