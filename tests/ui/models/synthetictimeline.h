// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/timeline.h"

namespace moescope::test {

/** A decode step with the seven intervals a layer, 10 to 70 µs each, between 20 µs of sampling and submitting before and
 *  30 µs of the host alone after them. The same arguments give the same numbers. */
trace::StepTimelinePtr syntheticDecodeStep(uint32_t position, int layers, int firstLayer = 0);
/** A micro-batch in two submissions, the layer in the middle cut in two. */
trace::StepTimelinePtr syntheticPrefillStep(uint32_t position, uint32_t tokens, int layers);
/** As of a device without timestamps. */
trace::StepTimelinePtr syntheticHostStep(uint32_t position);

} // namespace moescope::test
