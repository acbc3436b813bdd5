// SPDX-License-Identifier: Apache-2.0
#include "ui/text/blocklayout.h"

#include "ui/text/codelayout.h"
#include "ui/text/richlayout.h"
#include "ui/text/tablelayout.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace moescope::ui {

namespace {

constexpr int kIndent = 20; ///< px a list level
constexpr int kQuote = 14;  ///< px a quote level

class RuleLayout final : public BlockLayout {
public:
    explicit RuleLayout(const MarkdownBlock& block) : BlockLayout(block) {}

    void layOut(int width) override {
        m_width = width;
        m_height = 17;
    }
    void paint(QPainter& painter, const QRect&, const BlockMarks&) override {
        paintContainer(painter);
        painter.fillRect(QRect(left(), 8, m_width - left(), 1), theme().color(Color::Border));
    }
    int sourceAt(const QPoint&, bool nearest) const override { return nearest ? m_block->source_start : -1; }
    QList<QRect> rectsOf(int, int) const override { return {}; }
};

class TextLayout final : public BlockLayout {
public:
    explicit TextLayout(const MarkdownBlock& block) : BlockLayout(block) {}

    void layOut(int width) override {
        m_width = width;
        const Theme& look = theme();
        QFont font = look.font(TextStyle::Body);
        int pitch = look.lineHeight(TextStyle::Body);
        if (m_block->kind == MarkdownBlock::Kind::Heading) {
            const TextStyle style = m_block->level <= 2 ? TextStyle::Title : TextStyle::Body;
            font = look.font(style);
            font.setWeight(QFont::DemiBold);
            if (m_block->level == 1) {
                font.setPixelSize(font.pixelSize() + 2);
            }
            pitch = look.lineHeight(style);
        }
        m_lines.layOut(m_block->content, font, pitch, width - left(), {},
                       m_block->quote > 0 ? Color::TextSecondary : m_color);
        m_height = m_lines.height();
    }

    void paint(QPainter& painter, const QRect& clip, const BlockMarks& marks) override {
        paintContainer(painter);
        m_lines.paint(painter, QPoint(left(), 0), clip, marks);
    }

    int sourceAt(const QPoint& point, bool nearest) const override {
        const int found = m_lines.sourceAt(point - QPoint(left(), 0), nearest);
        return found < 0 && nearest ? m_block->source_start : found;
    }

    QList<QRect> rectsOf(int sourceStart, int sourceEnd) const override {
        QList<QRect> rects = m_lines.rectsOf(sourceStart, sourceEnd);
        for (QRect& rect : rects) {
            rect.translate(left(), 0);
        }
        return rects;
    }

    int linkAt(const QPoint& point) const override { return m_lines.linkAt(point - QPoint(left(), 0)); }
    QList<QString> links() const override { return m_block->content.links; }
    QRect linkRect(int link) const override { return m_lines.linkRect(link).translated(left(), 0); }

private:
    RichLayout m_lines;
};

int lineCountEstimate(qsizetype characters, int width, int perCharacter) {
    const int perLine = std::max(1, width / perCharacter);
    return 1 + static_cast<int>(characters / perLine);
}

} // namespace

std::unique_ptr<BlockLayout> BlockLayout::make(const MarkdownBlock& block, Color color) {
    std::unique_ptr<BlockLayout> layout;
    switch (block.kind) {
    case MarkdownBlock::Kind::Code: layout = std::make_unique<CodeLayout>(block); break;
    case MarkdownBlock::Kind::Table: layout = std::make_unique<TableLayout>(block); break;
    case MarkdownBlock::Kind::Rule: layout = std::make_unique<RuleLayout>(block); break;
    default: layout = std::make_unique<TextLayout>(block);
    }
    layout->m_color = color;
    return layout;
}

int BlockLayout::gapBetween(const MarkdownBlock& above, const MarkdownBlock& below) {
    if (below.kind == MarkdownBlock::Kind::Heading) {
        return 16;
    }
    const bool sameList = above.indent > 0 && below.indent > 0 && !below.marker.isEmpty();
    return sameList ? 2 : 8;
}

int BlockLayout::estimate(const MarkdownBlock& block, int width) {
    const Theme& look = theme();
    switch (block.kind) {
    case MarkdownBlock::Kind::Rule: return 17;
    case MarkdownBlock::Kind::Code:
        return CodeLayout::kHead + 2 * CodeLayout::kPadding +
               look.lineHeight(TextStyle::MonoCode) *
                   (1 + static_cast<int>(block.content.text.count(QLatin1Char('\n'))));
    case MarkdownBlock::Kind::Table: {
        const int rows = block.columns > 0 ? static_cast<int>(block.cells.size()) / block.columns : 0;
        return rows * (look.lineHeight(TextStyle::Body) + 8) + 2;
    }
    default:
        return look.lineHeight(TextStyle::Body) *
               lineCountEstimate(block.content.text.size(), width - block.indent * kIndent - block.quote * kQuote, 7);
    }
}

int BlockLayout::linkAt(const QPoint&) const { return -1; }
QList<QString> BlockLayout::links() const { return {}; }
QRect BlockLayout::linkRect(int) const { return {}; }

void BlockLayout::setScroll(int px) { m_scroll = std::clamp(px, 0, scrollRange()); }

int BlockLayout::left() const { return m_block->quote * kQuote + m_block->indent * kIndent; }

void BlockLayout::paintContainer(QPainter& painter) const {
    const Theme& look = theme();
    for (int i = 0; i < m_block->quote; ++i) {
        painter.fillRect(QRect(i * kQuote, 0, 3, m_height), look.color(Color::Border));
    }
    if (m_block->marker.isEmpty()) {
        return;
    }
    const int pitch = look.lineHeight(TextStyle::Body);
    const int start = left() - kIndent;
    if (m_block->marker == QStringLiteral("•")) {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(look.color(m_color));
        painter.drawEllipse(QRectF(start + 3, pitch / 2.0 - 2, 5, 5));
        painter.setRenderHint(QPainter::Antialiasing, false);
        return;
    }
    painter.setFont(look.font(TextStyle::Body));
    painter.setPen(look.color(m_color));
    // Long numbers grow to the left, so that the text keeps its edge.
    painter.drawText(QRect(start - 40, 0, kIndent + 40 - 4, pitch), Qt::AlignRight | Qt::AlignVCenter, m_block->marker);
}

} // namespace moescope::ui
