// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QList>
#include <QString>
#include <QWidget>

namespace moescope::ui {

/** A run of words in a readout line. */
struct ReadoutSpan {
    enum Style { Plain, Strong, Mono, Warn };
    QString text;
    Style style = Plain;
    bool starts_part = true; ///< 16 px apart from what stands before it
};
using Readout = QList<ReadoutSpan>;

/** The words alone, parts with " · " between them. */
QString readoutText(const Readout& readout);

/** The last line of a panel: spells out the selection, or what is under the pointer. What does not fit at the right is
 *  left out part by part; the tooltip has all of it. */
class ReadoutLine : public QWidget {
    Q_OBJECT
public:
    explicit ReadoutLine(QWidget* parent = nullptr);
    void setReadout(const Readout& readout);
    QString text() const { return readoutText(m_readout); }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {0, sizeHint().height()}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Readout m_readout;
};

} // namespace moescope::ui
