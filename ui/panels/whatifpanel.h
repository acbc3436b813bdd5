// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/conversation.h"
#include "ui/panels/diffchart.h"
#include "ui/panels/panelframe.h"

class QPushButton;

namespace moescope::ui {

class IconButton;

/** An answer beside the same with a what-if. It shows the answer in view, whichever of the two that is. */
class WhatIfPanel : public PanelFrame {
    Q_OBJECT
public:
    /** What there is to show. */
    enum class State {
        None,     ///< the answer in view has neither a what-if nor a version with one
        Captured, ///< it is that of a capture, which holds no other version
        Alone,    ///< it has a what-if, and no version without one has its seed and sampling
        Running,  ///< one of the two is being made
        Reading,  ///< the other one is being read
        Ready
    };

    WhatIfPanel(TraceModel* trace, Selection* selection, QWidget* parent = nullptr);

    DiffChart* diff() const { return m_chart; }
    WhatIfDiff* model() const { return m_diff; }
    State state() const { return m_state; }
    /** Ready: the sides. Anything else forgets them. */
    void setState(State state);
    void setSides(const DiffSide& untouched, const DiffSide& whatIf, const QString& recipe);
    /** What both answers were made with, for who makes them again; unset: not kept. */
    void setSampling(const std::optional<SamplingView>& sampling);
    /** KL is being computed: tokens read so far; `total` 0: it has not begun. */
    void setProgress(quint64 done, quint64 total);
    /** It is no longer computed; empty: there is none. */
    void setDivergence(const QList<trace::TokenDivergence>& divergence);
    /** In view, and what it shows is wanted. */
    bool isInView() const;

signals:
    /** The panel came into view or left it: only then is anything read or compared. */
    void wantedChanged(bool wanted);
    /** KL by token is to be computed, or no longer. */
    void divergenceRequested();
    void divergenceCancelled();
    /** The answer in view once more, without its what-if. */
    void untouchedRequested();

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void refresh() override;
    int selectedRow() const override { return m_chart->row(); }
    void selectRow(int row) override;

private:
    WhatIfDiff* m_diff = nullptr;
    DiffChart* m_chart = nullptr;
    WhatIfDiffTable* m_rows = nullptr;
    QPushButton* m_compute = nullptr;
    IconButton* m_copy = nullptr; ///< of seed and sampling
    std::optional<SamplingView> m_sampling;
    State m_state = State::None;
    bool m_computing = false;
    quint64 m_read = 0;   ///< tokens, while it is computed
    quint64 m_toRead = 0; ///< 0: it has not begun
};

} // namespace moescope::ui
