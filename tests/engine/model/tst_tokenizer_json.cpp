// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hf_tokenizer.h"

#include "engine/model/tokenizer.h"
#include "tests/engine/model/model_files.h"

using namespace moescope;
using namespace moescope::tests;

namespace {

Json good() { return readJsonFile(golden("large_like") / "tokenizer.json"); }

trace::Error refused(const std::function<void(Json&)>& bend) {
    Json json = good();
    bend(json);
    // Read again: numbers that a test puts in are signed, those of a file are not.
    return errorOf([&] { model::readTokenizer(Json::parse(json.dump()), 512); });
}

} // namespace

TEST(TokenizerJson, TablesHaveOneEntryARow) {
    const model::TokenizerTables tables = model::readTokenizer(good(), 600);
    ASSERT_EQ(tables.tokens.size(), 600U);
    EXPECT_EQ(tables.tokens[512], "[PAD512]");
    EXPECT_EQ(tables.types[512], 5);
    EXPECT_EQ(tables.types[499], 3);
    EXPECT_EQ(tables.types[65], 1);
    EXPECT_EQ(tables.control("<|eos|>"), 499);
    EXPECT_EQ(tables.merges.size(), 240U);
}

TEST(TokenizerJson, AddedTokensThatAreNotSpecialAreReadInEveryText) {
    const Scratch scratch;
    const Path folder = copyGolden("padded_vocab", scratch);
    editJson(folder / "tokenizer.json", [](Json& json) {
        json["added_tokens"].push_back({{"id", 512}, {"content", "<my tag>"}, {"special", false}});
    });
    const model::Tokenizer tokenizer{gguf::Reader(converted(folder, scratch))};
    EXPECT_EQ(tokenizer.encode("A<my tag>"), (std::vector<int32_t>{'A', 512}));
    EXPECT_EQ(tokenizer.decode(512, false), "<my tag>");
}

TEST(TokenizerJson, IdsThatAreThereTwice) {
    expectSentence(refused([](Json& json) { json["model"]["vocab"]["zzz"] = 65; }), "hf.duplicate_id", {"65", "“zzz”"});
    expectSentence(refused([](Json& json) {
                       json["added_tokens"].push_back({{"id", 499}, {"content", "<other>"}, {"special", true}});
                   }),
                   "hf.duplicate_id", {"499", "“<|eos|>”", "“<other>”"});
    expectSentence(refused([](Json& json) { json["added_tokens"].push_back(json["added_tokens"][3]); }),
                   "hf.duplicate_id", {"499"});
    const Scratch scratch;
    const Path folder = copyGolden("large_like", scratch);
    std::string text = readBytes(folder / "tokenizer.json");
    const size_t vocabulary = text.find('{', text.find("\"vocab\""));
    text.insert(vocabulary + 1, "\"\u0100\": 7,"); // byte 0 is in the list already
    writeBytes(folder / "tokenizer.json", text);
    expectSentence(errorOf([&] { converted(folder, scratch); }), "json.duplicate", {"tokenizer.json", "\u0100"});
}

TEST(TokenizerJson, TokensThatTakeWhiteSpaceAlongAreCarriedIntoTheFile) {
    const Scratch scratch;
    const Path folder = copyGolden("large_like", scratch);
    EXPECT_FALSE(gguf::Reader(converted(folder, scratch)).u32s("moescope.rstrip_token_ids"));
    editJson(folder / "tokenizer.json", [](Json& json) {
        for (Json& token : json["added_tokens"]) {
            token["rstrip"] = token["content"] == "<|eos|>";
            token["lstrip"] = token["content"] == "<|extra_0|>";
        }
    });
    const gguf::Reader file(converted(folder, scratch, gguf::TensorType::F32, "strip.gguf"));
    const model::Tokenizer tokenizer(file);
    const int32_t behind = tokenizer.control("<|eos|>");
    const int32_t before = tokenizer.control("<|extra_0|>");
    ASSERT_GE(before, 0);
    EXPECT_EQ(file.u32s("moescope.rstrip_token_ids"), (std::vector<uint32_t>{static_cast<uint32_t>(behind)}));
    EXPECT_EQ(file.u32s("moescope.lstrip_token_ids"), (std::vector<uint32_t>{static_cast<uint32_t>(before)}));
    EXPECT_EQ(tokenizer.encode("<|eos|> \n<|eos|>  <|extra_0|>", true), (std::vector<int32_t>{behind, behind, before}));
}

TEST(TokenizerJson, IdsBeyondTheRows) {
    for (const Json& id : {Json(512), Json(-1), Json(4294967296), Json(1.0), Json("1"), Json(Json::array())}) {
        SCOPED_TRACE(id.dump());
        expectSentence(refused([&](Json& json) { json["model"]["vocab"]["zzz"] = id; }), "hf.token_id",
                       {"“zzz”", "511", "512 rows"});
        expectSentence(refused([&](Json& json) {
                           json["added_tokens"].push_back({{"id", id}, {"content", "<x>"}, {"special", true}});
                       }),
                       "hf.token_id", {"“<x>”"});
    }
}

TEST(TokenizerJson, MergesOfUnknownTokens) {
    for (const Json& merge : {Json("zz top"), Json("h"), Json(""), Json(3), Json({"h"}), Json({"h", "e", "r"}),
                              Json({"h", 1}), Json("h  e"), Json({"h", "qq"})}) {
        SCOPED_TRACE(merge.dump());
        expectSentence(refused([&](Json& json) { json["model"]["merges"].push_back(merge); }), "hf.merge",
                       {"Merge 240"});
    }
}

TEST(TokenizerJson, DeepNestingDoesNotEndTheProgram) {
    const Scratch scratch;
    const Path folder = copyGolden("large_like", scratch);
    std::string text = R"({"version":"1.0","model":)" + std::string(100000, '[') + std::string(100000, ']') + "}";
    writeBytes(folder / "tokenizer.json", text);
    expectSentence(errorOf([&] { converted(folder, scratch); }), "json.depth", {"tokenizer.json"});
}

TEST(TokenizerJson, OtherTokenizersAreRefused) {
    expectSentence(refused([](Json& json) { json["model"]["type"] = "Unigram"; }), "hf.value", {"type", "Unigram"});
    expectSentence(refused([](Json& json) { json["normalizer"] = nullptr; }), "hf.splitting", {"NFC"});
    expectSentence(refused([](Json& json) { json["model"]["end_of_word_suffix"] = "</w>"; }), "hf.value",
                   {"end_of_word_suffix", "</w>"});
    expectSentence(refused([](Json& json) { json["added_tokens"][0]["single_word"] = true; }), "hf.added_token",
                   {"single_word"});
    expectSentence(refused([](Json& json) { json["added_tokens"][0]["rstrip"] = 1; }), "hf.value", {"rstrip"});
    expectSentence(refused([](Json& json) { json["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = "\\w+"; }),
                   "hf.splitting", {"splits"});
    expectSentence(refused([](Json& json) { json["pre_tokenizer"] = nullptr; }), "hf.splitting", {"splits"});
    expectSentence(refused([](Json& json) { json["pre_tokenizer"] = 3; }), "hf.object", {"pre_tokenizer"});
    expectSentence(refused([](Json& json) { json.erase("model"); }), "hf.missing", {"model"});
    expectSentence(refused([](Json& json) { json["model"]["vocab"] = Json::array(); }), "hf.value", {"vocab"});
    expectSentence(refused([](Json& json) { json["model"].erase("merges"); }), "hf.missing", {"merges"});
    expectSentence(refused([](Json& json) { json["added_tokens"] = 3; }), "hf.value", {"added_tokens"});
    expectSentence(refused([](Json& json) { json["added_tokens"].push_back({{"id", 3}}); }), "hf.missing", {"content"});
    expectSentence(refused([](Json& json) { json["added_tokens"].push_back(3); }), "hf.object", {"added_tokens"});
}

TEST(TokenizerJson, GenerationConfigWithIdsBeyondTheRows) {
    const auto bent = [](const std::function<void(Json&)>& bend) {
        const Scratch scratch;
        const Path folder = copyGolden("large_like", scratch);
        editJson(folder / "generation_config.json", bend);
        return errorOf([&] { converted(folder, scratch); });
    };
    expectSentence(bent([](Json& json) { json["eos_token_id"] = {499, 512}; }), "hf.value", {"eos_token_id"});
    expectSentence(bent([](Json& json) { json["pad_token_id"] = "x"; }), "hf.value", {"pad_token_id"});
    expectSentence(bent([](Json& json) { json["temperature"] = "warm"; }), "hf.value",
                   {"temperature", "generation_config.json"});
    expectSentence(bent([](Json& json) { json["top_p"] = 1.5; }), "hf.value", {"top_p"});
}
