// SPDX-License-Identifier: Apache-2.0
#include "app/gui/modelshelf.h"

#include "app/gui/values.h"
#include "app/platform/paths.h"

#include <QDir>
#include <QFileInfo>

namespace moescope::gui {

namespace {

/** The first sentence, and how many more there are. */
QString joined(const std::vector<trace::Error>& errors) {
    const QString first = sentence(errors.front());
    const auto more = static_cast<int>(errors.size()) - 1;
    return more == 0 ? first
                     : (more == 1 ? ModelShelf::tr("%1 Another one could not be added either.").arg(first)
                                  : ModelShelf::tr("%1 Another %2 could not be added either.").arg(first).arg(more));
}

std::filesystem::path pathOf(const QString& text) { return platform::fromUtf8(text.toStdString()); }

std::string normalPath(const QString& text) {
    return platform::toUtf8(std::filesystem::absolute(pathOf(text)).lexically_normal());
}

QString shownFolder(const QString& path) {
    const QString home = QDir::homePath();
    return path == home                                      ? QStringLiteral("~")
           : home.size() > 1 && path.startsWith(home + u'/') ? u'~' + path.mid(home.size())
                                                             : path;
}

} // namespace

ModelShelf::ModelShelf(Settings& settings, QObject* parent) : QObject(parent), m_settings(settings) {
    using controller::ModelConverter;
    using controller::ModelLibrary;
    connect(&m_library, &ModelLibrary::scanBegun, this, [this] { emit scanningChanged(true); });
    connect(&m_library, &ModelLibrary::cardsRead, this, [this](const QList<trace::ModelCard>& cards) {
        QList<ui::ModelRow> rows;
        for (const trace::ModelCard& card : cards) {
            rows.append(rowOf(card));
        }
        emit modelsRead(rows);
    });
    connect(&m_library, &ModelLibrary::scanEnded, this, [this](const controller::ScanReport& report) {
        QSet<QByteArray> paths;
        for (const std::string& path : report.paths) {
            paths.insert(QByteArray::fromStdString(path));
        }
        emit modelsRetained(paths);
        showFolders(report.folders);
        emit scanningChanged(false);
    });
    connect(&m_library, &ModelLibrary::inspected, this, &ModelShelf::inspected);
    connect(&m_converter, &ModelConverter::progress, this,
            [this](quint64 done, quint64 total) { emit conversionProgress(m_converting, done, total); });
    connect(&m_converter, &ModelConverter::converted, this, [this](const QString& target, const QStringList& warnings) {
        emit conversionEnded();
        m_made = normalPath(target);
        m_library.inspect({pathOf(target)});
        emit converted(target, warnings);
    });
    connect(&m_converter, &ModelConverter::failed, this, [this](const trace::Error& error) {
        emit conversionEnded();
        if (error.id() != "convert.cancelled") {
            emit complained(sentence(error));
        }
    });
}

void ModelShelf::start(const QString& dataFolder, const QString& model) {
    m_ownFolder = dataFolder.isEmpty() ? QString() : QDir(dataFolder).filePath(QStringLiteral("models"));
    try {
        m_builtIn = platform::toUtf8(platform::builtinModel());
    } catch (const trace::Error&) {
        m_builtIn.clear(); // said by the load
    }
    m_started = model == QLatin1String("builtin") ? std::string() : normalPath(model);
    showFolders({});
    look();
}

QStringList ModelShelf::folders() const {
    QStringList all = m_settings.values().model_folders;
    if (!m_ownFolder.isEmpty() && !all.contains(m_ownFolder)) {
        all.prepend(m_ownFolder);
    }
    return all;
}

void ModelShelf::look() {
    controller::LibraryPlaces places;
    for (const QString& folder : folders()) {
        places.folders.push_back(pathOf(folder));
    }
    if (!m_builtIn.empty()) {
        places.files.push_back(platform::fromUtf8(m_builtIn));
    }
    if (!m_started.empty()) {
        places.files.push_back(platform::fromUtf8(m_started));
    }
    for (const QString& file : m_settings.values().model_files) {
        places.files.push_back(pathOf(file));
    }
    if (!m_ownFolder.isEmpty()) {
        places.made = pathOf(m_ownFolder);
    }
    m_library.setPlaces(places);
}

void ModelShelf::rescan() { m_library.rescan(); }

ui::ModelRow ModelShelf::rowOf(const trace::ModelCard& card) const {
    ui::ModelRow row;
    row.card = card;
    row.reason = card.error ? sentence(*card.error) : QString();
    row.built_in = card.info.path == m_builtIn;
    row.named = m_settings.values().model_files.contains(QString::fromStdString(card.info.path));
    return row;
}

void ModelShelf::showFolders(const std::vector<controller::WatchedFolder>& found) {
    QList<ui::WatchedFolderView> views;
    for (const QString& folder : folders()) {
        ui::WatchedFolderView view;
        view.path = folder;
        view.shown = shownFolder(folder);
        view.fixed = folder == m_ownFolder;
        for (const controller::WatchedFolder& of : found) {
            if (of.path == folder.toStdString()) {
                view.models = static_cast<int>(of.models);
                view.trouble = of.error ? sentence(*of.error) : QString();
            }
        }
        views.append(view);
    }
    emit foldersListed(views);
}

bool ModelShelf::isWatched(const QString& path) const {
    for (const QString& folder : folders()) {
        if (path.startsWith(folder.endsWith(u'/') ? folder : folder + u'/')) {
            return true;
        }
    }
    return false;
}

void ModelShelf::takeUrls(const QList<QUrl>& urls) {
    QStringList paths;
    std::vector<trace::Error> errors;
    for (const QUrl& url : urls) {
        if (url.isLocalFile() && !url.toLocalFile().isEmpty()) {
            paths.append(url.toLocalFile());
        } else {
            errors.emplace_back("library.remote", "“{address}” is not a file on this machine.",
                                trace::Error::Arguments{{"address", url.toDisplayString().left(200).toStdString()}});
        }
    }
    if (!errors.empty()) {
        emit complained(joined(errors));
    }
    take(paths);
}

void ModelShelf::take(const QStringList& paths) {
    std::vector<std::filesystem::path> all;
    for (const QString& path : paths) {
        all.push_back(pathOf(path));
        if (!m_made.empty() && !path.isEmpty() && normalPath(path) == m_made) {
            m_made.clear(); // a wish of the user from here on
        }
    }
    if (!all.empty()) {
        m_library.inspect(all);
    }
}

void ModelShelf::inspected(const controller::Inspected& what) {
    std::vector<trace::Error> errors = what.errors;
    QStringList folders = m_settings.values().model_folders;
    QStringList files = m_settings.values().model_files;
    for (const std::string& path : what.folders) {
        const QString folder = QString::fromStdString(path);
        if (folders.contains(folder) || folder == m_ownFolder) {
            continue;
        }
        if (folders.size() >= kMostFolders) {
            errors.emplace_back("library.folders", "“{path}” was not added: {most} folders are watched already.",
                                trace::Error::Arguments{{"path", path}, {"most", std::to_string(kMostFolders)}});
        } else {
            folders.append(folder);
        }
    }
    for (const trace::ModelCard& card : what.files) {
        const QString path = QString::fromStdString(card.info.path);
        if (isWatched(path) || files.contains(path) || card.info.path == m_builtIn || card.info.path == m_started) {
            continue;
        }
        if (files.size() >= kMostFiles) {
            errors.emplace_back(
                "library.files", "“{path}” was not added: {most} files are in the list already.",
                trace::Error::Arguments{{"path", card.info.path}, {"most", std::to_string(kMostFiles)}});
        } else {
            files.append(path);
        }
    }
    const bool more = folders != m_settings.values().model_folders || files != m_settings.values().model_files;
    if (folders != m_settings.values().model_folders) {
        m_settings.setModelFolders(folders);
    }
    if (files != m_settings.values().model_files) {
        m_settings.setModelFiles(files);
    }
    QList<ui::ModelRow> rows;
    for (const trace::ModelCard& card : what.files) {
        rows.append(rowOf(card));
    }
    emit modelsRead(rows);
    if (more) {
        showFolders({});
        look();
    }
    if (!errors.empty()) {
        emit complained(joined(errors));
    }
    if (rows.size() == 1 && rows.first().path() == m_made) {
        m_made.clear();
        emit listed(QByteArray::fromStdString(rows.first().path()));
        return;
    }
    if (!rows.isEmpty() || !what.folders.empty()) {
        const bool single = rows.size() == 1 && what.folders.empty() && errors.empty();
        emit taken(rows.isEmpty() ? QByteArray() : QByteArray::fromStdString(rows.first().path()), single);
    }
}

void ModelShelf::removeFolder(const QString& path) {
    QStringList folders = m_settings.values().model_folders;
    if (folders.removeAll(path) > 0) {
        m_settings.setModelFolders(folders);
        look();
    }
}

void ModelShelf::removeFile(const QByteArray& path) {
    QStringList files = m_settings.values().model_files;
    if (files.removeAll(QString::fromUtf8(path)) > 0) {
        m_settings.setModelFiles(files);
        look();
    }
}

void ModelShelf::convert(const QString& folder, const QString& target, const QString& type) {
    if (m_converter.isRunning()) {
        return;
    }
    m_made.clear();
    m_converting = QFileInfo(folder).fileName();
    emit conversionProgress(m_converting, 0, 0);
    m_converter.convert({pathOf(folder), pathOf(target), type.toStdString()});
}

} // namespace moescope::gui
