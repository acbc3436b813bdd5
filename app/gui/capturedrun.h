// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/exchange/capture.h"
#include "app/gui/runvalues.h"
#include "app/store/store.h"

namespace moescope::gui {

/** How the answer of a capture was made, as far as the capture tells: what its run is compared by. */
ui::RunDraft draftOf(const exchange::Capture& capture);
/** What was measured of it. */
RunResult resultOf(const exchange::Capture& capture);

/** Its question: the last message before the answer. */
QString questionOf(const exchange::Capture& capture);

/** Stores it as a run of a comparison that is over, with its messages, its answer and what was recorded of its tokens. Throws as the
 *  store does. */
StoredRun addCaptured(store::Store& store, qint64 comparison, const exchange::Capture& capture);

} // namespace moescope::gui
