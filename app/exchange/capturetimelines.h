// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/exchange/archive.h"
#include "engine/trace/timeline.h"

#include <vector>

namespace moescope::exchange {

/** timelines.json: {"steps": [{"kind": "decode", "position", "tokens", "total_us", "dispatches", "timestamps",
 *  "spans": [{"lane": "gpu", "part": "attention", "layer", "start_us", "us"}, …]}, …]}. */
QByteArray timelinesJson(const std::vector<trace::StepTimelinePtr>& steps);

/** Throws Error{exchange.damaged}, exchange.value. */
std::vector<trace::StepTimelinePtr> timelinesFrom(const QByteArray& json, const Source& source);

} // namespace moescope::exchange
