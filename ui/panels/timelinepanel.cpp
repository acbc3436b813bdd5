// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/timelinepanel.h"

#include "ui/models/conversation.h"
#include "ui/models/tokentext.h"
#include "ui/panels/chartpaint.h"
#include "ui/widgets/iconbutton.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QSignalBlocker>

namespace moescope::ui {

namespace {

constexpr int kHeightWithLine = 200; ///< px from which the readout has a line of its own

/** Its parts with a dot between them: in the title row they are not apart. */
Readout inOneLine(const Readout& parts) {
    Readout line;
    for (const ReadoutSpan& span : parts) {
        if (span.starts_part && !line.isEmpty()) {
            line.append({QStringLiteral(" · "), ReadoutSpan::Plain, false});
        }
        line.append(span);
    }
    return line;
}

} // namespace

TimelinePanel::TimelinePanel(TraceModel* trace, StepTimelines* steps, Selection* selection, QWidget* parent)
    : PanelFrame(QStringLiteral("kernel-timeline"), QStringLiteral("timeline"), tr("Kernel timeline"), {480, 140},
                 parent),
      m_steps(steps) {
    bind(trace, selection);
    m_lanes = new TimelineChart(trace, selection, this);
    m_rows = new TimelineTable(this);
    m_step = new QComboBox(this);
    m_step->setAccessibleName(tr("Step of the answer"));
    m_step->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_step->setMinimumContentsLength(18);
    m_step->setMaxVisibleItems(20);
    m_step->setPlaceholderText(tr("Choose a step"));
    m_step->hide();
    m_out = new IconButton(QStringLiteral("minus"), tr("Zoom out"), this);
    m_in = new IconButton(QStringLiteral("plus"), tr("Zoom in"), this);
    addLead(m_step);
    addControl(m_out);
    addControl(m_in);
    connect(m_step, &QComboBox::activated, this, &TimelinePanel::chooseStep);
    connect(m_out, &QToolButton::clicked, m_lanes, &TimelineChart::zoomOut);
    connect(m_in, &QToolButton::clicked, m_lanes, &TimelineChart::zoomIn);
    connect(m_lanes, &TimelineChart::currentSpanChanged, this, &TimelinePanel::update);
    connect(m_lanes, &TimelineChart::windowChanged, this, &TimelinePanel::update);
    connect(m_lanes, &TimelineChart::readoutChanged, this, &TimelinePanel::showHead);
    connect(steps, &StepTimelines::changed, this, [this](qint64 run) {
        if (run == this->trace()->current()) {
            update();
        }
    });
    connect(this, &QDockWidget::visibilityChanged, this, &TimelinePanel::timingWanted);
    connect(this, &PanelFrame::emptyActionTriggered, this, [this] {
        m_choice = {Choice::Recorded, 0};
        emit recordRequested();
    });
    setChart(m_lanes, m_rows);
}

void TimelinePanel::setModelLoaded(bool loaded) {
    if (loaded != m_loaded) {
        m_loaded = loaded;
        update();
    }
}

int TimelinePanel::tokenOf(const trace::StepTimeline& step) const {
    if (step.kind != trace::StepKind::Decode || trace()->tokenCount() == 0) {
        return -1;
    }
    const qint64 token = qint64{step.position} - trace()->token(0).position;
    const bool there =
        token >= 0 && token < trace()->tokenCount() && trace()->token(int(token)).position == step.position;
    return there ? int(token) : -1;
}

trace::StepTimelinePtr TimelinePanel::stepInView() const {
    const StepTimelines::Steps& kept = steps();
    if (m_choice.kind == Choice::Prefill && m_choice.index < kept.prefill.size()) {
        return kept.prefill.at(m_choice.index);
    }
    if (m_choice.kind == Choice::Recorded && kept.recorded != nullptr) {
        return kept.recorded;
    }
    const int token = selection()->state().token;
    if (token < 0 || token >= trace()->tokenCount()) {
        return !kept.decode.isEmpty()    ? kept.decode.last()
               : !kept.prefill.isEmpty() ? kept.prefill.last()
                                         : kept.recorded;
    }
    if (const auto step = kept.at(trace()->token(token).position)) {
        return step;
    }
    // A token comes a moment before its step.
    const bool newest = trace()->isLive() && token == trace()->tokenCount() - 1;
    return newest && !kept.decode.isEmpty() ? kept.decode.last() : nullptr;
}

QString TimelinePanel::titleOf(const trace::StepTimeline& step) const {
    if (step.kind == trace::StepKind::Prefill) {
        const auto& chunks = steps().prefill;
        const auto at = std::find_if(chunks.cbegin(), chunks.cend(),
                                     [&step](const trace::StepTimelinePtr& chunk) { return chunk.get() == &step; });
        return tr("Prefill chunk %1").arg(groupedText(at - chunks.cbegin() + 1));
    }
    if (&step == steps().recorded.get()) {
        return tr("Recorded step");
    }
    const int token = tokenOf(step);
    return token >= 0 ? tr("Decode step %1").arg(tokenNumber(token))
                      : tr("Decode step at position %1").arg(positionNumber(static_cast<int>(step.position)));
}

void TimelinePanel::refresh() {
    const SelectionState& selected = selection()->state();
    if (selected.run != m_seen.run || selected.token != m_seen.token) {
        m_choice = {};
        m_seen = selected;
    }
    m_step->setFont(theme().font(TextStyle::Small));
    m_step->setFixedHeight(scaledPx(24));
    const trace::StepTimelinePtr step = stepInView();
    fillSteps(step);
    m_rows->setStep(step);
    if (step == nullptr) {
        m_lanes->setStep(nullptr, -1, {}, {});
        showMissing();
    } else {
        Readout notes;
        if (const int token = tokenOf(*step); token >= 0) {
            notes.append({tokenLabel(trace()->token(token).text), ReadoutSpan::Mono});
        } else if (step->kind == trace::StepKind::Prefill) {
            notes.append({step->tokens == 1 ? tr("1 token") : tr("%1 tokens").arg(groupedText(step->tokens))});
        }
        notes.append({tr("position %1").arg(positionNumber(static_cast<int>(step->position)))});
        if (!step->timestamps) {
            notes.append({tr("this device has no timestamps, so only the host is shown"), ReadoutSpan::Warn});
        }
        if (steps().dropped > 0) {
            notes.append({tr("of an answer %1 decode steps and %2 chunks are kept")
                              .arg(StepTimelines::kDecodeKept)
                              .arg(StepTimelines::kPrefillKept)});
        }
        m_lanes->setStep(step, tokenOf(*step), titleOf(*step), notes);
        setEmpty({}, {});
    }
    showHead();
    m_in->setEnabled(step != nullptr);
    m_out->setEnabled(step != nullptr && !m_lanes->showsAll());
}

void TimelinePanel::fillSteps(const trace::StepTimelinePtr& shown) {
    if (m_step->view()->isVisible()) {
        return; // the user is choosing
    }
    const StepTimelines::Steps& kept = steps();
    QList<trace::StepTimelinePtr> listed = kept.prefill + kept.decode;
    if (kept.recorded != nullptr) {
        listed.append(kept.recorded);
    }
    const QSignalBlocker quiet(m_step);
    if (listed != m_listed) {
        m_listed = listed;
        m_step->clear();
        for (const trace::StepTimelinePtr& step : listed) {
            m_step->addItem(titleOf(*step));
        }
        m_step->setVisible(!listed.isEmpty());
    }
    m_step->setCurrentIndex(shown != nullptr ? int(listed.lastIndexOf(shown)) : -1);
}

void TimelinePanel::chooseStep(int item) {
    const trace::StepTimelinePtr step = m_listed.value(item);
    if (step == nullptr) {
        return;
    }
    m_choice = {};
    if (step == steps().recorded) {
        m_choice.kind = Choice::Recorded;
    } else if (step->kind == trace::StepKind::Prefill) {
        m_choice = {Choice::Prefill, int(steps().prefill.indexOf(step))};
    } else if (const int token = tokenOf(*step); token >= 0) {
        selection()->setFollowing(false);
        selection()->setToken(trace()->current(), token);
    }
    update();
}

void TimelinePanel::resizeEvent(QResizeEvent* event) {
    PanelFrame::resizeEvent(event);
    // As low as in the picture, lanes and legend need the height.
    m_lineShown = height() >= scaledPx(kHeightWithLine);
    setReadoutLine(m_lineShown);
    showHead();
}

void TimelinePanel::showHead() {
    const trace::StepTimelinePtr& step = m_lanes->step();
    if (step == nullptr) {
        setInfo({});
        return;
    }
    if (!m_lineShown && m_lanes->isOnSpan()) {
        setInfo(inOneLine(m_lanes->readout()));
        return;
    }
    const StepShares shares = StepShares::of(*step);
    Readout info = {{msText(step->total_us), ReadoutSpan::Strong}};
    if (step->timestamps) {
        info.append({tr(" · kernels cover %1 of the step").arg(partText(shares.part(shares.kernels()))),
                     ReadoutSpan::Plain, false});
    }
    info.append({tr(" · %1 dispatches").arg(groupedText(step->dispatches)), ReadoutSpan::Plain, false});
    if (!m_lineShown) { // what is not in the box at the left
        const Readout rest = m_lanes->readout().mid(1);
        if (!rest.isEmpty()) {
            info.append({QStringLiteral(" · "), ReadoutSpan::Plain, false});
        }
        info.append(inOneLine(rest));
    }
    setInfo(info);
}

void TimelinePanel::setCaptured(bool captured) {
    m_captured = captured;
    update();
}

void TimelinePanel::showMissing() {
    const StepTimelines::Steps& kept = steps();
    QString action = tr("Record a step");
    if (m_captured) {
        action.clear();
        setEmpty(tr("Not in this capture"),
                 kept.decode.isEmpty() ? tr("It was made without the times of its steps, and nothing is computed here.")
                                       : tr("It has no times of this step, and nothing is computed here."));
    } else if (!m_loaded) {
        action.clear();
        setEmpty(tr("No model loaded"), tr("Load a model and its steps are timed while this panel is in view."));
    } else if (trace()->isLive()) {
        action.clear();
        setEmpty(tr("No step yet"), tr("The next step of the answer appears here."));
    } else if (!kept.decode.isEmpty()) {
        const auto name = [this](const trace::StepTimelinePtr& step) {
            const int token = tokenOf(*step);
            return token >= 0 ? tokenNumber(token) : QStringLiteral("?");
        };
        const QString first = name(kept.decode.first());
        const QString last = name(kept.decode.last());
        setEmpty(tr("This step was not timed"),
                 first == last ? tr("Of this answer the step of token %1 is kept.").arg(first)
                               : tr("The steps of tokens %1–%2 of this answer are kept.").arg(first, last));
    } else if (trace()->tokenCount() > 0) {
        setEmpty(tr("Not timed"), tr("This answer was computed while the panel was hidden, or its times are no longer "
                                     "kept. “Record a step” times the next token; the chat does not get it."));
    } else {
        setEmpty(tr("No step yet"), tr("The steps of an answer are timed while this panel is in view. “Record a step” "
                                       "times one token; the chat does not get it."));
    }
    setEmptyAction(action, QStringLiteral("record"));
}

int TimelinePanel::selectedRow() const { return m_lanes->currentSpan(); }

void TimelinePanel::selectRow(int row) { m_lanes->setCurrentSpan(row); }

} // namespace moescope::ui
