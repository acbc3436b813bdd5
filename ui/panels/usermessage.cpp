// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/usermessage.h"

#include "ui/panels/documentchip.h"
#include "ui/panels/plaintextview.h"
#include "ui/panels/versionswitch.h"
#include "ui/theme/theme.h"
#include "ui/widgets/iconbutton.h"

#include <QPainter>
#include <QPushButton>

namespace moescope::ui {

namespace {

constexpr int kSide = 12;                ///< px from the box to the text
constexpr int kAbove = 9;                ///< px from the box to the text
constexpr int kBetween = 8;              ///< px from the chips to the text
constexpr int kButton = 28;              ///< px
constexpr qsizetype kShownAtOnce = 6000; ///< characters of a long message before "Show all"

/** Seen while the pointer is on the message or the button has the focus, so that reading is undisturbed. */
class QuietButton : public IconButton {
public:
    using IconButton::IconButton;

    void setRevealed(bool revealed) {
        m_revealed = revealed;
        update();
    }

protected:
    void paintEvent(QPaintEvent* event) override {
        if (m_revealed || hasFocus() || underMouse()) {
            IconButton::paintEvent(event);
        }
    }

private:
    bool m_revealed = false;
};

} // namespace

UserMessage::UserMessage(QWidget* parent) : MessageWidget(parent) {
    m_documents = new DocumentStrip(false, this);
    m_text = new PlainTextView(this);
    m_all = new QPushButton(this);
    m_all->setAccessibleName(tr("Show the whole message"));
    m_all->setProperty("quiet", true);
    m_copy = new QuietButton(QStringLiteral("copy"), tr("Copy"), this);
    m_edit = new QuietButton(QStringLiteral("edit"), tr("Edit: sending makes a new branch"), this);
    m_compare = new QuietButton(QStringLiteral("compare"), tr("Compare with…"), this);
    m_versions = new VersionSwitch(this);
    connect(m_all, &QPushButton::clicked, this, [this] {
        m_whole = true;
        refreshText();
        emit heightChanged();
    });
    connect(m_documents, &DocumentStrip::openRequested, this,
            [this](int index) { emit documentOpened(m_message.documents.at(index)); });
    connect(m_copy, &QAbstractButton::clicked, this, &MessageWidget::copyRequested);
    connect(m_edit, &QAbstractButton::clicked, this, &MessageWidget::editRequested);
    connect(m_compare, &QAbstractButton::clicked, this, &MessageWidget::compareWithRequested);
    connect(m_versions, &VersionSwitch::stepped, this, &MessageWidget::versionRequested);
}

void UserMessage::setMessage(const MessageView& message) {
    const bool sameText = m_message.id == message.id && m_message.text == message.text;
    m_message = message;
    if (!sameText) {
        refreshText();
    }
    m_documents->setDocuments(message.documents);
    const QString what = message.captured ? tr("Add a note") : tr("Edit: sending makes a new branch");
    m_edit->setAccessibleName(what);
    m_edit->setToolTip(what);
    setAnswering(m_answering);
    m_compare->setVisible(!message.captured);
    m_versions->setVersion(message.version, message.versions);
    m_versions->setVisible(message.versions > 1);
}

void UserMessage::appendText(const QString& text) {
    m_message.text += text;
    refreshText();
}

void UserMessage::refreshText() {
    const bool cut = !m_whole && m_message.text.size() > kShownAtOnce;
    m_text->setText(cut ? m_message.text.left(kShownAtOnce) + QStringLiteral("…") : m_message.text);
    m_all->setVisible(cut);
    m_all->setText(tr("Show all %1 characters").arg(groupedText(m_message.text.size())));
}

int UserMessage::layoutFor(int width) {
    const int most = qMax(60, width * 4 / 5 - 2 * kSide);
    const bool cut = !m_all->isHidden();
    const bool versions = !m_versions->isHidden();
    int textWidth = m_text->idealWidth(most);
    if (cut) {
        textWidth = most;
    }
    const bool documents = !m_documents->isEmpty();
    const int chipsWidth = documents ? m_documents->idealWidth(most) : 0;
    const int chipsHeight = documents ? m_documents->rowsHeight(chipsWidth) : 0;
    const bool words = !documents || !m_message.text.isEmpty();
    m_text->setVisible(words);
    textWidth = words ? qMax(textWidth, chipsWidth) : chipsWidth;
    const int above = kAbove + (documents ? chipsHeight + (words ? kBetween : 0) : 0);
    const int textHeight = words ? m_text->heightFor(textWidth) : 0;
    const int allHeight = cut ? m_all->sizeHint().height() + 4 : 0;
    // The text's own slack against a break lies in the padding.
    const int slack = textWidth < most && textWidth > chipsWidth ? PlainTextView::kSlack : 0;
    const int boxWidth = textWidth + 2 * kSide - slack;
    m_box = QRect(width - boxWidth, 0, boxWidth, above + textHeight + allHeight + kAbove);
    m_documents->setGeometry(m_box.left() + kSide, kAbove, textWidth, chipsHeight);
    m_text->setGeometry(m_box.left() + kSide, above - m_text->sink(), textWidth, textHeight);
    if (cut) {
        m_all->setGeometry(m_box.left() + kSide, above + textHeight + 4, qMin(textWidth, m_all->sizeHint().width()),
                           m_all->sizeHint().height());
    }
    const int buttonTop = qMax(0, m_box.height() - kButton - 5);
    m_edit->setGeometry(m_box.left() - 8 - kButton, buttonTop, kButton, kButton);
    m_copy->setGeometry(m_box.left() - 8 - 2 * kButton, buttonTop, kButton, kButton);
    m_compare->setGeometry(m_box.left() - 8 - 3 * kButton, buttonTop, kButton, kButton);
    int height = m_box.height();
    if (versions) {
        const QSize size = m_versions->sizeHint();
        m_versions->setGeometry(width - size.width(), height + 2, size.width(), size.height());
        height += 2 + size.height();
    }
    return height + kGap + 2;
}

void UserMessage::setAnswering(bool answering) {
    m_answering = answering;
    m_edit->setEnabled(!answering || m_message.captured);
    m_versions->setStepsEnabled(!answering);
}

void UserMessage::setEdited(bool edited) {
    if (edited != m_edited) {
        m_edited = edited;
        update();
    }
}

void UserMessage::setTokens(const QList<TokenRange>&, int, bool) {}

void UserMessage::setFound(const QList<SourceRange>& hits, int current) {
    QList<int> documents;
    QList<SourceRange> words;
    int document = -1;
    int word = -1;
    for (int i = 0; i < hits.size(); ++i) {
        if (hits[i].start < 0) {
            documents.append(-1 - hits[i].start);
            document = i == current ? documents.last() : document;
        } else {
            words.append(hits[i]);
            word = i == current ? static_cast<int>(words.size()) - 1 : word;
        }
    }
    m_documents->setFound(documents, document);
    if (word >= 0 && words[word].end > kShownAtOnce && !m_whole && !m_all->isHidden()) {
        m_all->click();
    }
    m_text->setFound(words, word);
}

int UserMessage::offsetTop(int offset) const { return m_text->y() + m_text->offsetTop(offset); }

void UserMessage::applyTheme() {
    m_text->applyTheme();
    update();
}

void UserMessage::showActions() {
    const bool shown = underMouse();
    static_cast<QuietButton*>(m_copy)->setRevealed(shown);
    static_cast<QuietButton*>(m_edit)->setRevealed(shown);
    static_cast<QuietButton*>(m_compare)->setRevealed(shown);
}

void UserMessage::enterEvent(QEnterEvent* event) {
    MessageWidget::enterEvent(event);
    showActions();
}

void UserMessage::leaveEvent(QEvent* event) {
    MessageWidget::leaveEvent(event);
    showActions();
}

void UserMessage::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(theme().color(Color::Sunken));
    painter.setPen(theme().color(m_edited ? Color::Accent : Color::BorderSubtle));
    painter.drawRoundedRect(QRectF(m_box).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
}

} // namespace moescope::ui
