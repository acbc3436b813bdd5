// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/tabletwin.h"

#include "ui/theme/focusring.h"
#include "ui/theme/plaintooltip.h"
#include "ui/theme/theme.h"

#include <QClipboard>
#include <QContextMenuEvent>
#include <QEvent>
#include <QGuiApplication>
#include <QHeaderView>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QSortFilterProxyModel>
#include <QStyledItemDelegate>
#include <QToolTip>

#include <algorithm>
#include <numeric>

namespace moescope::ui {

namespace {

constexpr int kRow = 24;
constexpr int kMargin = 5; // left and right of a cell's words, as in the head

Qt::Alignment alignmentOf(const QModelIndex& index) { return index.data(Qt::TextAlignmentRole).value<Qt::Alignment>(); }

bool isNumber(const QModelIndex& index) { return alignmentOf(index).testFlag(Qt::AlignRight); }

/** Numbers in the mono style, words and numbers on one baseline, a line below each row. The focus is of the row. */
class TwinDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& given, const QModelIndex& index) const override {
        QStyleOptionViewItem option = given;
        initStyleOption(&option, index);
        option.widget->style()->drawPrimitive(QStyle::PE_PanelItemViewItem, &option, painter, option.widget);
        const bool number = isNumber(index);
        const QFont font = theme().font(number ? TextStyle::Mono : TextStyle::Small);
        const QFontMetrics metrics(font);
        const QFontMetrics numbers(theme().font(TextStyle::Mono));
        const QRect cell = option.rect;
        const int room = cell.width() - 2 * kMargin;
        const QString text = metrics.elidedText(option.text, Qt::ElideRight, room);
        const int spare = room + 1 - metrics.horizontalAdvance(text);
        const bool centred = alignmentOf(index).testFlag(Qt::AlignHCenter);
        const int left = cell.left() + kMargin + (number ? spare - 1 : centred ? spare / 2 : 0);
        const int baseline = cell.top() + (cell.height() - 1 - numbers.height()) / 2 + numbers.ascent();
        painter->setFont(font);
        painter->setPen(theme().color(Color::Text));
        painter->drawText(left, baseline, text);
        painter->fillRect(QRect(cell.left(), cell.bottom(), cell.width(), 1), theme().color(Color::BorderSubtle));
    }

    bool helpEvent(QHelpEvent* event, QAbstractItemView* view, const QStyleOptionViewItem& option,
                   const QModelIndex& index) override {
        const QString text = index.data().toString();
        const QFontMetrics metrics(theme().font(isNumber(index) ? TextStyle::Mono : TextStyle::Small));
        if (event->type() != QEvent::ToolTip || metrics.horizontalAdvance(text) <= option.rect.width() - 2 * kMargin) {
            return QStyledItemDelegate::helpEvent(event, view, option, index);
        }
        QToolTip::showText(event->globalPos(), plainToolTip(text), view);
        return true;
    }
};

/** Carries the head on above the scroll bar. */
class HeadEnd final : public QWidget {
public:
    using QWidget::QWidget;

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        painter.fillRect(rect(), theme().color(Color::Panel));
        painter.fillRect(QRect(0, height() - 1, width(), 1), theme().color(Color::Border));
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
    setVerticalScrollMode(QAbstractItemView::ScrollPerItem);
    setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    horizontalHeader()->setMinimumSectionSize(24);
    horizontalHeader()->setProperty("dense", true);
    m_headEnd = new HeadEnd(this);
    addScrollBarWidget(m_headEnd, Qt::AlignTop);
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

QList<int> TableTwin::columnWidths() const {
    constexpr int kMostRows = 256;
    constexpr int kSortArrow = 14;
    const QFontMetrics words(theme().font(TextStyle::Small));
    const QFontMetrics numbers(theme().font(TextStyle::Mono));
    const int rows = std::min(m_proxy->rowCount(), kMostRows);
    QList<int> widths;
    for (int column = 0; column < m_proxy->columnCount(); ++column) {
        if (m_proxy->headerData(column, Qt::Horizontal, Qt::UserRole).toBool()) {
            widths.append(0);
            continue;
        }
        // Centred words stand clear of the numbers at their left, which reach the column's edge.
        const auto across = m_proxy->headerData(column, Qt::Horizontal, Qt::TextAlignmentRole).value<Qt::Alignment>();
        const int clear = across.testFlag(Qt::AlignHCenter) ? 2 * kMargin : 0;
        int width = words.horizontalAdvance(m_proxy->headerData(column, Qt::Horizontal).toString());
        width += column == horizontalHeader()->sortIndicatorSection() ? kSortArrow : 0;
        for (int row = 0; row < rows; ++row) {
            const QModelIndex index = m_proxy->index(row, column);
            const QFontMetrics& metrics = isNumber(index) ? numbers : words;
            width = std::max(width, metrics.horizontalAdvance(index.data().toString()) + clear);
        }
        widths.append(std::max(width + 2 * kMargin + 1, horizontalHeader()->minimumSectionSize()));
    }
    return widths;
}

QList<int> TableTwin::columnWidthsWithin(int room) const {
    constexpr int kLeastWords = 160;
    QList<int> widths = columnWidths();
    const auto isWords = [this](int column) {
        return !m_proxy->headerData(column, Qt::Horizontal, Qt::TextAlignmentRole)
                    .value<Qt::Alignment>()
                    .testFlag(Qt::AlignRight);
    };
    for (int over = std::accumulate(widths.begin(), widths.end(), 0) - room; over > 0;) {
        int widest = -1;
        int second = kLeastWords;
        for (int column = 0; column < widths.size(); ++column) {
            if (!isWords(column) || widths.at(column) <= kLeastWords) {
                continue;
            }
            if (widest < 0 || widths.at(column) > widths.at(widest)) {
                second = widest < 0 ? second : widths.at(widest);
                widest = column;
            } else {
                second = std::max(second, widths.at(column));
            }
        }
        if (widest < 0) {
            break;
        }
        const int cut = std::min(over, std::max(1, widths.at(widest) - second));
        widths[widest] -= cut;
        over -= cut;
    }
    return widths;
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
    m_headEnd->setFixedHeight(row + 4);
}

void TableTwin::paintEvent(QPaintEvent* event) {
    QTableView::paintEvent(event);
    paintFocusedRow(*this, std::min(viewport()->width(), horizontalHeader()->length() - horizontalHeader()->offset()));
}

void TableTwin::focusInEvent(QFocusEvent* event) {
    QTableView::focusInEvent(event);
    viewport()->update();
}

void TableTwin::focusOutEvent(QFocusEvent* event) {
    QTableView::focusOutEvent(event);
    viewport()->update();
}

void TableTwin::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange && m_proxy != nullptr) {
        applyTheme();
    }
    QTableView::changeEvent(event);
}

} // namespace moescope::ui
