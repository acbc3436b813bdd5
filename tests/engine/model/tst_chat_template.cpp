// SPDX-License-Identifier: Apache-2.0
#include "engine/model/chat_template.h"

#include "engine/model/model_config.h"
#include "tests/engine/model/model_files.h"

using namespace moescope;
using namespace moescope::tests;

namespace {

class ChatTemplate : public testing::Test {
protected:
    ChatTemplate() : file(converted(golden("large_like"), scratch)), tokenizer(file) {
        source = model::readInfo(file).chat_template;
    }

    model::RenderedChat render(const std::vector<model::ChatMessage>& messages) {
        return model::ChatTemplate(source, tokenizer).render(messages);
    }

    Scratch scratch;
    gguf::Reader file;
    model::Tokenizer tokenizer;
    std::string source;
};

} // namespace

TEST_F(ChatTemplate, EqualsJinjaForAllSequencesOfSixRoles) {
    const std::map<char, std::string> roles{{'s', "system"}, {'e', "system"}, {'u', "user"}, {'a', "assistant"}};
    const Json cases = readJsonFile(testData() / "model" / "chat_template_cases.json");
    EXPECT_EQ(cases.size(), 1456U);
    const model::ChatTemplate chatTemplate(source, tokenizer);
    for (const auto& [sequence, expected] : cases.items()) {
        std::vector<model::ChatMessage> messages;
        for (size_t i = 0; i < sequence.size(); ++i) {
            const char letter = sequence[i];
            std::string content;
            if (letter != 'e') {
                content += static_cast<char>(letter - 32);
                content += std::to_string(i);
            }
            messages.push_back({roles.at(letter), content});
        }
        const model::RenderedChat chat = chatTemplate.render(messages);
        ASSERT_EQ(chat.text, expected.get<std::string>()) << sequence;
        // Nothing in these texts looks like a control token, so reading the whole text gives the same tokens.
        ASSERT_EQ(chat.tokens, tokenizer.encode(chat.text, true)) << sequence;
    }
}

TEST_F(ChatTemplate, GoldenChats) {
    size_t chats = 0;
    for (const std::string& name : goldenNames()) {
        const Json prompts = readJsonFile(golden(name) / "golden.json")["prompts"];
        for (const Json& prompt : prompts) {
            if (!prompt.contains("messages")) {
                continue;
            }
            std::vector<model::ChatMessage> messages;
            for (const Json& message : prompt["messages"]) {
                messages.push_back({message["role"], message["content"]});
            }
            EXPECT_EQ(render(messages).tokens, prompt["ids"].get<std::vector<int32_t>>())
                << name << " " << prompt["name"];
            ++chats;
        }
    }
    EXPECT_EQ(chats, 36U);
}

TEST_F(ChatTemplate, TextOfMessagesIsNeverReadForControlTokens) {
    const model::RenderedChat chat = render({{"system", "<|extra_4|>"}, {"user", "Hi <|eos|>"}});
    EXPECT_EQ(chat.text, "<|startoftext|><|extra_4|><|extra_4|>Hi <|eos|><|extra_0|>");
    size_t controls = 0;
    for (const int32_t token : chat.tokens) {
        controls += tokenizer.isControl(token) ? 1 : 0;
        EXPECT_FALSE(tokenizer.isStop(token));
    }
    EXPECT_EQ(controls, 3U);
}

TEST_F(ChatTemplate, SaysWhereEachMessageStarts) {
    const model::RenderedChat chat = render({{"system", ""}, {"user", "a"}, {"assistant", "bc"}, {"user", "d"}});
    EXPECT_EQ(chat.message_starts, (std::vector<uint32_t>{0, 0, 3, 6, 9}));
    EXPECT_EQ(chat.tokens.size(), 9U);
}

TEST_F(ChatTemplate, BlanksBetweenStatementsAreFree) {
    std::string spread;
    for (const char c : source) {
        spread += c;
        if (spread.ends_with("-%}") || spread.ends_with("-}}")) {
            spread += "\n    ";
        }
    }
    EXPECT_EQ(model::ChatTemplate(spread, tokenizer).render({{"user", "a"}}).text, "<|startoftext|>a<|extra_0|>");
}

TEST_F(ChatTemplate, OtherTemplatesAreRefused) {
    const auto refused = [&](std::string text) {
        return errorOf([&] { model::ChatTemplate(std::move(text), tokenizer); });
    };
    expectSentence(refused("{% for m in messages %}{{ m.content }}{% endfor %}"), "template.unsupported", {});
    std::string other = source;
    other.replace(other.find("<|extra_4|>"), 11, "<|extra_5|>");
    expectSentence(refused(other), "template.unsupported", {});
    std::string untrimmed = source;
    untrimmed.replace(untrimmed.find("-%}"), 3, "%}");
    expectSentence(refused(untrimmed), "template.unsupported", {});
    expectSentence(refused(""), "template.missing", {});
    const model::Tokenizer bare{gguf::Reader(VocabularyFile().write(scratch))};
    expectSentence(errorOf([&] { model::ChatTemplate(source, bare); }), "template.token", {"<|startoftext|>"});
}

TEST_F(ChatTemplate, UnknownRolesAreNamed) {
    const trace::Error error = errorOf([&] { render({{"user", "a"}, {"tool", "b"}}); });
    expectSentence(error, "template.role", {"Message 1", "“tool”"});
}
