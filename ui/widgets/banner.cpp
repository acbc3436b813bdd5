// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/banner.h"

#include "ui/theme/theme.h"
#include "ui/widgets/flowlayout.h"
#include "ui/widgets/iconbutton.h"

#include <QAccessible>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

namespace moescope::ui {

namespace {

constexpr int kIcon = 16;
constexpr int kSide = 12;
constexpr int kAbove = 8;
constexpr int kBelow = 10; // a line's spare height is above its letters

struct Look {
    Color fill;
    Color edge;
    Color icon;
    const char* name;
};

Look lookOf(Banner::Kind kind) {
    switch (kind) {
    case Banner::Kind::Ok: return {Color::OkTint, Color::Ok, Color::Ok, "check"};
    case Banner::Kind::Warning: return {Color::WarnTint, Color::Warn, Color::Warn, "warning"};
    case Banner::Kind::Error: return {Color::ErrorTint, Color::Error, Color::Error, "error"};
    default: return {Color::AccentTint, Color::AccentTintStrong, Color::AccentText, "info"};
    }
}

} // namespace

Banner::Banner(Kind kind, const QString& text, QWidget* parent)
    : QWidget(parent), m_kind(kind), m_iconName(QLatin1String(lookOf(kind).name)) {
    m_label = new QLabel(this);
    m_label->setWordWrap(true);
    m_label->setTextFormat(Qt::RichText); // plain text has no line height of ours
    m_label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_close = new IconButton(QStringLiteral("close"), tr("Close"), this);
    m_close->setSmall(true);
    m_close->hide();
    m_actions = new FlowLayout(8);
    m_column = new QVBoxLayout;
    m_column->setSpacing(8);
    m_column->addWidget(m_label);
    m_column->addLayout(m_actions);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(kSide + kIcon + 8, kAbove, kSide, kBelow);
    row->setSpacing(8);
    row->addLayout(m_column, 1);
    row->addWidget(m_close, 0, Qt::AlignTop);
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    connect(m_close, &QAbstractButton::clicked, this, &Banner::closed);
    m_text = text;
    refresh();
}

void Banner::setKind(Kind kind) {
    m_kind = kind;
    setIconName(QLatin1String(lookOf(kind).name));
}

void Banner::setText(const QString& text) {
    if (text == m_text) {
        return;
    }
    m_text = text;
    refresh();
    if (!text.isEmpty() && (m_kind == Kind::Warning || m_kind == Kind::Error)) {
        QAccessibleEvent event(this, QAccessible::Alert);
        QAccessible::updateAccessibility(&event);
    }
}

void Banner::setLead(const QString& lead) {
    m_lead = lead;
    refresh();
}

void Banner::setIconName(const QString& iconName) {
    m_iconName = iconName;
    update();
}

QPushButton* Banner::addAction(const QString& text) {
    auto* button = new QPushButton(text, this);
    button->setProperty("small", true);
    m_actions->addWidget(button);
    forgetSizes();
    return button;
}

void Banner::setClosable(bool closable) {
    m_close->setVisible(closable);
    forgetSizes();
}

void Banner::refresh() {
    m_label->setFont(theme().font(TextStyle::Ui));
    QPalette colors = m_label->palette();
    colors.setColor(QPalette::WindowText, theme().color(Color::Text));
    m_label->setPalette(colors);
    const QString lead = m_lead.isEmpty() ? QString() : QStringLiteral("<b>%1</b> ").arg(m_lead.toHtmlEscaped());
    const QString plain = m_lead.isEmpty() ? m_text : QStringLiteral("%1 %2").arg(m_lead, m_text);
    m_label->setText(plain.isEmpty()
                         ? QString()
                         : QStringLiteral("<p style=\"line-height:%1px; margin:0; white-space:pre-wrap\">%2%3</p>")
                               .arg(theme().lineHeight(TextStyle::Ui))
                               .arg(lead, m_text.toHtmlEscaped()));
    m_label->setAccessibleName(plain);
    setAccessibleName(plain);
    forgetSizes();
    update();
}

void Banner::forgetSizes() {
    // An inner layout keeps its heights until the next event, and owners ask for the height at once.
    m_actions->invalidate();
    m_column->invalidate();
    layout()->invalidate();
    updateGeometry();
}

void Banner::paintEvent(QPaintEvent*) {
    const Look look = lookOf(m_kind);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(theme().color(look.edge));
    painter.setBrush(theme().color(look.fill));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    // Beside the first line: a label higher than its text has it in the middle.
    const int words = m_label->heightForWidth(m_label->width());
    const int line = theme().lineHeight(TextStyle::Ui);
    const int firstLine = m_label->y() + qMax(0, m_label->height() - words) / 2;
    const int x = layoutDirection() == Qt::RightToLeft ? width() - kSide - kIcon : kSide;
    painter.drawPixmap(QPoint(x, firstLine + (line - kIcon) / 2 + 1),
                       theme().pixmap(m_iconName, kIcon, theme().color(look.icon), devicePixelRatioF()));
}

void Banner::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange && m_label != nullptr) {
        refresh();
    }
    QWidget::changeEvent(event);
}

} // namespace moescope::ui
