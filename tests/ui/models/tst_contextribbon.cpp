// SPDX-License-Identifier: Apache-2.0
#include "ui/models/contextribbon.h"

#include <QAbstractItemModelTester>
#include <QTest>

using namespace moescope::ui;

class TestContextRibbon : public QObject {
    Q_OBJECT

    static ContextState chat() {
        ContextState state;
        state.blocks = {{0, ContextRole::System, 0, 12},
                        {11, ContextRole::User, 12, 30},
                        {12, ContextRole::Model, 42, 100},
                        {13, ContextRole::User, 142, 8},
                        {14, ContextRole::Model, 150, 50}};
        state.used = 180;
        state.reused = 145;
        state.reserved = 512;
        state.limit = 2048;
        return state;
    }

private slots:
    void blocksByPosition() {
        const ContextState state = chat();
        QCOMPARE(state.tokens(), 200);
        QCOMPARE(state.blockAt(0), 0);
        QCOMPARE(state.blockAt(11), 0);
        QCOMPARE(state.blockAt(12), 1);
        QCOMPARE(state.blockAt(199), 4);
        QCOMPARE(state.blockAt(200), -1);
        QCOMPARE(state.blockAt(-1), -1);
        QCOMPARE(ContextState().blockAt(0), -1);
    }

    void theTableAddsUp() {
        ContextTable table;
        const QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
        const ContextState state = chat();
        table.setState(state);
        QCOMPARE(table.rowCount(), 5);
        double share = 0;
        int tokens = 0;
        int reused = 0;
        for (int row = 0; row < 5; ++row) {
            share += table.index(row, ContextTable::Share).data(TabularModel::RawRole).toDouble();
            QCOMPARE(table.index(row, ContextTable::FirstToken).data(TabularModel::RawRole).toInt(), tokens + 1);
            tokens += table.index(row, ContextTable::Tokens).data(TabularModel::RawRole).toInt();
            reused += table.index(row, ContextTable::Reused).data(TabularModel::RawRole).toInt();
        }
        QCOMPARE(tokens, state.tokens());
        QCOMPARE(reused, state.reused);
        QVERIFY(qAbs(share - 100) < 1e-9);
        QCOMPARE(table.index(3, ContextTable::Reused).data().toString(), QStringLiteral("3"));
        QCOMPARE(table.index(0, ContextTable::Role).data().toString(), QStringLiteral("system"));
        table.setState({});
        QCOMPARE(table.rowCount(), 0);
    }

    // Of a prompt whose messages nothing tells apart no message is numbered.
    void aPromptMayBeWhole() {
        ContextState state = chat();
        QVERIFY(!state.isPromptWhole());
        QCOMPARE(state.blockName(1), QStringLiteral("Message 2, you"));
        state.blocks = {{1, ContextRole::Prompt, 0, 150}, {14, ContextRole::Model, 150, 30}};
        QVERIFY(state.isPromptWhole());
        QCOMPARE(state.blockName(0), QStringLiteral("Prompt"));
        QCOMPARE(state.blockName(1), QStringLiteral("Answer"));
        ContextTable table;
        table.setState(state);
        QCOMPARE(table.index(0, ContextTable::Role).data().toString(), QStringLiteral("prompt"));
        QCOMPARE(table.index(1, ContextTable::Message).data().toString(), QStringLiteral("–"));
        QCOMPARE(table.index(1, ContextTable::FirstToken).data().toString(), QStringLiteral("151"));
    }

    void readingTakesItsTime() {
        ContextState state = chat();
        QVERIFY(!state.isReading());
        state.prompt = 200;
        QVERIFY(state.isReading());
        QCOMPARE(state.secondsLeft(), -1.0); // nothing is measured yet
        state.tokens_per_second = 40;
        QCOMPARE(state.secondsLeft(), 0.5);
        state.used = 200;
        QVERIFY(!state.isReading());
    }
};

QTEST_GUILESS_MAIN(TestContextRibbon)
#include "tst_contextribbon.moc"
