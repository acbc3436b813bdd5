// SPDX-License-Identifier: Apache-2.0
#include "app/exchange/archive.h"
#include "app/exchange/capturefile.h"
#include "app/exchange/capturetokens.h"
#include "app/exchange/npy.h"
#include "samplecapture.h"

#include <QElapsedTimer>
#include <QFile>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <limits>
#include <random>

#ifdef __linux__
#include <sys/resource.h>
#endif

using namespace moescope;
using namespace moescope::exchange;
using moescope::exchange::testing::sampleCapture;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr qint64 kMostKib = 612 * 1024; // what was freed stays in AddressSanitizer's quarantine, 256 MiB of it
#else
constexpr qint64 kMostKib = 100 * 1024;
#endif

const QString json = QStringLiteral("capture.json");

qint64 peakKib() {
#ifdef __linux__
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
#else
    return 0;
#endif
}

} // namespace

/** Files of others are hostile: each ends in a capture that can be shown or in a sentence. */
class TestCaptureHostile : public QObject {
    Q_OBJECT
private:
    using Members = QHash<QString, QByteArray>;

    QTemporaryDir m_folder;
    QByteArray m_good; ///< the file
    Members m_members;

    QString path() const { return m_folder.filePath(QStringLiteral("a.moescope")); }

    void put(const QByteArray& bytes) const {
        QFile file(path());
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(bytes);
    }
    void put(const Members& members) const {
        ZipWriter zip(path(), QDateTime::currentDateTime());
        for (auto member = members.begin(); member != members.end(); ++member) {
            zip.add(member.key(), member.value());
        }
        zip.commit();
    }
    /** Id of the error; empty: a good capture, whose every token can be shown. */
    QString read() const {
        try {
            const Capture capture = readCapture(path());
            for (const trace::TokenTracePtr& token : capture.tokens) {
                const trace::RouterTrace& router = token->router;
                const size_t chosen = size_t(router.moe_layers) * router.expert_used_count;
                const bool rivals = router.chosen_probs.size() == chosen &&
                                    router.runner_up.size() == router.moe_layers &&
                                    router.runner_up_prob.size() == router.moe_layers;
                const bool none = !token->generated && router.choicesOnly() && router.runner_up.empty() &&
                                  router.runner_up_prob.empty() && router.probs.empty();
                const bool lawful =
                    router.empty() ||
                    (router.experts.size() == chosen && router.weights.size() == chosen && (rivals || none) &&
                     std::all_of(router.experts.begin(), router.experts.end(),
                                 [&](uint16_t id) { return id < router.expert_count; }));
                if (!lawful) {
                    return QStringLiteral("a token that cannot be shown");
                }
            }
            return capture.messages.isEmpty() ? QStringLiteral("no answer") : QString();
        } catch (const trace::Error& error) {
            const QString sentence = QString::fromUtf8(error.what());
            const bool whole = sentence.endsWith(u'.') && !sentence.contains(u'{') && sentence.size() < 600;
            return whole ? QString::fromStdString(error.id()) : QStringLiteral("no sentence: ") + sentence;
        }
    }
    QString readWith(const QString& member, const QByteArray& bytes) const {
        Members changed = m_members;
        changed.insert(member, bytes);
        put(changed);
        return read();
    }
    QString readWithJson(const QByteArray& before, const QByteArray& after) const {
        QByteArray text = m_members.value(json);
        const QByteArray whole = text;
        text.replace(before, after);
        return text == whole ? QStringLiteral("nothing was changed") : readWith(json, text);
    }
    template <typename T>
    QString readWithValue(const char* member, qsizetype index, T value) const {
        QByteArray bytes = m_members.value(QLatin1String(member));
        const qsizetype head = bytes.size() - parseNpy(bytes)->data.size();
        std::memcpy(bytes.data() + head + index * qsizetype(sizeof(T)), &value, sizeof(T));
        return readWith(QLatin1String(member), bytes);
    }

private slots:
    void initTestCase() {
        writeCapture(path(), sampleCapture());
        QFile file(path());
        QVERIFY(file.open(QIODevice::ReadOnly));
        m_good = file.readAll();
        m_members = readZip(Source(path()), tokenMembers() << json << QStringLiteral("timelines.json"));
        QCOMPARE(m_members.size(), 19);
        put(m_members);
        QCOMPARE(read(), QString());
    }

    void aThousandMutationsEachEndInACaptureOrASentence() {
        std::mt19937 random(5);
        const auto below = [&random](qsizetype n) { return static_cast<qsizetype>(random() % quint64(n)); };
        const QStringList names = m_members.keys();
        static const QRegularExpression number(QStringLiteral("-?\\d+(\\.\\d+)?"));
        const QByteArrayList numbers{"-1",   "0",    "4294967296", "1e308", "-1e308", "0.5", "99999999999999999999",
                                     "null", "\"\"", "[]",         "{}",    "true"};
        const qint64 memory = peakKib();
        QHash<QString, int> ends;
        qint64 slowest = 0;
        for (int i = 0; i < 1000; ++i) {
            const int kind = i % 5;
            if (kind == 0) { // bits
                QByteArray bytes = m_good;
                for (int flips = 0; flips <= i % 3; ++flips) {
                    const qsizetype at = below(bytes.size());
                    bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
                }
                put(bytes);
            } else if (kind == 1) { // truncation
                put(m_good.left(below(m_good.size())));
            } else if (kind == 2) { // a part less, or one that is shorter
                Members members = m_members;
                const QString name = names[below(names.size())];
                if (i % 2 == 0) {
                    members.remove(name);
                } else {
                    members[name] = members[name].left(below(members[name].size()));
                }
                put(members);
            } else if (kind == 3) { // a number of capture.json
                const QString text = QString::fromUtf8(m_members.value(json));
                QList<QRegularExpressionMatch> places;
                for (auto all = number.globalMatch(text); all.hasNext();) {
                    places.append(all.next());
                }
                const QRegularExpressionMatch& place = places[below(places.size())];
                Members members = m_members;
                members[json] = (text.left(place.capturedStart()) +
                                 QString::fromLatin1(numbers[below(numbers.size())]) + text.mid(place.capturedEnd()))
                                    .toUtf8();
                put(members);
            } else { // bytes of a part, with a checksum that is right
                Members members = m_members;
                QByteArray& bytes = members[names[below(names.size())]];
                bytes[below(bytes.size())] = static_cast<char>(random());
                put(members);
            }
            QElapsedTimer clock;
            clock.start();
            const QString end = read();
            slowest = std::max(slowest, clock.elapsed());
            QVERIFY2(end.isEmpty() || end.startsWith(QLatin1String("exchange.")), qPrintable(end));
            ++ends[end];
        }
        QVERIFY2(slowest < 2000, qPrintable(QString::number(slowest)));
        QVERIFY2(peakKib() - memory < kMostKib, qPrintable(QString::number(peakKib() - memory)));
        QVERIFY(ends.value(QString()) > 20); // a changed probability is another capture
        for (const char* const id : {"exchange.damaged", "exchange.value", "exchange.missing", "exchange.no_capture"}) {
            QVERIFY2(ends.value(QLatin1String(id)) > 5, id);
        }
    }

    void eachLieHasItsSentence() {
        const float nan = std::numeric_limits<float>::quiet_NaN();
        const float infinite = std::numeric_limits<float>::infinity();
        QCOMPARE(readWithValue("routed_experts.npy", 40, qint32(16)), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWithValue("routed_experts.npy", 40, qint32(-1)), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWithValue("routed_experts.npy", 40, qint32(15)), QString());
        QCOMPARE(readWithValue("runner_up.npy", 40, qint32(70000)), QStringLiteral("exchange.damaged"));
        for (const char* const member : {"router_weights.npy", "chosen_probabilities.npy",
                                         "runner_up_probabilities.npy", "token_probabilities.npy"}) {
            QCOMPARE(readWithValue(member, 40, nan), QStringLiteral("exchange.damaged"));
            QCOMPARE(readWithValue(member, 40, infinite), QStringLiteral("exchange.damaged"));
            QCOMPARE(readWithValue(member, 40, -0.25F), QStringLiteral("exchange.damaged"));
            QCOMPARE(readWithValue(member, 40, 0.25F), QString());
        }
        QCOMPARE(readWithValue("expert_probabilities.npy", 5, nan), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWithValue("token_ids.npy", 3, qint32(-5)), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWithValue("token_flags.npy", 3, quint8(8)), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWithValue("token_flags.npy", 3, quint8(4)), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWithValue("token_text_ends.npy", 3, qint32(100000)), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWithValue("token_text_ends.npy", 3, qint32(0)), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWith(QStringLiteral("token_texts.bin"), m_members.value(QStringLiteral("token_texts.bin")) + 'x'),
                 QStringLiteral("exchange.damaged"));
        QCOMPARE(readWith(QStringLiteral("token_ids.npy"), npyHead(NpyType::Int32, {44}) + QByteArray(44 * 4, 0)),
                 QStringLiteral("exchange.damaged"));
        QCOMPARE(readWith(QStringLiteral("token_ids.npy"), npyHead(NpyType::Float32, {45}) + QByteArray(45 * 4, 0)),
                 QStringLiteral("exchange.damaged"));

        QCOMPARE(readWithValue("candidate_ends.npy", 44, qint32(1)), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWithValue("candidate_ends.npy", 44, qint32(2000000000)), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWithValue("candidate_ends.npy", 44, qint32(-1)), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWithValue("candidate_ends.npy", 20, qint32(-1)), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWithValue("candidate_probabilities.npy", 3, nan), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWithValue("candidate_probabilities.npy", 3, 0.75F), QString());
        QCOMPARE(readWithValue("candidate_ids.npy", 3, qint32(-1)), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWithValue("candidate_text_ends.npy", 3, qint32(1000000)), QStringLiteral("exchange.damaged"));

        QCOMPARE(readWithJson("\"version\": 1", "\"version\": 2"), QStringLiteral("exchange.version"));
        QCOMPARE(readWithJson("\"version\": 1", "\"version\": 0"), QStringLiteral("exchange.value"));
        QCOMPARE(readWithJson("moescope-capture", "another"), QStringLiteral("exchange.value"));
        QCOMPARE(readWithJson("\"count\": 45", "\"count\": 46"), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWithJson("\"count\": 45", "\"count\": 1048577"), QStringLiteral("exchange.value"));
        QCOMPARE(readWithJson("\"count\": 45", "\"count\": 1048576"), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWithJson("\"layers\": 6", "\"layers\": 4096"), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWithJson("\"used\": 2", "\"used\": 17"), QStringLiteral("exchange.value"));
        QCOMPARE(readWithJson("\"used\": 2", "\"used\": 1.5"), QStringLiteral("exchange.value"));
        QCOMPARE(readWithJson("\"text\": \"Here", "\"text\": \"\xFF\xC0"), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWithJson("\"token\": 12", "\"token\": 44"), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWithJson("\"token\": 12", "\"token\": -2"), QStringLiteral("exchange.value"));
        QCOMPARE(readWithJson("\"kv_type\": \"q8_0\"", "\"kv_type\": \"q9\""), QStringLiteral("exchange.value"));
        QCOMPARE(readWithJson("\"bytes\": 1001001", "\"bytes\": 9001001"), QStringLiteral("exchange.value"));
        QCOMPARE(readWithJson("\"bytes\": 16000000", "\"bytes\": 1e300"), QStringLiteral("exchange.value"));
        QCOMPARE(readWithJson("\"q8_0\": 544", "\"q8_0\": 1e12"), QStringLiteral("exchange.value"));
        QCOMPARE(readWithJson("\"ledger\"", "\"another\""), QString()); // a capture of before, or of later
        QCOMPARE(readWithJson("\"role\": \"assistant\"", "\"role\": \"user\""), QStringLiteral("exchange.value"));
        QCOMPARE(readWithJson("\"without_shared\": true", "\"without_shared\": 1"), QStringLiteral("exchange.value"));
        QCOMPARE(readWithJson("\"seed\": \"18000000000000000001\"", "\"seed\": \"1e4\""),
                 QStringLiteral("exchange.value"));
        const QString steps = QStringLiteral("timelines.json");
        QCOMPARE(readWith(steps, R"({"steps": [{"kind": "decode", "total_us": -1}]})"),
                 QStringLiteral("exchange.value"));
        QCOMPARE(readWith(steps, R"({"steps": [{"kind": "other"}]})"), QStringLiteral("exchange.value"));
        QCOMPARE(readWith(steps, R"({"steps": 7})"), QStringLiteral("exchange.value"));
        QCOMPARE(readWith(steps, R"({"steps": [{"kind": "decode", "spans": [{"lane": "gpu", "part": "x"}]}]})"),
                 QStringLiteral("exchange.value"));
        QCOMPARE(readWith(steps, R"({"steps": [{"kind": "decode"}]})"), QString());
        QCOMPARE(readWith(steps, "{"), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWith(json, QByteArray(5000, '[')), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWith(json, "[]"), QStringLiteral("exchange.damaged"));
        QCOMPARE(readWith(json, ""), QStringLiteral("exchange.damaged"));
    }

    void namesOfPartsLeadNowhere() {
        Members members = m_members;
        members.insert(QStringLiteral("../../escaped.json"), "x");
        members.insert(QStringLiteral("/etc/escaped"), "x");
        members.insert(QStringLiteral("folder/capture.json"), "not this one");
        put(members);
        QCOMPARE(read(), QString());
        QVERIFY(!QFile::exists(m_folder.filePath(QStringLiteral("../../escaped.json"))));
        members.remove(json);
        put(members);
        QCOMPARE(read(), QStringLiteral("exchange.no_capture"));
    }

    void aPartThatIsThereTwiceIsRefused() {
        {
            ZipWriter zip(path(), QDateTime::currentDateTime());
            zip.add(json, m_members.value(json));
            zip.add(json, m_members.value(json));
            zip.commit();
        }
        QCOMPARE(read(), QStringLiteral("exchange.twice"));
    }

    // What an archive says of its sizes is not believed, and what it is unpacked to has an end.
    void archivesThatGrowAreRefused() {
        const auto readLimited = [this](const ZipLimits& limits) {
            try {
                readZip(Source(path()), {json}, limits);
            } catch (const trace::Error& error) {
                return QString::fromStdString(error.id());
            }
            return QString();
        };
        Members bomb = m_members;
        bomb.insert(json, QByteArray(8 << 20, ' '));
        put(bomb);
        QVERIFY(QFile(path()).size() < 200'000);
        QCOMPARE(readLimited({8 << 20, 1000}), QString());
        QCOMPARE(readLimited({(8 << 20) - 1, 1000}), QStringLiteral("exchange.too_large"));
        QCOMPARE(readLimited({8 << 20, 12}), QStringLiteral("exchange.too_large"));
        QCOMPARE(readLimited({8 << 20, 1000, (8 << 20) - 1}), QStringLiteral("exchange.too_large"));
        QVERIFY(ZipLimits().json_bytes < ZipLimits().bytes);

        // The directory at the end, and the head of the part too, say other sizes than there are.
        const qsizetype entry = m_good.indexOf(QByteArray("PK\x01\x02", 4));
        QVERIFY(entry > 0 && m_good.startsWith("PK\x03\x04"));
        for (const quint32 lie : {quint32(1000), quint32(0) - 1000, quint32(1) << 29}) {
            QByteArray bytes = m_good;
            for (const qsizetype at : {entry + 24, qsizetype(22)}) {
                quint32 size = 0;
                std::memcpy(&size, bytes.constData() + at, 4);
                size += lie;
                std::memcpy(bytes.data() + at, &size, 4);
                put(bytes);
                QCOMPARE(read(), QStringLiteral("exchange.damaged"));
            }
        }
    }

    void whatIsNoArchiveIsSaidToBeNone() {
        put(QByteArray());
        QCOMPARE(read(), QStringLiteral("exchange.no_capture"));
        put(QByteArray("GGUF") + QByteArray(100000, 7));
        QCOMPARE(read(), QStringLiteral("exchange.no_capture"));
        QFile::remove(path());
        QCOMPARE(read(), QStringLiteral("exchange.unreadable"));
    }
};

QTEST_GUILESS_MAIN(TestCaptureHostile)
#include "tst_capture_hostile.moc"
