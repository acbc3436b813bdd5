// SPDX-License-Identifier: Apache-2.0
#include "engine/trace/info.h"

namespace moescope::trace {

const char* stopReasonName(StopReason reason) {
    switch (reason) {
    case StopReason::Eos: return "eos";
    case StopReason::Stop: return "stop";
    case StopReason::Length: return "length";
    case StopReason::Context: return "context";
    case StopReason::Cancelled: return "cancelled";
    }
    return "";
}

} // namespace moescope::trace
