// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/comparison.h"

#include <QHash>
#include <QMainWindow>
#include <QWidget>

class QStackedWidget;

namespace moescope::ui {

class AllRunsPanel;
class AnswersPanel;
class CompareHead;
class CompareNote;
class ComparePanel;
class EmptyState;
class NeedlePanel;
class PanelFrame;
class RunCard;

/** The docks of Compare, in a window inside the page. */
class CompareDocks : public QMainWindow {
    Q_OBJECT
public:
    explicit CompareDocks(QWidget* parent);

signals:
    /** The user moved what is between two docks. */
    void separatorMoved();

protected:
    bool event(QEvent* event) override;

private:
    bool m_pressed = false;
};

/** The page Compare: head, the two run cards, and the panels that draw the comparison in view. Values in, signals out. */
class ComparePage : public QWidget {
    Q_OBJECT
public:
    explicit ComparePage(Comparison* comparison, QWidget* parent = nullptr);

    Comparison* comparison() const { return m_comparison; }
    CompareHead* head() const { return m_head; }
    CompareNote* note() const { return m_note; }
    RunCard* card(Side side) const { return m_cards[static_cast<size_t>(side)]; }
    AnswersPanel* answers() const { return m_answers; }
    NeedlePanel* needle() const { return m_needle; }
    /** "compare-answers", "compare-agreement", "compare-distance", "compare-mass", "compare-speed", "compare-needle",
     *  "compare-all". */
    PanelFrame* panel(const QString& id) const;
    const QStringList& panelIds() const { return m_order; }
    /** The entries of the View menu. */
    QList<QAction*> panelActions() const;
    /** What F6 goes through, in reading order. */
    QList<QWidget*> focusStops() const;
    void focusFirst();

    /** How the user arranged it; empty: as by default. */
    QByteArray layoutState() const;
    /** What cannot be read is the default. */
    void restoreLayout(const QByteArray& state);
    void resetLayout();
    /** Least sizes of the panels, by the letters. */
    void setLeastScale(double scale);

    /** Writes all runs as CSV once their distances are computed; messageRequested() says how that went. */
    void saveCsvTo(const QString& path);

signals:
    void addRunRequested();
    void runAgainRequested();
    void measureRequested(qint64 run);
    void measureAllRequested();
    void stopRequested(qint64 run);
    void removeRequested(qint64 run);
    void openInInspectRequested(qint64 run);
    /** A grid is to be chosen and begun. */
    void gridStartRequested();
    void gridPauseRequested();
    void gridResumeRequested();
    /** A cell is to be opened as a run; depth 0 where the grid has none. */
    void gridCellRequested(quint32 length, quint32 depth);
    /** A sentence for the user. */
    void messageRequested(const QString& sentence);
    /** Panels came, went or moved. */
    void layoutChanged();

protected:
    void showEvent(QShowEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void addPanel(ComparePanel* panel);
    void connectParts();
    void chooseCsv();
    void writeCsvNow();
    /** Where the comparison is another, or its view. */
    void refresh();
    /** The place of the selection where there is none yet. */
    void selectSomething();
    bool isWanted(const QString& id) const;
    int placeClass() const;
    void arrange();
    void placeDocks(int place);
    void sizeDocks(int place);
    void showWanted();
    void followSize();
    void decorate();
    void markChanged();
    void markShown(const QString& id, bool shown);

    Comparison* m_comparison;
    CompareHead* m_head = nullptr;
    QStackedWidget* m_pages = nullptr;
    EmptyState* m_empty = nullptr;
    CompareDocks* m_docks = nullptr;
    std::array<RunCard*, 2> m_cards{};
    QWidget* m_cardRow = nullptr;
    QDockWidget* m_noteDock = nullptr;
    CompareNote* m_note = nullptr;
    AnswersPanel* m_answers = nullptr;
    NeedlePanel* m_needle = nullptr;
    AllRunsPanel* m_all = nullptr;
    QHash<QString, ComparePanel*> m_panels;
    QStringList m_order;
    QHash<QString, bool> m_shown; ///< panels that the user opened (true) or closed
    QByteArray m_state;           ///< of the docks as the user arranged them
    qsizetype m_rows = 0;         ///< runs that the docks were given their sizes for
    QString m_csvPath;            ///< waits for the distances; empty: none does
    bool m_changed = false;       ///< docks were moved or resized: the default no longer follows the size
    int m_place = -1;
    bool m_applying = false;
};

} // namespace moescope::ui
