// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/controller/modelconverter.h"
#include "app/controller/modellibrary.h"
#include "app/gui/settings.h"
#include "ui/panels/modellibrarypanel.h"

#include <QObject>
#include <QUrl>

namespace moescope::gui {

/** The models that the window lists: which folders and files they are looked for in, what was dropped, and conversions.
 *  No file is moved, and none is deleted. */
class ModelShelf : public QObject {
    Q_OBJECT
public:
    static constexpr qsizetype kMostFolders = 64;
    static constexpr qsizetype kMostFiles = 500;

    explicit ModelShelf(Settings& settings, QObject* parent = nullptr);

    /** `dataFolder` holds the app's own folder of models, which is made; empty: there is none. `model` is what the
     *  program was started with, "builtin" or a path. */
    void start(const QString& dataFolder, const QString& model);
    /** The app's own folder; empty: none. */
    QString ownFolder() const { return m_ownFolder; }
    /** Path of the built-in model; empty: it is not installed. */
    const std::string& builtIn() const { return m_builtIn; }
    bool isConverting() const { return m_converter.isRunning(); }

public slots:
    void rescan();
    /** Adds what they name to the list. */
    void take(const QStringList& paths);
    void takeUrls(const QList<QUrl>& urls);
    void removeFolder(const QString& path);
    /** Of one that was added by itself. */
    void removeFile(const QByteArray& path);
    void convert(const QString& folder, const QString& target, const QString& type);
    void stopConversion() { m_converter.cancel(); }

signals:
    void modelsRead(const QList<moescope::ui::ModelRow>& rows);
    void modelsRetained(const QSet<QByteArray>& paths);
    void foldersListed(const QList<moescope::ui::WatchedFolderView>& folders);
    void scanningChanged(bool scanning);
    /** What was taken is in the list. `first`: path of a model to show, empty: none; `single`: nothing else was taken. */
    void taken(const QByteArray& first, bool single);
    void complained(const QString& sentence);
    /** Of a conversion; `total` 0: it has just begun. */
    void conversionProgress(const QString& name, quint64 done, quint64 total);
    void conversionEnded();
    /** `warnings`: what was stored in another way than wished. */
    void converted(const QString& target, const QStringList& warnings);
    /** What was converted is in the list. */
    void listed(const QByteArray& path);

private:
    ui::ModelRow rowOf(const trace::ModelCard& card) const;
    QStringList folders() const;
    bool isWatched(const QString& path) const;
    void look();
    void showFolders(const std::vector<controller::WatchedFolder>& found);
    void inspected(const controller::Inspected& what);

    Settings& m_settings;
    controller::ModelLibrary m_library;
    controller::ModelConverter m_converter;
    QString m_ownFolder;
    std::string m_builtIn;
    std::string m_started; ///< path of the model that the program was started with; empty: the built-in one
    QString m_converting;  ///< name of the folder
    std::string m_made;    ///< path of the model that was converted and is being looked at; empty: none
};

} // namespace moescope::gui
