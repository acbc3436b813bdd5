// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/composeredit.h"

#include "ui/theme/theme.h"

#include <QAbstractTextDocumentLayout>
#include <QKeyEvent>
#include <QMimeData>
#include <QPainter>
#include <QTextBlock>

namespace moescope::ui {

ComposerEdit::ComposerEdit(qsizetype mostCharacters, QWidget* parent)
    : QTextEdit(parent), m_mostCharacters(mostCharacters) {
    setAcceptRichText(false);
    setTabChangesFocus(true);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    document()->setDocumentMargin(0);
    setAccessibleName(tr("Message"));
    setAccessibleDescription(tr("Enter sends, Shift+Enter breaks the line, Esc stops the answer."));
    applyTheme();
}

void ComposerEdit::applyTheme() {
    setFont(theme().font(TextStyle::Body));
    setLineHeight();
}

void ComposerEdit::setLineHeight() {
    const bool undo = isUndoRedoEnabled();
    const QSignalBlocker blocker(this);
    setUndoRedoEnabled(false);
    QTextCursor cursor(document());
    cursor.select(QTextCursor::Document);
    QTextBlockFormat format;
    format.setLineHeight(theme().lineHeight(TextStyle::Body), QTextBlockFormat::FixedHeight);
    cursor.mergeBlockFormat(format);
    setUndoRedoEnabled(undo);
}

void ComposerEdit::setText(const QString& text) {
    setPlainText(text);
    setLineHeight();
    moveCursor(QTextCursor::End);
}

QString ComposerEdit::text() const { return toPlainText(); }

bool ComposerEdit::isBlank() const {
    for (QTextBlock block = document()->begin(); block.isValid(); block = block.next()) {
        const QString text = block.text();
        if (std::any_of(text.begin(), text.end(), [](QChar c) { return !c.isSpace(); })) {
            return false;
        }
    }
    return true;
}

int ComposerEdit::lineCount(int most) const {
    if (document()->blockCount() >= most || document()->characterCount() > 4000) {
        return most;
    }
    // Asking for the size lays the document out at the viewport's width.
    const double height = document()->documentLayout()->documentSize().height();
    const int lines = qRound(height / theme().lineHeight(TextStyle::Body));
    return qBound(1, lines, most);
}

int ComposerEdit::sink() const {
    return qMax(0, (theme().lineHeight(TextStyle::Body) - QFontMetrics(font()).height()) / 2);
}

void ComposerEdit::setHint(const QString& hint) {
    m_hint = hint;
    viewport()->update();
}

void ComposerEdit::paintEvent(QPaintEvent* event) {
    QTextEdit::paintEvent(event);
    // QTextEdit would put its placeholder at another height than the text.
    if (document()->isEmpty() && !m_hint.isEmpty()) {
        QPainter painter(viewport());
        painter.setFont(font());
        painter.setPen(theme().color(Color::TextMuted));
        const QRect line(3, sink(), viewport()->width() - 3, // clear of the caret
                         theme().lineHeight(TextStyle::Body));
        painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter,
                         QFontMetrics(font()).elidedText(m_hint, Qt::ElideRight, line.width()));
    }
}

void ComposerEdit::keyPressEvent(QKeyEvent* event) {
    const bool enter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    const Qt::KeyboardModifiers modifiers = event->modifiers() & ~Qt::KeypadModifier;
    if (enter && modifiers == Qt::NoModifier) {
        emit submitted();
        return;
    }
    if (enter && modifiers == Qt::ShiftModifier) {
        // The default would put U+2028 into the text.
        textCursor().insertBlock();
        ensureCursorVisible();
        return;
    }
    if (event->key() == Qt::Key_Escape) {
        emit escaped();
        return;
    }
    if (event->key() == Qt::Key_Up && modifiers == Qt::NoModifier && document()->isEmpty()) {
        emit upInEmpty();
        return;
    }
    QTextEdit::keyPressEvent(event);
}

bool ComposerEdit::canInsertFromMimeData(const QMimeData* source) const { return source->hasText(); }

void ComposerEdit::insertFromMimeData(const QMimeData* source) {
    const QString text = source->text();
    const qsizetype after = document()->characterCount() - 1 - textCursor().selectedText().size() + text.size();
    if (after > m_mostCharacters) {
        emit tooLong(text.size());
        return;
    }
    textCursor().insertText(text);
    ensureCursorVisible();
}

} // namespace moescope::ui
