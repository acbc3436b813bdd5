// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/modellibrarypanel.h"

#include "ui/models/conversation.h"
#include "ui/panels/modeltable.h"
#include "ui/panels/styledlabel.h"
#include "ui/theme/theme.h"
#include "ui/widgets/elidedlabel.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/searchfield.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QScopedValueRollback>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kDetails = 520;      ///< px, of the details at their widest
constexpr int kLeastDetails = 360; ///< px
constexpr int kWholeWords = 440;   ///< px
constexpr int kSearch = 180;       ///< px
constexpr int kLeastSearch = 150;  ///< px

} // namespace

ModelLibraryPanel::ModelLibraryPanel(QWidget* parent) : QWidget(parent) {
    setAccessibleName(tr("Models"));
    m_models = new ModelListModel(this);
    auto* across = new QHBoxLayout(this);
    across->setContentsMargins(0, 0, 0, 0);
    across->setSpacing(0);
    auto* list = new QWidget(this);
    auto* column = new QVBoxLayout(list);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(makeHead());
    m_fit = new FitLine(list);
    column->addWidget(m_fit);
    column->addWidget(makeList(), 1);
    auto* drop = new QHBoxLayout;
    drop->setContentsMargins(20, 12, 20, 20);
    m_drop = new DropArea(list);
    drop->addWidget(m_drop);
    column->addLayout(drop);
    m_watched = new WatchedLine(list);
    column->addWidget(m_watched);
    across->addWidget(list, 1);
    m_details = new ModelDetails(this);
    across->addWidget(m_details);
    connectParts();
    questionChanged(m_fit->question());
    refreshCount();
    refreshEmpty();
}

QWidget* ModelLibraryPanel::makeHead() {
    auto* head = new QWidget(this);
    auto* row = new QHBoxLayout(head);
    row->setContentsMargins(20, 12, 12, 11);
    row->setSpacing(8);
    row->addWidget(new StyledLabel(tr("Models"), TextStyle::Title, Color::Text, head));
    m_count = new ElidedLabel({}, TextStyle::Small, Color::TextMuted, head);
    m_count->setMinimumWidth(1);
    row->addWidget(m_count, 1);
    m_search = new SearchField(tr("Search models"), {}, head);
    m_search->setMinimumWidth(kLeastSearch);
    m_search->setMaximumWidth(kSearch);
    m_search->installEventFilter(this);
    row->addWidget(m_search, 1000); // up to its width; the count has the rest
    m_addFolder = new QPushButton(theme().icon(QStringLiteral("folder")), tr("Add folder"), head);
    m_addFolder->setAccessibleName(tr("Add folder"));
    row->addWidget(m_addFolder);
    m_openFile = new QPushButton(theme().icon(QStringLiteral("plus")), tr("Open file"), head);
    m_openFile->setAccessibleName(tr("Open file"));
    m_openFile->setProperty("primary", true);
    row->addWidget(m_openFile);
    return head;
}

QWidget* ModelLibraryPanel::makeList() {
    m_lists = new QStackedWidget(this);
    m_table = new ModelTable(m_models, m_lists);
    m_table->viewport()->setAutoFillBackground(false);
    m_lists->addWidget(m_table);
    m_empty = new EmptyState({}, {}, m_lists);
    m_lists->addWidget(m_empty);
    return m_lists;
}

void ModelLibraryPanel::connectParts() {
    connect(m_search, &QLineEdit::textChanged, this, [this](const QString& text) {
        {
            const QScopedValueRollback placing(m_placing, true);
            m_table->setFilterText(text);
        }
        placeLoaded();
        refreshEmpty();
    });
    connect(m_addFolder, &QAbstractButton::clicked, this, &ModelLibraryPanel::addFolderRequested);
    connect(m_openFile, &QAbstractButton::clicked, this, &ModelLibraryPanel::openFileRequested);
    connect(m_fit, &FitLine::questionChanged, this, &ModelLibraryPanel::questionChanged);
    connect(m_table, &ModelTable::currentModelChanged, this, [this] {
        m_chosen = m_chosen || !m_placing;
        refreshDetails();
    });
    connect(m_table, &ModelTable::modelActivated, this, &ModelLibraryPanel::activate);
    connect(m_table, &ModelTable::menuRequested, this, &ModelLibraryPanel::showMenu);
    connect(m_table, &ModelTable::left, this, &ModelLibraryPanel::left);
    connect(m_drop, &DropArea::convertRequested, this, &ModelLibraryPanel::convertRequested);
    connect(m_drop, &DropArea::stopRequested, this, &ModelLibraryPanel::conversionStopRequested);
    connect(m_watched, &WatchedLine::showRequested, this, &ModelLibraryPanel::showFolderRequested);
    connect(m_watched, &WatchedLine::removeRequested, this, &ModelLibraryPanel::removeFolderRequested);
    connect(m_watched, &WatchedLine::rescanRequested, this, &ModelLibraryPanel::rescanRequested);
    connect(m_details, &ModelDetails::loadRequested, this, [this] { activate(m_table->currentModel()); });
    connect(m_details, &ModelDetails::unloadRequested, this, &ModelLibraryPanel::unloadRequested);
    connect(m_details, &ModelDetails::stopRequested, this, &ModelLibraryPanel::stopRequested);
    connect(m_details, &ModelDetails::showFileRequested, this, [this] {
        if (const int row = m_table->currentModel(); row >= 0) {
            emit showFileRequested(QByteArray::fromStdString(m_models->at(row).path()));
        }
    });
    connect(m_details, &ModelDetails::menuRequested, this,
            [this](const QPoint& at) { showMenu(m_table->currentModel(), at); });
}

void ModelLibraryPanel::putModels(const QList<ModelRow>& rows) {
    const int before = m_table->currentModel();
    const std::string path = before < 0 ? std::string() : m_models->at(before).path();
    const QScopedValueRollback placing(m_placing, true);
    m_models->put(rows);
    if (const int row = m_models->rowOf(path); row >= 0) {
        m_table->setCurrentModel(row); // it may have gone and come back under another name
    } else if (m_models->rowCount() > 0) {
        m_table->setCurrentModel(0);
    }
    placeLoaded();
    refreshCount();
    refreshDetails();
    refreshEmpty();
}

void ModelLibraryPanel::placeLoaded() {
    const QScopedValueRollback placing(m_placing, true);
    for (int row = 0; !m_chosen && row < m_models->rowCount(); ++row) {
        if (useOf(row) != ModelUse::None && m_table->shows(row)) {
            m_table->setCurrentModel(row);
            break;
        }
    }
}

void ModelLibraryPanel::retainModels(const QSet<QByteArray>& paths) {
    const QScopedValueRollback placing(m_placing, true);
    m_models->retain(paths);
    refreshCount();
    refreshDetails();
    refreshEmpty();
}

void ModelLibraryPanel::setFolders(const QList<WatchedFolderView>& folders) {
    m_folders = static_cast<int>(folders.size());
    m_watched->setFolders(folders);
    refreshCount();
}

void ModelLibraryPanel::setScanning(bool scanning) {
    m_scanning = scanning;
    refreshCount();
    refreshEmpty();
}

void ModelLibraryPanel::setDevices(const QList<FitDevice>& devices, const QString& preferred) {
    m_fit->setDevices(devices, preferred);
}

void ModelLibraryPanel::setKv(trace::KvType type) { m_fit->setKv(type); }

void ModelLibraryPanel::setLoaded(const std::string& path, bool loading) {
    if (loading) {
        m_loading.start();
    }
    m_models->setLoaded(path, loading);
    placeLoaded();
    m_details->setProgress(0, 0, 0);
    refreshDetails();
}

void ModelLibraryPanel::setLoadProgress(quint64 done, quint64 total) {
    const int row = m_table->currentModel();
    if (row < 0 || !m_models->isLoading(row) || !isVisible()) {
        return;
    }
    const qint64 ms = m_loading.isValid() ? m_loading.elapsed() : 0;
    m_details->setProgress(done, total, ms > 200 ? done * 1000 / static_cast<quint64>(ms) : 0);
}

void ModelLibraryPanel::setConversion(const QString& name, quint64 done, quint64 total) {
    m_drop->setConversion(name, done, total);
}

void ModelLibraryPanel::endConversion() { m_drop->endConversion(); }

bool ModelLibraryPanel::showModel(const std::string& path) {
    const int row = m_models->rowOf(path);
    if (row < 0) {
        return false;
    }
    m_table->setCurrentModel(row);
    if (m_table->currentModel() != row) {
        m_search->clear();
        m_table->setCurrentModel(row);
    }
    return true;
}

void ModelLibraryPanel::load(const std::string& path) {
    if (showModel(path)) {
        activate(m_table->currentModel());
    }
}

void ModelLibraryPanel::focusList() { m_table->setFocus(Qt::OtherFocusReason); }

void ModelLibraryPanel::focusSearch() {
    m_search->setFocus(Qt::ShortcutFocusReason);
    m_search->selectAll();
}

void ModelLibraryPanel::questionChanged(const FitQuestion& question) {
    m_models->setQuestion(question);
    refreshDetails();
}

void ModelLibraryPanel::refreshCount() {
    const QString count = groupedText(m_models->rowCount());
    const QString models = m_models->rowCount() == 1 ? tr("1 model") : tr("%1 models").arg(count);
    if (m_scanning) {
        m_count->setText(tr("%1 so far, looking…").arg(count));
        m_count->setShorter({});
        return;
    }
    // The built-in model and files opened by name lie in none of the folders.
    const QString folders =
        m_folders == 1 ? tr("1 watched folder") : tr("%1 watched folders").arg(groupedText(m_folders));
    m_count->setText(tr("%1 · %2").arg(models, folders));
    m_count->setShorter({models});
}

ModelUse ModelLibraryPanel::useOf(int row) const {
    return m_models->isLoaded(row) ? ModelUse::Loaded : m_models->isLoading(row) ? ModelUse::Loading : ModelUse::None;
}

void ModelLibraryPanel::refreshDetails() {
    const int row = m_table->currentModel();
    if (row < 0) {
        m_details->showNothing();
        return;
    }
    m_details->showModel(m_models->at(row), m_models->distinction(row), m_models->question(), useOf(row));
}

void ModelLibraryPanel::refreshEmpty() {
    const bool none = m_models->rowCount() == 0;
    if (none) {
        m_empty->setTexts(m_scanning ? tr("Looking for models") : tr("No models yet"),
                          tr("Drop a GGUF file on the window, or add a folder that holds some."));
    } else {
        m_empty->setTexts(tr("Nothing contains “%1”.").arg(m_search->text().trimmed()),
                          tr("The search looks at names, families, types and files."));
    }
    m_lists->setCurrentIndex(m_table->shownCount() == 0 ? 1 : 0);
}

LoadWish ModelLibraryPanel::wishFor(int row) const {
    const ModelRow& model = m_models->at(row);
    const FitQuestion question = m_fit->question();
    return {model.path(), model.built_in, question.device, m_details->loadContext(), question.kv};
}

void ModelLibraryPanel::activate(int row) {
    if (row < 0 || row != m_table->currentModel() || useOf(row) != ModelUse::None || !m_details->canLoad()) {
        return; // the details say why
    }
    emit loadRequested(wishFor(row));
}

void ModelLibraryPanel::showMenu(int row, const QPoint& at) {
    if (row < 0) {
        return;
    }
    const ModelRow& model = m_models->at(row);
    const QByteArray path = QByteArray::fromStdString(model.path());
    QMenu menu(this);
    switch (useOf(row)) {
    case ModelUse::None:
        menu.addAction(theme().icon(QStringLiteral("play")), tr("Load"), this, [this, row] { activate(row); })
            ->setEnabled(m_details->canLoad());
        break;
    case ModelUse::Loading:
        menu.addAction(theme().icon(QStringLiteral("stop")), tr("Stop loading"), this,
                       &ModelLibraryPanel::stopRequested);
        break;
    case ModelUse::Loaded:
        menu.addAction(theme().icon(QStringLiteral("stop")), tr("Unload"), this, &ModelLibraryPanel::unloadRequested);
        break;
    }
    menu.addAction(theme().icon(QStringLiteral("folder-open")), tr("Show file"), this,
                   [this, path] { emit showFileRequested(path); });
    if (model.named) {
        menu.addSeparator();
        menu.addAction(theme().icon(QStringLiteral("minus")), tr("Remove from the list, keep the file"), this,
                       [this, path] { emit removeFileRequested(path); });
    }
    menu.exec(at);
}

bool ModelLibraryPanel::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_search && event->type() == QEvent::KeyPress) {
        switch (static_cast<QKeyEvent*>(event)->key()) {
        case Qt::Key_Escape:
            if (m_search->text().isEmpty()) {
                emit left();
            } else {
                m_search->clear();
            }
            return true;
        case Qt::Key_Down:
        case Qt::Key_Return:
        case Qt::Key_Enter: focusList(); return true;
        default: break;
        }
    }
    return QWidget::eventFilter(watched, event);
}

void ModelLibraryPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    // Of a small window they take more, so that their words stay whole.
    const int wide = std::max(width() * 361 / 1000, std::min(width() * 2 / 5, kWholeWords));
    m_details->setFixedWidth(std::clamp(wide, kLeastDetails, kDetails));
}

void ModelLibraryPanel::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), theme().color(Color::Panel));
}

} // namespace moescope::ui
