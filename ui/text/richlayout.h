// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/text/blocklayout.h"
#include "ui/theme/theme.h"

#include <QTextLayout>

namespace moescope::ui {

/** What the selection mark round a word covers, its line included. Towards a letter or a full stop beside the word it is
 *  open: between the two is room for a thin line. */
struct WordMark {
    QRect box;
    bool open_left = false;
    bool open_right = false;
};

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
    /** The selection mark round a source range, one a line. */
    QList<WordMark> marksOf(int sourceStart, int sourceEnd) const;
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

/** The selection mark round [from, to) of a line, from the line's own top: wider than the word where a space or the
 *  line's end is beside it. Positions are those of the layout's text. */
WordMark wordMark(const QTextLayout& layout, const QTextLine& line, int from, int to);
/** The selection mark: `ground` and a line of 2 px inside its box, below the text. */
void paintWordMark(QPainter& painter, const WordMark& mark, const QColor& ground);
/** The mark of a search hit, below the text; underlined, and the one in view framed by 1 px. */
void paintFoundMark(QPainter& painter, const QRect& box, bool current);
/** The block that stands where the next word will come. */
void paintCaretBlock(QPainter& painter, const QPoint& lineTop, int pitch);

} // namespace moescope::ui
