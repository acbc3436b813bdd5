// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/versionswitch.h"

#include "ui/panels/styledlabel.h"
#include "ui/widgets/iconbutton.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>

namespace moescope::ui {

VersionSwitch::VersionSwitch(QWidget* parent) : QWidget(parent) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    m_previous = new IconButton(QStringLiteral("chevron-left"), tr("Previous version"), this);
    m_next = new IconButton(QStringLiteral("chevron-right"), tr("Next version"), this);
    m_label = new StyledLabel({}, TextStyle::Mono, Color::TextSecondary, this);
    row->addWidget(m_previous);
    row->addWidget(m_label);
    row->addWidget(m_next);
    m_sign = new QLabel(this);
    m_sign->setMargin(4);
    m_note = new StyledLabel({}, TextStyle::Axis, Color::TextSecondary, this);
    row->addWidget(m_sign);
    row->addWidget(m_note);
    setNote({});
    connect(m_previous, &QAbstractButton::clicked, this, [this] { emit stepped(-1); });
    connect(m_next, &QAbstractButton::clicked, this, [this] { emit stepped(1); });
}

void VersionSwitch::setVersion(int version, int versions) {
    m_version = version;
    m_versions = versions;
    refresh();
}

void VersionSwitch::setNote(const QString& note) {
    m_note->setText(note);
    m_sign->setToolTip(note);
    m_sign->setAccessibleName(note);
    m_sign->setVisible(!note.isEmpty());
    m_note->setVisible(!note.isEmpty());
    m_sign->setPixmap(
        theme().pixmap(QStringLiteral("branch"), 14, theme().color(Color::TextSecondary), devicePixelRatioF()));
}

void VersionSwitch::setNoteShown(bool shown) { m_note->setVisible(shown && !m_note->text().isEmpty()); }

void VersionSwitch::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange && m_note != nullptr) {
        setNote(m_note->text());
    }
    QWidget::changeEvent(event);
}

void VersionSwitch::setStepsEnabled(bool enabled) {
    m_enabled = enabled;
    refresh();
}

void VersionSwitch::refresh() {
    m_label->setText(tr("%1 / %2").arg(m_version).arg(m_versions));
    m_label->setAccessibleName(tr("Version %1 of %2").arg(m_version).arg(m_versions));
    m_previous->setEnabled(m_enabled && m_version > 1);
    m_next->setEnabled(m_enabled && m_version < m_versions);
}

} // namespace moescope::ui
