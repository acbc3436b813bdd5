// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/toast.h"

#include "ui/theme/theme.h"

#include <QAccessible>
#include <QEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QTimer>

namespace moescope::ui {

namespace {

constexpr int kLeastWidth = 460; ///< px
constexpr int kLeft = 12;        ///< px from the edge to the sentence
constexpr int kGap = 12;         ///< px from the sentence to the button
constexpr int kRight = 6;        ///< px

/** The sentence in one line of `room` px where a shorter title in its quotes is enough for that, else as it is. */
QString shortened(const QString& sentence, const QFontMetrics& metrics, int room) {
    const qsizetype open = sentence.indexOf(QChar(0x201C));
    const qsizetype close = sentence.lastIndexOf(QChar(0x201D));
    if (open < 0 || close < open || metrics.horizontalAdvance(sentence) <= room) {
        return sentence;
    }
    const QString before = sentence.left(open + 1);
    const QString after = sentence.mid(close);
    const int left = room - metrics.horizontalAdvance(before) - metrics.horizontalAdvance(after);
    const QString title = metrics.elidedText(sentence.mid(open + 1, close - open - 1), Qt::ElideRight, left);
    return title.size() > 1 ? before + title + after : sentence;
}

} // namespace

Toast::Toast(QWidget* parent) : QWidget(parent) {
    m_label = new QLabel(this);
    m_label->setTextFormat(Qt::PlainText);
    m_label->setWordWrap(true);
    m_action = new QPushButton(this);
    m_action->setProperty("toast", true);
    m_action->installEventFilter(this);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(kLeft, 6, kRight, 6);
    row->setSpacing(kGap);
    row->addWidget(m_label, 1);
    row->addWidget(m_action);
    m_timer = new QTimer(this);
    m_timer->setSingleShot(true);
    connect(m_timer, &QTimer::timeout, this, &Toast::dismiss);
    connect(m_action, &QAbstractButton::clicked, this, &Toast::act);
    applyTheme();
    hide();
}

void Toast::showMessage(const QString& sentence, const QString& action, int milliseconds) {
    m_sentence = sentence;
    m_label->setText(sentence);
    m_action->setText(action);
    m_action->setAccessibleName(action);
    m_action->setVisible(!action.isEmpty());
    setAccessibleName(sentence);
    m_time = milliseconds;
    adjustSize();
    show();
    raise();
    m_timer->start(m_time);
    holdOrRun();
    QAccessibleEvent alert(this, QAccessible::Alert);
    QAccessible::updateAccessibility(&alert);
}

void Toast::dismiss() {
    m_timer->stop();
    if (isHidden()) {
        return;
    }
    hide();
    emit dismissed();
}

void Toast::fitWithin(int most) {
    const QFontMetrics metrics(m_label->font());
    const int button = m_action->text().isEmpty() ? 0 : kGap + m_action->sizeHint().width();
    const int beside = kLeft + kRight + button + 2; // a label of its text's very width breaks the line
    const int wanted = metrics.horizontalAdvance(m_sentence) + beside;
    const int width = qMin(most, qMax(kLeastWidth, wanted));
    const QString words = shortened(m_sentence, metrics, width - beside);
    m_label->setWordWrap(metrics.horizontalAdvance(words) > width - beside);
    m_label->setText(words);
    layout()->invalidate();
    setFixedWidth(width);
    adjustSize();
}

void Toast::act() {
    dismiss();
    emit actionTriggered();
}

void Toast::holdOrRun() {
    if (m_action->hasFocus() || underMouse()) {
        m_timer->stop();
    } else if (isVisible() && !m_timer->isActive()) {
        m_timer->start(m_time);
    }
}

bool Toast::event(QEvent* event) {
    if (event->type() == QEvent::ShortcutOverride) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (key->matches(QKeySequence::Undo) || key->key() == Qt::Key_Escape) {
            event->accept();
            return true;
        }
    }
    return QWidget::event(event);
}

bool Toast::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_action && (event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut)) {
        // After the event, when hasFocus() says the new state.
        QTimer::singleShot(0, this, &Toast::holdOrRun);
    }
    return QWidget::eventFilter(watched, event);
}

void Toast::keyPressEvent(QKeyEvent* event) {
    if (event->matches(QKeySequence::Undo) && !m_action->isHidden()) {
        act();
    } else if (event->key() == Qt::Key_Escape) {
        dismiss();
    } else {
        QWidget::keyPressEvent(event);
    }
}

void Toast::enterEvent(QEnterEvent*) { holdOrRun(); }

void Toast::leaveEvent(QEvent*) { QTimer::singleShot(0, this, &Toast::holdOrRun); }

void Toast::paintEvent(QPaintEvent*) {
    // Light on dark in the light scheme and the other way round: it is no part of the page.
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme().color(Color::Text));
    painter.drawRoundedRect(rect(), 4, 4);
    if (!m_action->isHidden()) {
        const int x = layoutDirection() == Qt::RightToLeft ? m_action->geometry().right() + 6 : m_action->x() - 6;
        painter.setRenderHint(QPainter::Antialiasing, false);
        painter.fillRect(QRect(x, 6, 1, height() - 12), theme().color(Color::BorderStrong));
    }
}

void Toast::applyTheme() {
    QPalette colors = m_label->palette();
    colors.setColor(QPalette::WindowText, theme().color(Color::Panel));
    m_label->setPalette(colors);
    m_label->setFont(theme().font(TextStyle::Ui));
    update();
}

void Toast::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange && m_timer != nullptr) {
        applyTheme();
    }
    QWidget::changeEvent(event);
}

} // namespace moescope::ui
