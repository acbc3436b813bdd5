// SPDX-License-Identifier: Apache-2.0
#include "app/gui/values.h"

#include <QJsonArray>
#include <QTest>

using namespace moescope;

class TestGuiValues : public QObject {
    Q_OBJECT

private slots:
    void onlyWhatWasChosenIsKept() {
        ui::SamplingView defaults;
        defaults.top_p = 0.9;
        defaults.seed = 5;
        QVERIFY(gui::chosenOf(defaults, defaults, {}).isEmpty());
        ui::SamplingView sampling = defaults;
        sampling.top_k = 3;
        sampling.seed.reset();
        const QJsonObject chosen = gui::chosenOf(sampling, defaults, {});
        QCOMPARE(chosen.keys(), QStringList({"seed", "top_k"}));
        QCOMPARE(gui::fromJson(chosen, defaults), sampling);
        // What was chosen stays so where a model would have the same of itself.
        ui::SamplingView same = defaults;
        same.top_k = 3;
        sampling.min_p = 0.1;
        QCOMPARE(gui::chosenOf(sampling, same, chosen).keys(), QStringList({"min_p", "seed", "top_k"}));
        sampling.top_k = 40;
        same.top_k = 40;
        QCOMPARE(gui::chosenOf(sampling, same, chosen).keys(), QStringList({"min_p", "seed"}));
        QCOMPARE(gui::chosenOf(same, same, gui::withThinking({}, true)).keys(), QStringList("thinking"));
        ui::SamplingView others;
        others.top_p = 0.7;
        others.seed = 9;
        const ui::SamplingView followed = gui::fromJson(chosen, others);
        QCOMPARE(followed.top_p, 0.7);
        QCOMPARE(followed.top_k, 3);
        QVERIFY(!followed.seed); // random was chosen
    }

    void oldStampsAreStillOfTheirModel() {
        trace::ModelInfo model;
        model.name = "Nano";
        model.file_name = "nano.gguf";
        model.main_type = "Q6_K";
        model.parameters = 30;
        model.active_parameters = 6;
        store::ModelStamp stamp = gui::stampOf(model);
        QVERIFY(gui::isStampOf(stamp, model));
        stamp.active_parameters = 0; // not known when it was stored
        QVERIFY(gui::isStampOf(stamp, model));
        stamp.active_parameters = 5;
        QVERIFY(!gui::isStampOf(stamp, model));
        stamp = gui::stampOf(model);
        stamp.file = "other.gguf";
        QVERIFY(!gui::isStampOf(stamp, model));
    }

    void samplingGoesThereAndBack() {
        ui::SamplingView sampling;
        sampling.temperature = 0.3;
        sampling.top_k = 7;
        sampling.top_p = 0.5;
        sampling.min_p = 0.02;
        sampling.repetition_penalty = 1.1;
        sampling.seed = 18'446'744'073'709'551'615ULL;
        sampling.max_tokens = 99;
        sampling.thinking = false;
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

    void aPairHasNoOtherTokenInAnyPlace() {
        store::Message prompt;
        prompt.id = 1;
        store::Message first;
        first.id = 2;
        first.parent = 1;
        first.role = store::Role::Assistant;
        first.seed = 7;
        first.sampling = gui::toJson({});
        store::Message branched = first;
        branched.id = 3;
        branched.sampling = gui::withTaken(first.sampling, 92, {264, " a", 0.3F, 0.3F});
        store::Message whatIf = first;
        whatIf.id = 4;
        whatIf.recipe.intervention.banned = {{0, 13}};
        QList<store::Message> tree{prompt, first, branched, whatIf};
        QCOMPARE(gui::whatIfPairOf(tree, 4), (gui::WhatIfPair{2, 4}));
        QCOMPARE(gui::whatIfPairOf(tree, 2), (gui::WhatIfPair{2, 4}));
        QCOMPARE(gui::whatIfPairOf(tree, 3), (gui::WhatIfPair{3, 0}));
        // One that was broken off is no match for a whole one, however new.
        store::Message cut = first;
        cut.id = 5;
        cut.state = store::MessageState::Cancelled;
        tree.append(cut);
        QCOMPARE(gui::whatIfPairOf(tree, 4), (gui::WhatIfPair{2, 4}));
        tree.removeAt(1);
        QCOMPARE(gui::whatIfPairOf(tree, 4), (gui::WhatIfPair{5, 4}));
    }

    void takenTokensGoThereAndBack() {
        const QJsonObject plain = gui::toJson({});
        QVERIFY(gui::takenOf(plain).isEmpty());
        const QJsonObject once = gui::withTaken(plain, 92, {264, " a", 0.3F, 0.3F});
        QCOMPARE(ui::takenText(gui::takenOf(once)), QString::fromUtf8("branch: “·a” at token 93"));
        const QJsonObject twice = gui::withTaken(once, 100, {5, "b", 0.3F, 0.3F});
        QCOMPARE(ui::takenText(gui::takenOf(twice)), QString::fromUtf8("branch: “·a” at token 93, “b” at token 101"));
        // A branch before another one takes nothing over from it.
        QCOMPARE(ui::takenText(gui::takenOf(gui::withTaken(twice, 50, {5, "b", 0.3F, 0.3F}))),
                 QString::fromUtf8("branch: “b” at token 51"));
        QCOMPARE(gui::withoutTaken(twice), plain);
        const QJsonArray hostile{1, QJsonObject{{"token", "x"}}, QJsonObject{{"token", -3}},
                                 QJsonObject{{"token", 2}, {"text", QString(100'000, u'x')}}};
        const QList<ui::TakenToken> read = gui::takenOf(QJsonObject{{"taken", hostile}});
        QCOMPARE(read.size(), qsizetype{1});
        QCOMPARE(read[0].text.size(), qsizetype{64});
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

    void tokensStandBehindTheMarkThatThePromptWrote() {
        const QString text = QStringLiteral("<think>\nHm</think>Yes");
        const QList<ui::TokenRange> ranges = gui::rangesOf({"Hm", "</think>", "Yes"}, text);
        QCOMPARE(text.mid(ranges[0].begin, ranges[0].end - ranges[0].begin), QStringLiteral("Hm"));
        QCOMPARE(text.mid(ranges[2].begin, ranges[2].end - ranges[2].begin), QStringLiteral("Yes"));
        // A mark that the model wrote itself, in tokens of any cut.
        const QList<ui::TokenRange> own = gui::rangesOf({"<th", "ink>", "\nHm"}, text);
        QCOMPARE(own[0].begin, 0);
        QCOMPARE(text.mid(own[2].begin, own[2].end - own[2].begin), QStringLiteral("\nHm"));
    }

    void hiddenTokensTakeNoRoom() {
        const QString text = QStringLiteral("What? They st");
        const QList<ui::TokenRange> ranges = gui::rangesOf({"What", "?", "<extra_0>", " They", " stop", "!"}, text);
        const auto shown = [&](int token) {
            return text.mid(ranges[token].begin, ranges[token].end - ranges[token].begin);
        };
        QCOMPARE(shown(1), QStringLiteral("?"));
        QCOMPARE(shown(2), QString());
        QCOMPARE(shown(3), QStringLiteral(" They"));
        QCOMPARE(shown(4), QStringLiteral(" st")); // cut by a stop string
        QCOMPARE(shown(5), QString());
    }

    void oneTokenThatDiffersCostsNoOther() {
        const auto words = [](const std::vector<std::string_view>& tokens, const QString& text) {
            QStringList found;
            for (const ui::TokenRange& range : gui::rangesOf(tokens, text)) {
                found.append(text.mid(range.begin, range.end - range.begin));
            }
            return found;
        };
        const QString replaced(QChar(QChar::ReplacementCharacter));
        // A character that is never finished is one sign, as in the answer's stream, and so is what the store refuses.
        QCOMPARE(words({"\xF0\x9F", "a", " b"}, replaced + QStringLiteral("a b")),
                 (QStringList{replaced, replaced + QStringLiteral("a"), QStringLiteral(" b")}));
        QCOMPARE(words({"x", "\xEF\xBF\xBF", " b"}, QStringLiteral("x") + replaced + QStringLiteral(" b")),
                 (QStringList{QStringLiteral("x"), replaced, QStringLiteral(" b")}));
        // A text that lacks a space which the first token has, or has what no token wrote.
        QCOMPARE(words({" Once", " upon", " a"}, QStringLiteral("Once upon a")),
                 (QStringList{QString(), QStringLiteral(" upon"), QStringLiteral(" a")}));
        QCOMPARE(words({"Yes", ".", " No"}, QStringLiteral("Yes … . No")),
                 (QStringList{QStringLiteral("Yes"), QStringLiteral("."), QStringLiteral(" No")}));
    }

    void partsAreCountedInUnitsOfTheText() {
        const QString text = QString::fromUtf8("<think>\n🚀 é\n</think>\n\n<answer>火 🚀</answer>\n");
        ui::MessageView view;
        view.text = text;
        view.parts = gui::partsOf(text, true);
        QCOMPARE(view.thinking(), QString::fromUtf8("🚀 é"));
        QCOMPARE(view.answer(), QString::fromUtf8("火 🚀"));
        QVERIFY(!view.parts.thinks);

        view.text = QStringLiteral("<think>Hm</thi");
        view.parts = gui::partsOf(view.text, false);
        QVERIFY(view.parts.thinks);
        QCOMPARE(view.thinking(), QStringLiteral("Hm"));
        QCOMPARE(view.answer(), QString());
        view.parts = gui::partsOf(view.text, true); // stopped there
        QVERIFY(!view.parts.thinks);
        QVERIFY(view.parts.hasThinking());
        QCOMPARE(view.thinking(), QStringLiteral("Hm</thi"));

        QVERIFY(gui::partsOf(QStringLiteral("Plain <think>text"), true) == ui::AnswerParts());
        QVERIFY(!gui::partsOf(QStringLiteral("<think>\n\n</think>\n\nYes"), true).hasThinking());
        QCOMPARE(gui::partsOf(QStringLiteral("<thi"), false).answer_begin, -1);
    }

    void aTemplateInPlaceOfTheModelsIsNamed() {
        controller::Loaded loaded;
        QCOMPARE(gui::templateSentence(loaded), QString());
        loaded.template_problem = trace::Error("template.missing", "The model brings no chat template.");
        loaded.template_fallback = "ChatML";
        QCOMPARE(gui::templateSentence(loaded),
                 QStringLiteral("The model brings no chat template. Turns are written as ChatML instead, which the "
                                "model may not have been trained on."));
    }

    void aShorterContextIsExplained() {
        controller::Loaded loaded;
        loaded.device.name = "A card";
        loaded.context.tokens = 8192;
        loaded.context.model_tokens = 32'768;
        loaded.context.whole_bytes = quint64{9} << 30;
        loaded.context.free_bytes = quint64{8} << 30;
        loaded.context.whole_buffer_bytes = quint64{1} << 28;
        loaded.context.largest_buffer_bytes = quint64{1} << 27; // of two bounds, the tighter is told
        QCOMPARE(
            gui::contextSentence(loaded),
            QString::fromUtf8("The context holds 8,192 of this model's 32,768 tokens: with all of them it would need "
                              "9.00 GiB, and “A card” has 8.00 GiB free, of which a sixteenth is left to other "
                              "programs."));
        loaded.context.reason = inference::ContextChoice::Reason::Buffer;
        QCOMPARE(gui::contextSentence(loaded),
                 QString::fromUtf8("The context holds 8,192 of this model's 32,768 tokens: all of them would need a "
                                   "buffer of 256 MiB, and “A card” can bind 128 MiB at once."));
    }

    void errorsAreWholeSentences() {
        const trace::Error error("some.id", "“{file}” has {bytes}.", {{"file", "a {bytes} b"}, {"bytes", "3 bytes"}});
        QCOMPARE(gui::sentence(error), QString::fromUtf8("“a {bytes} b” has 3 bytes."));
    }
};

QTEST_GUILESS_MAIN(TestGuiValues)
#include "tst_gui_values.moc"
