// SPDX-License-Identifier: Apache-2.0
#include "tests/support/kernel_fixture.h"

#include "engine/trace/error.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string_view>

namespace moescope::test {

namespace {

std::unique_ptr<vulkan::Device>& shared() {
    static std::unique_ptr<vulkan::Device> device;
    return device;
}

/** Lets go of the device before the process ends, while a failure still counts. */
class DeviceEnvironment : public ::testing::Environment {
public:
    void TearDown() override {
        if (!shared()) {
            return;
        }
        EXPECT_EQ(shared()->counters().validation_messages, 0U) << "the validation layer has something to say";
        shared().reset();
    }
};

const ::testing::Environment* const environment = ::testing::AddGlobalTestEnvironment(new DeviceEnvironment);

bool isSet(const char* variable) {
    const char* value = std::getenv(variable);
    return value != nullptr && std::string_view(value) == "1";
}

bool isNear(float actual, float expected, float absolute, float relative) {
    if (std::isnan(actual) || std::isnan(expected)) {
        return std::isnan(actual) && std::isnan(expected);
    }
    return actual == expected || std::fabs(actual - expected) <= absolute + relative * std::fabs(expected);
}

} // namespace

vulkan::Device& device() {
    if (!shared()) {
        shared() = vulkan::Device::create();
    }
    return *shared();
}

void KernelTest::SetUp() {
    static_cast<void>(environment);
    try {
        device();
    } catch (const trace::Error& error) {
        if (isSet("MOESCOPE_REQUIRE_VULKAN") || error.id() == "vulkan.no_validation") {
            FAIL() << error.what();
        }
        std::fprintf(stderr, "SKIPPED, no kernel is tested: %s\n", error.what());
        GTEST_SKIP() << error.what();
    }
}

std::unique_ptr<vulkan::Buffer> makeBuffer(uint64_t bytes, const std::string& name) {
    return std::make_unique<vulkan::Buffer>(device(), bytes, vulkan::MemoryKind::DeviceLocal, name);
}

void runKernel(const vulkan::Shader& shader, const vulkan::Constants& constants, vulkan::Groups groups,
               std::initializer_list<vulkan::Binding> bindings) {
    const vulkan::ComputePipeline pipeline(device(), shader, constants);
    vulkan::CommandRecorder recorder(device(), shader.name);
    recorder.begin();
    recorder.dispatch(pipeline, groups, bindings);
    recorder.end();
    recorder.submitAndWait();
}

float Random::uniform(float low, float high) {
    const float unit = static_cast<float>(m_engine() >> 8U) * 0x1p-24F;
    return low + (high - low) * unit;
}

std::vector<float> Random::uniforms(size_t count, float low, float high) {
    std::vector<float> values(count);
    for (float& value : values) {
        value = uniform(low, high);
    }
    return values;
}

void expectNear(std::span<const float> actual, std::span<const float> expected, float absolute, float relative,
                const std::string& parameters) {
    ASSERT_EQ(actual.size(), expected.size()) << parameters;
    size_t wrong = 0;
    size_t first = 0;
    size_t worst = 0;
    float worst_excess = -1.0F;
    for (size_t i = 0; i < actual.size(); ++i) {
        if (isNear(actual[i], expected[i], absolute, relative)) {
            continue;
        }
        first = wrong == 0 ? i : first;
        ++wrong;
        const float difference = std::fabs(actual[i] - expected[i]);
        const float excess = std::isfinite(difference) ? difference - relative * std::fabs(expected[i]) : INFINITY;
        if (excess > worst_excess) {
            worst_excess = excess;
            worst = i;
        }
    }
    if (wrong == 0) {
        return;
    }
    std::ostringstream text;
    text.precision(9);
    text << parameters << (parameters.empty() ? "" : ": ") << wrong << " of " << actual.size()
         << " differ by more than " << absolute << " + " << relative << " · |expected|; first [" << first
         << "] = " << actual[first] << " for " << expected[first] << ", worst [" << worst << "] = " << actual[worst]
         << " for " << expected[worst];
    ADD_FAILURE() << text.str();
}

} // namespace moescope::test
