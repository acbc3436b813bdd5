// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/ribbongeometry.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace moescope::ui {

RibbonGeometry RibbonGeometry::of(const QSize& view, int limit, double scale) {
    const auto px = [scale](int value) { return int(value * scale + 0.5); };
    RibbonGeometry geometry;
    geometry.limit = limit;
    const int left = px(12);
    const int width = std::max(1, view.width() - 2 * left);
    geometry.bracket = QRect(left, px(12), width, px(8));
    geometry.bar = QRect(left, px(21), width, px(14));
    geometry.words = QRect(left, px(38), width, px(16));
    return geometry;
}

int RibbonGeometry::xOf(int position) const {
    const int at = std::clamp(position, 0, std::max(limit, 0));
    return limit > 0 ? bar.left() + int(double(at) / limit * bar.width() + 0.5) : bar.left();
}

int RibbonGeometry::positionAt(int x) const {
    const double share = double(x - bar.left()) / bar.width();
    return std::clamp(int(share * limit), 0, limit);
}

QRect RibbonGeometry::tokens(int first, int count) const {
    const int left = xOf(first);
    return {left, bar.top(), std::max(1, xOf(first + count) - left), bar.height()};
}

QRect RibbonGeometry::freePlace(const QRect& line, const QList<QRect>& taken, int left, int width, int gap) {
    const int last = line.right() + 1 - width;
    const int wanted = std::clamp(left, line.left(), std::max(line.left(), last));
    QList<int> lefts{wanted};
    for (const QRect& other : taken) {
        lefts.append({other.right() + 1 + gap, other.left() - gap - width});
    }
    QRect best;
    for (const int at : std::as_const(lefts)) {
        const QRect place(at, line.top(), width, line.height());
        const bool meets = std::any_of(taken.cbegin(), taken.cend(), [&](const QRect& other) {
            return other.adjusted(-gap, 0, gap, 0).intersects(place);
        });
        if (at >= line.left() && at <= last && !meets &&
            (best.isEmpty() || std::abs(at - left) < std::abs(best.left() - left))) {
            best = place;
        }
    }
    return best;
}

bool RibbonGeometry::isNear(const QPoint& at) const {
    return at.x() >= bar.left() && at.x() <= bar.right() && at.y() >= bracket.top() && at.y() <= words.bottom();
}

} // namespace moescope::ui
