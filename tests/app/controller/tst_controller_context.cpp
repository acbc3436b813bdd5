// SPDX-License-Identifier: Apache-2.0
// What the KV cache holds from one answer to the next: the prefix that is read no more, and what its keys tell.
#include "app/controller/inferencecontroller.h"
#include "engine/model/convert.h"

#include <cmath>

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <numeric>

using namespace moescope;
using controller::Attention;
using controller::AttentionJob;
using controller::GenerateJob;
using controller::InferenceController;
using State = InferenceController::State;

namespace {

constexpr int patience = 60'000; // ms: software Vulkan on a loaded machine

/** An answer as it came. */
struct Heard {
    QString text;
    std::vector<int32_t> prompt; ///< as far as it was computed
    std::vector<int32_t> tokens;
    std::vector<trace::TokenTracePtr> kept;   ///< of `prompt`
    std::vector<trace::TokenTracePtr> traces; ///< of `tokens`
    int prompt_tokens = 0;
    trace::StepTimings timings;
};

/** What could not be computed, and why. */
struct Failures {
    explicit Failures(InferenceController& controller) {
        QObject::connect(
            &controller, &InferenceController::attentionFailed, &m_context,
            [this](const AttentionJob& job, const trace::Error& error) { heard.emplace_back(job, error); });
    }
    std::vector<std::pair<AttentionJob, trace::Error>> heard;

private:
    QObject m_context;
};

GenerateJob job(qint64 id, std::vector<model::ChatMessage> messages, float temperature, uint32_t tokens = 12) {
    GenerateJob job;
    job.id = id;
    job.messages = std::move(messages);
    job.sampling.temperature = temperature;
    job.sampling.top_k = 0;
    job.sampling.top_p = 1;
    job.sampling.seed = 7;
    job.max_tokens = tokens;
    return job;
}

model::ChatMessage answered(const Heard& heard) {
    model::ChatMessage message{"assistant", heard.text.toStdString()};
    message.tokens = heard.tokens;
    return message;
}

std::vector<int32_t> joined(std::vector<int32_t> a, const std::vector<int32_t>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

uint32_t commonPrefix(const std::vector<int32_t>& a, const std::vector<int32_t>& b) {
    return static_cast<uint32_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

} // namespace

class TestControllerContext : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() {
        QVERIFY(m_folder.isValid());
        m_model = std::filesystem::path(m_folder.filePath("large_like.gguf").toStdString());
        model::ConvertOptions options;
        options.type = gguf::TensorType::F32;
        model::convert(std::filesystem::path(MOESCOPE_TEST_DATA) / "golden" / "large_like", m_model, options);
    }

    void aSecondTurnComputesItsNewTokensAlone_data() {
        QTest::addColumn<float>("temperature");
        QTest::newRow("greedy") << 0.0F;
        QTest::newRow("seeded") << 1.0F; // random weights: no tokenizer would split the text as it was sampled
    }
    void aSecondTurnComputesItsNewTokensAlone() {
        QFETCH(const float, temperature);
        InferenceController kept;
        load(kept);
        std::vector<model::ChatMessage> messages{{"system", "Be short"}, {"user", "Hello there"}};
        uint32_t held = 0; // tokens in the cache
        for (qint64 turn = 1; turn <= 3; ++turn) {
            const Heard heard = answer(kept, job(turn, messages, temperature));
            QVERIFY(!heard.tokens.empty());
            QCOMPARE(heard.timings.reused_tokens, held);
            QCOMPARE(heard.timings.prefill_tokens, uint32_t(heard.prompt_tokens) - held);
            QCOMPARE(heard.prompt.size(), size_t{heard.timings.prefill_tokens});

            // From an empty cache the same tokens come, and all of the prompt is computed.
            InferenceController fresh;
            load(fresh);
            const Heard whole = answer(fresh, job(turn, messages, temperature));
            QCOMPARE(whole.timings.reused_tokens, 0U);
            QCOMPARE(whole.timings.prefill_tokens, uint32_t(heard.prompt_tokens));
            QCOMPARE(heard.tokens, whole.tokens);
            QCOMPARE(heard.text, whole.text);

            held = uint32_t(heard.prompt_tokens) + uint32_t(heard.tokens.size());
            messages.push_back(answered(heard));
            messages.push_back({"user", "And why?"});
        }
        if (temperature > 0) { // split as any text is, the answers are not found again
            for (model::ChatMessage& message : messages) {
                message.tokens.clear();
            }
            QVERIFY(answer(kept, job(4, messages, temperature)).timings.reused_tokens < held);
        }
    }

    void anEditedMessageFallsBackToTheCommonPrefix() {
        InferenceController kept;
        load(kept);
        const Heard first = answer(kept, job(1, {{"system", "Be short"}, {"user", "Hello there"}}, 0));
        const std::vector<int32_t> whole = joined(first.prompt, first.tokens);
        const Heard second = answer(
            kept, job(2, {{"system", "Be short"}, {"user", "Hello there"}, answered(first), {"user", "And why?"}}, 0));
        QCOMPARE(second.timings.reused_tokens, uint32_t(whole.size()));

        const GenerateJob edited = job(3, {{"system", "Be short"}, {"user", "Hello you"}}, 0);
        const Heard other = answer(kept, edited);
        InferenceController fresh;
        load(fresh);
        const Heard all = answer(fresh, edited);
        const uint32_t common = commonPrefix(whole, all.prompt);
        QVERIFY(common > 0 && common < all.prompt.size());
        QCOMPARE(other.timings.reused_tokens, common);
        QCOMPARE(other.timings.prefill_tokens, uint32_t(all.prompt.size()) - common);
        QCOMPARE(other.tokens, all.tokens);
    }

    void anAnswerMadeAgainReadsOneToken() {
        InferenceController kept;
        load(kept);
        GenerateJob again = job(1, {{"user", "Hello there"}}, 1);
        const Heard first = answer(kept, again);
        again.id = 2;
        again.sampling.seed = 8;
        const Heard second = answer(kept, again);
        QCOMPARE(second.timings.reused_tokens, uint32_t(first.prompt.size()) - 1); // the last one's logits are needed
        QCOMPARE(second.timings.prefill_tokens, 1U);
        QVERIFY(second.tokens != first.tokens);
        again.id = 3;
        again.sampling.seed = 7;
        QCOMPARE(answer(kept, again).tokens, first.tokens);
    }

    void attentionIsThatOfTheAnswerInTheCache() {
        InferenceController controller;
        load(controller);
        QSignalSpy computed(&controller, &InferenceController::attentionComputed);
        const Heard heard = answer(controller, job(5, {{"system", "Be short"}, {"user", "Hello there"}}, 0));
        const uint32_t position = heard.traces[3]->position;
        controller.attention({5, position, 2});
        QTRY_COMPARE_WITH_TIMEOUT(computed.size(), 1, patience);
        QCOMPARE(controller.state(), State::Ready);
        const auto found = computed[0][0].value<Attention>();
        QCOMPARE(found.answer, qint64{5});
        QCOMPARE(found.weights->position, position);
        QCOMPARE(found.weights->layer, 2U);
        QCOMPARE(found.weights->heads, controller.loaded()->model.head_count);
        for (uint32_t head = 0; head < found.weights->heads; ++head) {
            const auto row = found.weights->of(head);
            QVERIFY(std::abs(std::accumulate(row.begin(), row.end(), 0.0) - 1) < 1e-5);
        }
        QCOMPARE(found.texts->size(), size_t{position} + 1);
        QCOMPARE(found.texts->back(), heard.traces[3]->text);
        QCOMPARE(found.messages.size(), size_t{3});
        QCOMPARE(found.messages[0].role, std::string("system"));
        QCOMPARE(found.messages[1].role, std::string("user"));
        QCOMPARE(found.messages[2].role, std::string("assistant"));
        QCOMPARE(found.messages[2].first, uint32_t(heard.prompt.size()));

        // Of an answer before, which the next one goes on from, and of the next one.
        const Heard next =
            answer(controller,
                   job(6, {{"system", "Be short"}, {"user", "Hello there"}, answered(heard), {"user", "And why?"}}, 0));
        controller.attention({5, position, 2});
        QTRY_COMPARE_WITH_TIMEOUT(computed.size(), 2, patience);
        QCOMPARE(computed[1][0].value<Attention>().weights->weights, found.weights->weights);
        controller.attention({6, next.traces[1]->position, 0});
        QTRY_COMPARE_WITH_TIMEOUT(computed.size(), 3, patience);
        QCOMPARE(computed[2][0].value<Attention>().messages.size(), size_t{5});
    }

    void aComparisonLeavesTheCacheAsItWas() {
        InferenceController controller;
        load(controller);
        QSignalSpy computed(&controller, &InferenceController::attentionComputed);
        QSignalSpy diverged(&controller, &InferenceController::diverged);
        QSignalSpy compared(&controller, &InferenceController::divergenceFailed);
        Failures failed(controller);
        GenerateJob asked = job(5, {{"user", "Hello there"}}, 0);
        asked.intervention.without_shared = true;
        const Heard heard = answer(controller, asked);
        const controller::AttentionJob wish{5, heard.traces.back()->position - 1, 2};
        const auto weights = [&] {
            const auto before = computed.size();
            controller.attention(wish);
            const bool came =
                QTest::qWaitFor([&] { return computed.size() > before || !failed.heard.empty(); }, patience);
            return came && failed.heard.empty() ? computed.last()[0].value<Attention>().weights->weights
                                                : std::vector<float>();
        };
        const std::vector<float> first = weights();
        QVERIFY(!first.empty());
        controller::DivergenceJob compare;
        compare.prompt.messages = asked.messages;
        compare.answer = heard.tokens;
        compare.what_if = asked.intervention;
        controller.diverge(compare);
        const std::vector<float> after = weights();
        QCOMPARE(diverged.size(), 1);
        QCOMPARE(after.size(), first.size());
        for (size_t i = 0; i < first.size(); ++i) { // read at once where it was written token by token
            QVERIFY(std::abs(after[i] - first[i]) < 1e-4F);
        }
        // Ended before its time it leaves it the same.
        controller.diverge(compare);
        controller.cancelDivergence();
        QCOMPARE(weights().size(), first.size());
        QCOMPARE(compared.size(), 1);
        // And the next answer finds the tokens again.
        asked.id = 6;
        QCOMPARE(answer(controller, asked).timings.reused_tokens, uint32_t(heard.prompt_tokens) - 1);
    }

    void aKnownAnswerIsReadAgain() {
        InferenceController controller;
        load(controller);
        QSignalSpy computed(&controller, &InferenceController::attentionComputed);
        Failures failed(controller);
        GenerateJob asked = job(5, {{"system", "Be short"}, {"user", "Hello there"}}, 0);
        asked.intervention.without_shared = true;
        const Heard heard = answer(controller, asked);
        const uint32_t position = heard.traces[2]->position;
        controller.attention({5, position, 2});
        QTRY_COMPARE_WITH_TIMEOUT(computed.size(), 1, patience);
        const auto first = computed[0][0].value<Attention>();
        answer(controller, job(6, {{"user", "Quite another question"}}, 0));

        auto known = std::make_shared<controller::KnownAnswer>();
        known->prompt.messages = asked.messages;
        known->prompt.tokens = heard.traces[0]->position;
        known->tokens = heard.tokens;
        known->intervention = asked.intervention;
        controller.attention({5, position, 2, known});
        QTRY_COMPARE_WITH_TIMEOUT(computed.size(), 2, patience);
        const auto second = computed[1][0].value<Attention>();
        QCOMPARE(second.messages.size(), first.messages.size());
        QCOMPARE(*second.texts, *first.texts);
        for (size_t i = 0; i < first.weights->weights.size(); ++i) {
            QVERIFY(std::abs(second.weights->weights[i] - first.weights->weights[i]) < 1e-4F);
        }
        // From there on it is in the KV cache, whoever asks.
        controller.attention({5, position, 1});
        QTRY_COMPARE_WITH_TIMEOUT(computed.size(), 3, patience);
        QVERIFY(failed.heard.empty());
        // With other tokens before it, it is not the same answer, were they as many.
        for (const bool asMany : {false, true}) {
            answer(controller, job(6, {{"user", "Quite another question"}}, 0));
            auto other = std::make_shared<controller::KnownAnswer>(*known);
            other->prompt.messages[0].content = asMany ? "Be shore" : "Be very short and very kind to all of them";
            if (asMany) { // all but one were kept
                other->prompt.kept.assign(heard.kept.begin(), heard.kept.end() - 1);
            }
            const size_t before = failed.heard.size();
            controller.attention({5, position, 2, other});
            QTRY_COMPARE_WITH_TIMEOUT(failed.heard.size(), before + 1, patience);
            QCOMPARE(failed.heard.back().second.id(), std::string("app.other_prompt"));
            QCOMPARE(QString(failed.heard.back().second.what()).count(QLatin1Char('{')), 0);
        }
        // Where all of them were kept they are read as they were; whose messages they were is not known any more.
        auto kept = std::make_shared<controller::KnownAnswer>(*known);
        kept->prompt.messages[0].content = "Be very short and very kind to all of them";
        kept->prompt.kept = heard.kept;
        controller.attention({5, position, 2, kept});
        QTRY_COMPARE_WITH_TIMEOUT(computed.size(), 4, patience);
        const auto third = computed[3][0].value<Attention>();
        QCOMPARE(*third.texts, *first.texts);
        QCOMPARE(third.messages.size(), size_t{2});
        QCOMPARE(third.messages.front().role, std::string());
        QCOMPARE(third.messages.back().first, heard.traces[0]->position);
        for (size_t i = 0; i < first.weights->weights.size(); ++i) {
            QVERIFY(std::abs(third.weights->weights[i] - first.weights->weights[i]) < 1e-4F);
        }
    }

    void ofSeveralRequestsTheLatestIsAnswered() {
        InferenceController controller;
        load(controller);
        const Heard heard = answer(controller, job(5, {{"user", "Hello there"}}, 0));
        QSignalSpy computed(&controller, &InferenceController::attentionComputed);
        Failures failed(controller);
        for (uint32_t layer = 0; layer < 200; ++layer) {
            controller.attention({5, heard.traces[0]->position, layer % 4});
        }
        controller.attention({5, heard.traces[1]->position, 1});
        QTRY_VERIFY_WITH_TIMEOUT(!computed.isEmpty(), patience);
        QTest::qWait(50);
        QCOMPARE(computed.size(), 1);
        QCOMPARE(computed[0][0].value<Attention>().weights->position, heard.traces[1]->position);
        QVERIFY(failed.heard.empty());

        // One that a load overtakes does not come back at all.
        controller.attention({5, heard.traces[1]->position, 2});
        load(controller);
        QTest::qWait(50);
        QCOMPARE(computed.size(), 1);
        QVERIFY(failed.heard.empty());
    }

    void whatTheCacheDoesNotHoldIsASentence() {
        InferenceController controller;
        load(controller);
        QSignalSpy computed(&controller, &InferenceController::attentionComputed);
        Failures failed(controller);
        const auto idOf = [&](const AttentionJob& wish) {
            const size_t before = failed.heard.size();
            controller.attention(wish);
            if (!QTest::qWaitFor([&] { return failed.heard.size() > before; }, patience)) {
                return std::string("no answer");
            }
            const auto& [of, error] = failed.heard.back();
            const bool filled = std::string(error.what()).find('{') == std::string::npos;
            return of.answer == wish.answer && filled ? error.id() : "not filled in";
        };
        const Heard first = answer(controller, job(1, {{"user", "Hello there"}}, 1));
        const uint32_t position = first.traces[2]->position;
        QCOMPARE(idOf({99, position, 0}), std::string("attention.not_computed"));
        QCOMPARE(idOf({1, position, 4000}), std::string("attention.layer"));
        const uint32_t end = first.traces.back()->position + 1;
        QCOMPARE(idOf({1, end, 0}), std::string("attention.not_cached"));
        QCOMPARE(idOf({1, end + 1, 0}), std::string("attention.not_cached"));
        QCOMPARE(idOf({1, controller.loaded()->memory.context, 0}), std::string("attention.never_read"));

        // Another conversation whose answer begins at the same position takes its place.
        const Heard other = answer(controller, job(2, {{"user", "Hello thorn"}}, 1));
        QVERIFY(position < uint32_t(other.prompt_tokens) + other.tokens.size());
        QCOMPARE(idOf({1, position, 0}), std::string("attention.not_cached"));

        // And so does another version of the same answer, but for the tokens that both begin with.
        GenerateJob again = job(3, {{"user", "Hello thorn"}}, 1);
        again.sampling.seed = 8;
        const Heard version = answer(controller, again);
        const uint32_t same = commonPrefix(other.tokens, version.tokens);
        QVERIFY(same < 3);
        QCOMPARE(idOf({2, other.traces[same]->position, 0}), std::string("attention.not_cached"));

        // A load forgets all.
        load(controller);
        QCOMPARE(idOf({3, version.traces[0]->position, 0}), std::string("attention.not_computed"));
        QVERIFY(computed.isEmpty());
    }

private:
    Heard answer(InferenceController& controller, const GenerateJob& job) {
        Heard heard;
        bool over = false;
        QObject context;
        connect(&controller, &InferenceController::promptRendered, &context,
                [&](qint64, const QList<int>&, int tokens) { heard.prompt_tokens = tokens; });
        connect(&controller, &InferenceController::tokensArrived, &context,
                [&](qint64, const controller::Pieces& pieces) {
                    for (const controller::Piece& piece : pieces) {
                        heard.text += piece.text;
                        (piece.token->generated ? heard.traces : heard.kept).push_back(piece.token);
                        (piece.token->generated ? heard.tokens : heard.prompt).push_back(piece.token->token);
                    }
                });
        connect(&controller, &InferenceController::finished, &context, [&](qint64, const controller::Finished& end) {
            heard.text += end.rest;
            heard.timings = end.timings;
            over = true;
        });
        controller.generate(job);
        if (!QTest::qWaitFor([&] { return over; }, patience)) {
            qFatal("the answer did not end");
        }
        return heard;
    }
    void load(InferenceController& controller) {
        controller::LoadJob model;
        model.model = m_model;
        model.kv = inference::KvType::F32;
        controller.load(model);
        QTRY_COMPARE_WITH_TIMEOUT(controller.state(), State::Ready, patience);
    }

    QTemporaryDir m_folder;
    std::filesystem::path m_model;
};

QTEST_GUILESS_MAIN(TestControllerContext)
#include "tst_controller_context.moc"
