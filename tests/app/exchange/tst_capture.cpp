// SPDX-License-Identifier: Apache-2.0
#include "app/exchange/archive.h"
#include "app/exchange/capturefile.h"
#include "app/exchange/npy.h"
#include "samplecapture.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <cstring>

using namespace moescope;
using namespace moescope::exchange;
using moescope::exchange::testing::difference;
using moescope::exchange::testing::sampleCapture;
using moescope::exchange::testing::SampleShape;

class TestCapture : public QObject {
    Q_OBJECT
private:
    QTemporaryDir m_folder;
    QString path(const char* name = "a.moescope") const { return m_folder.filePath(QLatin1String(name)); }

    QString errorOf(const std::function<void()>& what) {
        try {
            what();
        } catch (const trace::Error& error) {
            if (QByteArray(error.what()).contains('{')) {
                return QStringLiteral("a sentence with a hole: ") + QString::fromUtf8(error.what());
            }
            return QString::fromStdString(error.id());
        }
        return {};
    }

private slots:
    void whatIsWrittenIsReadBack_data() {
        QTest::addColumn<int>("layers");
        QTest::addColumn<int>("experts");
        QTest::addColumn<int>("used");
        QTest::addColumn<bool>("probs");
        QTest::addColumn<bool>("halves");
        QTest::newRow("top-2 of 16") << 6 << 16 << 2 << true << false;
        QTest::newRow("as the store keeps it") << 6 << 16 << 2 << true << true;
        QTest::newRow("top-1 without all probabilities") << 3 << 300 << 1 << false << true;
        QTest::newRow("every expert chosen") << 4 << 3 << 3 << true << false;
        QTest::newRow("dense") << 0 << 0 << 0 << false << false;
    }

    void whatIsWrittenIsReadBack() {
        QFETCH(int, layers);
        QFETCH(int, experts);
        QFETCH(int, used);
        QFETCH(bool, probs);
        QFETCH(bool, halves);
        const SampleShape shape{5, 40, uint32_t(layers), uint32_t(experts), uint32_t(used), probs, halves};
        const Capture written = sampleCapture(shape);
        writeCapture(path(), written);
        QCOMPARE(difference(readCapture(path()), written), QString());
        // Once more over itself, as a note is saved.
        Capture changed = written;
        changed.notes.append({1, 0, QStringLiteral("more"), written.created});
        writeCapture(path(), changed);
        QCOMPARE(difference(readCapture(path()), changed), QString());
        QVERIFY(difference(written, changed) == QLatin1String("notes"));
    }

    // No routing, no tokens, nothing known of the machine: an answer that failed.
    void aBareAnswerIsOneToo() {
        Capture bare;
        store::Message answer;
        answer.id = 1;
        answer.role = store::Role::Assistant;
        answer.state = store::MessageState::Failed;
        answer.error_id = QStringLiteral("vulkan.device_lost");
        answer.error = QStringLiteral("The device was lost.");
        bare.messages.append(answer);
        writeCapture(path(), bare);
        QCOMPARE(difference(readCapture(path()), bare), QString());
    }

    // What others read: the file is a zip of NumPy arrays, and experts are [tokens, layers, top-k].
    void routingIsInTheExchangeFormat() {
        const Capture capture = sampleCapture();
        writeCapture(path(), capture);
        const auto members = readZip(Source(path()), {QStringLiteral("routed_experts.npy")});
        const QByteArray bytes = members.value(QStringLiteral("routed_experts.npy"));
        const auto array = parseNpy(bytes);
        QVERIFY(array.has_value());
        QVERIFY(array->type == NpyType::Int32);
        QCOMPARE(array->shape, QList<qint64>({45, 6, 2}));
        writeRouting(path("routing.npy"), capture.tokens);
        QFile file(path("routing.npy"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(file.readAll(), bytes);
        for (int token = 0; token < 45; ++token) {
            for (int i = 0; i < 12; ++i) {
                qint32 expert = 0;
                std::memcpy(&expert, array->data.data() + (token * 12 + i) * 4, 4);
                const trace::RouterTrace& router = capture.tokens[size_t(token)]->router;
                QCOMPARE(expert, router.empty() ? -1 : int(router.experts[size_t(i)]));
            }
        }
        QCOMPARE(errorOf([&] {
                     writeRouting(path("none.npy"), testing::sampleTokens({1, 2, 0, 0, 0}));
                 }),
                 QStringLiteral("exchange.no_routing"));
        QVERIFY(!QFile::exists(path("none.npy")));
    }

    // Numbers of the store are halves: they take half the room and lose nothing.
    void numbersTakeNoMoreRoomThanTheyNeed() {
        const auto typeOf = [this](bool halves) {
            writeCapture(path(), sampleCapture({5, 40, 6, 16, 2, true, halves}));
            const auto members = readZip(Source(path()), {QStringLiteral("router_weights.npy")});
            return parseNpy(members.value(QStringLiteral("router_weights.npy")))->type;
        };
        QVERIFY(typeOf(true) == NpyType::Float16);
        QVERIFY(typeOf(false) == NpyType::Float32);
    }

    void whatCannotBeWrittenLeavesWhatWasThere() {
        const Capture good = sampleCapture();
        writeCapture(path(), good);
        Capture mixed = good;
        mixed.tokens.push_back(testing::sampleTokens({0, 1, 9, 4, 1, false, false}).front());
        QCOMPARE(errorOf([&] { writeCapture(path(), mixed); }), QStringLiteral("exchange.shapes"));
        Capture empty = good;
        empty.messages.removeLast();
        QCOMPARE(errorOf([&] { writeCapture(path(), empty); }), QStringLiteral("exchange.empty"));
        Capture unread = good;
        unread.messages.last().recipe.error = trace::Error("store.recipe_damaged", "It cannot be read.");
        QCOMPARE(errorOf([&] { writeCapture(path(), unread); }), QStringLiteral("store.recipe_damaged"));
        QCOMPARE(difference(readCapture(path()), good), QString());
        QCOMPARE(errorOf([&] { writeCapture(m_folder.filePath(QStringLiteral("none/a.moescope")), good); }),
                 QStringLiteral("file.no_folder"));
        QCOMPARE(QDir(m_folder.path()).entryList({QStringLiteral("*.part")}, QDir::Files | QDir::Hidden),
                 QStringList());
    }

    void npyIsReadAsNumPyWritesIt() {
        const auto parsed = [](const QByteArray& head, qsizetype bytes) {
            QByteArray file("\x93NUMPY\x01\x00", 8);
            file.append(static_cast<char>(head.size() & 0xFF)).append(static_cast<char>(head.size() >> 8));
            file.append(head).append(QByteArray(bytes, 1));
            const auto array = parseNpy(file);
            return array ? array->shape : QList<qint64>({-1});
        };
        QCOMPARE(parsed("{'descr': '<i4', 'fortran_order': False, 'shape': (3, 2), }   \n", 24), QList<qint64>({3, 2}));
        QCOMPARE(parsed("{'descr': '<f2', 'fortran_order': False, 'shape': (5,), }\n", 10), QList<qint64>({5}));
        QCOMPARE(parsed("{'descr': '|u1', 'fortran_order': False, 'shape': (0, 7), }\n", 0), QList<qint64>({0, 7}));
        const QList<qint64> none({-1});
        QCOMPARE(parsed("{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }\n", 24), none);
        QCOMPARE(parsed("{'descr': '<i4', 'fortran_order': True, 'shape': (3, 2), }\n", 24), none);
        QCOMPARE(parsed("{'descr': '<i4', 'fortran_order': False, 'shape': (3, 2), }\n", 20), none);
        QCOMPARE(parsed("{'descr': '<i4', 'fortran_order': False, 'shape': (-3, -2), }\n", 24), none);
        QCOMPARE(parsed("{'descr': '<i4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }\n", 0), none);
        QCOMPARE(parsed("{'descr': '<i4', 'fortran_order': False, 'shape': (99999999999999999999,), }\n", 0), none);
        QVERIFY(!parseNpy(QByteArray("\x93NUMPY\x01\x00\xFF\xFF", 10)));
        QVERIFY(!parseNpy(QByteArray("\x93NUMPY\x02\x00\x00\x00", 10)));
        QVERIFY(!parseNpy({}));
        const QByteArray own = npyHead(NpyType::Float32, {2, 3, 4});
        QCOMPARE(own.size() % 64, 0);
        const QByteArray whole = own + QByteArray(96, 0);
        QCOMPARE(parseNpy(whole)->shape, QList<qint64>({2, 3, 4}));
    }
};

QTEST_GUILESS_MAIN(TestCapture)
#include "tst_capture.moc"
