// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QListWidget>

namespace moescope::ui {

/** A note or bookmark of a capture. */
struct CaptureMark {
    qint64 message = 0;
    int token = -1; ///< of the answer; −1: the whole message
    QString place;  ///< "Token 64", "Your message"
    QString word;   ///< the token's text; empty: the whole message
    QString note;   ///< empty: a bookmark
    bool bookmark = false;
};

/** "Token 64 “·boat”", as one string. */
QString placeText(const CaptureMark& mark);

/** The notes and bookmarks of a capture in a box of their own, the token of each as a chip. */
class MarkList : public QListWidget {
    Q_OBJECT
public:
    explicit MarkList(QWidget* parent = nullptr);

    /** Shows some of them at once, and scrolls to the others. */
    void setMarks(const QList<CaptureMark>& marks);

protected:
    bool event(QEvent* event) override;
};

} // namespace moescope::ui
