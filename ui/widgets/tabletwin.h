// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QTableView>

class QSortFilterProxyModel;

namespace moescope::ui {

/** The table twin of a chart: the same values, sortable, numbers right-aligned in the mono style, whole rows below the
 *  head. Models give the text in DisplayRole, the value in UserRole (for sorting and copying) and the alignment in
 *  TextAlignmentRole. */
class TableTwin : public QTableView {
    Q_OBJECT
public:
    explicit TableTwin(const QString& name, QWidget* parent = nullptr);

    void setSource(QAbstractItemModel* model);
    /** Selects and shows a row of the source; −1: none. Emits nothing. */
    void setCurrentSourceRow(int row);
    int currentSourceRow() const;
    /** Width of each column with whole words and numbers, in logical px; 0: it is left out, as its heading says in
     *  UserRole. */
    QList<int> columnWidths() const;
    /** The same, where that is more than `room` px with the widest words cut, so that a long title pushes no figures out of
     *  view. */
    QList<int> columnWidthsWithin(int room) const;
    /** Header and the selected rows, or all rows where none or one is selected, with tabs between raw values. */
    QString copyText() const;

public slots:
    void copy();

signals:
    /** The user moved to a row. */
    void sourceRowSelected(int row);
    void sourceRowActivated(int row);
    /** Chosen in the context menu; whoever owns the model writes the file. */
    void csvRequested();

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void changeEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    void applyTheme();

    QSortFilterProxyModel* m_proxy = nullptr;
    QWidget* m_headEnd = nullptr;
    bool m_setting = false;
};

} // namespace moescope::ui
