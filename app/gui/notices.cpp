// SPDX-License-Identifier: Apache-2.0
#include "app/gui/notices.h"

#include "app/platform/paths.h"
#include "engine/trace/error.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>

// Q_INIT_RESOURCE must stand outside any namespace: the resource lives in a static library.
static void initNotices() { Q_INIT_RESOURCE(notices); }

namespace moescope::gui {

namespace {

/** `title`: empty: its first line. Nothing is added for a file that cannot be read. */
void add(QList<ui::Notice>& notices, const QFileInfo& entry, QString title = {}) {
    QFile file(entry.filePath());
    constexpr qint64 largest = 1 << 20;
    if (!file.open(QIODevice::ReadOnly)) {
        return;
    }
    const QString text = QString::fromUtf8(file.read(largest));
    if (title.isEmpty()) {
        title = text.section(u'\n', 0, 0).trimmed();
        while (title.startsWith(u'#')) {
            title.remove(0, 1);
        }
    }
    notices.append({title.trimmed().isEmpty() ? entry.fileName() : title.trimmed(), text});
}

} // namespace

QList<ui::Notice> readNotices() {
    initNotices();
    QList<ui::Notice> notices;
    add(notices, QFileInfo(QStringLiteral(":/moescope/notices/LICENSE")),
        QCoreApplication::translate("notices", "Licence of Moescope (Apache-2.0)"));
    add(notices, QFileInfo(QStringLiteral(":/moescope/notices/third-party.md")));
    try {
        const QString model = QString::fromStdString(platform::toUtf8(platform::builtinModel().parent_path()));
        for (const QFileInfo& entry :
             QDir(model).entryInfoList({QStringLiteral("*.md"), QStringLiteral("*.txt")}, QDir::Files, QDir::Name)) {
            add(notices, entry);
        }
    } catch (const trace::Error&) {
        // No built-in model, so none of its notices; the start of the program has said so already.
    }
    return notices;
}

} // namespace moescope::gui
