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
};

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

QTEST_GUILESS_MAIN(TestAlignment)
#include "tst_alignment.moc"
