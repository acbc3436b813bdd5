// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hf_generation.h"

#include "engine/model/chat_template.h"
#include "engine/model/tokenizer.h"
#include "tests/engine/model/model_files.h"

using namespace moescope;
using namespace moescope::tests;

namespace {

/** A copy of a golden folder whose files `bend` changes. Its eos_token is 499, “<|eos|>”; it stops at 499, 506 and 496. */
Path folderWith(const Scratch& scratch, const std::function<void(const Path&)>& bend) {
    Path folder = copyGolden("large_like", scratch);
    bend(folder);
    return folder;
}

trace::Error refused(const std::function<void(const Path&)>& bend) {
    const Scratch scratch;
    const Path folder = folderWith(scratch, bend);
    return errorOf([&] { converted(folder, scratch); });
}

void setKey(const Path& file, const char* key, const Json& value) {
    editJson(file, [&](Json& json) { json[key] = value; });
}

} // namespace

TEST(HfGeneration, TheTokenizerSaysWhatEndsATextAndTheGenerationWhatEndsAnAnswer) {
    const Scratch scratch;
    const gguf::Reader file(
        converted(folderWith(scratch,
                             [](const Path& folder) {
                                 setKey(folder / "generation_config.json", "eos_token_id", {496, 506});
                                 setKey(folder / "tokenizer_config.json", "chat_template", "{{ eos_token }}");
                             }),
                  scratch));
    EXPECT_EQ(file.u32("tokenizer.ggml.eos_token_id"), 499U);
    EXPECT_EQ(file.u32s("moescope.stop_token_ids"), (std::vector<uint32_t>{496, 506, 499}));
    const model::Tokenizer tokenizer(file);
    EXPECT_EQ(tokenizer.eos(), 499);
    const model::ChatTemplate chat(model::storedTemplate(file), tokenizer);
    EXPECT_EQ(chat.render({{"user", "a"}}).text, "<|eos|>");
}

TEST(HfGeneration, TheTokenizersEndAloneIsEnoughAndNoneIsRefused) {
    const auto noIds = [](const Path& folder) {
        for (const char* name : {"generation_config.json", "config.json"}) {
            editJson(folder / name, [](Json& json) { json.erase("eos_token_id"); });
        }
    };
    const Scratch scratch;
    const gguf::Reader file(converted(folderWith(scratch, noIds), scratch));
    EXPECT_EQ(file.u32s("moescope.stop_token_ids"), (std::vector<uint32_t>{499}));
    expectSentence(refused([&](const Path& folder) {
                       noIds(folder);
                       editJson(folder / "tokenizer_config.json", [](Json& json) { json.erase("eos_token"); });
                   }),
                   "hf.no_stop", {"eos_token_id", "eos_token"});
}

TEST(HfGeneration, GreedyGenerationIsTemperatureZero) {
    const Scratch scratch;
    const Path folder =
        folderWith(scratch, [](const Path& path) { setKey(path / "generation_config.json", "do_sample", false); });
    EXPECT_EQ(gguf::Reader(converted(folder, scratch)).f32("moescope.sampling.temperature"), 0.0F);
}

TEST(HfGeneration, TheTemplateOfAFileOfItsOwnWins) {
    const Scratch scratch;
    const Path folder =
        folderWith(scratch, [](const Path& path) { writeBytes(path / "chat_template.jinja", "{{ 'own' }}"); });
    EXPECT_EQ(model::readChatTemplates(folder).chat, "{{ 'own' }}");
    std::filesystem::create_directory(folder / "additional_chat_templates");
    writeBytes(folder / "additional_chat_templates" / "tool_use.jinja", "{{ tools }}");
    const gguf::Reader file(converted(folder, scratch));
    EXPECT_EQ(file.text("tokenizer.chat_template"), "{{ 'own' }}");
    EXPECT_EQ(file.text("tokenizer.chat_template.tool_use"), "{{ tools }}");
    expectSentence(refused([](const Path& path) { writeBytes(path / "chat_template.jinja", "{{ '\xFF' }}"); }),
                   "hf.template", {"chat_template.jinja", "byte 4"});
}

TEST(HfGeneration, ListsOfTemplatesAreReadByName) {
    const auto listed = [](const Json& list) {
        return [list](const Path& path) { setKey(path / "tokenizer_config.json", "chat_template", list); };
    };
    const Scratch scratch;
    const Path folder = folderWith(scratch, listed({{{"name", "tool_use"}, {"template", "T"}},
                                                    {{"name", "rag"}, {"template", "R"}},
                                                    {{"name", "default"}, {"template", "D"}}}));
    const model::ChatTemplates templates = model::readChatTemplates(folder);
    EXPECT_EQ(templates.chat, "D");
    EXPECT_EQ(templates.tool_use, "T");
    expectSentence(refused(listed({{{"name", "default"}}})), "hf.missing", {"template"});
    expectSentence(refused(listed({{{"name", "rag"}, {"template", "R"}}})), "hf.value", {"chat_template", "default"});
}

TEST(HfGeneration, LinksWhoseTargetsAreGoneAreNamed) {
    for (const char* name : {"generation_config.json", "tokenizer_config.json", "tokenizer.json", "model.safetensors",
                             "chat_template.jinja"}) {
        SCOPED_TRACE(name);
        const trace::Error error = refused([&](const Path& folder) {
            std::filesystem::remove(folder / name);
            std::filesystem::create_symlink(folder / "gone", folder / name);
        });
        EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    }
}
