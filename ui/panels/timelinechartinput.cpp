// SPDX-License-Identifier: Apache-2.0
// What pointer, wheel and keys do with the lanes.
#include "ui/panels/timelinechart.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace moescope::ui {

using trace::Lane;
using trace::TimelineSpan;

namespace {

constexpr int kDragPx = 4;

} // namespace

void TimelineChart::zoom(double factor) {
    if (m_step == nullptr) {
        return;
    }
    double around = m_geometry.window.from + m_geometry.window.width / 2;
    const int layer = selectedLayer();
    for (size_t i = 0; i < m_step->spans.size(); ++i) {
        const TimelineSpan& span = m_step->spans[i];
        if (m_current >= 0 ? int(i) == m_current : span.lane == Lane::Layer && span.layer == layer && layer >= 0) {
            around = span.start_us + span.duration_us / 2;
            break;
        }
    }
    setWindow(m_geometry.zoomed(factor, around));
}

void TimelineChart::zoomTo(int span) {
    const TimelineSpan& at = m_step->spans[size_t(span)];
    double from = at.start_us;
    double to = at.end_us();
    if (at.layer >= 0) {
        for (const TimelineSpan& other : m_step->spans) {
            if (other.layer == at.layer) {
                from = std::min(from, other.start_us);
                to = std::max(to, other.end_us());
            }
        }
    }
    setWindow(m_geometry.around(from, to));
}

bool TimelineChart::hover(const QPoint* at) {
    const int next = at != nullptr && m_step != nullptr ? m_geometry.spanAt(*m_step, *at) : -1;
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void TimelineChart::click(const QPoint& at) {
    const int span = m_step != nullptr ? m_geometry.spanAt(*m_step, at) : -1;
    if (span >= 0) {
        setCurrentSpan(span);
        chooseLayerOf(span);
    }
}

// A press may begin a drag: it is a click only once it ends where it began.
void TimelineChart::mousePressEvent(QMouseEvent* event) {
    m_down = event->button() == Qt::LeftButton;
    m_dragged = false;
    m_pressed = event->pos();
    m_before = m_geometry.window;
}

void TimelineChart::mouseMoveEvent(QMouseEvent* event) {
    const int by = event->pos().x() - m_pressed.x();
    m_dragged = m_dragged || (m_down && std::abs(by) >= kDragPx);
    if (m_dragged && m_step != nullptr) {
        TimelineGeometry at = m_geometry;
        at.window = m_before;
        setWindow(at.moved(-by * m_before.width / std::max(1, m_geometry.plot.width())));
        return;
    }
    ChartView::mouseMoveEvent(event);
}

void TimelineChart::mouseReleaseEvent(QMouseEvent* event) {
    if (m_down && !m_dragged) {
        click(event->pos());
    }
    m_down = false;
    m_dragged = false;
}

void TimelineChart::mouseDoubleClickEvent(QMouseEvent* event) {
    const int span = m_step != nullptr ? m_geometry.spanAt(*m_step, event->pos()) : -1;
    if (span >= 0 && event->button() == Qt::LeftButton) {
        zoomTo(span);
    }
}

void TimelineChart::wheelEvent(QWheelEvent* event) {
    const int notches = event->angleDelta().y();
    const int across = event->angleDelta().x();
    if (m_step == nullptr || (notches == 0 && across == 0)) {
        event->ignore();
        return;
    }
    if (notches != 0) {
        const double at = m_geometry.usAt(int(event->position().x()));
        setWindow(m_geometry.zoomed(std::pow(kZoom, -notches / 120.0), at));
    } else {
        setWindow(m_geometry.moved(-across / 120.0 * m_geometry.window.width / 10));
    }
    event->accept();
}

void TimelineChart::stepSpan(int by) {
    const auto& spans = m_step->spans;
    if (m_current < 0) {
        const int layer = selectedLayer();
        const auto first = std::find_if(spans.begin(), spans.end(), [layer](const TimelineSpan& span) {
            return span.lane == Lane::Gpu && (layer < 0 || span.layer == layer);
        });
        setCurrentSpan(first != spans.end() ? int(first - spans.begin()) : 0);
        return;
    }
    const int next = m_current + by;
    if (next >= 0 && next < int(spans.size()) && spans[size_t(next)].lane == spans[size_t(m_current)].lane) {
        setCurrentSpan(next);
    }
}

void TimelineChart::stepLane(int by) {
    if (m_current < 0) {
        stepSpan(by);
        return;
    }
    // What runs in the other lane where this span begins; else what comes next there.
    const auto& spans = m_step->spans;
    const TimelineSpan& at = spans[size_t(m_current)];
    const int lane = int(at.lane) + by;
    const double middle = at.start_us + at.duration_us / 2;
    int found = -1;
    for (size_t i = 0; i < spans.size(); ++i) {
        if (int(spans[i].lane) == lane && (found < 0 || spans[i].start_us <= middle)) {
            found = int(i);
        }
    }
    if (found >= 0) {
        setCurrentSpan(found);
    }
}

bool TimelineChart::useKey(QKeyEvent* event) {
    if (m_step == nullptr || event->modifiers().testFlag(Qt::ControlModifier)) {
        return false;
    }
    const bool shift = event->modifiers().testFlag(Qt::ShiftModifier);
    const double tenth = m_geometry.window.width / 10;
    switch (event->key()) {
    case Qt::Key_Plus:
    case Qt::Key_Equal: zoomIn(); return true; // where + is a shifted =
    case Qt::Key_Minus: zoomOut(); return true;
    case Qt::Key_0: showAll(); return true;
    case Qt::Key_Left: shift ? setWindow(m_geometry.moved(-tenth)) : stepSpan(-1); return true;
    case Qt::Key_Right: shift ? setWindow(m_geometry.moved(tenth)) : stepSpan(1); return true;
    case Qt::Key_Up: stepLane(-1); return true;
    case Qt::Key_Down: stepLane(1); return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (m_current < 0) {
            stepSpan(1);
        }
        if (m_current >= 0) {
            zoomTo(m_current);
        }
        return true;
    default: return false;
    }
}

} // namespace moescope::ui
