// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/compactbox.h"

#include "ui/theme/plaintooltip.h"

#include <QAbstractItemView>
#include <QStyle>
#include <QStyleOptionComboBox>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kLeastCharacters = 4;

} // namespace

CompactBox::CompactBox(QWidget* parent) : QComboBox(parent) {
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    connect(this, &QComboBox::currentTextChanged, this, [this] {
        setToolTip(plainToolTip(shownWords()));
        updateGeometry();
    });
}

void CompactBox::setMostCharacters(int most) {
    m_most = most;
    updateGeometry();
}

QString CompactBox::shownWords() const { return currentIndex() < 0 ? placeholderText() : currentText(); }

QSize CompactBox::boxFor(int textWidth) const {
    QStyleOptionComboBox option;
    initStyleOption(&option);
    const int gap = 4; // the text's own margins in the edit field
    return style()->sizeFromContents(QStyle::CT_ComboBox, &option, QSize(textWidth + gap, fontMetrics().height()),
                                     this);
}

QSize CompactBox::sizeHint() const {
    const QFontMetrics metrics = fontMetrics();
    return boxFor(std::min(metrics.horizontalAdvance(shownWords()), m_most * metrics.averageCharWidth()));
}

QSize CompactBox::minimumSizeHint() const {
    return {std::min(sizeHint().width(), boxFor(kLeastCharacters * fontMetrics().averageCharWidth()).width()),
            sizeHint().height()};
}

void CompactBox::showPopup() {
    int widest = 0;
    for (int row = 0; row < count(); ++row) {
        widest = std::max(widest, fontMetrics().horizontalAdvance(itemText(row)));
    }
    view()->setMinimumWidth(std::max(width(), widest + 2 * fontMetrics().height()));
    QComboBox::showPopup();
}

} // namespace moescope::ui
