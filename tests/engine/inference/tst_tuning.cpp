// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/tuning.h"
#include "tests/support/kernel_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

namespace moescope::test {

using gguf::TensorType;
using inference::MatvecCut;
using inference::possibleCuts;
using inference::tunedCut;

namespace fs = std::filesystem;

namespace {

constexpr uint64_t bytes = 1 << 20;

std::string contents(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace

class TuningTest : public KernelTest {
protected:
    void SetUp() override {
        KernelTest::SetUp();
        m_folder = fs::temp_directory_path() / ("moescope-tuning-" + std::to_string(std::random_device()()));
        if (!IsSkipped() && !HasFatalFailure()) {
            own = vulkan::Device::create({.cache_folder = m_folder, .shader_hash = 1});
        }
    }
    void TearDown() override {
        own.reset();
        fs::remove_all(m_folder);
    }
    bool isPossible(const MatvecCut& cut) const {
        const std::vector<MatvecCut> all = possibleCuts(own->limits(), 4096);
        return std::find(all.begin(), all.end(), cut) != all.end();
    }
    /** Whether tunedCut() measured. */
    bool measures(TensorType type, MatvecCut& cut) {
        const uint64_t before = own->counters().submissions;
        cut = tunedCut(*own, type, 4096, bytes);
        return own->counters().submissions != before;
    }
    fs::path file() const { return own->cacheFile("matvec-cuts", ".txt"); }

    std::unique_ptr<vulkan::Device> own;

private:
    fs::path m_folder;
};

TEST_F(TuningTest, the_default_is_possible_and_every_cut_is_whole_subgroups_of_lanes) {
    EXPECT_TRUE(isPossible(inference::defaultCut(own->limits())));
    for (const uint32_t subgroup : {4U, 8U, 16U, 32U, 64U}) {
        vulkan::Limits limits = own->limits();
        limits.subgroup_size = subgroup;
        const std::vector<MatvecCut> cuts = possibleCuts(limits, 4096);
        EXPECT_NE(std::find(cuts.begin(), cuts.end(), inference::defaultCut(limits)), cuts.end()) << subgroup;
        for (const MatvecCut& cut : cuts) {
            EXPECT_EQ(cut.workgroup % subgroup, 0U);
            EXPECT_EQ(subgroup % cut.lanes, 0U);
            EXPECT_LE(cut.workgroup, limits.max_workgroup_invocations);
        }
    }
}

TEST_F(TuningTest, no_cut_has_more_workgroups_than_the_device_takes) {
    vulkan::Limits limits = own->limits();
    limits.max_groups = 65535;
    for (const uint32_t subgroup : {8U, 32U, 64U}) {
        limits.subgroup_size = subgroup;
        for (const uint32_t rows : {4096U, 129024U, 262144U}) {
            const std::vector<MatvecCut> cuts = possibleCuts(limits, rows);
            EXPECT_FALSE(cuts.empty());
            for (const MatvecCut& cut : cuts) {
                EXPECT_LE((rows - 1) / (cut.workgroup / cut.lanes * cut.rows) + 1, limits.max_groups) << rows;
            }
        }
        EXPECT_GT(possibleCuts(limits, 4096).size(), possibleCuts(limits, 262144).size()) << subgroup;
    }
}

// A cut that was kept for a model may be none for another one with more rows.
TEST_F(TuningTest, a_kept_cut_that_does_not_fit_the_rows_is_measured_anew) {
    if (own->limits().timestamp_period_ns == 0) {
        GTEST_SKIP() << "This device has no timestamps.";
    }
    const uint32_t many = own->limits().max_groups / 1000 * 1000;
    const MatvecCut one_row{possibleCuts(own->limits(), 1).front().workgroup, own->limits().subgroup_size, 1};
    const uint32_t rows_each = one_row.workgroup / one_row.lanes;
    if (uint64_t{many} * rows_each + rows_each > UINT32_MAX) {
        GTEST_SKIP() << "No number of rows is too many for this device.";
    }
    fs::create_directories(file().parent_path());
    std::ofstream(file()) << "Q8_0 " << one_row.workgroup << " " << one_row.lanes << " " << one_row.rows << "\n";
    EXPECT_EQ(tunedCut(*own, TensorType::Q8_0, 4096, bytes), one_row);
    const uint32_t rows = own->limits().max_groups * rows_each + 1;
    const uint64_t before = own->counters().submissions;
    const MatvecCut cut = tunedCut(*own, TensorType::Q8_0, rows, bytes);
    EXPECT_NE(own->counters().submissions, before);
    EXPECT_GE(uint64_t{own->limits().max_groups} * (cut.workgroup / cut.lanes * cut.rows), rows);
}

TEST_F(TuningTest, is_measured_once_for_a_type_and_kept) {
    if (own->limits().timestamp_period_ns == 0) {
        GTEST_SKIP() << "This device has no timestamps.";
    }
    MatvecCut q4;
    MatvecCut q8;
    MatvecCut again;
    EXPECT_TRUE(measures(TensorType::Q4_K, q4));
    EXPECT_TRUE(measures(TensorType::Q8_0, q8));
    EXPECT_TRUE(isPossible(q4));
    EXPECT_TRUE(isPossible(q8));
    EXPECT_FALSE(measures(TensorType::Q4_K, again));
    EXPECT_EQ(again, q4);
    EXPECT_FALSE(measures(TensorType::Q8_0, again));
    EXPECT_EQ(again, q8);
}

TEST_F(TuningTest, what_the_file_says_is_taken_only_where_the_device_can) {
    if (own->limits().timestamp_period_ns == 0) {
        GTEST_SKIP() << "This device has no timestamps.";
    }
    const MatvecCut other = possibleCuts(own->limits(), 4096).back();
    const std::string numbers =
        std::to_string(other.workgroup) + " " + std::to_string(other.lanes) + " " + std::to_string(other.rows) + "\n";
    fs::create_directories(file().parent_path());
    MatvecCut cut;
    std::ofstream(file()) << "Q8_0 nonsense\nQ4_K " << numbers;
    EXPECT_FALSE(measures(TensorType::Q4_K, cut));
    EXPECT_EQ(cut, other);
    for (const std::string& text :
         {std::string(), std::string("Q4_K\n"), std::string("Q4_K 64 3 4\n"), std::string("Q4_K 0 0 0\n"),
          std::string("Q4_K 4294967295 8 4\n"), std::string("Q4_K 99999999999999999999 8 4\n"),
          std::string("Q4_K -64 8 4\n"), std::string("Q4_K 64 8 5\n"), std::string(100'000, '\0'),
          std::string("\xff\xfe\n") + std::string(2000, '\n') + "Q4_K " + numbers}) {
        std::ofstream(file(), std::ios::binary) << text;
        EXPECT_TRUE(measures(TensorType::Q4_K, cut)) << text.substr(0, 30);
        EXPECT_TRUE(isPossible(cut));
        EXPECT_EQ(contents(file()).substr(0, 5), "Q4_K ") << text.substr(0, 30);
    }
    fs::remove(file());
    fs::create_directory(file()); // no file can be there
    EXPECT_TRUE(measures(TensorType::Q4_K, cut));
    EXPECT_TRUE(isPossible(cut));
}

TEST_F(TuningTest, without_a_folder_nothing_is_measured) {
    own = vulkan::Device::create();
    MatvecCut cut;
    EXPECT_FALSE(measures(TensorType::Q4_K, cut));
    EXPECT_EQ(cut, inference::defaultCut(own->limits()));
}

} // namespace moescope::test
