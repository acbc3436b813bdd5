// SPDX-License-Identifier: Apache-2.0
// Models of random weights, and the speed of models.
#include "engine/gguf/reader.h"
#include "engine/model/hugging_face.h"
#include "engine/model/synth_file.h"
#include "engine/model/synth_shapes.h"
#include "engine/trace/error.h"
#include "tests/app/cli/program.h"

#include <gtest/gtest.h>

#include <set>

namespace moescope::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Json synth(const fs::path& target, const std::vector<std::string>& options) {
    std::vector<std::string> arguments{"synth", target.string(), "--json"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Outcome outcome = runCli(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(outcome.err.empty());
    return outcome.json();
}

} // namespace

TEST(Synth, every_shape_is_that_of_its_model) {
    struct Known {
        const char* name;
        double parameters; ///< in billions, as its makers say
        double active_parameters;
        const char* architecture;
    };
    for (const Known& known : {Known{"tiny", 1.3, 0.26, "hunyuan-moe"}, Known{"olmoe", 6.9, 1.3, "olmoe"},
                               Known{"qwen3-30b-a3b", 30.5, 3.3, "qwen3moe"}, Known{"a13b", 80.4, 13, "hunyuan-moe"},
                               Known{"large", 389, 52, "hunyuan-large"}}) {
        const model::ModelConfig config = model::synthConfig(model::findSynthShape(known.name), {});
        EXPECT_EQ(config.architecture, known.architecture);
        double all = 0;
        double active = 0;
        for (const model::ExpectedTensor& tensor : model::expectedTensors(config)) {
            double weights = 1;
            for (const uint64_t size : tensor.shape) {
                weights *= static_cast<double>(size);
            }
            const bool routed = tensor.name.find("_exps.") != std::string::npos;
            all += weights;
            active += routed ? weights / config.expert_count * config.expert_used_count : weights;
        }
        EXPECT_NEAR(all / 1e9, known.parameters, 0.02 * known.parameters) << known.name;
        EXPECT_NEAR(active / 1e9, known.active_parameters, 0.05 * known.active_parameters) << known.name;
    }
}

TEST(Synth, a_model_of_random_weights_runs_and_says_what_it_is) {
    const fs::path file = scratch() / "tiny.gguf";
    const Json written = synth(file, {"--like", "tiny", "--type", "q4_k", "--layers", "1"});
    EXPECT_EQ(written["bytes"], fs::file_size(file));
    const gguf::Reader reader(file);
    EXPECT_TRUE(reader.boolean("moescope.synthetic").value_or(false));
    EXPECT_TRUE(has(runCli({"info", "-m", file.string()}).out, "random weights"));
    const Outcome outcome =
        runCli({"run", "-m", file.string(), "-p", "Hello.", "-n", "4", "--ignore-eos", "--temp", "0", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.json()["tokens"].size(), 4U);
}

TEST(Synth, seeds_and_types_decide_the_bytes) {
    const auto made = [](const std::string& name, const std::vector<std::string>& options) {
        std::vector<std::string> all{"--like", "tiny", "--layers", "1"};
        all.insert(all.end(), options.begin(), options.end());
        synth(scratch() / name, all);
        return readAll(scratch() / name);
    };
    const std::string one = made("one.gguf", {"--type", "q2_k"});
    EXPECT_EQ(one, made("again.gguf", {"--type", "q2_k"}));
    EXPECT_NE(one, made("seed.gguf", {"--type", "q2_k", "--seed", "5"}));
    EXPECT_NE(one.size(), made("type.gguf", {"--type", "mxfp4"}).size());
}

TEST(Synth, a_cancelled_model_is_named_and_not_written) {
    const fs::path file = scratch() / "cancelled.gguf";
    const auto cancel = [](uint64_t, uint64_t) { return false; };
    try {
        model::synthFile(file, {.like = "tiny", .layers = 1, .progress = cancel});
        ADD_FAILURE() << "it went on";
    } catch (const trace::Error& error) {
        EXPECT_EQ(error.id(), "synth.cancelled");
        EXPECT_STREQ(error.what(), "The model “cancelled.gguf” was cancelled; no file was written.");
    }
    EXPECT_FALSE(fs::exists(file));
}

TEST(Synth, says_what_has_another_type) {
    const std::string file = (scratch() / "other.gguf").string();
    const auto made = [&](const char* type) {
        return runCli({"synth", "--like", "tiny", "--layers", "1", "--type", type, file}).out;
    };
    EXPECT_FALSE(has(made("q8_0"), "another type"));
    EXPECT_FALSE(has(made("f16"), "another type"));
    fs::remove(file);
}

TEST(Synth, without_room_for_it_nothing_is_written) {
    const fs::path file = scratch() / "large.gguf";
    const fs::space_info space = fs::space(scratch());
    if (space.available > uint64_t{1400} << 30) {
        GTEST_SKIP() << "this folder has room for it";
    }
    const Outcome outcome = runCli({"synth", "--like", "large", "--type", "f32", file.string()});
    EXPECT_TRUE(outcome.isFailure()) << outcome.code << outcome.err;
    EXPECT_TRUE(has(outcome.err, "“large.gguf” would take 1.41 TiB and its folder has room for ")) << outcome.err;
    EXPECT_FALSE(fs::exists(file));
}

TEST(Synth, refuses_what_it_does_not_know) {
    const fs::path file = scratch() / "refused.gguf";
    for (const std::vector<std::string>& options :
         std::vector<std::vector<std::string>>{{"--like", "gpt-5"},
                                               {},
                                               {"--like", "tiny", "--layers", "0"},
                                               {"--like", "tiny", "--type", "q9"},
                                               {"--like", "tiny", "--seed", "-1"}}) {
        std::vector<std::string> arguments{"synth", file.string()};
        arguments.insert(arguments.end(), options.begin(), options.end());
        const Outcome outcome = runCli(arguments);
        EXPECT_EQ(outcome.code, 2) << outcome.err;
        EXPECT_FALSE(fs::exists(file));
    }
    const Outcome nowhere = runCli({"synth", (scratch() / "no folder" / "x.gguf").string(), "--like", "tiny"});
    EXPECT_TRUE(nowhere.isFailure()) << nowhere.err;
}

TEST(Bench, a_prefill_may_fill_the_context) {
    const std::string model = goldenModel().string();
    const uint32_t context = runCli({"info", "-m", model, "--json"}).json().at("context_length");
    const auto bench = [&](uint32_t tokens) {
        return runCli(
            {"bench", "-m", model, "-p", std::to_string(tokens), "-n", "0", "-r", "1", "--profile", "--json"});
    };
    const Outcome all = bench(context);
    ASSERT_EQ(all.code, 0) << all.err;
    EXPECT_EQ(all.json().at("tests").at(0).at("name"), "pp" + std::to_string(context));
    const Outcome beyond = bench(context + 1);
    EXPECT_TRUE(beyond.isFailure()) << beyond.code << beyond.err;
    EXPECT_TRUE(has(beyond.err, "The test pp" + std::to_string(context + 1) + " needs " + std::to_string(context + 1) +
                                    " tokens of context and this model was made for " + std::to_string(context)))
        << beyond.err;
    EXPECT_TRUE(has(runCli({"bench", "-m", model, "-p", "0", "-n", "0"}).err, "nothing to measure"));
}

TEST(Bench, tells_what_was_achieved_of_what_the_device_can) {
    const Json report =
        runCli({"bench", "-m", goldenModel().string(), "-p", "64", "-n", "8", "-r", "1", "--json"}).json();
    const double copy = report.at("copy_gb_per_second");
    const double multiply = report.at("fma_gflop_per_second");
    EXPECT_GT(copy, 0.1);
    EXPECT_GT(multiply, 0.1);
    EXPECT_LT(multiply, 1e6);
    ASSERT_EQ(report.at("tests").size(), 2U);
    const Json& prefill = report.at("tests").at(0);
    EXPECT_TRUE(prefill.at("gb_per_second").is_null());
    EXPECT_GT(prefill.at("gflop_per_second").get<double>(), 0);
    EXPECT_DOUBLE_EQ(prefill.at("share_of_device").get<double>(),
                     prefill.at("gflop_per_second").get<double>() / multiply);
    const Json& decode = report.at("tests").at(1);
    EXPECT_TRUE(decode.at("gflop_per_second").is_null());
    EXPECT_GT(decode.at("gb_per_second").get<double>(), 0);
    EXPECT_DOUBLE_EQ(decode.at("share_of_device").get<double>(), decode.at("gb_per_second").get<double>() / copy);
}

TEST(Bench, a_profile_names_each_interval_of_each_layer) {
    const Outcome outcome = runCli({"bench", "-p", "9", "-n", "2", "-r", "1", "--profile", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const Json report = outcome.json();
    EXPECT_EQ(report["tests"].size(), 2U);
    for (const char* part : {"profile", "profile_prefill"}) {
        std::set<int> layers;
        double all = 0;
        for (const Json& interval : report[part]) {
            EXPECT_FALSE(interval["kernels"].get<std::string>().empty());
            EXPECT_GE(interval["ms"].get<double>(), 0) << interval;
            EXPECT_LT(interval["ms"].get<double>(), 10000) << interval;
            all += interval["ms"].get<double>();
            if (interval["layer"].is_number()) {
                layers.insert(interval["layer"].get<int>());
            }
        }
        EXPECT_EQ(layers.size(), 8U) << part;
        EXPECT_GT(all, 0);
    }
}

} // namespace moescope::test
