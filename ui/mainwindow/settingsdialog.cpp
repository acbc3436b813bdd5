// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/settingsdialog.h"

#include "ui/mainwindow/settingspages.h"
#include "ui/panels/samplingform.h"
#include "ui/panels/styledlabel.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedWidget>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

namespace moescope::ui {

namespace {

constexpr int kListWidth = 208; ///< px

QWidget* scrolled(QWidget* content, const QString& title) {
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(24, 16, 24, 16);
    column->setSpacing(16);
    column->addWidget(new StyledLabel(title, TextStyle::Title, Color::Text));
    column->addWidget(content, 1);
    auto* area = new QScrollArea;
    area->setFrameShape(QFrame::NoFrame);
    area->setWidgetResizable(true);
    area->setFocusPolicy(Qt::NoFocus);
    area->setWidget(page); // fills it, but the dialog behind has the colour
    page->setAutoFillBackground(false);
    area->viewport()->setAutoFillBackground(false);
    return area;
}

/** Rows as in the sidebar of the window. */
class PageDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const Theme& look = theme();
        const QRect row = option.rect.adjusted(8, 0, -8, 0);
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(Qt::NoPen);
        const bool selected = option.state & QStyle::State_Selected;
        if (selected || (option.state & QStyle::State_MouseOver)) {
            painter->setBrush(look.color(selected ? Color::AccentTintStrong : Color::Hover));
            painter->drawRoundedRect(row, 4, 4);
        }
        if (option.state & QStyle::State_HasFocus) {
            painter->setBrush(Qt::NoBrush);
            painter->setPen(QPen(look.color(Color::AccentText), 2));
            painter->drawRoundedRect(QRectF(row).adjusted(1, 1, -1, -1), 4, 4);
        }
        const QString icon = index.data(Qt::UserRole).toString();
        painter->drawPixmap(
            row.left() + 8, row.center().y() - 7,
            look.pixmap(icon, 16, look.color(Color::TextSecondary), option.widget->devicePixelRatioF()));
        painter->setFont(look.font(TextStyle::Ui));
        painter->setPen(look.color(Color::Text));
        painter->drawText(row.adjusted(32, 0, -8, 0), Qt::AlignLeft | Qt::AlignVCenter,
                          index.data(Qt::DisplayRole).toString());
        painter->restore();
    }

    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override {
        return {kListWidth - 2, qMax(32, theme().lineHeight(TextStyle::Ui) + 12)};
    }
};

} // namespace

SettingsDialog::SettingsDialog(const SettingsView& settings, QWidget* parent) : FramedDialog(tr("Settings"), parent) {
    m_samplingOfModel = settings.sampling_of_model;
    auto* row = new QHBoxLayout;
    row->setSpacing(0);
    m_list = new QListWidget(this);
    m_list->setAccessibleName(tr("Pages of the settings"));
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setFixedWidth(kListWidth);
    m_list->setItemDelegate(new PageDelegate(m_list));
    m_list->setMouseTracking(true);
    m_list->viewport()->setAutoFillBackground(false);
    m_pages = new QStackedWidget(this);
    auto* side = new QVBoxLayout;
    side->setContentsMargins(0, 8, 0, 8);
    side->addWidget(m_list);
    row->addLayout(side);
    row->addWidget(m_pages, 1);
    column()->addLayout(row, 1);

    m_appearance = new AppearancePage(settings);
    m_device = new DevicePage(settings);
    addPage(QStringLiteral("light"), tr("Appearance"), m_appearance);
    addPage(QStringLiteral("device"), tr("Device"), m_device);
    addPage(QStringLiteral("settings"), tr("Sampling"), samplingPage(settings));
    addPage(QStringLiteral("folder"), tr("Data"), dataPage(settings));

    m_foot = new QWidget(this);
    auto* foot = new QHBoxLayout(m_foot);
    foot->setContentsMargins(16, 11, 16, 12);
    foot->setSpacing(8);
    auto* note = new StyledLabel(tr("Changes apply at once. With a new device the model is loaded again."),
                                 TextStyle::Small, Color::TextMuted, m_foot);
    foot->addWidget(note, 1);
    m_restore = new QPushButton(tr("Restore defaults of this page"), m_foot);
    m_restore->setAccessibleName(tr("Restore defaults of this page"));
    m_restore->setAutoDefault(false);
    auto* close = new QPushButton(tr("Close"), m_foot);
    close->setAccessibleName(tr("Close"));
    close->setProperty("primary", true);
    close->setDefault(true);
    foot->addWidget(m_restore);
    foot->addWidget(close);
    column()->addWidget(m_foot);

    connect(m_list, &QListWidget::currentRowChanged, this, [this](int page) {
        m_pages->setCurrentIndex(page);
        m_restore->setVisible(page != static_cast<int>(SettingsPage::Data));
    });
    connect(m_restore, &QPushButton::clicked, this, &SettingsDialog::restorePage);
    connect(close, &QPushButton::clicked, this, &QDialog::accept);
    connect(m_appearance, &AppearancePage::themeChosen, this, &SettingsDialog::themeChosen);
    connect(m_appearance, &AppearancePage::fontPercentChosen, this, &SettingsDialog::fontPercentChosen);
    connect(m_device, &DevicePage::deviceChosen, this, &SettingsDialog::deviceChosen);
    connect(m_device->states(), &StatesForm::budgetChosen, this, &SettingsDialog::statesBudgetChosen);
    connect(m_device->states(), &StatesForm::clearRequested, this, &SettingsDialog::statesClearRequested);
    m_list->setCurrentRow(0);
    sizeWithin({918, 662});
}

void SettingsDialog::addPage(const QString& icon, const QString& title, QWidget* content) {
    auto* item = new QListWidgetItem(title, m_list);
    item->setData(Qt::UserRole, icon);
    m_pages->addWidget(scrolled(content, title));
}

QWidget* SettingsDialog::samplingPage(const SettingsView& settings) {
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    auto* sentence = new StyledLabel(tr("What conversations follow, except for what was set in one of them."),
                                     TextStyle::Small, Color::TextMuted);
    sentence->setWordWrap(true);
    column->addWidget(sentence);
    m_sampling = new SamplingForm;
    m_sampling->setFieldsLeft(kFieldsLeft);
    m_sampling->setDefaults(settings.sampling_of_model);
    m_sampling->setSampling(settings.sampling);
    column->addWidget(m_sampling);
    column->addStretch(1);
    connect(m_sampling, &SamplingForm::changed, this, &SettingsDialog::samplingDefaultsChanged);
    return page;
}

QWidget* SettingsDialog::dataPage(const SettingsView& settings) {
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    column->addWidget(new StyledLabel(tr("Data folder"), TextStyle::UiStrong, Color::Text));
    auto* row = new QHBoxLayout;
    auto* path = new QLineEdit(settings.data_folder);
    path->setReadOnly(true);
    path->setAccessibleName(tr("Data folder"));
    path->setCursorPosition(0);
    auto* open = new QPushButton(tr("Open folder"));
    open->setAccessibleName(tr("Open the data folder"));
    open->setAutoDefault(false);
    row->addWidget(path, 1);
    row->addWidget(open);
    column->addLayout(row);
    auto* sentence = new StyledLabel(tr("Conversations, their routing and the settings are kept here, on this machine "
                                        "only. Deleted conversations stay for 30 days."),
                                     TextStyle::Small, Color::TextMuted);
    sentence->setWordWrap(true);
    column->addWidget(sentence);
    column->addStretch(1);
    connect(open, &QPushButton::clicked, this, &SettingsDialog::openDataFolderRequested);
    return page;
}

void SettingsDialog::setPage(SettingsPage page) { m_list->setCurrentRow(static_cast<int>(page)); }

void SettingsDialog::setStatesUse(quint64 bytes, int conversations) {
    m_device->states()->setUse(bytes, conversations);
}

void SettingsDialog::restorePage() {
    switch (static_cast<SettingsPage>(m_list->currentRow())) {
    case SettingsPage::Appearance: m_appearance->restoreDefaults(); break;
    case SettingsPage::Device: m_device->restoreDefaults(); break;
    case SettingsPage::Sampling:
        m_sampling->setSampling(m_samplingOfModel);
        emit samplingDefaultsChanged(m_samplingOfModel);
        break;
    case SettingsPage::Data: break;
    }
}

void SettingsDialog::changeEvent(QEvent* event) {
    FramedDialog::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_foot != nullptr) {
        m_list->doItemsLayout();
    }
}

void SettingsDialog::paintEvent(QPaintEvent* event) {
    FramedDialog::paintEvent(event);
    const Theme& look = theme();
    QPainter painter(this);
    painter.fillRect(m_pages->geometry(), look.color(Color::Panel));
    painter.setPen(look.color(Color::Border));
    painter.drawLine(1, m_foot->y(), width() - 2, m_foot->y());
    painter.drawLine(m_pages->x() - 1, m_pages->y(), m_pages->x() - 1, m_foot->y());
}

} // namespace moescope::ui
