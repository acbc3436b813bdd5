// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/selection.h"
#include "ui/models/tracemodel.h"
#include "ui/models/whatif.h"
#include "ui/panels/readoutline.h"

#include <QAbstractScrollArea>
#include <QPointer>

namespace moescope::ui {

/** Base of the painted charts: one tab stop, works only while it can be seen, and knows the keys all charts share.
 *
 *  A chart keeps what it paints in sync(), which runs when data, selection, theme or size changed: at once while the
 *  chart can be seen, else before it is painted again. */
class ChartView : public QAbstractScrollArea {
    Q_OBJECT
public:
    ChartView(TraceModel* trace, Selection* selection, QWidget* parent);

    /** What is under the pointer, else the selection. */
    virtual Readout readout() const = 0;
    /** How often sync() ran. */
    int syncCount() const { return m_syncs; }
    QImage toImage();
    /** The filter line that stands for the selected expert; empty: none is selected. */
    QString expertFilter() const;
    /** Greys out all but the selected expert, or nothing any more if that is the filter. */
    void filterToExpert();
    /** The what-if that B and Shift+B change. */
    void setWhatIf(WhatIf* whatIf);
    WhatIf* whatIf() const { return m_whatIf; }
    /** The selected expert, where it is one of the loaded model's. */
    std::optional<trace::ExpertPlace> expertToChange() const;
    /** Shows experts: its menu bans and forces them. */
    virtual bool showsExperts() const { return false; }
    /** Enter opens the card of the selected expert, as does its menu. */
    virtual bool opensCard() const { return false; }
    /** False where no expert is selected. */
    bool openCard();
    /** Shown, and not behind another tab: Qt keeps such docks visible outside their parent. */
    bool isSeen() const;

signals:
    void readoutChanged();
    void twinRequested();
    void copyTableRequested();
    void copyImageRequested();
    void menuRequested(const QPoint& globalPosition);
    /** What is known of the selected expert. */
    void cardRequested();
    /** Why a key did nothing, as a sentence. */
    void refused(const QString& sentence);
    void biasRequested(const moescope::trace::ExpertPlace& place);

protected:
    /** Geometry, scroll range and cells anew. */
    virtual void sync() = 0;
    virtual void paintChart(QPainter& painter) = 0;
    /** The pointer moved; null: it left. True if another mark is under it. */
    virtual bool hover(const QPoint* at) = 0;
    virtual void click(const QPoint& at) = 0;
    /** Rich text with units and n for the mark under a point, empty: none. */
    virtual QString tipAt(const QPoint& at) const = 0;
    /** Keys of this chart alone; true if the key was used. */
    virtual bool useKey(QKeyEvent* event) = 0;
    /** Enter, or a second click on what is selected: true if there is more to show. */
    virtual bool openDetail() { return opensCard() && openCard(); }
    /** The selection changed: scroll to it where that is wanted. */
    virtual void revealSelection() {}
    /** What is banned, forced or biased is another. */
    virtual void whatIfChanged() {}

    TraceModel* trace() const { return m_trace; }
    Selection* selection() const { return m_selection; }
    /** By whole steps, so that no row is cut at the top. */
    int scroll() const;
    void setScroll(int value);
    void setScrollRange(int maximum, int page, int step);
    /** Data, sizes or colours changed. */
    void invalidate();
    /** The user chose something: live tokens are no longer followed. */
    void choose(const SelectionState& state);
    virtual void chooseToken(int token);
    virtual void chooseLayer(int layer);
    /** Layer in view: the selected one, 0 if there is none. */
    virtual int layerInView() const;
    /** F and the menu filter to the selected expert. */
    virtual bool isFiltering() const { return true; }
    /** The newest token while its answer is live, else −1. */
    int newestToken() const;

    bool event(QEvent* event) override;
    bool viewportEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    void changeEvent(QEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    void refresh();
    void selectionChanged();
    void announce();
    /** B and Shift+B; false: no expert of the loaded model is selected. */
    bool changeExpert(bool force);

    QPointer<TraceModel> m_trace;
    QPointer<Selection> m_selection;
    QPointer<WhatIf> m_whatIf;
    bool m_dirty = true;
    bool m_reveal = false;
    bool m_focusRing = false;
    int m_syncs = 0;
};

} // namespace moescope::ui
