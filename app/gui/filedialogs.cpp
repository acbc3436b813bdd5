// SPDX-License-Identifier: Apache-2.0
#include "app/gui/filedialogs.h"

#include <QCoreApplication>
#include <QRegularExpression>

namespace moescope::gui {
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

void askForRoutingFile(QWidget* parent, const QString& title, const std::function<void(const QString&)>& use) {
    askForFileToWrite(
        parent,
        QCoreApplication::translate("FileDialogs", "Export the routing: experts only, int32 [tokens, layers, top-k]"),
        QCoreApplication::translate("FileDialogs", "NumPy arrays (*.npy)"), fileNameOf(title, QStringLiteral(".npy")),
        use);
}

} // namespace moescope::gui
