// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/elidedlabel.h"

#include "ui/theme/plaintooltip.h"

#include <QEvent>
#include <QPainter>

namespace moescope::ui {

ElidedLabel::ElidedLabel(const QString& text, TextStyle style, Color color, QWidget* parent)
    : QWidget(parent), m_style(style), m_color(color) {
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    setText(text);
}

void ElidedLabel::setText(const QString& text) {
    m_text = text;
    setAccessibleName(text);
    refreshToolTip();
    updateGeometry();
    update();
}

void ElidedLabel::setShorter(const QStringList& shorter) {
    m_shorter = shorter;
    refreshToolTip();
    update();
}

void ElidedLabel::setColor(Color color) {
    m_color = color;
    update();
}

void ElidedLabel::setElideMode(Qt::TextElideMode mode) {
    m_mode = mode;
    update();
}

QString ElidedLabel::shownText() const {
    const QFontMetrics metrics(theme().font(m_style));
    QString text = m_text;
    for (const QString& shorter : m_shorter) {
        text = metrics.horizontalAdvance(text) <= width() ? text : shorter;
    }
    return metrics.elidedText(text, m_mode, width());
}

QSize ElidedLabel::sizeHint() const {
    return {QFontMetrics(theme().font(m_style)).horizontalAdvance(m_text) + 1, theme().lineHeight(m_style)};
}

QSize ElidedLabel::minimumSizeHint() const {
    return {QFontMetrics(theme().font(m_style)).horizontalAdvance(QStringLiteral("…")), theme().lineHeight(m_style)};
}

void ElidedLabel::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setFont(theme().font(m_style));
    painter.setPen(theme().color(isEnabled() ? m_color : Color::TextDisabled));
    painter.drawText(rect(), Qt::AlignVCenter | Qt::AlignLeading, shownText());
}

void ElidedLabel::refreshToolTip() { setToolTip(shownText() == m_text ? QString() : plainToolTip(m_text)); }

void ElidedLabel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    refreshToolTip();
}

void ElidedLabel::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) {
        updateGeometry();
        refreshToolTip();
        update();
    }
    QWidget::changeEvent(event);
}

} // namespace moescope::ui
