// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/frameddialog.h"

#include "ui/panels/styledlabel.h"
#include "ui/theme/theme.h"
#include "ui/widgets/iconbutton.h"

#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QMouseEvent>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>
#include <QWindow>

namespace moescope::ui {

namespace {

constexpr int kTitle = 36;  ///< px, the line below it included
constexpr int kMargin = 40; ///< px between the dialog and its parent's edges

} // namespace

FramedDialog::FramedDialog(const QString& title, QWidget* parent) : QDialog(parent, Qt::FramelessWindowHint) {
    setWindowTitle(title);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(1, 1, 1, 1);
    all->setSpacing(0);
    m_title = new QWidget(this);
    m_title->setMinimumHeight(qMax(kTitle, theme().lineHeight(TextStyle::UiStrong) + 16));
    auto* row = new QHBoxLayout(m_title);
    row->setContentsMargins(15, 0, 5, 1);
    row->addWidget(new StyledLabel(title, TextStyle::UiStrong, Color::Text, m_title), 1);
    auto* close = new IconButton(QStringLiteral("close"), tr("Close"), m_title);
    connect(close, &QAbstractButton::clicked, this, &QDialog::reject);
    row->addWidget(close);
    all->addWidget(m_title);
    m_column = new QVBoxLayout;
    m_column->setSpacing(0);
    all->addLayout(m_column, 1);
}

QVBoxLayout* FramedDialog::addBody() {
    auto* body = new QVBoxLayout;
    body->setContentsMargins(16, 16, 16, 12);
    body->setSpacing(12);
    m_column->addLayout(body);
    return body;
}

QPushButton* FramedDialog::addClose(QVBoxLayout* column) {
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    QPushButton* close = buttons->button(QDialogButtonBox::Close);
    close->setText(tr("Close"));
    close->setAccessibleName(tr("Close"));
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    column->addWidget(buttons);
    return close;
}

void FramedDialog::sizeWithin(const QSize& wanted) {
    const QWidget* around = parentWidget() != nullptr ? parentWidget()->window() : nullptr;
    if (around == nullptr) {
        resize(wanted);
        return;
    }
    resize(wanted.boundedTo(around->size() - QSize(2 * kMargin, 2 * kMargin)));
    move(around->mapToGlobal(QPoint((around->width() - width()) / 2, (around->height() - height()) / 2)));
}

void FramedDialog::showEvent(QShowEvent* event) {
    QDialog::showEvent(event);
    // × comes first in the row of stops, but nobody opens a dialog to close it.
    for (int i = 0; i < 2 && (focusWidget() == nullptr || m_title->isAncestorOf(focusWidget())); ++i) {
        focusNextChild();
    }
}

void FramedDialog::mousePressEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton && m_title->geometry().contains(event->position().toPoint())) {
        windowHandle()->startSystemMove();
    }
    QDialog::mousePressEvent(event);
}

void FramedDialog::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    painter.fillRect(rect(), look.color(Color::Window));
    painter.fillRect(QRect(0, m_title->geometry().bottom(), width(), 1), look.color(Color::Border));
    painter.setPen(look.color(Color::BorderStrong));
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

} // namespace moescope::ui
