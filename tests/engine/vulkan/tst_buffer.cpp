// SPDX-License-Identifier: Apache-2.0
#include "engine/trace/error.h"
#include "tests/support/kernel_fixture.h"

#include <stdexcept>

namespace moescope::test {

namespace {

using vulkan::Buffer;
using vulkan::Device;
using vulkan::DeviceOptions;
using vulkan::MemoryKind;

/** Both ways to memory: mapped, and through staging as on a card of its own. */
class BufferTest : public KernelTest, public ::testing::WithParamInterface<bool> {
protected:
    void SetUp() override {
        KernelTest::SetUp();
        if (HasFatalFailure() || IsSkipped()) {
            return;
        }
        DeviceOptions options;
        options.separate_memory = GetParam();
        m_device = Device::create(options);
    }
    void TearDown() override {
        if (m_device) {
            EXPECT_EQ(m_device->counters().validation_messages, 0U);
        }
    }
    std::unique_ptr<Device> m_device;
};

std::vector<uint8_t> noise(size_t count) {
    Random random(7);
    std::vector<uint8_t> bytes(count);
    for (uint8_t& byte : bytes) {
        byte = static_cast<uint8_t>(random.below(256));
    }
    return bytes;
}

TEST_P(BufferTest, IsZeroedAtBirth) {
    for (int round = 0; round < 4; ++round) { // memory comes back used
        Buffer buffer(*m_device, 1'000'001, MemoryKind::DeviceLocal, "zeroes");
        EXPECT_EQ(buffer.isMapped(), m_device->limits().unified_memory);
        EXPECT_EQ(readBack<uint8_t>(buffer), std::vector<uint8_t>(1'000'001, 0));
        buffer.upload(0, std::vector<uint8_t>(1'000'001, 0xFF));
    }
}

TEST_P(BufferTest, WithoutContentsHasAPaddingOfZerosAllTheSame) {
    for (const uint64_t bytes : {1ULL, 16ULL, 1'000'001ULL}) {
        for (int round = 0; round < 2; ++round) { // memory comes back used
            Buffer buffer(*m_device, bytes, MemoryKind::DeviceLocal, "undefined", vulkan::Contents::Undefined);
            if (buffer.isMapped()) {
                const uint8_t* end = buffer.mapped<uint8_t>() + bytes;
                EXPECT_EQ(std::vector<uint8_t>(end, end + (16 - bytes % 16) % 16),
                          std::vector<uint8_t>((16 - bytes % 16) % 16, 0));
            }
            const std::vector<uint8_t> contents = noise(bytes);
            buffer.upload(0, contents);
            EXPECT_EQ(readBack<uint8_t>(buffer), contents) << bytes;
        }
    }
}

TEST_P(BufferTest, KeepsWhatIsUploaded) {
    const std::vector<uint8_t> bytes = noise((48U << 20U) + 5); // three rounds of staging and a rest
    Buffer buffer(*m_device, bytes.size() + 3, MemoryKind::DeviceLocal, "round trip");
    buffer.upload(3, bytes);
    EXPECT_EQ(readBack<uint8_t>(buffer, 3), std::vector<uint8_t>(3, 0));
    EXPECT_EQ(readBack<uint8_t>(buffer, bytes.size(), 3), bytes);
    const std::vector<uint8_t> part{1, 2, 3};
    buffer.upload(1000, part);
    EXPECT_EQ(readBack<uint8_t>(buffer, 3, 1000), part);
    EXPECT_EQ(readBack<uint8_t>(buffer, 1, 1003)[0], bytes[1000]);
    buffer.upload(buffer.size(), {});
}

TEST_P(BufferTest, ListsOfCopiesTakeAsFewSubmissionsAsStagingIsFilledTimes) {
    constexpr uint64_t staged = 16U << 20U; // engine/vulkan/transfer.cpp
    Buffer first(*m_device, staged + 1'000, MemoryKind::DeviceLocal, "first");
    Buffer second(*m_device, staged, MemoryKind::DeviceLocal, "second");
    Buffer near(*m_device, 5'000, MemoryKind::HostVisible, "near");
    const std::vector<uint8_t> bytes = noise(staged + 20'000);
    std::vector<vulkan::Upload> uploads;
    uint64_t far = 0; // bytes that the host does not see, where there are such
    std::span<const uint8_t> rest(bytes);
    const auto add = [&](Buffer& to, uint64_t offset, uint64_t count) {
        uploads.push_back({&to, offset, rest.first(count)});
        rest = rest.subspan(count);
        far += to.isMapped() ? 0 : count;
    };
    for (uint32_t i = 0; i < 300; ++i) { // of odd lengths at odd places, by turns
        add(first, uint64_t{i} * 41 + 3, i % 37);
        add(second, uint64_t{i} * 101 + 7, i % 13 + 1);
        add(near, uint64_t{i} * 9, i % 9);
    }
    add(first, 13'000, staged - 12'500); // ends in the next round
    const auto submissions = [&](const auto& work) {
        const uint64_t before = m_device->counters().submissions;
        work();
        return m_device->counters().submissions - before;
    };
    ASSERT_TRUE(far == 0 || (far > staged - 12'500 && far < 2 * staged));
    const uint64_t rounds = (far + staged - 1) / staged;
    EXPECT_EQ(submissions([&] { vulkan::upload(*m_device, uploads); }), rounds);

    std::vector<std::vector<uint8_t>> read;
    std::vector<vulkan::Download> downloads;
    for (const vulkan::Upload& upload : uploads) {
        read.emplace_back(upload.bytes.size());
    }
    for (size_t i = 0; i < uploads.size(); ++i) {
        downloads.push_back({uploads[i].to, uploads[i].offset, read[i]});
    }
    EXPECT_EQ(submissions([&] { vulkan::download(*m_device, downloads); }), rounds);
    for (size_t i = 0; i < uploads.size(); ++i) {
        EXPECT_TRUE(std::equal(read[i].begin(), read[i].end(), uploads[i].bytes.begin())) << i;
    }
    EXPECT_EQ(readBack<uint8_t>(first, 3), std::vector<uint8_t>(3, 0)) << "what lies before the first run";
    EXPECT_EQ(submissions([&] { vulkan::upload(*m_device, {}); }), 0U);
    const vulkan::Upload outside{&near, 4'999, std::span(bytes).first(2)};
    EXPECT_THROW(vulkan::upload(*m_device, std::span(&outside, 1)), std::logic_error);
}

TEST_P(BufferTest, IsMappedWhereTheHostAsks) {
    Buffer buffer(*m_device, 64, MemoryKind::HostVisible, "mapped");
    ASSERT_TRUE(buffer.isMapped());
    buffer.mapped<uint32_t>()[15] = 7;
    EXPECT_EQ(readBack<uint32_t>(buffer)[15], 7U);
}

TEST_P(BufferTest, RefusesRangesOutside) {
    Buffer buffer(*m_device, 64, MemoryKind::DeviceLocal, "small");
    std::vector<uint8_t> bytes(65);
    EXPECT_THROW(buffer.upload(0, bytes), std::logic_error);
    EXPECT_THROW(buffer.download(0, bytes), std::logic_error);
    EXPECT_THROW(buffer.upload(UINT64_MAX, std::span(bytes).first(2)), std::logic_error);
    EXPECT_THROW(buffer.download(65, {}), std::logic_error);
    EXPECT_THROW(Buffer(*m_device, 0, MemoryKind::DeviceLocal, "none"), std::logic_error);
}

TEST_P(BufferTest, CountsItsBytes) {
    const trace::PlacedBytes before = m_device->allocated();
    const uint64_t free_before = m_device->freeBytes();
    {
        const Buffer buffer(*m_device, (1U << 20U) + 1, MemoryKind::DeviceLocal, "counted");
        const Buffer read(*m_device, 100, MemoryKind::HostVisible, "read");
        // The driver may add to what it was asked for, and never gives less.
        EXPECT_GE(buffer.allocated().total(), (1U << 20U) + 16);
        EXPECT_GE(read.allocated().total(), 112U);
        EXPECT_EQ(buffer.allocated().mapped != 0, buffer.isMapped());
        EXPECT_EQ(buffer.allocated().host, 0U);
        EXPECT_EQ(read.allocated().device, 0U) << "the host reads it";
        trace::PlacedBytes all = before;
        all += buffer.allocated();
        all += read.allocated();
        EXPECT_EQ(m_device->allocated(), all);
        // A driver that tells a budget may count what was touched, and what other programs take.
        if (!m_device->hasMemoryBudget()) {
            EXPECT_LT(m_device->freeBytes(), free_before);
        }
    }
    EXPECT_EQ(m_device->allocated(), before);
    if (!m_device->hasMemoryBudget()) {
        EXPECT_EQ(m_device->freeBytes(), free_before);
    }
}

TEST_P(BufferTest, KeepsAnAccountOfItsStaging) {
    EXPECT_EQ(m_device->staging(), trace::MemoryUse());
    Buffer buffer(*m_device, 64, MemoryKind::DeviceLocal, "far");
    buffer.upload(0, std::vector<uint8_t>(64, 7));
    const trace::MemoryUse staging = m_device->staging();
    EXPECT_EQ(staging.bytes != 0, !buffer.isMapped());
    EXPECT_GE(staging.allocated.total(), staging.bytes);
    EXPECT_EQ(m_device->allocated().total(), buffer.allocated().total() + staging.allocated.total());
}

TEST_P(BufferTest, NamesTheLimitOfAnAllocation) {
    const uint64_t bytes = m_device->limits().max_allocation + 1;
    try {
        const Buffer buffer(*m_device, bytes, MemoryKind::DeviceLocal, "blk.0.ffn_up_exps.weight");
        FAIL();
    } catch (const trace::Error& error) {
        EXPECT_EQ(error.id(), "vulkan.too_large");
        const std::string text = error.what();
        EXPECT_NE(text.find("“blk.0.ffn_up_exps.weight” needs " + trace::bytesText(bytes)), std::string::npos) << text;
    }
}

TEST_P(BufferTest, SaysWhatTheDeviceHasNoMemoryFor) {
    const uint64_t before = m_device->allocated().total();
    m_device->injectFailure(vulkan::Fault::OutOfMemory, 1);
    const Buffer first(*m_device, 64, MemoryKind::HostVisible, "first");
    try {
        const Buffer second(*m_device, 3U << 20U, MemoryKind::HostVisible, "second");
        FAIL();
    } catch (const trace::Error& error) {
        EXPECT_EQ(error.id(), "vulkan.memory");
        const std::string text = error.what();
        EXPECT_NE(text.find("“second”: it needs 3.00 MiB"), std::string::npos) << text;
    }
    EXPECT_EQ(m_device->allocated().total(), before + first.allocated().total());
    const Buffer third(*m_device, 3U << 20U, MemoryKind::HostVisible, "third");
    EXPECT_EQ(readBack<uint8_t>(third, 1)[0], 0);
}

INSTANTIATE_TEST_SUITE_P(Memory, BufferTest, ::testing::Bool(),
                         [](const auto& tested) { return tested.param ? "Separate" : "Own"; });

} // namespace

} // namespace moescope::test
