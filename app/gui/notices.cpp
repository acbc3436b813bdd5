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

/** Of what lies beside a file of ours; nothing where it is missing, which is said where it is needed. */
void addFolderOf(QList<ui::Notice>& notices, std::filesystem::path (*file)()) {
    try {
        const QString folder = QString::fromStdString(platform::toUtf8(file().parent_path()));
        for (const QFileInfo& entry : QDir(folder).entryInfoList({QStringLiteral("*.md")}, QDir::Files, QDir::Name)) {
            add(notices, entry);
        }
    } catch (const trace::Error&) {
    }
}

} // namespace

QList<ui::Notice> readNotices() {
    initNotices();
    QList<ui::Notice> notices;
    add(notices, QFileInfo(QStringLiteral(":/moescope/notices/LICENSE")),
        QCoreApplication::translate("notices", "Licence of Moescope (Apache-2.0)"));
    add(notices, QFileInfo(QStringLiteral(":/moescope/notices/third-party.md")));
    addFolderOf(notices, platform::builtinModel);
    addFolderOf(notices, platform::builtinHaystack);
    return notices;
}

} // namespace moescope::gui
