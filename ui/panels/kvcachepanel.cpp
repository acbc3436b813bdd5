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
    setInfo(m_rows->state().captured ? Readout{{tr("when captured")}}
            : m_diskNote.isEmpty()   ? Readout()
                                     : Readout{{m_diskNote}});
    if (m_rows->state().isEmpty()) {
        setEmpty(tr("No model loaded"), tr("Nothing is reserved."));
    } else {
        setEmpty({}, {});
    }
}

void KvCachePanel::setDiskNote(const QString& sentence) {
    if (m_diskNote != sentence) {
        m_diskNote = sentence;
        update();
    }
}

int KvCachePanel::selectedRow() const {
    return trace()->current() >= 0 ? m_rows->state().rowOf(trace()->shape(), selection()->state().layer) : -1;
}

void KvCachePanel::selectRow(int row) {
    const KvCacheState& state = m_rows->state();
    if (row >= 0 && row < state.rows.size() && row != selectedRow() && trace()->shape().routesLike(state.shape)) {
        selection()->setLayer(std::max(0, state.rows.at(row).first_layer - state.shape.first_block));
    }
}

} // namespace moescope::ui
