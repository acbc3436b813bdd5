// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/panelframe.h"

#include <QPointer>
#include <QTabBar>

class QMainWindow;

namespace moescope::ui {

class IconButton;

/** At the right end of a tab bar of docks: the menu of the panel in front, and its table where no row of its own has
 *  it. The bar ends before it. */
class TabCorner : public QWidget {
    Q_OBJECT
public:
    /** `bar` is one of `window`, which makes and keeps it. */
    TabCorner(QTabBar* bar, QWidget* window);

    const QTabBar* bar() const { return m_bar; }
    /** nullptr: a dock that is none is in front. */
    void setPanel(PanelFrame* panel);
    PanelFrame* panel() const { return m_panel; }

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void refresh();
    void place();

    QPointer<QTabBar> m_bar;
    QPointer<PanelFrame> m_panel;
    IconButton* m_table = nullptr;
    IconButton* m_more = nullptr;
    int m_room = 0;         ///< px of bar and corner
    bool m_placing = false; ///< the bar is made narrower by this
};

/** Icons, names and corners of the tab bars that `window` made for its docks. Call it after they came, went or moved; the
 *  panels learn whether a tab names them. */
void decorateDockTabs(QMainWindow& window, const QList<QDockWidget*>& docks);

} // namespace moescope::ui
