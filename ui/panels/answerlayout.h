// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/runtrace.h"
#include "ui/text/richlayout.h"

#include <QFont>
#include <QTextLayout>

#include <memory>
#include <vector>

namespace moescope::ui {

/** A run's answer as text in a column. Coordinates are of the column; places in the text are UTF-16 units of text(). */
class AnswerLayout {
public:
    struct Range {
        int from = 0;
        int to = 0;
    };

    /** Nothing happens where all of it is as before. `pitch`: px from line to line. */
    void layOut(const std::shared_ptr<const RunTrace>& run, const QFont& font, int pitch, int width);
    const QString& text() const { return m_text; }
    int height() const { return m_height; }
    /** Where the byte of RunTrace::bytes() stands. */
    int unitOf(int byte) const { return m_units[size_t(byte)]; }
    /** A token without the white space before it, unless it is nothing else. */
    Range tokenRange(int token) const;
    /** −1: none. */
    int tokenAt(const QPoint& at) const;
    /** One rectangle a line, as high as the text; white space at the end of a line has none. */
    QList<QRect> rectsOf(const Range& range) const;
    /** The selection mark round a range, one a line. */
    QList<WordMark> marksOf(const Range& range) const;
    /** What of the text stands between two heights. */
    Range unitsBetween(int top, int bottom) const;
    void paint(QPainter& painter, const QPoint& origin, int top, int bottom) const;

private:
    struct Line {
        int paragraph = 0;
        int index = 0; ///< in it
        int start = 0;
        int end = 0;
        int y = 0;
    };
    void readText();
    void addParagraph(int start, int end, const QFont& font, int width);
    /** The first line that ends below a height, or behind a place. */
    size_t lineBelow(int y) const;
    size_t lineBehind(int unit) const;
    const QTextLayout& layoutOf(const Line& line) const { return *m_paragraphs[size_t(line.paragraph)].layout; }
    int startOf(const Line& line) const { return m_paragraphs[size_t(line.paragraph)].start; }

    struct Paragraph {
        std::unique_ptr<QTextLayout> layout;
        int start = 0;
    };
    std::shared_ptr<const RunTrace> m_run;
    QFont m_font;
    int m_pitch = 0;
    int m_width = 0;
    QString m_text;
    std::vector<int> m_units; ///< by byte, and the end
    std::vector<Paragraph> m_paragraphs;
    std::vector<Line> m_lines;
    int m_height = 0;
};

} // namespace moescope::ui
