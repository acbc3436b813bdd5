// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QTableWidget>

namespace moescope::ui {

/** Two columns to read, a name and what it is: the arrow keys go through the rows, and none is chosen. */
class HelpTable : public QTableWidget {
    Q_OBJECT
public:
    HelpTable(const QStringList& heads, const QList<QPair<QString, QString>>& rows, const QFont& names,
              QWidget* parent = nullptr);

    /** As high as that many rows. */
    void showRows(int rows);
    /** Long texts go on in further lines. */
    void wrap();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
};

} // namespace moescope::ui
