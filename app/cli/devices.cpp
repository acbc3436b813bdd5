// SPDX-License-Identifier: Apache-2.0
#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "engine/trace/error.h"
#include "engine/vulkan/device.h"

namespace moescope::cli {
namespace {

struct Options {
    OutputOptions output;
};

void devices(const Options& options) {
    const std::vector<trace::DeviceInfo> found = vulkan::Device::enumerate();
    if (options.output.json) {
        Json list = Json::array();
        for (const auto& device : found) {
            list.push_back({{"index", device.index},
                            {"name", device.name},
                            {"type", device.type},
                            {"driver", device.driver},
                            {"api_version", device.api_version},
                            {"memory_bytes", device.memory_bytes},
                            {"usable", device.usable},
                            {"reason", device.usable ? Json() : Json(device.reason)}});
        }
        printJson({{"devices", list}});
        return;
    }
    if (found.empty()) {
        print("No Vulkan driver was found on this machine.\n");
        return;
    }
    std::vector<std::vector<std::string>> rows{{"#", "Device", "Type", "Driver", "Vulkan", "Memory", ""}};
    for (const auto& device : found) {
        rows.push_back({std::to_string(device.index), device.name, device.type, device.driver, device.api_version,
                        trace::bytesText(device.memory_bytes), device.usable ? "usable" : device.reason});
    }
    printTable(rows, {true, false, false, false, false, true});
}

} // namespace

void addDevices(CLI::App& program, Action& action) {
    auto options = std::make_shared<Options>();
    CLI::App* command = program.add_subcommand("devices", "List the Vulkan devices");
    addOutput(*command, options->output);
    setAction(*command, action, options, devices);
}

} // namespace moescope::cli
