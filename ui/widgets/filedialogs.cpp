// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/filedialogs.h"

#include "ui/widgets/lastfolder.h"

#include <QFileDialog>
#include <QFileInfo>

namespace moescope::ui {
namespace {

QFileDialog* fileDialog(QWidget* parent, const QString& title, const QString& kinds,
                        const std::function<void(const QString&)>& use) {
    auto* dialog = new QFileDialog(parent, title, lastFolder(), kinds);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    QObject::connect(dialog, &QFileDialog::fileSelected, parent, [use](const QString& path) {
        rememberFolderOf(path);
        use(path);
    });
    return dialog;
}

} // namespace

void askForFileToRead(QWidget* parent, const QString& title, const QString& kinds,
                      const std::function<void(const QString&)>& use) {
    QFileDialog* dialog = fileDialog(parent, title, kinds, use);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->open();
}

void askForFileToWrite(QWidget* parent, const QString& title, const QString& kinds, const QString& name,
                       const std::function<void(const QString&)>& use, const std::function<void()>& not_used) {
    QFileDialog* dialog = fileDialog(parent, title, kinds, use);
    if (not_used) {
        QObject::connect(dialog, &QDialog::rejected, parent, not_used);
    }
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QFileInfo(name).suffix());
    dialog->selectFile(name);
    dialog->open();
}

} // namespace moescope::ui
