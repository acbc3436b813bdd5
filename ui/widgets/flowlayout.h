// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QLayout>

namespace moescope::ui {

/** Places its items from left to right, each at its natural size, and goes on in a new row where the width ends. Words
 *  that are wider than a row wrap in one of their own. Rows are centred line by line, so that words beside controls stand
 *  on one line with them. */
class FlowLayout : public QLayout {
    Q_OBJECT
public:
    /** `gap`: px between items and between rows. */
    explicit FlowLayout(int gap, QWidget* parent = nullptr);
    ~FlowLayout() override;

    /** The items from this one on stand at the right end of their row. */
    void alignRightFrom(int index) { m_right = index; }

    void addItem(QLayoutItem* item) override;
    int count() const override { return static_cast<int>(m_items.size()); }
    QLayoutItem* itemAt(int index) const override { return m_items.value(index); }
    QLayoutItem* takeAt(int index) override;
    Qt::Orientations expandingDirections() const override { return {}; }
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override { return arrange(QRect(0, 0, width, 0), false); }
    QSize sizeHint() const override { return minimumSize(); }
    QSize minimumSize() const override;
    void setGeometry(const QRect& rect) override;

private:
    /** The height in all; places the items if `apply`. */
    int arrange(const QRect& rect, bool apply) const;
    void placeRow(const QList<int>& row, const QRect& line) const;

    QList<QLayoutItem*> m_items;
    int m_right = -1;
};

} // namespace moescope::ui
