// SPDX-License-Identifier: Apache-2.0
#include "engine/trace/huge_pages.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace moescope::trace {

void preferHugePages([[maybe_unused]] void* memory, [[maybe_unused]] uint64_t bytes) {
#if defined(__linux__)
    constexpr uintptr_t page = uintptr_t{2} << 20;
    const auto begin = (reinterpret_cast<uintptr_t>(memory) + page - 1) / page * page;
    const auto end = (reinterpret_cast<uintptr_t>(memory) + bytes) / page * page;
    if (end > begin) {
        (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE); // what is refused stays as it is
    }
#endif
}

} // namespace moescope::trace
