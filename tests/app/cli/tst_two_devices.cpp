// SPDX-License-Identifier: Apache-2.0
// A machine with two devices: the software driver of this one twice, or beside it the one whose manifest
// MOESCOPE_SECOND_DRIVER names (tests/house/second_device.sh).
#include "tests/app/cli/program.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

namespace moescope::test {
namespace {

namespace fs = std::filesystem;

const fs::path manifests = "/usr/share/vulkan/icd.d";

fs::path softwareDriver() {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(manifests, error)) {
        if (has(entry.path().filename().string(), "lvp_icd")) {
            return entry.path();
        }
    }
    return {};
}

class TwoDevices : public ::testing::Test {
protected:
    void SetUp() override {
        const fs::path first = softwareDriver();
        if (first.empty()) {
            // ctest looks for the first word: CMakeLists.txt.
            std::fprintf(stderr, "SKIPPED, Mesa's software driver has no manifest in %s.\n", manifests.c_str());
            GTEST_SKIP() << "Mesa's software driver has no manifest in " << manifests;
        }
        const char* given = std::getenv("MOESCOPE_SECOND_DRIVER");
        other = given != nullptr;
        fs::path second = other ? fs::path(given) : scratch() / "second_driver.json";
        if (!other) {
            writeAll(second, readAll(first)); // of one manifest the loader takes one
        }
        const std::string both = first.string() + ":" + second.string();
        environment = {{"VK_DRIVER_FILES", both}, {"VK_ICD_FILENAMES", both}};
        devices = runCli({"devices", "--json"}, environment).json().at("devices");
        ASSERT_EQ(devices.size(), 2U) << devices;
    }
    /** The name of the device that a command ran on. */
    std::string ranOn(const std::string& selector) const {
        std::vector<std::string> arguments{
            "run", "-m", goldenModel().string(), "--tokens", "1,2,3", "-n", "2", "--temp", "0", "--json"};
        if (!selector.empty()) {
            arguments.insert(arguments.end(), {"--device", selector});
        }
        const Outcome run = runCli(arguments, environment);
        return run.code == 0 ? run.json().at("device").get<std::string>() : run.err;
    }
    std::string text(size_t device, const char* field) const { return devices.at(device).at(field).get<std::string>(); }

    bool other = false; ///< the second has another driver
    Environment environment;
    nlohmann::json devices;
};

TEST_F(TwoDevices, AreListedByNamesThatTellThemApart) {
    for (size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(devices[i].at("index"), i);
        EXPECT_TRUE(devices[i].at("usable").get<bool>()) << devices[i];
        EXPECT_EQ(text(i, "type"), "software");
    }
    EXPECT_NE(text(0, "name"), text(1, "name"));
    EXPECT_EQ(text(0, "driver") == text(1, "driver"), !other);
    const Outcome table = runCli({"devices"}, environment);
    EXPECT_EQ(table.code, 0);
    EXPECT_TRUE(has(table.out, text(0, "name")) && has(table.out, text(1, "name"))) << table.out;
}

TEST_F(TwoDevices, AreChosenByIndexAndByAPartOfTheName) {
    const std::string first = text(0, "name");
    const std::string second = text(1, "name");
    EXPECT_EQ(ranOn("0"), first);
    EXPECT_EQ(ranOn("1"), second);
    EXPECT_EQ(ranOn(first), first);
    EXPECT_EQ(ranOn(second), second);
    // What the window shows of a name, and keeps as the choice.
    EXPECT_EQ(ranOn(first.substr(0, first.find(" ("))), first);
    EXPECT_EQ(ranOn(second.substr(0, second.find(" ("))), second);
    EXPECT_EQ(ranOn("LLVMpipe #2"), second);
    const std::string none = ranOn("#3");
    EXPECT_TRUE(has(none, first) && has(none, second)) << none;
}

TEST_F(TwoDevices, TheLargerOfAKindIsTheBest) {
    const bool larger = devices[1].at("memory_bytes").get<uint64_t>() > devices[0].at("memory_bytes").get<uint64_t>();
    EXPECT_EQ(ranOn(""), text(larger ? 1 : 0, "name"));
}

} // namespace
} // namespace moescope::test
