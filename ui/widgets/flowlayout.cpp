// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/flowlayout.h"

#include <QWidget>

#include <algorithm>

namespace moescope::ui {

namespace {

/** Words that are wider than the row wrap. */
QSize sizeWithin(const QLayoutItem& item, int width) {
    const QSize size = item.sizeHint();
    return item.hasHeightForWidth() && size.width() > width ? QSize(width, item.heightForWidth(width)) : size;
}

} // namespace

FlowLayout::FlowLayout(int gap, QWidget* parent) : QLayout(parent) {
    setContentsMargins(0, 0, 0, 0);
    setSpacing(gap);
}

FlowLayout::~FlowLayout() {
    while (QLayoutItem* item = takeAt(0)) {
        delete item;
    }
}

void FlowLayout::addItem(QLayoutItem* item) { m_items.append(item); }

QLayoutItem* FlowLayout::takeAt(int index) {
    return index >= 0 && index < m_items.size() ? m_items.takeAt(index) : nullptr;
}

QSize FlowLayout::minimumSize() const {
    QSize least;
    for (const QLayoutItem* item : m_items) {
        if (!item->isEmpty()) {
            least = least.expandedTo(item->hasHeightForWidth() ? item->minimumSize() : item->sizeHint());
        }
    }
    return least;
}

void FlowLayout::setGeometry(const QRect& rect) {
    QLayout::setGeometry(rect);
    arrange(rect, true);
}

int FlowLayout::arrange(const QRect& rect, bool apply) const {
    QList<int> row;
    int wide = 0;
    int high = 0;
    int top = 0;
    const auto close = [&] {
        if (!row.isEmpty()) {
            if (apply) {
                placeRow(row, QRect(rect.left(), rect.top() + top, rect.width(), high));
            }
            top += high + spacing();
        }
        row.clear();
        wide = 0;
        high = 0;
    };
    for (int i = 0; i < count(); ++i) {
        const QLayoutItem* item = m_items.at(i);
        if (item->isEmpty()) {
            continue;
        }
        const QSize size = sizeWithin(*item, rect.width());
        if (!row.isEmpty() && wide + spacing() + size.width() > rect.width()) {
            close();
        }
        wide += (row.isEmpty() ? 0 : spacing()) + size.width();
        high = std::max(high, size.height());
        row.append(i);
    }
    close();
    return std::max(0, top - spacing());
}

void FlowLayout::placeRow(const QList<int>& row, const QRect& line) const {
    int x = line.left();
    int rest = 0; // width from the first item at the right on
    for (const int i : row) {
        rest += m_right >= 0 && i >= m_right ? m_items.at(i)->sizeHint().width() + spacing() : 0;
    }
    bool right = false;
    for (const int i : row) {
        const QSize size = sizeWithin(*m_items.at(i), line.width());
        if (!right && m_right >= 0 && i >= m_right) {
            right = true;
            x = std::max(x, line.right() + 1 - rest + spacing());
        }
        m_items.at(i)->setGeometry(QRect(x, line.top() + (line.height() - size.height()) / 2,
                                         std::min(size.width(), line.width()), size.height()));
        x += size.width() + spacing();
    }
}

} // namespace moescope::ui
