// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/whatifbox.h"

class QPushButton;

namespace moescope::ui {

/** Under the head of an answer that was made with a what-if: says it, compares the answer with the untouched one, and
 *  takes the what-if up again. */
class WhatIfLine : public WhatIfBox {
    Q_OBJECT
public:
    explicit WhatIfLine(QWidget* parent = nullptr);

    /** An answer whose what-if cannot be read has none to take up. */
    void setReadable(bool readable);
    void setComparable(bool comparable);
    /** Of a capture, which holds this one answer: there is nothing to compare it with, or to take the what-if up for. */
    void setCaptured(bool captured);

signals:
    void compareRequested();
    void useRequested();

private:
    QPushButton* m_compare = nullptr;
    QPushButton* m_use = nullptr;
};

} // namespace moescope::ui
