// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace moescope::trace {

/** Asks the system for large pages behind memory that is not in use yet: reading and writing much of it then costs fewer faults and
 *  fewer lookups. Whole pages of 2 MiB inside it alone; where the system has none, or will not, nothing happens. */
void preferHugePages(void* memory, uint64_t bytes);

} // namespace moescope::trace
