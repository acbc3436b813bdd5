// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/helptable.h"

#include "ui/theme/theme.h"

#include <QHeaderView>
#include <QPainter>
#include <QStyledItemDelegate>

namespace moescope::ui {

namespace {

constexpr int kLeastRow = 24; ///< px
constexpr int kRowGap = 8;    ///< px between texts of several lines

/** The focus is of the row, so no cell shows it. */
class RowDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override {
        QStyledItemDelegate::initStyleOption(option, index);
        option->state &= ~QStyle::State_HasFocus;
    }
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        return QStyledItemDelegate::sizeHint(option, index) + QSize(0, kRowGap);
    }
};

} // namespace

HelpTable::HelpTable(const QStringList& heads, const QList<QPair<QString, QString>>& rows, const QFont& names,
                     QWidget* parent)
    : QTableWidget(static_cast<int>(rows.size()), 2, parent) {
    setItemDelegate(new RowDelegate(this));
    setHorizontalHeaderLabels(heads);
    verticalHeader()->hide();
    verticalHeader()->setMinimumSectionSize(1);
    verticalHeader()->setDefaultSectionSize(qMax(kLeastRow, theme().lineHeight(TextStyle::Ui) + 4));
    horizontalHeader()->setStretchLastSection(true);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    horizontalHeader()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
    setEditTriggers(NoEditTriggers);
    setSelectionBehavior(SelectRows);
    setSelectionMode(NoSelection); // a row starts nothing
    setShowGrid(false);
    setWordWrap(false);
    setTabKeyNavigation(false);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    for (int row = 0; row < rows.size(); ++row) {
        auto* name = new QTableWidgetItem(rows[row].first);
        name->setFont(names);
        setItem(row, 0, name);
        setItem(row, 1, new QTableWidgetItem(rows[row].second));
    }
    connect(this, &QTableWidget::currentCellChanged, viewport(), qOverload<>(&QWidget::update));
}

void HelpTable::showRows(int rows) {
    setFixedHeight(horizontalHeader()->sizeHint().height() + qMax(1, rows) * verticalHeader()->defaultSectionSize() +
                   2 * frameWidth());
}

void HelpTable::wrap() {
    setWordWrap(true);
    setVerticalScrollMode(ScrollPerPixel);
    resizeRowsToContents();
}

void HelpTable::resizeEvent(QResizeEvent* event) {
    QTableWidget::resizeEvent(event);
    if (wordWrap()) {
        resizeRowsToContents();
    }
}

void HelpTable::paintEvent(QPaintEvent* event) {
    QTableWidget::paintEvent(event);
    if (hasFocus() && currentRow() >= 0) {
        QPainter painter(viewport());
        painter.setPen(QPen(theme().color(Color::AccentText), 2));
        painter.drawRect(
            QRect(1, rowViewportPosition(currentRow()) + 1, viewport()->width() - 2, rowHeight(currentRow()) - 2));
    }
}

} // namespace moescope::ui
