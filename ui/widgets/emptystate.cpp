// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/emptystate.h"

#include "ui/theme/theme.h"

#include <QFocusEvent>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

namespace moescope::ui {

EmptyState::EmptyState(const QString& title, const QString& sentence, QWidget* parent) : QWidget(parent) {
    setFocusPolicy(Qt::ClickFocus);
    m_title = new QLabel(this);
    m_sentence = new QLabel(this);
    for (QLabel* label : {m_title, m_sentence}) {
        label->setTextFormat(Qt::PlainText);
        label->setAlignment(Qt::AlignCenter);
        label->setWordWrap(true);
    }
    m_action = new QPushButton(this);
    m_action->setProperty("small", true);
    m_action->hide();
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(24, 12, 24, 12);
    column->setSpacing(0);
    column->addStretch();
    column->addWidget(m_title);
    column->addSpacing(4);
    column->addWidget(m_sentence);
    column->addSpacing(8);
    column->addWidget(m_action, 0, Qt::AlignHCenter);
    column->addStretch();
    connect(m_action, &QAbstractButton::clicked, this, &EmptyState::actionTriggered);
    setTexts(title, sentence);
    applyTheme();
}

void EmptyState::setTexts(const QString& title, const QString& sentence) {
    m_title->setText(title);
    m_sentence->setText(sentence);
    setAccessibleName(title);
    setAccessibleDescription(sentence);
}

void EmptyState::setAction(const QString& text, const QString& iconName) {
    m_action->setText(text);
    m_action->setAccessibleName(text);
    m_action->setIcon(iconName.isEmpty() ? QIcon() : theme().icon(iconName));
    m_action->setVisible(!text.isEmpty());
}

QWidget* EmptyState::focusTarget() { return m_action->isHidden() ? static_cast<QWidget*>(this) : m_action; }

void EmptyState::paintEvent(QPaintEvent*) {
    if (m_focusRing) {
        QPainter painter(this);
        painter.setPen(QPen(theme().color(Color::AccentText), 2));
        painter.drawRect(rect().adjusted(1, 1, -1, -1));
    }
}

void EmptyState::focusInEvent(QFocusEvent* event) {
    const Qt::FocusReason reason = event->reason();
    m_focusRing = reason == Qt::TabFocusReason || reason == Qt::BacktabFocusReason || reason == Qt::ShortcutFocusReason;
    QWidget::focusInEvent(event);
    update();
}

void EmptyState::focusOutEvent(QFocusEvent* event) {
    m_focusRing = false;
    QWidget::focusOutEvent(event);
    update();
}

void EmptyState::applyTheme() {
    QFont strong = theme().font(TextStyle::Ui);
    strong.setWeight(QFont::Medium);
    m_title->setFont(strong);
    m_sentence->setFont(theme().font(TextStyle::Small));
    QPalette colors = palette();
    colors.setColor(QPalette::WindowText, theme().color(Color::Text));
    m_title->setPalette(colors);
    colors.setColor(QPalette::WindowText, theme().color(Color::TextMuted));
    m_sentence->setPalette(colors);
}

void EmptyState::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange && m_action != nullptr) {
        applyTheme();
    }
    QWidget::changeEvent(event);
}

} // namespace moescope::ui
