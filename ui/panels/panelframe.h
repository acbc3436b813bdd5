// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/chartview.h"

#include <QDockWidget>

class QMenu;
class QStackedWidget;

namespace moescope::ui {

class EmptyState;
class IconButton;
class PanelTitleBar;
class TableTwin;
class TabularModel;

/** The dock of a chart: title bar with its controls, then the chart, its table twin or what is missing, then the
 *  readout. Works only while it can be seen. */
class PanelFrame : public QDockWidget {
    Q_OBJECT
public:
    /** `id` is the object name for saved layouts; `least` the smallest size in logical px. */
    PanelFrame(const QString& id, const QString& iconName, const QString& title, const QSize& least, QWidget* parent);

    QString iconName() const { return m_iconName; }
    ChartView* chart() const { return m_chart; }
    TableTwin* twin() const { return m_twin; }
    TabularModel* table() const { return m_table; }
    bool isTwinShown() const { return m_twinShown; }
    bool isEmptyShown() const;
    /** Whether other docks that are shown share its place: their tabs name the panel. */
    bool isAmongTabs();
    /** What takes the keys: chart, twin or what is missing. */
    QWidget* focusTarget() const;
    QString readoutText() const;
    /** Its least size grows with the letters. */
    void setLeastScale(double scale);
    /** Its window has the menu at the end of the tabs, and the table too where nothing else would be in the title row. */
    void setMenuAmongTabs();
    bool hasTitleRow() const;
    /** The menu of the panel, below a button. */
    void openMenu(const QWidget* button);
    /** The what-if that the chart's keys and menu change. Call it once. */
    void setWhatIf(WhatIf* whatIf);

    /** Writes the table as CSV; a sentence if that failed, else empty. */
    QString writeCsv(const QString& path) const;

public slots:
    /** The title bar leaves out what a tab says already. */
    void placeTitle();
    void setTwinShown(bool shown);
    void copyTable() const;
    void copyImage() const;
    void saveCsv();

signals:
    /** A sentence for the user: a file was written, or why not. */
    void messageRequested(const QString& sentence);
    /** hasTitleRow() or isEmptyShown() is another. */
    void titleRowChanged();
    /** The user closed it, by its menu or that of the window. */
    void closed();
    /** The button of the empty page. */
    void emptyActionTriggered();
    /** The bias of an expert is to be set. */
    void biasRequested(const moescope::trace::ExpertPlace& place);
    /** The routing that it draws is wanted as a file. */
    void routingExportRequested();

protected:
    /** To be called once, at the end of the panel's constructor. */
    void setChart(ChartView* chart, TabularModel* table);
    /** Another twin of the same chart, for another of its modes. */
    void setTable(TabularModel* table);
    /** A panel too low for a title row and a readout line: its title stands at the left, and it is as high as it must be
     *  while its table is not shown. To be called before setChart(). */
    void setLowTitle(QWidget* title);
    void addControl(QWidget* control);
    /** A control that is left out where the words of all would be cut: addOwnActions() does the same. */
    void addOptionalControl(QWidget* control);
    void setOptionalControlWanted(bool wanted);
    /** Into the menu of the panel. */
    virtual void addOwnActions(QMenu*) {}
    /** Between the title and its info, which then stands at its right. */
    void addLead(QWidget* control);
    /** In the title row beside the controls; they stay where they are when it is shown or hidden. */
    void addLegend(QWidget* legend);
    /** Without it the panel says its readout in the title row. To be called once the chart is set. */
    void setReadoutLine(bool shown);
    /** Words at the left of the controls. */
    void setInfo(const Readout& info);
    /** Shows what is missing; an empty title brings the chart back. */
    void setEmpty(const QString& title, const QString& sentence);
    /** A button on the empty page; without a text: none. */
    void setEmptyAction(const QString& text, const QString& iconName);
    /** Its menus offer the routing as a file. */
    void offerRouting() { m_offersRouting = true; }
    /** The table learns of the what-if as well. */
    virtual void whatIfGiven(WhatIf*) {}
    /** Controls, info and the empty page, for the data as it is now. */
    virtual void refresh() = 0;
    /** Row of the twin that stands for the selection, −1: none; and the other way round. */
    virtual int selectedRow() const = 0;
    virtual void selectRow(int row) = 0;
    /** The twin marks selectedRow(). */
    void syncTwin();

    TraceModel* trace() const { return m_trace; }
    Selection* selection() const { return m_selection; }
    void bind(TraceModel* trace, Selection* selection);
    /** refresh(), if the panel can be seen. */
    void update();

    void showEvent(QShowEvent* event) override;
    void closeEvent(QCloseEvent* event) override;
    void changeEvent(QEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void showPage();
    void placeHeight();
    /** Columns share the width, or scroll where their words would be cut. */
    void fitTwin();
    void fillDockMenu();
    void addExportActions(QMenu* menu);
    void addExpertActions(QMenu* menu);
    void showChartMenu(const QPoint& globalPosition);
    void fillTwin();

    QString m_iconName;
    QSize m_least;
    PanelTitleBar* m_title = nullptr;
    QStackedWidget* m_stack = nullptr;
    ChartView* m_chart = nullptr;
    TableTwin* m_twin = nullptr;
    TabularModel* m_table = nullptr;
    EmptyState* m_empty = nullptr;
    ReadoutLine* m_readout = nullptr;
    QMenu* m_menu = nullptr;
    QPointer<TraceModel> m_trace;
    QPointer<Selection> m_selection;
    QString m_emptyTitle;
    bool m_twinShown = false;
    bool m_low = false;
    bool m_readoutLine = true;
    bool m_offersRouting = false;
    QList<int> m_twinColumns; ///< as last fitted, in px without what they share
    int m_twinRoom = 0;
};

/** Writes a table as CSV; a sentence if that failed, else empty. */
QString writeTable(const TabularModel& table, const QString& path);

} // namespace moescope::ui
