// SPDX-License-Identifier: Apache-2.0
#include "app/gui/filedialogs.h"

#include "ui/widgets/lastfolder.h"

#include <QCoreApplication>
#include <QFileDialog>
#include <QFileInfo>
#include <QRegularExpression>

namespace moescope::gui {
namespace {

QFileDialog* fileDialog(QWidget* parent, const QString& title, const QString& kinds,
                        const std::function<void(const QString&)>& use) {
    auto* dialog = new QFileDialog(parent, title, ui::lastFolder(), kinds);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    QObject::connect(dialog, &QFileDialog::fileSelected, parent, [use](const QString& path) {
        ui::rememberFolderOf(path);
        use(path);
    });
    return dialog;
}

} // namespace

QString fileNameOf(const QString& words, const QString& ending) {
    static const QRegularExpression unfit(QStringLiteral("[^\\w .,–-]+"),
                                          QRegularExpression::UseUnicodePropertiesOption);
    QString name = words;
    name = name.replace(unfit, QStringLiteral(" ")).simplified().left(60);
    while (name.endsWith(u'.') || name.endsWith(u' ')) {
        name.chop(1);
    }
    return (name.isEmpty() ? QStringLiteral("answer") : name) + ending;
}

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

void askForRoutingFile(QWidget* parent, const QString& title, const std::function<void(const QString&)>& use) {
    askForFileToWrite(
        parent,
        QCoreApplication::translate("FileDialogs", "Export the routing: experts only, int32 [tokens, layers, top-k]"),
        QCoreApplication::translate("FileDialogs", "NumPy arrays (*.npy)"), fileNameOf(title, QStringLiteral(".npy")),
        use);
}

} // namespace moescope::gui
