// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/modeldetails.h"
#include "ui/panels/modellibraryparts.h"

#include <QElapsedTimer>
#include <QWidget>

#include <string>

class QPushButton;
class QStackedWidget;

namespace moescope::ui {

class ElidedLabel;
class EmptyState;
class ModelTable;
class SearchField;

/** What a person wants loaded. */
struct LoadWish {
    std::string path;
    bool built_in = false;
    QString device;      ///< name; empty: as set in the settings
    quint32 context = 0; ///< tokens; 0: what of the model's fits
    trace::KvType kv = trace::KvType::F16;
};

/** The page Models: what is on this machine, whether it fits, and what it is. Knows nothing of disks and engines: rows
 *  come in, wishes go out. */
class ModelLibraryPanel : public QWidget {
    Q_OBJECT
public:
    explicit ModelLibraryPanel(QWidget* parent = nullptr);

    ModelListModel* models() const { return m_models; }
    void putModels(const QList<ModelRow>& rows);
    /** The scan has ended: only these paths, and the built-in model, are left. */
    void retainModels(const QSet<QByteArray>& paths);
    void setFolders(const QList<WatchedFolderView>& folders);
    void setScanning(bool scanning);
    void setDevices(const QList<FitDevice>& devices, const QString& preferred);
    /** To check with, and to load with, until another is chosen. */
    void setKv(trace::KvType type);
    /** An empty path: no model. */
    void setLoaded(const std::string& path, bool loading);
    void setLoadProgress(quint64 done, quint64 total);
    void setConversion(const QString& name, quint64 done, quint64 total);
    void endConversion();
    void setDropTarget(bool target) { m_drop->setTarget(target); }
    const QWidget* dropArea() const { return m_drop; }
    /** Selects and shows it, whatever was searched for. False: it is not in the list. */
    bool showModel(const std::string& path);
    /** As if its button was pressed. */
    void load(const std::string& path);
    FitQuestion question() const { return m_fit->question(); }

public slots:
    void focusList();
    void focusSearch();

signals:
    void loadRequested(const moescope::ui::LoadWish& wish);
    void unloadRequested();
    void stopRequested();
    void openFileRequested();
    void addFolderRequested();
    void removeFolderRequested(const QString& path);
    void removeFileRequested(const QByteArray& path);
    void showFileRequested(const QByteArray& path);
    void showFolderRequested(const QString& path);
    void rescanRequested();
    void convertRequested(const QString& type);
    void conversionStopRequested();
    /** Esc: back to the chat. */
    void left();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* makeHead();
    QWidget* makeList();
    void connectParts();
    void questionChanged(const FitQuestion& question);
    void placeLoaded();
    void refreshCount();
    void refreshDetails();
    void refreshEmpty();
    ModelUse useOf(int row) const;
    void activate(int row);
    void showMenu(int row, const QPoint& at);
    LoadWish wishFor(int row) const;

    ModelListModel* m_models = nullptr;
    ElidedLabel* m_count = nullptr;
    SearchField* m_search = nullptr;
    QPushButton* m_addFolder = nullptr;
    QPushButton* m_openFile = nullptr;
    FitLine* m_fit = nullptr;
    QStackedWidget* m_lists = nullptr;
    ModelTable* m_table = nullptr;
    EmptyState* m_empty = nullptr;
    DropArea* m_drop = nullptr;
    WatchedLine* m_watched = nullptr;
    ModelDetails* m_details = nullptr;
    bool m_chosen = false; ///< a model, by the user; until then it is the loaded one
    bool m_placing = false;
    int m_folders = 0;
    bool m_scanning = false;
    QElapsedTimer m_loading; ///< since the load in view began
};

} // namespace moescope::ui
