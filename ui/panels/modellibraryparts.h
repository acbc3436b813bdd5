// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/modelfit.h"

#include <QList>
#include <QWidget>

class QComboBox;
class QHBoxLayout;
class QLabel;
class QMenu;
class QPushButton;
class QStackedLayout;

namespace moescope::ui {

class ElidedLabel;
class ProgressCard;

/** A device that models can be checked against. */
struct FitDevice {
    QString name;
    quint64 free_bytes = 0; ///< with the loaded model gone
    quint64 memory_bytes = 0;
    bool software = false;
    QString loaded; ///< name of the model that it holds now; empty: none
};

/** A folder that is looked through. */
struct WatchedFolderView {
    QString path;
    QString shown;   ///< "~/Models"
    QString trouble; ///< why it was not read to its end; empty: it was
    int models = 0;
    bool fixed = false; ///< the app's own: always watched
};

/** "Fit check for [device] with [tokens] or the model’s limit, KV [type]". */
class FitLine : public QWidget {
    Q_OBJECT
public:
    explicit FitLine(QWidget* parent = nullptr);

    /** Keeps what the user chose if it is still there, else takes `preferred`. */
    void setDevices(const QList<FitDevice>& devices, const QString& preferred);
    void setKv(trace::KvType type);
    FitQuestion question() const;

signals:
    void questionChanged(const moescope::ui::FitQuestion& question);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void applyTheme();
    void placeWords();
    void changed();

    QList<FitDevice> m_devices;
    QComboBox* m_device = nullptr;
    QComboBox* m_context = nullptr;
    QLabel* m_orLimit = nullptr;
    QComboBox* m_kv = nullptr;
    bool m_filling = false;
};

/** Where files are dropped, with the button that converts; while it converts, how far it is. */
class DropArea : public QWidget {
    Q_OBJECT
public:
    explicit DropArea(QWidget* parent = nullptr);

    /** Something is being dragged over the window. */
    void setTarget(bool target);
    void setConversion(const QString& name, quint64 done, quint64 total);
    void endConversion();

signals:
    /** As `moescope-cli convert --type` names it: "q8_0". */
    void convertRequested(const QString& type);
    void stopRequested();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void showTypes();

    QStackedLayout* m_pages = nullptr;
    QPushButton* m_convert = nullptr;
    ProgressCard* m_progress = nullptr;
    bool m_target = false;
};

/** The foot: "Watched: ~/Models 6 files", each folder a button with a menu. Those without room are in a menu at the end. */
class WatchedLine : public QWidget {
    Q_OBJECT
public:
    explicit WatchedLine(QWidget* parent = nullptr);
    void setFolders(const QList<WatchedFolderView>& folders);
    QSize minimumSizeHint() const override;

signals:
    void showRequested(const QString& path);
    void removeRequested(const QString& path);
    void rescanRequested();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void place();
    void fill(QMenu* menu, const WatchedFolderView& folder);
    void openMenu(QWidget* at, const WatchedFolderView& folder);
    void openRest();

    QList<WatchedFolderView> m_folders;
    QLabel* m_word = nullptr;
    QList<QPushButton*> m_buttons;
    QPushButton* m_more = nullptr;
    int m_shown = 0;
};

/** Facts in two columns, in one where there is little room; a line below each. */
class FactGrid : public QWidget {
    Q_OBJECT
public:
    explicit FactGrid(QWidget* parent = nullptr);
    /** Name and figure, row by row from left to right. */
    void setFacts(const QList<std::pair<QString, QString>>& facts);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {240, rowHeight()}; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    int rowHeight() const;
    int columnsIn(int width) const;
    int heightIn(int width) const;

    QList<std::pair<QString, QString>> m_facts;
};

} // namespace moescope::ui
