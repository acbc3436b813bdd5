// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace moescope::cli {

/** What a device does at most, to tell what share of it a model reaches. */
struct DeviceSpeed {
    double copy_gb_per_second = 0;   ///< read and written, of buffers larger than any cache
    double fma_gflop_per_second = 0; ///< multiply-adds of f32 in registers, two operations each
};

/** Medians of five runs each. `device`: index or part of the name; empty: the best. */
DeviceSpeed measureDevice(const std::string& device);

} // namespace moescope::cli
