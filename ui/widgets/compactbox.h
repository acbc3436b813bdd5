// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QComboBox>

namespace moescope::ui {

/** A combo as wide as the words it shows; its list is as wide as the longest. Where there is no room for them they end in
 *  an ellipsis, and the tooltip has them whole. */
class CompactBox : public QComboBox {
    Q_OBJECT
public:
    explicit CompactBox(QWidget* parent = nullptr);

    /** Longer words are cut at so many average characters. */
    void setMostCharacters(int most);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;
    void showPopup() override;

private:
    QSize boxFor(int textWidth) const;
    QString shownWords() const;

    int m_most = 24;
};

} // namespace moescope::ui
