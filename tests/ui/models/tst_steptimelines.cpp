// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/synthetictimeline.h"
#include "ui/models/steptimelines.h"
#include "ui/models/timelinetable.h"

#include <QAbstractItemModelTester>
#include <QSet>
#include <QSignalSpy>
#include <QTest>

using namespace moescope;
using namespace moescope::ui;

class TestStepTimelines : public QObject {
    Q_OBJECT
private slots:
    void keepsStepsByAnswerAndPosition();
    void keepsOnlyTheNewest();
    void anAnswerMadeAgainCountsFromThere();
    void sharesAddUpToTheStep();
    void tableSaysWhatTheSpansSay();
    void everySpanHasWords();
    void threeFigures();
};

void TestStepTimelines::keepsStepsByAnswerAndPosition() {
    StepTimelines steps;
    QSignalSpy changed(&steps, &StepTimelines::changed);
    QVERIFY(steps.of(7).isEmpty());
    steps.append(7, {test::syntheticPrefillStep(0, 32, 4), test::syntheticDecodeStep(32, 4)});
    steps.append(7, {test::syntheticDecodeStep(33, 4), test::syntheticDecodeStep(34, 4)});
    steps.append(7, {});
    QCOMPARE(changed.count(), 2);
    QCOMPARE(steps.of(7).prefill.size(), 1);
    QCOMPARE(steps.of(7).decode.size(), 3);
    QCOMPARE(steps.of(7).at(33)->position, 33U);
    QVERIFY(steps.of(7).at(31) == nullptr);
    QVERIFY(steps.of(7).at(35) == nullptr);
    QVERIFY(steps.of(8).isEmpty());

    steps.record(8, test::syntheticDecodeStep(99, 4));
    QVERIFY(!steps.of(8).isEmpty());
    QVERIFY(steps.of(8).at(99) == nullptr); // it is no token's

    // Another capture under the same number.
    steps.setRun(7, {test::syntheticDecodeStep(5, 4)});
    QCOMPARE(steps.of(7).decode.size(), 1);
    QVERIFY(steps.of(7).prefill.isEmpty());
    steps.setRun(7, {});
    QVERIFY(steps.of(7).isEmpty());
}

void TestStepTimelines::keepsOnlyTheNewest() {
    StepTimelines steps;
    const qsizetype more = 10;
    for (uint32_t i = 0; i < StepTimelines::kDecodeKept + more; ++i) {
        steps.append(1, {test::syntheticDecodeStep(i, 1)});
    }
    QCOMPARE(steps.of(1).decode.size(), StepTimelines::kDecodeKept);
    QCOMPARE(steps.of(1).decode.first()->position, uint32_t(more));
    QCOMPARE(steps.of(1).dropped, int(more));
    for (uint32_t i = 0; i < StepTimelines::kPrefillKept + more; ++i) {
        steps.append(2, {test::syntheticPrefillStep(i, 1, 1)});
    }
    QCOMPARE(steps.of(2).prefill.size(), StepTimelines::kPrefillKept);
    QCOMPARE(steps.of(2).prefill.first()->position, 0U);
    QCOMPARE(steps.of(2).dropped, int(more));
    // Many answers are kept, and those that were timed first go where they need too much.
    auto large = std::make_shared<trace::StepTimeline>();
    large->spans.resize(size_t(StepTimelines::kSpansKept / 2));
    for (qint64 run = 3; run < 40; ++run) {
        steps.append(run, {test::syntheticDecodeStep(0, 1)});
    }
    steps.append(40, {large});
    QVERIFY(!steps.of(1).isEmpty());
    steps.append(41, {large});
    steps.append(42, {test::syntheticDecodeStep(0, 1)});
    QVERIFY(steps.of(1).isEmpty());
    QVERIFY(steps.of(39).isEmpty());
    QVERIFY(!steps.of(40).isEmpty());
    QVERIFY(!steps.of(41).isEmpty());
    QVERIFY(!steps.of(42).isEmpty());
}

void TestStepTimelines::anAnswerMadeAgainCountsFromThere() {
    StepTimelines steps;
    for (uint32_t i = 10; i < 20; ++i) {
        steps.append(1, {test::syntheticDecodeStep(i, 1)});
    }
    steps.append(1, {test::syntheticDecodeStep(15, 2)});
    QCOMPARE(steps.of(1).decode.size(), 6);
    QVERIFY(steps.of(1).at(16) == nullptr);
    QCOMPARE(steps.of(1).at(15)->spans.size(), test::syntheticDecodeStep(0, 2)->spans.size());
}

void TestStepTimelines::sharesAddUpToTheStep() {
    for (const auto& step : {test::syntheticDecodeStep(3, 8), test::syntheticPrefillStep(0, 32, 5)}) {
        const StepShares shares = StepShares::of(*step);
        double percent = 100 * shares.part(shares.idle);
        double us = shares.idle;
        for (const double kind : shares.kinds) {
            percent += 100 * shares.part(kind);
            us += kind;
        }
        QVERIFY(std::abs(percent - 100) < 1e-9);
        QVERIFY(std::abs(us - step->total_us) < 1e-6);
        QVERIFY(std::abs(shares.kernels() - step->kernelsUs()) < 1e-6);
        QVERIFY(shares.idle > 0);
        double layers = 0;
        for (int layer = -1; layer < 8; ++layer) {
            layers += layerUs(*step, layer);
        }
        QVERIFY(std::abs(layers - step->kernelsUs()) < 1e-6);
    }
    const StepShares none = StepShares::of(*test::syntheticHostStep(0));
    QCOMPARE(none.idle, none.total);
    QCOMPARE(none.part(none.idle), 1.0);
}

void TestStepTimelines::tableSaysWhatTheSpansSay() {
    TimelineTable table;
    const QAbstractItemModelTester tester(&table);
    QCOMPARE(table.rowCount(), 0);
    const auto step = test::syntheticDecodeStep(3, 2);
    table.setStep(step);
    QCOMPARE(table.rowCount(), int(step->spans.size()));
    double gpu = 0;
    double host = 0;
    for (int row = 0; row < table.rowCount(); ++row) {
        const trace::TimelineSpan& span = step->spans[size_t(row)];
        const auto raw = [&](int column) { return table.index(row, column).data(TabularModel::RawRole); };
        QCOMPARE(raw(TimelineTable::Lane).toString(), laneName(span.lane));
        QCOMPARE(raw(TimelineTable::Name).toString(), spanName(span));
        QCOMPARE(raw(TimelineTable::Layer).isValid(), span.layer >= 0);
        QCOMPARE(raw(TimelineTable::Start).toDouble(), span.start_us);
        QCOMPARE(raw(TimelineTable::Duration).toDouble(), span.duration_us);
        gpu += span.lane == trace::Lane::Gpu ? raw(TimelineTable::Share).toDouble() : 0;
        host += span.lane == trace::Lane::Host ? raw(TimelineTable::Share).toDouble() : 0;
    }
    const StepShares shares = StepShares::of(*step);
    QVERIFY(std::abs(gpu - 100 * shares.part(shares.kernels())) < 1e-9);
    QVERIFY(std::abs(host - 100) < 1e-9);
    QCOMPARE(table.index(0, TimelineTable::Start).data().toString(), QStringLiteral("20.0"));
    QCOMPARE(table.index(0, TimelineTable::Layer).data().toString(), QStringLiteral("–"));
    table.setStep(test::syntheticHostStep(3));
    QCOMPARE(table.rowCount(), 3);
    table.setStep(nullptr);
    QCOMPARE(table.rowCount(), 0);
}

void TestStepTimelines::everySpanHasWords() {
    for (size_t i = 0; i < trace::stepPartCount; ++i) {
        const auto part = static_cast<trace::StepPart>(i);
        const auto lane = trace::kernelKind(part)          ? trace::Lane::Gpu
                          : part == trace::StepPart::Layer ? trace::Lane::Layer
                                                           : trace::Lane::Host;
        const trace::TimelineSpan span{lane, part, 3, 0, 1};
        QVERIFY2(!spanName(span).isEmpty(), trace::stepPartName(part));
        QVERIFY(shortSpanName(span).size() <= spanName(span).size());
        if (lane == trace::Lane::Gpu) {
            QCOMPARE(spanName(span), QString::fromUtf8(trace::stepPartName(part)));
        }
    }
    QCOMPARE(spanName({trace::Lane::Layer, trace::StepPart::Layer, 5, 0, 1}), QStringLiteral("L5"));
    QCOMPARE(spanName({trace::Lane::Layer, trace::StepPart::Logits, -1, 0, 1}), QStringLiteral("Head"));
    QSet<int> colors;
    for (size_t i = 0; i < trace::kernelKindCount; ++i) {
        const auto kind = static_cast<trace::KernelKind>(i);
        QVERIFY(!kindName(kind, true).isEmpty() && !kindName(kind, false).isEmpty());
        colors.insert(kindColor(kind));
    }
    QCOMPARE(colors, (QSet<int>{0, 6, 2, 5, 1, 4, -1}));
}

void TestStepTimelines::threeFigures() {
    QCOMPARE(msText(4900), QStringLiteral("4.90 ms"));
    QCOMPARE(msText(576), QStringLiteral("0.58 ms"));
    QCOMPARE(msText(12'345), QStringLiteral("12.3 ms"));
    QCOMPARE(msText(123'456), QStringLiteral("123 ms"));
    QCOMPARE(msText(5), QStringLiteral("0.0050 ms"));
    QCOMPARE(msText(0), QStringLiteral("0.00 ms"));
}

QTEST_GUILESS_MAIN(TestStepTimelines)
#include "tst_steptimelines.moc"
