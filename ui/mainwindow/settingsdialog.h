// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/info.h"
#include "ui/models/conversation.h"

#include <QDialog>

class QButtonGroup;
class QLabel;
class QListWidget;
class QPushButton;
class QSlider;
class QStackedWidget;
class QVBoxLayout;

namespace moescope::ui {

class SamplingForm;

enum class ThemeChoice { System, Light, Dark };

enum class SettingsPage { Appearance, Device, Sampling, Data };

struct SettingsView {
    ThemeChoice theme = ThemeChoice::System;
    int font_percent = 100; ///< 90…150
    QList<trace::DeviceInfo> devices;
    QString chosen_device; ///< name; empty: the first usable one
    SamplingView sampling; ///< defaults of new conversations, system prompt included
    SamplingView sampling_of_model;
    QString data_folder;
};

/** Changes apply at once and are told by signal; a new device takes effect at the next load. */
class SettingsDialog : public QDialog {
    Q_OBJECT
public:
    explicit SettingsDialog(const SettingsView& settings, QWidget* parent = nullptr);

    void setPage(SettingsPage page);
    const SettingsView& settings() const { return m_settings; }

signals:
    void themeChosen(moescope::ui::ThemeChoice choice);
    void fontPercentChosen(int percent);
    void deviceChosen(const QString& name);
    void samplingDefaultsChanged(const moescope::ui::SamplingView& sampling);
    void openDataFolderRequested();

protected:
    void changeEvent(QEvent* event) override;

private:
    QWidget* appearancePage();
    QWidget* devicePage();
    QWidget* samplingPage();
    QWidget* dataPage();
    void restorePage();
    void addPage(const QString& icon, const QString& title, QWidget* page);
    void applyTheme();

    SettingsView m_settings;
    QListWidget* m_list = nullptr;
    QStackedWidget* m_pages = nullptr;
    QButtonGroup* m_theme = nullptr;
    QSlider* m_font = nullptr;
    QLabel* m_fontLabel = nullptr;
    QButtonGroup* m_devices = nullptr;
    SamplingForm* m_sampling = nullptr;
    QPushButton* m_restore = nullptr;
    QPushButton* m_close = nullptr;
};

} // namespace moescope::ui
