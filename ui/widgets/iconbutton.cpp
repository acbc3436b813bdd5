// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/iconbutton.h"

#include "ui/theme/theme.h"

namespace moescope::ui {

IconButton::IconButton(const QString& iconName, const QString& name, QWidget* parent) : QToolButton(parent) {
    setAutoRaise(true);
    setFocusPolicy(Qt::StrongFocus);
    setToolButtonStyle(Qt::ToolButtonIconOnly);
    setToolTip(name);
    setAccessibleName(name);
    setIconSize(QSize(16, 16));
    setIconName(iconName);
}

void IconButton::setIconName(const QString& iconName) {
    m_iconName = iconName;
    setIcon(theme().icon(iconName));
}

void IconButton::setSmall(bool small) {
    if (small == m_small) {
        return;
    }
    m_small = small;
    setIconSize(small ? QSize(14, 14) : QSize(16, 16));
    updateGeometry();
}

void IconButton::setFramed(bool framed) {
    setProperty("framed", framed);
    update();
}

QSize IconButton::sizeHint() const { return m_small ? QSize(24, 24) : QSize(28, 28); }

} // namespace moescope::ui
