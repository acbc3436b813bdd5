// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/mainwindow/settingsdialog.h"

#include <QWidget>

class QAbstractButton;
class QButtonGroup;
class QLabel;
class QSlider;

namespace moescope::ui {

class SegmentedControl;

constexpr int kFieldsLeft = 184; ///< px from a page's left edge to its controls, those beside a word

/** Theme and font size. */
class AppearancePage : public QWidget {
    Q_OBJECT
public:
    explicit AppearancePage(const SettingsView& settings, QWidget* parent = nullptr);
    void restoreDefaults();

signals:
    void themeChosen(moescope::ui::ThemeChoice choice);
    void fontPercentChosen(int percent);

private:
    SegmentedControl* m_theme = nullptr;
    QSlider* m_font = nullptr;
    QLabel* m_percent = nullptr;
};

/** The Vulkan devices, of which those that cannot be used are off and say why; KV states on disk. */
class DevicePage : public QWidget {
    Q_OBJECT
public:
    explicit DevicePage(const SettingsView& settings, QWidget* parent = nullptr);
    void restoreDefaults();
    StatesForm* states() const { return m_states; }

signals:
    /** Name; empty: the first usable one. */
    void deviceChosen(const QString& name);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QList<QWidget*> m_rows;
    QList<QAbstractButton*> m_choices; ///< of each row; null where the device cannot be used
    QButtonGroup* m_group = nullptr;
    StatesForm* m_states = nullptr;
};

} // namespace moescope::ui
