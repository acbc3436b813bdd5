// SPDX-License-Identifier: Apache-2.0
#include "app/controller/modelcards.h"

#include "app/platform/paths.h"
#include "engine/gguf/reader.h"
#include "engine/inference/device_weights.h"
#include "engine/inference/memory_plan.h"
#include "engine/model/hugging_face.h"
#include "engine/model/model_config.h"

#include <algorithm>
#include <map>
#include <new>
#include <vector>

namespace moescope::controller {
namespace {

namespace fs = std::filesystem;

/** Bytes by type of the tensors of one purpose. */
class Tally {
public:
    void add(gguf::TensorType type, uint64_t bytes) {
        m_bytes += bytes;
        m_byType[std::string(gguf::typeName(type))] += bytes;
    }
    /** With `more` bytes that belong to no tensor. Types of less than a hundredth are not named. */
    trace::WeightShare share(uint64_t more = 0) const {
        std::vector<std::pair<std::string, uint64_t>> types(m_byType.begin(), m_byType.end());
        std::stable_sort(types.begin(), types.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
        trace::WeightShare share{m_bytes + more, {}};
        for (const auto& [type, bytes] : types) {
            if (bytes > m_bytes / 100) {
                share.types += share.types.empty() ? type : ", " + type;
            }
        }
        return share;
    }
    uint64_t bytes() const { return m_bytes; }

private:
    uint64_t m_bytes = 0;
    std::map<std::string, uint64_t> m_byType;
};

trace::MemoryNeeds needsOf(const model::ModelConfig& config, const gguf::Reader& file) {
    using inference::KvType;
    Tally routed;
    Tally shared;
    Tally rest;
    for (const model::ExpectedTensor& tensor : model::expectedTensors(config)) {
        const auto has = [&tensor](const char* part) { return tensor.name.find(part) != std::string::npos; };
        const gguf::TensorType type = inference::findTensor(file, tensor.name).type;
        Tally& tally = has("_exps.") ? routed : has("_shexp.") ? shared : rest;
        tally.add(type, inference::deviceBytes(config, tensor, type));
    }
    const inference::MemoryPlan none = inference::planMemory(config, file, 0, KvType::F16);
    const inference::MemoryPlan one = inference::planMemory(config, file, 1, KvType::F16);
    trace::MemoryNeeds needs;
    needs.routed = routed.share();
    needs.shared = shared.share();
    needs.rest = rest.share(none.weights_bytes - routed.bytes() - shared.bytes() - rest.bytes());
    for (const KvType type : trace::kvTypes) {
        needs.kv_bytes_per_token.at(static_cast<size_t>(type)) =
            inference::planMemory(config, file, 1, type).kv_bytes_per_token;
    }
    needs.workspace_bytes = none.workspace_bytes;
    needs.workspace_bytes_per_token = one.workspace_bytes - none.workspace_bytes;
    return needs;
}

} // namespace

trace::Error currentError() {
    try {
        throw;
    } catch (const trace::Error& error) {
        return error;
    } catch (const std::bad_alloc&) {
        return trace::Error("app.memory", "This machine has not enough memory left for that.");
    } catch (const std::exception& error) {
        return trace::Error("app.unexpected", "Something unexpected went wrong: {what}.", {{"what", error.what()}});
    } catch (...) {
        return trace::Error("app.unexpected", "Something unexpected went wrong.");
    }
}

trace::ModelCard readCard(const fs::path& path) {
    trace::ModelCard card;
    card.info.path = platform::toUtf8(path);
    card.info.file_name = platform::toUtf8(path.filename());
    try {
        const gguf::Reader file(path);
        card.info.file_bytes = file.fileBytes();
        card.info = model::readInfo(file);
        card.info.chat_template.clear(); // kilobytes that no list shows
        card.known = true;
        card.needs = needsOf(model::readConfig(file), file);
    } catch (...) {
        card.error = currentError();
    }
    return card;
}

} // namespace moescope::controller
