// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/inference/golden_model.h"

#include "engine/gguf/writer.h"
#include "engine/model/convert.h"
#include "engine/trace/error.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>

namespace moescope::test {

namespace fs = std::filesystem;
using inference::Engine;

namespace {

class TemporaryFolder {
public:
    TemporaryFolder() : m_path(fs::temp_directory_path() / ("moescope-golden-" + std::to_string(getpid()))) {
        fs::create_directories(m_path);
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        fs::remove_all(m_path, ignored);
    }
    const fs::path& path() const { return m_path; }

private:
    fs::path m_path;
};

void note(GoldenComparison& comparison, const std::string& difference) {
    if (comparison.first_difference.empty()) {
        comparison.first_difference = difference;
    }
}

void compareRouting(GoldenComparison& comparison, const nlohmann::json& prompt,
                    const std::vector<trace::RouterTrace>& traces) {
    size_t layer = 0;
    for (const nlohmann::json& by_token : prompt["router_ids"]) {
        if (by_token.is_null()) {
            continue;
        }
        for (size_t token = 0; token < traces.size(); ++token) {
            const auto want = by_token[token].get<std::set<uint16_t>>();
            const trace::RouterTrace& trace = traces[token];
            const auto begin = trace.experts.begin() + static_cast<ptrdiff_t>(layer * trace.expert_used_count);
            const std::set<uint16_t> got(begin, begin + trace.expert_used_count);
            ++comparison.decisions;
            if (got != want) {
                ++comparison.other_experts;
                note(comparison, prompt["name"].get<std::string>() + ": token " + std::to_string(token) +
                                     ", MoE layer " + std::to_string(layer));
            }
        }
        ++layer;
    }
}

void compareLogits(GoldenComparison& comparison, const nlohmann::json& prompt, const std::vector<float>& logits,
                   size_t vocab) {
    for (const auto& [position, expected] : prompt["logits"].items()) {
        const float* row = logits.data() + std::stoul(position) * vocab;
        const auto check = [&](size_t id, double value) {
            comparison.worst_logit = std::max(comparison.worst_logit, std::abs(row[id] - value));
        };
        if (expected.contains("full")) {
            for (size_t id = 0; id < expected["full"].size(); ++id) {
                check(id, expected["full"][id]);
            }
        } else {
            for (const nlohmann::json& pair : expected["top"]) {
                check(pair[0], pair[1]);
            }
        }
    }
}

// The widths that GGUF has for what a reader widened.
struct AsWritten {
    gguf::WriteValue operator()(uint64_t value) const { return gguf::U32{static_cast<uint32_t>(value)}; }
    gguf::WriteValue operator()(int64_t /*value*/) const {
        throw std::logic_error("No model of the goldens has a signed number.");
    }
    gguf::WriteValue operator()(double value) const { return gguf::F32{static_cast<float>(value)}; }
    gguf::WriteValue operator()(bool value) const { return value; }
    gguf::WriteValue operator()(const std::string& value) const { return value; }
    gguf::WriteValue operator()(const std::vector<std::string>& value) const { return value; }
    gguf::WriteValue operator()(const std::vector<uint64_t>& value) const {
        return std::vector<uint32_t>(value.begin(), value.end());
    }
    gguf::WriteValue operator()(const std::vector<int64_t>& value) const {
        return std::vector<int32_t>(value.begin(), value.end());
    }
    gguf::WriteValue operator()(const std::vector<double>& value) const {
        return std::vector<float>(value.begin(), value.end());
    }
    gguf::WriteValue operator()(const std::vector<bool>& /*value*/) const {
        throw std::logic_error("No model of the goldens has an array of truth values.");
    }
};

} // namespace

std::vector<std::string> goldenNames() {
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(MOESCOPE_TEST_DATA) / "golden")) {
        if (entry.is_directory()) {
            names.push_back(entry.path().filename().string());
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

fs::path goldenFolder(const std::string& name) { return fs::path(MOESCOPE_TEST_DATA) / "golden" / name; }

fs::path goldenGguf(const std::string& name, gguf::TensorType type) {
    static const TemporaryFolder folder;
    fs::path file = folder.path() / (name + "." + std::string(gguf::typeName(type)) + ".gguf");
    if (!fs::exists(file)) {
        model::convert(goldenFolder(name), file, {.type = type, .progress = {}});
    }
    return file;
}

inference::Variants wholeSteps() { return {.whole_steps = true}; }
inference::Variants hostSteps() { return {.sampling = false, .whole_steps = true}; }

std::unique_ptr<Engine> loadGolden(const std::string& name) {
    return Engine::load(goldenGguf(name, gguf::TensorType::F32),
                        {.kv = inference::KvType::F32, .variants = wholeSteps()});
}

fs::path patched(const fs::path& source, const std::string& name, uint64_t offset, const std::string& bytes) {
    fs::path target = source.parent_path() / name;
    fs::copy_file(source, target, fs::copy_options::overwrite_existing);
    std::fstream file(target, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return target;
}

std::vector<int32_t> someTokens(uint32_t count, uint32_t seed) {
    std::vector<int32_t> tokens;
    for (uint32_t i = 0; i < count; ++i) {
        tokens.push_back(static_cast<int32_t>((i * 37 + seed * 11) % 480));
    }
    return tokens;
}

std::string idOf(const std::function<void()>& work) {
    try {
        work();
    } catch (const trace::Error& error) {
        EXPECT_EQ(std::string(error.what()).find('{'), std::string::npos) << error.what();
        return error.id();
    }
    return {};
}

void GoldenModelTest::SetUp() {
    KernelTest::SetUp();
    if (!IsSkipped() && !HasFatalFailure()) {
        engine = loadGolden(m_golden);
    }
}

void rewriteInF16(const fs::path& source, const fs::path& target, const std::string& part) {
    const gguf::Reader reader(source);
    gguf::Writer writer(target);
    for (const auto& [key, value] : reader.metadata()) {
        writer.add(key, std::visit(AsWritten{}, value));
    }
    const auto typeOf = [&](const gguf::TensorInfo& tensor) {
        return tensor.name.find(part) != std::string::npos ? gguf::TensorType::F16 : tensor.type;
    };
    for (const gguf::TensorInfo& tensor : reader.tensors()) {
        writer.addTensor(tensor.name, typeOf(tensor), tensor.shape);
    }
    writer.beginData();
    for (const gguf::TensorInfo& tensor : reader.tensors()) {
        std::vector<uint8_t> bytes(tensor.bytes);
        reader.read(tensor, 0, bytes);
        if (typeOf(tensor) != tensor.type) {
            std::vector<float> values(tensor.elements());
            gguf::dequantize(tensor.type, bytes, values);
            bytes.resize(values.size() * 2);
            gguf::quantize(gguf::TensorType::F16, values, bytes);
        }
        writer.data(bytes);
    }
    writer.commit();
}

nlohmann::json goldenJson(const fs::path& folder) {
    std::ifstream file(folder / "golden.json");
    return nlohmann::json::parse(file);
}

GoldenComparison compareWithGolden(Engine& engine, const nlohmann::json& golden) {
    GoldenComparison comparison;
    const size_t vocab = engine.config().vocab_size;
    for (const nlohmann::json& prompt : golden["prompts"]) {
        const auto ids = prompt["ids"].get<std::vector<int32_t>>();
        std::vector<float> logits;
        std::vector<trace::RouterTrace> traces;
        engine.reset();
        engine.evaluate(ids, {.logits = inference::LogitRows::All, .router = true},
                        [&](const inference::EvaluateBatch& batch) {
                            logits.insert(logits.end(), batch.logits.begin(), batch.logits.end());
                            traces.insert(traces.end(), batch.router.begin(), batch.router.end());
                        });
        compareRouting(comparison, prompt, traces);
        compareLogits(comparison, prompt, logits, vocab);

        const auto greedy = prompt["greedy"].get<std::vector<int32_t>>();
        inference::GenerationRequest request;
        request.prompt = ids;
        request.max_tokens = static_cast<uint32_t>(greedy.size());
        request.sampling.temperature = 0.0F;
        request.ignore_eos = true;
        engine.reset();
        const std::vector<int32_t> tokens = engine.generate(request).tokens;
        ++comparison.greedy_runs;
        comparison.greedy_same += tokens == greedy ? 1 : 0;
        if (tokens != greedy) {
            const auto at =
                std::mismatch(tokens.begin(), tokens.end(), greedy.begin(), greedy.end()).first - tokens.begin();
            note(comparison, prompt["name"].get<std::string>() + ": greedy token " + std::to_string(at));
        }
    }
    return comparison;
}

} // namespace moescope::test
