// SPDX-License-Identifier: Apache-2.0
#include "app/gui/notices.h"

#include "app/platform/paths.h"
#include "engine/trace/error.h"

#include <QDir>
#include <QFile>

namespace moescope::gui {

QList<ui::Notice> readNotices() {
    QList<ui::Notice> notices;
    try {
        const QString model = QString::fromStdString(platform::toUtf8(platform::builtinModel().parent_path()));
        for (const QFileInfo& entry :
             QDir(model).entryInfoList({QStringLiteral("*.md"), QStringLiteral("*.txt")}, QDir::Files, QDir::Name)) {
            QFile file(entry.filePath());
            constexpr qint64 largest = 1 << 20;
            if (!file.open(QIODevice::ReadOnly)) {
                continue;
            }
            const QString text = QString::fromUtf8(file.read(largest));
            QString title = text.section(u'\n', 0, 0).trimmed();
            while (title.startsWith(u'#')) {
                title.remove(0, 1);
            }
            notices.append({title.trimmed().isEmpty() ? entry.fileName() : title.trimmed(), text});
        }
    } catch (const trace::Error&) {
        // No built-in model, so none of its notices; the start of the program has said so already.
    }
    return notices;
}

} // namespace moescope::gui
