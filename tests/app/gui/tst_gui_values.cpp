// SPDX-License-Identifier: Apache-2.0
#include "app/gui/values.h"

#include <QTest>

using namespace moescope;

class TestGuiValues : public QObject {
    Q_OBJECT

private slots:
    void samplingGoesThereAndBack() {
        ui::SamplingView sampling;
        sampling.temperature = 0.3;
        sampling.top_k = 7;
        sampling.top_p = 0.5;
        sampling.min_p = 0.02;
        sampling.repetition_penalty = 1.1;
        sampling.seed = 18'446'744'073'709'551'615ULL;
        sampling.max_tokens = 99;
        QCOMPARE(gui::fromJson(gui::toJson(sampling), {}), sampling);
    }

    void whatCannotBeUnderstoodIsTheDefault() {
        ui::SamplingView defaults;
        defaults.temperature = 0.4;
        const QJsonObject odd{{"temp", "hot"}, {"top_k", -5}, {"top_p", 7}, {"seed", "none"}, {"n", true}};
        const ui::SamplingView read = gui::fromJson(odd, defaults);
        QCOMPARE(read.temperature, 0.4);
        QCOMPARE(read.top_k, 0);
        QCOMPARE(read.top_p, 1.0);
        QVERIFY(!read.seed);
        QCOMPARE(read.max_tokens, defaults.max_tokens);
    }

    void parametersAreShort() {
        QCOMPARE(gui::parametersText(30'053'120, 6'460'160), QStringLiteral("30M, 6.5M active"));
        QCOMPARE(gui::parametersText(0, 0), QString());
        QCOMPARE(gui::parametersText(389'000'000'000, 0), QStringLiteral("389B"));
    }

    void tokensCoverTheTextEvenWhereACharacterIsCut() {
        // "é" and a rocket, each in two tokens.
        const std::vector<std::string_view> tokens{"caf", "\xC3", "\xA9", " \xF0\x9F", "\x9A\x80", "!"};
        const QString text = QString::fromUtf8("café 🚀!");
        const QList<ui::TokenRange> ranges = gui::rangesOf(tokens, text);
        QCOMPARE(ranges.size(), qsizetype{6});
        QCOMPARE(text.mid(ranges[0].begin, ranges[0].end - ranges[0].begin), QStringLiteral("caf"));
        QCOMPARE(text.mid(ranges[2].begin, ranges[2].end - ranges[2].begin), QString::fromUtf8("é"));
        QCOMPARE(text.mid(ranges[4].begin, ranges[4].end - ranges[4].begin), QString::fromUtf8("🚀"));
        QCOMPARE(text.mid(ranges[5].begin, ranges[5].end - ranges[5].begin), QStringLiteral("!"));
        QVERIFY(ranges[1].end > ranges[1].begin);
    }

    void errorsAreWholeSentences() {
        const trace::Error error("some.id", "“{file}” has {bytes}.", {{"file", "a {bytes} b"}, {"bytes", "3 bytes"}});
        QCOMPARE(gui::sentence(error), QString::fromUtf8("“a {bytes} b” has 3 bytes."));
    }
};

QTEST_GUILESS_MAIN(TestGuiValues)
#include "tst_gui_values.moc"
