// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/chat/samples.h"

namespace moescope::samples {

using namespace ui;

namespace {

QDateTime at(int daysAgo, int hour, int minute) {
    return {QDate::currentDate().addDays(-daysAgo), QTime(hour, minute)};
}

MessageView user(qint64 id, const QString& text) {
    MessageView view;
    view.id = id;
    view.role = Role::User;
    view.text = text;
    view.created = at(0, 14, 31);
    return view;
}

MessageView answer(qint64 id, const QString& text) {
    MessageView view;
    view.id = id;
    view.role = Role::Assistant;
    view.text = text;
    view.model = QStringLiteral("Nano");
    view.type = QStringLiteral("Q6_K");
    view.parameters = QStringLiteral("30M, 6.5M active");
    view.created = at(0, 14, 32);
    view.stats = {52, 204, 41, 0, QStringLiteral("eos")};
    view.has_trace = true;
    return view;
}

ConversationRow row(qint64 id, const QString& title, const QDateTime& changed) { return {id, title, changed, {}}; }

} // namespace

trace::ModelInfo nano() {
    trace::ModelInfo model;
    model.name = "Nano";
    model.parameters = 30'050'000;
    model.active_parameters = 6'460'000;
    model.block_count = 8;
    model.expert_count = 16;
    model.expert_used_count = 1;
    model.context_length = 2048;
    model.main_type = "Q6_K";
    return model;
}

trace::ModelInfo olmoe() {
    trace::ModelInfo model = nano();
    model.name = "OLMoE-1B-7B-Instruct";
    model.parameters = 6'920'000'000;
    model.active_parameters = 1'280'000'000;
    model.main_type = "Q4_K";
    return model;
}

QList<ConversationRow> conversations() {
    return {row(1, QStringLiteral("How a router picks an expert in a layer"), QDateTime::currentDateTime()),
            row(2, QStringLiteral("Names for a small boat"), at(0, 0, 8)),
            row(3, QStringLiteral("Plan a rainy weekend"), at(0, 0, 1)),
            row(4, QStringLiteral("Sort a list without sort()"), at(1, 17, 20)),
            row(5, QStringLiteral("What does CLA share?"), at(1, 16, 55)),
            row(6, QStringLiteral("Opening hours, dialogue test"), at(1, 10, 12)),
            row(7, QStringLiteral("Needle at 1,024 tokens"), at(4, 9, 0)),
            row(8, QStringLiteral("Story about the old mill"), at(5, 9, 0)),
            row(9, QStringLiteral("Words that rhyme with reed"), at(6, 9, 0)),
            row(10, QStringLiteral("A fox and a boat"), at(40, 9, 0)),
            row(11, QStringLiteral("Spell the word lighthouse"), at(400, 9, 0))};
}

QList<ConversationRow> oddConversations() {
    QList<ConversationRow> rows = conversations();
    rows.append(row(20, QString(300, QLatin1Char('W')), at(0, 0, 2)));
    rows.append(row(21, QStringLiteral("混合专家模型如何为每一个词元选择专家以及缓存的大小"), at(0, 0, 3)));
    rows.append(row(22, QStringLiteral("line\nbreak\tand   spaces"), at(0, 0, 4)));
    rows.append(row(23, QString(), at(0, 0, 5)));
    rows.append(row(24, QStringLiteral("مرحبا بالعالم"), at(0, 0, 6)));
    return rows;
}

QList<MessageView> answeringChat() {
    MessageView story =
        answer(2, QStringLiteral("Once upon a time, a small fox lived beside a wide river. Every morning she "
                                 "watched the boats go by and wondered where they went. One day an old boat "
                                 "came to rest in the reeds, and the fox put one paw on the wood."));
    story.version = 2;
    story.versions = 2;
    MessageView router = answer(
        4, QStringLiteral(
               "No single part did. In every layer a small **router** looks at the current token and picks the "
               "experts that answer it:\n\n- **Scores.** One number per expert, from the token’s hidden "
               "state.\n- **Gates.** A softmax turns the scores into weights that add to 1.\n- **Choice.** Nano "
               "keeps the top 1 of 16 and adds a shared expert; this model keeps the top 8 of 64.\n\n"
               "```python\ndef route(hidden, router, k):\n    scores = hidden @ router.T        # one score per "
               "expert\n    gates = softmax(scores)           # weights that add to 1\n    weight, expert = "
               "topk(gates, k)   # 1 of 16, or 8 of 64\n    return expert, weight\n```\n\nAn expert is seldom a "
               "topic. The choice follows the kind of word more than its meaning, so the two times `boat` appears "
               "in the story it can"));
    router.model = QStringLiteral("OLMoE-1B-7B-Instruct");
    router.type = QStringLiteral("Q4_K");
    router.parameters = QStringLiteral("6.9B, 1.3B active");
    router.created = at(0, 14, 36);
    router.state = AnswerState::Answering;
    router.stats = {187, 9.6, 1800, 19'400, {}};
    return {user(1, QStringLiteral("Tell me a story about a fox and a boat.")), story,
            user(3, QStringLiteral("Which part of the model wrote that? Explain the router with a few lines of code.")),
            router};
}

QList<MessageView> finishedStory() {
    MessageView story = answer(
        2, QStringLiteral(
               "Once upon a time, a small fox lived beside a wide river. Every morning she watched the boats go by "
               "and wondered where they went.\n\nOne day an old boat came to rest in the reeds. It had a blue "
               "stripe and no one inside. The fox put one paw on the wood. The boat moved a little, as if it said "
               "hello. She jumped in, and the river carried them both past the mill and the tall trees.\n\nWhen it "
               "rained, the fox hid under a leaf. When the sun came back, she sang. In the evening the boat stopped "
               "at a quiet beach, and there the fox found a friend who was waiting."));
    story.stats = {138, 204, 41, 0, QStringLiteral("eos")};
    return {user(1, QStringLiteral("Tell me a story about a fox and a boat.")), story};
}

QList<MessageView> states() {
    MessageView interrupted = answer(2, QStringLiteral("The fox put one paw on the wood. The boat moved a"));
    interrupted.state = AnswerState::Interrupted;
    interrupted.stats.tokens = 41;
    MessageView failed = answer(4, {});
    failed.state = AnswerState::Failed;
    failed.error =
        QStringLiteral("The prompt has 3,012 tokens and the context holds 2,048, so it was not sent. Shorten it or "
                       "start a new chat.");
    MessageView odd = answer(
        6, QString(180, QLatin1Char('x')) +
               QStringLiteral(" 混合专家模型在每一层里为每个词元选择一个专家。混合专家模型在每一层里为每个词元选择"
                              "一个专家。\n\n<b>not bold</b> ![x](http://a.example/x.png) "
                              "[link](https://a.example)"));
    MessageView reading = answer(8, {});
    reading.state = AnswerState::Reading;
    reading.prefill = {1152, 452, 1536, 501};
    MessageView long_ = user(5, QString(400, QLatin1Char('W')));
    long_.version = 1;
    long_.versions = 3;
    return {user(1, QStringLiteral("Go on.")),
            interrupted,
            user(3, QStringLiteral("Read this.")),
            failed,
            long_,
            odd,
            user(7, QStringLiteral("一句话\nwith a second line")),
            reading};
}

} // namespace moescope::samples
