// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/keyboardhelp.h"

#include "ui/panels/styledlabel.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QPainter>
#include <QPushButton>
#include <QStyledItemDelegate>
#include <QTableWidget>
#include <QVBoxLayout>

namespace moescope::ui {

namespace {

constexpr int kLeastRow = 24; ///< px

/** The focus is of the row, so no cell shows it. */
class RowDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override {
        QStyledItemDelegate::initStyleOption(option, index);
        option->state &= ~QStyle::State_HasFocus;
    }
};

/** Rows to read: the arrow keys go through them, and none is chosen. */
class KeyTable final : public QTableWidget {
public:
    KeyTable(int rows, int columns) : QTableWidget(rows, columns) {
        setItemDelegate(new RowDelegate(this));
        verticalHeader()->hide();
        verticalHeader()->setMinimumSectionSize(1);
        verticalHeader()->setDefaultSectionSize(qMax(kLeastRow, theme().lineHeight(TextStyle::Ui) + 4));
        horizontalHeader()->setStretchLastSection(true);
        horizontalHeader()->setHighlightSections(false);
        horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
        setEditTriggers(NoEditTriggers);
        setSelectionBehavior(SelectRows);
        setSelectionMode(NoSelection); // a row starts nothing
        setShowGrid(false);
        setWordWrap(false);
        setTabKeyNavigation(false);
        setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
        connect(this, &QTableWidget::currentCellChanged, viewport(), qOverload<>(&QWidget::update));
    }

    void showRows(int rows) {
        setFixedHeight(horizontalHeader()->sizeHint().height() +
                       qMax(1, rows) * verticalHeader()->defaultSectionSize() + 2 * frameWidth());
    }

protected:
    void paintEvent(QPaintEvent* event) override {
        QTableWidget::paintEvent(event);
        if (hasFocus() && currentRow() >= 0) {
            QPainter painter(viewport());
            painter.setPen(QPen(theme().color(Color::AccentText), 2));
            painter.drawRect(
                QRect(1, rowViewportPosition(currentRow()) + 1, viewport()->width() - 2, rowHeight(currentRow()) - 2));
        }
    }
};

} // namespace

KeyboardHelp::KeyboardHelp(QWidget* parent) : FramedDialog(tr("Keyboard"), parent) {
    const QList<QPair<QString, QString>> keys = {
        {tr("Ctrl+N"), tr("New chat")},
        {tr("Ctrl+K"), tr("Search conversations")},
        {tr("Ctrl+F"), tr("Find in this chat")},
        {tr("Enter, Shift+Enter"), tr("Send, new line")},
        {tr("Esc"), tr("Stop; else leave the field or the notice")},
        {tr("Up"), tr("Edit your last message (in the empty field)")},
        {tr("Ctrl+R"), tr("Regenerate the last answer")},
        {tr("F2, Delete"), tr("Rename, delete (in the list of conversations)")},
        {tr("Ctrl+Z"), tr("Undo")},
        {tr("Ctrl+1, Ctrl+2"), tr("Layout Chat, Inspect")},
        {tr("Ctrl+0"), tr("Reset the layout")},
        {tr("Ctrl+M, Ctrl+O"), tr("Models, open a model file")},
        {tr("Ctrl+\\"), tr("Sidebar")},
        {tr("F6, Shift+F6"), tr("Next, previous panel")},
        {tr("Alt+Left, Alt+Right"), tr("Selection back, forward")},
        {tr("Ctrl+Left, Ctrl+Right"), tr("Previous, next token (outside text fields)")},
        {tr("[, ]"), tr("Previous, next layer (in a chart)")},
        {tr("Ctrl+Shift+F"), tr("Filter line")},
        {tr("F"), tr("Filter to the selected expert, or no longer (in a chart)")},
        {tr("Enter"), tr("Card of the selected expert (in a map of experts)")},
        {tr("Shift+arrows, Esc"), tr("Window of tokens to count, none (in the Token strip)")},
        {tr("B, Shift+B"), tr("Ban, force the selected expert in a re-run (in a chart)")},
        {tr("T"), tr("Table instead of the chart (in a chart)")},
        {tr("Space"), tr("Follow live tokens, or stop following (in a chart)")},
        {tr("Ctrl+C"), tr("Copy as table (in a chart)")},
        {tr("Ctrl+Shift+R"), tr("Start or end a capture")},
        {tr("Ctrl+Shift+S, Ctrl+Shift+O"), tr("Save, open a capture")},
        {tr("N, Ctrl+D"), tr("Note, bookmark (in a capture)")},
        {tr("Ctrl+W"), tr("Close the capture")},
        {tr("Ctrl+,"), tr("Settings")},
        {tr("F1"), tr("This list")},
    };
    auto* column = new QVBoxLayout;
    column->setContentsMargins(16, 16, 16, 12);
    column->setSpacing(12);
    this->column()->addLayout(column);
    auto* table = new KeyTable(static_cast<int>(keys.size()), 2);
    table->setAccessibleName(tr("Keys and what they do"));
    table->setHorizontalHeaderLabels({tr("Keys"), tr("Do")});
    table->horizontalHeader()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
    for (int row = 0; row < keys.size(); ++row) {
        auto* key = new QTableWidgetItem(keys[row].first);
        key->setFont(theme().font(TextStyle::Mono));
        table->setItem(row, 0, key);
        table->setItem(row, 1, new QTableWidgetItem(keys[row].second));
    }
    column->addWidget(table);
    column->addStretch(1);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    buttons->button(QDialogButtonBox::Close)->setText(tr("Close"));
    buttons->button(QDialogButtonBox::Close)->setAccessibleName(tr("Close"));
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    column->addWidget(buttons);
    // Whole rows, as many as there is room for.
    table->showRows(table->rowCount());
    sizeWithin({600, layout()->totalSizeHint().height()});
    const int tooMuch = layout()->totalSizeHint().height() - height();
    if (tooMuch > 0) {
        table->showRows(table->rowCount() - 1 - tooMuch / table->rowHeight(0));
    }
    buttons->button(QDialogButtonBox::Close)->setFocus();
}

} // namespace moescope::ui
