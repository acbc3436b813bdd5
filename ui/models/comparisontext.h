// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/comparison.h"

namespace moescope::ui {

/** "12 s left", "1 min 10 s left": whole seconds, at least one, so that it does not flicker. */
QString leftText(double seconds);
/** What a run is at: "queued", "reading the prompt, 45 % · 12 s left", "stopped"; of a finished one nothing. */
QString phaseText(const RunView& run);
/** "Nano Q4_K · needle at 50 % · today 14:52 · 38 tokens reused": what stands below a run's title, what matters most
 *  first. */
QString runFacts(const RunView& run);
/** "4 runs · same question, seed 42, greedy · 38 prefix tokens computed once": below the question. */
QString comparisonFacts(const Comparison& comparison);
/** Mean of the attention on the passage over the upper half of the layers, 0…1; negative: not recorded. */
double upperMass(const RunView& run);
/** What A and B have to do with the passage that one of them missed, or else where they part: one or two sentences; empty
 *  while there is nothing to say. */
QString comparisonSentence(const Comparison& comparison);
/** What stands in that one's place while an answer is missing; empty where there are not two runs. */
QString waitingSentence(const Comparison& comparison);
/** "Runs A, B". */
QString pairText(const Comparison& comparison);

} // namespace moescope::ui
