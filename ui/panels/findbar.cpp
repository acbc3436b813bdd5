// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/findbar.h"

#include "ui/panels/styledlabel.h"
#include "ui/widgets/iconbutton.h"
#include "ui/widgets/searchfield.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPainter>

namespace moescope::ui {

namespace {

constexpr int kMostHits = 9999;

} // namespace

FindBar::FindBar(QWidget* parent) : QWidget(parent) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(19, 6, 12, 7);
    row->setSpacing(8);
    m_field = new SearchField(this);
    m_field->setPlaceholderText(tr("Find in this chat"));
    m_field->setAccessibleName(tr("Find in this chat"));
    m_field->installEventFilter(this);
    m_count = new StyledLabel({}, TextStyle::Small, Color::TextMuted, this);
    m_previous = new IconButton(QStringLiteral("chevron-up"), tr("Previous hit"), this);
    m_next = new IconButton(QStringLiteral("chevron-down"), tr("Next hit"), this);
    auto* close = new IconButton(QStringLiteral("close"), tr("Close the search"), this);
    row->addWidget(m_field, 1);
    row->addWidget(m_count);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(4);
    buttons->addWidget(m_previous);
    buttons->addWidget(m_next);
    buttons->addWidget(close);
    row->addLayout(buttons);
    connect(m_field, &QLineEdit::textChanged, this, &FindBar::search);
    connect(m_previous, &QAbstractButton::clicked, this, [this] { step(-1); });
    connect(m_next, &QAbstractButton::clicked, this, [this] { step(1); });
    connect(close, &QAbstractButton::clicked, this, &FindBar::close);
    refresh();
}

void FindBar::open() {
    show();
    m_field->setFocus(Qt::ShortcutFocusReason);
    m_field->selectAll();
    search(m_field->text());
}

void FindBar::close() {
    hide();
    m_hits.clear();
    m_at = -1;
    emit marksChanged();
    emit found(0, 0, 0);
    emit closed();
}

void FindBar::setMessages(const QList<MessageView>& messages) {
    m_messages = messages;
    if (isVisible()) {
        const Hit before = m_at >= 0 ? m_hits[m_at] : Hit();
        m_hits.clear();
        m_at = -1;
        const QString text = m_field->text();
        for (const MessageView& message : m_messages) {
            searchDocuments(message, text, before);
            searchPart(message, text, message.parts.thinking_begin, message.parts.thinking_end, before);
            searchPart(message, text, message.answerBegin(), message.answerEnd(), before);
        }
        refresh();
        emit marksChanged();
    }
}

void FindBar::searchDocuments(const MessageView& message, const QString& text, const Hit& before) {
    for (int i = 0; i < message.documents.size() && m_hits.size() < kMostHits; ++i) {
        const DocumentView& document = message.documents.at(i);
        if (!text.isEmpty() &&
            (document.name.contains(text, Qt::CaseInsensitive) || document.text.contains(text, Qt::CaseInsensitive))) {
            const Hit hit{message.id, -1 - i};
            if (hit.message == before.message && hit.begin == before.begin) {
                m_at = static_cast<int>(m_hits.size());
            }
            m_hits.append(hit);
        }
    }
}

/** Of one part: marks between the parts are not shown. */
void FindBar::searchPart(const MessageView& message, const QString& text, int begin, int end, const Hit& before) {
    for (qsizetype at = message.text.indexOf(text, begin, Qt::CaseInsensitive);
         !text.isEmpty() && at >= 0 && at + text.size() <= end && m_hits.size() < kMostHits;
         at = message.text.indexOf(text, at + text.size(), Qt::CaseInsensitive)) {
        if (message.id == before.message && at == before.begin) {
            m_at = static_cast<int>(m_hits.size());
        }
        m_hits.append({message.id, static_cast<int>(at)});
    }
}

QHash<qint64, QList<SourceRange>> FindBar::hits() const {
    QHash<qint64, QList<SourceRange>> byMessage;
    const int length = static_cast<int>(m_field->text().size());
    for (const Hit& hit : m_hits) {
        byMessage[hit.message].append({hit.begin, hit.begin < 0 ? hit.begin : hit.begin + length});
    }
    return byMessage;
}

qint64 FindBar::current(int* begin) const {
    *begin = m_at >= 0 ? m_hits[m_at].begin : 0;
    return m_at >= 0 ? m_hits[m_at].message : 0;
}

void FindBar::search(const QString& text) {
    m_at = -1;
    setMessages(QList<MessageView>(m_messages));
    if (m_hits.isEmpty()) {
        emit found(0, 0, 0);
    } else {
        // The newest hit is the nearest to where a reader is.
        m_at = static_cast<int>(m_hits.size()) - 1;
        const Hit& hit = m_hits[m_at];
        emit marksChanged();
        emit found(hit.message, hit.begin, hit.begin + static_cast<int>(text.size()));
    }
    refresh();
}

void FindBar::step(int by) {
    if (m_hits.isEmpty()) {
        return;
    }
    const int count = static_cast<int>(m_hits.size());
    m_at = m_at < 0 ? 0 : (m_at + by + count) % count;
    const Hit& hit = m_hits[m_at];
    emit marksChanged();
    emit found(hit.message, hit.begin, hit.begin + static_cast<int>(m_field->text().size()));
    refresh();
}

void FindBar::refresh() {
    const bool any = !m_hits.isEmpty();
    m_previous->setEnabled(any);
    m_next->setEnabled(any);
    if (m_field->text().isEmpty()) {
        m_count->clear();
    } else if (!any) {
        m_count->setText(tr("No hit"));
    } else {
        m_count->setText(tr("%1 of %2").arg(m_at + 1).arg(m_hits.size()));
    }
}

bool FindBar::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_field && event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        switch (key->key()) {
        case Qt::Key_Escape: close(); return true;
        case Qt::Key_Return:
        case Qt::Key_Enter: step(key->modifiers() & Qt::ShiftModifier ? -1 : 1); return true;
        case Qt::Key_Up: step(-1); return true;
        case Qt::Key_Down: step(1); return true;
        default: break;
        }
    }
    return QWidget::eventFilter(watched, event);
}

void FindBar::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), theme().color(Color::Panel));
    painter.setPen(theme().color(Color::BorderSubtle));
    painter.drawLine(0, height() - 1, width(), height() - 1);
}

} // namespace moescope::ui
