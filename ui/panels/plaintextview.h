// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/text/blocklayout.h"

#include <QTextEdit>

namespace moescope::ui {

/** Text to read and select, in the body style, as high as it needs to be. Nothing in it is interpreted. */
class PlainTextView : public QTextEdit {
    Q_OBJECT
public:
    static constexpr int kSlack = 2; ///< px that idealWidth() adds, so that rounding breaks no line

    explicit PlainTextView(QWidget* parent = nullptr);

    void setText(const QString& text);
    /** Width of the longest line, at most `most`. */
    int idealWidth(int most);
    int heightFor(int width);
    /** px that the text stands too low in its lines: a fixed line height puts all of the room above. */
    int sink() const;
    /** Marks the hits of a search below the text; `current` is an index, −1: none. */
    void setFound(const QList<SourceRange>& hits, int current);
    /** px from the top. */
    int offsetTop(int offset) const;
    void applyTheme();

protected:
    void paintEvent(QPaintEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;

private:
    void setLineHeight();

    QList<QRect> rectsOf(const SourceRange& range) const;

    QList<SourceRange> m_hits;
    int m_current = -1;
};

} // namespace moescope::ui
