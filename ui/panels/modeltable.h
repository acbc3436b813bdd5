// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/modellist.h"

#include <QTableView>

namespace moescope::ui {

/** The table of the library: a row of 40 px a model, with marks beside its name. Sortable by its head; a third click
 *  brings the first order back. Columns leave where there is little room. */
class ModelTable : public QTableView {
    Q_OBJECT
public:
    explicit ModelTable(ModelListModel* models, QWidget* parent = nullptr);

    void setFilterText(const QString& text);
    int shownCount() const { return m_filter->rowCount(); }
    /** Row of the model; −1: none. */
    int currentModel() const;
    void setCurrentModel(int row);
    /** Not so where the search leaves it out. */
    bool shows(int row) const;

signals:
    /** The user, or a change of the rows, moved to another one; −1: none. */
    void currentModelChanged(int row);
    /** Enter or a double-click. */
    void modelActivated(int row);
    void menuRequested(int row, const QPoint& globalPosition);
    /** Esc. */
    void left();

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void currentChanged(const QModelIndex& current, const QModelIndex& previous) override;

private:
    void applyTheme();
    void placeColumns();
    void sortBy(int column);
    int modelOf(const QModelIndex& index) const;

    ModelFilter* m_filter = nullptr;
    int m_sorted = -1; ///< column; −1: the models' own order
};

} // namespace moescope::ui
