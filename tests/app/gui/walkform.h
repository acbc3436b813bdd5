// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/app/gui/walkhand.h"

class QWidget;

namespace moescope::ui {
class ChartView;
}

namespace moescope::test {

/** A person with a pointer at sheets, menus below buttons, and tables of panels. Fields are named by what a screen reader
 *  calls them; those of the sheet in front are meant, else those of the window. */
class FormHand : public MouseHand {
public:
    using MouseHand::MouseHand;

    /** Clicks into a field and writes over what it has. */
    bool fill(const QString& field, const QString& text);
    /** An entry of a list that drops down. `look`: called while it is open. */
    bool pick(const QString& box, const QString& entry, const std::function<void()>& look = {});
    bool pickSegment(const QString& control, const QString& segment);
    /** An entry of the menu that a button opens. */
    bool chooseBelow(QWidget& button, const QString& entry, const std::function<void()>& look = {});
    /** Presses what asks for a file, and gives it this one. */
    bool pressForFile(const QString& button, const QString& path);
    /** Waits until the sheet in front has gone, as a press ends it. */
    bool leaveSheet();
    /** Shows the table of a panel, or its chart again. */
    bool showTable(const QString& panel, bool shown);
    /** A click, or the two of a double click, on a chart. */
    void clickChart(ui::ChartView& chart, const QPoint& at, bool twice = false);
    /** Puts the pointer on a widget, as a person does who looks for its buttons. */
    static void pointAt(QWidget& widget);

private:
    QWidget* front() const;
    /** Once it is there; null: it does not come. */
    QWidget* named(const QString& name) const;
};

/** The pictures of a walk: MOESCOPE_WALK_SHOTS names their folder, and without it none is taken. */
class WalkShots {
public:
    explicit WalkShots(const QString& walk) : m_walk(walk) {}

    bool areWanted() const { return !m_folder.isEmpty(); }
    /** False: the folder is not there, and cannot be made. */
    bool begin() const;
    /** <walk>-<step>-<theme>-<width>x<height>.png: the window, and what stands in front of it. False: it was not written. */
    bool take(ui::MainWindow& window, const QString& step) const;

private:
    QString m_walk;
    QString m_folder = qEnvironmentVariable("MOESCOPE_WALK_SHOTS");
};

} // namespace moescope::test
