// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/modeltable.h"

#include "ui/theme/focusring.h"
#include "ui/theme/theme.h"

#include <QContextMenuEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QPainter>
#include <QScrollBar>
#include <QStyle>
#include <QStyledItemDelegate>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kRow = 40;    ///< px
constexpr int kHead = 29;   ///< px, its line included
constexpr int kLeft = 20;   ///< px from the edge to the names
constexpr int kMargin = 8;  ///< px at both sides of a cell's words
constexpr int kTagSide = 5; ///< px beside a tag's word
using Model = ModelListModel;

/** Width in px at scale 1, and the order in which columns leave: the highest first. */
struct ColumnPlan {
    int width;
    int leaves; ///< 0: never
};
constexpr ColumnPlan kPlan[] = {{208, 0}, {110, 3}, {143, 4}, {72, 2}, {86, 0}, {101, 5}, {190, 0}};
constexpr int kLeastName = 150; ///< px

Color fitColor(FitState state) {
    switch (state) {
    case FitState::Fits: return Color::Ok;
    case FitState::Tight:
    case FitState::Shorter: return Color::Warn;
    case FitState::TooLarge: return Color::Error;
    case FitState::Unchecked:
    case FitState::Unreadable: break;
    }
    return Color::TextSecondary;
}

/** Names with their tags, figures in the mono style, the fit with its mark; a line below each row. */
class ModelDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& given, const QModelIndex& index) const override {
        QStyleOptionViewItem option = given;
        initStyleOption(&option, index);
        option.widget->style()->drawPrimitive(QStyle::PE_PanelItemViewItem, &option, painter, option.widget);
        const Theme& look = theme();
        const int column = index.column();
        QRect cell = option.rect.adjusted(column == Model::Name ? kLeft : kMargin, 0, -kMargin, -1);
        painter->save();
        if (column == Model::Name) {
            paintName(painter, cell, index, (option.state & QStyle::State_Selected) != 0);
        } else if (column == Model::FitColumn) {
            const auto state = static_cast<FitState>(index.data(Model::FitStateRole).toInt());
            const QColor color = look.color(fitColor(state));
            painter->drawPixmap(cell.left(), cell.top() + (cell.height() - 14) / 2,
                                look.pixmap(fitIcon(state), 14, color, option.widget->devicePixelRatioF()));
            cell.setLeft(cell.left() + 20);
            words(painter, cell, index.data().toString(), look.font(TextStyle::Small), color);
        } else {
            const bool family = column == Model::Family;
            words(painter, cell, index.data().toString(), look.font(family ? TextStyle::Small : TextStyle::Mono),
                  look.color(family ? Color::TextSecondary : Color::Text),
                  index.data(Qt::TextAlignmentRole).value<Qt::Alignment>());
        }
        painter->restore();
        painter->fillRect(QRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1),
                          look.color(Color::BorderSubtle));
    }

private:
    static void words(QPainter* painter, const QRect& cell, const QString& text, const QFont& font, const QColor& color,
                      Qt::Alignment alignment = Qt::AlignLeft) {
        painter->setFont(font);
        painter->setPen(color);
        painter->drawText(cell, static_cast<int>(Qt::AlignVCenter | (alignment & Qt::AlignHorizontal_Mask)),
                          QFontMetrics(font).elidedText(text, Qt::ElideRight, cell.width()));
    }

    /** The words of a mark and how it looks. */
    struct Tag {
        QString text;
        Color color;
        bool dot; ///< in place of a frame
    };

    static void paintName(QPainter* painter, const QRect& cell, const QModelIndex& index, bool selected) {
        const Theme& look = theme();
        QFont font = look.font(TextStyle::Ui);
        font.setWeight(QFont::Medium);
        QList<Tag> tags;
        if (index.data(Model::BuiltInRole).toBool()) {
            tags.append({Model::tr("built in"), Color::TextSecondary, false});
        }
        if (index.data(Model::SyntheticRole).toBool()) {
            tags.append({Model::tr("synthetic"), Color::Warn, false});
        }
        if (index.data(Model::LoadedRole).toBool()) {
            tags.append({Model::tr("loaded"), Color::Ok, true});
        } else if (index.data(Model::LoadingRole).toBool()) {
            tags.append({Model::tr("loading"), Color::AccentText, true});
        }
        const QFont small = look.font(TextStyle::Axis);
        const QFontMetrics metrics(small);
        int taken = 0;
        for (const Tag& tag : tags) {
            taken += kMargin + metrics.horizontalAdvance(tag.text) + (tag.dot ? 12 : 2 * kTagSide);
        }
        QRect name = cell;
        const QString file = index.data(Model::DistinctionRole).toString();
        if (!file.isEmpty()) {
            const int line = look.lineHeight(TextStyle::Small);
            words(painter, QRect(cell.left(), cell.center().y(), cell.width(), line),
                  QFontMetrics(look.font(TextStyle::Small)).elidedText(file, Qt::ElideMiddle, cell.width()),
                  look.font(TextStyle::Small), look.color(Color::TextMuted));
            name.setHeight(cell.height() / 2 + 2);
        }
        name.setWidth(std::max(40, cell.width() - taken));
        const QString shown = QFontMetrics(font).elidedText(index.data().toString(), Qt::ElideRight, name.width());
        words(painter, name, shown, font, look.color(Color::Text));
        int x = name.left() + QFontMetrics(font).horizontalAdvance(shown) + kMargin;
        painter->setClipRect(cell);
        painter->setRenderHint(QPainter::Antialiasing);
        for (const Tag& tag : tags) {
            const int wide = metrics.horizontalAdvance(tag.text);
            const QColor color = look.color(tag.color);
            painter->setFont(small);
            if (tag.dot) {
                painter->setPen(Qt::NoPen);
                painter->setBrush(color);
                painter->drawEllipse(QRectF(x, name.top() + name.height() / 2.0 - 4, 8, 8));
                painter->setPen(color);
                painter->drawText(QRect(x + 12, name.top(), wide + 1, name.height()), Qt::AlignVCenter, tag.text);
                x += 12 + wide + kMargin;
                continue;
            }
            const int high = look.lineHeight(TextStyle::Axis) + 2;
            const QRectF box(x + 0.5, name.top() + (name.height() - high) / 2 + 0.5, wide + 2 * kTagSide - 1, high - 1);
            painter->setPen(look.color(tag.color == Color::Warn ? Color::Warn
                                       : selected               ? Color::BorderStrong
                                                                : Color::Border));
            painter->setBrush(Qt::NoBrush);
            painter->drawRoundedRect(box, 3, 3);
            painter->setPen(color);
            painter->drawText(box, Qt::AlignCenter, tag.text);
            x += wide + 2 * kTagSide + kMargin;
        }
    }
};

/** Its first words stand above the names. */
class ModelHeader final : public QHeaderView {
public:
    explicit ModelHeader(QWidget* parent) : QHeaderView(Qt::Horizontal, parent) {}

protected:
    void paintSection(QPainter* painter, const QRect& rect, int section) const override {
        if (section == Model::Name) {
            painter->fillRect(rect, theme().color(Color::Panel));
            painter->fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), theme().color(Color::Border));
            QHeaderView::paintSection(painter, rect.adjusted(kLeft - kMargin, 0, 0, 0), section);
        } else {
            QHeaderView::paintSection(painter, rect, section);
        }
    }
};

} // namespace

ModelTable::ModelTable(ModelListModel* models, QWidget* parent) : QTableView(parent) {
    setAccessibleName(tr("Models"));
    setFrameShape(QFrame::NoFrame);
    setShowGrid(false);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setEditTriggers(NoEditTriggers);
    setTabKeyNavigation(false);
    setWordWrap(false);
    setMouseTracking(true);
    setVerticalScrollMode(ScrollPerPixel);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setHorizontalHeader(new ModelHeader(this));
    horizontalHeader()->setSectionsClickable(true);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->hide();
    setItemDelegate(new ModelDelegate(this));
    m_filter = new ModelFilter(this);
    m_filter->setSourceModel(models);
    setModel(m_filter);
    connect(horizontalHeader(), &QHeaderView::sectionClicked, this, &ModelTable::sortBy);
    connect(this, &QTableView::doubleClicked, this,
            [this](const QModelIndex& index) { emit modelActivated(modelOf(index)); });
    applyTheme();
}

void ModelTable::setFilterText(const QString& text) {
    const int before = currentModel();
    m_filter->setText(text);
    setCurrentModel(before);
    if (currentModel() < 0 && m_filter->rowCount() > 0) {
        setCurrentModel(modelOf(m_filter->index(0, 0)));
    }
}

int ModelTable::modelOf(const QModelIndex& index) const {
    return index.isValid() ? m_filter->mapToSource(index).row() : -1;
}

int ModelTable::currentModel() const { return modelOf(currentIndex()); }

bool ModelTable::shows(int row) const {
    return m_filter->mapFromSource(m_filter->sourceModel()->index(row, Model::Name)).isValid();
}

void ModelTable::setCurrentModel(int row) {
    const QModelIndex index =
        row < 0 ? QModelIndex() : m_filter->mapFromSource(m_filter->sourceModel()->index(row, Model::Name));
    if (!index.isValid()) {
        clearSelection();
        setCurrentIndex({});
        return;
    }
    selectionModel()->setCurrentIndex(index, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    scrollTo(index);
}

void ModelTable::currentChanged(const QModelIndex& current, const QModelIndex& previous) {
    QTableView::currentChanged(current, previous);
    if (current.row() != previous.row() || !current.isValid()) {
        emit currentModelChanged(modelOf(current));
    }
}

void ModelTable::sortBy(int column) {
    QHeaderView* head = horizontalHeader();
    if (m_sorted != column) {
        m_sorted = column;
        m_filter->sort(column, Qt::AscendingOrder);
        head->setSortIndicator(column, Qt::AscendingOrder);
        head->setSortIndicatorShown(true);
    } else if (m_filter->sortOrder() == Qt::AscendingOrder) {
        m_filter->sort(column, Qt::DescendingOrder);
        head->setSortIndicator(column, Qt::DescendingOrder);
    } else {
        m_sorted = -1;
        m_filter->sort(-1);
        head->setSortIndicatorShown(false);
    }
    scrollTo(currentIndex());
}

void ModelTable::placeColumns() {
    const double scale = theme().fontScale();
    const auto wide = [scale](int column) { return qRound(kPlan[column].width * scale); };
    const int room = viewport()->width();
    bool shown[Model::ColumnCount];
    std::fill(std::begin(shown), std::end(shown), true);
    const auto others = [&] {
        int sum = 0;
        for (int column = 1; column < Model::ColumnCount; ++column) {
            sum += shown[column] ? wide(column) : 0;
        }
        return sum;
    };
    for (int rank = Model::ColumnCount; rank > 0 && others() + qRound(kLeastName * scale) > room; --rank) {
        for (int column = 1; column < Model::ColumnCount; ++column) {
            shown[column] = shown[column] && kPlan[column].leaves != rank;
        }
    }
    for (int column = 1; column < Model::ColumnCount; ++column) {
        setColumnHidden(column, !shown[column]);
        setColumnWidth(column, wide(column));
    }
    // The names have what the others leave, up to their plan; the last column takes the rest.
    const int left = room - others();
    const int names = std::max(qRound(kLeastName * scale), std::min(left, std::max(wide(Model::Name), left * 2 / 3)));
    setColumnWidth(Model::Name, names);
    setColumnWidth(Model::FitColumn, std::max(wide(Model::FitColumn), wide(Model::FitColumn) + left - names));
}

void ModelTable::applyTheme() {
    const int row = std::max(kRow, theme().lineHeight(TextStyle::Ui) + 20);
    verticalHeader()->setMinimumSectionSize(row);
    verticalHeader()->setDefaultSectionSize(row);
    horizontalHeader()->setFont(theme().font(TextStyle::Small));
    horizontalHeader()->setFixedHeight(std::max(kHead, theme().lineHeight(TextStyle::Small) + 13));
    verticalScrollBar()->setSingleStep(row);
    placeColumns();
}

void ModelTable::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
    case Qt::Key_Return:
    case Qt::Key_Enter: emit modelActivated(currentModel()); return;
    case Qt::Key_Escape: emit left(); return;
    case Qt::Key_Menu:
        emit menuRequested(currentModel(), viewport()->mapToGlobal(visualRect(currentIndex()).center()));
        return;
    case Qt::Key_F10:
        if (event->modifiers() == Qt::ShiftModifier) {
            emit menuRequested(currentModel(), viewport()->mapToGlobal(visualRect(currentIndex()).center()));
            return;
        }
        break;
    default: break;
    }
    QTableView::keyPressEvent(event);
}

void ModelTable::contextMenuEvent(QContextMenuEvent* event) {
    if (event->reason() == QContextMenuEvent::Mouse) {
        const QModelIndex index = indexAt(event->pos());
        if (index.isValid()) {
            setCurrentModel(modelOf(index));
            emit menuRequested(modelOf(index), event->globalPos());
        }
    }
}

void ModelTable::paintEvent(QPaintEvent* event) {
    QTableView::paintEvent(event);
    paintFocusedRow(*this, viewport()->width());
}

void ModelTable::focusInEvent(QFocusEvent* event) {
    QTableView::focusInEvent(event);
    viewport()->update();
}

void ModelTable::focusOutEvent(QFocusEvent* event) {
    QTableView::focusOutEvent(event);
    viewport()->update();
}

void ModelTable::resizeEvent(QResizeEvent* event) {
    QTableView::resizeEvent(event);
    placeColumns();
}

void ModelTable::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange && m_filter != nullptr) {
        applyTheme();
    }
    QTableView::changeEvent(event);
}

} // namespace moescope::ui
