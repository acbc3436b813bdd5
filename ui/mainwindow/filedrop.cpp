// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/filedrop.h"

#include "ui/theme/theme.h"

#include <QCoreApplication>
#include <QDropEvent>
#include <QMimeData>
#include <QPainter>

namespace moescope::ui {

namespace {

/** As many lines as the list has: to find that they are too many none of them need be read. */
int urlCount(const QMimeData& mime) {
    return static_cast<int>(mime.data(QStringLiteral("text/uri-list")).trimmed().count('\n')) + 1;
}

} // namespace

FileDrop::FileDrop(QWidget* window) : QObject(window), m_window(window) {
    m_window->setAcceptDrops(true);
    QCoreApplication::instance()->installEventFilter(this);
}

bool FileDrop::eventFilter(QObject* watched, QEvent* event) {
    const QEvent::Type type = event->type();
    const bool drag = type == QEvent::DragEnter || type == QEvent::DragMove || type == QEvent::Drop;
    if (!drag && type != QEvent::DragLeave) {
        return false;
    }
    const auto* widget = qobject_cast<QWidget*>(watched);
    if (widget == nullptr || widget->window() != m_window) {
        return false;
    }
    if (type == QEvent::DragLeave) {
        emit hovered(false);
        return false;
    }
    auto* drop = static_cast<QDropEvent*>(event);
    if (!drop->mimeData()->hasUrls()) {
        return false;
    }
    // Never a move: the source would delete its files.
    drop->setDropAction(Qt::CopyAction);
    drop->accept();
    if (type != QEvent::Drop) {
        emit hovered(true);
        return true;
    }
    emit hovered(false);
    if (const int count = urlCount(*drop->mimeData()); count > kMost) {
        emit refused(count);
    } else {
        emit dropped(drop->mimeData()->urls());
    }
    return true;
}

DropOverlay::DropOverlay(QWidget* parent) : QWidget(parent) {
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setAccessibleName(tr("Drop a document for your message, a model, or a capture"));
    hide();
}

void DropOverlay::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.fillRect(rect(), look.color(Color::Panel));
    QPen pen(look.color(Color::AccentText), 1, Qt::CustomDashLine);
    pen.setDashPattern({3, 3});
    painter.setPen(pen);
    painter.setBrush(look.color(Color::AccentTint));
    painter.drawRoundedRect(QRectF(rect()).adjusted(20.5, 20.5, -20.5, -20.5), 6, 6);
    painter.setFont(look.font(TextStyle::Title));
    painter.setPen(look.color(Color::Text));
    const int line = look.lineHeight(TextStyle::Title);
    const QRect first(0, height() / 2 - line, width(), line);
    painter.drawText(first, Qt::AlignCenter, accessibleName());
    painter.drawPixmap((width() - 16) / 2, first.top() - 24,
                       look.pixmap(QStringLiteral("import"), 16, look.color(Color::AccentText), devicePixelRatioF()));
    painter.setFont(look.font(TextStyle::Ui));
    painter.setPen(look.color(Color::TextSecondary));
    painter.drawText(QRect(0, first.bottom() + 4, width(), line), Qt::AlignCenter, tr("Files stay where they are."));
}

} // namespace moescope::ui
