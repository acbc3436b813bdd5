// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/segmentedcontrol.h"

#include "ui/theme/theme.h"

#include <QAccessible>
#include <QEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>

namespace moescope::ui {

namespace {

constexpr int kSide = 12; ///< px beside each word
constexpr int kSmallSide = 8;
constexpr int kHeight = 28;
constexpr int kSmallHeight = 24;
constexpr double kRadius = 4.0;

} // namespace

SegmentedControl::SegmentedControl(const QStringList& segments, QWidget* parent)
    : QWidget(parent), m_segments(segments) {
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setProperty("focusRing", true);
    describe();
}

SegmentedControl::SegmentedControl(const QString& name, const QStringList& segments, QWidget* parent)
    : SegmentedControl(segments, parent) {
    setAccessibleName(name);
}

void SegmentedControl::setCurrentIndex(int index) {
    if (index < 0 || index >= count() || index == m_current) {
        return;
    }
    m_current = index;
    describe();
    update();
    emit currentIndexChanged(index);
}

void SegmentedControl::clear() {
    m_current = -1;
    describe();
    update();
}

void SegmentedControl::describe() {
    setAccessibleDescription(m_current < 0 ? tr("none of %1").arg(count())
                                           : tr("%1, %2 of %3").arg(textAt(m_current)).arg(m_current + 1).arg(count()));
    QAccessibleEvent event(this, QAccessible::DescriptionChanged);
    QAccessible::updateAccessibility(&event);
}

void SegmentedControl::setSmall(bool small) {
    m_small = small;
    updateGeometry();
    update();
}

QFont SegmentedControl::segmentFont(bool chosen) const {
    if (!m_small) {
        return theme().font(chosen ? TextStyle::UiStrong : TextStyle::Ui);
    }
    return theme().font(chosen ? TextStyle::PanelTitle : TextStyle::Small);
}

int SegmentedControl::side() const { return m_small ? kSmallSide : kSide; }

QSize SegmentedControl::sizeHint() const {
    // Measured in the heavier weight, so that the choice moves without moving its neighbours.
    const QFontMetrics metrics(segmentFont(true));
    int width = 1;
    for (const QString& segment : m_segments) {
        width += metrics.horizontalAdvance(segment) + 2 * side() + 1;
    }
    return {width, m_small ? std::max(kSmallHeight, theme().lineHeight(TextStyle::Small) + 8)
                           : std::max(kHeight, theme().lineHeight(TextStyle::Ui) + 8)};
}

QRect SegmentedControl::segmentRect(int index) const {
    const QFontMetrics metrics(segmentFont(true));
    int x = 0;
    for (int i = 0; i < index; ++i) {
        x += metrics.horizontalAdvance(m_segments[i]) + 2 * side() + 1;
    }
    const QRect rect(x, 0, metrics.horizontalAdvance(m_segments[index]) + 2 * side() + 2, height());
    return layoutDirection() == Qt::RightToLeft ? QRect(width() - rect.right() - 1, 0, rect.width(), rect.height())
                                                : rect;
}

int SegmentedControl::segmentAt(const QPoint& position) const {
    for (int i = 0; i < count(); ++i) {
        if (segmentRect(i).contains(position)) {
            return i;
        }
    }
    return -1;
}

void SegmentedControl::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QPainterPath outline;
    outline.addRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), kRadius, kRadius);
    painter.fillPath(outline, look.color(isEnabled() ? Color::Raised : Color::Window));
    painter.save();
    painter.setClipPath(outline);
    for (int i = 0; i < count(); ++i) {
        const QRect area = segmentRect(i);
        if (i == m_current && isEnabled()) {
            painter.fillRect(area, look.color(Color::AccentTint));
        } else if (i == m_hovered && isEnabled()) {
            painter.fillRect(area, look.color(Color::Hover));
        }
    }
    painter.restore();
    painter.setPen(look.color(Color::Border));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(outline);
    for (int i = 0; i < count(); ++i) {
        const QRect area = segmentRect(i);
        if (i > 0) {
            const int edge = layoutDirection() == Qt::RightToLeft ? area.right() : area.left();
            painter.fillRect(QRect(edge, 1, 1, height() - 2), look.color(Color::Border));
        }
        painter.setFont(segmentFont(i == m_current));
        painter.setPen(look.color(!isEnabled()     ? Color::TextDisabled
                                  : i == m_current ? Color::AccentText
                                                   : Color::TextSecondary));
        painter.drawText(area, Qt::AlignCenter, m_segments[i]);
    }
}

void SegmentedControl::mousePressEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton) {
        setCurrentIndex(segmentAt(event->position().toPoint()));
    }
}

void SegmentedControl::mouseMoveEvent(QMouseEvent* event) {
    const int hovered = segmentAt(event->position().toPoint());
    if (hovered != m_hovered) {
        m_hovered = hovered;
        update();
    }
}

void SegmentedControl::leaveEvent(QEvent*) {
    m_hovered = -1;
    update();
}

void SegmentedControl::keyPressEvent(QKeyEvent* event) {
    const int forward = layoutDirection() == Qt::RightToLeft ? -1 : 1;
    switch (event->key()) {
    case Qt::Key_Right: setCurrentIndex(m_current + forward); break;
    case Qt::Key_Left: setCurrentIndex(m_current - forward); break;
    case Qt::Key_Down: setCurrentIndex(m_current + 1); break;
    case Qt::Key_Up: setCurrentIndex(m_current - 1); break;
    case Qt::Key_Home: setCurrentIndex(0); break;
    case Qt::Key_End: setCurrentIndex(count() - 1); break;
    default: QWidget::keyPressEvent(event);
    }
}

void SegmentedControl::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::EnabledChange) {
        updateGeometry();
        update();
    }
    QWidget::changeEvent(event);
}

} // namespace moescope::ui
