// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/capturepanel.h"

#include "ui/models/tokentext.h"
#include "ui/panels/transcript.h"
#include "ui/theme/theme.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/elidedlabel.h"
#include "ui/widgets/iconbutton.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QPainter>
#include <QVBoxLayout>

namespace moescope::ui {

namespace {

constexpr int kHead = 40;       ///< px
constexpr int kCompact = 33;    ///< px, beside docks
constexpr int kNarrow = 480;    ///< px
constexpr int kMostNote = 2000; ///< characters

} // namespace

CapturePanel::CapturePanel(QWidget* parent) : QWidget(parent) {
    setAccessibleName(tr("Capture"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(1, 0, 1, 0);
    column->setSpacing(0);
    m_head = new QWidget(this);
    m_head->setFixedHeight(kHead);
    auto* headRow = new QHBoxLayout(m_head);
    headRow->setContentsMargins(12, 0, 8, 1);
    m_title = new ElidedLabel({}, TextStyle::UiStrong, Color::Text, m_head);
    auto* close = new IconButton(QStringLiteral("close"), tr("Close the capture"), m_head);
    headRow->addWidget(m_title, 1);
    headRow->addWidget(close);
    m_transcript = new Transcript(this);
    m_transcript->setAnswering(true); // what would start an answer is off
    m_foot = new QWidget(this);
    auto* foot = new QVBoxLayout(m_foot);
    foot->setSpacing(8);
    m_banner = new Banner(Banner::Kind::Info, {}, m_foot);
    m_banner->setIconName(QStringLiteral("record"));
    m_banner->setLead(tr("Nothing is computed."));
    m_marks = new MarkList(m_foot);
    m_marks->setAccessibleName(tr("Notes and bookmarks"));
    m_marks->installEventFilter(this);
    m_marks->hide();
    m_noteRow = new QWidget(m_foot);
    auto* noteRow = new QHBoxLayout(m_noteRow);
    noteRow->setContentsMargins(0, 0, 0, 0);
    m_note = new QLineEdit(m_noteRow);
    m_note->setMaxLength(kMostNote);
    m_note->setAccessibleName(tr("Note"));
    m_note->installEventFilter(this);
    noteRow->addWidget(m_note);
    m_noteRow->hide();
    auto* steps = new QWidget(m_foot);
    auto* row = new QHBoxLayout(steps);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(4);
    m_previous = new IconButton(QStringLiteral("chevron-left"), tr("Previous token (Ctrl+Left)"), steps);
    m_play = new IconButton(QStringLiteral("play"), tr("Step through the tokens"), steps);
    m_next = new IconButton(QStringLiteral("chevron-right"), tr("Next token (Ctrl+Right)"), steps);
    m_token = new ElidedLabel({}, TextStyle::Small, Color::TextSecondary, steps);
    auto* note = new IconButton(QStringLiteral("edit"), tr("Add a note (N)"), steps);
    m_bookmark = new IconButton(QStringLiteral("bookmark"), tr("Bookmark this token (Ctrl+D)"), steps);
    m_bookmark->setCheckable(true);
    for (QWidget* const part :
         {static_cast<QWidget*>(m_previous), static_cast<QWidget*>(m_play), static_cast<QWidget*>(m_next)}) {
        row->addWidget(part);
    }
    row->addSpacing(4);
    row->addWidget(m_token, 1);
    row->addWidget(note);
    row->addWidget(m_bookmark);
    foot->addWidget(m_banner);
    foot->addWidget(m_marks);
    foot->addWidget(m_noteRow);
    foot->addWidget(steps);
    column->addWidget(m_head);
    column->addWidget(m_transcript, 1);
    column->addWidget(m_foot);

    connect(close, &QAbstractButton::clicked, this, &CapturePanel::closeRequested);
    connect(m_previous, &QAbstractButton::clicked, this, [this] { emit stepRequested(-1); });
    connect(m_next, &QAbstractButton::clicked, this, [this] { emit stepRequested(1); });
    connect(m_play, &QAbstractButton::clicked, this, [this] { emit playRequested(!m_playing); });
    connect(note, &QAbstractButton::clicked, this, &CapturePanel::noteRequested);
    connect(m_bookmark, &QAbstractButton::clicked, this, &CapturePanel::bookmarkToggled);
    connect(m_note, &QLineEdit::returnPressed, this, [this] {
        const QString text = m_note->text().trimmed();
        endNote();
        if (!text.isEmpty()) {
            emit noteWritten(text);
        }
    });
    connect(m_marks, &QListWidget::itemActivated, this,
            [this](QListWidgetItem* item) { emit markActivated(m_marks->row(item)); });
    connect(m_marks, &QListWidget::itemClicked, this,
            [this](QListWidgetItem* item) { emit markActivated(m_marks->row(item)); });
    connect(m_transcript, &Transcript::tokenClicked, this, &CapturePanel::tokenClicked);
    connect(m_transcript, &Transcript::wordKeyPressed, this, &CapturePanel::wordKeyPressed);
    connect(m_transcript, &Transcript::offsetClicked, this, &CapturePanel::offsetClicked);
    // What was written is not edited here; its button is for a note to it.
    connect(m_transcript, &Transcript::editRequested, this, [this](qint64 message) {
        emit offsetClicked(message, 0);
        emit noteRequested();
    });
    connect(m_transcript, &Transcript::expertsRequested, this, &CapturePanel::expertsRequested);
    connect(m_transcript, &Transcript::linkActivated, this, &CapturePanel::linkActivated);
    setToken(-1, 0, {}, false);
    place();
}

void CapturePanel::setCapture(const CaptureView& view) {
    endNote();
    m_title->setText(view.title);
    m_banner->setText(view.sentence);
    m_transcript->setMessages(view.messages);
}

void CapturePanel::setTokenRanges(qint64 message, const QList<TokenRange>& ranges) const {
    m_transcript->setTokenRanges(message, ranges);
}

void CapturePanel::setToken(int token, int tokens, const QString& text, bool bookmarked) {
    m_previous->setEnabled(tokens > 0 && token != 0);
    m_next->setEnabled(token + 1 < tokens);
    m_play->setEnabled(tokens > 0);
    m_bookmark->setEnabled(token >= 0);
    m_bookmark->setChecked(bookmarked);
    if (tokens == 0) {
        m_token->setText(tr("No tokens were recorded"));
    } else if (token < 0) {
        m_token->setText(tr("%1 tokens, none selected").arg(groupedText(tokens)));
    } else {
        m_token->setText(tr("Token %1 of %2: “%3”").arg(tokenNumber(token), groupedText(tokens), text));
    }
    m_transcript->setSelectedToken(token);
}

void CapturePanel::setPlaying(bool playing) {
    m_playing = playing;
    const QString name = playing ? tr("Pause") : tr("Step through the tokens");
    m_play->setIconName(playing ? QStringLiteral("pause") : QStringLiteral("play"));
    m_play->setAccessibleName(name);
    m_play->setToolTip(name);
}

void CapturePanel::setTokensClickable(bool clickable) {
    m_transcript->setTokensClickable(clickable);
    m_head->setFixedHeight(clickable ? qRound((kCompact - 1) * theme().fontScale()) + 1
                                     : kHead); // then docks stand beside
    update();
}

void CapturePanel::beginNote(const QString& place) {
    m_note->setPlaceholderText(tr("%1: your note, then Enter").arg(place));
    m_noteRow->show();
    m_note->setFocus();
}

void CapturePanel::endNote() {
    m_note->clear();
    if (m_noteRow->isVisible()) {
        m_noteRow->hide();
        focusSteps();
    }
}

void CapturePanel::focusSteps() const {
    const QList<QWidget*> stops{m_next, m_previous, m_play};
    for (QWidget* const stop : stops) {
        if (stop->isEnabled()) {
            stop->setFocus();
            return;
        }
    }
    m_transcript->setFocus();
}

bool CapturePanel::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (watched == m_note && key == Qt::Key_Escape) {
            endNote();
            return true;
        }
        if (watched == m_marks && key == Qt::Key_Delete && m_marks->currentRow() >= 0) {
            emit markRemoved(m_marks->currentRow());
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

void CapturePanel::place() {
    const bool narrow = width() < kNarrow;
    const QRect column = Transcript::columnIn(width() - 2);
    m_foot->layout()->setContentsMargins(narrow ? 12 : column.left(), 4, narrow ? 12 : width() - 2 - column.right() - 1,
                                         12);
}

void CapturePanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    place();
}

void CapturePanel::paintBeyond(QPainter& painter, const QRect& strip) const {
    painter.fillRect(strip, theme().color(Color::Panel));
    painter.fillRect(QRect(strip.x(), strip.y() + m_head->height() - 1, strip.width(), 1),
                     theme().color(Color::BorderSubtle));
}

void CapturePanel::setOpenAtRight(bool open) {
    if (open != m_openAtRight) {
        m_openAtRight = open;
        update();
    }
}

void CapturePanel::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), theme().color(Color::Panel));
    painter.setPen(theme().color(Color::BorderSubtle));
    painter.drawLine(0, m_head->height() - 1, width(), m_head->height() - 1);
    painter.setPen(theme().color(Color::Border));
    // At the window's own edge the frame is the edge.
    const QPoint left = mapTo(window(), QPoint(0, 0));
    if (left.x() > 0) {
        painter.drawLine(0, 0, 0, height());
    }
    if (!m_openAtRight && left.x() + width() < window()->width()) {
        painter.drawLine(width() - 1, 0, width() - 1, height());
    }
}

} // namespace moescope::ui
