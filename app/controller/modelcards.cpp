// SPDX-License-Identifier: Apache-2.0
#include "app/controller/modelcards.h"

#include "app/platform/paths.h"
#include "engine/gguf/reader.h"
#include "engine/inference/activations.h"
#include "engine/inference/memory_plan.h"
#include "engine/model/model_config.h"

#include <new>

namespace moescope::controller {

namespace fs = std::filesystem;

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
        const model::ModelConfig config = model::readConfig(file);
        card.needs = inference::memoryNeeds(config, file, inference::microBatch(false));
        card.software_needs = inference::memoryNeeds(config, file, inference::microBatch(true));
    } catch (...) {
        card.error = currentError();
    }
    return card;
}

} // namespace moescope::controller
