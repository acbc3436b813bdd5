// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/thinkingblock.h"

#include "ui/text/markdownview.h"
#include "ui/theme/theme.h"

#include <QAbstractButton>
#include <QKeyEvent>
#include <QPainter>

namespace moescope::ui {

namespace {

constexpr int kHead = 28;   ///< px
constexpr int kIndent = 20; ///< px from the edge to the text, below that of the head
constexpr int kBelow = 8;   ///< px below the text

/** Chevron and words; checked while what it stands for is open. */
class FoldButton : public QAbstractButton {
public:
    explicit FoldButton(QWidget* parent) : QAbstractButton(parent) {
        setCheckable(true);
        setFocusPolicy(Qt::StrongFocus);
        setAttribute(Qt::WA_Hover);
    }

    QSize sizeHint() const override {
        const QFontMetrics metrics(theme().font(TextStyle::Small));
        return {kIndent + metrics.horizontalAdvance(text()) + 8, qMax(kHead, theme().lineHeight(TextStyle::Small) + 8)};
    }

protected:
    void keyPressEvent(QKeyEvent* event) override {
        const int key = event->key();
        const bool opens = key == Qt::Key_Right && !isChecked();
        const bool folds = key == Qt::Key_Left && isChecked();
        if (opens || folds || key == Qt::Key_Return || key == Qt::Key_Enter) {
            click();
        } else {
            QAbstractButton::keyPressEvent(event);
        }
    }

    void paintEvent(QPaintEvent*) override {
        const Theme& look = theme();
        QPainter painter(this);
        const QColor color = look.color(underMouse() || isDown() ? Color::Text : Color::TextMuted);
        const QString icon = isChecked() ? QStringLiteral("chevron-down") : QStringLiteral("chevron-right");
        painter.drawPixmap(0, (height() - 14) / 2, look.pixmap(icon, 14, color, devicePixelRatioF()));
        painter.setFont(look.font(TextStyle::Small));
        painter.setPen(color);
        const QRect words = rect().adjusted(kIndent, 0, 0, 0);
        painter.drawText(words, Qt::AlignLeft | Qt::AlignVCenter,
                         QFontMetrics(painter.font()).elidedText(text(), Qt::ElideRight, words.width()));
    }
};

} // namespace

ThinkingBlock::ThinkingBlock(QWidget* parent) : QWidget(parent) {
    m_head = new FoldButton(this);
    m_text = new MarkdownView(this);
    m_text->setColor(Color::TextSecondary);
    m_text->setAccessibleName(tr("Thinking"));
    m_text->hide();
    connect(m_head, &QAbstractButton::clicked, this, [this](bool open) {
        setOpen(open);
        emit toggled(open);
    });
    connect(m_text, &MarkdownView::heightChanged, this, &ThinkingBlock::heightChanged);
    setOpen(false);
}

void ThinkingBlock::setThinking(const QString& text, const AnswerParts& parts, bool streaming) {
    const QString words = thinkingText(parts);
    if (words != m_head->text()) {
        m_head->setText(words);
        m_head->setAccessibleName(words);
    }
    m_text->extendTo(text, streaming);
    m_text->setStreaming(streaming);
}

void ThinkingBlock::setOpen(bool open) {
    m_head->setChecked(open);
    m_head->setAccessibleDescription(open ? tr("Folds the thinking") : tr("Shows the thinking"));
    m_text->setVisible(open);
    update();
}

bool ThinkingBlock::isOpen() const { return m_head->isChecked(); }

int ThinkingBlock::layoutFor(int width) {
    const QSize head = m_head->sizeHint();
    m_head->setGeometry(0, 0, qMin(width, head.width()), head.height());
    int height = head.height();
    if (isOpen()) {
        const int room = qMax(0, width - kIndent);
        const int text = m_text->heightForWidth(room);
        m_text->setGeometry(kIndent, height, room, text);
        height += text + kBelow;
    }
    return height;
}

void ThinkingBlock::paintEvent(QPaintEvent*) {
    if (isOpen()) {
        QPainter painter(this);
        painter.fillRect(QRect(6, m_text->y(), 2, m_text->height()), theme().color(Color::Border));
    }
}

} // namespace moescope::ui
