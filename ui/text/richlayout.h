// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/text/blocklayout.h"
#include "ui/theme/theme.h"

#include <QTextLayout>

namespace moescope::ui {

/** Lines of one RichText at an equal pitch, for paragraphs and table cells. */
class RichLayout {
public:
    void layOut(const RichText& text, const QFont& font, int pitch, int width, Qt::Alignment alignment, Color color);
    int height() const { return m_height; }
    /** px of the widest line. */
    int widthUsed() const;

    void paint(QPainter& painter, const QPoint& origin, const QRect& clip, const BlockMarks& marks) const;
    int sourceAt(const QPoint& point, bool nearest) const;
    QList<QRect> rectsOf(int sourceStart, int sourceEnd) const;
    QList<QRect> rectsOfDisplay(int start, int end) const;
    /** Boxes of the selection mark round a source range. */
    QList<QRect> marksOf(int sourceStart, int sourceEnd) const;
    int linkAt(const QPoint& point) const;
    QRect linkRect(int link) const;
    /** Where the next character would come. */
    QPoint endPoint() const;
    bool isEmpty() const { return m_text == nullptr || m_text->text.isEmpty(); }

private:
    const RichText* m_text = nullptr;
    QTextLayout m_layout;
    int m_pitch = 0;
    int m_height = 0;
};

/** What the selection mark round [from, to) of a line covers, from the line's own top: wider than the word where a space
 *  or the line's end is beside it, and hardly where a letter is. Positions are those of the layout's text. */
QRect wordMarkRect(const QTextLayout& layout, const QTextLine& line, int from, int to);
/** The selection mark: tint and a line of 2 px inside `box`, below the text. */
void paintWordMark(QPainter& painter, const QRect& box);
/** The mark of a search hit, below the text; underlined, and the one in view framed by 1 px. */
void paintFoundMark(QPainter& painter, const QRect& box, bool current);
/** The block that stands where the next word will come. */
void paintCaretBlock(QPainter& painter, const QPoint& lineTop, int pitch);

} // namespace moescope::ui
