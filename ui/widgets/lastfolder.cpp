// SPDX-License-Identifier: Apache-2.0
#include "ui/widgets/lastfolder.h"

#include <QDir>
#include <QFileInfo>
#include <QStandardPaths>

namespace moescope::ui {

namespace {

QString& chosen() {
    static QString folder;
    return folder;
}

} // namespace

QString lastFolder() {
    if (!chosen().isEmpty() && QDir(chosen()).exists()) {
        return chosen();
    }
    const QString documents = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
    return QDir(documents).exists() ? documents : QDir::homePath();
}

void rememberFolderOf(const QString& file) { chosen() = QFileInfo(file).absolutePath(); }

} // namespace moescope::ui
