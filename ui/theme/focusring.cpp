// SPDX-License-Identifier: Apache-2.0
#include "ui/theme/focusring.h"

#include "ui/theme/theme.h"

#include <QAbstractButton>
#include <QAbstractScrollArea>
#include <QApplication>
#include <QEvent>
#include <QFocusEvent>
#include <QPainter>
#include <QSlider>
#include <QTableView>

namespace moescope::ui {

FocusRing::FocusRing() : QWidget(nullptr) {
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setAttribute(Qt::WA_NoSystemBackground);
    setFocusPolicy(Qt::NoFocus);
    hide();
    connect(qApp, &QApplication::focusChanged, this, [this](QWidget*, QWidget* now) { follow(now); });
    qApp->installEventFilter(this);
}

bool FocusRing::wantsRing(const QWidget* widget) {
    return qobject_cast<const QAbstractButton*>(widget) != nullptr || qobject_cast<const QSlider*>(widget) != nullptr ||
           widget->property("focusRing").toBool();
}

void FocusRing::follow(QWidget* widget) {
    m_target = widget != nullptr && wantsRing(widget) && widget != this ? widget : nullptr;
    place();
}

void FocusRing::place() {
    if (m_target == nullptr || !m_byKeyboard || !m_target->isVisible() || m_target->isWindow()) {
        hide();
        return;
    }
    // In the viewport of a scroll area the ring scrolls and is clipped with its control.
    QWidget* host = m_target->parentWidget();
    while (host != nullptr && !host->isWindow() &&
           qobject_cast<QAbstractScrollArea*>(host->parentWidget()) == nullptr) {
        host = host->parentWidget();
    }
    if (host == nullptr) {
        hide();
        return;
    }
    if (parentWidget() != host) {
        setParent(host);
    }
    const QRect target(m_target->mapTo(host, QPoint()), m_target->size());
    setGeometry(target.adjusted(-kReach, -kReach, kReach, kReach));
    raise();
    show();
}

bool FocusRing::eventFilter(QObject* watched, QEvent* event) {
    switch (event->type()) {
    case QEvent::KeyPress:
        if (!m_byKeyboard) {
            m_byKeyboard = true;
            place();
        }
        break;
    case QEvent::MouseButtonPress:
        if (m_byKeyboard) {
            m_byKeyboard = false;
            place();
        }
        break;
    case QEvent::Move:
    case QEvent::Resize:
    case QEvent::Show:
    case QEvent::Hide:
    case QEvent::ParentChange:
        if (watched == m_target && m_target != nullptr) {
            place();
        } else if (m_target != nullptr && m_byKeyboard && watched->isWidgetType() &&
                   static_cast<QWidget*>(watched)->isAncestorOf(m_target)) {
            place();
        }
        break;
    default: break;
    }
    return QWidget::eventFilter(watched, event);
}

void FocusRing::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme().color(Color::AccentText), 2));
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 6, 6);
}

void paintFocusedRow(QTableView& table, int width) {
    const int row = table.currentIndex().row();
    if (row < 0 || !table.hasFocus() || !table.window()->testAttribute(Qt::WA_KeyboardFocusChange)) {
        return;
    }
    QPainter painter(table.viewport());
    painter.setPen(QPen(theme().color(Color::AccentText), 2, Qt::SolidLine, Qt::SquareCap, Qt::MiterJoin));
    painter.drawRect(QRect(1, table.rowViewportPosition(row) + 1, width - 2, table.rowHeight(row) - 2));
}

} // namespace moescope::ui
