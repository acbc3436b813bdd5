// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/kvcache.h"
#include "ui/panels/kvchart.h"
#include "ui/panels/panelframe.h"

namespace moescope::ui {

/** What the KV cache costs and how long the chat can get. */
class KvCachePanel : public PanelFrame {
    Q_OBJECT
public:
    KvCachePanel(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    /** An empty state: no model is loaded. */
    void setState(const KvCacheState& state);
    /** What came from the disk, or is not kept there, in a sentence; empty: nothing to say. */
    void setDiskNote(const QString& sentence);
    KvChart* bars() const { return m_bars; }

protected:
    void refresh() override;
    int selectedRow() const override;
    void selectRow(int row) override;

private:
    KvChart* m_bars = nullptr;
    KvCacheTable* m_rows = nullptr;
    QString m_diskNote;
};

} // namespace moescope::ui
