// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/mainwindow/windowlayout.h"
#include "ui/models/selection.h"

#include <QAbstractButton>
#include <QToolBar>

class QHBoxLayout;

namespace moescope::ui {

class FilterLine;
class CaptureButton;
class IconButton;
class SegmentedControl;
class WindowActions;

/** Name and type of the loaded model, with its icon. A press opens the menu of models. */
class ModelButton : public QAbstractButton {
    Q_OBJECT
public:
    explicit ModelButton(QWidget* parent = nullptr);
    void setModel(const QString& name, const QString& detail);
    /** Without the detail where there is little room. */
    void setBrief(bool brief);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    QString m_name;
    QString m_detail;
    bool m_brief = false;
};

/** "Token 64 boat › Layer 5 › Expert 6", or "Following token 138". */
class SelectionCrumb : public QWidget {
    Q_OBJECT
public:
    explicit SelectionCrumb(QWidget* parent = nullptr);
    void setSelection(const SelectionState& state, bool following, const QString& tokenText);
    /** What stands before the token: "Runs A, B"; empty: nothing. */
    void setLead(const QString& lead);
    QString text() const;
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    struct Part {
        QString text;
        bool token = false; ///< the token's text, in a box
        bool mark = false;  ///< "›"
    };
    QList<Part> parts() const;
    /** Of them what has room in `width` px: without the token's text, then fewer words. */
    QList<Part> fitting(int width) const;
    static int widthOf(const Part& part);
    static int widthOf(const QList<Part>& parts);

    SelectionState m_state;
    bool m_following = false;
    QString m_lead;
    QString m_tokenText;
};

/** The one fixed toolbar (44 px). */
class WindowToolBar : public QToolBar {
    Q_OBJECT
public:
    WindowToolBar(WindowActions* actions, QWidget* parent);

    void setLayoutName(LayoutName layout);
    /** The page Models is in view: no layout is on. */
    void setModelsShown(bool shown);
    void setModel(const QString& name, const QString& type, bool builtIn);
    SelectionCrumb* crumb() const { return m_crumb; }
    FilterLine* filter() const { return m_filter; }
    /** What fits in a window this wide. */
    void setWindowWidth(int width);

signals:
    void layoutChosen(moescope::ui::LayoutName layout);
    void themeToggled();
    /** The menu of models is wanted, its upper left corner there. */
    void modelMenuRequested(const QPoint& globalPosition);

protected:
    void changeEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    IconButton* button(const QString& icon, QAction* action, const QString& name);
    QWidget* line();
    void applyTheme();
    void refresh();
    /** The filter grows with its words where the toolbar has room. */
    void placeFilter();

    QWidget* m_content = nullptr;
    QHBoxLayout* m_row = nullptr;
    ModelButton* m_model = nullptr;
    SegmentedControl* m_layouts = nullptr;
    QWidget* m_line = nullptr;
    IconButton* m_back = nullptr;
    IconButton* m_forward = nullptr;
    SelectionCrumb* m_crumb = nullptr;
    FilterLine* m_filter = nullptr;
    CaptureButton* m_capture = nullptr;
    IconButton* m_theme = nullptr;
    LayoutName m_layout = LayoutName::Chat;
    bool m_modelsShown = false;
    int m_windowWidth = 1440;
};

} // namespace moescope::ui
