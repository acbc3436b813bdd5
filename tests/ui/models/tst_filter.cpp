// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/synthetictrace.h"
#include "ui/models/filter.h"
#include "ui/models/routingstatistics.h"
#include "ui/models/tokentext.h"

#include <QRandomGenerator>
#include <QTest>

using namespace moescope;
using namespace moescope::ui;

namespace {

Filter parsed(const QString& line) {
    const auto result = Filter::parse(line);
    if (const auto* error = std::get_if<FilterError>(&result)) {
        qWarning().noquote() << line << error->sentence;
        return {};
    }
    return std::get<Filter>(result);
}

} // namespace

class TestFilter : public QObject {
    Q_OBJECT
private slots:
    void matches_data();
    void matches();
    void errorsPointAtThePlace_data();
    void errorsPointAtThePlace();
    void nothingMatchesEverything();
    void agreesWithTheTrace();
    void whatWasNotRecordedMatchesNothing();
    void survivesAnything();
};

void TestFilter::matches_data() {
    QTest::addColumn<QString>("line");
    QTest::addColumn<bool>("matched");
    const auto row = [](const char* line, bool matched) { QTest::newRow(line) << QString::fromUtf8(line) << matched; };
    // Of token 3 (the third), " Boat", layer 1, rank 0: expert 7 with weight 0.25 before expert 2.
    row("layer==1", true);
    row("layer = 1", true);
    row("layer>1", false);
    row("layer >= 1 && layer <= 1", true);
    row("expert==7", true);
    row("expert == 2", false);
    row("rank == 0", true);
    row("layer>0 && expert==7 && weight<0.4", true);
    row("layer>0 && expert==7 && weight<0.2", false);
    row("weight == 0.25", true);
    row("weight < 2.5e-1", false);
    row("weight > -1", true);
    row("token==3", true);
    row("id == 42", true);
    row("text ~ boa", true);
    row("text == \"boat\"", true);
    row("text == ship", false);
    row("text != ship", true);
    row("class == word", true);
    row("class != word", false);
    row("class ~ wor", true);
    row("not layer == 1", false);
    row("!(layer == 1 && expert == 8)", true);
    // And binds more tightly than or.
    row("layer == 1 or layer == 2 and expert == 8", true);
    row("(layer == 1 or layer == 2) and expert == 8", false);
    row("LAYER==1 AND Expert==7", true);
    row("layer==1||expert==9&&expert==8", true);
    row("  ( ( layer == 1 ) )  ", true);
    row("text ~ \"\\\"\"", false);
}

void TestFilter::matches() {
    QFETCH(QString, line);
    const TraceShape shape = test::syntheticShape(2, 16, 2, 0);
    trace::TokenTrace token = *test::plainToken(shape, " Boat", {1, 0, 7, 2}, {0.5F, 0.25F, 0.25F, 0.125F});
    token.token = 42;
    const Filter filter = parsed(line);
    QVERIFY(!filter.isEmpty());
    QTEST(filter.matches(token, 2, 1, 0), "matched");
}

void TestFilter::errorsPointAtThePlace_data() {
    QTest::addColumn<QString>("line");
    QTest::addColumn<int>("at");
    QTest::addColumn<int>("length");
    QTest::addColumn<QString>("word"); // of the sentence
    const auto row = [](const char* line, int at, int length, const char* word) {
        QTest::newRow(line) << QString::fromUtf8(line) << at << length << QString::fromUtf8(word);
    };
    row("layer>>3", 6, 1, "not a number");
    row("layr > 3", 0, 4, "layr");
    row("layer > 3 && expret == 7", 13, 6, "expret");
    row("layer", 5, 0, "missing");
    row("layer > ", 8, 0, "missing");
    row("layer > x", 8, 1, "“x”");
    row("layer > 0.4.1", 8, 5, "0.4.1");
    row("layer > 3 expert == 7", 10, 6, "&&");
    row("layer > 3 &&", 12, 0, "condition");
    row("(layer > 3", 0, 1, "closed");
    row("layer > 3)", 9, 1, "closes none");
    row("layer ~ 3", 6, 1, "number");
    row("text < boat", 5, 1, "words");
    row("text == \"boat", 8, 5, "quotation");
    row("text ==", 7, 0, "word");
    row("class == noun", 9, 4, "noun");
    row("weight > nan", 9, 3, "nan");
    row("weight > 1e999", 9, 5, "1e999");
    row("&& layer > 3", 0, 1, "&");
}

void TestFilter::errorsPointAtThePlace() {
    QFETCH(QString, line);
    QFETCH(QString, word);
    const auto result = Filter::parse(line);
    const auto* error = std::get_if<FilterError>(&result);
    QVERIFY(error != nullptr);
    QTEST(int(error->at), "at");
    QTEST(int(error->length), "length");
    QVERIFY2(error->sentence.contains(word), qPrintable(error->sentence));
    QVERIFY(error->sentence.endsWith(QLatin1Char('.')));
}

void TestFilter::nothingMatchesEverything() {
    for (const char* line : {"", "   ", "\t"}) {
        const Filter filter = parsed(QString::fromUtf8(line));
        QVERIFY(filter.isEmpty());
        QVERIFY(filter.matches({}, 0, 0, 0));
    }
}

void TestFilter::agreesWithTheTrace() {
    const TraceShape shape = test::syntheticShape(6, 16, 2, 1);
    const QList<trace::TokenTracePtr> answer = test::syntheticAnswer(shape, 200, true);
    const Filter filter = parsed(QStringLiteral("layer>3 && (margin<0.1 || entropy>=2.5) && !class==punctuation"));
    int counted = 0;
    for (int token = 0; token < answer.size(); ++token) {
        const trace::TokenTrace& trace = *answer.at(token);
        for (int layer = 0; layer < shape.layers; ++layer) {
            const bool expected =
                layer > 3 &&
                (double(trace.router.margin(uint32_t(layer))) < 0.1 || routerEntropy(trace.router, layer) >= 2.5) &&
                tokenClass(trace.text) != TokenClass::Punctuation;
            QCOMPARE(filter.matchesAny(trace, token, layer), expected);
            counted += expected ? 1 : 0;
        }
    }
    QVERIFY(counted > 0 && counted < answer.size() * shape.layers);
}

void TestFilter::whatWasNotRecordedMatchesNothing() {
    const TraceShape shape = test::syntheticShape(2, 16, 2, 0);
    const trace::TokenTrace token = *test::plainToken(shape, "x", {1, 0, 7, 2}, {0.5F, 0.25F, 0.25F, 0.125F});
    QVERIFY(!parsed(QStringLiteral("entropy >= 0")).matches(token, 0, 0, 0));
    QVERIFY(!parsed(QStringLiteral("entropy < 99")).matches(token, 0, 0, 0));
    QVERIFY(!parsed(QStringLiteral("entropy != 1")).matches(token, 0, 0, 0));
}

void TestFilter::survivesAnything() {
    QRandomGenerator random(7);
    const QStringList pieces = {"layer", "expert", "text", "class", "==",     "!=",     "<",  "~",   "&&",
                                "||",    "!",      "(",    ")",     "\"",     "\\",     "3",  "0.4", "1e",
                                "-",     " ",      "word", "🦊",  "\u202E", "weight", "and"};
    int taken = 0;
    for (int i = 0; i < 20000; ++i) {
        QString line;
        for (quint32 n = random.bounded(12U); n > 0; --n) {
            line += pieces.at(int(random.bounded(quint32(pieces.size()))));
        }
        const auto result = Filter::parse(line);
        if (const auto* error = std::get_if<FilterError>(&result)) {
            QVERIFY(error->at >= 0 && error->length >= 0 && error->at + error->length <= line.size());
            QVERIFY(!error->sentence.isEmpty());
        } else {
            ++taken;
        }
    }
    QVERIFY(taken > 10);
    const QString deep(5000, QLatin1Char('('));
    QVERIFY(std::holds_alternative<FilterError>(Filter::parse(deep)));
    QVERIFY(std::holds_alternative<FilterError>(Filter::parse(QString(1000, QLatin1Char('!')))));
}

QTEST_GUILESS_MAIN(TestFilter)
#include "tst_filter.moc"
