// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/text/blocklayout.h"
#include "ui/text/codehighlighter.h"

#include <QTextLayout>

#include <unordered_map>
#include <vector>

namespace moescope::ui {

/** A code block: head with the language, lines that do not wrap. Only lines in view are laid out, and a block that grows
 *  keeps what it has. */
class CodeLayout final : public BlockLayout {
public:
    static constexpr int kHead = 28;
    static constexpr int kPadding = 8;
    static constexpr int kLongestLine = 4096; ///< UTF-16 units; a longer line is continued in a new one

    explicit CodeLayout(const MarkdownBlock& block) : BlockLayout(block) {}

    bool grow() override;
    void layOut(int width) override;
    void paint(QPainter& painter, const QRect& clip, const BlockMarks& marks) override;
    int sourceAt(const QPoint& point, bool nearest) const override;
    QList<QRect> rectsOf(int sourceStart, int sourceEnd) const override;
    int scrollRange() const override;
    QRect scrollBar() const override;
    /** Where the Copy button stands. */
    QRect copyArea() const;
    int lineCount() const { return static_cast<int>(m_starts.size()); }

private:
    void takeLines();
    int lineEnd(int line) const;
    int pitch() const;
    QTextLayout& lineLayout(int line) const;
    QList<CodeSpan> spansOf(int line) const;
    int textLeft() const;

    std::vector<int> m_starts;         ///< display offset of each line
    int m_taken = 0;                   ///< display text already divided into lines
    int m_longest = 0;                 ///< px of the widest line, from its characters
    int m_lineWidth = 0;               ///< px of the last line so far
    mutable std::vector<int> m_states; ///< highlighter state before each line, as far as known
    mutable std::unordered_map<int, std::unique_ptr<QTextLayout>> m_layouts;
};

} // namespace moescope::ui
