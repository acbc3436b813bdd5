// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/text/markdownblock.h"
#include "ui/theme/theme.h"

#include <QList>
#include <QRect>
#include <QString>

#include <memory>

class QPainter;

namespace moescope::ui {

/** Source offsets, the end not included. */
struct SourceRange {
    int start = 0;
    int end = 0;
};

/** What is drawn over the blocks, as source offsets; an empty range is none. */
struct BlockMarks {
    int selection_start = 0;
    int selection_end = 0;
    int mark_start = 0;
    int mark_end = 0;
    const SourceRange* found_begin = nullptr;   ///< hits of a search that may touch the block
    const SourceRange* found_end = nullptr;     ///< past the last of them
    const SourceRange* found_current = nullptr; ///< one of them, or null
    int focused_link = -1;                      ///< of this block, −1: none
    bool caret = false;                         ///< the block for the next word stands at the end of this block
};

/** One block laid out for a width. Coordinates are px from the block's top left. Refers to the block it was made for,
 *  which must outlive it. */
class BlockLayout {
public:
    /** `color` is that of plain text. */
    static std::unique_ptr<BlockLayout> make(const MarkdownBlock& block, Color color = Color::Text);
    virtual ~BlockLayout() = default;

    /** Room above, after a block of another kind: 8 between paragraphs, less inside a list, more above a heading. */
    static int gapBetween(const MarkdownBlock& above, const MarkdownBlock& below);
    /** A height before any layout, from the number of characters. */
    static int estimate(const MarkdownBlock& block, int width);

    /** Takes in what was added at the end of the block. False: make the layout anew. */
    virtual bool grow() { return false; }
    virtual void layOut(int width) = 0;
    bool isLaidOut() const { return m_width >= 0; }
    void invalidate() { m_width = -1; }
    int height() const { return m_height; }

    /** `clip` is what must be painted. */
    virtual void paint(QPainter& painter, const QRect& clip, const BlockMarks& marks) = 0;
    /** Source offset at a point; −1 outside the text unless `nearest`. */
    virtual int sourceAt(const QPoint& point, bool nearest) const = 0;
    /** Boxes of a source range, one a line. */
    virtual QList<QRect> rectsOf(int sourceStart, int sourceEnd) const = 0;
    /** Index into links(), −1: none. */
    virtual int linkAt(const QPoint& point) const;
    virtual QList<QString> links() const;
    virtual QRect linkRect(int link) const;

    /** Text wider than the block scrolls. */
    virtual int scrollRange() const { return 0; }
    int scroll() const { return m_scroll; }
    void setScroll(int px);
    /** Of the scroll bar; empty: none. */
    virtual QRect scrollBar() const { return {}; }

    const MarkdownBlock& block() const { return *m_block; }

protected:
    explicit BlockLayout(const MarkdownBlock& block) : m_block(&block) {}

    /** px that lists and quotes take at the left. */
    int left() const;
    void paintContainer(QPainter& painter) const;

    const MarkdownBlock* m_block;
    Color m_color = Color::Text;
    int m_width = -1;
    int m_height = 0;
    int m_scroll = 0;
};

} // namespace moescope::ui
