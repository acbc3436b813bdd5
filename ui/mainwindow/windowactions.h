// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QObject>

class QAction;
class QActionGroup;
class QMenu;
class QMenuBar;
class QWidget;

namespace moescope::ui {

/** Every command of the window, made once; menu, toolbar and keys share it. */
class WindowActions : public QObject {
    Q_OBJECT
public:
    explicit WindowActions(QWidget* window);

    /** File, Edit, View, Model, Run, Selection, Help. */
    void fill(QMenuBar* bar);

    QAction* newChat;
    QAction* capture; ///< on while answers are recorded
    QAction* saveCapture;
    QAction* openCapture;
    QAction* closeCapture;
    QAction* exportRouting;
    QAction* settings;
    QAction* quit;

    QAction* undo;
    QAction* searchConversations;
    QAction* findInChat;
    QAction* rename;
    QAction* remove;

    QAction* layoutChat;
    QAction* layoutInspect;
    QAction* layoutCompare;
    QAction* resetLayout;
    QAction* sidebar;
    QAction* nextPanel;
    QAction* previousPanel;
    QAction* light;
    QAction* dark;

    QAction* models;
    QAction* openModel;
    QAction* unloadModel;

    QAction* stop;
    QAction* regenerate;
    QAction* editLast;
    QAction* continueLast;
    QAction* addDocuments;
    QAction* sampling;
    QAction* whatIf;

    QAction* back;
    QAction* forward;
    QAction* previousToken;
    QAction* nextToken;
    QAction* previousLayer;
    QAction* nextLayer;
    QAction* follow;
    QAction* filter;
    QAction* addNote;
    QAction* bookmark;

    QAction* keyboard;
    QAction* glossary;
    QAction* about;

    /** Where the docks' own entries go. */
    QMenu* panelsMenu = nullptr;

private:
    QAction* make(const QString& text, const QList<QKeySequence>& keys = {});

    QWidget* m_window;
};

} // namespace moescope::ui
