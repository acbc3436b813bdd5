// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/whatifbox.h"

#include "ui/theme/theme.h"
#include "ui/widgets/flowlayout.h"

#include <QEvent>
#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

namespace moescope::ui {

namespace {

constexpr int kIcon = 16; ///< px
constexpr int kSide = 12; ///< px
constexpr int kAbove = 6; ///< px

} // namespace

WhatIfBox::WhatIfBox(QWidget* parent) : QWidget(parent) {
    m_label = new QLabel(this);
    m_label->setWordWrap(true);
    m_label->setTextFormat(Qt::RichText);
    m_label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_column = new QVBoxLayout(this);
    m_column->setContentsMargins(kSide + kIcon + 8, kAbove, 8, kAbove);
    m_column->setSpacing(4);
    m_column->addWidget(m_label);
    m_controls = new FlowLayout(8);
    m_column->addLayout(m_controls);
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    refresh();
}

void WhatIfBox::setWords(const QString& words, const QString& whole) {
    m_words = words;
    m_label->setToolTip(whole == words ? QString() : whole.toHtmlEscaped());
    refresh();
}

void WhatIfBox::refresh() {
    m_label->setFont(theme().font(TextStyle::Ui));
    QPalette colors = m_label->palette();
    colors.setColor(QPalette::WindowText, theme().color(Color::Text));
    m_label->setPalette(colors);
    const QString lead = tr("What if:");
    const QString plain = lead + QLatin1Char(' ') + m_words;
    m_label->setText(QStringLiteral("<p style=\"line-height:%1px; margin:0\"><b>%2</b> %3</p>")
                         .arg(theme().lineHeight(TextStyle::Ui) + 4)
                         .arg(lead.toHtmlEscaped(), m_words.toHtmlEscaped()));
    m_label->setAccessibleName(plain);
    setAccessibleName(plain);
    updateGeometry();
    update();
}

void WhatIfBox::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(theme().color(Color::Warn));
    painter.setBrush(theme().color(Color::Panel));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    const int line = theme().lineHeight(TextStyle::Ui) + 4;
    const int x = layoutDirection() == Qt::RightToLeft ? width() - kSide - kIcon : kSide;
    painter.drawPixmap(QPoint(x, m_label->y() + (line - kIcon) / 2),
                       theme().pixmap(QStringLiteral("ban"), kIcon, theme().color(Color::Warn), devicePixelRatioF()));
}

void WhatIfBox::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange && m_label != nullptr) {
        refresh();
    }
    QWidget::changeEvent(event);
}

} // namespace moescope::ui
