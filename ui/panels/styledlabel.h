// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/theme/theme.h"

#include <QLabel>

namespace moescope::ui {

/** A label in a text style and colour of the design that follows the theme. */
class StyledLabel : public QLabel {
    Q_OBJECT
public:
    StyledLabel(const QString& text, TextStyle style, Color color, QWidget* parent = nullptr);

    void setColor(Color color);
    /** At least as high as a line of its style. */
    QSize minimumSizeHint() const override;
    QSize sizeHint() const override;

protected:
    void changeEvent(QEvent* event) override;

private:
    void apply();

    TextStyle m_style;
    Color m_color;
    bool m_applying = false;
};

} // namespace moescope::ui
