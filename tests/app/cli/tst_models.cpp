// SPDX-License-Identifier: Apache-2.0
#include "tests/app/cli/program.h"

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace moescope::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

TEST(Info, NamesEveryField) {
    const Json info = runCli({"info", "-m", goldenModel().string(), "--json"}).json();
    for (const char* field : {"architecture",
                              "name",
                              "parameters",
                              "active_parameters",
                              "block_count",
                              "embedding_length",
                              "head_count",
                              "head_count_kv",
                              "head_dim",
                              "expert_count",
                              "expert_used_count",
                              "expert_shared_count",
                              "expert_feed_forward_length",
                              "cla_share_factor",
                              "context_length",
                              "vocab_size",
                              "tokenizer",
                              "chat_template",
                              "quantization",
                              "file_bytes",
                              "license"}) {
        EXPECT_TRUE(info.contains(field)) << field;
    }
    EXPECT_EQ(info.at("architecture"), "hunyuan-large");
    EXPECT_EQ(info.at("file_bytes").get<uint64_t>(), fs::file_size(goldenModel()));
    EXPECT_EQ(info.at("quantization").size(), 1U) << "everything is F32";
    uint64_t tensors = 0;
    for (const auto& use : info.at("quantization")) {
        tensors += use.at("tensors").get<uint64_t>();
    }
    EXPECT_GT(tensors, 10U);
}

TEST(Info, TheSecondModelIsOfAnotherFamily) {
    const Json info = runCli({"info", "-m", secondModel().string(), "--json"}).json();
    EXPECT_EQ(info.at("name"), "Second");
    EXPECT_EQ(info.at("architecture"), "qwen3moe");
    EXPECT_EQ(info.at("tokenizer"), "gpt2/qwen2");
    EXPECT_EQ(info.at("expert_count"), 16);
    EXPECT_EQ(info.at("expert_used_count"), 2);
    EXPECT_TRUE(has(info.at("chat_template"), "enable_thinking"));
    EXPECT_TRUE(has(runCli({"info", secondModel().string()}).out, "16 routed, 2 used, 0 shared"));
}

TEST(Info, WhatIsNoModelIsRefusedWithASentence) {
    const fs::path fifo = scratch() / "fifo";
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    writeAll(scratch() / "empty.gguf", "");
    writeAll(scratch() / "text.gguf", "this is no model at all, only some text of more than a header's length");
    for (const std::string& path :
         {(scratch() / "none.gguf").string(), scratch().string(), fifo.string(), std::string("/dev/zero"),
          (scratch() / "empty.gguf").string(), (scratch() / "text.gguf").string()}) {
        for (const auto& arguments : std::vector<std::vector<std::string>>{{"info", "-m", path},
                                                                           {"tokenize", "-m", path, "-p", "a"},
                                                                           {"run", "-m", path, "-p", "a"},
                                                                           {"plan", "-m", path}}) {
            const Outcome outcome = runCli(arguments);
            EXPECT_TRUE(outcome.isFailure()) << arguments[0] << " " << path << ": " << outcome.code << outcome.err;
        }
    }
}

TEST(Info, AFolderIsToldHowItBecomesAFile) {
    const std::string folder = goldenFolder().string();
    const std::string sentence = "“" + folder +
                                 "” is a folder, but a .gguf file is needed. A Hugging Face folder becomes "
                                 "one with “moescope-cli convert FOLDER model.gguf”.\n";
    for (const auto& arguments :
         std::vector<std::vector<std::string>>{{"info", folder},
                                               {"run", "-m", folder, "-p", "a"},
                                               {"plan", "-m", folder},
                                               {"quantize", folder, (scratch() / "never.gguf").string(), "q8_0"}}) {
        const Outcome outcome = runCli(arguments);
        EXPECT_TRUE(outcome.isFailure()) << arguments[0] << outcome.code;
        EXPECT_EQ(outcome.err, sentence) << arguments[0];
    }
}

TEST(Info, OddPathsWork) {
    fs::path odd = scratch() / "with spaces and 你好 and quotes “ ” '";
    fs::create_directories(odd);
    odd /= std::string(200, 'x') + ".gguf";
    fs::copy_file(goldenModel(), odd);
    const Json info = runCli({"info", "-m", odd.string(), "--json"}).json();
    EXPECT_EQ(info.at("block_count"),
              runCli({"info", "-m", goldenModel().string(), "--json"}).json().at("block_count"));
}

TEST(Tokenize, ThereAndBack) {
    const std::string model = goldenModel().string();
    for (const std::string text :
         {"Hello, world!", "  two  spaces\n\ttab ü 你好 🚀", "<|eos|> is text", "[in brackets]", "-p is text too"}) {
        const Json there = runCli({"tokenize", "-m", model, "-p", text, "--json"}).json();
        std::string ids;
        std::string pieces;
        for (const auto& id : there.at("tokens")) {
            ids += ids.empty() ? "" : ",";
            ids += std::to_string(id.get<int>());
        }
        EXPECT_EQ(there.at("tokens").size(), there.at("pieces").size());
        EXPECT_EQ(runCli({"tokenize", "-m", model, "--decode", ids, "--json"}).json().at("text"), text);
    }
}

TEST(Tokenize, AFileIsReadByteForByte) {
    const std::string model = goldenModel().string();
    writeAll(scratch() / "text.txt", "one\r\ntwo\n");
    const Json from_file =
        runCli({"tokenize", "-m", model, "--file", (scratch() / "text.txt").string(), "--json"}).json();
    const Json from_text = runCli({"tokenize", "-m", model, "-p", "one\r\ntwo\n", "--json"}).json();
    EXPECT_EQ(from_file.at("tokens"), from_text.at("tokens"));
    EXPECT_NE(from_file.at("tokens"),
              runCli({"tokenize", "-m", model, "-p", "one\r\ntwo", "--json"}).json().at("tokens"));
}

TEST(Tokenize, TextThatIsNotUtf8IsRefused) {
    for (const std::string bad : {"caf\xE9", "\xFF\xFE", "cut \xE4\xBD"}) {
        for (const char* command : {"tokenize", "run"}) {
            const Outcome outcome = runCli({command, "-m", goldenModel().string(), "-p", bad});
            EXPECT_TRUE(outcome.isFailure()) << command << outcome.code << outcome.err;
        }
    }
}

TEST(Template, RendersAChat) {
    writeAll(scratch() / "chat.json",
             R"([{"role":"system","content":"Be kind."},{"role":"user","content":"Hi <|eos|>"}])");
    const Json rendered =
        runCli({"template", "-m", goldenModel().string(), "--chat", (scratch() / "chat.json").string(), "--json"})
            .json();
    EXPECT_TRUE(rendered.at("text").get<std::string>().starts_with("<|startoftext|>Be kind.<|extra_4|>Hi"));
    EXPECT_GT(rendered.at("tokens").size(), 5U);
}

TEST(Template, AMessageMayHaveWhatTemplatesReadAndNothingElse) {
    const std::string file = (scratch() / "tools.json").string();
    writeAll(file, R"([{"role":"user","content":"a"},{"role":"assistant","content":"b","reasoning_content":"c",
                        "tool_calls":[{"type":"function","function":{"name":"f","arguments":{}}}]},
                       {"role":"tool","content":"1","tool_call_id":"x","name":"f"},{"role":"user","content":"d"}])");
    EXPECT_EQ(runCli({"template", "-m", goldenModel().string(), "--chat", file, "--json"}).code, 0);
    writeAll(file, R"([{"role":"user","content":"a"},{"role":"user","content":"b","images":[]}])");
    const Outcome outcome = runCli({"template", "-m", goldenModel().string(), "--chat", file});
    EXPECT_TRUE(outcome.isFailure());
    EXPECT_TRUE(has(outcome.err, "Message 2 in “" + file + "” has “images”")) << outcome.err;
}

TEST(Template, HostileChatsAreRefusedWithASentence) {
    const fs::path file = scratch() / "hostile.json";
    for (const std::string& text :
         {std::string("no JSON"), std::string(""), std::string("{}"), std::string("[]"), std::string("[1]"),
          std::string(R"([{"role":"user"}])"), std::string(R"([{"role":1,"content":"a"}])"),
          std::string(R"([{"role":"user","content":"a","name":1}])"),
          std::string(R"([{"role":"assistant","content":"a","tool_calls":[1],"tool_call":{}}])"),
          std::string(R"([{"role":"user","content":["a"]}])"), std::string(R"([{"role":"narrator","content":"a"}])"),
          std::string(R"([{"role":"<|eos|>","content":"a"}])"),
          std::string("[{\"role\":\"user\",\"content\":\"\xFF\"}]"), std::string(100'000, '['),
          std::string(100'000, '[') + std::string(100'000, ']')}) {
        writeAll(file, text);
        for (const char* command : {"template", "run"}) {
            const Outcome outcome = runCli({command, "-m", goldenModel().string(), "--chat", file.string()});
            EXPECT_TRUE(outcome.isFailure())
                << command << " " << text.substr(0, 40) << ": " << outcome.code << outcome.err;
        }
    }
}

TEST(Plan, HunyuanLargesCacheIsAsPublished) {
    writeAll(scratch() / "large.json", R"({"architectures":["HunYuanForCausalLM"],"model_type":"hunyuan",
        "vocab_size":129024,"hidden_size":6400,"num_hidden_layers":64,"num_attention_heads":80,"num_key_value_heads":8,
        "intermediate_size":18304,"num_experts":16,"moe_topk":1,"num_shared_expert":1,"use_mixed_mlp_moe":true,
        "use_cla":true,"cla_share_factor":2,"use_qk_norm":true,"rope_theta":10000.0,"rms_norm_eps":1e-5,
        "rope_scaling":{"type":"dynamic","alpha":1000.0,"factor":1.0},"tie_word_embeddings":true,
        "max_position_embeddings":131072})");
    const std::string config = (scratch() / "large.json").string();
    const Json f16 = runCli({"plan", "--config", config, "-c", "262144", "--kv", "f16", "--json"}).json();
    EXPECT_EQ(f16.at("kv_bytes_per_token"), 81'920);
    EXPECT_EQ(f16.at("kv_bytes").get<uint64_t>(), 81'920ULL * 262'144);
    EXPECT_EQ(f16.at("kv_bytes_mha").get<uint64_t>(), 1'638'400ULL * 262'144);
    EXPECT_EQ(f16.at("total_bytes").get<uint64_t>(), f16.at("weights_bytes").get<uint64_t>() +
                                                         f16.at("kv_bytes").get<uint64_t>() +
                                                         f16.at("workspace_bytes").get<uint64_t>());
    const Outcome shown = runCli({"plan", "--config", config, "-c", "262144", "--type", "q8_0"});
    EXPECT_EQ(shown.code, 0);
    EXPECT_EQ(shown.err, "The plan is for 262,144 tokens of context, and this model was made for 131,072.\n");
    EXPECT_TRUE(has(shown.out, "Weights, Q8_0 ") && has(shown.out, "KV cache, f16, 262,144 tokens ")) << shown.out;
    const Outcome within = runCli({"plan", "--config", config});
    EXPECT_EQ(within.err, "");
    EXPECT_TRUE(has(within.out, "Weights, F16 ") && has(within.out, "131,072 tokens ")) << within.out;
    EXPECT_FALSE(f16.at("fits").get<bool>()) << "389 B parameters in F16 fit no machine that runs this test";
    const Json q4 = runCli({"plan", "--config", config, "--type", "q4_k", "--json"}).json();
    // Rows of 18,304 are no multiple of 256: a third of each expert stays in F16.
    EXPECT_LT(q4.at("weights_bytes").get<uint64_t>() * 3, f16.at("weights_bytes").get<uint64_t>() * 2);
}

TEST(Plan, AContextThatALoadWouldRefuseIsRefused) {
    const Outcome outcome = runCli({"plan", "-m", goldenModel().string(), "-c", "99000000"});
    EXPECT_TRUE(outcome.isFailure()) << outcome.code << outcome.err;
    EXPECT_TRUE(has(outcome.err, "99,000,000")) << outcome.err;
}

TEST(Plan, OfAFileNamesTheTypeOfItsWeights) {
    const Outcome file = runCli({"plan", "-m", goldenModel().string(), "-c", "64", "--kv", "q8_0"});
    EXPECT_TRUE(has(file.out, "Weights, F32 ") && has(file.out, "KV cache, q8_0, 64 tokens ")) << file.out;
    EXPECT_TRUE(has(runCli({"plan", "-m", goldenModel().string(), "--type", "q4_0"}).out, "Weights, Q4_0 "));
}

TEST(Convert, AnOutputThatWasThereIsSaidToBeReplaced) {
    const std::string target = (scratch() / "replaced.gguf").string();
    EXPECT_EQ(runCli({"convert", goldenFolder().string(), target}).err, "");
    const std::string sentence = "“" + target + "” was there and has been replaced.\n";
    EXPECT_EQ(runCli({"convert", goldenFolder().string(), target}).err, sentence);
    EXPECT_EQ(runCli({"quantize", goldenModel().string(), target, "q8_0"}).err, sentence);
    EXPECT_EQ(runCli({"convert", goldenFolder().string(), target, "--json"}).err, "");
    const Outcome file = runCli({"convert", goldenModel().string(), target});
    EXPECT_TRUE(file.isFailure()) << file.code << file.err;
    EXPECT_TRUE(has(file.err, "needs no conversion")) << file.err;
}

TEST(Convert, SaysWhatItWroteAndRefusesItsOwnInput) {
    const fs::path target = scratch() / "again.gguf";
    writeAll(target, "something older");
    const Json result = runCli({"convert", goldenFolder().string(), target.string(), "--type", "f32", "--json"}).json();
    EXPECT_EQ(result.at("bytes").get<uint64_t>(), fs::file_size(target));
    EXPECT_EQ(readAll(target), readAll(goldenModel())) << "the same call gives the same bytes";

    const fs::path folder = scratch() / "source";
    fs::copy(goldenFolder(), folder, fs::copy_options::recursive);
    const std::string before = readAll(folder / "model.safetensors");
    const Outcome own = runCli({"convert", folder.string(), (folder / "model.safetensors").string()});
    EXPECT_TRUE(own.isFailure()) << own.code << own.err;
    EXPECT_EQ(readAll(folder / "model.safetensors"), before);
    const Outcome none = runCli({"convert", (scratch() / "nothing").string(), target.string()});
    EXPECT_TRUE(none.isFailure()) << none.code << none.err;
    EXPECT_EQ(readAll(target), readAll(goldenModel())) << "a failure leaves the target as it was";
    const Outcome nowhere =
        runCli({"convert", goldenFolder().string(), (scratch() / "no" / "such" / "x.gguf").string()});
    EXPECT_TRUE(nowhere.isFailure()) << nowhere.code << nowhere.err;
}

} // namespace
} // namespace moescope::test
