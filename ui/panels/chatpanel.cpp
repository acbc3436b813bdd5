// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/chatpanel.h"

#include "ui/panels/chathead.h"
#include "ui/panels/composer.h"
#include "ui/panels/contextbar.h"
#include "ui/panels/findbar.h"
#include "ui/panels/transcript.h"
#include "ui/panels/whatifbar.h"
#include "ui/theme/theme.h"
#include "ui/widgets/banner.h"

#include <QEvent>
#include <QPainter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <utility>

namespace moescope::ui {

namespace {

constexpr int kBelow = 12; ///< px between composer and status bar

} // namespace

ChatPanel::ChatPanel(QWidget* parent) : QWidget(parent) {
    setAccessibleName(tr("Chat"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(1, 0, 1, 0);
    column->setSpacing(0);
    m_head = new ChatHead(this);
    m_findBar = new FindBar(this);
    m_findBar->hide();
    m_firstStart = new FirstStart(this);
    m_transcript = new Transcript(this);
    m_stack = new QStackedWidget(this);
    m_stack->addWidget(m_firstStart);
    m_stack->addWidget(m_transcript);
    m_foot = new QWidget(this);
    auto* foot = new QVBoxLayout(m_foot);
    foot->setSpacing(8);
    m_synthetic = new Banner(Banner::Kind::Warning, {}, m_foot);
    m_synthetic->hide();
    m_notice = new Banner(Banner::Kind::Warning, {}, m_foot);
    m_notice->setClosable(true);
    m_notice->hide();
    m_modelNotice = new Banner(Banner::Kind::Info, {}, m_foot);
    m_modelNotice->setClosable(true);
    m_modelNotice->hide();
    m_editNotice = new Banner(
        Banner::Kind::Info, tr("You are editing a message. Sending it makes a new branch; the old one stays."), m_foot);
    m_editNotice->setClosable(true);
    m_editNotice->hide();
    m_context = new ContextBar(m_foot);
    m_whatIf = new WhatIfBar(m_foot);
    m_composer = new Composer(m_foot);
    m_foot->installEventFilter(this);
    m_stack->installEventFilter(this);
    foot->addWidget(m_synthetic);
    foot->addWidget(m_modelNotice);
    foot->addWidget(m_notice);
    foot->addWidget(m_editNotice);
    foot->addWidget(m_context);
    foot->addWidget(m_whatIf);
    foot->addWidget(m_composer);
    column->addWidget(m_head);
    column->addWidget(m_findBar);
    column->addWidget(m_stack, 1);
    column->addWidget(m_foot);

    connect(m_head, &ChatHead::findRequested, this, &ChatPanel::openFind);
    connect(m_findBar, &FindBar::marksChanged, this, [this] {
        int begin = 0;
        const qint64 message = m_findBar->current(&begin);
        m_transcript->setFound(m_findBar->hits(), message, begin);
    });
    connect(m_findBar, &FindBar::found, this, [this](qint64 message, int begin) {
        if (message != 0) {
            m_transcript->scrollToMessage(message, begin);
        }
    });
    connect(m_findBar, &FindBar::closed, this, &ChatPanel::focusComposer);
    connect(m_firstStart, &FirstStart::suggestionChosen, this, &ChatPanel::suggested);
    connect(m_transcript, &Transcript::regenerateRequested, this, [this](qint64 message) {
        focusComposer(); // the button that was pressed goes
        emit regenerateRequested(message);
    });
    connect(m_transcript, &Transcript::editRequested, this, &ChatPanel::startEdit);
    connect(m_transcript, &Transcript::continueRequested, this, [this](qint64 message) {
        focusComposer();
        emit continueRequested(message);
    });
    connect(m_transcript, &Transcript::versionRequested, this, &ChatPanel::versionRequested);
    connect(m_transcript, &Transcript::expertsRequested, this, &ChatPanel::expertsRequested);
    connect(m_transcript, &Transcript::branchRequested, this, &ChatPanel::branchRequested);
    connect(m_transcript, &Transcript::compareWithRequested, this, &ChatPanel::compareWithRequested);
    connect(m_transcript, &Transcript::captureRequested, this, &ChatPanel::captureRequested);
    connect(m_transcript, &Transcript::routingRequested, this, &ChatPanel::routingRequested);
    connect(m_transcript, &Transcript::compareRequested, this, &ChatPanel::compareRequested);
    connect(m_transcript, &Transcript::recipeRequested, this, &ChatPanel::recipeRequested);
    connect(m_whatIf, &WhatIfBar::rerunRequested, this, &ChatPanel::rerunRequested);
    connect(this, &ChatPanel::actionsChanged, this, &ChatPanel::refreshWhatIf);
    connect(m_transcript, &Transcript::stopRequested, this, [this] {
        focusComposer();
        emit stopRequested();
    });
    connect(m_transcript, &Transcript::typed, this, &ChatPanel::typeText);
    connect(m_transcript, &Transcript::linkActivated, this, &ChatPanel::linkActivated);
    m_transcript->setTokensClickable(true);
    connect(m_transcript, &Transcript::tokenClicked, this, &ChatPanel::tokenClicked);
    connect(m_transcript, &Transcript::wordKeyPressed, this, &ChatPanel::wordKeyPressed);
    connect(m_transcript, &Transcript::offsetClicked, this, &ChatPanel::offsetClicked);
    connect(m_composer, &Composer::sent, this, &ChatPanel::sent);
    connect(m_composer, &Composer::stopRequested, this, &ChatPanel::stopRequested);
    connect(m_composer, &Composer::editLastRequested, this, &ChatPanel::editLast);
    connect(m_composer, &Composer::editCancelled, this, &ChatPanel::endEdit);
    connect(m_composer, &Composer::draftChanged, this, [this](const QString& text) {
        if (m_editing == 0) {
            emit draftChanged(text);
        }
    });
    connect(m_composer, &Composer::tokenCountRequested, this, &ChatPanel::tokenCountRequested);
    connect(m_composer, &Composer::samplingChanged, this, &ChatPanel::samplingChanged);
    connect(m_composer, &Composer::thinkingChosen, this, &ChatPanel::thinkingChosen);
    connect(m_composer, &Composer::refused, this, &ChatPanel::setNotice);
    connect(m_composer, &Composer::addDocumentsRequested, this, &ChatPanel::addDocumentsRequested);
    connect(m_composer, &Composer::documentRemoved, this, &ChatPanel::documentRemoved);
    connect(m_composer, &Composer::documentOpened, this, &ChatPanel::documentOpened);
    connect(m_transcript, &Transcript::documentOpened, this, &ChatPanel::documentOpened);
    connect(m_context, &ContextBar::chosen, this, [this](ContextChoice choice) {
        focusComposer(); // the button that was pressed goes
        emit contextChosen(choice, m_composer->text(), m_composer->documents());
    });
    connect(m_context, &Banner::closed, this, [this] {
        focusComposer();
        emit contextOfferClosed();
    });
    connect(m_notice, &Banner::closed, this, [this] {
        m_notice->hide();
        focusComposer();
    });
    connect(m_modelNotice, &Banner::closed, this, [this] {
        setModelNotice({});
        focusComposer();
        emit modelNoticeClosed();
    });
    connect(m_editNotice, &Banner::closed, this, [this] {
        endEdit();
        focusComposer();
    });
    place();
    refresh();
}

void ChatPanel::setConversation(qint64 id, const QString& title, const QList<MessageView>& messages) {
    if (std::exchange(m_editing, 0) != 0) {
        emit editEnded();
    }
    m_transcript->setEdited(0);
    m_composer->setEditing(false);
    m_notice->hide();
    m_editNotice->hide();
    m_conversation = id;
    setTitle(title);
    setMessages(messages);
}

void ChatPanel::setTitle(const QString& title) {
    m_head->setTitle(title);
    emit titleChanged(title);
}

void ChatPanel::setMessages(const QList<MessageView>& messages) {
    m_transcript->setMessages(messages);
    messagesChanged();
}

void ChatPanel::appendMessage(const MessageView& message) {
    m_transcript->appendMessage(message);
    messagesChanged();
}

void ChatPanel::updateMessage(const MessageView& message) {
    m_transcript->updateMessage(message);
    messagesChanged();
}

void ChatPanel::messagesChanged() {
    if (m_findBar->isVisible()) {
        m_findBar->setMessages(m_transcript->messages());
    }
    refresh();
}

void ChatPanel::appendText(qint64 message, const QString& text) { m_transcript->appendText(message, text); }

void ChatPanel::setDraft(const QString& text) { m_composer->setDraft(text); }

QString ChatPanel::draft() const { return m_editing != 0 ? m_draftBeforeEdit : m_composer->text(); }

void ChatPanel::setDocuments(const QList<DocumentView>& documents) { m_composer->setDocuments(documents); }

void ChatPanel::setContextOffer(const ContextOffer& offer) { m_context->setOffer(offer); }

void ChatPanel::setNotice(const QString& sentence) {
    m_notice->setText(sentence);
    m_notice->setVisible(!sentence.isEmpty());
}

void ChatPanel::setModelNotice(const QString& sentence, bool warning) {
    m_modelNotice->setKind(warning ? Banner::Kind::Warning : Banner::Kind::Info);
    m_modelNotice->setText(sentence);
    m_modelNotice->setVisible(!sentence.isEmpty());
}

void ChatPanel::scrollToMessage(qint64 message) { m_transcript->scrollToMessage(message); }

void ChatPanel::setModel(const trace::ModelInfo& model, bool demonstration) {
    m_firstStart->setModel(model, demonstration);
    m_composer->setModelName(QString::fromStdString(model.name));
    m_isSynthetic = model.synthetic;
    const auto [bold, rest] = FirstStart::syntheticWords(model);
    m_synthetic->setText(bold + u' ' + rest);
    refresh();
}

void ChatPanel::forgetModel() {
    m_composer->setModelName({});
    m_isSynthetic = false;
    refresh();
}

void ChatPanel::setSuggestions(const QList<Suggestion>& suggestions) { m_firstStart->setSuggestions(suggestions); }

void ChatPanel::setUnavailable(const QString& reason) {
    m_unavailable = reason;
    m_composer->setUnavailable(reason);
    m_firstStart->setSuggestionsEnabled(reason.isEmpty());
    m_transcript->setAnswering(isAnswering() || !reason.isEmpty());
    emit actionsChanged();
}

void ChatPanel::setAnswering(bool answering) {
    if (answering && m_editing != 0) {
        endEdit();
    }
    m_composer->setAnswering(answering);
    m_transcript->setAnswering(answering || !m_unavailable.isEmpty());
    m_firstStart->setSuggestionsEnabled(!answering && m_unavailable.isEmpty());
    emit actionsChanged();
}

void ChatPanel::paintBeyond(QPainter& painter, const QRect& strip) const {
    painter.fillRect(strip, theme().color(Color::Panel));
    for (const QWidget* bar : {static_cast<QWidget*>(m_head), static_cast<QWidget*>(m_findBar)}) {
        if (!bar->isHidden()) {
            painter.fillRect(QRect(strip.x(), strip.y() + bar->geometry().bottom(), strip.width(), 1),
                             theme().color(Color::BorderSubtle));
        }
    }
}

void ChatPanel::setOpenAtRight(bool open) {
    if (open != m_openAtRight) {
        m_openAtRight = open;
        update();
    }
}

int ChatPanel::footTop() const { return m_foot->y() + m_foot->layout()->contentsMargins().top(); }

bool ChatPanel::isAnswering() const { return m_composer->isAnswering(); }

bool ChatPanel::hasMessages() const { return !m_transcript->messages().isEmpty(); }

bool ChatPanel::hasAnswer() const { return !isAnswering() && lastOf(Role::Assistant) != nullptr; }

bool ChatPanel::canRegenerate() const { return canAct() && lastOf(Role::Assistant) != nullptr; }

bool ChatPanel::canEdit() const { return canAct() && lastOf(Role::User) != nullptr; }

bool ChatPanel::canContinue() const {
    const MessageView* answer = lastOf(Role::Assistant);
    return canAct() && answer != nullptr &&
           (answer->state == AnswerState::Interrupted || answer->stats.stop_reason == QLatin1String("cancelled") ||
            answer->stats.stop_reason == QLatin1String("context"));
}

bool ChatPanel::canAct() const { return !isAnswering() && m_unavailable.isEmpty(); }

const MessageView* ChatPanel::lastOf(Role role) const {
    const QList<MessageView>& messages = m_transcript->messages();
    for (auto it = messages.crbegin(); it != messages.crend(); ++it) {
        if (it->role == role) {
            return &*it;
        }
    }
    return nullptr;
}

void ChatPanel::setSampling(const SamplingView& sampling) { m_composer->setSampling(sampling); }

void ChatPanel::setSamplingDefaults(const SamplingView& defaults) { m_composer->setSamplingDefaults(defaults); }

void ChatPanel::setThinkingSwitch(bool there) { m_composer->setThinkingSwitch(there); }

void ChatPanel::setTokenCount(const QString& text, int tokens) { m_composer->setTokenCount(text, tokens); }

void ChatPanel::setWhatIf(WhatIf* whatIf) { m_whatIf->setWhatIf(whatIf); }

void ChatPanel::refreshWhatIf() {
    m_context->setAvailable(canAct());
    m_whatIf->setUnavailable(isAnswering()                        ? tr("An answer is being made.")
                             : !m_unavailable.isEmpty()           ? m_unavailable
                             : lastOf(Role::Assistant) == nullptr ? tr("There is no answer to run again.")
                                                                  : QString());
}

void ChatPanel::setTokenRanges(qint64 message, const QList<TokenRange>& ranges) {
    m_transcript->setTokenRanges(message, ranges);
}

void ChatPanel::setSelectedToken(int token) { m_transcript->setSelectedToken(token); }

void ChatPanel::setCompact(bool compact) { m_head->setCompact(compact); }

void ChatPanel::openFind() {
    if (hasMessages()) {
        m_findBar->open();
        m_findBar->setMessages(m_transcript->messages());
        m_findBar->open();
    }
}

void ChatPanel::focusComposer() { m_composer->focusText(); }

void ChatPanel::typeText(const QString& text) { m_composer->typeText(text); }

void ChatPanel::openSampling() { m_composer->openSampling(); }

void ChatPanel::stop() {
    if (isAnswering()) {
        focusComposer();
        emit stopRequested();
    }
}

void ChatPanel::regenerateLast() {
    if (canRegenerate()) {
        focusComposer();
        emit regenerateRequested(lastOf(Role::Assistant)->id);
    }
}

void ChatPanel::editLast() {
    if (canEdit()) {
        startEdit(lastOf(Role::User)->id);
    }
}

void ChatPanel::continueLast() {
    if (canContinue()) {
        focusComposer();
        emit continueRequested(lastOf(Role::Assistant)->id);
    }
}

void ChatPanel::startEdit(qint64 message) {
    const QList<MessageView>& messages = m_transcript->messages();
    int index = m_transcript->indexOf(message);
    while (index >= 0 && messages[index].role != Role::User) {
        --index; // an answer is changed by its question
    }
    if (index < 0 || !canAct()) {
        return;
    }
    if (m_editing == 0) {
        m_draftBeforeEdit = m_composer->text();
    }
    m_editing = messages[index].id;
    m_transcript->setEdited(m_editing);
    m_composer->setDraft(messages[index].text);
    m_composer->setEditing(true);
    emit editBegun(messages[index].documents);
    m_editNotice->show();
    focusComposer();
}

void ChatPanel::endEdit() {
    if (m_editing == 0) {
        return;
    }
    m_editing = 0;
    m_transcript->setEdited(0);
    m_composer->setEditing(false);
    m_composer->setDraft(m_draftBeforeEdit);
    m_editNotice->hide();
    emit editEnded();
}

void ChatPanel::sent(const QString& text) {
    const qint64 edited = m_editing;
    const QList<DocumentView> documents = m_composer->documents();
    if (edited != 0) {
        endEdit();
        emit editRequested(edited, text, documents);
        return;
    }
    m_notice->hide();
    m_composer->setDraft({});
    m_composer->setDocuments({});
    emit sendRequested(text, documents);
}

void ChatPanel::suggested(const QString& prompt) {
    if (canAct()) {
        emit sendRequested(prompt, {});
        focusComposer(); // the card that was pressed is gone
    }
}

void ChatPanel::refresh() {
    const bool any = hasMessages();
    m_stack->setCurrentWidget(any ? static_cast<QWidget*>(m_transcript) : m_firstStart);
    m_head->setVisible(any);
    m_synthetic->setVisible(m_isSynthetic && any); // the first start has its own
    if (!any && m_findBar->isVisible()) {
        m_findBar->close();
    }
    emit actionsChanged();
}

void ChatPanel::place() {
    const QRect column = Transcript::columnIn(width() - 2);
    const int below = width() < Composer::kNarrow ? 12 : kBelow;
    const int side = width() < Composer::kNarrow ? 12 : column.left();
    m_foot->layout()->setContentsMargins(side, 4, width() < Composer::kNarrow ? 12 : width() - 2 - column.right() - 1,
                                         below);
}

void ChatPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    place();
}

bool ChatPanel::eventFilter(QObject* watched, QEvent* event) {
    if ((watched == m_foot || watched == m_stack) &&
        (event->type() == QEvent::Move || event->type() == QEvent::Resize)) {
        emit partsMoved();
    }
    return QWidget::eventFilter(watched, event);
}

void ChatPanel::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), theme().color(Color::Panel));
    painter.setPen(theme().color(Color::Border));
    // At the window's own edge the frame is the edge.
    const QPoint left = mapTo(window(), QPoint(0, 0));
    if (left.x() > 0) {
        painter.drawLine(0, 0, 0, height());
    }
    if (m_openAtRight) {
        paintBeyond(painter, QRect(width() - 1, 0, 1, height()));
    } else if (left.x() + width() < window()->width()) {
        painter.drawLine(width() - 1, 0, width() - 1, height());
    }
}

} // namespace moescope::ui
