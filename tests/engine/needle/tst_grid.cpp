// SPDX-License-Identifier: Apache-2.0
#include "engine/needle/grid_file.h"

#include "engine/trace/error.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace moescope::needle {
namespace {

namespace fs = std::filesystem;

GridPlan samplePlan() {
    return {.model = "0123456789abcdef0123456789abcdef",
            .device = "a device",
            .haystack = "stories",
            .kv_type = "f16",
            .kind = NeedleKind::MultiKey,
            .lengths = {256, 1'024},
            .depths = {0, 50, 100},
            .cases = 4,
            .seed = 7};
}

CaseResult sampleResult(size_t place) {
    return {place % 3 != 0, 0.25 * static_cast<double>(place), {static_cast<int32_t>(place), 17, 4}};
}

class GridFiles : public testing::Test {
protected:
    GridFiles() : m_folder(fs::temp_directory_path() / ("moescope-grid-" + std::to_string(::getpid()))) {
        fs::create_directories(m_folder);
    }
    ~GridFiles() override { fs::remove_all(m_folder); }

    fs::path path() const { return m_folder / "R.csv.part"; }
    std::string contents() const {
        std::ifstream in(path(), std::ios::binary);
        std::ostringstream text;
        text << in.rdbuf();
        return std::move(text).str();
    }
    void put(const std::string& text) const { std::ofstream(path(), std::ios::binary | std::ios::trunc) << text; }
    void begin(size_t cases) const {
        Grid grid(samplePlan());
        GridFile file = GridFile::begin(path(), grid);
        for (size_t i = 0; i < cases; ++i) {
            file.add(sampleResult(i));
        }
    }
    std::string resumeError(const GridPlan& plan) const {
        Grid grid(plan);
        try {
            GridFile::resume(path(), grid);
            return {};
        } catch (const trace::Error& error) {
            m_sentence = error.what();
            return error.id();
        }
    }

    mutable std::string m_sentence;

private:
    fs::path m_folder;
};

TEST(Grid, runs_lengths_depths_and_cases_in_order) {
    Grid grid(samplePlan());
    ASSERT_EQ(grid.size(), 24U);
    ASSERT_EQ(grid.cells().size(), 6U);
    EXPECT_EQ(grid.caseAt(0).length, 256U);
    EXPECT_EQ(grid.caseAt(5).depth, 50U);
    EXPECT_EQ(grid.caseAt(5).index, 1U);
    EXPECT_EQ(grid.caseAt(12).length, 1'024U);
    EXPECT_EQ(grid.caseAt(23).depth, 100U);
    for (size_t i = 0; i < 6; ++i) {
        EXPECT_EQ(grid.currentCell(), i / 4);
        grid.add(sampleResult(i));
    }
    EXPECT_EQ(grid.cells()[0].n, 4U);
    EXPECT_EQ(grid.cells()[0].found, 2U); // the first and the fourth were missed
    EXPECT_DOUBLE_EQ(grid.cells()[0].seconds, 1.5);
    EXPECT_EQ(grid.cells()[1].n, 2U);
    EXPECT_EQ(csvOf(grid).substr(0, 99), "length,depth,kind,found,n,low,high\n"
                                         "256,0,multikey,2,4,0.1500,0.8500\n"
                                         "256,50,multikey,2,2,0.3424,1.00");
}

TEST(Grid, without_a_depth_a_length_is_one_cell) {
    GridPlan plan = samplePlan();
    plan.kind = NeedleKind::VarTrack;
    Grid grid(plan);
    EXPECT_EQ(grid.cells().size(), 2U);
    EXPECT_EQ(csvOf(grid), "length,depth,kind,found,n,low,high\n"
                           "256,,vartrack,0,0,0.0000,1.0000\n"
                           "1024,,vartrack,0,0,0.0000,1.0000\n");
}

TEST_F(GridFiles, what_was_done_is_found_again) {
    begin(9);
    Grid grid(samplePlan());
    GridFile file = GridFile::resume(path(), grid);
    EXPECT_EQ(file.resumed(), 9U);
    ASSERT_EQ(grid.done(), 9U);
    for (size_t i = 0; i < 9; ++i) {
        EXPECT_EQ(grid.results()[i].found, sampleResult(i).found);
        EXPECT_EQ(grid.results()[i].seconds, sampleResult(i).seconds);
        EXPECT_EQ(grid.results()[i].answer, sampleResult(i).answer);
    }
    while (!grid.isDone()) {
        file.add(sampleResult(grid.done()));
    }
    Grid whole(samplePlan());
    for (size_t i = 0; i < whole.size(); ++i) {
        whole.add(sampleResult(i));
    }
    EXPECT_EQ(csvOf(grid), csvOf(whole));
    file.remove();
    EXPECT_FALSE(fs::exists(path()));
}

TEST_F(GridFiles, cut_at_any_byte_it_goes_on_behind_the_last_whole_case) {
    begin(3);
    const std::string whole = contents();
    for (size_t bytes = 0; bytes <= whole.size(); ++bytes) {
        put(whole.substr(0, bytes));
        const auto lines =
            static_cast<size_t>(std::count(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(bytes), '\n'));
        Grid grid(samplePlan());
        GridFile file = GridFile::resume(path(), grid);
        ASSERT_EQ(grid.done(), lines < 2 ? 0 : lines - 1) << bytes;
        while (grid.done() < 3) {
            file.add(sampleResult(grid.done()));
        }
        ASSERT_EQ(contents(), whole) << bytes;
    }
}

TEST_F(GridFiles, other_arguments_are_refused_by_name) {
    begin(2);
    const auto check = [this](const char* name, const auto& change) {
        GridPlan plan = samplePlan();
        change(plan);
        EXPECT_EQ(resumeError(plan), "needle.other_plan");
        EXPECT_NE(m_sentence.find(name), std::string::npos) << m_sentence;
    };
    check("(model:", [](GridPlan& plan) { plan.model[0] = 'f'; });
    check("(device: a device there, another now", [](GridPlan& plan) { plan.device = "another"; });
    check("(haystack:", [](GridPlan& plan) { plan.haystack = "other"; });
    check("(type of KV cache: f16 there, q8_0 now", [](GridPlan& plan) { plan.kv_type = "q8_0"; });
    check("(kind of needle: multikey there, single now", [](GridPlan& plan) { plan.kind = NeedleKind::Single; });
    check("(lengths: 256,1024 there, 256 now", [](GridPlan& plan) { plan.lengths.pop_back(); });
    check("(depths: ", [](GridPlan& plan) { plan.depths.push_back(75); });
    check("(number of cases: 4 there, 5 now", [](GridPlan& plan) { plan.cases = 5; });
    check("(seed: 7 there, 8 now", [](GridPlan& plan) { plan.seed = 8; });
    EXPECT_EQ(resumeError(samplePlan()), "");
}

TEST_F(GridFiles, a_flipped_byte_is_never_taken_for_a_result) {
    begin(4);
    const std::string whole = contents();
    const size_t firstLine = whole.find('\n') + 1;
    for (size_t at = firstLine; at < whole.size(); ++at) {
        std::string bad = whole;
        bad[at] = static_cast<char>(bad[at] ^ 4);
        put(bad);
        Grid grid(samplePlan());
        try {
            const GridFile file = GridFile::resume(path(), grid);
            ASSERT_GE(at, whole.rfind('\n', whole.size() - 2)) << "only the last line may be taken for a cut one";
        } catch (const trace::Error& error) {
            ASSERT_EQ(error.id(), "needle.damaged") << at;
        }
        for (size_t i = 0; i < grid.done(); ++i) {
            ASSERT_EQ(grid.results()[i].found, sampleResult(i).found);
        }
    }
}

TEST_F(GridFiles, finished_cases_are_not_begun_anew) {
    const auto idOf = [this] {
        Grid grid(samplePlan());
        try {
            GridFile::begin(path(), grid);
            return std::string();
        } catch (const trace::Error& error) {
            return error.id();
        }
    };
    begin(0);
    EXPECT_EQ(idOf(), "") << "nothing is lost";
    fs::remove(path());
    begin(1);
    EXPECT_EQ(idOf(), "needle.unfinished");
    put("something else\n");
    EXPECT_EQ(idOf(), "needle.state");
    EXPECT_EQ(contents(), "something else\n");
}

TEST_F(GridFiles, what_is_no_state_is_refused_and_left_alone) {
    const std::string foreign = "length,depth\n256,0\n";
    put(foreign);
    EXPECT_EQ(resumeError(samplePlan()), "needle.state");
    EXPECT_EQ(contents(), foreign);
    fs::remove(path());
    fs::create_directory(path());
    EXPECT_EQ(resumeError(samplePlan()), "needle.state");
    Grid grid(samplePlan());
    EXPECT_THROW(GridFile::begin(path(), grid), trace::Error);
}

} // namespace
} // namespace moescope::needle
