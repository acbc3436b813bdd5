// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/keyboardhelp.h"

#include "ui/mainwindow/helptable.h"
#include "ui/theme/theme.h"

#include <QPushButton>
#include <QVBoxLayout>

namespace moescope::ui {

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
        {tr("Ctrl+1, Ctrl+2, Ctrl+3"), tr("Layout Chat, Inspect, Compare")},
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
    QVBoxLayout* column = addBody();
    auto* table = new HelpTable({tr("Keys"), tr("Do")}, keys, theme().font(TextStyle::Mono));
    table->setAccessibleName(tr("Keys and what they do"));
    column->addWidget(table);
    column->addStretch(1);
    QPushButton* close = addClose(column);
    // Whole rows, as many as there is room for.
    table->showRows(table->rowCount());
    sizeWithin({680, layout()->totalSizeHint().height()});
    const int tooMuch = layout()->totalSizeHint().height() - height();
    if (tooMuch > 0) {
        table->showRows(table->rowCount() - 1 - tooMuch / table->rowHeight(0));
    }
    close->setFocus();
}

} // namespace moescope::ui
