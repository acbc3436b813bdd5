// SPDX-License-Identifier: Apache-2.0
#include "ui/models/alignment.h"

#include <QElapsedTimer>
#include <QRandomGenerator>
#include <QTest>

using namespace moescope::ui;

namespace {

/** By the whole table. */
int longestCommon(const std::vector<int>& a, const std::vector<int>& b) {
    std::vector<std::vector<int>> most(a.size() + 1, std::vector<int>(b.size() + 1, 0));
    for (size_t i = 0; i < a.size(); ++i) {
        for (size_t j = 0; j < b.size(); ++j) {
            most[i + 1][j + 1] = a[i] == b[j] ? most[i][j] + 1 : std::max(most[i][j + 1], most[i + 1][j]);
        }
    }
    return most[a.size()][b.size()];
}

} // namespace

class TestAlignment : public QObject {
    Q_OBJECT
private slots:
    void alignsWords();
    void isTheLongest();
    void alignsLongAnswers();
    void anchorsLongerOnes();
    void neverTakesLong();
};

namespace {

/** `run` with every so-manieth element another, gone or followed by a new one. */
std::vector<int> edited(const std::vector<int>& run, int every, QRandomGenerator& random) {
    std::vector<int> other;
    for (const int element : run) {
        switch (random.bounded(every * 3)) {
        case 0: break;
        case 1: other.push_back(100'000 + random.bounded(1'000)); break;
        case 2: other.insert(other.end(), {element, 200'000 + random.bounded(1'000)}); break;
        default: other.push_back(element);
        }
    }
    return other;
}

/** Pairs, which must be equal elements in ascending order. */
int pairsOf(const std::vector<int>& a, const std::vector<int>& b, const std::vector<int>& partner) {
    int last = -1;
    int pairs = 0;
    for (size_t i = 0; i < a.size(); ++i) {
        if (partner[i] >= 0) {
            if (partner[i] <= last || b[size_t(partner[i])] != a[i]) {
                return -1;
            }
            last = partner[i];
            ++pairs;
        }
    }
    return pairs;
}

} // namespace

void TestAlignment::alignsWords() {
    const auto words = [](const char* text) { return QString::fromLatin1(text).split(QLatin1Char(' ')); };
    QVERIFY((align(words("the fox left the boat"), words("the fox left the boat")) == std::vector<int>{0, 1, 2, 3, 4}));
    QVERIFY((align(words("the quiet beach was far"), words("the old mill was not far")) ==
             std::vector<int>{0, -1, -1, 3, 5}));
    QVERIFY((align(words("a b"), words("c d")) == std::vector<int>{-1, -1}));
    QVERIFY(align(QList<QString>(), words("a")).empty());
    QVERIFY((align(words("a"), {}) == std::vector<int>{-1}));
}

void TestAlignment::isTheLongest() {
    QRandomGenerator random(3);
    for (int round = 0; round < 300; ++round) {
        std::vector<int> a(random.bounded(40));
        std::vector<int> b(random.bounded(40));
        for (std::vector<int>* sequence : {&a, &b}) {
            for (int& element : *sequence) {
                element = random.bounded(1 + round % 7);
            }
        }
        const std::vector<int> partner = align(a, b);
        QCOMPARE(partner.size(), a.size());
        int last = -1;
        int pairs = 0;
        for (size_t i = 0; i < a.size(); ++i) {
            if (partner[i] >= 0) {
                QVERIFY(partner[i] > last);
                QCOMPARE(b[size_t(partner[i])], a[i]);
                last = partner[i];
                ++pairs;
            }
        }
        QCOMPARE(pairs, longestCommon(a, b));
    }
}

void TestAlignment::alignsLongAnswers() {
    QRandomGenerator random(5);
    std::vector<int> a(4000);
    std::vector<int> b(4000);
    for (size_t i = 0; i < a.size(); ++i) {
        a[i] = random.bounded(500);
        b[i] = random.bounded(500);
    }
    QElapsedTimer timer;
    timer.start();
    const std::vector<int> partner = align(a, b);
    qInfo("4,000 × 4,000 words with little in common: %lld ms", timer.elapsed());
    QVERIFY(std::count(partner.begin(), partner.end(), -1) < 4000);
}

void TestAlignment::anchorsLongerOnes() {
    QRandomGenerator random(9);
    for (const int vocabulary : {200, 5'000}) {
        std::vector<int> a(20'000);
        for (int& element : a) {
            element = int(std::min(random.bounded(vocabulary), random.bounded(vocabulary)));
        }
        const std::vector<int> b = edited(a, 10, random);
        const Alignment exact = alignRuns({a.begin(), a.begin() + 4'096}, {b.begin(), b.begin() + 4'096});
        QVERIFY(!exact.approximate);
        const Alignment alignment = alignRuns(a, b);
        QVERIFY(alignment.approximate);
        const int pairs = pairsOf(a, b, alignment.partner);
        // Two of three edits lose an element of A; LCS can do no better than what was kept.
        const int kept = int(a.size()) * 14 / 15;
        QVERIFY2(pairs > kept * 98 / 100, qPrintable(QString("%1 of about %2").arg(pairs).arg(kept)));
    }
    const std::vector<int> same(10'000, 3);
    QCOMPARE(pairsOf(same, same, alignRuns(same, same).partner), 10'000);
}

void TestAlignment::neverTakesLong() {
    QRandomGenerator random(4);
    std::vector<int> a(32'768);
    std::vector<int> b(32'768);
    const auto measure = [&](const char* what, int vocabulary) {
        for (std::vector<int>* run : {&a, &b}) {
            for (int& element : *run) {
                element = int(random.bounded(vocabulary));
            }
        }
        QElapsedTimer clock;
        clock.start();
        QVERIFY(pairsOf(a, b, alignRuns(a, b).partner) >= 0);
        qInfo() << what << clock.elapsed() << "ms";
    };
    measure("two different texts of 1,000 words:", 1'000);
    measure("two different texts of 100,000 words:", 100'000);
    measure("two letters in any order:", 2);
    const std::atomic<bool> cancelled = true;
    QVERIFY_EXCEPTION_THROWN(alignRuns(a, b, &cancelled), moescope::trace::Error);
}

QTEST_GUILESS_MAIN(TestAlignment)
#include "tst_alignment.moc"
