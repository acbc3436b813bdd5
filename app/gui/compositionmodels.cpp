// SPDX-License-Identifier: Apache-2.0
// The part of Composition that ties the list of models to the window and to the engine.
#include "app/gui/composition.h"

#include "app/gui/capturesession.h"
#include "app/gui/routingpanels.h"
#include "app/platform/paths.h"
#include "ui/panels/modellibrarypanel.h"

#include <QDesktopServices>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QGuiApplication>

#include <algorithm>

namespace moescope::gui {

using controller::InferenceController;
using State = InferenceController::State;

void Composition::connectLibrary() {
    ui::ModelLibraryPanel* panel = m_window->library();
    connect(&m_shelf, &ModelShelf::modelsRead, panel, &ui::ModelLibraryPanel::putModels);
    connect(&m_shelf, &ModelShelf::modelsRead, this, &Composition::updateContext);
    connect(&m_shelf, &ModelShelf::modelsRetained, panel, &ui::ModelLibraryPanel::retainModels);
    connect(&m_shelf, &ModelShelf::foldersListed, panel, &ui::ModelLibraryPanel::setFolders);
    connect(&m_shelf, &ModelShelf::scanningChanged, panel, &ui::ModelLibraryPanel::setScanning);
    connect(&m_shelf, &ModelShelf::conversionProgress, panel, &ui::ModelLibraryPanel::setConversion);
    connect(&m_shelf, &ModelShelf::conversionEnded, panel, &ui::ModelLibraryPanel::endConversion);
    connect(&m_shelf, &ModelShelf::converted, this, [this](const QString& target, const QStringList& warnings) {
        const QString written = tr("“%1” was written.").arg(QFileInfo(target).fileName());
        m_window->showToast((QStringList{written} + warnings).join(u' '));
    });
    connect(&m_shelf, &ModelShelf::listed, this,
            [this](const QByteArray& path) { m_window->library()->showModel(path.toStdString()); });
    connect(&m_shelf, &ModelShelf::complained, m_window.get(), &ui::MainWindow::showError);
    connect(&m_shelf, &ModelShelf::taken, this, &Composition::modelsTaken);

    connect(panel, &ui::ModelLibraryPanel::loadRequested, this, &Composition::loadWished);
    connect(panel, &ui::ModelLibraryPanel::stopRequested, this, &Composition::unloadModel);
    connect(panel, &ui::ModelLibraryPanel::addFolderRequested, this, &Composition::chooseFolder);
    connect(panel, &ui::ModelLibraryPanel::removeFolderRequested, &m_shelf, &ModelShelf::removeFolder);
    connect(panel, &ui::ModelLibraryPanel::removeFileRequested, &m_shelf, &ModelShelf::removeFile);
    connect(panel, &ui::ModelLibraryPanel::rescanRequested, &m_shelf, &ModelShelf::rescan);
    connect(panel, &ui::ModelLibraryPanel::convertRequested, this, &Composition::chooseConversion);
    connect(panel, &ui::ModelLibraryPanel::conversionStopRequested, &m_shelf, &ModelShelf::stopConversion);
    connect(panel, &ui::ModelLibraryPanel::showFileRequested, this, [](const QByteArray& path) {
        QDesktopServices::openUrl(QUrl::fromLocalFile(QFileInfo(QString::fromUtf8(path)).absolutePath()));
    });
    connect(panel, &ui::ModelLibraryPanel::showFolderRequested, this,
            [](const QString& path) { QDesktopServices::openUrl(QUrl::fromLocalFile(path)); });

    connect(m_window.get(), &ui::MainWindow::openModelRequested, this, &Composition::chooseModel);
    connect(m_window.get(), &ui::MainWindow::unloadModelRequested, this, &Composition::unloadModel);
    connect(m_window.get(), &ui::MainWindow::filesDropped, this, &Composition::filesDropped);
    connect(m_window.get(), &ui::MainWindow::dropRefused, this, [this](int count, int most) {
        m_window->showError(tr("%1 files were dropped at once, and at most %2 are taken. Add their folder instead.")
                                .arg(ui::groupedText(count), ui::groupedText(most)));
    });
    connect(m_window.get(), &ui::MainWindow::modelsShownChanged, this, [this](bool shown) {
        if (shown) {
            m_shelf.rescan();
            m_controller.listDevices();
        }
    });
    connect(qGuiApp, &QGuiApplication::applicationStateChanged, this, [this](Qt::ApplicationState state) {
        if (state == Qt::ApplicationActive && m_window->areModelsShown()) {
            m_shelf.rescan();
        }
    });

    connect(&m_controller, &InferenceController::stateChanged, this, &Composition::showLoaded);
    connect(&m_controller, &InferenceController::ledgerChanged, this, &Composition::showLedger);
    connect(&m_controller, &InferenceController::loadProgress, panel, &ui::ModelLibraryPanel::setLoadProgress);
    connect(&m_controller, &InferenceController::modelUnloaded, this, [this] {
        forgetModel();
        m_controller.listDevices();
    });
    connect(&m_controller, &InferenceController::devicesListed, this, &Composition::showDevices);
}

void Composition::showLoaded() {
    switch (m_controller.state()) {
    case State::Empty: m_window->library()->setLoaded({}, false); break;
    case State::Loading: m_window->library()->setLoaded(m_modelPath, true); break;
    case State::Ready:
        m_window->library()->setLoaded(m_modelPath, false);
        showDevices();
        break;
    case State::Generating: return;
    }
    showLedger();
}

void Composition::showLedger() {
    const auto& loaded = m_controller.loaded();
    if (m_captures->isOpen()) {
        m_panels->setLedger(m_captures->ledger());
    } else if (!loaded || m_controller.state() == State::Loading) {
        m_panels->setLedger({});
    } else {
        const QString device = shortDeviceName(QString::fromStdString(loaded->device.name));
        m_panels->setLedger(ui::LedgerState::of(loaded->ledger, device));
    }
}

void Composition::showDevices() {
    const auto& loaded = m_controller.loaded();
    QList<ui::FitDevice> devices;
    for (const trace::DeviceInfo& device : std::as_const(m_devices)) {
        if (!device.usable) {
            continue;
        }
        ui::FitDevice view{shortDeviceName(QString::fromStdString(device.name)), device.free_bytes, device.memory_bytes,
                           device.type == "software"};
        // What is loaded goes before the next model comes.
        if (loaded && loaded->device.name == device.name) {
            view.free_bytes = std::max<quint64>(view.free_bytes, loaded->context.free_bytes);
            view.loaded = QString::fromStdString(loaded->model.name);
        }
        if (m_options.memory_bytes > 0) {
            view.free_bytes = std::min(view.free_bytes, m_options.memory_bytes);
        }
        devices.append(view);
    }
    m_window->library()->setDevices(devices, preferredDevice());
}

QString Composition::preferredDevice() const {
    QString name = chosenDevice();
    if (const auto& loaded = m_controller.loaded()) {
        name = QString::fromStdString(loaded->device.name);
    }
    return shortDeviceName(name);
}

void Composition::loadWished(const ui::LoadWish& wish) {
    forgetRuns();
    m_choice = {wish.built_in ? ModelChoice().model : QString::fromStdString(wish.path), wish.context, wish.kv};
    m_chosen = Chosen::ByUser;
    m_insteadNotice.clear();
    showModelNotice();
    if (!wish.device.isEmpty() && wish.device != preferredDevice()) {
        m_settings.setDevice(wish.device);
        m_options.device.clear(); // the choice made last counts
    }
    m_window->showError({});
    loadModel();
}

void Composition::unloadModel() {
    forgetRuns();
    m_unloaded = true;
    m_controller.unload();
}

void Composition::modelsTaken(const QByteArray& first, bool single) {
    ui::ModelLibraryPanel* panel = m_window->library();
    const bool there = panel->showModel(first.toStdString());
    const int row = panel->models()->rowOf(first.toStdString());
    // One file is for being loaded, but not in the middle of an answer, and not if it needs a decision.
    const bool load = there && single && m_controller.state() != State::Generating &&
                      panel->models()->fit(row).canLoad() && !panel->models()->isLoaded(row);
    if (load) {
        panel->load(first.toStdString());
    } else {
        m_window->setModelsShown(true);
    }
}

void Composition::chooseModel() {
    auto* dialog = new QFileDialog(m_window.get(), tr("Open a model file"), m_shelf.ownFolder(),
                                   tr("Models (*.gguf);;All files (*)"));
    dialog->setFileMode(QFileDialog::ExistingFiles);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QFileDialog::filesSelected, &m_shelf, &ModelShelf::take);
    dialog->open();
}

void Composition::chooseFolder() {
    auto* dialog = new QFileDialog(m_window.get(), tr("Watch a folder of models"), QDir::homePath());
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QFileDialog::filesSelected, &m_shelf, &ModelShelf::take);
    dialog->open();
}

void Composition::chooseConversion(const QString& type) {
    auto* source = new QFileDialog(m_window.get(), tr("Convert a Hugging Face folder"), QDir::homePath());
    source->setFileMode(QFileDialog::Directory);
    source->setOption(QFileDialog::ShowDirsOnly);
    source->setAttribute(Qt::WA_DeleteOnClose);
    connect(source, &QFileDialog::fileSelected, this, [this, type](const QString& folder) {
        auto* target =
            new QFileDialog(m_window.get(), tr("Write the model to"), m_shelf.ownFolder(), tr("Models (*.gguf)"));
        target->setAcceptMode(QFileDialog::AcceptSave);
        target->setDefaultSuffix(QStringLiteral("gguf"));
        target->selectFile(QStringLiteral("%1-%2.gguf").arg(QFileInfo(folder).fileName(), type.toUpper()));
        target->setAttribute(Qt::WA_DeleteOnClose);
        connect(target, &QFileDialog::fileSelected, this,
                [this, folder, type](const QString& file) { m_shelf.convert(folder, file, type); });
        target->open();
    });
    source->open();
}

} // namespace moescope::gui
