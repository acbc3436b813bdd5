// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/modellibraryparts.h"

#include "ui/models/conversation.h"
#include "ui/panels/styledlabel.h"
#include "ui/theme/plaintooltip.h"
#include "ui/widgets/elidedlabel.h"
#include "ui/widgets/progresscard.h"

#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QStackedLayout>
#include <QStyleOptionButton>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr quint32 kContexts[] = {4'096, 8'192, 16'384, 32'768, 65'536, 131'072, 262'144};
constexpr quint32 kFirstContext = 32'768; ///< tokens
constexpr int kFactRow = 24;              ///< px
constexpr int kTwoColumns = 430;          ///< px: below, the facts stand in one column
constexpr int kFactGap = 16;              ///< px between the two columns

/** A watched folder: its path in the fixed font, then words. As text() it is both. */
class FolderButton : public QPushButton {
public:
    FolderButton(const QString& path, const QString& words, QWidget* parent)
        : QPushButton(parent), m_path(path), m_words(words) {
        setProperty("chip", true);
        setProperty("small", true);
        setText(QStringLiteral("%1  %2").arg(path, words).replace(u'&', QStringLiteral("&&")));
    }
    QSize sizeHint() const override {
        // Widths are rounded: a pixel more for each, so that neither is cut where both fit.
        return {2 * kPad + kIcon + pathMetrics().horizontalAdvance(m_path) + kGap +
                    QFontMetrics(theme().font(TextStyle::Small)).horizontalAdvance(m_words) + 2,
                QPushButton::sizeHint().height()};
    }

protected:
    void paintEvent(QPaintEvent*) override {
        const Theme& look = theme();
        QStyleOptionButton option;
        initStyleOption(&option);
        QPainter painter(this);
        style()->drawControl(QStyle::CE_PushButtonBevel, &option, &painter, this);
        QRect room = rect().adjusted(kPad, 0, -kPad, 0);
        painter.drawPixmap(room.left(), (height() - 16) / 2,
                           look.pixmap(icon().name(), 16, look.color(Color::TextSecondary), devicePixelRatioF()));
        room.setLeft(room.left() + kIcon);
        const QFont small = look.font(TextStyle::Small);
        const int words = qMin(QFontMetrics(small).horizontalAdvance(m_words), room.width());
        const QString path = pathMetrics().elidedText(m_path, Qt::ElideMiddle, qMax(0, room.width() - words - kGap));
        painter.setFont(look.font(TextStyle::Mono));
        painter.setPen(look.color(Color::TextSecondary));
        painter.drawText(room, Qt::AlignLeft | Qt::AlignVCenter, path);
        room.setLeft(room.left() + pathMetrics().horizontalAdvance(path) + kGap);
        painter.setFont(small);
        painter.drawText(room, Qt::AlignLeft | Qt::AlignVCenter,
                         QFontMetrics(small).elidedText(m_words, Qt::ElideRight, room.width()));
    }

private:
    static constexpr int kPad = 10;  ///< px
    static constexpr int kIcon = 22; ///< px, with the gap behind it
    static constexpr int kGap = 8;   ///< px

    static QFontMetrics pathMetrics() { return QFontMetrics(theme().font(TextStyle::Mono)); }

    QString m_path;
    QString m_words;
};

/** A share of the bytes as the progress card shows it: "2.41 of 3.92 GiB". */
QString progressFigure(quint64 done, quint64 total) {
    return DropArea::tr("%1 of %2").arg(bytesText(done), bytesText(total));
}

} // namespace

FitLine::FitLine(QWidget* parent) : QWidget(parent) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(20, 8, 12, 8);
    row->setSpacing(8);
    const auto word = [this](const QString& text) {
        return new StyledLabel(text, TextStyle::Small, Color::TextSecondary, this);
    };
    m_device = new QComboBox(this);
    m_device->setAccessibleName(tr("Device to check against"));
    m_device->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_device->setMinimumWidth(112);
    m_context = new QComboBox(this);
    m_context->setAccessibleName(tr("Tokens to check with"));
    for (const quint32 context : kContexts) {
        m_context->addItem(tr("%1 tokens").arg(groupedText(context)), context);
    }
    m_context->setCurrentIndex(m_context->findData(kFirstContext));
    m_kv = new QComboBox(this);
    m_kv->setAccessibleName(tr("Type of the KV cache"));
    const std::pair<trace::KvType, QString> types[] = {
        {trace::KvType::F16, tr("What models are mostly run with")},
        {trace::KvType::Q8_0, tr("About half of F16; answers can change slightly")},
        {trace::KvType::F32, tr("Twice F16; as exact as it is computed")}};
    for (const auto& [type, what] : types) {
        m_kv->addItem(kvTypeText(type), static_cast<int>(type));
        m_kv->setItemData(m_kv->count() - 1, what, Qt::ToolTipRole);
    }
    for (QComboBox* choice : {m_device, m_context, m_kv}) {
        connect(choice, &QComboBox::currentIndexChanged, this, &FitLine::changed);
    }
    row->addWidget(word(tr("Fit check for")));
    row->addWidget(m_device);
    row->addSpacing(4);
    row->addWidget(word(tr("with")));
    row->addWidget(m_context);
    m_orLimit = word(tr("or the model’s limit,"));
    row->addWidget(m_orLimit);
    row->addWidget(word(tr("KV")));
    row->addWidget(m_kv);
    row->addStretch(1);
    applyTheme();
    setDevices({}, {});
}

void FitLine::applyTheme() {
    for (QComboBox* choice : {m_device, m_context, m_kv}) {
        choice->setFont(theme().font(TextStyle::Small));
        choice->setFixedHeight(std::max(24, theme().lineHeight(TextStyle::Small) + 8));
    }
    placeWords();
}

void FitLine::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    placeWords();
}

void FitLine::placeWords() {
    // These words go whole rather than be cut.
    int wide = m_orLimit->sizeHint().width();
    for (int at = 0; at < layout()->count(); ++at) {
        const QWidget* part = layout()->itemAt(at)->widget();
        wide += part != nullptr && part != m_orLimit ? part->sizeHint().width() + layout()->spacing() : 0;
    }
    const QMargins margins = layout()->contentsMargins();
    m_orLimit->setVisible(wide + 12 + margins.left() + margins.right() <= width());
}

void FitLine::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_kv != nullptr) {
        applyTheme();
    }
}

void FitLine::setDevices(const QList<FitDevice>& devices, const QString& preferred) {
    const QString chosen = question().device.isEmpty() ? preferred : question().device;
    m_filling = true;
    m_devices = devices;
    m_device->clear();
    int take = -1;
    for (const FitDevice& device : devices) {
        const QString free = bytesText(device.free_bytes);
        const QString memory = bytesText(device.memory_bytes);
        const bool holds = !device.loaded.isEmpty();
        m_device->addItem(holds ? tr("%1 · %2 free after unloading").arg(device.name, free)
                                : tr("%1 · %2 free of %3").arg(device.name, free, memory));
        if (holds) {
            m_device->setItemData(
                m_device->count() - 1,
                plainToolTip(
                    tr("%1 goes before another model is loaded. The device has %2.").arg(device.loaded, memory)),
                Qt::ToolTipRole);
        }
        if (take < 0 || device.name == chosen) {
            take = m_device->count() - 1;
        }
    }
    if (devices.isEmpty()) {
        m_device->addItem(tr("No device"));
        take = 0;
    }
    m_device->setEnabled(!devices.isEmpty());
    m_device->setCurrentIndex(take);
    m_filling = false;
    placeWords();
    changed();
}

void FitLine::setKv(trace::KvType type) { m_kv->setCurrentIndex(m_kv->findData(static_cast<int>(type))); }

FitQuestion FitLine::question() const {
    FitQuestion question;
    if (const int at = m_device->currentIndex(); at >= 0 && at < m_devices.size()) {
        question.device = m_devices.at(at).name;
        question.free_bytes = m_devices.at(at).free_bytes;
        question.software = m_devices.at(at).software;
    }
    question.context = m_context->currentData().toUInt();
    question.kv = static_cast<trace::KvType>(m_kv->currentData().toInt());
    return question;
}

void FitLine::changed() {
    if (!m_filling) {
        emit questionChanged(question());
    }
}

void FitLine::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), theme().color(Color::Window));
    painter.fillRect(QRect(0, 0, width(), 1), theme().color(Color::BorderSubtle));
    painter.fillRect(QRect(0, height() - 1, width(), 1), theme().color(Color::BorderSubtle));
}

DropArea::DropArea(QWidget* parent) : QWidget(parent) {
    m_pages = new QStackedLayout(this);
    m_pages->setContentsMargins(0, 0, 0, 0);
    auto* page = new QWidget;
    auto* row = new QHBoxLayout(page);
    row->setContentsMargins(48, 20, 20, 20);
    row->setSpacing(12);
    auto* words = new ElidedLabel(tr("Drop a GGUF file here or anywhere on the window. Files stay where they are."),
                                  TextStyle::Ui, Color::TextSecondary, page);
    words->setShorter({tr("Drop a GGUF file here or anywhere on the window."), tr("Drop a GGUF file here.")});
    row->addWidget(words, 1);
    m_convert = new QPushButton(theme().icon(QStringLiteral("folder")), tr("Convert a Hugging Face folder"), page);
    m_convert->setAccessibleName(m_convert->text());
    connect(m_convert, &QAbstractButton::clicked, this, &DropArea::showTypes);
    row->addWidget(m_convert);
    m_pages->addWidget(page);
    m_progress = new ProgressCard;
    connect(m_progress, &ProgressCard::stopRequested, this, &DropArea::stopRequested);
    m_pages->addWidget(m_progress);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

void DropArea::showTypes() {
    const std::pair<QString, QString> types[] = {{QStringLiteral("f16"), tr("F16, as exact as the folder")},
                                                 {QStringLiteral("q8_0"), tr("Q8_0, half of that")},
                                                 {QStringLiteral("q6_k"), tr("Q6_K")},
                                                 {QStringLiteral("q5_k"), tr("Q5_K")},
                                                 {QStringLiteral("q4_k"), tr("Q4_K, the smallest")}};
    QMenu menu(this);
    for (const auto& [type, words] : types) {
        menu.addAction(words, this, [this, name = type] { emit convertRequested(name); });
    }
    menu.exec(m_convert->mapToGlobal(QPoint(0, m_convert->height())));
}

void DropArea::setTarget(bool target) {
    m_target = target;
    update();
}

void DropArea::setConversion(const QString& name, quint64 done, quint64 total) {
    const double share = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0;
    m_progress->setProgress(tr("Converting %1").arg(name), total > 0 ? progressFigure(done, total) : QString(), share,
                            {});
    m_pages->setCurrentIndex(1);
}

void DropArea::endConversion() { m_pages->setCurrentIndex(0); }

void DropArea::paintEvent(QPaintEvent*) {
    if (m_pages->currentIndex() != 0) {
        return;
    }
    const Theme& look = theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QPen pen(look.color(m_target ? Color::AccentText : Color::BorderStrong), 1, Qt::CustomDashLine);
    pen.setDashPattern({3, 3});
    painter.setPen(pen);
    painter.setBrush(m_target ? QBrush(look.color(Color::AccentTint)) : QBrush(Qt::NoBrush));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
    painter.drawPixmap(
        20, (height() - 16) / 2,
        look.pixmap(QStringLiteral("import"), 16, look.color(Color::TextSecondary), devicePixelRatioF()));
}

WatchedLine::WatchedLine(QWidget* parent) : QWidget(parent) {
    m_word = new StyledLabel(tr("Watched:"), TextStyle::Small, Color::TextSecondary, this);
    m_more = new QPushButton(this);
    m_more->setProperty("chip", true);
    m_more->setProperty("small", true);
    connect(m_more, &QAbstractButton::clicked, this, &WatchedLine::openRest);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    setFolders({});
}

QSize WatchedLine::minimumSizeHint() const { return {200, qMax(36, theme().lineHeight(TextStyle::Small) + 20)}; }

void WatchedLine::setFolders(const QList<WatchedFolderView>& folders) {
    m_folders = folders;
    qDeleteAll(m_buttons);
    m_buttons.clear();
    for (const WatchedFolderView& folder : folders) {
        const QString count = folder.models == 1 ? tr("1 file") : tr("%1 files").arg(groupedText(folder.models));
        auto* button =
            new FolderButton(folder.shown, folder.trouble.isEmpty() ? count : tr("%1, not all read").arg(count), this);
        button->setIcon(theme().icon(folder.trouble.isEmpty() ? QStringLiteral("folder") : QStringLiteral("warning")));
        button->setAccessibleName(tr("Watched folder %1, %2").arg(folder.path, count));
        button->setAccessibleDescription(folder.trouble);
        button->setToolTip(
            plainToolTip(folder.trouble.isEmpty() ? tr("%1, subfolders too").arg(folder.path) : folder.trouble));
        connect(button, &QAbstractButton::clicked, this, [this, button, folder] { openMenu(button, folder); });
        m_buttons.append(button);
    }
    place();
}

void WatchedLine::place() {
    const QSize word = m_word->sizeHint();
    m_word->setGeometry(20, (height() - word.height()) / 2, word.width(), word.height());
    int x = 20 + word.width() + 4;
    m_shown = 0;
    for (qsizetype at = 0; at < m_buttons.size(); ++at) {
        QPushButton* button = m_buttons.at(at);
        const QSize size = button->sizeHint();
        // The first is always there, cut if need be; after each other there is room left for "3 more".
        const int reserve = at + 1 < m_buttons.size() ? 80 : 0;
        const bool fits = at == m_shown && (at == 0 || x + size.width() + reserve <= width() - 8);
        button->setVisible(fits);
        if (fits) {
            const int wide = qMin(size.width(), qMax(60, width() - 8 - reserve - x));
            button->setGeometry(x, (height() - size.height()) / 2, wide, size.height());
            x += wide + 12;
            ++m_shown;
        }
    }
    const auto hidden = static_cast<int>(m_buttons.size()) - m_shown;
    m_more->setVisible(hidden > 0);
    m_more->setText(tr("%1 more").arg(hidden));
    m_more->setAccessibleName(tr("%1 more watched folders").arg(hidden));
    const QSize size = m_more->sizeHint();
    m_more->setGeometry(x, (height() - size.height()) / 2, size.width(), size.height());
}

void WatchedLine::fill(QMenu* menu, const WatchedFolderView& folder) {
    menu->addAction(theme().icon(QStringLiteral("folder-open")), tr("Show folder"), this,
                    [this, folder] { emit showRequested(folder.path); });
    menu->addAction(theme().icon(QStringLiteral("regenerate")), tr("Look again"), this, &WatchedLine::rescanRequested);
    QAction* remove = menu->addAction(theme().icon(QStringLiteral("minus")), tr("Remove folder, keep its files"), this,
                                      [this, folder] { emit removeRequested(folder.path); });
    remove->setEnabled(!folder.fixed);
    if (folder.fixed) {
        remove->setText(tr("The app’s own folder is always watched"));
    }
}

void WatchedLine::openMenu(QWidget* at, const WatchedFolderView& folder) {
    QMenu menu(this);
    fill(&menu, folder);
    menu.exec(at->mapToGlobal(QPoint(0, -menu.sizeHint().height())));
}

void WatchedLine::openRest() {
    QMenu menu(this);
    for (qsizetype at = m_shown; at < m_folders.size(); ++at) {
        const WatchedFolderView& folder = m_folders.at(at);
        fill(menu.addMenu(QString(folder.shown).replace(u'&', QStringLiteral("&&"))), folder);
    }
    menu.exec(m_more->mapToGlobal(QPoint(0, -menu.sizeHint().height())));
}

void WatchedLine::paintEvent(QPaintEvent*) {
    QPainter(this).fillRect(QRect(0, 0, width(), 1), theme().color(Color::Border));
}

void WatchedLine::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    place();
}

void WatchedLine::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_more != nullptr) {
        updateGeometry();
        place();
    }
}

FactGrid::FactGrid(QWidget* parent) : QWidget(parent) { setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed); }

void FactGrid::setFacts(const QList<std::pair<QString, QString>>& facts) {
    m_facts = facts;
    QStringList words;
    for (const auto& [name, figure] : facts) {
        words += QStringLiteral("%1 %2").arg(name, figure);
    }
    setAccessibleName(words.join(QStringLiteral(", ")));
    setFixedHeight(heightIn(width()));
    update();
}

void FactGrid::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    setFixedHeight(heightIn(width()));
}

int FactGrid::rowHeight() const { return std::max(kFactRow, theme().lineHeight(TextStyle::Small) + 8); }

int FactGrid::columnsIn(int width) const { return width < kTwoColumns * theme().fontScale() ? 1 : 2; }

int FactGrid::heightIn(int width) const {
    const int columns = columnsIn(width);
    return (static_cast<int>(m_facts.size()) + columns - 1) / columns * rowHeight();
}

QSize FactGrid::sizeHint() const { return {kTwoColumns, heightIn(kTwoColumns)}; }

void FactGrid::paintEvent(QPaintEvent*) {
    const Theme& look = theme();
    QPainter painter(this);
    const int columns = columnsIn(width());
    const int wide = columns == 1 ? width() : (width() - kFactGap) / 2;
    const int high = rowHeight();
    for (qsizetype at = 0; at < m_facts.size(); ++at) {
        const auto& [name, figure] = m_facts.at(at);
        const auto place = static_cast<int>(at);
        const QRect cell(place % columns * (wide + kFactGap), place / columns * high, wide, high);
        painter.fillRect(QRect(cell.left(), cell.bottom(), wide, 1), look.color(Color::BorderSubtle));
        const QRect names(cell.left(), cell.top(), wide * 11 / 20, high - 1);
        const QRect figures(names.right() + 4, cell.top(), wide - names.width() - 4, high - 1);
        painter.setFont(look.font(TextStyle::Small));
        painter.setPen(look.color(Color::TextSecondary));
        painter.drawText(names, Qt::AlignVCenter | Qt::AlignLeft,
                         painter.fontMetrics().elidedText(name, Qt::ElideRight, names.width()));
        painter.setFont(look.font(TextStyle::Mono));
        painter.setPen(look.color(Color::Text));
        painter.drawText(figures, Qt::AlignVCenter | Qt::AlignLeft,
                         painter.fontMetrics().elidedText(figure, Qt::ElideRight, figures.width()));
    }
}

void FactGrid::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) {
        setFixedHeight(heightIn(width()));
    }
}

} // namespace moescope::ui
