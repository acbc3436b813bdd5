// SPDX-License-Identifier: Apache-2.0
#include "app/controller/folderscan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <random>

using namespace moescope;
using controller::FolderReport;
using controller::FolderScan;
using controller::FoundFile;
namespace fs = std::filesystem;

namespace {

class Folder : public testing::Test {
protected:
    Folder() {
        std::random_device random;
        m_root = fs::temp_directory_path() / ("moescope-scan-" + std::to_string(random()));
        fs::create_directories(m_root);
    }
    ~Folder() override { fs::remove_all(m_root); }

    void write(const std::string& name, size_t bytes = 4) const {
        fs::create_directories((m_root / name).parent_path());
        std::ofstream(m_root / name) << std::string(bytes, 'x');
    }
    std::vector<FoundFile> scan(const controller::ScanLimits& limits = {}, FolderReport* report = nullptr) const {
        std::vector<FoundFile> found;
        FolderScan scan(limits);
        const FolderReport told = scan.scan(m_root, [&found](const FoundFile& file) { found.push_back(file); });
        if (report != nullptr) {
            *report = told;
        }
        return found;
    }
    static std::vector<std::string> names(const std::vector<FoundFile>& files) {
        std::vector<std::string> all;
        for (const FoundFile& file : files) {
            all.push_back(file.path.filename().string());
        }
        std::sort(all.begin(), all.end());
        return all;
    }

    fs::path m_root;
};

using Names = std::vector<std::string>;

} // namespace

TEST_F(Folder, FindsModelsInSubfoldersAndNothingElse) {
    write("a.gguf");
    write("deep/er/B.GGUF", 7);
    write("notes.txt");
    write("a.gguf.part");
    write(".gguf");
    FolderReport report;
    const auto found = scan({}, &report);
    EXPECT_EQ(names(found), (Names{"B.GGUF", "a.gguf"}));
    EXPECT_EQ(report.models, 2U);
    EXPECT_EQ(report.folders.size(), 3U);
    EXPECT_FALSE(report.error);
    for (const FoundFile& file : found) {
        EXPECT_EQ(file.bytes, file.path.filename() == "B.GGUF" ? 7U : 4U);
        EXPECT_GT(file.changed_ms, 1'500'000'000'000);
    }
}

TEST_F(Folder, EndsWhereLinksLeadBack) {
    write("in/a.gguf");
    fs::create_directory_symlink(m_root, m_root / "in" / "loop");
    fs::create_directory_symlink(m_root / "in", m_root / "again");
    fs::create_symlink(m_root / "in" / "a.gguf", m_root / "same.gguf");
    FolderReport report;
    EXPECT_EQ(scan({}, &report).size(), 1U) << "one real file, however many ways lead to it";
    EXPECT_FALSE(report.error);
}

TEST_F(Folder, ShowsALinkToNowhere) {
    fs::create_symlink(m_root / "gone", m_root / "broken.gguf");
    const auto found = scan();
    ASSERT_EQ(names(found), (Names{"broken.gguf"}));
    EXPECT_EQ(found[0].bytes, 0U);
}

TEST_F(Folder, TakesPartsForOneFile) {
    write("big-00002-of-00003.gguf", 20);
    write("big-00001-of-00003.gguf", 10);
    write("big-00003-of-00003.gguf", 30);
    write("big-00001-of-00002.gguf", 1); // another split of the same name
    write("odd-00004-of-00003.gguf");    // no such part: a name like any other
    const auto found = scan();
    ASSERT_EQ(names(found), (Names{"big-00001-of-00002.gguf", "big-00001-of-00003.gguf", "odd-00004-of-00003.gguf"}));
    for (const FoundFile& file : found) {
        const bool whole = file.path.filename() == "big-00001-of-00003.gguf";
        const bool half = file.path.filename() == "big-00001-of-00002.gguf";
        EXPECT_EQ(file.parts, whole ? 3U : half ? 2U : 1U);
        EXPECT_EQ(file.parts_there, whole ? 3U : 1U);
        EXPECT_EQ(file.bytes, whole ? 60U : half ? 1U : 4U);
    }
    FolderScan scan;
    const auto named = scan.file(m_root / "big-00003-of-00003.gguf");
    ASSERT_TRUE(named);
    EXPECT_EQ(named->path.filename(), "big-00001-of-00003.gguf");
    EXPECT_EQ(named->bytes, 60U);
    EXPECT_FALSE(scan.file(m_root / "big-00002-of-00003.gguf")) << "the same model again";
}

TEST_F(Folder, StopsAtItsLimitsAndSaysSo) {
    for (int i = 0; i < 30; ++i) {
        write(std::to_string(i) + ".gguf");
    }
    FolderReport report;
    EXPECT_EQ(scan({.entries = 1000, .models = 10, .depth = 4}, &report).size(), 10U);
    ASSERT_TRUE(report.error);
    EXPECT_EQ(report.error->id(), "library.limit");
    EXPECT_NE(std::string(report.error->what()).find("more than 10 models"), std::string::npos);
    scan({.entries = 20, .models = 100, .depth = 4}, &report);
    ASSERT_TRUE(report.error);
    EXPECT_NE(std::string(report.error->what()).find("more than 20 entries"), std::string::npos);

    write("1/2/3/far.gguf");
    EXPECT_EQ(names(scan({.entries = 1000, .models = 100, .depth = 2})).size(), 30U) << "below the depth it looks at";
}

TEST_F(Folder, SaysWhyAFolderCannotBeRead) {
    FolderScan scan;
    const FolderReport report = scan.scan(m_root / "missing", [](const FoundFile&) { FAIL(); });
    ASSERT_TRUE(report.error);
    EXPECT_EQ(report.error->id(), "library.folder");
    EXPECT_NE(std::string(report.error->what()).find("missing"), std::string::npos);
}

TEST_F(Folder, CanBeCancelled) {
    write("a.gguf");
    const std::atomic<bool> cancel = true;
    FolderScan scan({}, &cancel);
    EXPECT_THROW(scan.scan(m_root, [](const FoundFile&) {}), trace::Error);
}

TEST(PartName, IsReadOnlyWhereItIsOne) {
    ASSERT_TRUE(controller::partOf("x-00002-of-00010.gguf"));
    EXPECT_EQ(controller::partOf("x-00002-of-00010.gguf")->stem, "x");
    EXPECT_EQ(controller::partOf("x-00002-of-00010.gguf")->part, 2U);
    EXPECT_EQ(controller::partOf("x-00002-of-00010.gguf")->parts, 10U);
    for (const char* name : {"x.gguf", "-00001-of-00002.gguf", "x-00000-of-00002.gguf", "x-00003-of-00002.gguf",
                             "x-0001-of-0002.gguf", "x-00001-of-0000a.gguf", "x_00001-of-00002.gguf", ""}) {
        EXPECT_FALSE(controller::partOf(name)) << name;
    }
}
