// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace moescope::cli {

/** Bytes read plus bytes written a second, in 10⁹, while the device copies one of its buffers to another: what memory
 *  gives at best. Median of five copies. `device`: as --device. */
double copyGigabytesPerSecond(const std::string& device);

} // namespace moescope::cli
