// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/tabletwin.h"

#include "ui/theme/theme.h"

#include <QClipboard>
#include <QContextMenuEvent>
#include <QEvent>
#include <QGuiApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QSortFilterProxyModel>
#include <QStyledItemDelegate>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kRow = 24;

/** Numbers in the mono style, a line below each row. */
class TwinDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override {
        QStyledItemDelegate::initStyleOption(option, index);
        const bool number = (option->displayAlignment & Qt::AlignRight) != 0;
        option->font = theme().font(number ? TextStyle::Mono : TextStyle::Small);
        option->fontMetrics = QFontMetrics(option->font);
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        QStyledItemDelegate::paint(painter, option, index);
        const QRect& cell = option.rect;
        painter->fillRect(QRect(cell.left(), cell.bottom(), cell.width(), 1), theme().color(Color::BorderSubtle));
    }
};

QString plain(const QModelIndex& index) {
    const QVariant raw = index.data(Qt::UserRole);
    QString text = raw.isValid() ? raw.toString() : index.data(Qt::DisplayRole).toString();
    for (const QChar breaking : {QChar('\t'), QChar('\n'), QChar('\r')}) {
        text.replace(breaking, QChar(' '));
    }
    return text;
}

} // namespace

TableTwin::TableTwin(const QString& name, QWidget* parent) : QTableView(parent) {
    setAccessibleName(name);
    m_proxy = new QSortFilterProxyModel(this);
    m_proxy->setSortRole(Qt::UserRole);
    QTableView::setModel(m_proxy);
    setItemDelegate(new TwinDelegate(this));
    setShowGrid(false);
    setFrameShape(QFrame::NoFrame);
    setSelectionBehavior(QAbstractItemView::SelectRows);
    setSelectionMode(QAbstractItemView::ExtendedSelection);
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setSortingEnabled(true);
    setTabKeyNavigation(false);
    setWordWrap(false);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    horizontalHeader()->setMinimumSectionSize(48);
    horizontalHeader()->setSortIndicator(-1, Qt::AscendingOrder);
    connect(selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& current) {
        if (!m_setting && current.isValid()) {
            emit sourceRowSelected(m_proxy->mapToSource(current).row());
        }
    });
    connect(this, &QAbstractItemView::activated, this,
            [this](const QModelIndex& index) { emit sourceRowActivated(m_proxy->mapToSource(index).row()); });
    applyTheme();
}

void TableTwin::setSource(QAbstractItemModel* model) {
    m_proxy->setSourceModel(model);
    m_proxy->sort(-1);
}

void TableTwin::setCurrentSourceRow(int row) {
    const QAbstractItemModel* source = m_proxy->sourceModel();
    m_setting = true;
    if (source == nullptr || row < 0 || row >= source->rowCount()) {
        clearSelection();
        selectionModel()->clearCurrentIndex();
    } else {
        const QModelIndex index = m_proxy->mapFromSource(source->index(row, 0));
        selectionModel()->setCurrentIndex(index, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
        scrollTo(index);
    }
    m_setting = false;
}

int TableTwin::currentSourceRow() const {
    return currentIndex().isValid() ? m_proxy->mapToSource(currentIndex()).row() : -1;
}

QString TableTwin::copyText() const {
    QList<int> rows;
    for (const QModelIndex& index : selectionModel()->selectedRows()) {
        rows += index.row();
    }
    std::sort(rows.begin(), rows.end());
    if (rows.size() < 2) {
        rows.clear();
        for (int row = 0; row < m_proxy->rowCount(); ++row) {
            rows += row;
        }
    }
    const int columns = m_proxy->columnCount();
    QString text;
    for (int column = 0; column < columns; ++column) {
        text += m_proxy->headerData(column, Qt::Horizontal).toString();
        text += column + 1 < columns ? QLatin1Char('\t') : QLatin1Char('\n');
    }
    for (const int row : rows) {
        for (int column = 0; column < columns; ++column) {
            text += plain(m_proxy->index(row, column));
            text += column + 1 < columns ? QLatin1Char('\t') : QLatin1Char('\n');
        }
    }
    return text;
}

void TableTwin::copy() { QGuiApplication::clipboard()->setText(copyText()); }

void TableTwin::keyPressEvent(QKeyEvent* event) {
    if (event->matches(QKeySequence::Copy)) {
        copy();
        return;
    }
    QTableView::keyPressEvent(event);
}

void TableTwin::contextMenuEvent(QContextMenuEvent* event) {
    QMenu menu(this);
    menu.addAction(theme().icon(QStringLiteral("copy")), tr("Copy as table"), QKeySequence::Copy, this,
                   &TableTwin::copy);
    menu.addAction(theme().icon(QStringLiteral("export")), tr("Export as CSV"), this, &TableTwin::csvRequested);
    menu.exec(event->globalPos());
}

void TableTwin::applyTheme() {
    const int row = std::max(kRow, theme().lineHeight(TextStyle::Mono) + 8);
    verticalHeader()->setMinimumSectionSize(row);
    verticalHeader()->setDefaultSectionSize(row);
    horizontalHeader()->setFont(theme().font(TextStyle::Small));
    horizontalHeader()->setFixedHeight(row + 4);
}

void TableTwin::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange && m_proxy != nullptr) {
        applyTheme();
    }
    QTableView::changeEvent(event);
}

} // namespace moescope::ui
