// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/text/markdownblock.h"

#include <deque>

namespace moescope::ui {

/** Markdown that grows. The source is divided into pieces at places where a block surely ends (a blank line, a list item,
 *  a code fence, or 16,384 characters), decided from complete lines alone, so text in any number of appends gives the
 *  blocks of the whole text. Only the last piece is parsed again. Above 1,024 characters it is parsed again when it has
 *  grown by a sixteenth; until then, new text stands in it as plain text. Code is never parsed again.
 *
 *  Reference links are resolved within one piece only. */
class MarkdownDocument {
public:
    void setSource(const QString& source);
    /** Returns the index of the first block that changed. */
    int append(QStringView text);
    /** Parses what stands as plain text. Returns the first block that changed, or the number of blocks. */
    int finish();

    const QString& source() const { return m_source; }
    /** References to blocks below the index that append() returned stay valid. */
    const std::deque<MarkdownBlock>& blocks() const { return m_blocks; }
    /** Whether the last append() only added to the code at the end, so that all that stood in it still stands. */
    bool grewCodeOnly() const { return m_grewCodeOnly; }
    /** UTF-16 units given to the parser since the document was made. */
    qint64 parsedLength() const { return m_parsedLength; }

private:
    /** The number the next ordered item gets; 0: its own. */
    struct Numbering {
        int next = 0;
        QChar delimiter;
    };

    void reset();
    void scanLine(int begin, int end);
    void closePiece(int end);
    int overflowCut() const;
    void openCode(int lineBegin, int lineEnd);
    void growCode(int end);
    void parsePiece(int end);
    bool closesFence(QStringView line) const;
    int firstNumber() const;
    void touch(int block) { m_firstChanged = qMin(m_firstChanged, block); }

    QString m_source;
    std::deque<MarkdownBlock> m_blocks;
    bool m_grewCodeOnly = false;
    qint64 m_parsedLength = 0;
    int m_firstChanged = 0;

    int m_pieceStart = 0;      ///< in the source
    int m_pieceFirstBlock = 0; ///< blocks before it are final
    int m_lineStart = 0;       ///< of the first line not scanned yet
    int m_pieceParsed = 0;     ///< length at its last parse
    int m_pieceShown = 0;      ///< length shown, plain tail included
    bool m_pieceIsList = false;
    bool m_previousIndented = false;
    bool m_previousBlank = false;
    Numbering m_numbering;

    bool m_inCode = false;
    QChar m_fence;
    int m_fenceLength = 0;
    int m_codeTaken = 0; ///< source up to here stands in the code block
    DisplayFilter m_codeFilter;
    DisplayFilter m_tailFilter;
};

} // namespace moescope::ui
