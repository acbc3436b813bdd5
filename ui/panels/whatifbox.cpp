// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/whatifbox.h"

#include "ui/theme/theme.h"
#include "ui/widgets/flowlayout.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QTextDocument>
#include <QVBoxLayout>
#include <QtMath>

namespace moescope::ui {

namespace {

constexpr int kIcon = 16; ///< px
constexpr int kSide = 12; ///< px
constexpr int kAbove = 6; ///< px

/** Words in bold and plain, as wide as they are in one line; they wrap where there is less. */
class Words : public QLabel {
public:
    using QLabel::QLabel;

    QSize sizeHint() const override {
        QTextDocument document;
        document.setDocumentMargin(0);
        document.setDefaultFont(font());
        document.setHtml(text());
        return {qCeil(document.idealWidth()) + 1, qCeil(document.size().height())};
    }
    QSize minimumSizeHint() const override { return {0, fontMetrics().height()}; }
};

} // namespace

WhatIfBox::WhatIfBox(Frame frame, QWidget* parent) : QWidget(parent), m_frame(frame) {
    m_label = new Words(this);
    m_label->setWordWrap(true);
    m_label->setTextFormat(Qt::RichText);
    m_label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* buttons = new QWidget(this);
    m_buttons = new QHBoxLayout(buttons);
    m_buttons->setContentsMargins(0, 0, 0, 0);
    m_buttons->setSpacing(8);
    auto* row = new FlowLayout(4);
    row->addWidget(m_label);
    row->addWidget(buttons);
    row->alignRightFrom(1);
    const bool amber = frame == Frame::Amber;
    m_column = new QVBoxLayout(this);
    m_column->setContentsMargins((amber ? kSide : 0) + kIcon + 8, amber ? kAbove : 0, amber ? 8 : 0,
                                 amber ? kAbove : 0);
    m_column->setSpacing(8);
    m_column->addLayout(row);
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
    m_label->setText(QStringLiteral("<b>%1</b> %2").arg(lead.toHtmlEscaped(), m_words.toHtmlEscaped()));
    m_label->setAccessibleName(plain);
    setAccessibleName(plain);
    updateGeometry();
    update();
}

QRect WhatIfBox::signRect() const {
    const int side = m_frame == Frame::Amber ? kSide : 0;
    const int x = layoutDirection() == Qt::RightToLeft ? width() - side - kIcon : side;
    return {x, m_label->y() + (m_label->fontMetrics().height() - kIcon + 1) / 2, kIcon, kIcon};
}

void WhatIfBox::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    if (m_frame == Frame::Amber) {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(theme().color(Color::Warn));
        painter.setBrush(theme().color(Color::Panel));
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    }
    painter.drawPixmap(signRect().topLeft(),
                       theme().pixmap(QStringLiteral("ban"), kIcon, theme().color(Color::Warn), devicePixelRatioF()));
}

void WhatIfBox::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange && m_label != nullptr) {
        refresh();
    }
    QWidget::changeEvent(event);
}

} // namespace moescope::ui
