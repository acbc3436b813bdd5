// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/composer.h"

#include "ui/panels/composeredit.h"
#include "ui/panels/documentchip.h"
#include "ui/panels/samplingform.h"
#include "ui/panels/styledlabel.h"
#include "ui/widgets/iconbutton.h"

#include <QEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QPushButton>
#include <QStyleOptionButton>
#include <QStylePainter>
#include <QTimer>

namespace moescope::ui {

namespace {

constexpr int kDraftDelay = 300; ///< ms
constexpr int kCountDelay = 200; ///< ms
constexpr int kSide = 12;        ///< px from the frame to the text
constexpr int kEdge = 8;         ///< px from the frame to the buttons
constexpr int kChip = 3;         ///< px from the frame to the first chip, whose sign stands under the text
constexpr int kButton = 28;      ///< px
constexpr int kTighter = 9;      ///< px by which Send and Stop are narrower than other buttons

/** "Stop" with its key beside the word. */
class StopButton : public QPushButton {
public:
    using QPushButton::QPushButton;

    QSize sizeHint() const override {
        const QSize size = QPushButton::sizeHint();
        return text().isEmpty() ? size : QSize(size.width() + keyWidth() + 12, size.height());
    }

protected:
    void paintEvent(QPaintEvent*) override {
        QStylePainter painter(this);
        QStyleOptionButton option;
        initStyleOption(&option);
        painter.drawControl(QStyle::CE_PushButtonBevel, option);
        const bool key = !text().isEmpty();
        option.rect.adjust(0, 0, key ? -keyWidth() - 12 : 0, 0);
        painter.drawControl(QStyle::CE_PushButtonLabel, option);
        if (!key) {
            return;
        }
        const Theme& look = theme();
        const int wide = keyWidth();
        const int high = look.lineHeight(TextStyle::Axis) + 2;
        const QRectF box(width() - 8 - wide + 0.5, (height() - high) / 2 + 0.5, wide - 1, high - 1);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setBrush(look.color(Color::Window));
        painter.setPen(look.color(Color::Border));
        painter.drawRoundedRect(box, 3, 3);
        painter.setFont(look.font(TextStyle::Axis));
        painter.setPen(look.color(Color::TextSecondary));
        painter.drawText(box, Qt::AlignCenter, word());
    }

private:
    static QString word() { return Composer::tr("Esc"); }
    static int keyWidth() { return QFontMetrics(theme().font(TextStyle::Axis)).horizontalAdvance(word()) + 8; }
};

} // namespace

Composer::Composer(QWidget* parent) : QFrame(parent) {
    m_edit = new ComposerEdit(kMostCharacters, this);
    m_edit->installEventFilter(this);
    m_documents = new DocumentStrip(true, this);
    m_add = new IconButton(QStringLiteral("file"), tr("Add documents"), this);

    m_sampling = new QPushButton(this);
    m_sampling->setProperty("chip", true);
    m_sampling->setProperty("small", true);
    m_sampling->setAccessibleName(tr("Sampling and system prompt"));
    m_thinking = new QPushButton(this);
    m_thinking->setProperty("chip", true);
    m_thinking->setProperty("small", true);
    m_thinking->setCheckable(true);
    m_thinking->setAccessibleName(tr("Thinking before the answer"));
    m_count = new StyledLabel({}, TextStyle::Axis, Color::TextMuted, this);
    m_send = new QPushButton(tr("Send"), this);
    m_send->setProperty("primary", true);
    m_send->setAccessibleName(tr("Send"));
    m_stop = new StopButton(tr("Stop"), this);
    m_stop->setAccessibleName(tr("Stop the answer"));
    m_stop->setToolTip(tr("Stop the answer (Esc)"));

    m_popover = new SamplingPopover(this);
    m_popover->hide();

    m_draftDelay = new QTimer(this);
    m_draftDelay->setSingleShot(true);
    m_draftDelay->setInterval(kDraftDelay);
    m_countDelay = new QTimer(this);
    m_countDelay->setSingleShot(true);
    m_countDelay->setInterval(kCountDelay);

    connect(m_edit, &QTextEdit::textChanged, this, &Composer::textChanged);
    connect(m_edit, &ComposerEdit::submitted, this, &Composer::send);
    connect(m_edit, &ComposerEdit::upInEmpty, this, [this] {
        if (!m_answering) {
            emit editLastRequested();
        }
    });
    connect(m_edit, &ComposerEdit::escaped, this, [this] {
        if (m_answering) {
            emit stopRequested();
        } else if (m_editing) {
            emit editCancelled();
        } else {
            focusNextChild();
        }
    });
    connect(m_edit, &ComposerEdit::tooLong, this, [this](qint64 characters) {
        emit refused(
            tr("The text has %1 characters and a message can hold %2, so it was not pasted. Paste a part of it.")
                .arg(groupedText(characters), groupedText(kMostCharacters)));
    });
    // A button that stays in focus would swallow what is typed next, and its first space would press it.
    connect(m_send, &QPushButton::clicked, this, [this] {
        focusText();
        send();
    });
    connect(m_stop, &QPushButton::clicked, this, [this] {
        focusText();
        emit stopRequested();
    });
    connect(m_add, &QAbstractButton::clicked, this, &Composer::addDocumentsRequested);
    connect(m_documents, &DocumentStrip::closeRequested, this, &Composer::documentRemoved);
    connect(m_documents, &DocumentStrip::openRequested, this,
            [this](int index) { emit documentOpened(m_documents->documents().at(index)); });
    connect(m_documents, &DocumentStrip::focusLost, this, &Composer::focusText);
    connect(m_sampling, &QPushButton::clicked, this, &Composer::openSampling);
    connect(m_thinking, &QPushButton::clicked, this, [this](bool on) {
        m_view.thinking = on;
        refresh();
        emit thinkingChosen(on);
    });
    connect(m_popover, &SamplingPopover::changed, this, [this](const SamplingView& sampling) {
        const bool thinking = m_view.thinking; // has a switch of its own
        m_view = sampling;
        m_view.thinking = thinking;
        refresh();
        emit samplingChanged(m_view);
    });
    connect(m_draftDelay, &QTimer::timeout, this, [this] { emit draftChanged(text()); });
    connect(m_countDelay, &QTimer::timeout, this, [this] {
        if (!m_edit->isBlank()) {
            emit tokenCountRequested(text());
        }
    });
    setFocusProxy(m_edit);
    setTabOrder(m_edit, m_sampling);
    setTabOrder(m_sampling, m_thinking);
    setTabOrder(m_thinking, m_add);
    setTabOrder(m_add, m_stop);
    setTabOrder(m_stop, m_send);
    applyTheme();
}

QString Composer::text() const { return m_edit->text(); }

void Composer::setDraft(const QString& text) {
    m_draftDelay->stop();
    if (text == m_edit->text()) {
        return;
    }
    m_quiet = true;
    m_edit->setText(text);
    m_quiet = false;
    textChanged();
    m_draftDelay->stop();
}

void Composer::setDocuments(const QList<DocumentView>& documents) {
    if (documents != m_documents->documents()) {
        m_documents->setDocuments(documents);
        m_documents->chainAfter(m_edit);
        refresh();
    }
}

const QList<DocumentView>& Composer::documents() const { return m_documents->documents(); }

void Composer::setModelName(const QString& name) {
    m_modelName = name;
    m_edit->setHint(name.isEmpty() ? tr("Write a message") : tr("Ask %1 something").arg(name));
}

void Composer::setUnavailable(const QString& reason) {
    m_unavailable = reason;
    refresh();
}

void Composer::setAnswering(bool answering) {
    if (m_answering != answering && (m_send->hasFocus() || m_stop->hasFocus())) {
        focusText(); // one button takes the other's place
    }
    m_answering = answering;
    refresh();
}

void Composer::setSampling(const SamplingView& sampling) {
    m_view = sampling;
    m_popover->setSampling(sampling);
    refresh();
}

void Composer::setSamplingDefaults(const SamplingView& defaults) { m_popover->setDefaults(defaults); }

void Composer::setThinkingSwitch(bool there) {
    m_hasThinkingSwitch = there;
    if (!there && m_thinking->hasFocus()) {
        focusText();
    }
    refresh();
}

void Composer::setTokenCount(const QString& text, int tokens) {
    if (text == m_edit->text()) {
        m_tokens = tokens;
        refresh();
    }
}

void Composer::setEditing(bool editing) {
    m_editing = editing;
    refresh();
}

void Composer::focusText() { m_edit->setFocus(); }

void Composer::typeText(const QString& text) {
    focusText();
    m_edit->insertPlainText(text);
    m_edit->ensureCursorVisible();
}

void Composer::openSampling() {
    m_popover->setSampling(m_view);
    m_popover->openAt(m_sampling);
}

void Composer::send() {
    if (m_answering || !m_unavailable.isEmpty()) {
        return;
    }
    if (m_edit->isBlank() && m_documents->isEmpty()) {
        focusText();
        return;
    }
    for (const DocumentView& document : m_documents->documents()) {
        if (document.state == DocumentView::State::Reading) {
            emit refused(tr("“%1” is still being read. Send your message when it is there.").arg(document.name));
            return;
        }
    }
    const QString message = text();
    m_draftDelay->stop();
    m_countDelay->stop();
    emit sent(message);
}

void Composer::textChanged() {
    m_tokens = -1;
    if (!m_quiet) {
        m_draftDelay->start();
    }
    m_countDelay->start();
    refresh();
}

void Composer::place() {
    const int most = kMostLines;
    const int line = theme().lineHeight(TextStyle::Body);
    const bool narrow = width() < kNarrow;
    QPushButton* action = m_answering ? m_stop : m_send;
    action->setText(narrow ? QString() : (m_answering ? tr("Stop") : tr("Send")));
    m_sampling->setText(narrow ? QString() : samplingText(m_view));
    const QString thinking = m_view.thinking ? tr("Thinking on") : tr("Thinking off");
    m_thinking->setText(narrow ? QString() : thinking);
    m_thinking->setVisible(m_hasThinkingSwitch);
    const int button = qMax(kButton, theme().lineHeight(TextStyle::Ui) + 8);
    const int actionWidth = narrow ? button : action->sizeHint().width() - kTighter;

    const int right = width() - kEdge - actionWidth;
    const int samplingWidth = narrow ? button : m_sampling->sizeHint().width();
    const int thinkingWidth = !m_hasThinkingSwitch ? 0 : narrow ? button : m_thinking->sizeHint().width();
    const int textWidth =
        narrow ? right - kEdge - samplingWidth - thinkingWidth - button - 2 * kSide : width() - 2 * kSide;
    if (m_edit->width() != textWidth) {
        m_edit->resize(textWidth, line);
    }
    const int chips = m_documents->rowsHeight(width() - 2 * kEdge);
    m_documents->setGeometry(kEdge, kEdge, width() - 2 * kEdge, chips);
    const int above = chips > 0 ? kEdge + chips : 0;
    const int lines = m_edit->lineCount(most);
    const int textHeight = lines * line + 2;
    const int rowTop = above + (narrow ? qMax(0, textHeight - line + 8) : 10 + textHeight + 9);
    const int total = narrow ? above + qMax(42, textHeight + 20) : rowTop + button + kEdge;
    m_edit->setGeometry(kSide, above + 10 - m_edit->sink(), textWidth, textHeight);
    const int buttonTop = narrow ? total - button - 7 : rowTop;
    action->setGeometry(right, buttonTop, actionWidth, button);
    m_sampling->setGeometry(narrow ? right - kEdge - samplingWidth : kChip, buttonTop,
                            narrow ? samplingWidth : qMin(samplingWidth, right - 2 * kEdge - thinkingWidth - button),
                            button);
    m_thinking->setGeometry(narrow ? m_sampling->x() - thinkingWidth : m_sampling->geometry().right() + 1, buttonTop,
                            thinkingWidth, button);
    const QPushButton* lastChip = m_hasThinkingSwitch ? m_thinking : m_sampling;
    m_add->setGeometry(narrow ? m_sampling->x() - thinkingWidth - button : lastChip->geometry().right() + 1, buttonTop,
                       button, button);
    const int countLeft = m_add->geometry().right() + 12;
    const int countWidth = right - 12 - countLeft;
    m_count->setVisible(!narrow && countWidth >= m_count->sizeHint().width());
    m_count->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_count->setGeometry(countLeft, buttonTop, qMax(0, countWidth), button);
    if (height() != total) {
        setFixedHeight(total);
    }
}

void Composer::refresh() {
    const bool blank = m_edit->isBlank();
    m_send->setVisible(!m_answering);
    m_stop->setVisible(m_answering);
    m_send->setEnabled(m_unavailable.isEmpty());
    m_send->setToolTip(m_unavailable);
    QStringList words;
    if (!m_unavailable.isEmpty()) {
        words << m_unavailable;
    } else {
        if (m_tokens >= 0 && !blank) {
            words << (m_tokens == 1 ? tr("1 token") : tr("%1 tokens").arg(groupedText(m_tokens)));
        }
        if (!m_answering && (blank || m_tokens < 0)) {
            words << tr("Enter sends");
        }
        words << tr("Shift+Enter for a new line");
    }
    m_count->setText(words.join(QStringLiteral(" · ")));
    m_thinking->setChecked(m_view.thinking);
    m_thinking->setToolTip(m_view.thinking ? tr("The model thinks before it answers")
                                           : tr("The model answers without thinking first"));
    m_sampling->setToolTip(tr("Sampling and system prompt: %1").arg(samplingText(m_view)));
    place();
    update();
}

void Composer::applyTheme() {
    const Theme& look = theme();
    m_edit->applyTheme();
    m_sampling->setIcon(look.icon(QStringLiteral("settings")));
    m_thinking->setIcon(look.icon(QStringLiteral("thinking")));
    m_add->setIconName(QStringLiteral("file"));
    m_send->setIcon(look.icon(QStringLiteral("send")));
    m_stop->setIcon(look.icon(QStringLiteral("stop")));
    refresh();
}

void Composer::resizeEvent(QResizeEvent* event) {
    QFrame::resizeEvent(event);
    place();
}

void Composer::changeEvent(QEvent* event) {
    QFrame::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_stop != nullptr) {
        applyTheme();
    }
}

void Composer::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool focus = m_edit->hasFocus();
    const qreal pen = focus ? 2 : 1;
    painter.setPen(QPen(look.color(focus ? Color::AccentText : Color::BorderStrong), pen));
    painter.setBrush(look.color(Color::Panel));
    painter.drawRoundedRect(QRectF(rect()).adjusted(pen / 2, pen / 2, -pen / 2, -pen / 2), 8, 8);
}

bool Composer::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_edit && (event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut)) {
        update();
    }
    return QFrame::eventFilter(watched, event);
}

} // namespace moescope::ui
