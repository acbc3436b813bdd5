// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/gui/composition.h"

#include <QObject>
#include <QStringList>

#include <functional>

class QAbstractButton;

namespace moescope::ui {
class PanelFrame;
}

namespace moescope::test {

/** The patience of a walk: software Vulkan on a loaded machine. */
constexpr int walkPatience = 20'000; // ms

/** A person at the window, with a pointer or with keys alone. What cannot be reached that way is false. Text is typed in
 *  either form. */
class Hand {
public:
    explicit Hand(gui::Composition& composition) : m_composition(composition) {}
    virtual ~Hand() = default;

    /** Writes into the composer and sends it. */
    virtual bool say(const QString& text) = 0;
    /** Selects a token of the answer in view, then a layer. */
    virtual bool selectToken(int token) = 0;
    virtual bool selectLayer(int layer) = 0;
    /** An entry of the menu bar: {"View", "Panels", "Experts"}. */
    virtual bool choose(const QStringList& path) = 0;
    /** Puts the keys into a panel that is open. */
    virtual bool goTo(const QString& panel) = 0;
    /** A button with this accessible name, in the widget that has the keys, or anywhere in the sheet in front, else in the
     *  window. */
    virtual bool press(const QString& button) = 0;
    /** One token further in the capture. */
    virtual bool stepCapture() = 0;

    /** Ends a file dialog, which stands open or opens soon, with this file: a path is typed in either form. */
    bool answerFileDialog(const QString& path);
    /** Does `ask`, and what it opens is answered, even where it returns only after that has gone. False: it was not. */
    static bool meanwhile(const std::function<void()>& ask, const std::function<bool()>& answer);
    /** Opens a panel by View > Panels unless it is open, and goes to it. */
    bool open(const QString& panel);
    /** To the window that has the focus, as a keyboard does. */
    static void key(Qt::Key key, Qt::KeyboardModifiers modifiers = Qt::NoModifier);
    static void type(const QString& text);

protected:
    ui::MainWindow& window() const { return m_composition.window(); }
    ui::PanelFrame* frame(const QString& panel) const;
    static QString plain(QString text);
    /** As a window manager gives it when a menu or dialog has gone. */
    bool takeFocusBack();

    gui::Composition& m_composition;
};

class MouseHand : public Hand {
public:
    using Hand::Hand;
    bool say(const QString& text) override;
    bool selectToken(int token) override;
    bool selectLayer(int layer) override;
    bool choose(const QStringList& path) override;
    bool goTo(const QString& panel) override;
    bool press(const QString& button) override;
    bool stepCapture() override { return press(QStringLiteral("Next token (Ctrl+Right)")); }
};

class KeyHand : public Hand {
public:
    using Hand::Hand;
    bool say(const QString& text) override;
    bool selectToken(int token) override;
    bool selectLayer(int layer) override;
    bool choose(const QStringList& path) override;
    bool goTo(const QString& panel) override;
    bool press(const QString& button) override;
    bool stepCapture() override;
};

/** Counts the pointer's events in the whole program while it lives. */
class PointerWatch : public QObject {
public:
    PointerWatch();
    int count() const { return m_count; }

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    int m_count = 0;
};

} // namespace moescope::test
