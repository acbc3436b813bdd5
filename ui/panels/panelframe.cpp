// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/panelframe.h"

#include "ui/models/tabularmodel.h"
#include "ui/panels/chartpaint.h"
#include "ui/panels/paneltitlebar.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/filedialogs.h"
#include "ui/widgets/iconbutton.h"
#include "ui/widgets/tabletwin.h"

#include <QClipboard>
#include <QCloseEvent>
#include <QGuiApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMainWindow>
#include <QMenu>
#include <QSaveFile>
#include <QScrollBar>
#include <QStackedWidget>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>
#include <numeric>

namespace moescope::ui {

namespace {

constexpr int kLowTwin = 200; ///< px that the table of a low panel needs

/** Content of the dock, with the dock's edge at left, right and bottom. */
class FramedContent : public QWidget {
public:
    using QWidget::QWidget;

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        painter.fillRect(rect(), theme().color(Color::Panel));
        const QColor border = theme().color(Color::Border);
        const auto* dock = qobject_cast<QDockWidget*>(parentWidget());
        if (dock == nullptr || !dock->features().testFlag(QDockWidget::DockWidgetVerticalTitleBar)) {
            painter.fillRect(QRect(0, 0, 1, height()), border); // else the title is at the left
        }
        painter.fillRect(QRect(width() - 1, 0, 1, height()), border);
        painter.fillRect(QRect(0, height() - 1, width(), 1),
                         touchesBottom(this) ? theme().color(Color::Window) : border);
    }
};

} // namespace

PanelFrame::PanelFrame(const QString& id, const QString& iconName, const QString& title, const QSize& least,
                       QWidget* parent)
    : QDockWidget(title, parent), m_iconName(iconName), m_least(least) {
    setObjectName(id);
    setAccessibleName(title);
    setMinimumSize(least);
    m_title = new PanelTitleBar(iconName, title, this);
    setTitleBarWidget(m_title);

    auto* content = new FramedContent(this);
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(1, 0, 1, 1);
    column->setSpacing(0);
    m_stack = new QStackedWidget(content);
    m_empty = new EmptyState(QString(), QString(), m_stack);
    m_twin = new TableTwin(tr("Table of %1").arg(title), m_stack);
    m_readout = new ReadoutLine(content);
    m_stack->addWidget(m_empty);
    m_stack->addWidget(m_twin);
    column->addWidget(m_stack, 1);
    column->addWidget(m_readout);
    setWidget(content);

    m_menu = new QMenu(this);
    connect(m_title->menuButton(), &QToolButton::clicked, this, [this] { openMenu(m_title->menuButton()); });
    connect(m_empty, &EmptyState::actionTriggered, this, &PanelFrame::emptyActionTriggered);
    connect(m_title->copyButton(), &QToolButton::clicked, this, &PanelFrame::copyTable);
    connect(m_title->exportButton(), &QToolButton::clicked, this, &PanelFrame::saveCsv);
    connect(m_title->tableButton(), &QToolButton::toggled, this, &PanelFrame::setTwinShown);
    connect(m_twin, &TableTwin::csvRequested, this, &PanelFrame::saveCsv);
    connect(m_twin, &TableTwin::sourceRowSelected, this, [this](int row) { selectRow(row); });
    connect(m_twin->horizontalHeader(), &QHeaderView::sortIndicatorChanged, this, &PanelFrame::fitTwin);
    m_twin->installEventFilter(this);

    // A dock that comes from behind another tab, or joins others, gets none of the usual events.
    const auto later = [this] { QTimer::singleShot(0, this, &PanelFrame::placeTitle); };
    connect(this, &QDockWidget::dockLocationChanged, this, later);
    connect(this, &QDockWidget::topLevelChanged, this, later);
    connect(this, &QDockWidget::visibilityChanged, this, [this, later](bool visible) {
        later();
        if (visible) {
            update();
        }
    });
}

void PanelFrame::bind(TraceModel* trace, Selection* selection) {
    m_trace = trace;
    m_selection = selection;
    connect(trace, &TraceModel::currentChanged, this, &PanelFrame::update);
    connect(trace, &TraceModel::appended, this, &PanelFrame::update);
    connect(trace, &TraceModel::chatChanged, this, &PanelFrame::update);
    connect(trace, &TraceModel::liveChanged, this, &PanelFrame::update);
    connect(trace, &TraceModel::windowChanged, this, &PanelFrame::update);
    connect(selection, &Selection::changed, this, &PanelFrame::update);
}

void PanelFrame::setChart(ChartView* chart, TabularModel* table) {
    m_chart = chart;
    m_table = table;
    m_stack->addWidget(chart);
    connect(chart, &ChartView::twinRequested, this, [this] { setTwinShown(true); });
    connect(chart, &ChartView::copyTableRequested, this, &PanelFrame::copyTable);
    connect(chart, &ChartView::copyImageRequested, this, &PanelFrame::copyImage);
    connect(chart, &ChartView::menuRequested, this, &PanelFrame::showChartMenu);
    connect(chart, &ChartView::readoutChanged, this, [this] { m_readout->setReadout(m_chart->readout()); });
    refresh();
    showPage();
}

void PanelFrame::setTable(TabularModel* table) {
    if (table == m_table) {
        return;
    }
    m_table = table;
    m_twin->horizontalHeader()->setSortIndicator(-1, Qt::AscendingOrder);
    if (m_twin->isVisible()) {
        fillTwin();
    }
}

void PanelFrame::setLowTitle(QWidget* title) {
    m_low = true;
    setFeatures(features() | QDockWidget::DockWidgetVerticalTitleBar);
    setTitleBarWidget(title);
    m_title->hide();
    static_cast<QVBoxLayout*>(widget()->layout())->addStretch(); // below it, where a tab is higher
    placeHeight();
}

void PanelFrame::placeHeight() {
    if (m_low) {
        const int height = scaledPx(m_least.height());
        const bool free = m_twinShown || isFloating() || isAmongTabs();
        setMinimumHeight(m_twinShown ? scaledPx(kLowTwin) : height);
        setMaximumHeight(free ? QWIDGETSIZE_MAX : height);
        m_stack->setMaximumHeight(m_twinShown ? QWIDGETSIZE_MAX : height);
    }
}

void PanelFrame::setLeastScale(double scale) {
    const QSize least = (QSizeF(m_least) * scale).toSize();
    if (m_low) {
        setMinimumWidth(least.width());
    } else {
        setMinimumSize(least);
    }
}

void PanelFrame::addControl(QWidget* control) { m_title->addControl(control); }

void PanelFrame::addOptionalControl(QWidget* control) { m_title->addOptional(control); }

void PanelFrame::setOptionalControlWanted(bool wanted) { m_title->setOptionalWanted(wanted); }

void PanelFrame::addLead(QWidget* control) { m_title->addLead(control); }

void PanelFrame::addLegend(QWidget* legend) { m_title->addLegend(legend); }

void PanelFrame::setInfo(const Readout& info) {
    const bool row = hasTitleRow();
    m_title->setInfo(info);
    if (row != hasTitleRow()) {
        emit titleRowChanged();
    }
}

void PanelFrame::setWhatIf(WhatIf* whatIf) {
    m_chart->setWhatIf(whatIf);
    connect(m_chart, &ChartView::biasRequested, this, &PanelFrame::biasRequested);
    connect(m_chart, &ChartView::refused, this, &PanelFrame::messageRequested);
    whatIfGiven(whatIf);
}

void PanelFrame::setEmpty(const QString& title, const QString& sentence) {
    if (!title.isEmpty()) {
        m_empty->setTexts(title, sentence);
    }
    if (title != m_emptyTitle) {
        m_emptyTitle = title;
        showPage();
    }
}

void PanelFrame::setEmptyAction(const QString& text, const QString& iconName) { m_empty->setAction(text, iconName); }

bool PanelFrame::isEmptyShown() const { return m_stack->currentWidget() == m_empty; }

bool PanelFrame::isAmongTabs() {
    const auto* window = qobject_cast<QMainWindow*>(parentWidget());
    if (window == nullptr || isFloating()) {
        return false;
    }
    const auto others = window->tabifiedDockWidgets(this);
    return std::any_of(others.begin(), others.end(), [](const QDockWidget* other) { return !other->isHidden(); });
}

QWidget* PanelFrame::focusTarget() const { return isEmptyShown() ? m_empty->focusTarget() : m_stack->currentWidget(); }

QString PanelFrame::readoutText() const { return m_readout->text(); }

void PanelFrame::setMenuAmongTabs() { m_title->setMenuAmongTabs(); }

bool PanelFrame::hasTitleRow() const { return !m_title->isBare(); }

void PanelFrame::openMenu(const QWidget* button) {
    fillDockMenu();
    m_menu->popup(button->mapToGlobal(QPoint(button->width() - m_menu->sizeHint().width(), button->height())));
}

void PanelFrame::update() {
    // Qt keeps a dock behind another tab visible, but outside its parent.
    const bool inside = isWindow() || parentWidget() == nullptr || geometry().intersects(parentWidget()->rect());
    if (m_chart != nullptr && isVisible() && inside) {
        refresh();
        syncTwin();
    }
}

void PanelFrame::showPage() {
    QWidget* page = !m_emptyTitle.isEmpty() ? static_cast<QWidget*>(m_empty)
                    : m_twinShown           ? static_cast<QWidget*>(m_twin)
                                            : static_cast<QWidget*>(m_chart);
    const QWidget* focus = focusWidget(); // of the dock, whether or not its window is active
    const QWidget* before = m_stack->currentWidget();
    const bool focused =
        before != nullptr && focus != nullptr && focus->hasFocus() && (focus == before || before->isAncestorOf(focus));
    m_stack->setCurrentWidget(page);
    m_readout->setVisible(page != m_empty && m_readoutLine && (!m_low || page == m_twin));
    m_title->tableButton()->setEnabled(page != m_empty);
    emit titleRowChanged();
    if (focused) {
        focusTarget()->setFocus(Qt::OtherFocusReason);
    }
    if (page == m_twin) {
        syncTwin();
        m_readout->setReadout(m_chart->readout());
    }
}

void PanelFrame::setReadoutLine(bool shown) {
    if (shown != m_readoutLine) {
        m_readoutLine = shown;
        showPage();
    }
}

void PanelFrame::setTwinShown(bool shown) {
    if (shown == m_twinShown) {
        return;
    }
    m_twinShown = shown;
    const bool keyboard = m_stack->currentWidget()->hasFocus();
    m_title->setTwinShown(shown);
    placeHeight();
    showPage();
    if (keyboard && m_emptyTitle.isEmpty()) {
        focusTarget()->setFocus(Qt::OtherFocusReason);
    }
}

void PanelFrame::syncTwin() {
    if (m_twin->isVisible()) {
        fitTwin();
        m_twin->setCurrentSourceRow(selectedRow());
        m_readout->setReadout(m_chart->readout());
    }
}

void PanelFrame::fitTwin() {
    QHeaderView* header = m_twin->horizontalHeader();
    const int rows = m_twin->model()->rowCount() * m_twin->verticalHeader()->defaultSectionSize();
    const bool scrolls = rows > m_twin->height() - header->height();
    const int room = m_twin->width() - (scrolls ? m_twin->verticalScrollBar()->sizeHint().width() : 0);
    const QList<int> natural = m_twin->columnWidthsWithin(room);
    if (natural.isEmpty() || (natural == m_twinColumns && room == m_twinRoom)) {
        return;
    }
    m_twinColumns = natural;
    m_twinRoom = room;
    header->setSectionResizeMode(QHeaderView::Interactive);
    const auto silent = static_cast<int>(std::count(natural.begin(), natural.end(), 0));
    const auto columns = static_cast<int>(natural.size()) - silent;
    const int spare = std::max(0, room - std::accumulate(natural.begin(), natural.end(), 0));
    int shown = 0;
    for (int column = 0; column < natural.size(); ++column) {
        header->setSectionHidden(column, natural.at(column) == 0);
        if (natural.at(column) > 0) {
            const int share = spare * (shown + 1) / columns - spare * shown / columns;
            header->resizeSection(column, natural.at(column) + share);
            ++shown;
        }
    }
}

void PanelFrame::copyTable() const {
    if (m_twinShown && m_twin->isVisible()) {
        QGuiApplication::clipboard()->setText(m_twin->copyText());
    } else {
        QGuiApplication::clipboard()->setText(toTabSeparated(*m_table));
    }
}

void PanelFrame::copyImage() const { QGuiApplication::clipboard()->setImage(m_chart->toImage()); }

QString writeTable(const TabularModel& table, const QString& path) {
    QSaveFile file(path);
    const QByteArray bytes = toCsv(table).toUtf8();
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit()) {
        return PanelFrame::tr("The table could not be written to “%1”: %2.").arg(path, file.errorString());
    }
    return {};
}

QString PanelFrame::writeCsv(const QString& path) const { return writeTable(*m_table, path); }

void PanelFrame::saveCsv() {
    askForFileToWrite(this, tr("Save the table of %1").arg(windowTitle()), tr("CSV (*.csv)"),
                      objectName() + QStringLiteral(".csv"), [this](const QString& path) {
                          const QString error = writeCsv(path);
                          emit messageRequested(error.isEmpty() ? tr("The table was written to “%1”.").arg(path)
                                                                : error);
                      });
}

void PanelFrame::placeTitle() {
    const bool row = hasTitleRow();
    m_title->setTabbed(isAmongTabs());
    if (row != hasTitleRow()) {
        emit titleRowChanged();
    }
    placeHeight();
}

void PanelFrame::fillTwin() {
    m_twin->setSource(m_table);
    m_twinColumns.clear();
    fitTwin();
    m_twin->setCurrentSourceRow(selectedRow());
}

void PanelFrame::showEvent(QShowEvent* event) {
    QDockWidget::showEvent(event);
    placeTitle();
    refresh();
    syncTwin();
}

void PanelFrame::closeEvent(QCloseEvent* event) {
    QDockWidget::closeEvent(event);
    if (event->isAccepted()) {
        emit closed();
    }
}

void PanelFrame::changeEvent(QEvent* event) {
    QDockWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) {
        setWindowIcon(theme().icon(m_iconName));
        QWidget::update();
    }
}

bool PanelFrame::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_twin) {
        switch (event->type()) {
        case QEvent::Show:
            // The view sorts its rows anew with each batch: it has a source only while it is shown.
            fillTwin();
            break;
        case QEvent::Resize: fitTwin(); break;
        case QEvent::Hide: m_twin->setSource(nullptr); break;
        case QEvent::ShortcutOverride:
            if (static_cast<QKeyEvent*>(event)->key() == Qt::Key_T &&
                static_cast<QKeyEvent*>(event)->modifiers() == Qt::NoModifier) {
                event->accept();
                return true;
            }
            break;
        case QEvent::KeyPress:
            if (static_cast<QKeyEvent*>(event)->key() == Qt::Key_T &&
                static_cast<QKeyEvent*>(event)->modifiers() == Qt::NoModifier) {
                setTwinShown(false);
                return true;
            }
            break;
        default: break;
        }
    }
    return QDockWidget::eventFilter(watched, event);
}

} // namespace moescope::ui
