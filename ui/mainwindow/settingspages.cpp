// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/settingspages.h"

#include "engine/trace/error.h"
#include "ui/panels/styledlabel.h"
#include "ui/widgets/segmentedcontrol.h"

#include <QButtonGroup>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QPainter>
#include <QRadioButton>
#include <QSlider>
#include <QVBoxLayout>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kLeastPercent = 90;
constexpr int kMostPercent = 150;

QString deviceCaption(const trace::DeviceInfo& device) {
    if (!device.usable) {
        return DevicePage::tr("Cannot be used: %1").arg(QString::fromStdString(device.reason));
    }
    const QString memory = QString::fromStdString(trace::bytesText(device.memory_bytes));
    const QString api = QString::fromStdString(device.api_version);
    if (device.type == "software") {
        return DevicePage::tr("Software Vulkan %1 on the processor, %2. Works everywhere, slower than a graphics card.")
            .arg(api, memory);
    }
    if (device.type == "integrated") {
        return DevicePage::tr("Integrated graphics, Vulkan %1, %2 shared with the processor.").arg(api, memory);
    }
    if (device.type == "discrete") {
        return DevicePage::tr("Graphics card, Vulkan %1, %2.").arg(api, memory);
    }
    return DevicePage::tr("Vulkan %1, %2.").arg(api, memory);
}

/** Stands where a usable device has its radio button. */
class BanIcon : public QWidget {
public:
    explicit BanIcon(QWidget* parent) : QWidget(parent) { setFixedSize(16, 16); }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter(this).drawPixmap(
            0, 0, theme().pixmap(QStringLiteral("ban"), 16, theme().color(Color::TextMuted), devicePixelRatioF()));
    }
};

} // namespace

AppearancePage::AppearancePage(const SettingsView& settings, QWidget* parent) : QWidget(parent) {
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(16);
    grid->setVerticalSpacing(16);
    grid->setColumnMinimumWidth(0, kFieldsLeft - grid->horizontalSpacing());
    grid->setColumnStretch(2, 1);

    grid->addWidget(new StyledLabel(tr("Theme"), TextStyle::Ui, Color::TextSecondary), 0, 0);
    m_theme = new SegmentedControl({tr("System"), tr("Light"), tr("Dark")}, this);
    m_theme->setAccessibleName(tr("Theme"));
    m_theme->setCurrentIndex(static_cast<int>(settings.theme));
    grid->addWidget(m_theme, 0, 1, Qt::AlignLeft);

    grid->addWidget(new StyledLabel(tr("Font size"), TextStyle::Ui, Color::TextSecondary), 1, 0);
    m_font = new QSlider(Qt::Horizontal, this);
    m_font->setAccessibleName(tr("Font size in per cent"));
    m_font->setRange(kLeastPercent / 10, kMostPercent / 10);
    m_font->setPageStep(1);
    m_font->setTracking(false);
    m_font->setFixedWidth(220);
    m_font->setValue(settings.font_percent / 10);
    grid->addWidget(m_font, 1, 1, Qt::AlignLeft);
    m_percent = new StyledLabel(tr("%1 %").arg(m_font->value() * 10), TextStyle::Mono, Color::Text, this);
    grid->addWidget(m_percent, 1, 2);
    auto* note =
        new StyledLabel(tr("From 90 to 150 % of the system’s size."), TextStyle::Small, Color::TextMuted, this);
    grid->addWidget(note, 2, 1, 1, 2);
    grid->setRowStretch(3, 1);

    connect(m_theme, &SegmentedControl::currentIndexChanged, this,
            [this](int index) { emit themeChosen(static_cast<ThemeChoice>(index)); });
    connect(m_font, &QSlider::sliderMoved, this, [this](int value) { m_percent->setText(tr("%1 %").arg(value * 10)); });
    connect(m_font, &QSlider::valueChanged, this, [this](int value) {
        m_percent->setText(tr("%1 %").arg(value * 10));
        emit fontPercentChosen(value * 10);
    });
}

void AppearancePage::restoreDefaults() {
    m_theme->setCurrentIndex(static_cast<int>(ThemeChoice::System));
    emit themeChosen(ThemeChoice::System);
    m_font->setValue(10);
}

DevicePage::DevicePage(const SettingsView& settings, QWidget* parent) : QWidget(parent) {
    m_group = new QButtonGroup(this);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(new StyledLabel(tr("Compute device"), TextStyle::UiStrong, Color::Text));
    column->addSpacing(6);
    const auto& devices = settings.devices;
    const auto chosen = std::find_if(devices.begin(), devices.end(), [&](const trace::DeviceInfo& device) {
        return device.usable &&
               (settings.chosen_device.isEmpty() || QString::fromStdString(device.name) == settings.chosen_device);
    });
    for (const trace::DeviceInfo& device : devices) {
        const QString name = QString::fromStdString(device.name);
        auto* row = new QWidget(this);
        auto* lines = new QVBoxLayout(row);
        lines->setContentsMargins(12, 8, 12, 8);
        lines->setSpacing(2);
        if (!device.usable) {
            auto* first = new QHBoxLayout;
            first->setSpacing(9);
            first->addWidget(new BanIcon(row));
            first->addWidget(new StyledLabel(name, TextStyle::Ui, Color::TextMuted, row), 1);
            lines->addLayout(first);
            auto* why = new StyledLabel(deviceCaption(device), TextStyle::Small, Color::TextMuted, row);
            why->setWordWrap(true);
            why->setIndent(25);
            lines->addWidget(why);
            m_rows.append(row);
            m_choices.append(nullptr);
            column->addWidget(row);
            continue;
        }
        auto* choice = new QRadioButton(name, row);
        choice->setAccessibleName(name);
        choice->setAccessibleDescription(deviceCaption(device));
        choice->setChecked(chosen != devices.end() && &device == &*chosen);
        m_group->addButton(choice);
        lines->addWidget(choice);
        auto* caption = new StyledLabel(deviceCaption(device), TextStyle::Small, Color::TextMuted, row);
        caption->setWordWrap(true);
        caption->setIndent(25);
        lines->addWidget(caption);
        m_rows.append(row);
        m_choices.append(choice);
        column->addWidget(row);
        connect(choice, &QRadioButton::toggled, this, [this, name](bool on) {
            update();
            if (on) {
                emit deviceChosen(name);
            }
        });
    }
    if (devices.isEmpty()) {
        auto* none =
            new StyledLabel(tr("No Vulkan device was found. A driver of Mesa 22.3 or newer brings one that runs "
                               "on the processor."),
                            TextStyle::Ui, Color::Error, this);
        none->setWordWrap(true);
        column->addWidget(none);
    }
    column->addSpacing(24);
    m_states = new StatesForm(settings.states, this);
    column->addWidget(m_states);
    column->addStretch(1);
}

void DevicePage::restoreDefaults() {
    if (!m_group->buttons().isEmpty()) {
        QAbstractButton* first = m_group->buttons().first();
        const QSignalBlocker blocker(first);
        first->setChecked(true);
    }
    update();
    emit deviceChosen({});
    m_states->restoreDefaults();
}

void DevicePage::paintEvent(QPaintEvent*) {
    if (m_rows.isEmpty()) {
        return;
    }
    const Theme& look = theme();
    QPainter painter(this);
    for (int i = 0; i < m_rows.size(); ++i) {
        if (m_choices[i] != nullptr && m_choices[i]->isChecked()) {
            painter.fillRect(m_rows[i]->geometry(), look.color(Color::AccentTint));
        }
    }
    painter.setPen(look.color(Color::BorderSubtle));
    for (int i = 1; i < m_rows.size(); ++i) {
        const QRect row = m_rows[i]->geometry();
        painter.drawLine(row.topLeft(), row.topRight());
    }
    painter.setPen(look.color(Color::Border));
    painter.drawRect(m_rows.first()->geometry().united(m_rows.last()->geometry()).adjusted(0, 0, -1, 0));
}

} // namespace moescope::ui
