// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/comparison.h"

namespace moescope::test {

/** An answer of these tokens. Ids follow from the texts; the experts of a layer from id and layer, but for a part of the
 *  tokens, larger from layer to layer, that `bent` sends to others. */
std::shared_ptr<const ui::RunTrace> sampleTrace(const ui::TraceShape& shape, const QStringList& texts, bool bent);
/** A text in tokens: words with the space before them, signs and line breaks apart. */
QStringList tokensOf(const QString& text);
/** Four runs that ask where the fox left the boat: Nano at 512 and 1,536 tokens, OLMoE, and a capture of Hunyuan-A13B
 *  made elsewhere. Their answers are messages 101 to 104, the runs 1 to 4. */
QList<ui::RunView> sampleRuns();
/** 8 lengths by 5 depths of 10 cases, of which 36 cells are done and one is being run. */
ui::NeedleGridView sampleGrid();
/** Opens a comparison of these runs and grid. */
void openSample(ui::Comparison* comparison);

} // namespace moescope::test
