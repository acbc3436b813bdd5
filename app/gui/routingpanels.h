// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/mainwindow/mainwindow.h"
#include "ui/models/contextribbon.h"
#include "ui/models/expertcardtable.h"
#include "ui/models/kvcache.h"
#include "ui/models/memoryledger.h"
#include "ui/models/tracemodel.h"
#include "ui/models/whatif.h"

namespace moescope::ui {
class AttentionPanel;
class ExpertCardPanel;
class KvCachePanel;
class LedgerPanel;
class PanelFrame;
class RibbonPanel;
class StepTimelines;
class TimelinePanel;
class WhatIfPanel;
} // namespace moescope::ui

namespace moescope::gui {

/** Makes the docks that show routing and the cache, and gives them to the window. They draw the one trace model and
 *  follow the one selection. */
class RoutingPanels : public QObject {
    Q_OBJECT
public:
    RoutingPanels(ui::MainWindow& window, ui::TraceModel& traces, ui::StepTimelines& timelines,
                  ui::Selection& selection, ui::WhatIf& whatIf);

    /** What of the KV cache came from the disk, or is not kept there. */
    void setDiskNote(const QString& sentence);
    void setKvCache(const ui::KvCacheState& state);
    void setModelLoaded(bool loaded);
    /** Of the loaded model; bytes 0 where they are not known. */
    void setExpertWeights(const ui::ExpertWeights& weights);
    void setContext(const ui::ContextState& state);
    /** What they show is a capture's. */
    void setCaptured(bool captured);
    ui::WhatIfPanel& whatIfDiff() { return *m_whatIf; }
    ui::AttentionPanel& attention() const { return *m_attention; }
    /** Of the loaded model; an empty one: none is. */
    void setLedger(const ui::LedgerState& state);

signals:
    /** The bias of an expert is to be set. */
    void biasRequested(const moescope::trace::ExpertPlace& place);
    /** Of the answer in view, as a file. */
    void routingExportRequested();
    /** A panel in view draws the probabilities of all experts, or none does. */
    void probabilitiesWanted(bool wanted);
    /** The timeline is in view, or no longer is. */
    void timingWanted(bool wanted);
    void stepWanted();
    /** The ribbon came into view, or went. */
    void contextSeen(bool seen);
    void messageChosen(qint64 message);
    /** Answer `run` shall be made anew from its token `token` on, with `candidate` in its place. */
    void branchRequested(qint64 run, int token, int candidate);

private:
    /** Panels that draw the probabilities of all experts. */
    enum Wish { ByPath = 1, ByRouter = 2, ByCapacity = 4 };
    /** Makes a panel and gives it to the window; `more`: what it draws beside the traces. */
    template <typename Panel, typename... More>
    Panel* add(More*... more);
    void place(ui::PanelFrame* panel);
    /** `panel` tells by its signal probabilitiesWanted(). */
    template <typename Panel>
    void follow(Panel* panel, Wish by);
    void want(Wish by, bool wanted);

    ui::MainWindow& m_window;
    ui::TraceModel& m_traces;
    ui::Selection& m_selection;
    ui::WhatIf& m_whatIfModel;
    int m_wanted = 0;
    ui::KvCachePanel* m_kvCache = nullptr;   ///< of the window
    ui::RibbonPanel* m_context = nullptr;    ///< of the window
    ui::TimelinePanel* m_timeline = nullptr; ///< of the window
    ui::WhatIfPanel* m_whatIf = nullptr;     ///< of the window
    ui::ExpertCardPanel* m_card = nullptr;   ///< of the window
    ui::AttentionPanel* m_attention = nullptr;
    ui::LedgerPanel* m_ledger = nullptr; ///< of the window
};

} // namespace moescope::gui
