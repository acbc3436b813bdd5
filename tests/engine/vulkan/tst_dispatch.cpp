// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/vulkan/grid.h"
#include "tests/engine/vulkan/scale.h"
#include "tests/engine/vulkan/subgroup_sum.h"
#include "tests/engine/vulkan/texels.h"
#include "tests/support/kernel_fixture.h"

#include <stdexcept>
#include <thread>

namespace moescope::test {

namespace {

using vulkan::Binding;
using vulkan::CommandRecorder;
using vulkan::ComputePipeline;

struct ScalePush {
    uint32_t count;
    float factor;
};

class DispatchTest : public KernelTest {
protected:
    /** The sentence of the std::logic_error that `call` throws; empty and a failure without one. */
    template <typename Call>
    static std::string refusal(Call call) {
        try {
            call();
        } catch (const std::logic_error& error) {
            return error.what();
        }
        ADD_FAILURE() << "nothing was thrown";
        return {};
    }

    static bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
};

TEST_F(DispatchTest, ComputesWithPushAndSpecialisationConstants) {
    for (const uint32_t workgroup : {1U, 7U, 64U}) {
        const auto x = makeBuffer(std::vector<float>{1, 2, 3, 4, 5});
        const auto y = makeBuffer(std::vector<float>{1, 1, 1, 1, 9});
        runKernel(shaders::scale, {{0, workgroup}}, {(4 + workgroup - 1) / workgroup}, {*x, *y}, ScalePush{4, 2.0F});
        expectNear(readBack<float>(*y), std::vector<float>{3, 5, 7, 9, 9}, 0, 0,
                   "workgroup " + std::to_string(workgroup));
    }
}

TEST_F(DispatchTest, ReadsTexelsOfPartsOfBuffers) {
    const uint32_t alignment = std::max(device().limits().texel_offset_alignment, 16U);
    std::vector<uint32_t> values(alignment);
    for (uint32_t i = 0; i < values.size(); ++i) {
        values[i] = 0xFFFFFFF0U - i;
    }
    const auto texels = makeBuffer(values);
    const auto out = makeBuffer(std::vector<uint32_t>(8));
    for (int times = 0; times < 2; ++times) {
        runKernel(shaders::texels, {}, {1}, {Binding(*texels, alignment, 32), *out});
        const uint32_t first = values[alignment / 4];
        EXPECT_EQ(readBack<uint32_t>(*out), (std::vector<uint32_t>{first - 3, first - 2, first - 1, first, first - 7,
                                                                   first - 6, first - 5, first - 4}));
    }
    CommandRecorder recorder(device(), "texels");
    ComputePipeline pipeline(device(), shaders::texels);
    recorder.begin();
    const std::string refused = refusal([&] {
        recorder.dispatch(pipeline, {1}, {Binding(*texels, alignment / 2 + 1, 16), *out});
    });
    EXPECT_TRUE(has(refused, "no multiple of")) << refused;
}

TEST_F(DispatchTest, BindsPartsOfBuffers) {
    const uint32_t step = device().limits().storage_offset_alignment / 4;
    std::vector<float> values(4 * step, 1.0F);
    const auto x = makeBuffer(values);
    const auto y = makeBuffer(values);
    const uint64_t bytes = 4ULL * step;
    runKernel(shaders::scale, {{0, 64}}, {(step + 63) / 64}, {Binding(*x, bytes, bytes), Binding(*y, 2 * bytes, bytes)},
              ScalePush{step, 1.0F});
    std::fill(values.begin() + 2 * step, values.begin() + 3 * step, 2.0F);
    expectNear(readBack<float>(*y), values, 0, 0);
}

TEST_F(DispatchTest, RefusesWhatDoesNotFitTheKernel) {
    const auto x = makeBuffer(64, "x");
    const auto y = makeBuffer(64, "y");
    const ComputePipeline scale(device(), shaders::scale, {{0, 64}});
    EXPECT_EQ(scale.bindingCount(), 2U);
    EXPECT_EQ(scale.pushConstantBytes(), sizeof(ScalePush));
    CommandRecorder recorder(device(), "refusals");
    const ScalePush push{4, 1.0F};
    const auto dispatch = [&](vulkan::Groups groups, std::initializer_list<Binding> bindings, const auto& constants) {
        return refusal([&] { recorder.dispatch(scale, groups, bindings, constants); });
    };
    EXPECT_TRUE(has(dispatch({1}, {*x, *y}, push), "without begin()"));
    recorder.begin();
    std::string text = dispatch({1}, {*x}, push);
    EXPECT_TRUE(has(text, "kernel scale") && has(text, "1 bindings where it has 2")) << text;
    text = dispatch({1}, {*x, *y, *y}, push);
    EXPECT_TRUE(has(text, "3 bindings where it has 2")) << text;
    text = dispatch({1}, {*x, *y}, uint32_t{4});
    EXPECT_TRUE(has(text, "4 bytes of push constants where it has 8")) << text;
    text = refusal([&] { recorder.dispatch(scale, {1}, {*x, *y}); });
    EXPECT_TRUE(has(text, "0 bytes of push constants where it has 8")) << text;
    text = dispatch({1}, {Binding(*x, 0, 65), *y}, push);
    EXPECT_TRUE(has(text, "buffer x: 65 bytes at 0 of 64")) << text;
    text = dispatch({1}, {*x, Binding(*y, 64, 0)}, push);
    EXPECT_TRUE(has(text, "buffer y: 0 bytes at 64 of 64")) << text;
    text = dispatch({1}, {*x, Binding(*y, UINT64_MAX - 15, 32)}, push);
    EXPECT_TRUE(has(text, "buffer y: 32 bytes at")) << text;
    text = dispatch({1}, {Binding(*x, 2, 4), *y}, push);
    EXPECT_TRUE(has(text, "no multiple of")) << text;
    text = dispatch({0}, {*x, *y}, push);
    EXPECT_TRUE(has(text, "0 workgroups in dimension 0")) << text;
    text = dispatch({1, 1, 0xFFFFFFFF}, {*x, *y}, push);
    EXPECT_TRUE(has(text, "4294967295 workgroups in dimension 2")) << text;
    EXPECT_EQ(recorder.dispatchCount(), 0U);
}

TEST_F(DispatchTest, RefusesARangeBeyondTheDevices) {
    const uint64_t limit = device().limits().max_storage_range;
    if (limit + 16 > device().limits().max_allocation || limit > (256ULL << 20U)) {
        GTEST_SKIP() << "one binding of this device reaches " << limit << " bytes";
    }
    const auto large = makeBuffer(limit + 16, "large");
    const auto y = makeBuffer(64, "y");
    const ComputePipeline scale(device(), shaders::scale, {{0, 64}});
    CommandRecorder recorder(device(), "range");
    recorder.begin();
    const std::string text = refusal([&] { recorder.dispatch(scale, {1}, {*large, *y}, ScalePush{4, 1.0F}); });
    EXPECT_TRUE(has(text, "more than the device's " + std::to_string(limit))) << text;
    recorder.dispatch(scale, {1}, {Binding(*large, 16, limit), *y}, ScalePush{4, 1.0F});
    EXPECT_EQ(recorder.dispatchCount(), 1U);
}

TEST_F(DispatchTest, RefusesCallsOutOfOrder) {
    const auto x = makeBuffer(64, "x");
    CommandRecorder recorder(device(), "order");
    EXPECT_TRUE(has(refusal([&] { recorder.submit(); }), "submit() without end()"));
    EXPECT_TRUE(has(refusal([&] { recorder.end(); }), "end() without begin()"));
    EXPECT_TRUE(has(refusal([&] { recorder.barrier(); }), "barrier() without begin()"));
    EXPECT_TRUE(has(refusal([&] { recorder.timestamp(); }), "timestamp() without begin()"));
    recorder.begin();
    EXPECT_TRUE(has(refusal([&] { recorder.submit(); }), "submit() without end()"));
    EXPECT_TRUE(has(refusal([&] { recorder.copy(*x, 32, *x, 0, 33); }), "copy of 33 bytes"));
    EXPECT_TRUE(has(refusal([&] { recorder.fill(*x, 0, 6, 1); }), "fill of 6 bytes"));
    EXPECT_TRUE(has(refusal([&] { recorder.fill(*x, 64, 4, 1); }), "fill of 4 bytes"));
}

TEST_F(DispatchTest, RecordsOnceAndSubmitsOften) {
    constexpr uint32_t submissions = 64;
    const auto x = makeBuffer(std::vector<float>(100, 0.5F));
    const auto y = makeBuffer(100 * sizeof(float));
    const ComputePipeline scale(device(), shaders::scale, {{0, 64}});
    CommandRecorder recorder(device(), "loop");
    recorder.begin();
    recorder.dispatch(scale, {2}, {*x, *y}, ScalePush{100, 1.0F});
    recorder.barrier();
    recorder.dispatch(scale, {2}, {*x, *y}, ScalePush{100, 1.0F});
    recorder.end();
    recorder.submitAndWait();
    const uint64_t recorded = device().counters().command_buffers_recorded;
    const uint64_t updated = device().counters().descriptor_sets_updated;
    const uint64_t dispatches = device().counters().dispatches_recorded;
    const uint64_t submitted = device().counters().submissions;
    for (uint32_t i = 1; i < submissions; ++i) {
        recorder.submit(); // waits for the one before where that still runs
    }
    recorder.wait();
    EXPECT_EQ(device().counters().command_buffers_recorded, recorded);
    EXPECT_EQ(device().counters().descriptor_sets_updated, updated);
    EXPECT_EQ(device().counters().dispatches_recorded, dispatches);
    EXPECT_EQ(device().counters().submissions, submitted + submissions - 1);
    expectNear(readBack<float>(*y), std::vector<float>(100, submissions), 0, 0);
}

TEST_F(DispatchTest, RehearsesWithoutTheDevice) {
    const auto x = makeBuffer(std::vector<float>(4, 2.0F));
    const auto y = makeBuffer(std::vector<float>(4, 1.0F));
    const auto grid = makeBuffer(std::vector<uint32_t>{1, 1, 1});
    const ComputePipeline scale(device(), shaders::scale, {{0, 5}});
    CommandRecorder recorder(device(), "rehearsal");
    const vulkan::Counters& counters = device().counters();
    const auto all = [&] {
        return std::vector<uint64_t>{counters.command_buffers_recorded, counters.descriptor_sets_updated,
                                     counters.dispatches_recorded, counters.submissions, counters.pipelines_created};
    };
    const auto record = [&] {
        recorder.begin();
        recorder.timestamp();
        recorder.dispatch(scale, {1}, {*x, *y}, ScalePush{4, 3.0F});
        recorder.barrier();
        recorder.dispatchIndirect(scale, *grid, 0, {*x, *y}, ScalePush{4, 3.0F});
        recorder.barrier();
        recorder.copy(*y, 0, *x, 0, 8);
        recorder.fill(*y, 12, 4, 0);
        recorder.end();
        recorder.submitAndWait();
    };
    const std::vector<uint64_t> before = all();
    recorder.rehearse(true);
    record();
    EXPECT_EQ(all(), before);
    EXPECT_EQ(recorder.dispatchCount(), 0U);
    EXPECT_TRUE(recorder.timestampsMs().empty());
    expectNear(readBack<float>(*x), std::vector<float>(4, 2.0F), 0, 0);
    expectNear(readBack<float>(*y), std::vector<float>(4, 1.0F), 0, 0);

    // What would be refused is refused.
    EXPECT_TRUE(has(refusal([&] { recorder.barrier(); }), "barrier() without begin()"));
    recorder.begin();
    EXPECT_TRUE(has(refusal([&] { recorder.dispatch(scale, {1}, {*x}, ScalePush{4, 3.0F}); }), "1 bindings"));
    EXPECT_TRUE(has(refusal([&] { recorder.copy(*x, 8, *y, 0, 9); }), "copy of 9 bytes"));
    EXPECT_TRUE(has(refusal([&] { recorder.fill(*y, 16, 4, 0); }), "fill of 4 bytes"));
    recorder.end();

    // Nothing of it is left.
    recorder.rehearse(false);
    EXPECT_TRUE(has(refusal([&] { recorder.submit(); }), "submit() without end()"));
    record();
    EXPECT_EQ(recorder.dispatchCount(), 2U);
    EXPECT_EQ(counters.pipelines_created, before.back() + 1);
    expectNear(readBack<float>(*x), std::vector<float>{13, 13, 2, 2}, 0, 0);
    expectNear(readBack<float>(*y), std::vector<float>{13, 13, 13, 0}, 0, 0);
}

TEST_F(DispatchTest, GrowsBeyondOnePoolAndRecordsAnew) {
    constexpr uint32_t dispatches = 600;
    const auto x = makeBuffer(std::vector<float>(1, 1.0F));
    const auto y = makeBuffer(sizeof(float));
    const ComputePipeline scale(device(), shaders::scale, {{0, 1}});
    CommandRecorder recorder(device(), "many");
    for (uint32_t round = 1; round <= 3; ++round) {
        const uint64_t updated = device().counters().descriptor_sets_updated;
        recorder.begin();
        EXPECT_EQ(recorder.dispatchCount(), 0U);
        for (uint32_t i = 0; i < dispatches; ++i) {
            recorder.dispatch(scale, {1}, {*x, *y}, ScalePush{1, 1.0F});
            recorder.barrier();
        }
        recorder.end();
        EXPECT_EQ(recorder.dispatchCount(), dispatches);
        EXPECT_EQ(device().counters().descriptor_sets_updated, updated + dispatches);
        recorder.submitAndWait();
        EXPECT_EQ(readBack<float>(*y)[0], static_cast<float>(round * dispatches));
    }
}

TEST_F(DispatchTest, RecordsAnewAfterAnException) {
    const auto x = makeBuffer(std::vector<float>(1, 3.0F));
    const auto y = makeBuffer(sizeof(float));
    const ComputePipeline scale(device(), shaders::scale, {{0, 1}});
    CommandRecorder recorder(device(), "again");
    recorder.begin();
    recorder.dispatch(scale, {1}, {*x, *y}, ScalePush{1, 1.0F});
    EXPECT_THROW(recorder.dispatch(scale, {1}, {*x}, ScalePush{1, 1.0F}), std::logic_error);
    recorder.begin();
    recorder.dispatch(scale, {1}, {*x, *y}, ScalePush{1, 1.0F});
    recorder.end();
    recorder.submitAndWait();
    EXPECT_EQ(readBack<float>(*y)[0], 3.0F);
}

TEST_F(DispatchTest, TakesTheGridFromABuffer) {
    constexpr uint64_t offset = 8;
    const auto count = makeBuffer(sizeof(uint32_t));
    const auto grid = makeBuffer(3 * sizeof(uint32_t));
    const auto arguments = makeBuffer(offset + 3 * sizeof(uint32_t));
    const ComputePipeline kernel(device(), shaders::grid);
    EXPECT_EQ(kernel.pushConstantBytes(), 0U);
    CommandRecorder recorder(device(), "indirect");
    recorder.begin();
    recorder.dispatch(kernel, {1}, {*count, *grid});
    recorder.barrier();
    recorder.copy(*grid, 0, *arguments, offset, 3 * sizeof(uint32_t));
    recorder.barrier();
    const ComputePipeline scale(device(), shaders::scale, {{0, 4}});
    const auto x = makeBuffer(std::vector<float>(100, 1.0F));
    const auto y = makeBuffer(100 * sizeof(float));
    recorder.dispatchIndirect(scale, *arguments, offset, {*x, *y}, ScalePush{100, 1.0F});
    EXPECT_TRUE(has(refusal([&] {
                        recorder.dispatchIndirect(scale, *arguments, offset + 4, {*x, *y}, ScalePush{100, 1.0F});
                    }),
                    "no three words at 12"));
    recorder.end();
    recorder.submitAndWait();
    EXPECT_EQ(readBack<uint32_t>(*count)[0], 16U);
    EXPECT_EQ(readBack<uint32_t>(*grid), (std::vector<uint32_t>{3, 2, 1}));
    // 3 workgroups along x of 4; the second row of the grid adds to the same numbers, so only who got any is known.
    const std::vector<float> sums = readBack<float>(*y);
    for (size_t i = 0; i < sums.size(); ++i) {
        EXPECT_EQ(sums[i] > 0, i < 12) << i;
    }
}

TEST_F(DispatchTest, FillsAndCopies) {
    const auto a = makeBuffer(64);
    const auto b = makeBuffer(64);
    CommandRecorder recorder(device(), "copies");
    recorder.begin();
    recorder.fill(*a, 16, 32, 0x01020304);
    recorder.barrier();
    recorder.copy(*a, 16, *b, 4, 8);
    recorder.end();
    recorder.submitAndWait();
    std::vector<uint32_t> expected(16, 0);
    expected[1] = expected[2] = 0x01020304;
    EXPECT_EQ(readBack<uint32_t>(*b), expected);
}

TEST_F(DispatchTest, MeasuresTime) {
    if (device().limits().timestamp_period_ns <= 0) {
        GTEST_SKIP() << "this device has no timestamps";
    }
    constexpr uint32_t count = 1U << 20U;
    const auto x = makeBuffer(std::vector<float>(count, 1.0F));
    const auto y = makeBuffer(count * sizeof(float));
    const ComputePipeline scale(device(), shaders::scale, {{0, 64}});
    CommandRecorder recorder(device(), "time");
    recorder.begin();
    recorder.timestamp();
    recorder.dispatch(scale, {count / 64}, {*x, *y}, ScalePush{count, 1.0F});
    recorder.timestamp();
    recorder.timestamp();
    recorder.end();
    EXPECT_THROW(static_cast<void>(recorder.timestampsMs()), std::logic_error);
    for (int round = 0; round < 2; ++round) {
        recorder.submitAndWait();
        const std::vector<double> times = recorder.timestampsMs();
        ASSERT_EQ(times.size(), 3U);
        EXPECT_EQ(times[0], 0.0);
        EXPECT_GT(times[1], 0.0);
        EXPECT_LT(times[1], 10'000.0);
        EXPECT_GE(times[2], times[1]);
    }
    recorder.begin();
    for (int i = 0; i < 5000; ++i) {
        recorder.timestamp();
    }
    recorder.end();
    recorder.submitAndWait();
    EXPECT_EQ(recorder.timestampsMs().size(), 4096U);
}

TEST_F(DispatchTest, FillsSubgroupsOfTheSizeThatItNames) {
    const uint32_t size = device().limits().subgroup_size;
    const uint32_t subgroups = std::min(4U, device().limits().max_workgroup_invocations / size);
    const auto sums = makeBuffer(subgroups * sizeof(uint32_t));
    const auto sizes = makeBuffer(subgroups * sizeof(uint32_t));
    runKernel(shaders::subgroup_sum, {{0, subgroups * size}}, {1}, {*sums, *sizes});
    EXPECT_EQ(readBack<uint32_t>(*sums), std::vector<uint32_t>(subgroups, size));
    EXPECT_EQ(readBack<uint32_t>(*sizes), std::vector<uint32_t>(subgroups, size));
}

TEST_F(DispatchTest, RefusesAWorkgroupBeyondTheDevices) {
    const uint32_t limit = device().limits().max_workgroup_invocations;
    const std::string text = refusal([&] { const ComputePipeline scale(device(), shaders::scale, {{0, 2 * limit}}); });
    EXPECT_TRUE(has(text, "kernel scale") && has(text, std::to_string(2 * limit))) << text;
    EXPECT_TRUE(has(refusal([&] { const ComputePipeline scale(device(), shaders::scale, {{0, 0}}); }), "kernel scale"));
}

TEST_F(DispatchTest, ServesTwoThreads) {
    const ComputePipeline scale(device(), shaders::scale, {{0, 64}});
    const auto work = [&](float factor, float& sum) {
        const auto x = makeBuffer(std::vector<float>(64, 1.0F));
        const auto y = makeBuffer(64 * sizeof(float));
        CommandRecorder recorder(device(), "thread");
        for (int i = 0; i < 50; ++i) {
            recorder.begin();
            recorder.dispatch(scale, {1}, {*x, *y}, ScalePush{64, factor});
            recorder.end();
            recorder.submitAndWait();
        }
        sum = readBack<float>(*y)[63];
    };
    float sums[2] = {};
    std::thread other([&] { work(1.0F, sums[0]); });
    work(2.0F, sums[1]);
    other.join();
    EXPECT_EQ(sums[0], 50.0F);
    EXPECT_EQ(sums[1], 100.0F);
}

} // namespace

} // namespace moescope::test
