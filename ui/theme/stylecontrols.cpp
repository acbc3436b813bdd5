// SPDX-License-Identifier: Apache-2.0
// Buttons, inputs, choices, sliders and scroll bars.
#include "ui/theme/icons.h"
#include "ui/theme/style.h"
#include "ui/theme/styledraw.h"

#include <QAbstractItemView>
#include <QPainter>
#include <QPlainTextEdit>
#include <QTextEdit>

#include <algorithm>

namespace moescope::ui {

namespace draw {

void box(QPainter& painter, const QRect& rect, const QColor& fill, const QColor& line, double radius,
         double lineWidth) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(line.isValid() ? QPen(line, lineWidth) : QPen(Qt::NoPen));
    painter.setBrush(fill.isValid() ? QBrush(fill) : QBrush(Qt::NoBrush));
    const double inset = line.isValid() ? lineWidth / 2.0 : 0.0;
    painter.drawRoundedRect(QRectF(rect).adjusted(inset, inset, -inset, -inset), radius, radius);
    painter.restore();
}

void input(QPainter& painter, const QRect& rect, const QStyleOption& option, const QWidget* widget, Color restLine,
           Color fill) {
    const Theme& look = theme();
    if (!is(option, QStyle::State_Enabled)) {
        box(painter, rect, look.color(Color::Window), look.color(Color::BorderSubtle));
    } else if (is(option, QStyle::State_HasFocus)) {
        box(painter, rect, look.color(fill), look.color(has(widget, "error") ? Color::Error : Color::AccentText),
            kRadius, 2);
    } else {
        box(painter, rect, look.color(fill), look.color(has(widget, "error") ? Color::Error : restLine));
    }
}

void icon(QPainter& painter, const QRect& rect, const char* name, int size, const QColor& tint) {
    const QPixmap pixmap = iconPixmap(QLatin1String(name), size, tint, painter.device()->devicePixelRatioF());
    painter.drawPixmap(QPoint(rect.x() + (rect.width() - size) / 2, rect.y() + (rect.height() - size) / 2), pixmap);
}

} // namespace draw

using draw::has;
using draw::is;

namespace {

bool isPressed(const QStyleOption& option) { return is(option, QStyle::State_Sunken) || is(option, QStyle::State_On); }

bool isHovered(const QStyleOption& option) {
    return is(option, QStyle::State_MouseOver) && is(option, QStyle::State_Enabled);
}

Color surface(const QStyleOption& option, Color rest) {
    return isPressed(option) ? Color::Pressed : isHovered(option) ? Color::Hover : rest;
}

void check(const QStyleOption& option, QPainter& painter) {
    const Theme& look = theme();
    const QRect square(option.rect.x() + (option.rect.width() - 16) / 2,
                       option.rect.y() + (option.rect.height() - 16) / 2, 16, 16);
    const bool enabled = is(option, QStyle::State_Enabled);
    const bool on = is(option, QStyle::State_On);
    const bool half = is(option, QStyle::State_NoChange);
    if (on || half) {
        draw::box(painter, square,
                  look.color(!enabled            ? Color::TextDisabled
                             : isHovered(option) ? Color::AccentHover
                                                 : Color::Accent),
                  {}, 3);
        draw::icon(painter, square, on ? "check" : "minus", 12, look.color(enabled ? Color::OnAccent : Color::Window));
        return;
    }
    const Color fill = enabled ? surface(option, Color::Panel) : Color::Window;
    draw::box(painter, square, look.color(fill), look.color(enabled ? Color::BorderStrong : Color::BorderSubtle), 3);
}

void radio(const QStyleOption& option, QPainter& painter) {
    const Theme& look = theme();
    const QRect round(option.rect.x() + (option.rect.width() - 16) / 2,
                      option.rect.y() + (option.rect.height() - 16) / 2, 16, 16);
    const bool enabled = is(option, QStyle::State_Enabled);
    if (is(option, QStyle::State_On)) {
        draw::box(painter, round, look.color(enabled ? Color::Accent : Color::TextDisabled), {}, 8);
        draw::box(painter, round.adjusted(5, 5, -5, -5), look.color(enabled ? Color::OnAccent : Color::Window), {}, 3);
        return;
    }
    const Color fill = enabled ? surface(option, Color::Panel) : Color::Window;
    draw::box(painter, round, look.color(fill), look.color(enabled ? Color::BorderStrong : Color::BorderSubtle), 8);
}

} // namespace

bool Style::drawControlPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                                 const QWidget* widget) const {
    const Theme& look = theme();
    switch (element) {
    case PE_IndicatorCheckBox:
    case PE_IndicatorItemViewItemCheck: check(*option, *painter); return true;
    case PE_IndicatorRadioButton: radio(*option, *painter); return true;
    case PE_PanelButtonTool: {
        if (has(widget, "framed")) {
            const bool on = is(*option, State_Enabled);
            draw::box(*painter, option->rect, look.color(on ? surface(*option, Color::Raised) : Color::Window),
                      look.color(on ? Color::Border : Color::BorderSubtle));
            return true;
        }
        if (!is(*option, State_Enabled)) {
            return true;
        }
        if (is(*option, State_On) || is(*option, State_Sunken)) {
            draw::box(*painter, option->rect, look.color(Color::AccentTint), {});
        } else if (isHovered(*option)) {
            draw::box(*painter, option->rect, look.color(Color::Hover), {});
        }
        return true;
    }
    case PE_PanelLineEdit:
        if (const auto* frame = qstyleoption_cast<const QStyleOptionFrame*>(option);
            frame != nullptr && frame->lineWidth > 0) {
            draw::input(*painter, option->rect, *option, widget, Color::BorderStrong, Color::Panel);
        }
        return true;
    case PE_FrameLineEdit: return true;
    case PE_Frame: {
        const auto* frame = qstyleoption_cast<const QStyleOptionFrame*>(option);
        if (frame == nullptr || frame->lineWidth <= 0) {
            return true;
        }
        if (qobject_cast<const QTextEdit*>(widget) != nullptr ||
            qobject_cast<const QPlainTextEdit*>(widget) != nullptr) {
            draw::input(*painter, option->rect, *option, widget, Color::BorderStrong, Color::Panel);
        } else {
            draw::box(*painter, option->rect, {}, look.color(Color::Border), 0);
        }
        return true;
    }
    case PE_FrameGroupBox: return true;
    case PE_IndicatorArrowDown:
    case PE_IndicatorSpinDown:
        draw::icon(*painter, option->rect, "chevron-down", 14, look.color(Color::TextSecondary));
        return true;
    case PE_IndicatorArrowUp:
    case PE_IndicatorSpinUp:
        draw::icon(*painter, option->rect, "chevron-up", 14, look.color(Color::TextSecondary));
        return true;
    case PE_IndicatorArrowLeft:
        draw::icon(*painter, option->rect, "chevron-left", 14, look.color(Color::TextSecondary));
        return true;
    case PE_IndicatorArrowRight:
        draw::icon(*painter, option->rect, "chevron-right", 14, look.color(Color::TextSecondary));
        return true;
    case PE_IndicatorTabClose:
        draw::icon(*painter, option->rect, "close", 12, look.color(Color::TextSecondary));
        return true;
    default: return false;
    }
}

void Style::drawPushButton(const QStyleOptionButton& option, QPainter* painter, const QWidget* widget) const {
    const Theme& look = theme();
    const bool enabled = is(option, State_Enabled);
    if (has(widget, "toast")) {
        if (isHovered(option) || isPressed(option)) {
            draw::box(*painter, option.rect, {}, look.color(Color::BorderStrong));
        }
        return;
    }
    if (has(widget, "quiet") || has(widget, "chip") || (option.features & QStyleOptionButton::Flat) != 0) {
        if (enabled && is(option, State_On)) {
            draw::box(*painter, option.rect,
                      look.color(isHovered(option) ? Color::AccentTintStrong : Color::AccentTint), {});
        } else if (enabled && (isHovered(option) || isPressed(option))) {
            draw::box(*painter, option.rect, look.color(surface(option, Color::Hover)), {});
        }
        return;
    }
    if (!enabled) {
        draw::box(*painter, option.rect, look.color(Color::Window), look.color(Color::BorderSubtle));
    } else if (has(widget, "primary")) {
        const Color fill = isPressed(option)   ? Color::AccentPressed
                           : isHovered(option) ? Color::AccentHover
                                               : Color::Accent;
        draw::box(*painter, option.rect, look.color(fill), {});
    } else {
        draw::box(*painter, option.rect, look.color(surface(option, Color::Raised)), look.color(Color::Border));
    }
}

void Style::drawPushButtonLabel(const QStyleOptionButton& option, QPainter* painter, const QWidget* widget) const {
    const Theme& look = theme();
    const bool primary = has(widget, "primary");
    const Color tint = !is(option, State_Enabled) ? Color::TextDisabled
                       : primary                  ? Color::OnAccent
                       : has(widget, "toast")     ? Color::Panel
                       : has(widget, "danger")    ? Color::Error
                       : has(widget, "chip")      ? (is(option, State_On) ? Color::AccentText : Color::TextSecondary)
                                                  : Color::Text;
    QFont font = look.font(has(widget, "small") ? TextStyle::Small : TextStyle::Ui);
    font.setWeight(primary || has(widget, "toast") ? QFont::DemiBold
                   : has(widget, "chip")           ? QFont::Normal
                                                   : QFont::Medium);
    painter->save();
    painter->setFont(font);
    const QFontMetrics metrics(font);
    const bool menu = (option.features & QStyleOptionButton::HasMenu) != 0;
    const QRect area = menu ? option.rect.adjusted(0, 0, -18, 0) : option.rect;
    const int iconSide = option.icon.isNull() ? 0 : 16;
    const int gap = iconSide > 0 && !option.text.isEmpty() ? draw::kIconGap : 0;
    const QString text = metrics.elidedText(option.text, Qt::ElideRight, std::max(0, area.width() - 8 - iconSide - gap),
                                            Qt::TextShowMnemonic);
    const int words = text.isEmpty() ? 0 : metrics.size(Qt::TextShowMnemonic, text).width();
    int x = area.x() + (area.width() - words - iconSide - gap) / 2;
    const bool mirrored = option.direction == Qt::RightToLeft;
    if (iconSide > 0) {
        const QRect place(mirrored ? x + words + gap : x, area.y() + (area.height() - 16) / 2, 16, 16);
        const QString name = option.icon.name();
        if (name.isEmpty()) {
            option.icon.paint(painter, place, Qt::AlignCenter,
                              is(option, State_Enabled) ? QIcon::Normal : QIcon::Disabled);
        } else {
            const QPixmap pixmap = iconPixmap(name, 16, look.color(tint), painter->device()->devicePixelRatioF());
            painter->drawPixmap(place.topLeft(), pixmap);
        }
        x += mirrored ? 0 : 16 + gap;
    }
    painter->setPen(look.color(tint));
    const int flags =
        Qt::AlignVCenter | Qt::AlignLeft |
        (styleHint(SH_UnderlineShortcut, &option, widget, nullptr) != 0 ? Qt::TextShowMnemonic : Qt::TextHideMnemonic);
    painter->drawText(QRect(x, area.y(), words + 2, area.height()), flags, text);
    if (menu) {
        draw::icon(*painter, QRect(option.rect.right() - 22, option.rect.y(), 16, option.rect.height()), "chevron-down",
                   14, look.color(tint));
    }
    painter->restore();
}

void Style::drawComboBox(const QStyleOptionComplex* option, QPainter* painter, const QWidget* widget) const {
    const Theme& look = theme();
    const Color fill = isHovered(*option) && !is(*option, State_HasFocus) ? Color::Hover : Color::Raised;
    draw::input(*painter, option->rect, *option, widget, Color::Border, fill);
    const QRect arrow = subControlRect(CC_ComboBox, option, SC_ComboBoxArrow, widget);
    draw::icon(*painter, arrow, "chevron-down", 14,
               look.color(is(*option, State_Enabled) ? Color::TextSecondary : Color::TextDisabled));
}

void Style::drawSpinBox(const QStyleOptionComplex* option, QPainter* painter, const QWidget* widget) const {
    const auto* spin = qstyleoption_cast<const QStyleOptionSpinBox*>(option);
    if (spin == nullptr) {
        return;
    }
    const Theme& look = theme();
    draw::input(*painter, option->rect, *option, widget, Color::BorderStrong, Color::Panel);
    if (spin->buttonSymbols == QAbstractSpinBox::NoButtons) {
        return;
    }
    const QRect up = subControlRect(CC_SpinBox, option, SC_SpinBoxUp, widget);
    const QRect down = subControlRect(CC_SpinBox, option, SC_SpinBoxDown, widget);
    const int edge = option->direction == Qt::RightToLeft ? up.right() + 1 : up.left() - 1;
    painter->fillRect(QRect(edge, option->rect.top() + 3, 1, option->rect.height() - 6),
                      look.color(Color::BorderSubtle));
    const auto tint = [&](QAbstractSpinBox::StepEnabledFlag step) {
        return look.color((spin->stepEnabled & step) != 0 && is(*option, State_Enabled) ? Color::TextSecondary
                                                                                        : Color::TextDisabled);
    };
    draw::icon(*painter, up, "chevron-up", 12, tint(QAbstractSpinBox::StepUpEnabled));
    draw::icon(*painter, down, "chevron-down", 12, tint(QAbstractSpinBox::StepDownEnabled));
}

void Style::drawSlider(const QStyleOptionSlider& option, QPainter* painter, const QWidget* widget) const {
    const Theme& look = theme();
    const QRect handle = subControlRect(CC_Slider, &option, SC_SliderHandle, widget);
    const bool flat = option.orientation == Qt::Horizontal;
    const QRect all = option.rect;
    const QRect groove = flat ? QRect(all.left(), all.center().y() - 1, all.width(), 4)
                              : QRect(all.center().x() - 1, all.top(), 4, all.height());
    const bool enabled = is(option, State_Enabled);
    draw::box(*painter, groove, look.color(Color::Border), {}, 2);
    QRect filled = groove;
    if (flat) {
        option.upsideDown ? filled.setLeft(handle.center().x()) : filled.setRight(handle.center().x());
    } else {
        option.upsideDown ? filled.setTop(handle.center().y()) : filled.setBottom(handle.center().y());
    }
    draw::box(*painter, filled, look.color(enabled ? Color::Accent : Color::TextDisabled), {}, 2);
    // Across the groove Fusion's handle stands a pixel too high.
    const QPoint middle =
        flat ? QPoint(handle.center().x(), all.center().y()) : QPoint(all.center().x(), handle.center().y());
    const QRect knob(middle.x() - 7, middle.y() - 7, 16, 16);
    draw::box(*painter, knob, look.color(isHovered(option) || isPressed(option) ? Color::Hover : Color::Panel),
              look.color(enabled ? Color::Accent : Color::TextDisabled), 8, 2);
}

void Style::drawScrollBar(const QStyleOptionSlider& option, QPainter* painter, const QWidget* widget) const {
    const Theme& look = theme();
    if (option.maximum <= option.minimum) {
        return;
    }
    const QRect handle = subControlRect(CC_ScrollBar, &option, SC_ScrollBarSlider, widget).adjusted(2, 2, -2, -2);
    const bool active = is(option, State_MouseOver) || is(option, State_Sunken);
    draw::box(*painter, handle, look.color(active ? Color::BorderStrong : Color::Border), {}, 3);
}

} // namespace moescope::ui
