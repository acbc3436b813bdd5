// SPDX-License-Identifier: Apache-2.0
#include "ui/text/markdownaccessible.h"

#include "ui/text/markdownview.h"

namespace moescope::ui {

void MarkdownAccessible::install() {
    static const bool installed = [] {
        QAccessible::installFactory([](const QString&, QObject* object) -> QAccessibleInterface* {
            auto* view = qobject_cast<MarkdownView*>(object);
            return view != nullptr ? new MarkdownAccessible(view) : nullptr;
        });
        return true;
    }();
    static_cast<void>(installed);
}

MarkdownAccessible::MarkdownAccessible(MarkdownView* view) : QAccessibleWidget(view, QAccessible::StaticText) {}

MarkdownView* MarkdownAccessible::view() const { return qobject_cast<MarkdownView*>(object()); }

void* MarkdownAccessible::interface_cast(QAccessible::InterfaceType type) {
    if (type == QAccessible::TextInterface) {
        return static_cast<QAccessibleTextInterface*>(this);
    }
    return QAccessibleWidget::interface_cast(type);
}

QString MarkdownAccessible::text(QAccessible::Text kind) const {
    return kind == QAccessible::Value ? view()->markdown() : QAccessibleWidget::text(kind);
}

QAccessible::State MarkdownAccessible::state() const {
    QAccessible::State state = QAccessibleWidget::state();
    state.readOnly = true;
    state.selectableText = true;
    state.multiLine = true;
    return state;
}

void MarkdownAccessible::selection(int index, int* start, int* end) const {
    *start = index == 0 ? qMin(view()->m_anchor, view()->m_caret) : 0;
    *end = index == 0 ? qMax(view()->m_anchor, view()->m_caret) : 0;
}

int MarkdownAccessible::selectionCount() const { return view()->hasSelection() ? 1 : 0; }

void MarkdownAccessible::addSelection(int start, int end) { setSelection(0, start, end); }

void MarkdownAccessible::removeSelection(int) { view()->setSelection(view()->m_caret, view()->m_caret); }

void MarkdownAccessible::setSelection(int, int start, int end) {
    view()->setSelection(qBound(0, start, characterCount()), qBound(0, end, characterCount()));
}

int MarkdownAccessible::cursorPosition() const { return view()->m_caret; }

void MarkdownAccessible::setCursorPosition(int position) {
    const int place = qBound(0, position, characterCount());
    view()->setSelection(place, place);
}

QString MarkdownAccessible::text(int start, int end) const { return view()->markdown().mid(start, end - start); }

int MarkdownAccessible::characterCount() const { return static_cast<int>(view()->markdown().size()); }

QRect MarkdownAccessible::characterRect(int offset) const {
    const QList<QRect> rects = view()->rectsOfSource(offset, offset + 1);
    return rects.isEmpty() ? QRect() : QRect(view()->mapToGlobal(rects.first().topLeft()), rects.first().size());
}

int MarkdownAccessible::offsetAtPoint(const QPoint& point) const {
    return view()->sourceOffsetAt(view()->mapFromGlobal(point));
}

void MarkdownAccessible::scrollToSubstring(int, int) {
    // The view is as high as its text; whoever scrolls it decides.
}

QString MarkdownAccessible::attributes(int, int* start, int* end) const {
    *start = 0;
    *end = characterCount();
    return {};
}

} // namespace moescope::ui
