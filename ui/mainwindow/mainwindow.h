// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/mainwindow/statusline.h"
#include "ui/mainwindow/windowlayout.h"
#include "ui/models/runview.h"
#include "ui/models/selection.h"
#include "ui/theme/theme.h"

#include <QHash>
#include <QMainWindow>
#include <QUrl>

#include <functional>

class QDockWidget;
class QStackedWidget;

namespace moescope::ui {

class AddRunSheet;
class Banner;
class CapturePanel;
class ChatPanel;
class ComparePage;
class Comparison;
class ConversationsPanel;
class DropOverlay;
class Filter;
class ModelLibraryPanel;
class Toast;
class WindowActions;
class WindowToolBar;

/** What the window keeps between two starts; the app stores it. */
struct WindowState {
    QByteArray geometry;
    QByteArray chat;    ///< docks of layout Chat, or which the user opened and closed in it; empty: the default
    QByteArray inspect; ///< the same of layout Inspect
    QByteArray compare; ///< the same of layout Compare, and how its page is arranged
    LayoutName layout = LayoutName::Chat;
};

/** The window: menu, toolbar, sidebar, chat, docks for the panels, status bar. Values in, signals out. */
class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    explicit MainWindow(QWidget* parent = nullptr);
    ~MainWindow() override;

    ChatPanel* chat() const { return m_chat; }
    ConversationsPanel* conversations() const { return m_conversations; }
    ModelLibraryPanel* library() const { return m_library; }
    bool areModelsShown() const;
    /** Null before setComparison(). */
    ComparePage* compare() const { return m_compare; }
    bool isComparisonShown() const;
    CapturePanel* capture() const { return m_capture; }
    bool isCaptureShown() const { return m_captureShown; }

    /** Adds a panel. `id` (its object name for saved layouts) places it in the default layout: "experts",
     *  "token-strip", "token-path", "router", "kv-cache", "kernel-timeline". Any other is hidden there and opened by
     *  View > Panels. Call for all panels before restore() or show(). */
    void addPanel(const QString& id, QDockWidget* panel, Qt::DockWidgetArea area = Qt::RightDockWidgetArea);
    QDockWidget* panel(const QString& id) const { return m_panels.value(id); }

    /** First size (1440 × 900 or 90 % of the screen) and default layouts, unless `state` says otherwise. A state that
     *  cannot be read is the default. */
    void restore(const WindowState& state);
    WindowState state() const;

    LayoutName layoutName() const { return m_layout; }
    void setSelection(Selection* selection);
    /** What layout Compare shows. Call it once, before restore() or show(); without it there is no such layout. */
    void setComparison(Comparison* comparison);
    /** What the sheets of Compare offer: models that a run can be of, what a run begins with where there is none yet, what may
     *  be wrong with one (a sentence, empty: nothing), and the what-if that is being made. */
    void setModelChoices(const QList<ModelChoice>& models) { m_modelChoices = models; }
    void setDraftDefaults(const RunDraft& draft) { m_draftDefaults = draft; }
    void setDraftCheck(std::function<QString(const RunDraft&)> problem) { m_draftCheck = std::move(problem); }
    void setDraftRecipe(const trace::Intervention& recipe) { m_draftRecipe = recipe; }
    /** What a needle grid begins with, and how many tokens the loaded model has room for; 0: not known. */
    void setGridDefaults(const NeedleGridSettings& settings, int most);

public slots:
    void setLayoutName(moescope::ui::LayoutName name);
    void resetLayout();
    /** The page Models takes the window in place of the chat and its docks, which come back as they were. */
    void setModelsShown(bool shown);
    /** Opens a panel, in Inspect, and gives it the keys. */
    void showPanel(const QString& id);
    /** A capture stands in place of the chat; an empty title: none. */
    void setCaptureShown(const QString& title);
    /** Answers are being recorded. */
    void setRecording(bool recording);
    void toggleSidebar();
    void focusNextPanel();
    void focusPreviousPanel();
    /** How far the selection can step: tokens of the answer in view and MoE layers. */
    void setSelectionLimits(int tokens, int layers);
    /** The condition on the routing, chosen elsewhere. */
    void setFilter(const moescope::ui::Filter& filter);
    /** How many choices of the routers in view match; −1: no filter. */
    void setFilterMatches(qint64 matching, qint64 all);
    /** An answer is being made: the chat's composer stops it, and the crumb says that its tokens are followed. */
    void setAnswering(bool answering);
    /** Text of the selected token, for the crumb. */
    void setTokenText(const QString& text);
    /** Name and type of the loaded model; an empty name: none. */
    void setModel(const QString& name, const QString& type, bool builtIn);
    void setActivity(moescope::ui::Activity activity, const QString& words);
    void setDevice(const QString& name, bool software);
    /** Tokens a second of decode and prefill; 0: not measured yet. */
    void setSpeed(double decode, double prefill);
    void setKv(quint64 usedBytes, quint64 reservedBytes);
    /** As ContextMeter takes them. */
    void setContext(int usedTokens, int limitTokens);
    void setUndoAvailable(bool available);
    /** "“Names for a small boat” was deleted." with Undo for 8 s; Undo emits undoRequested. */
    void showUndoToast(const QString& sentence);
    void showToast(const QString& sentence);
    /** A banner over the whole window until dismissed: what ended a load, with what helps. Empty: none. */
    void showError(const QString& sentence);
    /** The sheet for a new comparison, filled from what a message asks. */
    void openComparisonSheet(const moescope::ui::RunDraft& from);
    /** The sheet for more runs of the comparison in view, filled from run A; for a new one where none is. `file`: a document to
     *  ask of. */
    void openRunSheet(const QString& file = {});
    void openGridSheet();
    void showKeyboardHelp();
    void showGlossary();

signals:
    /** Typed into the filter line. */
    void filterChosen(const moescope::ui::Filter& filter);
    void newChatRequested();
    void undoRequested();
    void settingsRequested();
    void aboutRequested();
    void themeRequested(moescope::ui::Scheme scheme);
    void layoutChanged(moescope::ui::LayoutName name);
    void modelsShownChanged(bool shown);
    /** Recording was switched on or off. */
    void recordingRequested(bool on);
    void saveCaptureRequested();
    void openCaptureRequested();
    void closeCaptureRequested();
    void exportRoutingRequested();
    void noteRequested();
    void bookmarkRequested();
    /** A what-if is to be begun, or the one in view to be changed. */
    void whatIfRequested();
    void openModelRequested();
    void unloadModelRequested();
    void addDocumentsRequested();
    /** Files or folders were dropped anywhere on the window. */
    void filesDropped(const QList<QUrl>& urls);
    /** So many at once that none was taken. */
    void dropRefused(int count, int most);
    /** Runs for the comparison in view. */
    void runsDrafted(const QList<moescope::ui::RunDraft>& drafts);
    /** The runs of a new comparison. */
    void comparisonDrafted(const QList<moescope::ui::RunDraft>& drafts);
    void gridChosen(const moescope::ui::NeedleGridSettings& settings);
    /** A run is to come from a capture file. */
    void captureRunRequested();
    void errorDismissed();
    /** The device part of the status bar was clicked: its settings page. */
    void deviceSettingsRequested();
    /** Before the window closes; state() is still whole. */
    void closing();

protected:
    void closeEvent(QCloseEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void changeEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    struct LayoutMemory {
        QByteArray state;           ///< of saveState(), as the user arranged the docks
        bool changed = false;       ///< docks were moved or resized: the default no longer follows the window's size
        bool squeezed = false;      ///< what was changed needs more room: the default stands in its place until then
        QSize needed;               ///< px that it needs
        QHash<QString, bool> shown; ///< panels, and "conversations", that the user opened (true) or closed
        QStringList front;          ///< of these, those in view when the docks were last placed anew or left
    };

    void connectActions();
    void connectStatus();
    void connectLibrary();
    void connectCapture();
    /** The chat, or what stands in its place. */
    QWidget* chatPage() const;
    /** The page of the layout. */
    QWidget* layoutPage() const;
    /** For what only the chat can do. */
    void leaveComparison();
    void comparisonSelectionChanged();
    void stepInComparison(int tokens, int layers);
    QByteArray docksOf(LayoutName name) const;
    QByteArray compareState() const;
    void restoreCompare(const QByteArray& kept);
    /** The entries of View > Panels are those of the layout. */
    void listPanels();
    /** `beside`: for more runs of the comparison in view, else for a new one. */
    AddRunSheet* runSheet(bool beside, const RunDraft& from);
    void refreshTitle();
    void openModelMenu(const QPoint& at);
    void setDropTarget(bool target);
    void updateActions();
    void applyLayout();
    void applyDefault();
    /** Docks as the user arranged them; false: they were not, or do not fit. */
    bool applyChanged();
    void applyShown();
    /** Their least sizes, by the letters. */
    void scalePanels();
    /** The docks have the room they need. Qt draws them over each other where they have not. */
    bool fits() const;
    /** After the window's size, or what is in it, changed. */
    void followSize();
    void remember();
    QStringList inFront() const;
    static LayoutMemory readMemory(const QByteArray& kept);
    /** Moves the window into its screen's free area, and shrinks it if it is larger. */
    void keepOnScreen();
    /** After docks came or went: a focus that went with them is the composer's. */
    void keepFocus(const QWidget* before);
    void markChanged();
    /** The user opened or closed a panel. */
    void markShown(const QString& id, bool shown);
    void focusPanel(QDockWidget* dock);
    QList<QWidget*> focusStops() const;
    void movePanelFocus(int step);
    void selectionChanged();
    void stepToken(int step);
    void stepLayer(int step);
    void decorateTabs();
    void placeOverlays();
    /** In the chat, or what stands in its place: a toast must not cover them. */
    QList<QRect> buttonsInView() const;
    void paintSeparators();
    bool hasDocksAtRight() const;
    /** Between the chat and the docks at its right. */
    QRect rightSeparator() const;
    Docks docks() const;
    LayoutMemory& memory() { return m_memory[static_cast<int>(m_layout)]; }

    ChatPanel* m_chat = nullptr;
    ConversationsPanel* m_conversations = nullptr;
    QDockWidget* m_sidebar = nullptr;
    QWidget* m_central = nullptr;
    QStackedWidget* m_pages = nullptr;
    ModelLibraryPanel* m_library = nullptr;
    CapturePanel* m_capture = nullptr;
    ComparePage* m_compare = nullptr;
    QList<ModelChoice> m_modelChoices;
    RunDraft m_draftDefaults;
    std::function<QString(const RunDraft&)> m_draftCheck;
    trace::Intervention m_draftRecipe;
    NeedleGridSettings m_gridDefaults;
    int m_gridMost = 0;
    DropOverlay* m_dropOverlay = nullptr;
    WindowActions* m_actions = nullptr;
    WindowToolBar* m_toolbar = nullptr;
    StatusLine* m_status = nullptr;
    Banner* m_error = nullptr;
    QWidget* m_errorRow = nullptr;
    Toast* m_toast = nullptr;
    QHash<QString, QDockWidget*> m_panels;
    QStringList m_panelOrder;
    Selection* m_selection = nullptr;
    QString m_tokenText;
    QString m_title; ///< of the conversation in view
    QString m_captureTitle;
    bool m_captureShown = false;
    int m_tokens = 0;
    int m_layers = 0;
    LayoutName m_layout = LayoutName::Chat;
    LayoutMemory m_memory[kLayouts];
    int m_place = -1;                ///< class the docks are placed for
    int m_fullPlace = -1;            ///< that of the window then; another where it had not the room
    QSize m_needed;                  ///< px that the next larger placing needs
    QDockWidget* m_behind = nullptr; ///< its entry in the menu was chosen while another tab hid it
    bool m_applying = false;
    bool m_shown = false;
    bool m_separatorPressed = false;
    bool m_restored = false;
};

} // namespace moescope::ui
