// SPDX-License-Identifier: Apache-2.0
// Where the messages of the transcript lie: heights are guessed until a message is near the view, and only messages near
// it have widgets.
#include "ui/panels/answermessage.h"
#include "ui/panels/cutline.h"
#include "ui/panels/transcript.h"
#include "ui/panels/usermessage.h"
#include "ui/theme/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QScrollBar>
#include <QTimer>

namespace moescope::ui {

namespace {

constexpr int kTop = 16;     ///< px above the first message
constexpr int kOverscan = 2; ///< messages kept alive beyond the visible ones

} // namespace

int Transcript::estimate(const MessageView& message, int width) const {
    const int line = theme().lineHeight(TextStyle::Body);
    const int perLine = qMax(8, width / 7);
    const QString text = message.answer();
    const qsizetype lines = text.size() / perLine + text.count(QLatin1Char('\n')) + 1;
    const int frame = (message.role == Role::User ? 18 : 56) + (message.parts.hasThinking() ? 28 : 0);
    const int chips = message.documents.isEmpty() ? 0 : theme().lineHeight(TextStyle::Small) + 18;
    const int above = message.cut_above ? CutLine::heightOf() : 0;
    return static_cast<int>(qMin<qsizetype>(lines, 5000)) * line + frame + chips + above + MessageWidget::kGap;
}

void Transcript::forgetHeights() {
    m_heights.resize(m_messages.size());
    m_measured.fill(false, m_messages.size());
    for (int i = 0; i < m_messages.size(); ++i) {
        m_heights[i] = estimate(m_messages[i], m_width);
    }
}

qint64 Transcript::topOf(int index) const {
    qint64 top = kTop;
    for (int i = 0; i < index; ++i) {
        top += m_heights[i];
    }
    return top;
}

qint64 Transcript::totalHeight() const { return topOf(static_cast<int>(m_heights.size())); }

Transcript::Anchor Transcript::anchorAt(qint64 scroll) const {
    qint64 top = kTop;
    for (int i = 0; i < m_heights.size(); ++i) {
        if (top + m_heights[i] > scroll || i + 1 == m_heights.size()) {
            return {i, static_cast<int>(top - scroll)};
        }
        top += m_heights[i];
    }
    return {};
}

MessageWidget* Transcript::obtain(int index) {
    const MessageView& message = m_messages[index];
    if (MessageWidget* widget = widgetOf(message.id)) {
        return widget;
    }
    MessageWidget* widget = nullptr;
    if (message.role == Role::User) {
        widget = new UserMessage(viewport());
    } else {
        widget = new AnswerMessage(viewport());
    }
    const qint64 id = message.id;
    connect(widget, &MessageWidget::copyRequested, this, [this, id] {
        if (const int at = indexOf(id); at >= 0) {
            QApplication::clipboard()->setText(m_messages[at].whole());
        }
    });
    connect(widget, &MessageWidget::regenerateRequested, this, [this, id] { emit regenerateRequested(id); });
    connect(widget, &MessageWidget::editRequested, this, [this, id] { emit editRequested(id); });
    connect(widget, &MessageWidget::continueRequested, this, [this, id] { emit continueRequested(id); });
    connect(widget, &MessageWidget::versionRequested, this, [this, id](int step) { emit versionRequested(id, step); });
    connect(widget, &MessageWidget::expertsRequested, this, [this, id] { emit expertsRequested(id); });
    connect(widget, &MessageWidget::branchRequested, this, [this, id] { emit branchRequested(id); });
    connect(widget, &MessageWidget::compareWithRequested, this, [this, id] { emit compareWithRequested(id); });
    connect(widget, &MessageWidget::captureRequested, this, [this, id] { emit captureRequested(id); });
    connect(widget, &MessageWidget::routingRequested, this, [this, id] { emit routingRequested(id); });
    connect(widget, &MessageWidget::compareRequested, this, [this, id] { emit compareRequested(id); });
    connect(widget, &MessageWidget::recipeRequested, this, [this, id] { emit recipeRequested(id); });
    connect(widget, &MessageWidget::documentOpened, this, &Transcript::documentOpened);
    connect(widget, &MessageWidget::stopRequested, this, &Transcript::stopRequested);
    connect(widget, &MessageWidget::linkActivated, this, &Transcript::linkActivated);
    connect(widget, &MessageWidget::tokenClicked, this, [this, id](int token) {
        m_wordClicked = true;
        emit tokenClicked(id, token);
    });
    connect(widget, &MessageWidget::offsetClicked, this, [this, id](int offset) {
        m_wordClicked = true;
        emit offsetClicked(id, offset);
    });
    connect(widget, &MessageWidget::openChosen, this, [this, id](bool open) {
        m_opened.insert(id, open);
        // What was clicked stays where it is, also at the end.
        m_following = false;
        m_anchor = anchorAt(verticalScrollBar()->value());
    });
    connect(widget, &MessageWidget::heightChanged, this, [this, id] {
        if (const int at = indexOf(id); at >= 0) {
            m_measured[at] = false;
            scheduleArrange();
        }
    });
    widget->setMessage(message);
    if (const auto opened = m_opened.constFind(id); opened != m_opened.cend()) {
        widget->setOpened(opened.value());
    }
    widget->setAnswering(m_answering);
    widget->setEdited(id == m_edited);
    feedMarks(widget, id);
    m_widgets.insert(id, widget);
    return widget;
}

int Transcript::measure(int index) {
    MessageWidget* widget = obtain(index);
    if (!m_measured[index] || widget->width() != m_width) {
        const int height = widget->layoutFor(m_width);
        m_heights[index] = height + roomAbove(index);
        m_measured[index] = true;
        widget->resize(m_width, height);
    }
    return m_heights[index];
}

int Transcript::roomAbove(int index) const { return m_messages[index].cut_above ? CutLine::heightOf() : 0; }

void Transcript::scheduleArrange() {
    if (!m_scheduled) {
        m_scheduled = true;
        QTimer::singleShot(0, this, [this] {
            m_scheduled = false;
            arrange();
        });
    }
}

void Transcript::arrange() {
    if (m_arranging || m_width <= 0) {
        return;
    }
    m_arranging = true;
    const int count = static_cast<int>(m_messages.size());
    const int viewHeight = viewport()->height();
    if (count > 0) {
        if (!m_following) {
            m_anchor.index = qBound(0, m_anchor.index, count - 1);
            int y = m_anchor.top;
            int i = m_anchor.index;
            for (; i < count && y < viewHeight; ++i) {
                y += measure(i);
            }
            // Short of the bottom: the view ends with the last message.
            m_following = i == count && y <= viewHeight && topOf(m_anchor.index) - m_anchor.top > 0;
        }
        if (m_following) {
            int filled = 0;
            for (int i = count - 1; i >= 0 && filled < viewHeight; --i) {
                filled += measure(i);
            }
            m_anchor = anchorAt(qMax<qint64>(0, totalHeight() - viewHeight));
        }
    } else {
        m_anchor = {};
    }
    const qint64 total = totalHeight();
    const qint64 scroll = qMax<qint64>(0, topOf(m_anchor.index) - m_anchor.top);
    verticalScrollBar()->setPageStep(viewHeight);
    verticalScrollBar()->setRange(0, static_cast<int>(qMax<qint64>(0, total - viewHeight)));
    verticalScrollBar()->setValue(static_cast<int>(scroll));

    // Of the whole width: the scroll bar stands in the margin and moves nothing when it comes.
    const int left = columnIn(width()).left();
    int last = m_anchor.index - 1;
    bool cut = false;
    for (int i = m_anchor.index, y = m_anchor.top; i < count && y < viewHeight; ++i) {
        MessageWidget* widget = obtain(i);
        measure(i);
        if (m_messages[i].cut_above) {
            cut = true;
            m_cut->setTokens(m_messages[i].cut_tokens);
            m_cut->setGeometry(left, y, m_width, CutLine::heightOf());
        }
        widget->move(left, y + roomAbove(i));
        widget->show();
        y += m_heights[i];
        last = i;
    }
    m_cut->setVisible(cut);
    const int first = m_anchor.index;
    for (auto it = m_widgets.cbegin(); it != m_widgets.cend(); ++it) {
        const int index = indexOf(it.key());
        if (index < first || index > last) {
            it.value()->hide();
        }
    }
    dropWidgets(first - kOverscan, last + kOverscan);
    chainFocus(first, last);
    m_arranging = false;
}

void Transcript::dropWidgets(int firstKept, int lastKept) {
    for (auto it = m_widgets.begin(); it != m_widgets.end();) {
        const int index = indexOf(it.key());
        if (index >= firstKept && index <= lastKept) {
            ++it;
            continue;
        }
        if (it.value()->isAncestorOf(QApplication::focusWidget())) {
            setFocus();
        }
        // A signal of this very widget may have brought us here.
        it.value()->hide();
        it.value()->deleteLater();
        it = m_widgets.erase(it);
    }
}

void Transcript::chainFocus(int first, int last) {
    QWidget* before = this;
    for (int i = first; i <= last; ++i) {
        const auto children = obtain(i)->findChildren<QWidget*>();
        for (QWidget* child : children) {
            if (child->focusPolicy() & Qt::TabFocus) {
                setTabOrder(before, child);
                before = child;
            }
        }
    }
}

void Transcript::scrollToMessage(qint64 message, int offset) {
    const int index = indexOf(message);
    if (index < 0) {
        return;
    }
    m_following = false;
    m_anchor = {index, kTop};
    arrange();
    if (offset > 0) {
        if (MessageWidget* widget = widgetOf(message)) {
            const int wanted = viewport()->height() / 3;
            const int y = roomAbove(index) + widget->offsetTop(offset);
            if (y > viewport()->height() / 2) {
                m_following = false;
                m_anchor = {index, wanted - y};
                arrange();
            }
        }
    }
}

void Transcript::scrollToEnd() {
    m_following = true;
    arrange();
}

} // namespace moescope::ui
