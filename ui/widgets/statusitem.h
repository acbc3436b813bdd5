// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/theme/theme.h"

#include <QAbstractButton>

#include <optional>

namespace moescope::ui {

/** A part of the status bar: icon or coloured dot, then words. A click opens its page. The words are its accessible name. */
class StatusItem : public QAbstractButton {
    Q_OBJECT
public:
    explicit StatusItem(QWidget* parent = nullptr);
    StatusItem(const QString& iconName, const QString& text, QWidget* parent = nullptr);

    void setIconName(const QString& iconName);
    /** Shows a dot in place of the icon. */
    void setDot(Color color);
    /** Hides QAbstractButton::setText, which would read "&" as a shortcut. */
    void setText(const QString& text);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    QString m_words;
    QString m_iconName;
    std::optional<Color> m_dot;
};

} // namespace moescope::ui
