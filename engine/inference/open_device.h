// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/reader.h"
#include "engine/inference/variants.h"
#include "engine/model/model_config.h"
#include "engine/vulkan/device.h"

namespace moescope::inference {

/** Of all kernels: a part of the key of pipeline caches. */
uint64_t shaderHash();

/** The device for a model. A driver that computes on the CPU does so without threads of its own where waking them for each
 *  dispatch is measured to cost more than they save, which is so for small models. A number of threads that the user has told
 *  the driver stays. Errors as vulkan::Device::create()'s. */
std::unique_ptr<vulkan::Device> openDevice(const vulkan::DeviceOptions& options, const model::ModelConfig& config,
                                           const gguf::Reader& file, const Variants& variants);

} // namespace moescope::inference
