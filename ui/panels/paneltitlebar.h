// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/readoutline.h"

#include <QWidget>

class QHBoxLayout;
class QSpacerItem;

namespace moescope::ui {

class ElidedLabel;
class IconButton;

/** Icon, title, words and controls of a panel, table twin and menu. In a narrow one the buttons get smaller, then the
 *  icon goes, and the title last. Among tabs, which name the panel already, icon and title are left out and the controls
 *  stand at the left. */
class PanelTitleBar : public QWidget {
    Q_OBJECT
public:
    PanelTitleBar(const QString& iconName, const QString& title, QWidget* parent = nullptr);

    void addControl(QWidget* control);
    /** A control that goes before the words of any are cut: the menu does the same. At first it is not wanted. */
    void addOptional(QWidget* control);
    void setOptionalWanted(bool wanted);
    /** Between the title and the words, which then stand at its right. */
    void addLead(QWidget* control);
    /** Left of the controls, or right of them where those stand at the left: they stay when it comes and goes. */
    void addLegend(QWidget* legend);
    void setInfo(const Readout& info);
    void setTabbed(bool tabbed);
    bool isTabbed() const { return m_tabbed; }
    /** Among tabs, at whose end the menu is then: the row has none. */
    void setMenuAmongTabs();
    /** Among tabs, and nothing is left for the row: it has no height. */
    bool isBare() const;
    IconButton* tableButton() const { return m_table; }
    IconButton* menuButton() const { return m_more; }
    IconButton* copyButton() const { return m_copy; }
    IconButton* exportButton() const { return m_export; }
    /** The table twin is shown: copying and saving it stand at the left of its button, which stays where it is. */
    void setTwinShown(bool shown);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool event(QEvent* event) override;

private:
    class Icon;
    class Info;

    void applyTheme();
    void placeParts();
    void placeTitle();
    /** Shows the optional control, or not; px that the controls need beyond their least for their words to be whole. */
    int placeOptional();
    /** px that all but title and icon need, with their spacing. */
    int leastWidth(int button) const;
    int titleHeight() const;

    QHBoxLayout* m_layout = nullptr;
    QHBoxLayout* m_controls = nullptr;
    QHBoxLayout* m_legends = nullptr;
    Icon* m_icon = nullptr;
    QSpacerItem* m_gap = nullptr; ///< between icon and title
    ElidedLabel* m_title = nullptr;
    Info* m_info = nullptr;
    QWidget* m_lead = nullptr;     ///< beside the title
    QWidget* m_optional = nullptr; ///< of the controls
    IconButton* m_copy = nullptr;
    IconButton* m_export = nullptr;
    IconButton* m_table = nullptr;
    IconButton* m_more = nullptr;
    bool m_tabbed = false;
    bool m_menuAmongTabs = false;
    bool m_hasInfo = false;
    bool m_optionalWanted = false;
};

} // namespace moescope::ui
