// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/whatifpanel.h"

#include "ui/panels/chartpaint.h"
#include "ui/widgets/iconbutton.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QKeyEvent>
#include <QPushButton>
#include <QTimer>

namespace moescope::ui {

WhatIfPanel::WhatIfPanel(TraceModel* trace, Selection* selection, QWidget* parent)
    : PanelFrame(QStringLiteral("what-if"), QStringLiteral("compare"), tr("What-if diff"), {420, 200}, parent) {
    bind(trace, selection);
    m_diff = new WhatIfDiff(this);
    m_chart = new DiffChart(trace, selection, m_diff, this);
    m_rows = new WhatIfDiffTable(m_diff, this);
    m_compute = new QPushButton(this);
    m_compute->setProperty("small", true);
    m_compute->setAccessibleName(tr("Compute KL by token"));
    m_copy = new IconButton(QStringLiteral("copy"), tr("Copy seed and sampling"), this);
    m_copy->setSmall(true);
    connect(m_copy, &QToolButton::clicked, this,
            [this] { QGuiApplication::clipboard()->setText(wholeSamplingText(*m_sampling)); });
    addControl(m_copy);
    addControl(m_compute);
    connect(m_compute, &QPushButton::clicked, this, [this] {
        if (m_computing) {
            emit divergenceCancelled();
        } else {
            emit divergenceRequested();
        }
    });
    connect(this, &QDockWidget::visibilityChanged, this, &WhatIfPanel::wantedChanged);
    connect(this, &PanelFrame::emptyActionTriggered, this, &WhatIfPanel::untouchedRequested);
    connect(m_diff, &WhatIfDiff::divergenceChanged, this, [this] { refresh(); });
    setChart(m_chart, m_rows);
}

bool WhatIfPanel::isInView() const {
    // Qt keeps a dock behind another tab visible, but outside its parent.
    const bool inside = isWindow() || parentWidget() == nullptr || geometry().intersects(parentWidget()->rect());
    return isVisible() && inside;
}

void WhatIfPanel::setState(State state) {
    m_state = state;
    if (state != State::Ready) {
        m_sampling.reset();
        m_computing = false;
        m_diff->clear();
    }
    refresh();
}

void WhatIfPanel::setSides(const DiffSide& untouched, const DiffSide& whatIf, const QString& recipe) {
    m_state = State::Ready;
    m_computing = false;
    m_diff->setSides(untouched, whatIf, recipe);
    refresh();
    m_chart->showParting();
}

void WhatIfPanel::setSampling(const std::optional<SamplingView>& sampling) {
    m_sampling = sampling;
    refresh();
}

void WhatIfPanel::setProgress(quint64 done, quint64 total) {
    m_computing = true;
    m_read = done;
    m_toRead = total;
    refresh();
}

void WhatIfPanel::setDivergence(const QList<trace::TokenDivergence>& divergence) {
    m_computing = false;
    m_diff->setDivergence(divergence);
}

void WhatIfPanel::keyPressEvent(QKeyEvent* event) {
    if (m_computing && event->key() == Qt::Key_Escape) {
        emit divergenceCancelled();
        return;
    }
    PanelFrame::keyPressEvent(event);
}

void WhatIfPanel::refresh() {
    m_rows->setLayer(std::max(0, selection()->state().layer));
    const bool ready = m_state == State::Ready && !m_diff->rows().isEmpty();
    const bool computable = ready && !m_diff->hasDivergence();
    if (!computable && m_compute->hasFocus()) { // on to what it led to, not to the button beside it
        focusTarget()->setFocus(Qt::OtherFocusReason);
    }
    m_compute->setVisible(computable);
    m_compute->setText(m_computing ? tr("Stop") : tr("Compute KL"));
    m_compute->setToolTip(m_computing
                              ? tr("Stop computing KL by token (Esc)")
                              : tr("Runs both over the untouched answer A once more and compares what they "
                                   "expect at each of its tokens: KL(A || B) = Σ p(A) log₂ (p(A) ÷ p(B)) over the "
                                   "whole vocabulary, in bits."));
    m_copy->setVisible(ready && m_sampling);
    m_copy->setToolTip(m_sampling ? tr("Copy “%1”").arg(wholeSamplingText(*m_sampling)) : QString());
    if (!m_computing) {
        setInfo(ready && m_sampling && m_sampling->seed ? Readout{{tr("both with seed %1").arg(*m_sampling->seed)}}
                                                        : Readout());
    } else if (m_toRead == 0) {
        setInfo({{tr("reading")}});
    } else {
        setInfo({{tr("read %1 of %2 tokens")
                      .arg(groupedText(static_cast<qint64>(m_read)), groupedText(static_cast<qint64>(m_toRead)))}});
    }
    setEmptyAction(m_state == State::Alone ? tr("Run untouched") : QString(), QStringLiteral("regenerate"));
    switch (m_state) {
    case State::None:
        setEmpty(tr("No what-if to compare"),
                 tr("B bans the selected expert and Shift+B forces it. Re-run then shows here what that changes."));
        break;
    case State::Captured:
        setEmpty(tr("Not in a capture"), tr("A capture holds one answer. With its untouched version, or one with a "
                                            "what-if, it is compared in the chat that it is of."));
        break;
    case State::Alone:
        setEmpty(tr("No untouched answer"),
                 tr("This answer has no version with the same seed and sampling and without a what-if."));
        break;
    case State::Running:
        setEmpty(tr("The answer is being made"), tr("The two answers are compared when it is whole."));
        break;
    case State::Reading: setEmpty(tr("Reading the other answer"), {}); break;
    case State::Ready:
        if (ready) {
            setEmpty({}, {});
        } else {
            setEmpty(tr("No tokens"), tr("These answers were kept without their tokens."));
        }
        break;
    }
}

void WhatIfPanel::selectRow(int row) {
    if (row != selectedRow()) {
        m_chart->setRow(row);
    }
}

} // namespace moescope::ui
