// SPDX-License-Identifier: Apache-2.0
#include "app/cli/command.h"
#include "app/cli/input.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/platform/paths.h"
#include "engine/gguf/reader.h"
#include "engine/inference/memory_plan.h"
#include "engine/model/hugging_face.h"
#include "engine/model/model_config.h"
#include "engine/trace/error.h"
#include "engine/vulkan/device.h"
#include "engine/vulkan/selection.h"

#include <algorithm>

namespace moescope::cli {
namespace {

struct Options {
    OutputOptions output;
    std::string model = "builtin";
    std::string config;
    std::string device;
    std::optional<uint32_t> context;
    std::string kv = "f16";
    std::string type; ///< empty: as in the file, f16 for a configuration
};

struct Planned {
    inference::MemoryPlan plan;
    std::string type; ///< of the weights, or of most of them
    uint32_t context = 0;
    uint32_t limit = 0; ///< tokens that the model was made for
};

/** `device`: that a load would take; none: the least micro-batch of a graphics card. */
Planned makePlan(const Options& options, const std::optional<trace::DeviceInfo>& device) {
    const bool software = device && device->type == "software";
    const inference::KvType kv = inference::parseKvType(options.kv);
    if (!options.config.empty()) {
        const model::ModelConfig config = model::readHuggingFaceConfig(platform::fromUtf8(options.config));
        const gguf::TensorType type = gguf::parseTensorType(options.type.empty() ? "f16" : options.type);
        // More than the configuration says is a question worth asking: nothing is loaded.
        const uint32_t context = options.context.value_or(config.context_length);
        return {inference::planMemory(config, type, context, kv, software), std::string(gguf::typeName(type)), context,
                config.context_length};
    }
    const gguf::Reader file(modelFile(options.model));
    const model::ModelConfig config = model::readConfig(file);
    const uint32_t context = chooseContext(config.context_length, options.context, 0, config.context_length);
    if (options.type.empty()) {
        const inference::MemoryPlan plan = device ? inference::planLoad(config, file, context, kv,
                                                                        {.device = device->name,
                                                                         .free_bytes = device->free_bytes,
                                                                         .largest_buffer = UINT64_MAX,
                                                                         .software = software})
                                                  : inference::planMemory(config, file, context, kv);
        return {plan, model::readInfo(file).main_type, context, config.context_length};
    }
    const gguf::TensorType type = gguf::parseTensorType(options.type);
    return {inference::planMemory(config, type, context, kv, software), std::string(gguf::typeName(type)), context,
            config.context_length};
}

/** The device that a load would take. None: there is no Vulkan driver, or no device can be used and none was named; the
 *  plan itself needs none. */
std::optional<trace::DeviceInfo> chosenDevice(const std::string& selector) {
    const std::vector<trace::DeviceInfo> found = vulkan::Device::enumerate();
    const bool usable = std::any_of(found.begin(), found.end(), [](const trace::DeviceInfo& d) { return d.usable; });
    if (found.empty() || (!usable && selector.empty())) {
        return std::nullopt;
    }
    return found[vulkan::chooseDevice(found, selector)];
}

void plan(const Options& options) {
    const std::optional<trace::DeviceInfo> device = chosenDevice(options.device);
    const Planned planned = makePlan(options, device);
    const inference::MemoryPlan& p = planned.plan;
    if (planned.context > planned.limit) {
        Log(options.output.verbose || !options.output.json)
            .line("The plan is for " + trace::grouped(planned.context) +
                  " tokens of context, and this model was made for " + trace::grouped(planned.limit) + ".");
    }
    if (options.output.json) {
        printJson({{"weights_bytes", p.weights_bytes},
                   {"kv_bytes", p.kv_bytes},
                   {"kv_bytes_per_token", p.kv_bytes_per_token},
                   {"kv_bytes_mha", p.kv_bytes_mha},
                   {"workspace_bytes", p.workspace_bytes},
                   {"total_bytes", p.total()},
                   {"device_free_bytes", device ? Json(device->free_bytes) : Json()},
                   {"fits", device ? Json(p.total() <= device->free_bytes) : Json()}});
        return;
    }
    printTable(
        {{"Weights, " + planned.type, trace::bytesText(p.weights_bytes)},
         {"KV cache, " + options.kv + ", " + trace::grouped(planned.context) + " tokens", trace::bytesText(p.kv_bytes)},
         {"  a token", trace::bytesText(p.kv_bytes_per_token)},
         {"  with multi-head attention", trace::bytesText(p.kv_bytes_mha)},
         {"Workspace", trace::bytesText(p.workspace_bytes)},
         {"Together", trace::bytesText(p.total())}},
        {false, true});
    if (device) {
        printForeign("“" + device->name + "” has " + trace::bytesText(device->free_bytes) +
                     " free: " + (p.total() <= device->free_bytes ? "it fits.\n" : "it does not fit.\n"));
    }
}

} // namespace

void addPlan(CLI::App& program, Action& action) {
    auto options = std::make_shared<Options>();
    CLI::App* command = program.add_subcommand("plan", "Say what memory a model needs before it is loaded");
    CLI::Option_group* source = command->add_option_group("Model", "One of these");
    addModel(*source, options->model);
    source->add_option("--config", options->config, "config.json of a Hugging Face folder");
    source->require_option(0, 1);
    command
        ->add_option("-c,--ctx", options->context,
                     "Tokens that the KV cache holds; the model's limit if not given, which only --config may exceed")
        ->check(whole(1, uint64_t{1} << 30));
    addKv(*command, options->kv);
    CLI::Option* const type = addType(*command, options->type);
    type->description(type->get_description() + "; if not given, as in the file, and f16 for --config");
    addDevice(*command, options->device);
    addOutput(*command, options->output);
    setAction(*command, action, options, plan);
}

} // namespace moescope::cli
