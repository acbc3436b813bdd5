// SPDX-License-Identifier: Apache-2.0
// How MarkdownView answers pointer and keyboard.
#include "ui/text/markdownview.h"

#include "ui/theme/plaintooltip.h"
#include "ui/theme/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QTextBoundaryFinder>
#include <QToolTip>
#include <QWheelEvent>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kScrollStep = 40;   ///< px
constexpr int kShownTarget = 200; ///< characters of a link's target in its tooltip

} // namespace

void MarkdownView::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) {
        event->ignore();
        return;
    }
    m_pressPoint = event->position().toPoint();
    m_linkBlock = m_link = -1;
    const int block = blockAt(m_pressPoint.y());
    if (block >= 0) {
        const BlockLayout& layout = *m_blocks[static_cast<size_t>(block)];
        if (layout.scrollBar().translated(0, m_tops[static_cast<size_t>(block)]).contains(m_pressPoint)) {
            m_dragBlock = block;
            m_dragStart = layout.scroll();
            return;
        }
    }
    m_selecting = true;
    const int offset = offsetNear(m_pressPoint);
    setSelection((event->modifiers() & Qt::ShiftModifier) != 0 ? m_anchor : offset, offset);
}

void MarkdownView::mouseMoveEvent(QMouseEvent* event) {
    const QPoint point = event->position().toPoint();
    if (m_dragBlock >= 0 && m_dragBlock < static_cast<int>(m_blocks.size())) {
        const BlockLayout& layout = *m_blocks[static_cast<size_t>(m_dragBlock)];
        const int room = std::max(1, layout.scrollBar().width());
        scrollBlock(m_dragBlock, m_dragStart + (point.x() - m_pressPoint.x()) * (room + layout.scrollRange()) / room);
        return;
    }
    if (m_selecting && (event->buttons() & Qt::LeftButton) != 0) {
        setSelection(m_anchor, offsetNear(point));
        return;
    }
    setCursor(linkAt(point).isEmpty() ? Qt::IBeamCursor : Qt::PointingHandCursor);
}

void MarkdownView::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) {
        event->ignore();
        return;
    }
    const QPoint point = event->position().toPoint();
    const bool dragged = m_dragBlock >= 0;
    m_dragBlock = -1;
    m_selecting = false;
    if (dragged || (point - m_pressPoint).manhattanLength() >= QApplication::startDragDistance()) {
        return;
    }
    if (const QString target = linkAt(point); !target.isEmpty()) {
        emit linkActivated(target);
    }
}

void MarkdownView::mouseDoubleClickEvent(QMouseEvent* event) {
    const int offset = offsetNear(event->position().toPoint());
    // Boundaries are looked for near the click only: a text may be a megabyte.
    const int from = std::max(0, offset - 256);
    const QString around = markdown().mid(from, 512);
    QTextBoundaryFinder finder(QTextBoundaryFinder::Word, around);
    finder.setPosition(std::min<qsizetype>(offset - from, around.size()));
    if (!finder.isAtBoundary()) {
        finder.toPreviousBoundary();
    }
    const auto start = static_cast<int>(std::max<qsizetype>(finder.position(), 0));
    finder.toNextBoundary();
    const auto end = finder.position() < 0 ? static_cast<int>(around.size()) : static_cast<int>(finder.position());
    setSelection(from + start, from + end);
    m_selecting = false;
}

void MarkdownView::wheelEvent(QWheelEvent* event) {
    const QPoint point = event->position().toPoint();
    const int block = blockAt(point.y());
    const QPoint delta = event->pixelDelta().isNull() ? event->angleDelta() * kScrollStep / 120 : event->pixelDelta();
    const int sideways = (event->modifiers() & Qt::ShiftModifier) != 0 && delta.x() == 0 ? delta.y() : delta.x();
    if (block >= 0 && sideways != 0 && m_blocks[static_cast<size_t>(block)]->scrollRange() > 0) {
        scrollBlock(block, m_blocks[static_cast<size_t>(block)]->scroll() - sideways);
        event->accept();
        return;
    }
    event->ignore();
}

void MarkdownView::keyPressEvent(QKeyEvent* event) {
    if (event->matches(QKeySequence::Copy)) {
        copySelection();
        if (!hasSelection()) {
            event->ignore();
        }
    } else if (event->matches(QKeySequence::SelectAll)) {
        selectAll();
    } else if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && m_linkBlock >= 0) {
        emit linkActivated(m_blocks[static_cast<size_t>(m_linkBlock)]->links().value(m_link));
    } else if (event->key() == Qt::Key_Escape && hasSelection()) {
        setSelection(m_caret, m_caret);
    } else {
        event->ignore();
    }
}

bool MarkdownView::focusNextPrevChild(bool next) {
    // Tab goes through the links first, like in any text with links.
    const int count = static_cast<int>(m_blocks.size());
    int block = m_linkBlock;
    int link = m_link + (next ? 1 : -1);
    if (block < 0) {
        block = next ? 0 : count - 1;
        link = next || count == 0 ? 0 : static_cast<int>(m_blocks[static_cast<size_t>(block)]->links().size()) - 1;
    }
    while (hasFocus() && block >= 0 && block < count) {
        const int links = static_cast<int>(m_blocks[static_cast<size_t>(block)]->links().size());
        if (link >= 0 && link < links) {
            m_linkBlock = block;
            m_link = link;
            update();
            return true;
        }
        block += next ? 1 : -1;
        link = next || block < 0 ? 0 : static_cast<int>(m_blocks[static_cast<size_t>(block)]->links().size()) - 1;
    }
    m_linkBlock = m_link = -1;
    update();
    return QWidget::focusNextPrevChild(next);
}

void MarkdownView::contextMenuEvent(QContextMenuEvent* event) {
    QMenu menu(this);
    const QString target = linkAt(event->pos());
    if (!target.isEmpty()) {
        menu.addAction(tr("Copy link address"), this, [target] { QGuiApplication::clipboard()->setText(target); });
    }
    QAction* copy = menu.addAction(theme().icon(QStringLiteral("copy")), tr("Copy"), QKeySequence::Copy, this,
                                   &MarkdownView::copySelection);
    copy->setEnabled(hasSelection());
    menu.addAction(tr("Select all"), QKeySequence::SelectAll, this, &MarkdownView::selectAll);
    menu.exec(event->globalPos());
}

void MarkdownView::focusOutEvent(QFocusEvent* event) {
    QWidget::focusOutEvent(event);
    if (event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason) {
        m_linkBlock = m_link = -1;
    }
    update();
}

bool MarkdownView::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const QString target = linkAt(help->pos());
        if (target.isEmpty()) {
            QToolTip::hideText();
        } else {
            // As plain text: the target is the model's.
            QToolTip::showText(help->globalPos(), plainToolTip(target.left(kShownTarget)), this);
        }
        return true;
    }
    if (event->type() == QEvent::ShortcutOverride) {
        auto* key = static_cast<QKeyEvent*>(event);
        if ((key->matches(QKeySequence::Copy) && hasSelection()) || key->matches(QKeySequence::SelectAll)) {
            event->accept();
            return true;
        }
    }
    return QWidget::event(event);
}

} // namespace moescope::ui
