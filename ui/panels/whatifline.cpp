// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/whatifline.h"

#include <QHBoxLayout>
#include <QPushButton>

namespace moescope::ui {

WhatIfLine::WhatIfLine(QWidget* parent) : WhatIfBox(Frame::None, parent) {
    m_compare = new QPushButton(tr("Compare"), this);
    m_compare->setAccessibleName(tr("Compare with the untouched answer"));
    m_compare->setToolTip(m_compare->accessibleName());
    m_use = new QPushButton(tr("Use again"), this);
    m_use->setAccessibleName(tr("Use this what-if again"));
    for (QPushButton* button : {m_compare, m_use}) {
        button->setProperty("small", true);
        buttons()->addWidget(button);
    }
    connect(m_compare, &QPushButton::clicked, this, &WhatIfLine::compareRequested);
    connect(m_use, &QPushButton::clicked, this, &WhatIfLine::useRequested);
}

void WhatIfLine::setReadable(bool readable) { m_use->setVisible(readable); }

void WhatIfLine::setComparable(bool comparable) { m_compare->setEnabled(comparable); }

void WhatIfLine::setCaptured(bool captured) {
    m_use->setEnabled(!captured);
    m_use->setToolTip(captured
                          ? tr("A capture computes nothing. Take the what-if up in the chat that the capture is of.")
                          : m_use->accessibleName());
    m_compare->setToolTip(captured
                              ? tr("A capture holds one answer, so the untouched one is not there to compare with.")
                              : m_compare->accessibleName());
}

} // namespace moescope::ui
