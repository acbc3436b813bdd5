// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QAccessibleWidget>

namespace moescope::ui {

class MarkdownView;

/** A MarkdownView as a text that screen readers can read, by characters of its source. */
class MarkdownAccessible final : public QAccessibleWidget, public QAccessibleTextInterface {
public:
    /** Makes Qt ask for these; may be called any number of times. */
    static void install();

    explicit MarkdownAccessible(MarkdownView* view);

    void* interface_cast(QAccessible::InterfaceType type) override;
    QString text(QAccessible::Text kind) const override;
    QAccessible::State state() const override;

    void selection(int index, int* start, int* end) const override;
    int selectionCount() const override;
    void addSelection(int start, int end) override;
    void removeSelection(int index) override;
    void setSelection(int index, int start, int end) override;
    int cursorPosition() const override;
    void setCursorPosition(int position) override;
    QString text(int start, int end) const override;
    int characterCount() const override;
    QRect characterRect(int offset) const override;
    int offsetAtPoint(const QPoint& point) const override;
    void scrollToSubstring(int start, int end) override;
    QString attributes(int offset, int* start, int* end) const override;

private:
    MarkdownView* view() const;
};

} // namespace moescope::ui
