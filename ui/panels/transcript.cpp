// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/transcript.h"

#include "ui/panels/cutline.h"
#include "ui/panels/messagewidget.h"
#include "ui/theme/theme.h"

#include <QApplication>
#include <QKeyEvent>
#include <QPainter>
#include <QScrollBar>

namespace moescope::ui {

namespace {

constexpr int kWheelStep = 40; ///< px

/** A key that writes something, Shift or not. */
bool isTyping(const QKeyEvent& event) {
    const auto modifiers = event.modifiers() & ~(Qt::ShiftModifier | Qt::KeypadModifier | Qt::GroupSwitchModifier);
    return modifiers == Qt::NoModifier && !event.text().isEmpty() && event.text().front().isPrint();
}

/** A single letter that does something to the selected token or expert. */
bool isOfCharts(const QKeyEvent& event) {
    switch (event.key()) {
    case Qt::Key_B: return (event.modifiers() & ~Qt::ShiftModifier) == Qt::NoModifier;
    case Qt::Key_F:
    case Qt::Key_Space: return event.modifiers() == Qt::NoModifier;
    case Qt::Key_BracketLeft:
    case Qt::Key_BracketRight: return true; // on some keyboards with a modifier
    default: return false;
    }
}

} // namespace

Transcript::Transcript(QWidget* parent) : QAbstractScrollArea(parent) {
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Messages"));
    verticalScrollBar()->setSingleStep(kWheelStep);
    viewport()->setAutoFillBackground(false);
    viewport()->setAccessibleName(tr("Messages"));
    m_cut = new CutLine(viewport());
}

QRect Transcript::columnIn(int width) {
    const int margin = width < 480 ? 16 : 20;
    const int column = qMax(80, qMin(kColumn, width - 2 * margin));
    return {(width - column) / 2, 0, column, 0};
}

void Transcript::setMessages(const QList<MessageView>& messages) {
    if (viewport()->isAncestorOf(QApplication::focusWidget())) {
        setFocus(); // a button of a message that goes: another version was chosen
    }
    m_wordClicked = false;
    qDeleteAll(m_widgets);
    m_widgets.clear();
    m_messages = messages;
    m_index.clear();
    for (int i = 0; i < m_messages.size(); ++i) {
        m_index.insert(m_messages[i].id, i);
    }
    m_tokenMessage = 0;
    m_tokens.clear();
    m_selectedToken = -1;
    m_found.clear();
    m_foundMessage = 0;
    m_following = true;
    forgetHeights();
    arrange();
}

void Transcript::appendMessage(const MessageView& message) {
    m_index.insert(message.id, static_cast<int>(m_messages.size()));
    m_messages.append(message);
    m_heights.append(estimate(message, m_width));
    m_measured.append(false);
    if (message.role == Role::User) {
        m_following = true;
    }
    scheduleArrange();
}

void Transcript::updateMessage(const MessageView& message) {
    const int index = indexOf(message.id);
    if (index < 0) {
        return;
    }
    m_messages[index] = message;
    m_measured[index] = false;
    if (MessageWidget* widget = widgetOf(message.id)) {
        widget->setMessage(message);
        feedMarks(widget, message.id);
    }
    scheduleArrange();
}

void Transcript::appendText(qint64 message, const QString& text) {
    const int index = indexOf(message);
    if (index < 0 || text.isEmpty()) {
        return;
    }
    m_messages[index].text += text;
    m_measured[index] = false;
    if (MessageWidget* widget = widgetOf(message)) {
        widget->appendText(text);
    }
    scheduleArrange();
}

void Transcript::setAnswering(bool answering) {
    if (m_answering == answering) {
        return;
    }
    m_answering = answering;
    for (MessageWidget* widget : std::as_const(m_widgets)) {
        widget->setAnswering(answering);
    }
}

void Transcript::setEdited(qint64 message) {
    m_edited = message;
    for (auto it = m_widgets.cbegin(); it != m_widgets.cend(); ++it) {
        it.value()->setEdited(it.key() == message);
    }
}

void Transcript::setTokenRanges(qint64 message, const QList<TokenRange>& ranges) {
    if (message == m_tokenMessage && ranges.isEmpty() && m_tokens.isEmpty()) {
        return;
    }
    const qint64 before = m_tokenMessage;
    m_tokenMessage = message;
    m_tokens = ranges;
    refeedMarks(before);
    refeedMarks(message);
}

void Transcript::setSelectedToken(int token) {
    if (m_selectedToken != token) {
        m_selectedToken = token;
        refeedMarks(m_tokenMessage);
    }
}

void Transcript::setTokensClickable(bool clickable) {
    m_clickable = clickable;
    for (auto it = m_widgets.cbegin(); it != m_widgets.cend(); ++it) {
        feedMarks(it.value(), it.key());
    }
}

void Transcript::setFound(const QHash<qint64, QList<SourceRange>>& hits, qint64 current, int begin) {
    m_found = hits;
    m_foundMessage = current;
    m_foundBegin = begin;
    for (auto it = m_widgets.cbegin(); it != m_widgets.cend(); ++it) {
        feedMarks(it.value(), it.key());
    }
}

void Transcript::feedMarks(MessageWidget* widget, qint64 message) {
    if (message == m_tokenMessage) {
        widget->setTokens(m_tokens, m_selectedToken, m_clickable);
    } else {
        widget->setTokens({}, -1, m_clickable);
    }
    const QList<SourceRange> hits = m_found.value(message);
    int current = -1;
    for (int i = 0; message == m_foundMessage && i < hits.size(); ++i) {
        if (hits[i].start == m_foundBegin) {
            current = i;
        }
    }
    widget->setFound(hits, current);
}

void Transcript::refeedMarks(qint64 message) {
    if (MessageWidget* widget = widgetOf(message)) {
        feedMarks(widget, message);
    }
}

void Transcript::resizeEvent(QResizeEvent* event) {
    QAbstractScrollArea::resizeEvent(event);
    const int width = columnIn(this->width()).width();
    if (width != m_width) {
        m_width = width;
        forgetHeights();
    }
    arrange();
}

void Transcript::scrollContentsBy(int, int) {
    if (m_arranging) {
        return;
    }
    const QScrollBar* bar = verticalScrollBar();
    m_following = bar->value() >= bar->maximum() - 1;
    m_anchor = anchorAt(bar->value());
    arrange();
}

void Transcript::changeEvent(QEvent* event) {
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) {
        for (MessageWidget* widget : std::as_const(m_widgets)) {
            widget->applyTheme();
        }
        forgetHeights();
        scheduleArrange();
    }
}

void Transcript::keyPressEvent(QKeyEvent* event) {
    QScrollBar* bar = verticalScrollBar();
    switch (event->key()) {
    case Qt::Key_Home: bar->setValue(0); break;
    case Qt::Key_End: scrollToEnd(); break;
    case Qt::Key_PageUp: bar->triggerAction(QScrollBar::SliderPageStepSub); break;
    case Qt::Key_PageDown: bar->triggerAction(QScrollBar::SliderPageStepAdd); break;
    case Qt::Key_Up: bar->triggerAction(QScrollBar::SliderSingleStepSub); break;
    case Qt::Key_Down: bar->triggerAction(QScrollBar::SliderSingleStepAdd); break;
    default:
        if (m_wordClicked && isOfCharts(*event)) {
            emit wordKeyPressed(event->key(), event->modifiers());
        } else if (isTyping(*event)) {
            m_wordClicked = false;
            emit typed(event->text());
        } else {
            event->ignore();
        }
    }
}

void Transcript::focusInEvent(QFocusEvent* event) {
    const Qt::FocusReason reason = event->reason();
    // Coming back to the window or from a menu the focus is as it was.
    if (reason != Qt::ActiveWindowFocusReason && reason != Qt::PopupFocusReason) {
        m_framed =
            reason == Qt::TabFocusReason || reason == Qt::BacktabFocusReason || reason == Qt::ShortcutFocusReason;
    }
    QAbstractScrollArea::focusInEvent(event);
}

void Transcript::paintEvent(QPaintEvent*) {
    QPainter painter(viewport());
    painter.fillRect(viewport()->rect(), theme().color(Color::Panel));
    if (hasFocus() && m_framed) {
        painter.setPen(QPen(theme().color(Color::AccentText), 2));
        painter.drawRect(viewport()->rect().adjusted(1, 1, -1, -1));
    }
}

} // namespace moescope::ui
