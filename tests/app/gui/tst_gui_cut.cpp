// SPDX-License-Identifier: Apache-2.0
// Chats at random that outgrow a context: what is shown below the cut line is what the model reads, and nothing else.
#include "app/controller/contextfit.h"
#include "app/gui/values.h"
#include "engine/gguf/reader.h"
#include "engine/model/chat_template.h"
#include "tests/app/gui/appfixture.h"

#include <QTest>

#include <random>

using namespace moescope;

namespace {

/** The same numbers on every system. */
class Dice {
public:
    explicit Dice(uint64_t seed) : m_engine(seed) {}
    int below(int most) { return static_cast<int>(m_engine() % static_cast<uint64_t>(most)); }

private:
    std::mt19937_64 m_engine;
};

QString words(Dice& dice, int most) {
    static const QStringList some{QStringLiteral("fox"),        QStringLiteral("Boot"),    QStringLiteral("```"),
                                  QStringLiteral("<|im_end|>"), QStringLiteral("river\n"), QStringLiteral("naïve"),
                                  QStringLiteral("12,5"),       QStringLiteral("🦊"),    QStringLiteral("\t"),
                                  QStringLiteral("and"),        QStringLiteral("<b>"),     QStringLiteral("end.")};
    QStringList chosen;
    for (int n = 1 + dice.below(most); n > 0; --n) {
        chosen.append(some.at(dice.below(static_cast<int>(some.size()))));
    }
    return chosen.join(QLatin1Char(' '));
}

/** A tree of messages with branches, in which each answer was given a part of its branch. */
struct RandomChat {
    QList<store::Message> tree;
    QString system;
    qint64 leaf = 0;

    store::Message& add(qint64 parent, store::Role role, const QString& text) {
        store::Message message;
        message.id = tree.size() + 1;
        message.parent = parent;
        message.role = role;
        message.text = text;
        tree.append(message);
        return tree.last();
    }
};

RandomChat randomChat(Dice& dice) {
    RandomChat chat;
    chat.system = dice.below(2) == 0 ? words(dice, 12) : QString();
    qint64 parent = 0;
    for (int turn = dice.below(7); turn >= 0; --turn) {
        QList<store::Document> documents;
        for (int n = dice.below(4) == 0 ? 1 + dice.below(2) : 0; n > 0; --n) {
            documents.append({words(dice, 2), words(dice, 60), 1});
        }
        const store::PromptText composed = store::composePrompt(documents, words(dice, 30));
        store::Message& prompt = chat.add(parent, store::Role::User, composed.text);
        prompt.documents = composed.documents;
        prompt.words_begin = composed.words_begin;
        const qint64 asked = prompt.id;
        if (turn == 0) {
            chat.leaf = asked;
            break;
        }
        store::ContextView view = store::viewAt(chat.tree, parent);
        if (dice.below(5) == 0) { // it was cut before
            view = {asked, view.above + 40};
        }
        qint64 next = 0;
        for (int version = 1 + dice.below(2); version > 0; --version) {
            store::Message& answer = chat.add(asked, store::Role::Assistant, words(dice, 40));
            answer.view = view;
            next = answer.id;
        }
        parent = next;
    }
    return chat;
}

} // namespace

class TestGuiCut : public QObject {
    Q_OBJECT
private slots:
    void whatIsShownInViewIsWhatIsSent() {
        const gguf::Reader file(std::filesystem::path(test::goldenModel().toStdString()));
        const model::Tokenizer tokenizer(file);
        const model::ChatTemplate chat_template(model::storedTemplate(file), tokenizer);
        const auto render = [&](const std::vector<model::ChatMessage>& messages) {
            return chat_template.render(messages);
        };
        Dice dice(8);
        int cuts = 0;
        int refused = 0;
        for (int n = 0; n < 1000; ++n) {
            RandomChat chat = randomChat(dice);
            const auto context = static_cast<uint32_t>(64 + dice.below(700));
            constexpr uint32_t room = 16;
            store::ContextView view = store::viewAt(chat.tree, chat.leaf);
            const QList<store::Message> before = store::branch(chat.tree, chat.leaf, view);
            const auto turns = gui::turnsOf(chat.system, before);
            const controller::ContextFit fit = controller::fitContext(turns, room, context, [&](size_t first) {
                const model::RenderedChat made = render(controller::newestOf(turns, first));
                return controller::PromptSize{static_cast<uint32_t>(made.tokens.size()), made.message_starts};
            });
            if (!fit.fits() && fit.first == 0) {
                ++refused; // nothing is sent
                continue;
            }
            if (!fit.fits()) {
                ++cuts;
                const size_t head = turns.size() - static_cast<size_t>(before.size());
                const qint64 from = before.at(static_cast<qsizetype>(fit.first - head)).id;
                view = {from, view.above + fit.above};
            }
            store::Message& answer = chat.add(chat.leaf, store::Role::Assistant, {});
            answer.view = view;
            const qint64 leaf = answer.id;

            const model::RenderedChat sent =
                render(gui::turnsOf(chat.system, store::branch(chat.tree, answer.parent, answer.view)));
            // What a reader sees below the line, without the answer that is being made.
            QList<ui::MessageView> shown = gui::viewsOf(chat.tree, leaf);
            shown.removeLast();
            const auto line = std::find_if(shown.begin(), shown.end(), [](const auto& one) { return one.cut_above; });
            QCOMPARE(line != shown.end(), view.from != 0);
            if (line != shown.end()) {
                QVERIFY(line->role == ui::Role::User);
                QCOMPARE(line->cut_tokens, static_cast<int>(view.above));
                shown.erase(shown.begin(), line);
            }
            std::vector<model::ChatMessage> read;
            if (!chat.system.isEmpty()) {
                read.push_back({"system", chat.system.toStdString()});
            }
            for (const ui::MessageView& one : shown) {
                read.push_back({one.role == ui::Role::User ? "user" : "assistant", one.whole().toStdString()});
            }
            const model::RenderedChat expected = render(read);
            QCOMPARE(sent.text, expected.text);
            QVERIFY(sent.tokens == expected.tokens);
            QVERIFY(sent.tokens.size() + room <= context);
        }
        // Both happened, and often.
        QVERIFY2(cuts > 100, qPrintable(QString::number(cuts)));
        QVERIFY2(refused > 20, qPrintable(QString::number(refused)));
    }
};

QTEST_GUILESS_MAIN(TestGuiCut)
#include "tst_gui_cut.moc"
