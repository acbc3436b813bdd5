// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/capturebutton.h"

#include "ui/theme/theme.h"

#include <QAction>
#include <QEvent>
#include <QPainter>

namespace moescope::ui {

CaptureButton::CaptureButton(QAction* action, QWidget* parent) : QAbstractButton(parent), m_action(action) {
    setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
    setFocusPolicy(Qt::StrongFocus);
    setProperty("focusRing", true);
    setCheckable(true);
    connect(action, &QAction::changed, this, &CaptureButton::follow);
    connect(this, &QAbstractButton::clicked, this, [this] {
        m_action->trigger();
        follow();
    });
    follow();
}

void CaptureButton::follow() {
    setChecked(m_action->isChecked());
    setEnabled(m_action->isEnabled());
    const QString keys = m_action->shortcut().toString(QKeySequence::NativeText);
    setAccessibleName(words());
    setToolTip(isChecked() ? tr("End the capture and save it (%1)").arg(keys)
                           : tr("Record probabilities and times from now on, to be saved as a capture (%1)").arg(keys));
    updateGeometry();
    update();
}

QString CaptureButton::words() const { return isChecked() ? tr("End capture") : tr("Capture"); }

void CaptureButton::setBrief(bool brief) {
    m_brief = brief;
    updateGeometry();
    update();
}

QSize CaptureButton::sizeHint() const {
    return {m_brief ? 28 : 36 + QFontMetrics(theme().font(TextStyle::Ui)).horizontalAdvance(words()) + 8, 28};
}

void CaptureButton::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (isChecked() || isDown() || underMouse()) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(look.color(isDown() ? Color::Pressed : isChecked() ? Color::ErrorTint : Color::Hover));
        painter.drawRoundedRect(rect(), 4, 4);
    }
    const Color ink = !isEnabled() ? Color::TextDisabled : isChecked() ? Color::Error : Color::TextSecondary;
    painter.drawPixmap(m_brief ? 6 : 8, (height() - 16) / 2,
                       look.pixmap(QStringLiteral("record"), 16, look.color(ink), devicePixelRatioF()));
    if (!m_brief) {
        painter.setFont(look.font(TextStyle::Ui));
        painter.setPen(look.color(!isEnabled() ? Color::TextDisabled : Color::Text));
        painter.drawText(rect().adjusted(32, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, words());
    }
}

void CaptureButton::enterEvent(QEnterEvent*) { update(); }

void CaptureButton::leaveEvent(QEvent*) { update(); }

void CaptureButton::changeEvent(QEvent* event) {
    QAbstractButton::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) {
        updateGeometry();
    }
}

} // namespace moescope::ui
