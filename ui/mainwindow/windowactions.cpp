// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/windowactions.h"

#include <QAction>
#include <QActionGroup>
#include <QMenu>
#include <QMenuBar>

namespace moescope::ui {

WindowActions::WindowActions(QWidget* window) : QObject(window), m_window(window) {
    newChat = make(tr("New chat"), {QKeySequence(Qt::CTRL | Qt::Key_N)});
    capture = make(tr("Record a capture"), {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_R)});
    capture->setCheckable(true);
    saveCapture = make(tr("Save capture…"), {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_S)});
    openCapture = make(tr("Open capture…"), {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_O)});
    closeCapture = make(tr("Close the capture"), {QKeySequence(Qt::CTRL | Qt::Key_W)});
    exportRouting = make(tr("Export routing…"));
    settings = make(tr("Settings…"), {QKeySequence(Qt::CTRL | Qt::Key_Comma)});
    settings->setMenuRole(QAction::PreferencesRole);
    quit = make(tr("Quit"), {QKeySequence(Qt::CTRL | Qt::Key_Q)});
    quit->setMenuRole(QAction::QuitRole);

    undo = make(tr("Undo delete"), {QKeySequence(Qt::CTRL | Qt::Key_Z)});
    undo->setEnabled(false);
    searchConversations = make(tr("Search conversations"), {QKeySequence(Qt::CTRL | Qt::Key_K)});
    findInChat = make(tr("Find in this chat"), {QKeySequence(Qt::CTRL | Qt::Key_F)});
    // These keys are for the list of conversations, which takes them itself.
    rename = make(tr("Rename conversation") + QStringLiteral("\tF2"));
    remove = make(tr("Delete conversation") + QStringLiteral("\tDel"));

    layoutChat = make(tr("Chat"), {QKeySequence(Qt::CTRL | Qt::Key_1)});
    layoutInspect = make(tr("Inspect"), {QKeySequence(Qt::CTRL | Qt::Key_2)});
    layoutCompare = make(tr("Compare"), {QKeySequence(Qt::CTRL | Qt::Key_3)});
    auto* layouts = new QActionGroup(this);
    for (QAction* action : {layoutChat, layoutInspect, layoutCompare}) {
        action->setCheckable(true);
        layouts->addAction(action);
    }
    resetLayout = make(tr("Reset layout"), {QKeySequence(Qt::CTRL | Qt::Key_0)});
    sidebar = make(tr("Conversations"), {QKeySequence(Qt::CTRL | Qt::Key_Backslash)});
    sidebar->setCheckable(true);
    nextPanel = make(tr("Next panel"), {QKeySequence(Qt::Key_F6)});
    previousPanel = make(tr("Previous panel"), {QKeySequence(Qt::SHIFT | Qt::Key_F6)});
    light = make(tr("Light"));
    dark = make(tr("Dark"));
    auto* themes = new QActionGroup(this);
    for (QAction* action : {light, dark}) {
        action->setCheckable(true);
        themes->addAction(action);
    }

    models = make(tr("Models"), {QKeySequence(Qt::CTRL | Qt::Key_M)});
    models->setCheckable(true);
    openModel = make(tr("Open model file…"), {QKeySequence(Qt::CTRL | Qt::Key_O)});
    unloadModel = make(tr("Unload the model"));
    unloadModel->setEnabled(false);

    // Esc belongs to the composer and to fields; the menu says so without taking the key from them.
    stop = make(tr("Stop the answer") + QStringLiteral("\tEsc"));
    regenerate = make(tr("Regenerate the last answer"), {QKeySequence(Qt::CTRL | Qt::Key_R)});
    editLast = make(tr("Edit your last message"));
    continueLast = make(tr("Continue the answer"));
    addDocuments = make(tr("Add documents…"));
    sampling = make(tr("Sampling and system prompt…"));
    whatIf = make(tr("What if…"));

    back = make(tr("Back"), {QKeySequence(Qt::ALT | Qt::Key_Left)});
    forward = make(tr("Forward"), {QKeySequence(Qt::ALT | Qt::Key_Right)});
    previousToken = make(tr("Previous token"), {QKeySequence(Qt::CTRL | Qt::Key_Left)});
    nextToken = make(tr("Next token"), {QKeySequence(Qt::CTRL | Qt::Key_Right)});
    // The brackets work only while a chart has the focus: charts take them themselves.
    previousLayer = make(tr("Previous layer") + QStringLiteral("\t["));
    nextLayer = make(tr("Next layer") + QStringLiteral("\t]"));
    follow = make(tr("Follow live tokens"));
    follow->setCheckable(true);
    filter = make(tr("Filter"), {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_F)});
    addNote = make(tr("Add a note…"), {QKeySequence(Qt::Key_N)});
    addNote->setShortcutContext(Qt::WidgetWithChildrenShortcut); // a letter: in charts and captures alone
    m_window->removeAction(addNote);
    bookmark = make(tr("Bookmark the token"), {QKeySequence(Qt::CTRL | Qt::Key_D)});

    keyboard = make(tr("Keyboard"), {QKeySequence(Qt::Key_F1)});
    glossary = make(tr("Glossary"));
    about = make(tr("About Moescope"));
    about->setMenuRole(QAction::AboutRole);
}

QAction* WindowActions::make(const QString& text, const QList<QKeySequence>& keys) {
    auto* action = new QAction(text, this);
    action->setShortcuts(keys);
    action->setShortcutContext(Qt::WindowShortcut);
    m_window->addAction(action);
    return action;
}

void WindowActions::fill(QMenuBar* bar) {
    bar->setAccessibleName(tr("Menu"));
    QMenu* file = bar->addMenu(tr("&File"));
    file->addAction(newChat);
    file->addAction(addDocuments);
    file->addSeparator();
    file->addAction(capture);
    file->addAction(saveCapture);
    file->addAction(openCapture);
    file->addAction(closeCapture);
    file->addAction(exportRouting);
    file->addSeparator();
    file->addAction(settings);
    file->addSeparator();
    file->addAction(quit);

    QMenu* edit = bar->addMenu(tr("&Edit"));
    edit->addAction(undo);
    edit->addSeparator();
    edit->addAction(findInChat);
    edit->addAction(searchConversations);
    edit->addSeparator();
    edit->addAction(rename);
    edit->addAction(remove);

    QMenu* view = bar->addMenu(tr("&View"));
    view->addAction(layoutChat);
    view->addAction(layoutInspect);
    view->addAction(layoutCompare);
    view->addAction(resetLayout);
    view->addSeparator();
    view->addAction(sidebar);
    panelsMenu = view->addMenu(tr("Panels"));
    view->addAction(nextPanel);
    view->addAction(previousPanel);
    view->addSeparator();
    QMenu* theme = view->addMenu(tr("Theme"));
    theme->addAction(light);
    theme->addAction(dark);

    QMenu* model = bar->addMenu(tr("&Model"));
    model->addAction(models);
    model->addAction(openModel);
    model->addSeparator();
    model->addAction(unloadModel);

    QMenu* run = bar->addMenu(tr("&Run"));
    run->addAction(stop);
    run->addAction(regenerate);
    run->addAction(continueLast);
    run->addAction(editLast);
    run->addSeparator();
    run->addAction(sampling);
    run->addAction(whatIf);

    QMenu* selection = bar->addMenu(tr("&Selection"));
    selection->addAction(back);
    selection->addAction(forward);
    selection->addSeparator();
    selection->addAction(previousToken);
    selection->addAction(nextToken);
    selection->addAction(previousLayer);
    selection->addAction(nextLayer);
    selection->addSeparator();
    selection->addAction(follow);
    selection->addAction(filter);
    selection->addSeparator();
    selection->addAction(addNote);
    selection->addAction(bookmark);

    QMenu* help = bar->addMenu(tr("&Help"));
    help->addAction(keyboard);
    help->addAction(glossary);
    help->addAction(about);
}

} // namespace moescope::ui
