// SPDX-License-Identifier: Apache-2.0
// The second model of the tests: what its tokenizer and its template make is what transformers made.
#include "engine/model/chat_template.h"
#include "engine/model/model_config.h"
#include "tests/engine/model/model_files.h"

using namespace moescope;
using namespace moescope::tests;

namespace {

struct SecondModel : ::testing::Test {
    gguf::Reader file{testData() / "second" / "second.gguf"};
    model::Tokenizer tokenizer{file};
    Json golden = readJsonFile(testData() / "second" / "golden.json");
};

} // namespace

TEST_F(SecondModel, IsOfAnotherFamilyAndSmall) {
    const trace::ModelInfo info = model::readInfo(file);
    EXPECT_EQ(info.name, "Second");
    EXPECT_EQ(info.architecture, "qwen3moe");
    EXPECT_EQ(info.license, "apache-2.0");
    EXPECT_EQ(info.tokenizer, "gpt2/qwen2");
    EXPECT_EQ(info.moeLayers(), 4U);
    EXPECT_EQ(info.expert_count, 16U);
    EXPECT_EQ(info.expert_used_count, 2U);
    uintmax_t bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(testData() / "second")) {
        bytes += entry.is_regular_file() ? entry.file_size() : 0;
    }
    EXPECT_LE(bytes, 1'000'000U);
}

TEST_F(SecondModel, TextsBecomeTheTokensOfTheReference) {
    ASSERT_GE(golden["tokenizer"].size(), 10U);
    for (const Json& one : golden["tokenizer"]) {
        const std::string text = one["text"];
        EXPECT_EQ(tokenizer.encode(text), one["ids"].get<std::vector<int32_t>>()) << text;
        EXPECT_EQ(tokenizer.encode(text, true), one["special_ids"].get<std::vector<int32_t>>()) << text;
    }
}

TEST_F(SecondModel, ChatsAreRenderedAsTheReferenceDoes) {
    const model::ChatTemplate chat(model::storedTemplate(file), tokenizer);
    EXPECT_EQ(chat.facts().thinking_variable, "enable_thinking");
    EXPECT_EQ(chat.fallbackSentence(), "");
    ASSERT_EQ(golden["chats"].size(), 3U);
    for (const Json& one : golden["chats"]) {
        std::vector<model::ChatMessage> messages;
        for (const Json& message : one["messages"]) {
            messages.push_back({.role = message["role"], .content = message["content"]});
        }
        model::RenderOptions options;
        if (!one["enable_thinking"].is_null()) {
            options.variables["enable_thinking"] = one["enable_thinking"].get<bool>();
        }
        const model::RenderedChat rendered = chat.render(messages, nullptr, options);
        EXPECT_EQ(rendered.text, one["text"].get<std::string>());
        EXPECT_EQ(rendered.tokens, one["ids"].get<std::vector<int32_t>>()) << rendered.text;
    }
}
