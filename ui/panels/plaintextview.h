// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QTextEdit>

namespace moescope::ui {

/** Text to read and select, in the body style, as high as it needs to be. Nothing in it is interpreted. */
class PlainTextView : public QTextEdit {
    Q_OBJECT
public:
    explicit PlainTextView(QWidget* parent = nullptr);

    void setText(const QString& text);
    /** Width of the longest line, at most `most`. */
    int idealWidth(int most);
    int heightFor(int width);
    /** px that the text stands too low in its lines: a fixed line height puts all of the room above. */
    int sink() const;
    void setMarked(int begin, int end);
    /** px from the top. */
    int offsetTop(int offset) const;
    void applyTheme();

protected:
    void wheelEvent(QWheelEvent* event) override;

private:
    void setLineHeight();

    int m_begin = 0;
    int m_end = 0;
};

} // namespace moescope::ui
