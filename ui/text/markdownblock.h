// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QList>
#include <QString>
#include <QStringView>

#include <vector>

namespace moescope::ui {

/** A stretch of display text with one style; `link` indexes RichText::links, −1: none. */
struct TextSpan {
    enum Flag { Bold = 1, Italic = 2, Code = 4, Strike = 8, Image = 16 };

    int start = 0;
    int length = 0;
    int flags = 0;
    int link = -1;

    bool operator==(const TextSpan&) const = default;
};

/** Display text [display, display + length) came from source [source, source + source_length), in UTF-16 units. Equal
 *  lengths map unit by unit; otherwise (an entity) the whole stretch maps to the whole. */
struct TextSegment {
    int display = 0;
    int length = 0;
    int source = 0;
    int source_length = 0;

    bool operator==(const TextSegment&) const = default;
};

/** Text as shown, its styles, and where each character stands in the source. */
struct RichText {
    QString text;
    QList<TextSpan> spans;
    std::vector<TextSegment> segments; ///< ascending in both
    QList<QString> links;

    bool operator==(const RichText&) const = default;

    /** The source offset of a display position; −1 for an empty text. Past the end: where the source ends. */
    int sourceOf(int display) const;
    /** The first display position at or after a source offset. */
    int displayOf(int source) const;
};

struct MarkdownBlock {
    enum class Kind { Paragraph, Heading, Code, Table, Rule };
    enum class Align { Default, Left, Center, Right };

    Kind kind = Kind::Paragraph;
    int level = 0;  ///< of a heading, 1…6
    int indent = 0; ///< lists it stands in
    int quote = 0;  ///< quotes it stands in
    QString marker; ///< "•" or "3." on the first block of a list item
    QString language;
    RichText content;
    int columns = 0; ///< of a table; the first row is its head
    std::vector<RichText> cells;
    QList<Align> aligns;
    int source_start = 0; ///< UTF-16 units in the document's source
    int source_end = 0;

    bool operator==(const MarkdownBlock&) const = default;
};

/** Removes control characters and terminal escapes ("\x1b[31m") from what is shown. Keeps line breaks and tabs; is fed
 *  in any number of pieces. */
class DisplayFilter {
public:
    /** Whether this character is shown. */
    bool shows(char32_t character);
    void reset() { m_state = State::Text; }

private:
    enum class State { Text, Escape, Sequence };
    State m_state = State::Text;
};

/** Appends `text`, which starts at `source` in the source, and maps it. */
void appendMapped(RichText& into, QStringView text, int source, DisplayFilter& filter);
/** Appends what stands for `sourceLength` units of source. */
void appendReplaced(RichText& into, const QString& text, int source, int sourceLength);

} // namespace moescope::ui
