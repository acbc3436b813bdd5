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
    /** Of an answer from a file it is said, and no more. */
    void setActing(bool acting);
    void setComparable(bool comparable);

signals:
    void compareRequested();
    void useRequested();

private:
    QPushButton* m_compare = nullptr;
    QPushButton* m_use = nullptr;
    bool m_readable = true;
    bool m_acting = true;
};

} // namespace moescope::ui
