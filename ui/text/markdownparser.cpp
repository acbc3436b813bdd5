// SPDX-License-Identifier: Apache-2.0
#include "ui/text/markdownparser.h"

#include <QTextDocumentFragment>
#include <QUrl>

#include <md4c.h>

#include <algorithm>
#include <utility>

namespace moescope::ui {

namespace {

constexpr unsigned kFlags =
    MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS | MD_FLAG_NOHTML | MD_FLAG_PERMISSIVEURLAUTOLINKS;
constexpr int kDeepest = 12; ///< lists or quotes inside each other that still indent

struct ListState {
    bool ordered = false;
    int number = 1;
    QChar delimiter;
};

void chopLineBreaks(RichText& text) {
    while (text.text.endsWith(QLatin1Char('\n'))) {
        text.text.chop(1);
        TextSegment& last = text.segments.back();
        --last.length;
        --last.source_length;
        if (last.length == 0) {
            text.segments.pop_back();
        }
    }
}

class Parser {
public:
    Parser(const QByteArray& bytes, int sourceStart, int firstNumber)
        : m_bytes(bytes), m_utf16(sourceStart), m_sourceStart(sourceStart), m_firstNumber(firstNumber) {}

    std::vector<MarkdownBlock> run() {
        MD_PARSER parser{};
        parser.flags = kFlags;
        parser.enter_block = [](MD_BLOCKTYPE type, void* detail, void* self) {
            return static_cast<Parser*>(self)->enterBlock(type, detail);
        };
        parser.leave_block = [](MD_BLOCKTYPE type, void*, void* self) {
            return static_cast<Parser*>(self)->leaveBlock(type);
        };
        parser.enter_span = [](MD_SPANTYPE type, void* detail, void* self) {
            return static_cast<Parser*>(self)->enterSpan(type, detail);
        };
        parser.leave_span = [](MD_SPANTYPE type, void*, void* self) {
            return static_cast<Parser*>(self)->leaveSpan(type);
        };
        parser.text = [](MD_TEXTTYPE type, const MD_CHAR* text, MD_SIZE size, void* self) {
            return static_cast<Parser*>(self)->addText(type, text, size);
        };
        md_parse(m_bytes.constData(), static_cast<MD_SIZE>(m_bytes.size()), &parser, this);
        finishBlock();
        return std::move(m_blocks);
    }

private:
    /** UTF-16 offset in the document of a pointer into the bytes. Pointers mostly ascend, so the walk is linear. */
    int sourceOf(const char* pointer) {
        const qsizetype target = pointer - m_bytes.constData();
        if (target < m_byte) {
            m_byte = 0;
            m_utf16 = m_sourceStart;
        }
        for (; m_byte < target; ++m_byte) {
            const auto byte = static_cast<unsigned char>(m_bytes[m_byte]);
            // Continuation bytes count nothing; a lead byte of four counts a surrogate pair.
            m_utf16 += (byte & 0xC0) == 0x80 ? 0 : byte >= 0xF0 ? 2 : 1;
        }
        return m_utf16;
    }

    bool isInside(const char* pointer) const {
        return pointer >= m_bytes.constData() && pointer <= m_bytes.constData() + m_bytes.size();
    }

    MarkdownBlock& open(MarkdownBlock::Kind kind) {
        finishBlock();
        m_open = true;
        m_block = MarkdownBlock();
        m_block.kind = kind;
        m_block.indent = std::min(static_cast<int>(m_lists.size()), kDeepest);
        m_block.quote = std::min(m_quotes, kDeepest);
        m_block.marker = std::exchange(m_marker, QString());
        m_block.source_start = m_block.source_end = m_lastSource;
        m_started = false;
        m_filter.reset();
        return m_block;
    }

    void finishBlock() {
        if (!m_open) {
            return;
        }
        m_open = false;
        if (m_block.kind == MarkdownBlock::Kind::Code) {
            chopLineBreaks(m_block.content);
        }
        const bool empty = m_block.content.text.isEmpty() && m_block.marker.isEmpty();
        const bool needsText = m_block.kind == MarkdownBlock::Kind::Paragraph;
        if (!(empty && needsText)) {
            m_blocks.push_back(std::move(m_block));
        }
    }

    RichText& target() { return m_cell ? m_block.cells.back() : m_block.content; }

    int enterBlock(MD_BLOCKTYPE type, void* detail) {
        switch (type) {
        case MD_BLOCK_QUOTE:
            finishBlock();
            ++m_quotes;
            break;
        case MD_BLOCK_UL:
            finishBlock();
            m_lists.push_back({});
            break;
        case MD_BLOCK_OL: {
            finishBlock();
            const auto* list = static_cast<MD_BLOCK_OL_DETAIL*>(detail);
            const int number = m_firstNumber > 0 ? m_firstNumber : static_cast<int>(list->start);
            m_firstNumber = 0;
            m_lists.push_back({true, number, QLatin1Char(list->mark_delimiter)});
            break;
        }
        case MD_BLOCK_LI: {
            finishBlock();
            ListState& list = m_lists.back();
            m_marker = list.ordered ? QString::number(list.number++) + list.delimiter : QStringLiteral("•");
            const auto* item = static_cast<MD_BLOCK_LI_DETAIL*>(detail);
            if (item->is_task != 0) {
                m_marker = item->task_mark == ' ' ? QStringLiteral("☐") : QStringLiteral("☑");
            }
            // A tight item has no paragraph of its own.
            open(MarkdownBlock::Kind::Paragraph);
            break;
        }
        case MD_BLOCK_P:
            if (!(m_open && m_block.content.text.isEmpty() && m_block.kind == MarkdownBlock::Kind::Paragraph)) {
                open(MarkdownBlock::Kind::Paragraph);
            }
            break;
        case MD_BLOCK_H:
            takeMarker();
            open(MarkdownBlock::Kind::Heading).level = static_cast<int>(static_cast<MD_BLOCK_H_DETAIL*>(detail)->level);
            break;
        case MD_BLOCK_CODE: {
            takeMarker();
            MarkdownBlock& block = open(MarkdownBlock::Kind::Code);
            const MD_ATTRIBUTE& language = static_cast<MD_BLOCK_CODE_DETAIL*>(detail)->lang;
            block.language = QString::fromUtf8(language.text, static_cast<qsizetype>(language.size));
            break;
        }
        case MD_BLOCK_HR: open(MarkdownBlock::Kind::Rule); break;
        case MD_BLOCK_TABLE:
            takeMarker();
            open(MarkdownBlock::Kind::Table).columns =
                static_cast<int>(static_cast<MD_BLOCK_TABLE_DETAIL*>(detail)->col_count);
            break;
        case MD_BLOCK_TH:
        case MD_BLOCK_TD: {
            const MD_ALIGN align = static_cast<MD_BLOCK_TD_DETAIL*>(detail)->align;
            m_block.cells.emplace_back();
            if (type == MD_BLOCK_TH) {
                m_block.aligns += align == MD_ALIGN_LEFT     ? MarkdownBlock::Align::Left
                                  : align == MD_ALIGN_CENTER ? MarkdownBlock::Align::Center
                                  : align == MD_ALIGN_RIGHT  ? MarkdownBlock::Align::Right
                                                             : MarkdownBlock::Align::Default;
            }
            m_cell = true;
            break;
        }
        default: break;
        }
        return 0;
    }

    /** An item that starts with a heading, code or table has its marker there. */
    void takeMarker() {
        if (m_open && m_block.kind == MarkdownBlock::Kind::Paragraph && m_block.content.text.isEmpty()) {
            m_marker = m_block.marker;
            m_open = false;
        }
    }

    int leaveBlock(MD_BLOCKTYPE type) {
        switch (type) {
        case MD_BLOCK_QUOTE:
            finishBlock();
            --m_quotes;
            break;
        case MD_BLOCK_UL:
        case MD_BLOCK_OL:
            finishBlock();
            m_lists.pop_back();
            break;
        case MD_BLOCK_TH:
        case MD_BLOCK_TD: m_cell = false; break;
        case MD_BLOCK_P:
        case MD_BLOCK_LI:
        case MD_BLOCK_H:
        case MD_BLOCK_CODE:
        case MD_BLOCK_HR:
        case MD_BLOCK_TABLE: finishBlock(); break;
        default: break;
        }
        return 0;
    }

    int enterSpan(MD_SPANTYPE type, void* detail) {
        switch (type) {
        case MD_SPAN_EM: ++m_italic; break;
        case MD_SPAN_STRONG: ++m_bold; break;
        case MD_SPAN_DEL: ++m_strike; break;
        case MD_SPAN_CODE: ++m_code; break;
        case MD_SPAN_IMG: ++m_image; break;
        case MD_SPAN_A: {
            const MD_ATTRIBUTE& href = static_cast<MD_SPAN_A_DETAIL*>(detail)->href;
            const QString address = QString::fromUtf8(href.text, static_cast<qsizetype>(href.size)).trimmed();
            m_link = -1;
            if (isAllowedLink(address)) {
                m_link = static_cast<int>(target().links.size());
                target().links += address;
            }
            break;
        }
        default: break;
        }
        return 0;
    }

    int leaveSpan(MD_SPANTYPE type) {
        switch (type) {
        case MD_SPAN_EM: --m_italic; break;
        case MD_SPAN_STRONG: --m_bold; break;
        case MD_SPAN_DEL: --m_strike; break;
        case MD_SPAN_CODE: --m_code; break;
        case MD_SPAN_IMG: --m_image; break;
        case MD_SPAN_A: m_link = -1; break;
        default: break;
        }
        return 0;
    }

    int addText(MD_TEXTTYPE type, const MD_CHAR* text, MD_SIZE size) {
        if (!m_open) {
            open(MarkdownBlock::Kind::Paragraph);
        }
        RichText& into = target();
        const auto before = static_cast<int>(into.text.size());
        if (type == MD_TEXT_BR || type == MD_TEXT_SOFTBR) {
            if (into.text.isEmpty()) {
                return 0;
            }
            // A soft break too: models write a line where they mean one.
            const int source = into.sourceOf(before);
            appendReplaced(into, QString(QChar::LineSeparator), source, 1);
        } else if (type == MD_TEXT_NULLCHAR) {
            return 0;
        } else if (isInside(text)) {
            const int source = sourceOf(text);
            const int end = sourceOf(text + size);
            const QString piece = QString::fromUtf8(text, static_cast<qsizetype>(size));
            if (type == MD_TEXT_ENTITY) {
                appendReplaced(into, QTextDocumentFragment::fromHtml(piece).toPlainText(), source, end - source);
            } else {
                appendMapped(into, piece, source, m_filter);
            }
            if (!m_started) {
                m_started = true;
                m_block.source_start = source;
            }
            m_block.source_end = end;
            m_lastSource = end;
        } else {
            // Line breaks inside code come from outside the buffer.
            const int source = into.segments.empty() ? m_lastSource : into.sourceOf(before);
            appendReplaced(into, QString::fromUtf8(text, static_cast<qsizetype>(size)), source, static_cast<int>(size));
        }
        addSpan(into, before);
        return 0;
    }

    void addSpan(RichText& into, int from) {
        const int flags = (m_bold > 0 ? TextSpan::Bold : 0) | (m_italic > 0 ? TextSpan::Italic : 0) |
                          (m_code > 0 ? TextSpan::Code : 0) | (m_strike > 0 ? TextSpan::Strike : 0) |
                          (m_image > 0 ? TextSpan::Image : 0);
        const int length = static_cast<int>(into.text.size()) - from;
        if (length == 0 || (flags == 0 && m_link < 0)) {
            return;
        }
        if (!into.spans.isEmpty()) {
            TextSpan& last = into.spans.last();
            if (last.start + last.length == from && last.flags == flags && last.link == m_link) {
                last.length += length;
                return;
            }
        }
        into.spans += TextSpan{from, length, flags, m_link};
    }

    const QByteArray& m_bytes;
    qsizetype m_byte = 0;
    int m_utf16;
    int m_sourceStart;
    int m_firstNumber;
    int m_lastSource = m_sourceStart;
    std::vector<MarkdownBlock> m_blocks;
    MarkdownBlock m_block;
    bool m_open = false;
    bool m_cell = false;
    bool m_started = false; ///< the open block has text from the source
    QString m_marker;
    std::vector<ListState> m_lists;
    int m_quotes = 0;
    int m_bold = 0;
    int m_italic = 0;
    int m_code = 0;
    int m_strike = 0;
    int m_image = 0;
    int m_link = -1;
    DisplayFilter m_filter;
};

} // namespace

std::vector<MarkdownBlock> parseMarkdown(QStringView text, int sourceStart, int firstNumber) {
    const QByteArray bytes = text.toUtf8();
    return Parser(bytes, sourceStart, firstNumber).run();
}

bool isAllowedLink(const QString& target) {
    const QString scheme = QUrl(target, QUrl::TolerantMode).scheme().toLower();
    return scheme == QLatin1String("http") || scheme == QLatin1String("https") || scheme == QLatin1String("mailto");
}

} // namespace moescope::ui
