// SPDX-License-Identifier: Apache-2.0
// Memory as said and as planned, weights that overflow, and the cache of the kernels.
#include "tests/app/cli/program.h"

#include <gtest/gtest.h>

#include <cstring>
#include <stdexcept>

namespace moescope::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

fs::path golden(const std::string& name) { return goldenFolder().parent_path() / name; }

fs::path converted(const fs::path& folder, const std::string& name) {
    fs::path model = scratch() / (name + ".gguf");
    const Outcome made = runCli({"convert", folder.string(), model.string(), "--type", "f32"});
    EXPECT_EQ(made.code, 0) << made.err;
    return model;
}

/** A copy of a golden model in which every weight of one tensor is `value`. */
fs::path filled(const std::string& name, const std::string& tensor, float value) {
    const fs::path folder = scratch() / "filled";
    fs::remove_all(folder);
    fs::create_directories(folder);
    for (const auto& entry : fs::directory_iterator(golden(name))) {
        fs::copy_file(entry.path(), folder / entry.path().filename());
    }
    std::string bytes = readAll(folder / "model.safetensors");
    uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    const Json head = Json::parse(bytes.substr(8, length)).at(tensor);
    const size_t element = head.at("dtype") == "F32" ? 4 : 2; // else BF16: the upper half
    const auto offsets = head.at("data_offsets").get<std::vector<size_t>>();
    for (size_t at = offsets[0]; at < offsets[1]; at += element) {
        std::memcpy(bytes.data() + 8 + length + at, reinterpret_cast<const char*>(&value) + 4 - element, element);
    }
    writeAll(folder / "model.safetensors", bytes);
    return converted(folder, "filled");
}

TEST(Memory, TheCacheIsThatOfTheOwnersAndAsPlanned) {
    struct Case {
        const char* name;
        uint64_t sharing; // layers that share one cache
    };
    for (const Case& c : {Case{"large_like", 2}, Case{"cla4", 4}, Case{"cla_off", 1}}) {
        const std::string model = converted(golden(c.name), c.name).string();
        const Json info = runCli({"info", "-m", model, "--json"}).json();
        const uint64_t layers = info.at("block_count");
        const uint64_t owners = (layers + c.sharing - 1) / c.sharing;
        const uint64_t width = info.at("head_count_kv").get<uint64_t>() * info.at("head_dim").get<uint64_t>();
        for (const auto& [kv, element] : {std::pair{"f32", 4}, std::pair{"f16", 2}}) {
            const Json run =
                runCli({"run", "-m", model, "--tokens", "1,2", "-n", "1", "--ctx", "96", "--kv", kv, "--json"}).json();
            const Json plan = runCli({"plan", "-m", model, "-c", "96", "--kv", kv, "--json"}).json();
            EXPECT_EQ(run.at("memory").at("kv_bytes"), plan.at("kv_bytes")) << c.name << " " << kv;
            EXPECT_EQ(plan.at("kv_bytes"), owners * 2 * width * static_cast<uint64_t>(element) * 96)
                << c.name << " " << kv;
        }
    }
}

TEST(Weights, FiniteOnesThatOverflowEndInASentence) {
    struct Case {
        const char* tensor;
        const char* what;
    };
    // The norm's attention is NaN, and so is what the routers of its layer and the next see.
    for (const Case& c : {Case{"lm_head.weight", "logits"}, Case{"model.layers.2.input_layernorm.weight", "a norm"}}) {
        const std::string model = filled("untied", c.tensor, 3.0e38F).string();
        for (const char* temperature : {"0", "1"}) {
            const Outcome run = runCli({"run", "-m", model, "--tokens", "5,6,7,8,9", "-n", "4", "--ignore-eos",
                                        "--temp", temperature, "--kv", "f32"});
            EXPECT_TRUE(run.isFailure()) << c.what << ", temperature " << temperature << ": " << run.code << run.err;
        }
    }
}

TEST(KernelCache, DamagedItIsMadeAnewAndNothingIsSaid) {
    const fs::path base = scratch() / "cache";
    fs::create_directories(base);
    const Environment environment{{"XDG_CACHE_HOME", base.string()}};
    const std::vector<std::string> arguments{"run",    "-m", goldenModel().string(), "--tokens", "5,6,7", "-n", "6",
                                             "--temp", "0",  "--ignore-eos",         "--json"};
    const Json want = runCli(arguments, environment).json().at("tokens");
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(base / "moescope")) {
        if (entry.is_regular_file()) {
            files.push_back(entry.path());
        }
    }
    ASSERT_EQ(files.size(), 1U);
    const std::string good = readAll(files[0]);
    ASSERT_GE(good.size(), 56U) << "our header and the driver's, at least";
    std::string flipped = good;
    flipped[good.size() / 2] = static_cast<char>(flipped[good.size() / 2] ^ 0x55);
    for (const std::string& damaged :
         {std::string(), std::string("x"), good.substr(0, good.size() / 2), flipped, std::string(good.size(), '\0')}) {
        writeAll(files[0], damaged);
        const Outcome run = runCli(arguments, environment);
        EXPECT_EQ(run.err, "");
        EXPECT_EQ(run.json().at("tokens"), want);
        EXPECT_EQ(fs::file_size(files[0]), good.size()) << "it is written anew";
    }
    // Read-only, as far as that binds whoever runs this: what is there stays and nothing is said.
    fs::remove(files[0]);
    fs::create_directory(files[0]);
    const Outcome run = runCli(arguments, environment);
    EXPECT_EQ(run.err, "");
    EXPECT_EQ(run.json().at("tokens"), want);
    EXPECT_TRUE(fs::is_directory(files[0]));
}

} // namespace
} // namespace moescope::test
