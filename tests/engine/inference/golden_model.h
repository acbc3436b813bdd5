// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/engine.h"
#include "tests/support/kernel_fixture.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace moescope::test {

/** Folders of tests/data/golden by name; see their README for what is special about each. */
std::vector<std::string> goldenNames();
std::filesystem::path goldenFolder(const std::string& name);

/** A GGUF made from a golden's folder, in a temporary folder of this process, once for each name and type. */
std::filesystem::path goldenGguf(const std::string& name, gguf::TensorType type);

/** For tests that count recordings: a step is one, however slow a busy machine makes it. */
inference::Variants wholeSteps();
/** The same with the host sampling: a device that samples is given the sampler's state with each answer. */
inference::Variants hostSteps();

/** A golden in F32 with a KV cache in F32, and whole steps. */
std::unique_ptr<inference::Engine> loadGolden(const std::string& name);

/** A copy of `source` beside it, called `name`, with `bytes` written at `offset`. */
std::filesystem::path patched(const std::filesystem::path& source, const std::string& name, uint64_t offset,
                              const std::string& bytes);

/** Ids that every golden has, others for each seed. */
std::vector<int32_t> someTokens(uint32_t count, uint32_t seed);

/** Of the trace::Error that `work` throws, whose sentence must have all its values; empty: none. */
std::string idOf(const std::function<void()>& work);

/** Tests of one golden's engine, loaded anew for each. */
class GoldenModelTest : public KernelTest {
protected:
    explicit GoldenModelTest(std::string golden = "large_like") : m_golden(std::move(golden)) {}
    void SetUp() override;

    std::unique_ptr<inference::Engine> engine;

private:
    std::string m_golden;
};

/** Writes the F32 file `source` again with those tensors in F16 whose name holds `part`. */
void rewriteInF16(const std::filesystem::path& source, const std::filesystem::path& target, const std::string& part);

nlohmann::json goldenJson(const std::filesystem::path& folder);

/** What a whole golden.json showed of an engine. */
struct GoldenComparison {
    size_t decisions = 0;
    size_t other_experts = 0; ///< (token, layer) pairs whose set of experts differs
    double worst_logit = 0;
    size_t greedy_runs = 0;
    size_t greedy_same = 0;
    std::string first_difference;
};

GoldenComparison compareWithGolden(inference::Engine& engine, const nlohmann::json& golden);

} // namespace moescope::test
