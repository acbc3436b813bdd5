// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/info.h"
#include "ui/mainwindow/frameddialog.h"
#include "ui/mainwindow/statesform.h"
#include "ui/models/conversation.h"

class QListWidget;
class QPushButton;
class QStackedWidget;

namespace moescope::ui {

class AppearancePage;
class DevicePage;
class SamplingForm;

enum class ThemeChoice { System, Light, Dark };

enum class SettingsPage { Appearance, Device, Sampling, Data };

struct SettingsView {
    ThemeChoice theme = ThemeChoice::System;
    int font_percent = 100; ///< 90…150
    QList<trace::DeviceInfo> devices;
    QString chosen_device;          ///< name; empty: the first usable one
    SamplingView sampling;          ///< of new conversations, system prompt included
    SamplingView sampling_of_model; ///< what Restore defaults goes back to
    QString data_folder;
    KvStatesView states;
};

/** Changes apply at once and are told by signal; with a new device the app loads the model again. */
class SettingsDialog : public FramedDialog {
    Q_OBJECT
public:
    explicit SettingsDialog(const SettingsView& settings, QWidget* parent = nullptr);

    void setPage(SettingsPage page);
    void setStatesUse(quint64 bytes, int conversations);

signals:
    void themeChosen(moescope::ui::ThemeChoice choice);
    void fontPercentChosen(int percent);
    void deviceChosen(const QString& name);
    /** As StatesForm tells it. */
    void statesBudgetChosen(quint64 budget);
    void statesClearRequested();
    void samplingDefaultsChanged(const moescope::ui::SamplingView& sampling);
    void openDataFolderRequested();

protected:
    void changeEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    QWidget* samplingPage(const SettingsView& settings);
    QWidget* dataPage(const SettingsView& settings);
    void addPage(const QString& icon, const QString& title, QWidget* content);
    void restorePage();

    QListWidget* m_list = nullptr;
    QStackedWidget* m_pages = nullptr;
    AppearancePage* m_appearance = nullptr;
    DevicePage* m_device = nullptr;
    SamplingForm* m_sampling = nullptr;
    SamplingView m_samplingOfModel;
    QPushButton* m_restore = nullptr;
    QWidget* m_foot = nullptr;
};

} // namespace moescope::ui
