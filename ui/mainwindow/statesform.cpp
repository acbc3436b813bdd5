// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/statesform.h"

#include "engine/trace/error.h"
#include "ui/mainwindow/settingspages.h"
#include "ui/models/conversation.h"
#include "ui/panels/styledlabel.h"
#include "ui/theme/theme.h"

#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QPushButton>
#include <QSignalBlocker>

#include <cmath>

namespace moescope::ui {

namespace {

constexpr double kGiB = 1024.0 * 1024 * 1024;
constexpr double kLeastGiB = 0.1;
constexpr double kMostGiB = 4096;

} // namespace

StatesForm::StatesForm(const KvStatesView& states, QWidget* parent) : QWidget(parent) {
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(16);
    grid->setVerticalSpacing(8);
    grid->setColumnMinimumWidth(0, kFieldsLeft - grid->horizontalSpacing());
    grid->setColumnStretch(1, 1);
    grid->addWidget(new StyledLabel(tr("KV states on disk"), TextStyle::UiStrong, Color::Text), 0, 0, 1, 2);

    grid->addWidget(new StyledLabel(tr("Keep between starts"), TextStyle::Ui, Color::TextSecondary), 1, 0);
    m_kept = new QCheckBox(tr("Restore a chat without reading it again"), this);
    m_kept->setChecked(states.kept);
    grid->addWidget(m_kept, 1, 1);

    grid->addWidget(new StyledLabel(tr("Budget"), TextStyle::Ui, Color::TextSecondary), 2, 0);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    m_budget = new QDoubleSpinBox(this);
    m_budget->setAccessibleName(tr("Budget of KV states on disk in GiB"));
    m_budget->setDecimals(1);
    m_budget->setRange(kLeastGiB, kMostGiB);
    m_budget->setSingleStep(1);
    m_budget->setValue(static_cast<double>(states.budget) / kGiB);
    m_budget->setKeyboardTracking(false);
    m_budget->setFixedWidth(96);
    row->addWidget(m_budget);
    row->addWidget(new StyledLabel(tr("GiB"), TextStyle::Ui, Color::TextSecondary));
    row->addStretch(1);
    m_use = new StyledLabel({}, TextStyle::Small, Color::TextSecondary, this);
    row->addWidget(m_use);
    m_clear = new QPushButton(tr("Clear"), this);
    m_clear->setIcon(theme().icon(QStringLiteral("delete")));
    m_clear->setAccessibleName(tr("Clear the KV states on disk"));
    m_clear->setAutoDefault(false);
    row->addWidget(m_clear);
    grid->addLayout(row, 2, 1);
    auto* note =
        new StyledLabel(tr("What a model has read of a chat, in files that only you can read. They go with their "
                           "chat, and those that were used longest ago make room for new ones."),
                        TextStyle::Small, Color::TextMuted, this);
    note->setWordWrap(true);
    grid->addWidget(note, 3, 1);

    setUse(states.used, states.conversations);
    m_budget->setEnabled(states.kept);
    connect(m_kept, &QCheckBox::toggled, this, &StatesForm::choose);
    connect(m_budget, &QDoubleSpinBox::valueChanged, this, &StatesForm::choose);
    connect(m_clear, &QPushButton::clicked, this, &StatesForm::clearRequested);
}

void StatesForm::setUse(quint64 bytes, int conversations) {
    m_use->setText(bytes == 0 ? tr("None are there")
                              : (conversations == 1 ? tr("%1 used by one chat") : tr("%1 used by %2 chats"))
                                    .arg(QString::fromStdString(trace::bytesText(bytes)), groupedText(conversations)));
    m_clear->setEnabled(bytes > 0);
}

quint64 StatesForm::budget() const {
    return m_kept->isChecked() ? static_cast<quint64>(std::llround(m_budget->value() * 10) * (kGiB / 10)) : 0;
}

void StatesForm::choose() {
    m_budget->setEnabled(m_kept->isChecked());
    emit budgetChosen(budget());
}

void StatesForm::restoreDefaults() {
    const KvStatesView usual;
    {
        const QSignalBlocker kept(m_kept);
        const QSignalBlocker budget(m_budget);
        m_kept->setChecked(usual.kept);
        m_budget->setValue(static_cast<double>(usual.budget) / kGiB);
    }
    choose();
}

} // namespace moescope::ui
