// SPDX-License-Identifier: Apache-2.0
#include "tests/app/cli/program.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace moescope::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct Array {
    std::string kind;
    std::vector<size_t> shape;
    std::string data;

    int32_t i32(size_t i) const {
        int32_t value = 0;
        std::memcpy(&value, data.data() + i * 4, 4);
        return value;
    }
    float f32(size_t i) const {
        float value = 0;
        std::memcpy(&value, data.data() + i * 4, 4);
        return value;
    }
};

/** An independent reader of NumPy's format 1.0. */
Array readNpy(const fs::path& file) {
    const std::string bytes = readAll(file);
    if (bytes.size() < 10 || bytes.substr(0, 8) != std::string("\x93NUMPY\x01\x00", 8)) {
        throw std::runtime_error(file.string() + " is no .npy file");
    }
    const size_t length = static_cast<unsigned char>(bytes[8]) + static_cast<unsigned char>(bytes[9]) * 256U;
    const std::string header = bytes.substr(10, length);
    Array array;
    array.kind = header.substr(header.find("'<") + 1, 3);
    std::string shape = header.substr(header.find('(') + 1);
    shape = shape.substr(0, shape.find(')'));
    for (size_t at = 0; at < shape.size();) {
        const size_t comma = std::min(shape.find(',', at), shape.size());
        const std::string n = shape.substr(at, comma - at);
        if (n.find_first_of("0123456789") != std::string::npos) {
            array.shape.push_back(std::stoul(n));
        }
        at = comma + 1;
    }
    if ((10 + length) % 64 != 0) {
        throw std::runtime_error("data does not begin at a multiple of 64");
    }
    array.data = bytes.substr(10 + length);
    return array;
}

TEST(Trace, WritesWhatTheGoldensSay) {
    const Json golden = Json::parse(readAll(goldenFolder() / "golden.json"));
    const Json& prompt = golden.at("prompts").at(0);
    std::string ids;
    for (const auto& id : prompt.at("ids")) {
        ids += ids.empty() ? "" : ",";
        ids += std::to_string(id.get<int>());
    }
    const size_t count = prompt.at("ids").size();
    const fs::path out = scratch() / "trace";
    const Json info = runCli({"info", "-m", goldenModel().string(), "--json"}).json();
    const Json said = runCli({"trace", "-m", goldenModel().string(), "--tokens", ids, "--out", out.string(), "--logits",
                              "all", "--probs", "--hidden", "--kv", "f32", "--json"})
                          .json();
    EXPECT_EQ(said.at("tokens"), count);
    const size_t layers = info.at("block_count");
    const size_t width = info.at("embedding_length");
    const size_t rows = info.at("vocab_size");
    const Array experts = readNpy(out / "routed_experts.npy");
    const Array weights = readNpy(out / "router_weights.npy");
    const Array probs = readNpy(out / "router_probs.npy");
    const Array logits = readNpy(out / "logits.npy");
    const Array hidden = readNpy(out / "hidden.npy");
    EXPECT_EQ(experts.kind, "<i4");
    EXPECT_EQ(weights.kind, "<f4");
    EXPECT_EQ(experts.shape, weights.shape);
    ASSERT_EQ(experts.shape.size(), 3U);
    EXPECT_EQ(experts.shape[0], count);
    EXPECT_EQ(probs.shape, (std::vector<size_t>{count, experts.shape[1], info.at("expert_count")}));
    EXPECT_EQ(logits.shape, (std::vector<size_t>{count, rows}));
    EXPECT_EQ(hidden.shape, (std::vector<size_t>{layers + 1, count, width}));
    for (const Array& array : {experts, weights, probs, logits, hidden}) {
        size_t values = 1;
        for (const size_t n : array.shape) {
            values *= n;
        }
        EXPECT_EQ(array.data.size(), values * 4);
    }
    for (const auto& [position, expected] : prompt.at("logits").items()) {
        if (expected.contains("full")) {
            for (size_t i = 0; i < expected.at("full").size(); ++i) {
                ASSERT_NEAR(logits.f32(std::stoul(position) * rows + i), expected.at("full")[i].get<double>(), 1e-3);
            }
        }
    }
    // A softmax over all experts adds up to 1 for each token and layer.
    const size_t expert_count = probs.shape[2];
    for (size_t row = 0; row < count * probs.shape[1]; ++row) {
        double sum = 0;
        for (size_t e = 0; e < expert_count; ++e) {
            sum += static_cast<double>(probs.f32(row * expert_count + e));
        }
        ASSERT_NEAR(sum, 1, 1e-4);
    }
    const Json meta = Json::parse(readAll(out / "meta.json"));
    EXPECT_EQ(meta.at("tokens"), prompt.at("ids"));
    EXPECT_EQ(meta.at("texts").size(), count);
    EXPECT_EQ(meta.at("moe_layers").size(), experts.shape[1]);
    EXPECT_EQ(meta.at("model").at("file_name"), "large_like.gguf");
    EXPECT_EQ(meta.at("model").at("sha256").get<std::string>().size(), 64U);
    EXPECT_EQ(meta.at("types").at("kv"), "f32");

    const Outcome again = runCli({"trace", "-m", goldenModel().string(), "--tokens", "1,2", "--out", out.string()});
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_FALSE(fs::exists(out / "logits.npy")) << "files of the trace before do not stay";
    EXPECT_FALSE(fs::exists(out / "hidden.npy"));
    EXPECT_EQ(readNpy(out / "routed_experts.npy").shape[0], 2U);
    for (const auto& entry : fs::directory_iterator(out)) {
        const std::string extension = entry.path().extension().string();
        EXPECT_TRUE(extension == ".npy" || extension == ".json") << entry.path();
    }
}

TEST(Trace, AnEarlierTraceIsReplacedAndThatIsSaid) {
    const std::string out = (scratch() / "twice").string();
    const std::vector<std::string> arguments{"trace", "-m", goldenModel().string(), "--tokens", "1", "--out", out};
    EXPECT_EQ(runCli(arguments).err, "");
    EXPECT_EQ(runCli(arguments).err, "“" + out + "/meta.json” was there and has been replaced.\n");
    std::vector<std::string> json = arguments;
    json.emplace_back("--json");
    EXPECT_EQ(runCli(json).err, "");
}

TEST(Trace, AFailureLeavesNothing) {
    const fs::path out = scratch() / "no-trace";
    const Outcome bad =
        runCli({"trace", "-m", goldenModel().string(), "--tokens", "1,99999999", "--out", out.string()});
    EXPECT_TRUE(bad.isFailure()) << bad.err;
    EXPECT_FALSE(fs::exists(out));
    writeAll(scratch() / "a-file", "keep me");
    const Outcome file =
        runCli({"trace", "-m", goldenModel().string(), "--tokens", "1", "--out", (scratch() / "a-file").string()});
    EXPECT_TRUE(file.isFailure()) << file.err;
    EXPECT_EQ(readAll(scratch() / "a-file"), "keep me");
}

TEST(Trace, AWhatIfIsTracedAndWrittenDown) {
    const fs::path out = scratch() / "what-if";
    const auto traced = [&](const std::vector<std::string>& more) {
        std::vector<std::string> all{"trace",
                                     "-m",
                                     goldenModel().string(),
                                     "--tokens",
                                     "5,6,7,8,9,10,11,12,13,14",
                                     "--out",
                                     out.string(),
                                     "--logits",
                                     "last",
                                     "--kv",
                                     "f32"};
        all.insert(all.end(), more.begin(), more.end());
        const Outcome outcome = runCli(all);
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        return Json::parse(readAll(out / "meta.json")).at("intervention");
    };
    EXPECT_TRUE(traced({}).is_null());
    const Array free = readNpy(out / "routed_experts.npy");
    const std::string logits = readNpy(out / "logits.npy").data;
    ASSERT_EQ(free.shape, (std::vector<size_t>{10, 4, 1}));
    const int32_t chosen = free.i32(0);
    const int32_t other = (free.i32(3) + 1) % 8;

    const std::string ban = "0:" + std::to_string(chosen);
    const std::string force = "3:" + std::to_string(other);
    EXPECT_EQ(traced({"--ban", ban, "--force", force, "--bias", "1:2:-0.5,2:7:1e1"}),
              Json::parse(R"({"ban": [[0, )" + std::to_string(chosen) + R"(]], "force": [[3, )" +
                          std::to_string(other) +
                          R"(]], "bias": [[1, 2, -0.5], [2, 7, 10.0]], "no_shared": false, "experts_used": null})"));
    const Array ruled = readNpy(out / "routed_experts.npy");
    for (size_t token = 0; token < 10; ++token) {
        EXPECT_NE(ruled.i32(token * 4), chosen);
        EXPECT_EQ(ruled.i32(token * 4 + 3), other);
    }
    EXPECT_NE(readNpy(out / "logits.npy").data, logits);

    EXPECT_EQ(traced({"--no-shared", "--experts-used", "3"}),
              Json::parse(R"({"ban": [], "force": [], "bias": [], "no_shared": true, "experts_used": 3})"));
    EXPECT_EQ(readNpy(out / "routed_experts.npy").shape, (std::vector<size_t>{10, 4, 3}));
    const Array weights = readNpy(out / "router_weights.npy");
    EXPECT_NEAR(weights.f32(0) + weights.f32(1) + weights.f32(2), 1, 1e-5);
    EXPECT_NE(readNpy(out / "logits.npy").data, logits);
}

TEST(Trace, AWhatIfThatTheModelCannotRunLeavesNothing) {
    const fs::path out = scratch() / "no-what-if";
    for (const auto& [options, sentence] :
         {std::pair<std::vector<std::string>, std::string>{{"--ban", "4:0"}, "There is no layer 4"},
          {{"--force", "0:8"}, "There is no expert 8"},
          {{"--force", "0:1,0:2"}, "2 experts are forced in layer 0"},
          {{"--experts-used", "9"}, "9 experts cannot answer each token"}}) {
        std::vector<std::string> all{"trace", "-m", goldenModel().string(), "--tokens", "1,2", "--out", out.string()};
        all.insert(all.end(), options.begin(), options.end());
        const Outcome outcome = runCli(all);
        EXPECT_TRUE(outcome.isFailure()) << outcome.code << outcome.err;
        EXPECT_TRUE(outcome.err.starts_with(sentence)) << outcome.err;
        EXPECT_FALSE(fs::exists(out));
    }
}

TEST(Perplexity, IsTheMeanSurpriseOfEachWindowsSecondHalf) {
    const std::string model = goldenModel().string();
    const std::string text = "The fox went down to the river, and the river was wide. It waited for the boat, and the "
                             "boat did not come until the moon was over the hill.";
    writeAll(scratch() / "text.txt", text);
    constexpr size_t window = 16;
    std::vector<int> tokens =
        runCli({"tokenize", "-m", model, "-p", text, "--json"}).json().at("tokens").get<std::vector<int>>();
    const Json measured = runCli({"perplexity", "-m", model, "-f", (scratch() / "text.txt").string(), "-c",
                                  std::to_string(window), "--kv", "f32", "--json"})
                              .json();
    const size_t windows = measured.at("windows");
    ASSERT_GE(windows, 1U);
    // Hunyuan's tokenizers add no BOS of their own: the text's tokens are cut as they are.
    ASSERT_EQ(windows, tokens.size() / window);
    double loss = 0;
    size_t counted = 0;
    for (size_t w = 0; w < windows; ++w) {
        std::string ids;
        for (size_t i = 0; i < window; ++i) {
            ids += i == 0 ? "" : ",";
            ids += std::to_string(tokens[w * window + i]);
        }
        const fs::path out = scratch() / "window";
        ASSERT_EQ(
            runCli({"trace", "-m", model, "--tokens", ids, "--out", out.string(), "--logits", "all", "--kv", "f32"})
                .code,
            0);
        const Array logits = readNpy(out / "logits.npy");
        const size_t rows = logits.shape[1];
        for (size_t i = window / 2; i + 1 < window; ++i) {
            double sum = 0;
            for (size_t v = 0; v < rows; ++v) {
                sum += std::exp(static_cast<double>(logits.f32(i * rows + v)));
            }
            loss += std::log(sum) -
                    static_cast<double>(logits.f32(i * rows + static_cast<size_t>(tokens[w * window + i + 1])));
            ++counted;
        }
    }
    EXPECT_EQ(measured.at("tokens"), counted);
    // Relative: random weights are surprised by millions.
    EXPECT_NEAR(measured.at("perplexity").get<double>() / std::exp(loss / static_cast<double>(counted)), 1, 1e-5);
    const Outcome tiny = runCli({"perplexity", "-m", model, "-f", (scratch() / "text.txt").string(), "-c", "128"});
    EXPECT_TRUE(tiny.isFailure()) << tiny.code << tiny.err;
    EXPECT_EQ(tiny.err, "“" + (scratch() / "text.txt").string() + "” has " + std::to_string(tokens.size()) +
                            " tokens, and one window needs 128: take a longer text, or smaller windows with -c.\n");
}

} // namespace
} // namespace moescope::test
