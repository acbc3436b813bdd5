// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QPointer>
#include <QProxyStyle>

class QStyleOptionButton;
class QStyleOptionHeader;
class QStyleOptionMenuItem;
class QStyleOptionSlider;
class QStyleOptionTab;
class QStyleOptionViewItem;

namespace moescope::ui {

class FocusRing;

/** Fusion with the design's drawing: flat fills, 1 px lines, colours from theme() at the time of painting.
 *
 *  Dynamic properties of widgets: on a push button `primary`, `quiet`, `danger`, `chip` (quiet, secondary text), `toast`
 *  (on the undo toast), `small` (24 px, type style small); on a tool button `framed` (the box of a push button); on an input `error`; on a list `sidebar` (round rows on the
 *  window's colour); on any widget `focusRing` (asks for the ring that buttons have). */
class Style : public QProxyStyle {
    Q_OBJECT
public:
    Style();
    ~Style() override;

    void polish(QWidget* widget) override;
    void unpolish(QWidget* widget) override;
    using QProxyStyle::polish;
    using QProxyStyle::unpolish;

    int pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const override;
    int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                  QStyleHintReturn* returned) const override;
    QSize sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                           const QWidget* widget) const override;
    QRect subControlRect(ComplexControl control, const QStyleOptionComplex* option, SubControl part,
                         const QWidget* widget) const override;
    QRect subElementRect(SubElement element, const QStyleOption* option, const QWidget* widget) const override;
    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const override;
    void drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override;
    void drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                            const QWidget* widget) const override;

private:
    // stylecontrols.cpp
    bool drawControlPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                              const QWidget* widget) const;
    void drawPushButton(const QStyleOptionButton& option, QPainter* painter, const QWidget* widget) const;
    void drawPushButtonLabel(const QStyleOptionButton& option, QPainter* painter, const QWidget* widget) const;
    void drawComboBox(const QStyleOptionComplex* option, QPainter* painter, const QWidget* widget) const;
    void drawSpinBox(const QStyleOptionComplex* option, QPainter* painter, const QWidget* widget) const;
    void drawSlider(const QStyleOptionSlider& option, QPainter* painter, const QWidget* widget) const;
    void drawScrollBar(const QStyleOptionSlider& option, QPainter* painter, const QWidget* widget) const;
    // styleitems.cpp
    bool drawItemPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                           const QWidget* widget) const;
    bool drawBar(ControlElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const;
    void drawHeaderLabel(const QStyleOptionHeader& option, QPainter* painter) const;
    void drawMenuItem(const QStyleOptionMenuItem& option, QPainter* painter) const;
    void drawTab(const QStyleOptionTab& option, QPainter* painter, const QWidget* widget) const;
    void drawTabLabel(const QStyleOptionTab& option, QPainter* painter) const;

    QPointer<FocusRing> m_ring;
};

} // namespace moescope::ui
