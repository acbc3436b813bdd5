// SPDX-License-Identifier: Apache-2.0
#include "engine/trace/error.h"
#include "engine/vulkan/selection.h"
#include "tests/engine/vulkan/scale.h"
#include "tests/support/kernel_fixture.h"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace moescope::test {

namespace {

namespace fs = std::filesystem;
using vulkan::Buffer;
using vulkan::Device;
using vulkan::DeviceOptions;
using vulkan::MemoryKind;

struct ScalePush {
    uint32_t count;
    float factor;
};

trace::DeviceInfo made(uint32_t index, const char* name, const char* type, uint64_t memory, const char* reason = "") {
    trace::DeviceInfo info;
    info.index = index;
    info.name = name;
    info.type = type;
    info.memory_bytes = memory;
    info.reason = reason;
    info.usable = info.reason.empty();
    return info;
}

template <typename Call>
trace::Error errorOf(Call call) {
    try {
        call();
    } catch (const trace::Error& error) {
        return error;
    }
    return {"none", "No error was thrown."};
}

TEST(Selection, PrefersHardwareThenMemory) {
    using vulkan::chooseDevice;
    const auto software = made(0, "llvmpipe", "software", 64);
    const auto integrated = made(1, "Iris", "integrated", 32);
    const auto discrete = made(2, "GeForce A", "discrete", 8);
    const auto larger = made(3, "GeForce B", "discrete", 16);
    const auto old = made(4, "Old Card", "discrete", 99, "Its driver offers Vulkan 1.1.0; 1.3 or later is needed.");
    EXPECT_EQ(chooseDevice({software}, ""), 0U);
    EXPECT_EQ(chooseDevice({software, integrated}, ""), 1U);
    EXPECT_EQ(chooseDevice({software, integrated, discrete, larger, old}, ""), 3U);
    EXPECT_EQ(chooseDevice({software, integrated, discrete, larger, old}, "1"), 1U);
    EXPECT_EQ(chooseDevice({software, integrated, discrete, larger, old}, "LLVM"), 0U);
    EXPECT_EQ(chooseDevice({software, integrated, discrete, larger, old}, "geforce"), 2U);
}

TEST(Selection, SaysWhyNot) {
    using vulkan::chooseDevice;
    const std::vector<trace::DeviceInfo> devices{made(0, "Old Card", "discrete", 9, "It has no queue that computes."),
                                                 made(1, "llvmpipe", "software", 2)};
    trace::Error error = errorOf([&] { chooseDevice(devices, "radeon"); });
    EXPECT_EQ(error.id(), "vulkan.no_match");
    EXPECT_STREQ(error.what(), "No Vulkan device matches “radeon”. There are: 0 “Old Card”, 1 “llvmpipe”.");
    EXPECT_EQ(errorOf([&] { chooseDevice(devices, "2"); }).id(), "vulkan.no_match");
    error = errorOf([&] { chooseDevice(devices, "old"); });
    EXPECT_EQ(error.id(), "vulkan.unusable");
    EXPECT_STREQ(error.what(), "The device “Old Card” cannot be used. It has no queue that computes.");
    EXPECT_EQ(errorOf([&] { chooseDevice({devices[0]}, ""); }).id(), "vulkan.unusable");
    EXPECT_EQ(errorOf([&] { chooseDevice({}, ""); }).id(), "vulkan.none");
    EXPECT_EQ(errorOf([&] { chooseDevice({}, "0"); }).id(), "vulkan.none");
}

TEST(Selection, NumbersNamesakes) {
    const std::vector<std::string> earlier{"llvmpipe (LLVM 15.0.6, 256 bits)", "RTX 3090",
                                           "Radeon Graphics (RADV RAPHAEL)"};
    const struct {
        const char* name;
        const char* expected;
    } cases[] = {
        {"llvmpipe (LLVM 15.0.6, 256 bits)", "llvmpipe #2 (LLVM 15.0.6, 256 bits)"},
        {"Radeon Graphics (RADV NAVI31)", "Radeon Graphics #2 (RADV NAVI31)"},
        {"RTX 3090", "RTX 3090 #2"},
        {"RTX 3090 Ti", "RTX 3090 Ti"},
        {"RTX", "RTX"},
        {"", ""},
    };
    for (const auto& [name, expected] : cases) {
        EXPECT_EQ(vulkan::nameAmong(earlier, name), expected);
        EXPECT_EQ(vulkan::nameAmong({}, name), name);
    }
    EXPECT_EQ(vulkan::nameAmong({"A", "A", "B"}, "A"), "A #3");
}

TEST(Selection, ComputesWhereTimeIsToldAndNothingIsDrawn) {
    using vulkan::QueueFamily;
    const QueueFamily transfer{.computes = false, .draws = false, .timestamp_bits = 64};
    const QueueFamily both{.computes = true, .draws = true, .timestamp_bits = 64};
    const QueueFamily computes{.computes = true, .draws = false, .timestamp_bits = 36};
    const QueueFamily timeless{.computes = true, .draws = false, .timestamp_bits = 0};
    const QueueFamily drawsTimeless{.computes = true, .draws = true, .timestamp_bits = 0};
    const struct {
        std::vector<QueueFamily> families;
        std::optional<uint32_t> expected;
    } cases[] = {
        {{}, std::nullopt},
        {{transfer}, std::nullopt},
        {{both}, 0},
        {{both, transfer, computes}, 2},
        {{computes, both, computes}, 0},
        {{both, timeless}, 0},
        {{timeless, both}, 1},
        {{transfer, drawsTimeless, timeless}, 2},
    };
    for (size_t i = 0; i < std::size(cases); ++i) {
        EXPECT_EQ(vulkan::chooseQueueFamily(cases[i].families), cases[i].expected) << "case " << i;
    }
}

class DeviceTest : public KernelTest {
protected:
    void SetUp() override {
        KernelTest::SetUp();
        m_folder = fs::temp_directory_path() /
                   ("moescope-" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
        fs::remove_all(m_folder);
    }
    void TearDown() override { fs::remove_all(m_folder); }

    /** Starts a device on the cache folder, makes a pipeline, and says how many bytes the cache brought. */
    static uint64_t start(const fs::path& folder, uint64_t shader_hash = 1) {
        DeviceOptions options;
        options.cache_folder = folder;
        options.shader_hash = shader_hash;
        const auto device = Device::create(options);
        const vulkan::ComputePipeline pipeline(*device, shaders::scale, {{0, 64}});
        pipeline.make();
        EXPECT_EQ(device->counters().pipelines_created, 1U);
        device->savePipelineCache();
        EXPECT_EQ(device->counters().validation_messages, 0U);
        return device->counters().pipeline_cache_bytes_loaded;
    }

    std::vector<fs::path> files() const {
        return {fs::begin(fs::directory_iterator(m_folder)), fs::end(fs::directory_iterator(m_folder))};
    }

    static std::vector<char> contents(const fs::path& file) {
        std::ifstream in(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    static void write(const fs::path& file, const std::vector<char>& bytes) {
        std::ofstream(file, std::ios::binary | std::ios::trunc)
            .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }

    fs::path m_folder;
};

TEST_F(DeviceTest, IsListedAndChosen) {
    const std::vector<trace::DeviceInfo> devices = Device::enumerate();
    ASSERT_FALSE(devices.empty());
    for (size_t i = 0; i < devices.size(); ++i) {
        EXPECT_EQ(devices[i].index, i);
        EXPECT_FALSE(devices[i].name.empty());
        EXPECT_EQ(devices[i].usable, devices[i].reason.empty());
        EXPECT_GT(devices[i].memory_bytes, 0U);
    }
    const trace::DeviceInfo& chosen = device().info();
    EXPECT_EQ(chosen.name, devices[chosen.index].name);
    EXPECT_TRUE(chosen.usable);
    EXPECT_EQ(chosen.type == "software", device().limits().software);
    EXPECT_FALSE(chosen.driver.empty());
    EXPECT_EQ(chosen.api_version.rfind("1.", 0), 0U);
    DeviceOptions options;
    options.selector = chosen.name.substr(1);
    EXPECT_EQ(Device::create(options)->info().name, chosen.name);
    options.selector = "no such device";
    EXPECT_EQ(errorOf([&] { Device::create(options); }).id(), "vulkan.no_match");
    EXPECT_GE(device().limits().max_storage_range, 128ULL << 20U);
    EXPECT_GE(device().limits().subgroup_size, 4U);
    EXPECT_GT(device().freeBytes(), 0U);
}

TEST_F(DeviceTest, IsLostForGood) {
    const auto lost = Device::create();
    const vulkan::ComputePipeline scale(*lost, shaders::scale, {{0, 1}});
    const Buffer buffer(*lost, 16, MemoryKind::HostVisible, "state");
    vulkan::CommandRecorder recorder(*lost, "step");
    recorder.begin();
    recorder.dispatch(scale, {1}, {buffer, buffer}, ScalePush{0, 1.0F});
    recorder.end();
    lost->injectFailure(vulkan::Fault::DeviceLost, 2);
    recorder.submitAndWait();
    recorder.submitAndWait();
    const uint64_t submissions = lost->counters().submissions;
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(errorOf([&] { recorder.submit(); }).id(), "vulkan.device_lost") << i;
    }
    EXPECT_EQ(lost->counters().submissions, submissions);
    // A device made anew works.
    const auto next = Device::create();
    const Buffer other(*next, 16, MemoryKind::DeviceLocal, "state");
    EXPECT_EQ(readBack<uint32_t>(other), std::vector<uint32_t>(4, 0));
}

TEST_F(DeviceTest, ReusesThePipelineCache) {
    EXPECT_EQ(start(m_folder), 0U);
    ASSERT_EQ(files().size(), 1U);
    EXPECT_GT(start(m_folder), 0U);
    EXPECT_EQ(files().size(), 1U) << "nothing else is left behind";
    EXPECT_EQ(start(m_folder, 2), 0U) << "other kernels, other cache";
    EXPECT_EQ(files().size(), 2U);
    EXPECT_GT(start(m_folder, 2), 0U);
}

TEST_F(DeviceTest, SurvivesADamagedCache) {
    start(m_folder);
    const fs::path file = files().at(0);
    const std::vector<char> good = contents(file);
    ASSERT_GE(good.size(), 24U + 32U); // our header and the driver's
    std::vector<std::vector<char>> damaged{{}, {'x'}, std::vector<char>(good.begin(), good.end() - 1), good};
    damaged.back().push_back('x');
    for (const size_t at : {size_t{0}, size_t{8}, size_t{16}, size_t{24}, size_t{45}, good.size() - 1}) {
        damaged.push_back(good);
        damaged.back()[at] ^= 1;
    }
    for (size_t i = 0; i < damaged.size(); ++i) {
        write(file, damaged[i]);
        EXPECT_EQ(start(m_folder), 0U) << "damage " << i;
        EXPECT_GT(start(m_folder), 0U) << "after damage " << i;
    }
}

TEST_F(DeviceTest, IgnoresTheCacheOfAnotherDriver) {
    start(m_folder);
    const fs::path file = files().at(0);
    std::vector<char> bytes = contents(file);
    bytes[24 + 16] ^= 1; // first byte of the UUID; the checksum is made to fit, as another driver's would
    uint64_t checksum = 0xCBF29CE484222325ULL;
    for (size_t i = 24; i < bytes.size(); ++i) {
        checksum = (checksum ^ static_cast<uint8_t>(bytes[i])) * 0x100000001B3ULL;
    }
    std::memcpy(bytes.data() + 16, &checksum, sizeof(checksum));
    write(file, bytes);
    EXPECT_EQ(start(m_folder), 0U);
}

TEST_F(DeviceTest, SurvivesAFolderThatCannotBeWritten) {
    // Permissions bind no administrator: a file in the folder's place and a folder in the file's place bind all.
    write(m_folder, {'x'});
    EXPECT_EQ(start(m_folder), 0U);
    EXPECT_EQ(contents(m_folder), std::vector<char>{'x'});
    fs::remove(m_folder);

    start(m_folder);
    const fs::path file = files().at(0);
    fs::remove(file);
    fs::create_directories(file / "taken");
    EXPECT_EQ(start(m_folder), 0U);
    EXPECT_EQ(files().size(), 1U);
    fs::remove_all(file);

    fs::permissions(m_folder, fs::perms::owner_read | fs::perms::owner_exec);
    EXPECT_EQ(start(m_folder), 0U);
    fs::permissions(m_folder, fs::perms::owner_all);
}

} // namespace

} // namespace moescope::test
