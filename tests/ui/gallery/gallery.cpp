// SPDX-License-Identifier: Apache-2.0
#include "ui/text/markdownview.h"
#include "ui/theme/theme.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/contextmeter.h"
#include "ui/widgets/elidedlabel.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/iconbutton.h"
#include "ui/widgets/progresscard.h"
#include "ui/widgets/searchfield.h"
#include "ui/widgets/segmentedcontrol.h"
#include "ui/widgets/statusitem.h"
#include "ui/widgets/tabletwin.h"
#include "ui/widgets/toast.h"

#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QMenuBar>
#include <QPainter>
#include <QPushButton>
#include <QRadioButton>
#include <QScrollArea>
#include <QSlider>
#include <QSpinBox>
#include <QStandardItemModel>
#include <QStyleOption>
#include <QTabBar>
#include <QTimer>
#include <QToolBar>
#include <QVBoxLayout>

using namespace moescope::ui;

namespace {

/** A white box with a title, as in the picture of states. */
class Card : public QWidget {
public:
    explicit Card(const QString& title) {
        column = new QVBoxLayout(this);
        column->setContentsMargins(16, 12, 16, 16);
        column->setSpacing(8);
        auto* head = new QLabel(title);
        head->setFont(theme().font(TextStyle::UiStrong));
        column->addWidget(head);
    }
    QVBoxLayout* column = nullptr;

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(theme().color(Color::Border));
        painter.setBrush(theme().color(Color::Panel));
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
    }
};

/** A push button drawn in a state that only pointer and keyboard give. */
class Frozen : public QPushButton {
public:
    Frozen(const QString& text, QStyle::State state, bool ring) : QPushButton(text), m_state(state), m_ring(ring) {
        setFocusPolicy(Qt::NoFocus);
    }

protected:
    void paintEvent(QPaintEvent*) override {
        QStyleOptionButton option;
        initStyleOption(&option);
        option.state |= m_state;
        QPainter painter(this);
        style()->drawControl(QStyle::CE_PushButton, &option, &painter, this);
        if (m_ring) {
            painter.setRenderHint(QPainter::Antialiasing);
            painter.setPen(QPen(theme().color(Color::AccentText), 2));
            painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 6, 6);
        }
    }

private:
    QStyle::State m_state;
    bool m_ring;
};

class Swatches : public QWidget {
public:
    Swatches() { setFixedHeight(130); }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        painter.setFont(theme().font(TextStyle::Mono));
        for (int i = 0; i < 16; ++i) {
            const QRect chip((i % 8) * 50, (i / 8) * 30, 46, 22);
            painter.fillRect(chip, theme().expertTint(i));
            painter.fillRect(QRect(chip.left(), chip.bottom() - 3, chip.width(), 4), theme().expertStrong(i));
            painter.setPen(theme().color(Color::Text));
            painter.drawText(chip, Qt::AlignCenter, QString::number(i));
        }
        for (int i = 0; i < 400; ++i) {
            painter.fillRect(QRect(i, 66, 1, 22), theme().sequential(i / 399.0));
            painter.fillRect(QRect(i, 94, 1, 22), theme().diverging(std::exp2(i / 399.0 * 4 - 2)));
        }
        paintSelection(painter, QRectF(100, 66, 30, 22));
    }
};

QWidget* buttons() {
    auto* card = new Card(QStringLiteral("Buttons"));
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(12);
    const QStringList heads{QStringLiteral("Rest"), QStringLiteral("Hover"), QStringLiteral("Pressed"),
                            QStringLiteral("Focus"), QStringLiteral("Disabled")};
    const QList<QStyle::State> states{{}, QStyle::State_MouseOver, QStyle::State_Sunken, {}, {}};
    const QList<QPair<QString, const char*>> kinds{{QStringLiteral("Send"), "primary"},
                                                   {QStringLiteral("Stop"), ""},
                                                   {QStringLiteral("Copy"), "quiet"},
                                                   {QStringLiteral("Delete"), "danger"}};
    for (int column = 0; column < 5; ++column) {
        auto* head = new QLabel(heads[column]);
        head->setFont(theme().font(TextStyle::Axis));
        grid->addWidget(head, 0, column);
        for (int row = 0; row < kinds.size(); ++row) {
            auto* button = new Frozen(kinds[row].first, states[column], column == 3);
            if (*kinds[row].second != 0) {
                button->setProperty(kinds[row].second, true);
            }
            button->setEnabled(column != 4);
            grid->addWidget(button, row + 1, column, Qt::AlignLeft);
        }
    }
    auto* icon = new IconButton(QStringLiteral("regenerate"), QStringLiteral("Regenerate"));
    grid->addWidget(icon, 5, 0);
    auto* on = new IconButton(QStringLiteral("table"), QStringLiteral("Table"));
    on->setCheckable(true);
    on->setChecked(true);
    grid->addWidget(on, 5, 1);
    auto* off = new IconButton(QStringLiteral("copy"), QStringLiteral("Copy"));
    off->setEnabled(false);
    grid->addWidget(off, 5, 2);
    auto* real = new QPushButton(QStringLiteral("Focus here"));
    real->setObjectName(QStringLiteral("focus"));
    real->setIcon(theme().icon(QStringLiteral("play")));
    grid->addWidget(real, 5, 3, 1, 2, Qt::AlignLeft);
    card->column->addLayout(grid);
    return card;
}

QWidget* inputs() {
    auto* card = new Card(QStringLiteral("Inputs"));
    auto* grid = new QGridLayout;
    auto* rest = new QLineEdit;
    rest->setPlaceholderText(QStringLiteral("Search"));
    auto* wrong = new QLineEdit(QStringLiteral("layer>>3"));
    wrong->setFont(theme().font(TextStyle::Mono));
    wrong->setProperty("error", true);
    auto* disabled = new QLineEdit(QStringLiteral("No model"));
    disabled->setEnabled(false);
    auto* combo = new QComboBox;
    combo->addItems({QStringLiteral("This answer"), QStringLiteral("Whole chat")});
    auto* spin = new QSpinBox;
    spin->setMaximum(9999);
    spin->setValue(1024);
    auto* check = new QCheckBox(QStringLiteral("Restore"));
    check->setChecked(true);
    auto* radio = new QRadioButton(QStringLiteral("One"));
    radio->setChecked(true);
    auto* slider = new QSlider(Qt::Horizontal);
    slider->setValue(50);
    for (int column = 0; column < 3; ++column) {
        grid->setColumnStretch(column, 1);
    }
    slider->setMinimumWidth(100);
    grid->addWidget(rest, 0, 0);
    grid->addWidget(new SearchField(QStringLiteral("Search conversations"), QStringLiteral("Ctrl K")), 0, 1);
    grid->addWidget(wrong, 0, 2);
    grid->addWidget(combo, 1, 0);
    grid->addWidget(spin, 1, 1);
    grid->addWidget(disabled, 1, 2);
    grid->addWidget(new SegmentedControl(QStringLiteral("Map"), {QStringLiteral("Deviation"), QStringLiteral("Count")}),
                    2, 0);
    auto* row = new QHBoxLayout;
    row->addWidget(check);
    row->addWidget(new QCheckBox(QStringLiteral("Off")));
    row->addWidget(radio);
    row->addWidget(new QRadioButton(QStringLiteral("Two")));
    grid->addLayout(row, 2, 1);
    grid->addWidget(slider, 2, 2);
    card->column->addLayout(grid);
    return card;
}

QWidget* tabsAndMenu() {
    auto* card = new Card(QStringLiteral("Tabs, context menu of a cell"));
    auto* tabs = new QTabBar;
    tabs->setDrawBase(false);
    tabs->addTab(theme().icon(QStringLiteral("heatmap")), QStringLiteral("Experts"));
    tabs->addTab(theme().icon(QStringLiteral("path")), QStringLiteral("Token path"));
    tabs->addTab(theme().icon(QStringLiteral("router")), QStringLiteral("Router"));
    card->column->addWidget(tabs);
    auto* menu = new QMenu(card);
    menu->setWindowFlags(Qt::Widget);
    QAction* first = menu->addAction(QStringLiteral("Show expert card"));
    first->setShortcut(QKeySequence(Qt::Key_Enter));
    menu->addAction(QStringLiteral("Filter to this expert"))->setShortcut(QKeySequence(Qt::Key_F));
    menu->addSeparator();
    menu->addAction(QStringLiteral("Ban in a re-run"))->setShortcut(QKeySequence(Qt::Key_B));
    QAction* checked = menu->addAction(QStringLiteral("Force in a re-run"));
    checked->setCheckable(true);
    checked->setChecked(true);
    menu->addSeparator();
    menu->addAction(theme().icon(QStringLiteral("copy")), QStringLiteral("Copy as table"))
        ->setShortcut(QKeySequence::Copy);
    menu->setActiveAction(first);
    card->column->addWidget(menu, 0, Qt::AlignLeft);
    menu->show();
    return card;
}

QWidget* rows() {
    auto* card = new Card(QStringLiteral("Rows and selection"));
    auto* list = new QListWidget;
    list->setProperty("sidebar", true);
    list->setFrameShape(QFrame::NoFrame);
    list->addItems({QStringLiteral("Rest"), QStringLiteral("Selected"), QStringLiteral("A fox and a boat"),
                    QStringLiteral("One more")});
    list->setCurrentRow(1);
    list->setFixedHeight(100);
    card->column->addWidget(list);
    card->column->addWidget(new Swatches);
    auto* status = new QHBoxLayout;
    auto* ready = new StatusItem;
    ready->setDot(Color::Ok);
    ready->setText(QStringLiteral("Ready"));
    status->addWidget(ready);
    status->addWidget(new StatusItem(QStringLiteral("offline"), QStringLiteral("Offline")));
    auto* meter = new ContextMeter;
    meter->setTokens(603, 1024);
    status->addWidget(meter);
    status->addStretch();
    card->column->addLayout(status);
    auto* full = new ContextMeter;
    full->setTokens(900, 1024);
    card->column->addWidget(full);
    auto* elided = new ElidedLabel(QStringLiteral("A long title of a conversation that does not fit into the row"));
    elided->setFixedWidth(220);
    card->column->addWidget(elided);
    return card;
}

QWidget* banners() {
    auto* card = new Card(QStringLiteral("Banners"));
    auto* error =
        new Banner(Banner::Kind::Error,
                   QStringLiteral("The file “mixture-test.gguf” ends after 2,254,857,830 bytes, but its tensor "
                                  "“blk.7.ffn_up_exps.weight” needs 2,317,811,712. Download it again."));
    error->addAction(QStringLiteral("Show file"));
    error->addAction(QStringLiteral("Copy message"));
    error->setClosable(true);
    card->column->addWidget(error);
    card->column->addWidget(
        new Banner(Banner::Kind::Warning,
                   QStringLiteral("“tiny-synthetic” has random weights. Its speed is real, its words mean nothing.")));
    auto* info = new Banner(Banner::Kind::Info, QStringLiteral("It has 30 million parameters, n = 4,096."));
    info->setLead(QStringLiteral("Nano is a small model."));
    card->column->addWidget(info);
    auto* progress = new ProgressCard;
    moescope::trace::PrefillProgress prefill;
    prefill.done = 1152;
    prefill.reused = 452;
    prefill.total = 1536;
    prefill.elapsed_ms = 501.4;
    prefill.left_ms = 275;
    progress->setPrefill(prefill);
    card->column->addWidget(progress);
    auto* loading = new ProgressCard;
    loading->setProgress(QStringLiteral("OLMoE-1B-7B"), QStringLiteral("2.41 of 3.92 GiB"), 0.61,
                         QStringLiteral("1.1 GiB/s, 1.4 s left"));
    card->column->addWidget(loading);
    auto* toast = new Toast(card);
    card->column->addWidget(toast);
    toast->showMessage(QStringLiteral("“Names for a small boat” was deleted."), QStringLiteral("Undo"), 3600000);
    return card;
}

QWidget* tables(QObject* parent) {
    auto* card = new Card(QStringLiteral("Table twin and empty state"));
    auto* model = new QStandardItemModel(4, 5, parent);
    model->setHorizontalHeaderLabels({QStringLiteral("Layer"), QStringLiteral("Expert"), QStringLiteral("Tokens"),
                                      QStringLiteral("Share"), QStringLiteral("÷ uniform")});
    for (int column = 0; column < 5; ++column) {
        model->setHeaderData(column, Qt::Horizontal, int(Qt::AlignRight | Qt::AlignVCenter), Qt::TextAlignmentRole);
        for (int row = 0; row < 4; ++row) {
            auto* item = new QStandardItem(QString::number((row + 1) * (column + 3)));
            item->setData((row + 1) * (column + 3), Qt::UserRole);
            item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
            model->setItem(row, column, item);
        }
    }
    auto* table = new TableTwin(QStringLiteral("Experts"));
    table->setSource(model);
    table->sortByColumn(2, Qt::DescendingOrder);
    table->setCurrentSourceRow(2);
    table->setFixedHeight(150);
    card->column->addWidget(table);
    auto* empty = new EmptyState(QStringLiteral("No tokens recorded"),
                                 QStringLiteral("This answer came from an import without a trace."));
    empty->setAction(QStringLiteral("Re-run to record"), QStringLiteral("regenerate"));
    card->column->addWidget(empty);
    return card;
}

QWidget* markdown() {
    auto* card = new Card(QStringLiteral("Markdown"));
    auto* view = new MarkdownView;
    view->setAccessibleName(QStringLiteral("Answer"));
    view->setStreaming(true);
    const QString text = QStringLiteral(
        "No single part did. In every layer a small **router** looks at the current token and picks the *experts* that "
        "answer it, see [the page](https://example.org):\n\n"
        "- **Scores.** One number per expert, from the token’s hidden state.\n- **Gates.** A softmax turns the scores "
        "into weights that add to 1.\n  1. inner\n  2. inner two\n\n"
        "> A quote that says ~~nothing~~ something.\n\n| Layer | Gate |\n|---|---:|\n| L0 | 0.99 |\n| L1 | 0.40 |\n\n"
        "```python\ndef route(hidden, router, k):\n    scores = hidden @ router.T        # one score per expert\n    "
        "weight, expert = topk(\"gates\", 12)   # 1 of 16, or 8 of 64, and a line that is too wide for its box\n    "
        "return expert, weight\n```\n\n"
        "An expert is seldom a topic. The choice follows the kind of word, so the two times `boat` appears 小さな船 "
        "שלום 🦊 in the story it can");
    view->appendMarkdown(text);
    const auto word = static_cast<int>(text.indexOf(QStringLiteral("topic")));
    view->setMarkedRange(word, word + 5);
    card->column->addWidget(view);
    return card;
}

} // namespace

int main(int argc, char** argv) {
    QApplication app(argc, argv);
    const QStringList arguments = QApplication::arguments();
    const bool dark = arguments.contains(QStringLiteral("--dark"));
    setTheme(app,
             Theme(dark ? Scheme::Dark : Scheme::Light, arguments.contains(QStringLiteral("--large")) ? 1.5 : 1.0));
    QWidget window;
    window.setWindowTitle(QStringLiteral("Component states"));
    window.resize(1440, 1300);
    auto* all = new QVBoxLayout(&window);
    all->setContentsMargins(0, 0, 0, 0);
    auto* bar = new QMenuBar;
    bar->addMenu(QStringLiteral("&File"))->addAction(QStringLiteral("Quit"));
    bar->addMenu(QStringLiteral("&Edit"));
    all->addWidget(bar);
    auto* columns = new QHBoxLayout;
    columns->setContentsMargins(16, 8, 16, 16);
    columns->setSpacing(16);
    all->addLayout(columns);
    const QList<QList<QWidget*>> cards{
        {buttons(), inputs(), tabsAndMenu()}, {rows(), tables(&window), markdown()}, {banners()}};
    for (const QList<QWidget*>& column : cards) {
        auto* box = new QVBoxLayout;
        box->setSpacing(16);
        for (QWidget* card : column) {
            box->addWidget(card);
        }
        box->addStretch();
        columns->addLayout(box, 1);
    }
    window.show();
    const qsizetype save = arguments.indexOf(QStringLiteral("--save"));
    if (save >= 0 && save + 1 < arguments.size()) {
        QTimer::singleShot(600, &window, [&window, file = arguments[save + 1]] {
            const bool written = window.grab().save(file);
            QApplication::exit(written ? 0 : 1);
        });
    }
    return QApplication::exec();
}
