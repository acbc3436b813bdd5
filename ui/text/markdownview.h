// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/text/blocklayout.h"
#include "ui/text/markdowndocument.h"

#include <QWidget>

#include <memory>
#include <unordered_map>
#include <vector>

class QPushButton;
class QTimer;

namespace moescope::ui {

/** Shows Markdown as it arrives. Paints its blocks itself, so an event filter on it sees every mouse event. Lays out
 *  lazily: a long text is laid out in slices between events, and heightChanged() says when the height is known better.
 *  Nothing in the text is fetched, opened or interpreted as HTML. Offsets are positions in the source as it was given. */
class MarkdownView : public QWidget {
    Q_OBJECT
public:
    explicit MarkdownView(QWidget* parent = nullptr);
    ~MarkdownView() override;

    /** Of plain text; Text unless set. */
    void setColor(Color color);
    void setMarkdown(const QString& markdown);
    void appendMarkdown(const QString& markdown);
    /** Shows this source, as one that goes on from what is shown if it does. `more` will follow. */
    void extendTo(const QString& markdown, bool more);
    const QString& markdown() const { return m_document.source(); }
    const MarkdownDocument& document() const { return m_document; }
    /** Shows a block at the end where the next word will come. Off parses what still stands as plain text. */
    void setStreaming(bool streaming);

    bool hasHeightForWidth() const override { return true; }
    /** Lays out for this width. Blocks not laid out yet count with an estimate. */
    int heightForWidth(int width) const override;
    QSize sizeHint() const override;
    /** False while slices of a long text are still to come. */
    bool isLaidOut() const { return m_laidOut == m_blocks.size(); }

    /** The source offset of the character at `position` (in widget px), −1 where there is none. */
    int sourceOffsetAt(const QPoint& position) const;
    /** Draws the selection mark round a word; an empty range: none. */
    void setMarkedRange(int sourceStart, int sourceEnd);
    /** Marks the hits of a search, ascending and apart; `current` is the index of the one in view, −1: none. */
    void setFoundRanges(const QList<SourceRange>& ranges, int current);
    /** px from the widget's top to the line with this offset. */
    int topOfSourceOffset(int offset) const;
    /** Boxes of a source range in widget px, one a line. */
    QList<QRect> rectsOfSource(int sourceStart, int sourceEnd) const;

    bool hasSelection() const { return m_anchor != m_caret; }
    /** The source under the selection, with its Markdown. */
    QString selectedSource() const;
    void selectAll();
    void copySelection() const;

signals:
    /** A click on a link to http, https or mailto. Nothing has been opened. */
    void linkActivated(const QString& target);
    void heightChanged();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void changeEvent(QEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    bool focusNextPrevChild(bool next) override;
    bool event(QEvent* event) override;

private:
    friend class MarkdownAccessible;

    void sync(int firstChanged);
    void forgetLayout();
    void layOutBlock(size_t block) const;
    void layOut(int width, int milliseconds) const;
    void computeTops() const;
    void continueLayout();
    void placeButtons();
    int blockAt(int y) const;
    int blockOfOffset(int offset) const;
    /** The hits that may touch this block. */
    std::pair<const SourceRange*, const SourceRange*> foundIn(size_t block) const;
    int offsetNear(const QPoint& position) const;
    void setSelection(int anchor, int caret);
    void scrollBlock(int block, int px);
    QString linkAt(const QPoint& position) const;

    MarkdownDocument m_document;
    std::vector<std::unique_ptr<BlockLayout>> m_blocks;
    std::unordered_map<int, QPushButton*> m_buttons; ///< by block
    mutable std::vector<int> m_tops;                 ///< px of each block, and the height
    mutable size_t m_laidOut = 0;                    ///< number of blocks laid out
    mutable size_t m_nextSlice = 0;                  ///< blocks before it are laid out
    mutable int m_layoutWidth = -1;
    mutable int m_knownHeight = 0; ///< the last one that others were told
    QTimer* m_timer = nullptr;
    Color m_color = Color::Text;
    bool m_streaming = false;
    bool m_selecting = false;
    int m_anchor = 0; ///< source offsets of the selection
    int m_caret = 0;
    int m_markStart = 0;
    int m_markEnd = 0;
    QList<SourceRange> m_found;
    int m_foundCurrent = -1;
    int m_dragBlock = -1; ///< block whose scroll bar is held
    int m_dragStart = 0;
    int m_linkBlock = -1; ///< of the link with keyboard focus
    int m_link = -1;
    QPoint m_pressPoint;
};

} // namespace moescope::ui
