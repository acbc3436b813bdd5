// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/conversation.h"

#include <QWidget>

namespace moescope::ui {

/** Below an answer that is being written: "Answering  187 tokens  9.6 tok/s  first token 1.8 s  19.4 s so far". */
class StreamLine : public QWidget {
    Q_OBJECT
public:
    using QWidget::QWidget;

    void setStats(const MessageStats& stats);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QStringList m_parts;
};

} // namespace moescope::ui
