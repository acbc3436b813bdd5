// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QAbstractButton>

namespace moescope::ui {

/** "Context ▭ 603 / 1,024 tokens": how much of the context is used. Amber from 85 %, with the words "nearly full", then
 *  "full". */
class ContextMeter : public QAbstractButton {
    Q_OBJECT
public:
    explicit ContextMeter(QWidget* parent = nullptr);

    /** `used` may exceed `limit`; −1: not counted. A limit of 0 says that no model is loaded. */
    void setTokens(int used, int limit);
    int used() const { return m_used; }
    int limit() const { return m_limit; }
    bool isNearlyFull() const;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    QString warning() const;
    QString numbers() const;

    int m_used = 0;
    int m_limit = 0;
};

} // namespace moescope::ui
