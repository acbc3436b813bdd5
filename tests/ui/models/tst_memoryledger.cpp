// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/sampleledger.h"
#include "ui/models/modelfit.h"

#include <QTest>

using namespace moescope;
using namespace moescope::ui;
using Kind = LedgerState::Kind;

namespace {

constexpr quint64 mebi = quint64{1} << 20;

LedgerState sample(const trace::MemoryLedger& ledger = test::sampleLedger()) {
    return LedgerState::of(ledger, QStringLiteral("Card"));
}

} // namespace

class TestMemoryLedger : public QObject {
    Q_OBJECT
private slots:
    void partsAddUp();
    void whatIfsAreThePlannersTotals();
    void aDenseModelHasNoExperts();
    void stagingIsToldWhereThereIsNone();
    void moreThanPaddingIsTold();
    void places();
    void table();
};

void TestMemoryLedger::partsAddUp() {
    const trace::MemoryLedger ledger = test::sampleLedger();
    const LedgerState state = sample(ledger);
    QCOMPARE(state.parts(), 6);
    quint64 planned = 0;
    quint64 allocated = 0;
    double percent = 0;
    for (int part = 0; part < state.parts(); ++part) {
        const LedgerState::Row& row = state.rows.at(part);
        QCOMPARE(row.kind, Kind::Part);
        planned += row.planned.value_or(0);
        allocated += *row.allocated;
        percent += state.percent(row);
        QCOMPARE(row.difference().has_value(), row.part != LedgerState::ledgerStaging);
        QCOMPARE(row.difference().value_or(4096), qint64(4096)); // the padding
        QVERIFY(!row.isOff());
    }
    QCOMPARE(*state.all().planned, planned);
    QCOMPARE(*state.all().planned, ledger.planned.total(ledger.context, ledger.kv_type));
    QCOMPARE(*state.all().allocated, allocated);
    QCOMPARE(allocated, ledger.allocated.total());
    QVERIFY(qAbs(percent - 100) < 1e-9);
    QCOMPARE(*state.all().difference(), qint64(5 * 4096 + 16 * mebi)); // padding, and staging, which no plan has
    QVERIFY(state.warnings().isEmpty());
    QCOMPARE(state.takenByDriver(), qint64(7100 * mebi));
}

void TestMemoryLedger::whatIfsAreThePlannersTotals() {
    const trace::MemoryLedger ledger = test::sampleLedger();
    const LedgerState state = sample(ledger);
    int row = state.rowOf(Kind::WhatIf);
    for (const trace::KvType type : trace::kvTypes) {
        QCOMPARE(state.rows.at(row).kind, Kind::WhatIf);
        QVERIFY(state.rows.at(row).name.endsWith(kvTypeText(type)));
        QCOMPARE(*state.rows.at(row).planned, ledger.planned.total(8192, type));
        QVERIFY(state.rows.at(row).note.startsWith(bytesText(ledger.planned.kv(8192, type))));
        ++row;
    }
    QCOMPARE(state.rows.at(row).kind, Kind::Driver);
    QCOMPARE(*state.rows.at(state.rowOf(Kind::WhatIf) + 1).planned, *state.all().planned); // F16 is in use
}

void TestMemoryLedger::aDenseModelHasNoExperts() {
    trace::MemoryLedger ledger = test::sampleLedger();
    ledger.planned.routed = {};
    ledger.planned.shared = {};
    ledger.routed = {};
    ledger.shared = {};
    const LedgerState state = sample(ledger);
    QCOMPARE(state.parts(), 4);
    QCOMPARE(state.rows.first().part, 2);
    QVERIFY(LedgerState().isEmpty());
    QCOMPARE(LedgerState().parts(), 0);
}

void TestMemoryLedger::stagingIsToldWhereThereIsNone() {
    trace::MemoryLedger ledger = test::sampleLedger();
    QCOMPARE(sample(ledger).rows.at(5).note, QStringLiteral("copies to the device"));
    ledger.staging = {};
    const LedgerState state = sample(ledger); // the host sees all of the device's memory
    QCOMPARE(state.rows.at(5).part, LedgerState::ledgerStaging);
    QVERIFY(state.rows.at(5).note.startsWith(QStringLiteral("none")));
    QCOMPARE(state.rowOf(Kind::All), 6);
}

void TestMemoryLedger::moreThanPaddingIsTold() {
    trace::MemoryLedger ledger = test::sampleLedger();
    ledger.workspace.bytes = 214 * mebi;
    ledger.workspace.allocated.device = 213 * mebi;
    const LedgerState state = sample(ledger);
    QCOMPARE(state.warnings(), QStringList{QStringLiteral(
                                   "Workspace: 204 MiB planned, 214 MiB asked for, by what-ifs and comparisons.")});
    QVERIFY(state.rows.at(4).isOff());
    // Less is no padding either.
    ledger.workspace.bytes = 100 * mebi;
    QCOMPARE(sample(ledger).warnings().size(), 1);
}

void TestMemoryLedger::places() {
    QCOMPARE(LedgerState::placeText({}), QString());
    QCOMPARE(LedgerState::placeText({.device = 5}), QStringLiteral("device"));
    QCOMPARE(LedgerState::placeText({.mapped = 5}), QStringLiteral("device, mapped"));
    QCOMPARE(LedgerState::placeText({.device = 2 * mebi, .host = mebi}),
             QStringLiteral("device 2.00 MiB; host 1.00 MiB"));
    QCOMPARE(signedBytesText(qint64(2 * mebi)), QStringLiteral("+2.00 MiB"));
    QCOMPARE(signedBytesText(-qint64(2 * mebi)), QStringLiteral("−2.00 MiB"));
}

void TestMemoryLedger::table() {
    const LedgerState state = sample();
    MemoryLedgerTable table;
    QCOMPARE(table.rowCount(), 0);
    table.setState(state);
    QCOMPARE(table.rowCount(), int(state.rows.size()));
    const auto raw = [&](int row, int column) { return table.data(table.index(row, column), TabularModel::RawRole); };
    const auto text = [&](int row, int column) { return table.data(table.index(row, column), Qt::DisplayRole); };
    quint64 allocated = 0;
    for (int row = 0; row < state.parts(); ++row) {
        allocated += raw(row, MemoryLedgerTable::Allocated).toULongLong();
    }
    const int all = state.rowOf(Kind::All);
    QCOMPARE(allocated, raw(all, MemoryLedgerTable::Allocated).toULongLong());
    QCOMPARE(raw(all, MemoryLedgerTable::Share).toDouble(), 100.0);
    QCOMPARE(text(0, MemoryLedgerTable::Difference).toString(), QStringLiteral("4,096"));
    QCOMPARE(text(4, MemoryLedgerTable::Where).toString(), QStringLiteral("device 203 MiB; host 1.00 MiB"));
    QVERIFY(!raw(5, MemoryLedgerTable::Planned).isValid()); // staging
    const int driver = state.rowOf(Kind::Driver);
    QCOMPARE(raw(driver, MemoryLedgerTable::Free).toULongLong(), 15'000 * mebi);
    QCOMPARE(raw(driver + 1, MemoryLedgerTable::Free).toULongLong(), 7'900 * mebi);
    QVERIFY(!raw(driver, MemoryLedgerTable::Allocated).isValid());
    // Whose account it is.
    QCOMPARE(text(driver, MemoryLedgerTable::Part).toString(), QStringLiteral("Free before the load (driver)"));
    trace::MemoryLedger ours = test::sampleLedger();
    ours.driver_counts = false;
    QCOMPARE(sample(ours).rows.at(driver).name, QStringLiteral("Free before the load (engine)"));
    QCOMPARE(sample(ours).accountText(), QStringLiteral("engine"));
    QCOMPARE(text(5, MemoryLedgerTable::Planned).toString(), QStringLiteral("–"));
    table.setState({});
    QCOMPARE(table.rowCount(), 0);
}

QTEST_MAIN(TestMemoryLedger)
#include "tst_memoryledger.moc"
