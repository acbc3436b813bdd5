// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QWidget>

namespace moescope::ui {

/** A dashed amber line between messages: what stands above it is not in the model's context. */
class CutLine : public QWidget {
    Q_OBJECT
public:
    explicit CutLine(QWidget* parent = nullptr);

    /** 0: not known. */
    void setTokens(int tokens);
    /** px, with the room below it. */
    static int heightOf();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_words;
    QString m_brief;
};

} // namespace moescope::ui
