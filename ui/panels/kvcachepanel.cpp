// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/kvcachepanel.h"

namespace moescope::ui {

KvCachePanel::KvCachePanel(TraceModel* trace, Selection* selection, QWidget* parent)
    : PanelFrame(QStringLiteral("kv-cache"), QStringLiteral("cache"), tr("KV cache"), {240, 200}, parent) {
    bind(trace, selection);
    m_bars = new KvChart(trace, selection, this);
    m_rows = new KvCacheTable(this);
    setChart(m_bars, m_rows);
}

void KvCachePanel::setState(const KvCacheState& state) {
    m_rows->setState(state);
    m_bars->setState(state);
    refresh();
}

void KvCachePanel::refresh() {
    if (m_rows->state().isEmpty()) {
        setEmpty(tr("No model loaded"), tr("Nothing is reserved."));
    } else {
        setEmpty({}, {});
    }
}

int KvCachePanel::selectedRow() const {
    const int layer = selection()->state().layer;
    return layer >= 0 && trace()->current() >= 0 ? m_rows->state().rowOf(layer + m_rows->state().first_moe_block) : -1;
}

void KvCachePanel::selectRow(int row) {
    if (row >= 0 && row < m_rows->state().rows.size() && row != selectedRow()) {
        const KvCacheState& state = m_rows->state();
        selection()->setLayer(std::max(0, state.rows.at(row).first_layer - state.first_moe_block));
    }
}

} // namespace moescope::ui
