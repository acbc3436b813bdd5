// SPDX-License-Identifier: Apache-2.0
// Menus, tabs, bars, headers and rows.
#include "ui/theme/icons.h"
#include "ui/theme/style.h"
#include "ui/theme/styledraw.h"

#include <QAbstractItemView>
#include <QPainter>
#include <QTabBar>
#include <QToolBar>

#include <algorithm>

namespace moescope::ui {

using draw::has;
using draw::is;

bool Style::drawItemPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                              const QWidget* widget) const {
    const Theme& look = theme();
    switch (element) {
    case PE_PanelItemViewRow: return true;
    case PE_PanelItemViewItem: {
        const auto* item = qstyleoption_cast<const QStyleOptionViewItem*>(option);
        const double radius = has(widget, "sidebar") ? draw::kRadius : 0.0;
        if (is(*option, State_Selected)) {
            draw::box(*painter, option->rect, look.color(Color::AccentTintStrong), {}, radius);
        } else if (is(*option, State_MouseOver) && is(*option, State_Enabled)) {
            draw::box(*painter, option->rect, look.color(Color::Hover), {}, radius);
        } else if (item != nullptr && item->backgroundBrush.style() != Qt::NoBrush) {
            painter->fillRect(option->rect, item->backgroundBrush);
        }
        return true;
    }
    case PE_FrameFocusRect:
        // Buttons have the ring outside; rows have it inside.
        if (qobject_cast<const QAbstractItemView*>(widget) != nullptr && is(*option, State_KeyboardFocusChange)) {
            draw::box(*painter, option->rect, {}, look.color(Color::AccentText),
                      has(widget, "sidebar") ? draw::kRadius : 0.0, 2);
        }
        return true;
    case PE_IndicatorHeaderArrow: return true; // part of the label
    case PE_PanelMenu:
        draw::box(*painter, option->rect, look.color(Color::Raised), look.color(Color::BorderStrong), 0);
        return true;
    case PE_FrameMenu: draw::box(*painter, option->rect, {}, look.color(Color::BorderStrong), 0); return true;
    case PE_PanelMenuBar: return true;
    case PE_PanelStatusBar:
        painter->fillRect(option->rect, look.color(Color::Window));
        painter->fillRect(QRect(option->rect.x(), option->rect.y(), option->rect.width(), 1),
                          look.color(Color::Border));
        return true;
    case PE_FrameStatusBarItem: return true;
    case PE_FrameDockWidget: draw::box(*painter, option->rect, {}, look.color(Color::Border), 0); return true;
    case PE_IndicatorDockWidgetResizeHandle: painter->fillRect(option->rect, look.color(Color::Window)); return true;
    case PE_IndicatorTabTearLeft:
    case PE_IndicatorTabTearRight: // a straight edge where the tabs go on
        painter->fillRect(QRect(element == PE_IndicatorTabTearLeft ? option->rect.left() : option->rect.right(),
                                option->rect.top(), 1, option->rect.height()),
                          look.color(Color::Border));
        return true;
    case PE_FrameTabBarBase:
        if (const auto* base = qstyleoption_cast<const QStyleOptionTabBarBase*>(option)) {
            painter->fillRect(base->rect, look.color(Color::Border));
        }
        return true;
    case PE_FrameTabWidget:
        draw::box(*painter, option->rect, look.color(Color::Panel), look.color(Color::Border), 0);
        return true;
    case PE_IndicatorToolBarSeparator: {
        const QRect& all = option->rect;
        painter->fillRect(QRect(all.center().x(), all.top() + 4, 1, all.height() - 8), look.color(Color::Border));
        return true;
    }
    case PE_PanelTipLabel:
        draw::box(*painter, option->rect, look.color(Color::Raised), look.color(Color::BorderStrong), 0);
        return true;
    default: return false;
    }
}

bool Style::drawBar(ControlElement element, const QStyleOption* option, QPainter* painter,
                    const QWidget* widget) const {
    const Theme& look = theme();
    const QRect& all = option->rect;
    switch (element) {
    case CE_MenuBarEmptyArea: painter->fillRect(all, look.color(Color::Window)); return true;
    case CE_MenuBarItem:
        if (const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option)) {
            painter->fillRect(all, look.color(Color::Window));
            if (is(*option, State_Selected)) {
                const Color fill = is(*option, State_Sunken) ? Color::Pressed : Color::Hover;
                draw::box(*painter, all.adjusted(2, 2, -2, -2), look.color(fill), {});
            }
            painter->setPen(look.color(is(*option, State_Enabled) ? Color::Text : Color::TextDisabled));
            painter->drawText(all, Qt::AlignCenter | Qt::TextHideMnemonic | Qt::TextSingleLine, item->text);
        }
        return true;
    case CE_ToolBar: {
        painter->fillRect(all, look.color(Color::Window));
        const auto* bar = qstyleoption_cast<const QStyleOptionToolBar*>(option);
        if (bar != nullptr && bar->toolBarArea == Qt::TopToolBarArea) {
            painter->fillRect(QRect(all.left(), all.bottom(), all.width(), 1), look.color(Color::Border));
        }
        return true;
    }
    case CE_HeaderSection:
    case CE_HeaderEmptyArea:
        painter->fillRect(all, look.color(Color::Panel));
        painter->fillRect(QRect(all.left(), all.bottom(), all.width(), 1), look.color(Color::Border));
        return true;
    case CE_HeaderLabel:
        if (const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option)) {
            drawHeaderLabel(*header, painter);
            return true;
        }
        return false;
    case CE_Splitter: painter->fillRect(all, look.color(Color::Window)); return true;
    case CE_ProgressBarGroove: {
        const QRect bar(all.left(), all.center().y() - 3, all.width(), 8);
        draw::box(*painter, bar, look.color(Color::Panel), look.color(Color::BorderStrong), 2);
        return true;
    }
    case CE_ProgressBarContents:
        if (const auto* bar = qstyleoption_cast<const QStyleOptionProgressBar*>(option)) {
            const qint64 range = static_cast<qint64>(bar->maximum) - bar->minimum;
            if (range > 0) {
                const auto filled =
                    static_cast<int>((static_cast<qint64>(bar->progress) - bar->minimum) * (all.width() - 2) / range);
                painter->fillRect(QRect(all.left() + 1, all.center().y() - 2, filled, 6), look.color(Color::Accent));
            }
        }
        return true;
    case CE_ComboBoxLabel:
        if (const auto* combo = qstyleoption_cast<const QStyleOptionComboBox*>(option)) {
            QRect area = subControlRect(CC_ComboBox, combo, SC_ComboBoxEditField, widget);
            if (!combo->currentIcon.isNull()) {
                combo->currentIcon.paint(painter, QRect(area.x(), area.y() + (area.height() - 16) / 2, 16, 16));
                area.adjust(24, 0, 0, 0);
            }
            painter->setPen(look.color(is(*option, State_Enabled) ? Color::Text : Color::TextDisabled));
            painter->drawText(area, Qt::AlignVCenter | Qt::AlignLeading | Qt::TextSingleLine,
                              combo->fontMetrics.elidedText(combo->currentText, Qt::ElideRight, area.width()));
        }
        return true;
    default: return false;
    }
}

void Style::drawHeaderLabel(const QStyleOptionHeader& option, QPainter* painter) const {
    const Theme& look = theme();
    // Qt's "up" stands for descending order.
    const bool sorted = option.sortIndicator != QStyleOptionHeader::None;
    const char* arrow = option.sortIndicator == QStyleOptionHeader::SortUp ? "chevron-down" : "chevron-up";
    const int room = option.rect.width() - (sorted ? 14 : 0);
    const QString text = option.fontMetrics.elidedText(option.text, Qt::ElideRight, room);
    const int words = option.fontMetrics.horizontalAdvance(text);
    const int used = words + (sorted ? 14 : 0);
    const QRect place = alignedRect(option.direction, option.textAlignment | Qt::AlignVCenter,
                                    QSize(used, option.rect.height()), option.rect);
    painter->setPen(look.color(Color::TextSecondary));
    painter->drawText(QRect(place.x(), place.y(), words + 1, place.height()), Qt::AlignVCenter | Qt::AlignLeft, text);
    if (sorted) {
        draw::icon(*painter, QRect(place.x() + words + 2, place.y(), 12, place.height()), arrow, 12,
                   look.color(Color::TextSecondary));
    }
}

void Style::drawMenuItem(const QStyleOptionMenuItem& option, QPainter* painter) const {
    const Theme& look = theme();
    const QRect& all = option.rect;
    if (option.menuItemType == QStyleOptionMenuItem::Separator) {
        painter->fillRect(QRect(all.left(), all.center().y(), all.width(), 1), look.color(Color::BorderSubtle));
        return;
    }
    const bool enabled = is(option, State_Enabled);
    const bool selected = is(option, State_Selected) && enabled;
    if (selected) {
        painter->fillRect(all, look.color(Color::Accent));
    }
    const QColor tint = look.color(!enabled ? Color::TextDisabled : selected ? Color::OnAccent : Color::Text);
    const QColor quiet = look.color(!enabled ? Color::TextDisabled : selected ? Color::OnAccent : Color::TextMuted);
    const bool marks = option.menuHasCheckableItems || option.maxIconWidth > 0;
    const auto mirrored = [&](const QRect& rect) { return visualRect(option.direction, all, rect); };
    const QRect mark = mirrored(QRect(all.left() + 10, all.top(), 16, all.height()));
    const bool checked = option.checkType != QStyleOptionMenuItem::NotCheckable && option.checked;
    if (checked && !option.icon.isNull()) {
        // The icon keeps its place, and what is on is told at the other end.
        draw::icon(*painter, mirrored(QRect(all.right() - 22, all.top(), 14, all.height())), "check", 14, tint);
    }
    if (checked && option.icon.isNull()) {
        if (option.checkType == QStyleOptionMenuItem::Exclusive) {
            draw::box(*painter, QRect(mark.center().x() - 2, mark.center().y() - 2, 6, 6), tint, {}, 3);
        } else {
            draw::icon(*painter, mark, "check", 16, tint);
        }
    } else if (!option.icon.isNull()) {
        const QRect place(mark.x(), mark.y() + (mark.height() - 16) / 2, 16, 16);
        if (option.icon.name().isEmpty()) {
            option.icon.paint(painter, place, Qt::AlignCenter, enabled ? QIcon::Normal : QIcon::Disabled);
        } else {
            const QColor color = selected || !enabled ? tint : look.color(Color::TextSecondary);
            painter->drawPixmap(place.topLeft(),
                                iconPixmap(option.icon.name(), 16, color, painter->device()->devicePixelRatioF()));
        }
    }
    const QStringList parts = option.text.split(QLatin1Char('\t'));
    const int left = 12 + (marks ? 24 : 0);
    painter->setFont(option.font);
    painter->setPen(tint);
    const int flags = Qt::AlignVCenter | Qt::AlignLeading | Qt::TextHideMnemonic | Qt::TextSingleLine;
    painter->drawText(mirrored(all.adjusted(left, 0, -24, 0)), flags, parts.value(0));
    if (option.menuItemType == QStyleOptionMenuItem::SubMenu) {
        const QRect arrow = mirrored(QRect(all.right() - 22, all.top(), 14, all.height()));
        draw::icon(*painter, arrow, option.direction == Qt::RightToLeft ? "chevron-left" : "chevron-right", 14, quiet);
    } else if (parts.size() > 1) {
        painter->setFont(look.font(TextStyle::Small));
        painter->setPen(quiet);
        const QRect keys = mirrored(all.adjusted(left, 0, -12, 0));
        painter->drawText(
            keys, Qt::AlignVCenter | (option.direction == Qt::RightToLeft ? Qt::AlignLeft : Qt::AlignRight), parts[1]);
    }
}

void Style::drawTab(const QStyleOptionTab& option, QPainter* painter, const QWidget* widget) const {
    const Theme& look = theme();
    const QRect& all = option.rect;
    const bool selected = is(option, State_Selected);
    const bool hovered = is(option, State_MouseOver) && is(option, State_Enabled);
    painter->fillRect(all, look.color(selected ? Color::Panel : hovered ? Color::Hover : Color::Window));
    const bool upright = option.shape == QTabBar::RoundedWest || option.shape == QTabBar::RoundedEast ||
                         option.shape == QTabBar::TriangularWest || option.shape == QTabBar::TriangularEast;
    if (upright) {
        return;
    }
    const int edge = option.direction == Qt::RightToLeft ? all.left() : all.right();
    painter->fillRect(QRect(edge, all.top(), 1, all.height()), look.color(Color::BorderSubtle));
    if (selected) {
        painter->fillRect(QRect(all.left(), all.top(), all.width(), 2), look.color(Color::AccentText));
    } else if (widget == nullptr || !touchesTop(widget)) {
        painter->fillRect(QRect(all.left(), all.top(), all.width(), 1), look.color(Color::Border));
    }
}

void Style::drawTabLabel(const QStyleOptionTab& option, QPainter* painter) const {
    const Theme& look = theme();
    const bool selected = is(option, State_Selected);
    const QColor tint = look.color(!is(option, State_Enabled) ? Color::TextDisabled
                                   : selected                 ? Color::Text
                                                              : Color::TextSecondary);
    const QFont font = look.font(selected ? TextStyle::PanelTitle : TextStyle::Small);
    QRect area = option.rect.adjusted(12, 0, -12, 0);
    bool readable = true;
    if (!option.icon.isNull()) {
        // Words whole or not at all; the one in front keeps them.
        readable = selected || option.rect.width() >= draw::tabWidth(option.text, true);
        const int left = readable ? area.x() : area.x() + (area.width() - 14) / 2;
        const QRect place(visualRect(option.direction, area, QRect(left, area.y() + (area.height() - 14) / 2, 14, 14)));
        if (option.icon.name().isEmpty()) {
            option.icon.paint(painter, place);
        } else {
            painter->drawPixmap(place.topLeft(),
                                iconPixmap(option.icon.name(), 14, tint, painter->device()->devicePixelRatioF()));
        }
        option.direction == Qt::RightToLeft ? area.adjust(0, 0, -20, 0) : area.adjust(20, 0, 0, 0);
    }
    if (readable) {
        painter->setFont(font);
        painter->setPen(tint);
        painter->drawText(
            area, Qt::AlignVCenter | Qt::AlignLeading | Qt::TextHideMnemonic,
            QFontMetrics(font).elidedText(option.text, Qt::ElideRight, area.width(), Qt::TextHideMnemonic));
    }
    if (is(option, State_HasFocus) && is(option, State_KeyboardFocusChange)) {
        draw::box(*painter, option.rect.adjusted(2, 3, -2, -2), {}, look.color(Color::AccentText), draw::kRadius, 2);
    }
}

int draw::tabWidth(const QString& text, bool icon) {
    // Room for the words as chosen, so that choosing moves nothing; 12 px at both sides, 1 px line.
    const QFontMetrics chosen(theme().font(TextStyle::PanelTitle));
    return chosen.size(Qt::TextHideMnemonic, text).width() + 24 + 1 + (icon ? 20 : 0);
}

int draw::iconTabWidth(const QTabBar& bar) {
    constexpr int roomy = 14 + 24 + 1;
    constexpr int least = 14 + 12 + 1;
    int all = 0;
    int others = 0;
    for (int tab = 0; tab < bar.count(); ++tab) {
        all += tabWidth(bar.tabText(tab), !bar.tabIcon(tab).isNull());
        others += tab != bar.currentIndex() ? 1 : 0;
    }
    if (all <= bar.width() || others == 0) {
        return 0;
    }
    const int left = bar.width() - tabWidth(bar.tabText(bar.currentIndex()), true);
    return std::clamp(left / others, least, roomy);
}

} // namespace moescope::ui
