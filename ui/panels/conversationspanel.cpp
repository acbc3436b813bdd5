// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/conversationspanel.h"

#include "ui/panels/conversationdelegate.h"
#include "ui/panels/rowbutton.h"
#include "ui/theme/theme.h"
#include "ui/widgets/searchfield.h"

#include <QAction>
#include <QKeyEvent>
#include <QListView>
#include <QMenu>
#include <QPainter>
#include <QScrollBar>
#include <QTimer>
#include <QVBoxLayout>

#include <utility>

namespace moescope::ui {

namespace {

constexpr int kSearchDelay = 150;  ///< ms after the last key
constexpr int kClockStep = 30'000; ///< ms between two looks at the clock ("now", "14:32")

int kindOf(const QModelIndex& index) { return index.data(ConversationListModel::KindRole).toInt(); }

qint64 idOf(const QModelIndex& index) { return index.data(ConversationListModel::IdRole).toLongLong(); }

} // namespace

ConversationsPanel::ConversationsPanel(QWidget* parent) : QWidget(parent) {
    setAccessibleName(tr("Conversations"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 12, 0, 0);
    column->setSpacing(0);

    m_search = new SearchField(this);
    m_search->setPlaceholderText(tr("Search conversations"));
    m_search->setAccessibleName(tr("Search conversations"));
    m_search->setShortcutHint(tr("Ctrl K"));
    m_search->setMinimumHeight(32);
    m_search->installEventFilter(this);
    m_clear = m_search->addAction(theme().icon(QStringLiteral("close")), QLineEdit::TrailingPosition);
    m_clear->setText(tr("Clear the search"));
    m_clear->setVisible(false);
    m_searchRow = new QVBoxLayout;
    m_searchRow->addWidget(m_search);
    column->addLayout(m_searchRow);

    m_back = new RowButton(QStringLiteral("chevron-left"), tr("Deleted, kept for 30 days"), this);
    m_back->setAccessibleName(tr("Back to the conversations"));
    m_back->setToolTip(tr("Back to the conversations"));
    column->addWidget(m_back);

    m_model = new ConversationListModel(this);
    m_delegate = new ConversationDelegate(this);
    m_list = new QListView(this);
    m_list->setAccessibleName(tr("Conversations"));
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setModel(m_model);
    m_list->setItemDelegate(m_delegate);
    m_list->setMouseTracking(true);
    m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_list->verticalScrollBar()->setSingleStep(32);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_list->setContextMenuPolicy(Qt::CustomContextMenu);
    m_list->setResizeMode(QListView::Adjust);
    m_list->viewport()->setAutoFillBackground(false);
    m_list->setProperty("sidebar", true);
    m_list->installEventFilter(this);
    column->addWidget(m_list, 1);

    m_foot = new QWidget(this);
    auto* foot = new QVBoxLayout(m_foot);
    foot->setContentsMargins(8, 7, 4, 6);
    m_deleted = new RowButton(QStringLiteral("delete"), tr("Deleted, kept for 30 days"), m_foot);
    foot->addWidget(m_deleted);
    column->addWidget(m_foot);

    m_searchDelay = new QTimer(this);
    m_searchDelay->setSingleShot(true);
    m_searchDelay->setInterval(kSearchDelay);
    auto* clock = new QTimer(this);
    clock->start(kClockStep);

    connect(clock, &QTimer::timeout, this, [this] {
        if (isVisible() && !isRenaming()) {
            m_model->setNow(QDateTime::currentDateTime());
        }
    });
    connect(m_search, &QLineEdit::textChanged, this, &ConversationsPanel::searchEdited);
    connect(m_clear, &QAction::triggered, m_search, &QLineEdit::clear);
    connect(m_searchDelay, &QTimer::timeout, this, [this] {
        const QString text = m_search->text().trimmed();
        if (!text.isEmpty()) {
            emit searchRequested(text);
        }
    });
    connect(m_list, &QListView::clicked, this, &ConversationsPanel::activate);
    connect(m_list, &QListView::customContextMenuRequested, this, &ConversationsPanel::showMenu);
    connect(m_delegate, &QAbstractItemDelegate::closeEditor, this, &ConversationsPanel::renamed, Qt::QueuedConnection);
    connect(m_model, &ConversationListModel::renameRequested, this, &ConversationsPanel::renameRequested);
    connect(m_deleted, &RowButton::clicked, this, [this] { showDeletedView(true); });
    connect(m_back, &RowButton::clicked, this, [this] { showDeletedView(false); });
    setCurrent(0);
}

void ConversationsPanel::setConversations(const QList<ConversationRow>& rows) {
    if (isRenaming()) {
        // New rows would close the editor under the user's hands.
        m_waiting = rows;
        return;
    }
    m_waiting.reset();
    m_model->setNow(QDateTime::currentDateTime());
    m_model->setConversations(rows);
    refresh();
}

bool ConversationsPanel::isRenaming() const { return m_list->viewport()->findChild<QLineEdit*>() != nullptr; }

void ConversationsPanel::setDeleted(const QList<ConversationRow>& rows) {
    m_model->setDeleted(rows);
    refresh();
}

void ConversationsPanel::setSearchResult(const QString& text, const QList<SearchHit>& hits) {
    if (text != m_search->text().trimmed()) {
        return;
    }
    const bool other = text != m_foundFor || !m_model->areHitsShown();
    m_foundFor = text;
    m_model->setHits(text, hits);
    m_model->showHits();
    refresh();
    if (other && !hits.isEmpty()) {
        m_list->setCurrentIndex(m_model->index(0)); // what Enter opens
    }
    if (std::exchange(m_openFound, false)) {
        openResult();
    }
}

void ConversationsPanel::setCurrent(qint64 conversation) {
    m_current = conversation;
    m_model->setDraftShown(conversation == 0);
    refresh();
}

void ConversationsPanel::setCurrentInView(bool inView) {
    m_inView = inView;
    refresh();
}

void ConversationsPanel::refresh() {
    const bool deleted = m_model->isDeletedShown();
    m_searchRow->setContentsMargins(12, 0, 8, m_model->areHitsShown() ? 8 : 4);
    m_back->setVisible(deleted);
    if (const bool foot = !deleted && m_model->deletedCount() > 0; foot == m_foot->isHidden()) {
        m_foot->setVisible(foot);
        window()->update(); // draws its line beyond the panel's edge
    }
    m_deleted->setFigure(groupedText(m_model->deletedCount()));
    m_delegate->setOpen(m_inView ? m_current : 0, m_inView && m_current == 0);
    const int row = !m_inView ? -1 : m_current == 0 ? m_model->draftRow() : m_model->rowOf(m_current);
    if ((row >= 0 || !m_inView) && !m_list->hasFocus() && !m_model->areHitsShown()) {
        m_list->setCurrentIndex(m_model->index(row));
    }
    m_list->viewport()->update();
}

int ConversationsPanel::footLine() const { return m_foot->isHidden() ? -1 : m_foot->y(); }

void ConversationsPanel::openResult() {
    const QString text = m_search->text().trimmed();
    if (text.isEmpty()) {
        return;
    }
    if (m_searchDelay->isActive() || !m_model->areHitsShown() || m_foundFor != text) {
        m_searchDelay->stop();
        m_openFound = true;
        emit searchRequested(text);
        return;
    }
    const QModelIndex chosen = m_list->currentIndex();
    const QModelIndex index = chosen.isValid() ? chosen : m_model->index(0);
    if (kindOf(index) == ConversationListModel::Result) {
        activate(index);
        emit left();
    }
}

void ConversationsPanel::searchEdited(const QString& text) {
    m_openFound = false;
    m_clear->setVisible(!text.isEmpty());
    if (text.trimmed().isEmpty()) {
        m_searchDelay->stop();
        m_model->showConversations();
        refresh();
        return;
    }
    m_searchDelay->start();
}

void ConversationsPanel::showDeletedView(bool shown) {
    if (shown) {
        m_model->showDeleted();
    } else {
        m_model->showConversations();
    }
    refresh();
    if (shown) {
        m_list->setFocus();
        m_list->setCurrentIndex(m_model->index(0));
    } else {
        m_deleted->setFocus();
    }
}

void ConversationsPanel::clearSearch() { m_search->clear(); }

void ConversationsPanel::focusSearch() {
    m_search->setFocus(Qt::ShortcutFocusReason);
    m_search->selectAll();
}

QModelIndex ConversationsPanel::target() const {
    QModelIndex index = m_list->currentIndex();
    if (!m_list->hasFocus() || !index.isValid()) {
        const int row = m_current == 0 || !m_inView ? -1 : m_model->rowOf(m_current);
        index = row >= 0 ? m_model->index(row) : QModelIndex();
    }
    return index;
}

void ConversationsPanel::renameCurrent() {
    if (!m_model->areHitsShown() && m_model->isDeletedShown()) {
        return;
    }
    if (m_model->areHitsShown()) {
        m_search->clear();
    }
    const QModelIndex index = target();
    if (index.isValid() && (index.flags() & Qt::ItemIsEditable)) {
        m_list->setCurrentIndex(index);
        m_list->edit(index);
    }
}

void ConversationsPanel::renamed() {
    if (m_waiting) {
        // A rename that these rows do not know yet is told again by the store.
        const QList<ConversationRow> rows = *m_waiting;
        m_waiting.reset();
        m_model->setConversations(rows);
        refresh();
    }
}

void ConversationsPanel::deleteCurrent() {
    const QModelIndex index = target();
    if (index.isValid()) {
        remove(index);
    } else if (m_current != 0 && m_inView) {
        emit deleteRequested(m_current);
    }
}

void ConversationsPanel::remove(const QModelIndex& index) {
    const int kind = kindOf(index);
    if ((kind == ConversationListModel::Conversation || kind == ConversationListModel::Result) &&
        !index.data(ConversationListModel::DeletedRole).toBool()) {
        emit deleteRequested(idOf(index));
    }
}

void ConversationsPanel::activate(const QModelIndex& index) {
    switch (kindOf(index)) {
    case ConversationListModel::Draft: emit draftActivated(); break;
    case ConversationListModel::Conversation:
        if (!index.data(ConversationListModel::DeletedRole).toBool()) {
            emit conversationActivated(idOf(index), 0);
        }
        break;
    case ConversationListModel::Result:
        emit conversationActivated(idOf(index), index.data(ConversationListModel::MessageRole).toLongLong());
        break;
    default: break;
    }
}

void ConversationsPanel::showMenu(const QPoint& position) {
    const QModelIndex index = m_list->indexAt(position);
    const int kind = index.isValid() ? kindOf(index) : ConversationListModel::Note;
    if (kind != ConversationListModel::Conversation && kind != ConversationListModel::Result) {
        return;
    }
    const qint64 id = idOf(index);
    const QPersistentModelIndex row(index);
    QMenu menu(this);
    if (index.data(ConversationListModel::DeletedRole).toBool()) {
        menu.addAction(theme().icon(QStringLiteral("undo")), tr("Restore"), this,
                       [this, id] { emit restoreRequested(id); });
    } else {
        menu.addAction(tr("Open"), this, [this, row] { activate(row); });
        if (kind == ConversationListModel::Conversation) {
            menu.addAction(theme().icon(QStringLiteral("edit")), tr("Rename") + QStringLiteral("\tF2"), this,
                           [this, row] {
                               m_list->setCurrentIndex(row);
                               m_list->edit(row);
                           });
        }
        menu.addSeparator();
        menu.addAction(theme().icon(QStringLiteral("delete")), tr("Delete") + QStringLiteral("\tDel"), this,
                       [this, id] { emit deleteRequested(id); });
    }
    menu.exec(m_list->viewport()->mapToGlobal(position));
}

bool ConversationsPanel::listKey(int key) {
    const QModelIndex index = m_list->currentIndex();
    switch (key) {
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (index.data(ConversationListModel::DeletedRole).toBool()) {
            emit restoreRequested(idOf(index));
        } else if (index.isValid()) {
            activate(index);
            emit left();
        }
        return true;
    case Qt::Key_F2: renameCurrent(); return true;
    case Qt::Key_Delete: deleteCurrent(); return true;
    case Qt::Key_Menu: showMenu(m_list->visualRect(index).center()); return true;
    case Qt::Key_Escape:
        if (m_model->isDeletedShown()) {
            showDeletedView(false);
        } else {
            emit left();
        }
        return true;
    default: return false;
    }
}

bool ConversationsPanel::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::KeyPress) {
        auto* key = static_cast<QKeyEvent*>(event);
        if (watched == m_list) {
            if (key->key() == Qt::Key_F10 && key->modifiers() == Qt::ShiftModifier) {
                return listKey(Qt::Key_Menu);
            }
            const Qt::KeyboardModifiers modifiers = key->modifiers() & ~Qt::KeypadModifier;
            if (modifiers == Qt::NoModifier && listKey(key->key())) {
                return true;
            }
            const QString text = key->text();
            if ((modifiers & ~(Qt::ShiftModifier | Qt::GroupSwitchModifier)) == Qt::NoModifier && !text.isEmpty() &&
                text.front().isPrint() && !m_model->isDeletedShown()) {
                emit typed(text); // a conversation was opened by a click and its answer is being written
                return true;
            }
        }
        if (watched == m_search) {
            if (key->key() == Qt::Key_Escape) {
                if (m_search->text().isEmpty()) {
                    emit left();
                } else {
                    m_search->clear();
                }
                return true;
            }
            if (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) {
                openResult();
                return true;
            }
            if (key->key() == Qt::Key_Down) {
                for (int row = 0; row < m_model->rowCount(); ++row) {
                    const QModelIndex index = m_model->index(row);
                    if (index.flags() & Qt::ItemIsSelectable) {
                        m_list->setFocus();
                        m_list->setCurrentIndex(index);
                        break;
                    }
                }
                return true;
            }
        }
    }
    if (watched == m_list && (event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut)) {
        m_list->viewport()->update();
    }
    return QWidget::eventFilter(watched, event);
}

void ConversationsPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    m_list->doItemsLayout();
}

void ConversationsPanel::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_list != nullptr) {
        m_clear->setIcon(theme().icon(QStringLiteral("close")));
        m_list->doItemsLayout();
    }
}

void ConversationsPanel::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), theme().color(Color::Window));
    painter.setPen(theme().color(Color::Border));
    if (m_foot->isVisible()) {
        painter.drawLine(0, m_foot->y(), width(), m_foot->y());
    }
}

} // namespace moescope::ui
