// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/mainwindow/mainwindow.h"
#include "ui/models/tracemodel.h"
#include "ui/panels/panelframe.h"

#include <QStringList>

namespace moescope::test {

/** All panels of a window, in the order of View > Panels. */
QList<ui::PanelFrame*> panelsOf(const ui::MainWindow& window);
/** What an open panel says otherwise than the selection in its readout, for a screen reader, and in the row that its twin
 *  marks; sentences. The twin comes and goes by the panel's own key, so the panel has the keys. */
QStringList disagreements(ui::PanelFrame& panel, const ui::TraceModel& traces, const ui::SelectionState& selection);

} // namespace moescope::test
