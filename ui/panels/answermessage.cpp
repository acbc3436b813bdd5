// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/answermessage.h"

#include "ui/models/whatif.h"
#include "ui/panels/streamline.h"
#include "ui/panels/styledlabel.h"
#include "ui/panels/thinkingblock.h"
#include "ui/panels/versionswitch.h"
#include "ui/panels/whatifline.h"
#include "ui/text/markdownview.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/iconbutton.h"
#include "ui/widgets/progresscard.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QLocale>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QPushButton>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kButton = 28;     ///< px
constexpr int kLow = 24;        ///< px, of those beside the sentence on an interruption
constexpr int kFramed = 34;     ///< px wide, of an icon with a frame
constexpr int kSign = 20;       ///< px: the sign before what is said of an interruption
constexpr int kLeastStats = 84; ///< px: the tokens at the right of the actions
constexpr int kNarrow = 480;    ///< px: below, the head and the stats are shorter

int headHeight() { return theme().lineHeight(TextStyle::Ui); }

/** What of a range of the whole text lies in a part of it, counted from the part's begin. */
SourceRange within(int begin, int end, int partBegin, int partEnd) {
    return {qBound(partBegin, begin, partEnd) - partBegin, qBound(partBegin, end, partEnd) - partBegin};
}

QString clock(const QDateTime& when) { return QLocale().toString(when.time(), QStringLiteral("HH:mm")); }

} // namespace

AnswerMessage::AnswerMessage(QWidget* parent) : MessageWidget(parent) {
    m_whatIf = new WhatIfLine(this);
    m_thinking = new ThinkingBlock(this);
    m_thinking->view()->installEventFilter(this);
    m_text = new MarkdownView(this);
    m_text->setAccessibleName(tr("Answer"));
    m_text->installEventFilter(this);
    m_progress = new ProgressCard(this);
    m_stream = new StreamLine(this);
    m_error = new Banner(Banner::Kind::Error, {}, this);
    m_copy = new IconButton(QStringLiteral("copy"), tr("Copy"), this);
    m_regenerate = new IconButton(QStringLiteral("regenerate"), tr("Regenerate"), this);
    m_edit = new IconButton(QStringLiteral("edit"), tr("Edit the question"), this);
    m_edit->setToolTip(tr("Edit the question. Sending it makes a new branch; the old one stays."));
    m_branch = new IconButton(QStringLiteral("branch"), tr("Branch at a token"), this);
    m_branch->setToolTip(tr("Branch at a token: Token probabilities shows what else could have stood there"));
    m_experts = new IconButton(QStringLiteral("heatmap"), tr("Show experts"), this);
    m_more = new IconButton(QStringLiteral("more"), tr("More"), this);
    m_continue = new QPushButton(tr("Continue"), this);
    m_continue->setAccessibleName(tr("Continue the answer"));
    m_continue->setProperty("small", true);
    m_interrupted = new StyledLabel({}, TextStyle::Small, Color::Warn, this);
    m_versions = new VersionSwitch(this);
    m_stats = new StyledLabel({}, TextStyle::Axis, Color::TextMuted, this);
    m_stats->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    connect(m_whatIf, &WhatIfLine::compareRequested, this, &MessageWidget::compareRequested);
    connect(m_whatIf, &WhatIfLine::useRequested, this, &MessageWidget::recipeRequested);
    connect(m_thinking, &ThinkingBlock::toggled, this, &AnswerMessage::chooseOpen);
    connect(m_thinking, &ThinkingBlock::heightChanged, this, &MessageWidget::heightChanged);
    connect(m_thinking->view(), &MarkdownView::linkActivated, this, &MessageWidget::linkActivated);
    connect(m_text, &MarkdownView::linkActivated, this, &MessageWidget::linkActivated);
    connect(m_text, &MarkdownView::heightChanged, this, &MessageWidget::heightChanged);
    connect(m_progress, &ProgressCard::stopRequested, this, &MessageWidget::stopRequested);
    connect(m_copy, &QAbstractButton::clicked, this, &MessageWidget::copyRequested);
    connect(m_regenerate, &QAbstractButton::clicked, this, &MessageWidget::regenerateRequested);
    connect(m_edit, &QAbstractButton::clicked, this, &MessageWidget::editRequested);
    connect(m_branch, &QAbstractButton::clicked, this, &MessageWidget::branchRequested);
    connect(m_experts, &QAbstractButton::clicked, this, &MessageWidget::expertsRequested);
    connect(m_more, &QAbstractButton::clicked, this, &AnswerMessage::openMore);
    connect(m_continue, &QAbstractButton::clicked, this, &MessageWidget::continueRequested);
    connect(m_versions, &VersionSwitch::stepped, this, &MessageWidget::versionRequested);
    applyTheme();
}

void AnswerMessage::setMessage(const MessageView& message) {
    m_message = message;
    refresh();
}

void AnswerMessage::appendText(const QString& text) {
    m_message.text += text;
    refreshText();
}

void AnswerMessage::refreshText() {
    const bool answering = m_message.state == AnswerState::Answering;
    const bool thinks = m_message.parts.thinks;
    const QString answer = m_message.answer();
    m_text->extendTo(answer, answering);
    m_text->setStreaming(answering && !thinks);
    m_text->setVisible(!answer.isEmpty());
    m_thinking->setThinking(m_message.thinking(), m_message.parts, answering && thinks);
    m_thinking->setVisible(m_message.parts.hasThinking());
    if (m_thinking->isOpen() != isThinkingOpen()) {
        m_thinking->setOpen(isThinkingOpen());
    }
}

bool AnswerMessage::isThinkingOpen() const { return m_opened.value_or(m_text->markdown().isEmpty()); }

void AnswerMessage::chooseOpen(bool open) {
    m_opened = open;
    m_thinking->setOpen(open);
    emit openChosen(open);
    emit heightChanged();
}

void AnswerMessage::setOpened(std::optional<bool> open) {
    m_opened = open;
    m_thinking->setOpen(isThinkingOpen());
}

std::array<AnswerMessage::Part, 2> AnswerMessage::parts() const {
    return {Part{m_thinking->view(), m_message.parts.thinking_begin, m_message.parts.thinking_end},
            Part{m_text, m_message.answerBegin(), m_message.answerEnd()}};
}

void AnswerMessage::refresh() {
    const AnswerState state = m_message.state;
    const bool reading = state == AnswerState::Reading;
    const bool answering = state == AnswerState::Answering;
    const bool interrupted = state == AnswerState::Interrupted;
    const bool done = !reading && !answering;
    refreshText();
    const bool damaged = !m_message.recipe_problem.isEmpty();
    m_whatIf->setVisible(damaged || !m_message.recipe.empty());
    m_whatIf->setWords(damaged ? m_message.recipe_problem : recipeWords(m_message.recipe, true),
                       recipeWords(m_message.recipe));
    m_whatIf->setReadable(!damaged);
    m_whatIf->setComparable(done && !damaged && !m_message.captured);
    m_whatIf->setCaptured(m_message.captured);
    m_progress->setVisible(reading);
    if (reading) {
        const trace::PrefillProgress& progress = m_message.prefill;
        m_progress->setPrefill(progress);
    }
    m_stream->setVisible(answering);
    m_stream->setStats(m_message.stats);
    m_error->setVisible(state == AnswerState::Failed);
    m_error->setText(m_message.error);
    m_copy->setVisible(done && !interrupted && !m_text->markdown().isEmpty());
    m_regenerate->setVisible(done);
    m_regenerate->setFramed(interrupted); // it stands beside a button with a word
    showActions(width());
    m_continue->setVisible(interrupted);
    m_interrupted->setVisible(interrupted);
    m_versions->setVersion(m_message.version, m_message.versions);
    m_versions->setNote(takenText(m_message.taken));
    m_versions->setVisible(done && m_message.versions > 1);
    const bool said = m_message.stats.tokens > 0 || !m_message.stats.stop_reason.isEmpty();
    m_stats->setVisible(done && !interrupted && said);
    m_continue->setEnabled(!m_answering);
    m_regenerate->setEnabled(!m_answering);
    m_edit->setEnabled(!m_answering);
    m_versions->setStepsEnabled(!m_answering);
    update();
}

int AnswerMessage::layoutFor(int width) {
    int y = headHeight() + 4;
    if (!m_whatIf->isHidden()) {
        const int height = m_whatIf->heightForWidth(width);
        m_whatIf->setGeometry(0, y, width, height);
        y += height + 8;
    }
    if (!m_thinking->isHidden()) {
        const int height = m_thinking->layoutFor(width);
        m_thinking->setGeometry(0, y, width, height);
        y += height;
    }
    if (!m_text->isHidden()) {
        const int height = m_text->heightForWidth(width);
        m_text->setGeometry(0, y, width, height);
        y += height + 4;
    }
    if (!m_progress->isHidden()) {
        const int height =
            m_progress->hasHeightForWidth() ? m_progress->heightForWidth(width) : m_progress->sizeHint().height();
        m_progress->setGeometry(0, y, width, height);
        y += height;
    }
    if (!m_stream->isHidden()) {
        const int height = m_stream->sizeHint().height();
        m_stream->setGeometry(0, y + 4, width, height);
        y += height + 4;
    }
    if (!m_error->isHidden()) {
        const int height = m_error->hasHeightForWidth() ? m_error->heightForWidth(width) : m_error->sizeHint().height();
        m_error->setGeometry(0, y, width, height);
        y += height + 4;
    }
    return layoutActions(y, width) + kGap;
}

bool AnswerMessage::canBranch() const { return m_message.has_trace && !m_message.captured; }

void AnswerMessage::showActions(int width) {
    const AnswerState state = m_message.state;
    const bool done =
        state != AnswerState::Reading && state != AnswerState::Answering && state != AnswerState::Interrupted;
    const bool wide = width >= kNarrow;
    m_edit->setVisible(done && wide && !m_message.captured);
    m_branch->setVisible(done && wide && canBranch());
    m_experts->setVisible(done && (wide || m_message.captured) && m_message.has_trace);
    m_more->setVisible(done && !m_message.captured && (m_message.has_trace || !wide));
}

int AnswerMessage::layoutActions(int top, int width) {
    showActions(width);
    if (m_regenerate->isHidden()) {
        return top;
    }
    if (!m_continue->isHidden()) {
        const int wide = m_continue->sizeHint().width();
        const int beside = qMax(0, width - kFramed - 16 - wide - kSign);
        const bool fits = nameInterruption(beside);
        if (!fits) {
            nameInterruption(width - kSign); // in a line of its own
        }
        m_interrupted->setGeometry(kSign, top, fits ? beside : qMax(0, width - kSign), kButton);
        top += fits ? 0 : kButton;
        const int middle = top + (kButton - kLow) / 2;
        m_regenerate->setGeometry(width - kFramed, middle, kFramed, kLow);
        m_continue->setGeometry(width - kFramed - 8 - wide, middle, wide, kLow);
        int end = top + kButton;
        if (!m_versions->isHidden()) {
            m_versions->setGeometry(0, end, m_versions->sizeHint().width(), kButton);
            end += kButton;
        }
        return end;
    }
    int x = -6; // the icons' left edge lines up with the text
    for (IconButton* button : {m_copy, m_regenerate, m_edit, m_branch, m_experts, m_more}) {
        if (!button->isHidden()) {
            button->setGeometry(x, top, kButton, kButton);
            x += kButton;
        }
    }
    if (!m_versions->isHidden()) {
        m_versions->setNoteShown(true);
        m_versions->setNoteShown(x + 4 + m_versions->sizeHint().width() + kLeastStats <= width);
        const int wide = m_versions->sizeHint().width();
        m_versions->setGeometry(x + 4, top, wide, kButton);
        x += 4 + wide;
    }
    const QFontMetrics metrics = m_stats->fontMetrics();
    const QString brief = statsText(m_message.stats, true);
    // Beside a version switch a narrow transcript may have no room for tokens and speed: they stand below.
    const bool below = !m_stats->isHidden() && metrics.horizontalAdvance(brief) > width - x - 12;
    const int left = below ? 0 : x + 12;
    const QString whole = statsText(m_message.stats);
    const bool fits = (below || width >= kNarrow) && metrics.horizontalAdvance(whole) <= width - left;
    m_stats->setText(fits ? whole : brief);
    m_stats->setToolTip(m_message.sampling ? whole + QLatin1Char('\n') + wholeSamplingText(*m_message.sampling)
                                           : whole);
    const int high = below ? theme().lineHeight(TextStyle::Axis) : kButton;
    top += below ? kButton : 0;
    m_stats->setGeometry(left, top, qMax(0, width - left), high);
    return top + high;
}

void AnswerMessage::openMore() {
    QMenu menu(this);
    if (m_experts->isHidden()) {
        menu.addAction(theme().icon(QStringLiteral("edit")), m_edit->accessibleName(), this,
                       &MessageWidget::editRequested)
            ->setEnabled(!m_answering);
        if (canBranch()) {
            menu.addAction(theme().icon(QStringLiteral("branch")), m_branch->accessibleName(), this,
                           &MessageWidget::branchRequested);
        }
        if (m_message.has_trace) {
            menu.addAction(theme().icon(QStringLiteral("heatmap")), m_experts->accessibleName(), this,
                           &MessageWidget::expertsRequested);
            menu.addSeparator();
        }
    }
    if (!m_message.captured) {
        menu.addAction(theme().icon(QStringLiteral("compare")), tr("Compare with…"), this,
                       &MessageWidget::compareWithRequested);
        menu.addSeparator();
    }
    if (m_message.sampling) {
        const QString made = wholeSamplingText(*m_message.sampling);
        QAction* copy =
            menu.addAction(m_message.sampling->seed ? tr("Copy seed %1 and sampling").arg(*m_message.sampling->seed)
                                                    : tr("Copy sampling"));
        copy->setToolTip(made);
        connect(copy, &QAction::triggered, this, [made] { QGuiApplication::clipboard()->setText(made); });
        menu.addSeparator();
        menu.setToolTipsVisible(true);
    }
    if (m_message.has_trace) {
        menu.addAction(tr("Save capture…"), this, &MessageWidget::captureRequested);
        QAction* routing = menu.addAction(tr("Export routing…"), this, &MessageWidget::routingRequested);
        routing->setToolTip(tr("The experts of each token, without gates: NumPy, int32 [tokens, layers, top-k]"));
        menu.setToolTipsVisible(true);
    }
    menu.exec(m_more->mapToGlobal(QPoint(0, m_more->height())));
}

bool AnswerMessage::nameInterruption(int room) {
    const int count = m_message.stats.tokens;
    const QString tokens = count == 1 ? tr("1 token") : tr("%1 tokens").arg(groupedText(count));
    const QString whole = tr("Interrupted at %1 after %2").arg(clock(m_message.created), tokens);
    const QString brief = tr("Interrupted after %1").arg(tokens);
    const QFontMetrics metrics(theme().font(TextStyle::Small));
    m_interrupted->setToolTip(whole);
    m_interrupted->setAccessibleName(whole);
    m_interrupted->setText(metrics.horizontalAdvance(whole) <= room ? whole : brief);
    return metrics.horizontalAdvance(m_interrupted->text()) <= room;
}

void AnswerMessage::setAnswering(bool answering) {
    m_answering = answering;
    refresh();
}

void AnswerMessage::setEdited(bool) {} // nobody edits an answer

void AnswerMessage::setTokens(const QList<TokenRange>& ranges, int selected, bool clickable) {
    m_tokens = ranges;
    m_selected = selected;
    m_clickable = clickable;
    refreshMarks();
}

void AnswerMessage::setFound(const QList<SourceRange>& hits, int current) {
    const int begin = current >= 0 ? hits[current].start : -1;
    const bool moved = std::exchange(m_foundBegin, begin) != begin;
    if (moved && begin >= 0 && begin < m_message.parts.thinking_end && !m_thinking->isOpen()) {
        chooseOpen(true);
    }
    for (const Part& part : parts()) {
        QList<SourceRange> own;
        int at = -1;
        for (int i = 0; i < hits.size(); ++i) {
            const SourceRange range = within(hits[i].start, hits[i].end, part.begin, part.end);
            if (range.end > range.start) {
                at = i == current ? static_cast<int>(own.size()) : at;
                own.append(range);
            }
        }
        part.view->setFoundRanges(own, at);
    }
}

void AnswerMessage::refreshMarks() {
    const bool marked = m_clickable && m_selected >= 0 && m_selected < m_tokens.size();
    for (const Part& part : parts()) {
        const SourceRange range =
            marked ? within(m_tokens[m_selected].begin, m_tokens[m_selected].end, part.begin, part.end) : SourceRange();
        part.view->setMarkedRange(range.start, range.end);
    }
}

int AnswerMessage::offsetTop(int offset) const {
    const auto [thinking, answer] = parts();
    if (m_message.parts.hasThinking() && offset < thinking.end) {
        const int inside = m_thinking->isOpen()
                               ? thinking.view->y() + thinking.view->topOfSourceOffset(qMax(0, offset - thinking.begin))
                               : 0;
        return m_thinking->y() + inside;
    }
    return answer.end > answer.begin ? m_text->y() + m_text->topOfSourceOffset(qMax(0, offset - answer.begin)) : 0;
}

void AnswerMessage::choose(int offset) {
    if (m_tokens.isEmpty()) {
        emit offsetClicked(offset);
        return;
    }
    const auto token = std::find_if(m_tokens.cbegin(), m_tokens.cend(),
                                    [offset](const TokenRange& at) { return at.begin <= offset && offset < at.end; });
    if (token != m_tokens.cend()) {
        emit tokenClicked(static_cast<int>(token - m_tokens.cbegin()));
    }
}

bool AnswerMessage::eventFilter(QObject* watched, QEvent* event) {
    for (const Part& part : parts()) {
        if (watched != part.view || !m_clickable) {
            continue;
        }
        if (event->type() == QEvent::MouseButtonPress) {
            m_pressed = static_cast<QMouseEvent*>(event)->position().toPoint();
        } else if (event->type() == QEvent::MouseButtonRelease) {
            const auto* mouse = static_cast<QMouseEvent*>(event);
            const QPoint position = mouse->position().toPoint();
            // A drag selects text, only a click chooses a token.
            if (mouse->button() == Qt::LeftButton && (position - m_pressed).manhattanLength() < 4) {
                if (const int inside = part.view->sourceOffsetAt(position); inside >= 0) {
                    choose(part.begin + inside);
                }
            }
        }
    }
    return MessageWidget::eventFilter(watched, event);
}

void AnswerMessage::applyTheme() {
    m_continue->setIcon(theme().icon(QStringLiteral("play")));
    m_thinking->update();
    update();
}

void AnswerMessage::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    QRect line(0, 0, width(), headHeight());
    if (m_message.created.isValid()) {
        painter.setFont(look.font(TextStyle::Small));
        painter.setPen(look.color(Color::TextMuted));
        const QString time = clock(m_message.created);
        painter.drawText(line, Qt::AlignRight | Qt::AlignVCenter, time);
        line.setRight(line.right() - QFontMetrics(painter.font()).horizontalAdvance(time) - 12);
    }
    painter.setFont(look.font(TextStyle::PanelTitle));
    painter.setPen(look.color(Color::Text));
    const QString name = QFontMetrics(painter.font()).elidedText(m_message.model, Qt::ElideRight, line.width());
    painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, name);
    line.setLeft(line.left() + QFontMetrics(painter.font()).horizontalAdvance(name) + 8);
    QStringList parts;
    if (!m_message.type.isEmpty()) {
        parts << m_message.type;
    }
    if (!m_message.parameters.isEmpty() && width() >= kNarrow) {
        parts << m_message.parameters;
    }
    painter.setFont(look.font(TextStyle::Small));
    painter.setPen(look.color(Color::TextMuted));
    painter.drawText(
        line, Qt::AlignLeft | Qt::AlignVCenter,
        QFontMetrics(painter.font()).elidedText(parts.join(QStringLiteral(" · ")), Qt::ElideRight, line.width()));
    if (!m_interrupted->isHidden()) {
        painter.drawPixmap(0, m_interrupted->y() + (m_interrupted->height() - 14) / 2,
                           look.pixmap(QStringLiteral("warning"), 14, look.color(Color::Warn), devicePixelRatioF()));
    }
}

} // namespace moescope::ui
