// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/plaintextview.h"

#include "ui/theme/theme.h"

#include <QAbstractTextDocumentLayout>
#include <QTextBlock>
#include <QWheelEvent>

#include <cmath>

namespace moescope::ui {

PlainTextView::PlainTextView(QWidget* parent) : QTextEdit(parent) {
    setReadOnly(true);
    setUndoRedoEnabled(false);
    setFrameShape(QFrame::NoFrame);
    setTabChangesFocus(true);
    setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    document()->setDocumentMargin(0);
    viewport()->setAutoFillBackground(false);
    setProperty("plain", true);
    setAccessibleName(tr("Your message"));
    applyTheme();
}

void PlainTextView::applyTheme() {
    setFont(theme().font(TextStyle::Body));
    setLineHeight();
    setMarked(m_begin, m_end);
}

void PlainTextView::setLineHeight() {
    QTextCursor cursor(document());
    cursor.select(QTextCursor::Document);
    QTextBlockFormat format;
    format.setLineHeight(theme().lineHeight(TextStyle::Body), QTextBlockFormat::FixedHeight);
    cursor.mergeBlockFormat(format);
}

void PlainTextView::setText(const QString& text) {
    setPlainText(text);
    setLineHeight();
}

int PlainTextView::idealWidth(int most) {
    if (document()->characterCount() > 600) {
        return most;
    }
    const QFontMetricsF metrics(font());
    double widest = 0;
    for (QTextBlock block = document()->begin(); block.isValid(); block = block.next()) {
        widest = std::max(widest, metrics.horizontalAdvance(block.text()));
    }
    return qMin(most, static_cast<int>(std::ceil(widest)) + 2);
}

int PlainTextView::heightFor(int width) {
    if (this->width() != width) {
        resize(width, height());
    }
    document()->setTextWidth(width);
    return static_cast<int>(std::ceil(document()->documentLayout()->documentSize().height()));
}

int PlainTextView::sink() const {
    return qMax(0, (theme().lineHeight(TextStyle::Body) - QFontMetrics(font()).height()) / 2);
}

void PlainTextView::setMarked(int begin, int end) {
    m_begin = begin;
    m_end = end;
    QList<ExtraSelection> selections;
    if (end > begin) {
        ExtraSelection selection;
        selection.cursor = QTextCursor(document());
        const int last = document()->characterCount() - 1;
        selection.cursor.setPosition(qMin(begin, last));
        selection.cursor.setPosition(qMin(end, last), QTextCursor::KeepAnchor);
        selection.format.setBackground(theme().color(Color::WarnTint));
        selection.format.setForeground(theme().color(Color::Text));
        selections.append(selection);
    }
    setExtraSelections(selections);
}

int PlainTextView::offsetTop(int offset) const {
    QTextCursor cursor(document());
    cursor.setPosition(qBound(0, offset, document()->characterCount() - 1));
    return cursorRect(cursor).top();
}

void PlainTextView::wheelEvent(QWheelEvent* event) { event->ignore(); }

} // namespace moescope::ui
