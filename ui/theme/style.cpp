// SPDX-License-Identifier: Apache-2.0
#include "ui/theme/style.h"

#include "ui/theme/focusring.h"
#include "ui/theme/styledraw.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractSpinBox>
#include <QApplication>
#include <QComboBox>
#include <QMenu>
#include <QPainter>
#include <QScrollBar>
#include <QSlider>
#include <QStatusBar>
#include <QStyleFactory>
#include <QStyledItemDelegate>
#include <QTabBar>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kToolTipWait = 400; ///< ms
constexpr int kScrollBar = 10;

} // namespace

Style::Style() : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion"))) {
    setObjectName(QStringLiteral("moescope"));
    m_ring = new FocusRing;
}

Style::~Style() {
    // As a child of a window it goes with that window.
    if (m_ring != nullptr && m_ring->parent() == nullptr) {
        delete m_ring;
    }
}

void Style::polish(QWidget* widget) {
    QProxyStyle::polish(widget);
    if (m_ring == nullptr) {
        m_ring = new FocusRing; // the last one went with its window
    }
    if (qobject_cast<QAbstractButton*>(widget) != nullptr || qobject_cast<QComboBox*>(widget) != nullptr ||
        qobject_cast<QAbstractSpinBox*>(widget) != nullptr || qobject_cast<QScrollBar*>(widget) != nullptr ||
        qobject_cast<QSlider*>(widget) != nullptr || qobject_cast<QTabBar*>(widget) != nullptr) {
        widget->setAttribute(Qt::WA_Hover);
    }
    if (auto* choice = qobject_cast<QComboBox*>(widget);
        choice != nullptr && choice->itemDelegate()->inherits("QComboBoxDelegate")) {
        choice->setItemDelegate(new QStyledItemDelegate(choice)); // its own one asks no style how high a row is
    }
    if (auto* bar = qobject_cast<QStatusBar*>(widget)) {
        bar->setMinimumHeight(28);
    }
    if (auto* tabs = qobject_cast<QTabBar*>(widget)) {
        tabs->setDrawBase(true);
    }
}

void Style::unpolish(QWidget* widget) { QProxyStyle::unpolish(widget); }

int Style::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const {
    switch (metric) {
    case PM_DefaultFrameWidth: return 1;
    case PM_ComboBoxFrameWidth:
    case PM_SpinBoxFrameWidth: return 1;
    case PM_FocusFrameHMargin: return qobject_cast<const QAbstractItemView*>(widget) != nullptr ? 7 : 2;
    case PM_FocusFrameVMargin: return 2;
    case PM_IndicatorWidth:
    case PM_IndicatorHeight:
    case PM_ExclusiveIndicatorWidth:
    case PM_ExclusiveIndicatorHeight: return 16;
    case PM_CheckBoxLabelSpacing:
    case PM_RadioButtonLabelSpacing: return 8;
    case PM_ScrollBarExtent: return kScrollBar;
    case PM_ScrollBarSliderMin: return 24;
    case PM_ScrollView_ScrollBarSpacing:
    case PM_ScrollView_ScrollBarOverlap: return 0;
    case PM_SplitterWidth:
    case PM_DockWidgetSeparatorExtent: return 4;
    case PM_ToolBarIconSize:
    case PM_SmallIconSize:
    case PM_ButtonIconSize:
    case PM_TabBarIconSize:
    case PM_ListViewIconSize: return 16;
    case PM_ToolBarItemSpacing: return 4;
    case PM_ToolBarItemMargin: return 4;
    case PM_ToolBarFrameWidth: return 0;
    case PM_MenuPanelWidth: return 1;
    case PM_MenuVMargin: return 4;
    case PM_MenuHMargin: return 0;
    case PM_MenuBarPanelWidth:
    case PM_MenuBarVMargin: return 0;
    case PM_MenuBarHMargin: return 4;
    case PM_MenuBarItemSpacing: return 0;
    case PM_ButtonShiftHorizontal:
    case PM_ButtonShiftVertical:
    case PM_TabBarTabShiftVertical:
    case PM_TabBarTabShiftHorizontal: return 0;
    case PM_TabBarTabOverlap: return 0;
    case PM_TabBarBaseOverlap: return 1;
    case PM_SliderThickness:
    case PM_SliderControlThickness:
    case PM_SliderLength: return 16;
    case PM_ToolTipLabelFrameWidth: return 5;
    case PM_HeaderMargin: return draw::has(widget, "dense") ? 5 : 8;
    case PM_HeaderMarkSize: return 10;
    default: return QProxyStyle::pixelMetric(metric, option, widget);
    }
}

int Style::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                     QStyleHintReturn* returned) const {
    switch (hint) {
    case SH_ToolTip_WakeUpDelay: return kToolTipWait;
    case SH_UnderlineShortcut: return 0;
    case SH_EtchDisabledText:
    case SH_DialogButtonBox_ButtonsHaveIcons:
    case SH_ItemView_ShowDecorationSelected: return hint == SH_ItemView_ShowDecorationSelected ? 1 : 0;
    case SH_Menu_Mask:
    case SH_ComboBox_Popup: return 0;
    case SH_Widget_Animate:
    case SH_Widget_Animation_Duration: return 0;
    case SH_Slider_AbsoluteSetButtons: return Qt::LeftButton;
    case SH_ScrollBar_Transient: return 0;
    case SH_TabBar_Alignment: return Qt::AlignLeft;
    case SH_Table_GridLineColor: return static_cast<int>(theme().color(Color::BorderSubtle).rgba());
    default: return QProxyStyle::styleHint(hint, option, widget, returned);
    }
}

QSize Style::sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                              const QWidget* widget) const {
    const Theme& look = theme();
    const int control = std::max(draw::kControl, look.lineHeight(TextStyle::Ui) + 8);
    switch (type) {
    case CT_PushButton:
        if (const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option)) {
            const bool small = draw::has(widget, "small");
            QFont font = look.font(small ? TextStyle::Small : TextStyle::Ui);
            font.setWeight(draw::has(widget, "chip") ? QFont::Normal : QFont::DemiBold);
            const QFontMetrics metrics(font);
            int width = 2 * (small ? 10 : 12);
            width += button->text.isEmpty() ? 0 : metrics.size(Qt::TextShowMnemonic, button->text).width();
            width += button->icon.isNull() ? 0 : 16 + (button->text.isEmpty() ? -8 : draw::kIconGap);
            width += (button->features & QStyleOptionButton::HasMenu) != 0 ? 18 : 0;
            const int height = small ? std::max(draw::kControlSmall, look.lineHeight(TextStyle::Small) + 8) : control;
            return {width, height};
        }
        break;
    case CT_LineEdit: return {size.width() + 2, std::max(control, size.height())};
    case CT_ComboBox: {
        const QSize base = QProxyStyle::sizeFromContents(type, option, size, widget);
        return {size.width() + 12 + 28, std::max(control, base.height() - 4)};
    }
    case CT_SpinBox: return {size.width() + 28, std::max(control, size.height())};
    case CT_ToolButton: return {std::max(size.width() + 12, 28), std::max(size.height() + 8, 28)};
    case CT_MenuBarItem: return {size.width() + 20, std::max(28, size.height() + 8)};
    case CT_MenuItem:
        if (const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option)) {
            if (item->menuItemType == QStyleOptionMenuItem::Separator) {
                return {10, 9};
            }
            const bool marks = item->menuHasCheckableItems || item->maxIconWidth > 0;
            return {size.width() + 24 + (marks ? 24 : 0) + 24, std::max(24, look.lineHeight(TextStyle::Ui) + 4)};
        }
        break;
    case CT_TabBarTab:
        if (const auto* tab = qstyleoption_cast<const QStyleOptionTab*>(option)) {
            const int height = std::max(32, look.lineHeight(TextStyle::Ui) + 12);
            const auto* bar = qobject_cast<const QTabBar*>(widget);
            if (bar == nullptr || tab->icon.isNull()) {
                return {draw::tabWidth(tab->text, !tab->icon.isNull()), height};
            }
            if (tab->state.testFlag(State_Selected)) {
                // QTabBar cuts the text to ask how narrow a tab may get: the chosen one keeps its words.
                return {draw::tabWidth(bar->tabText(bar->currentIndex()), true), height};
            }
            const int icon = draw::iconTabWidth(*bar);
            return {icon > 0 ? icon : draw::tabWidth(tab->text, true), height};
        }
        break;
    case CT_HeaderSection: {
        const QSize base = QProxyStyle::sizeFromContents(type, option, size, widget);
        return {base.width() + 8, std::max(28, base.height())};
    }
    case CT_ItemViewItem: {
        const QSize base = QProxyStyle::sizeFromContents(type, option, size, widget);
        const bool choices = widget != nullptr && widget->inherits("QComboBoxListView");
        const int least = draw::has(widget, "sidebar") ? 32
                          : choices                    ? std::max(24, option->fontMetrics.height() + 8)
                                                       : 0;
        return {base.width(), std::max(least, base.height())};
    }
    default: break;
    }
    return QProxyStyle::sizeFromContents(type, option, size, widget);
}

QRect Style::subElementRect(SubElement element, const QStyleOption* option, const QWidget* widget) const {
    if (element == SE_LineEditContents) {
        return option->rect.adjusted(6, 1, -6, -1);
    }
    if (element == SE_HeaderLabel) {
        const int margin = draw::has(widget, "dense") ? 5 : 8;
        return option->rect.adjusted(margin, 0, -margin, 0);
    }
    if (element == SE_PushButtonContents) {
        return option->rect;
    }
    return QProxyStyle::subElementRect(element, option, widget);
}

QRect Style::subControlRect(ComplexControl control, const QStyleOptionComplex* option, SubControl part,
                            const QWidget* widget) const {
    const QRect& all = option->rect;
    if (control == CC_ScrollBar) {
        if (part == SC_ScrollBarAddLine || part == SC_ScrollBarSubLine) {
            return {};
        }
        const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option);
        if (bar != nullptr && part != SC_ScrollBarGroove) {
            const bool flat = bar->orientation == Qt::Horizontal;
            const int room = flat ? all.width() : all.height();
            const qint64 range = static_cast<qint64>(bar->maximum) - bar->minimum;
            const qint64 page = std::max(bar->pageStep, 1);
            const int handle =
                range > 0 ? std::clamp(static_cast<int>(page * room / (range + page)), std::min(24, room), room) : room;
            const int at = sliderPositionFromValue(bar->minimum, bar->maximum, bar->sliderPosition, room - handle,
                                                   bar->upsideDown);
            const auto rect = [&](int from, int length) {
                return flat ? QRect(all.x() + from, all.y(), length, all.height())
                            : QRect(all.x(), all.y() + from, all.width(), length);
            };
            switch (part) {
            case SC_ScrollBarSlider: return rect(at, handle);
            case SC_ScrollBarSubPage: return rect(0, at);
            case SC_ScrollBarAddPage: return rect(at + handle, room - at - handle);
            default: break;
            }
        }
        return all;
    }
    if (control == CC_ComboBox) {
        switch (part) {
        case SC_ComboBoxEditField: return visualRect(option->direction, all, all.adjusted(8, 1, -26, -1));
        case SC_ComboBoxArrow:
            return visualRect(option->direction, all, QRect(all.right() - 26, all.top(), 26, all.height()));
        case SC_ComboBoxListBoxPopup: return all;
        default: return all;
        }
    }
    if (control == CC_SpinBox) {
        const int middle = all.height() / 2;
        const QRect buttons(all.right() - 20, all.top() + 1, 20, all.height() - 2);
        switch (part) {
        case SC_SpinBoxUp: return visualRect(option->direction, all, QRect(buttons.x(), buttons.y(), 20, middle - 1));
        case SC_SpinBoxDown:
            return visualRect(option->direction, all,
                              QRect(buttons.x(), all.top() + middle, 20, all.height() - middle - 1));
        case SC_SpinBoxEditField: return visualRect(option->direction, all, all.adjusted(1, 1, -21, -1));
        default: return all;
        }
    }
    return QProxyStyle::subControlRect(control, option, part, widget);
}

void Style::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                          const QWidget* widget) const {
    if (!drawControlPrimitive(element, option, painter, widget) &&
        !drawItemPrimitive(element, option, painter, widget)) {
        QProxyStyle::drawPrimitive(element, option, painter, widget);
    }
}

void Style::drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                        const QWidget* widget) const {
    switch (element) {
    case CE_PushButtonBevel:
        if (const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option)) {
            drawPushButton(*button, painter, widget);
            return;
        }
        break;
    case CE_PushButtonLabel:
        if (const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option)) {
            drawPushButtonLabel(*button, painter, widget);
            return;
        }
        break;
    case CE_MenuItem:
        if (const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option)) {
            drawMenuItem(*item, painter);
            return;
        }
        break;
    case CE_TabBarTabShape:
        if (const auto* tab = qstyleoption_cast<const QStyleOptionTab*>(option)) {
            drawTab(*tab, painter, widget);
            return;
        }
        break;
    case CE_TabBarTabLabel:
        if (const auto* tab = qstyleoption_cast<const QStyleOptionTab*>(option)) {
            drawTabLabel(*tab, painter);
            return;
        }
        break;
    default: break;
    }
    if (!drawBar(element, option, painter, widget)) {
        QProxyStyle::drawControl(element, option, painter, widget);
    }
}

void Style::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                               const QWidget* widget) const {
    switch (control) {
    case CC_ComboBox: drawComboBox(option, painter, widget); return;
    case CC_SpinBox: drawSpinBox(option, painter, widget); return;
    case CC_Slider:
        if (const auto* slider = qstyleoption_cast<const QStyleOptionSlider*>(option)) {
            drawSlider(*slider, painter, widget);
            return;
        }
        break;
    case CC_ScrollBar:
        if (const auto* slider = qstyleoption_cast<const QStyleOptionSlider*>(option)) {
            drawScrollBar(*slider, painter, widget);
            return;
        }
        break;
    case CC_ToolButton:
        if (const auto* button = qstyleoption_cast<const QStyleOptionToolButton*>(option)) {
            drawPrimitive(PE_PanelButtonTool, button, painter, widget);
            QStyleOptionToolButton label = *button;
            const bool arrow = (button->features & QStyleOptionToolButton::HasMenu) != 0 && !button->text.isEmpty() &&
                               button->toolButtonStyle != Qt::ToolButtonIconOnly;
            if (arrow) {
                label.rect.adjust(0, 0, -18, 0);
                draw::icon(*painter, QRect(button->rect.right() - 20, button->rect.top(), 16, button->rect.height()),
                           "chevron-down", 14, theme().color(Color::TextSecondary));
            }
            drawControl(CE_ToolButtonLabel, &label, painter, widget);
            return;
        }
        break;
    default: break;
    }
    QProxyStyle::drawComplexControl(control, option, painter, widget);
}

} // namespace moescope::ui
