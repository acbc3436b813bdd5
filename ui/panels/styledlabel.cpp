// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/styledlabel.h"

#include <QEvent>

namespace moescope::ui {

StyledLabel::StyledLabel(const QString& text, TextStyle style, Color color, QWidget* parent)
    : QLabel(text, parent), m_style(style), m_color(color) {
    setTextFormat(Qt::PlainText);
    apply();
}

void StyledLabel::setColor(Color color) {
    if (color != m_color) {
        m_color = color;
        apply();
    }
}

QSize StyledLabel::minimumSizeHint() const {
    return QLabel::minimumSizeHint().expandedTo({0, theme().lineHeight(m_style)});
}

QSize StyledLabel::sizeHint() const { return QLabel::sizeHint().expandedTo({0, theme().lineHeight(m_style)}); }

void StyledLabel::changeEvent(QEvent* event) {
    QLabel::changeEvent(event);
    if ((event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange) && !m_applying) {
        apply();
    }
}

void StyledLabel::apply() {
    m_applying = true;
    setFont(theme().font(m_style));
    QPalette colors = palette();
    colors.setColor(QPalette::WindowText, theme().color(m_color));
    colors.setColor(QPalette::Text, theme().color(m_color));
    setPalette(colors);
    m_applying = false;
}

} // namespace moescope::ui
