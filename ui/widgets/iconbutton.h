// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QToolButton>

namespace moescope::ui {

/** A button with an icon of the design and no word: 28 × 28 with 16 px, or small 24 × 24 with 14 px. */
class IconButton : public QToolButton {
    Q_OBJECT
public:
    /** `name` is both tooltip and accessible name. */
    IconButton(const QString& iconName, const QString& name, QWidget* parent = nullptr);

    void setIconName(const QString& iconName);
    QString iconName() const { return m_iconName; }
    void setSmall(bool small);
    /** With the box of a push button. */
    void setFramed(bool framed);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

private:
    QString m_iconName;
    bool m_small = false;
};

} // namespace moescope::ui
