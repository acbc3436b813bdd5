// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/plaintextview.h"

#include "ui/text/richlayout.h"
#include "ui/theme/theme.h"

#include <QAbstractTextDocumentLayout>
#include <QPainter>
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
    return qMin(most, static_cast<int>(std::ceil(widest)) + kSlack);
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

void PlainTextView::setFound(const QList<SourceRange>& hits, int current) {
    m_hits = hits;
    m_current = current;
    viewport()->update();
}

QList<QRect> PlainTextView::rectsOf(const SourceRange& range) const {
    QList<QRect> rects;
    const QFontMetricsF metrics(font());
    for (QTextBlock block = document()->findBlock(range.start); block.isValid() && block.position() < range.end;
         block = block.next()) {
        const QTextLayout& layout = *block.layout();
        const QTextLine first = layout.lineForTextPosition(qMax(0, range.start - block.position()));
        for (int i = first.isValid() ? first.lineNumber() : 0; i < layout.lineCount(); ++i) {
            const QTextLine line = layout.lineAt(i);
            if (line.textStart() >= range.end - block.position()) {
                break;
            }
            const int from = qMax(range.start - block.position(), line.textStart());
            const int to = qMin(range.end - block.position(), line.textStart() + line.textLength());
            if (from < to) {
                const double a = line.cursorToX(from);
                const double b = line.cursorToX(to);
                const double top = layout.position().y() + line.y() + line.ascent() - metrics.ascent();
                rects += QRectF(layout.position().x() + qMin(a, b), top, qAbs(b - a), metrics.height()).toAlignedRect();
            }
        }
    }
    return rects;
}

void PlainTextView::paintEvent(QPaintEvent* event) {
    {
        QPainter painter(viewport());
        // Only what is to be painted: a long text can hold thousands of hits.
        const QRect place = event->rect();
        const int from = cursorForPosition({0, place.top()}).position();
        const int to = cursorForPosition({viewport()->width(), place.bottom()}).position();
        for (int i = 0; i < m_hits.size(); ++i) {
            if (m_hits[i].end < from || m_hits[i].start > to) {
                continue;
            }
            for (const QRect& box : rectsOf(m_hits[i])) {
                paintFoundMark(painter, box, i == m_current);
            }
        }
    }
    QTextEdit::paintEvent(event);
}

int PlainTextView::offsetTop(int offset) const {
    QTextCursor cursor(document());
    cursor.setPosition(qBound(0, offset, document()->characterCount() - 1));
    return cursorRect(cursor).top();
}

void PlainTextView::wheelEvent(QWheelEvent* event) { event->ignore(); }

} // namespace moescope::ui
