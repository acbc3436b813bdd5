// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/keyboardhelp.h"

#include "ui/panels/styledlabel.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

namespace moescope::ui {

KeyboardHelp::KeyboardHelp(QWidget* parent) : QDialog(parent) {
    setWindowTitle(tr("Keyboard"));
    const QList<QPair<QString, QString>> keys = {
        {tr("Ctrl+N"), tr("New chat")},
        {tr("Ctrl+K"), tr("Search conversations")},
        {tr("Ctrl+F"), tr("Find in this chat")},
        {tr("Enter, Shift+Enter"), tr("Send, new line")},
        {tr("Esc"), tr("Stop the answer; else leave the field or the message below")},
        {tr("Up in the empty field"), tr("Edit your last message")},
        {tr("Ctrl+R"), tr("Regenerate the last answer")},
        {tr("F2, Delete"), tr("Rename, delete the conversation")},
        {tr("Ctrl+Z"), tr("Undo")},
        {tr("Ctrl+1, Ctrl+2"), tr("Layout Chat, Inspect")},
        {tr("Ctrl+0"), tr("Reset the layout")},
        {tr("Ctrl+\\"), tr("Sidebar")},
        {tr("F6, Shift+F6"), tr("Next, previous panel")},
        {tr("Alt+Left, Alt+Right"), tr("Selection back, forward")},
        {tr("Ctrl+Left, Ctrl+Right"), tr("Previous, next token (outside text fields)")},
        {tr("[ and ]"), tr("Previous, next layer (in a chart)")},
        {tr("T"), tr("Table instead of the chart (in a chart)")},
        {tr("Space"), tr("Follow live tokens, or stop following (in a chart)")},
        {tr("Ctrl+C"), tr("Copy as table (in a chart)")},
        {tr("Ctrl+,"), tr("Settings")},
        {tr("F1"), tr("This list")},
    };
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 16, 16, 16);
    column->setSpacing(12);
    column->addWidget(new StyledLabel(tr("Keyboard"), TextStyle::Title, Color::Text));
    auto* table = new QTableWidget(static_cast<int>(keys.size()), 2);
    table->setAccessibleName(tr("Keys and what they do"));
    table->setHorizontalHeaderLabels({tr("Keys"), tr("Do")});
    table->verticalHeader()->hide();
    table->horizontalHeader()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
    table->horizontalHeader()->setStretchLastSection(true);
    table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setShowGrid(false);
    table->setTabKeyNavigation(false);
    for (int row = 0; row < keys.size(); ++row) {
        auto* key = new QTableWidgetItem(keys[row].first);
        key->setFont(theme().font(TextStyle::Mono));
        table->setItem(row, 0, key);
        table->setItem(row, 1, new QTableWidgetItem(keys[row].second));
    }
    column->addWidget(table, 1);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    buttons->button(QDialogButtonBox::Close)->setText(tr("Close"));
    buttons->button(QDialogButtonBox::Close)->setAccessibleName(tr("Close"));
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    column->addWidget(buttons);
    resize(560, 640);
}

} // namespace moescope::ui
