// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/chartview.h"

#include "ui/panels/chartpaint.h"

#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QScrollBar>
#include <QToolTip>

namespace moescope::ui {

ChartView::ChartView(TraceModel* trace, Selection* selection, QWidget* parent)
    : QAbstractScrollArea(parent), m_trace(trace), m_selection(selection) {
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setMinimumSize(0, 0);
    viewport()->setMouseTracking(true);
    viewport()->setAttribute(Qt::WA_OpaquePaintEvent);
    connect(trace, &TraceModel::currentChanged, this, &ChartView::invalidate);
    connect(trace, &TraceModel::appended, this, &ChartView::invalidate);
    connect(trace, &TraceModel::liveChanged, this, &ChartView::invalidate);
    connect(trace, &TraceModel::filterChanged, this, &ChartView::invalidate);
    connect(selection, &Selection::changed, this, &ChartView::selectionChanged);
}

QImage ChartView::toImage() {
    refresh();
    return viewport()->grab().toImage();
}

void ChartView::setWhatIf(WhatIf* whatIf) {
    m_whatIf = whatIf;
    connect(whatIf, &WhatIf::changed, this, [this] { whatIfChanged(); });
    whatIfChanged();
}

std::optional<trace::ExpertPlace> ChartView::expertToChange() const {
    const SelectionState& state = m_selection->state();
    const TraceShape& shape = m_trace->shape();
    const bool inside =
        state.layer >= 0 && state.layer < shape.layers && state.expert >= 0 && state.expert < shape.experts;
    if (!inside || m_whatIf == nullptr || !m_whatIf->refusal().isEmpty() || !m_whatIf->isAbout(shape)) {
        return std::nullopt;
    }
    return trace::ExpertPlace{static_cast<uint32_t>(state.layer), static_cast<uint32_t>(state.expert)};
}

bool ChartView::changeExpert(bool force) {
    const std::optional<trace::ExpertPlace> place = expertToChange();
    if (place && force) {
        m_whatIf->toggleForced(*place);
    } else if (place) {
        m_whatIf->toggleBanned(*place);
    }
    return place.has_value();
}

int ChartView::scroll() const {
    const QScrollBar* bar = verticalScrollBar();
    const int step = std::max(1, bar->singleStep());
    return std::min(bar->maximum(), (bar->value() + step / 2) / step * step);
}

void ChartView::setScroll(int value) { verticalScrollBar()->setValue(value); }

void ChartView::setScrollRange(int maximum, int page, int step) {
    verticalScrollBar()->setRange(0, maximum);
    verticalScrollBar()->setPageStep(page);
    verticalScrollBar()->setSingleStep(step);
}

bool ChartView::isSeen() const { return isVisible() && !viewport()->visibleRegion().isEmpty(); }

void ChartView::invalidate() {
    m_dirty = true;
    if (isSeen()) {
        refresh();
    }
}

void ChartView::refresh() {
    if (m_dirty) {
        m_dirty = false;
        ++m_syncs;
        sync();
        if (m_reveal) {
            m_reveal = false;
            revealSelection();
        }
    }
    viewport()->update();
    announce();
}

void ChartView::announce() {
    emit readoutChanged();
    setAccessibleDescription(readoutText(readout()));
}

void ChartView::selectionChanged() {
    m_dirty = true;
    m_reveal = true;
    if (isSeen()) {
        refresh();
    }
}

void ChartView::choose(const SelectionState& state) {
    m_selection->setFollowing(false);
    m_selection->set(state);
}

void ChartView::chooseToken(int token) {
    if (token >= 0 && token < m_trace->tokenCount()) {
        m_selection->setFollowing(false);
        m_selection->setToken(token);
    }
}

void ChartView::chooseLayer(int layer) {
    if (layer >= 0 && layer < m_trace->shape().layers) {
        m_selection->setLayer(layer);
    }
}

QString ChartView::expertFilter() const {
    const SelectionState& state = m_selection->state();
    return isFiltering() && state.layer >= 0 && state.expert >= 0
               ? QStringLiteral("layer == %1 && expert == %2").arg(state.layer).arg(state.expert)
               : QString();
}

void ChartView::filterToExpert() {
    if (!isFiltering()) {
        return;
    }
    const QString line = expertFilter();
    const auto filter = Filter::parse(line == m_trace->filter().line() ? QString() : line);
    m_trace->setFilter(std::get<Filter>(filter));
}

int ChartView::layerInView() const { return std::max(0, m_selection->state().layer); }

int ChartView::newestToken() const { return m_trace->isLive() ? m_trace->tokenCount() - 1 : -1; }

bool ChartView::event(QEvent* event) {
    if (event->type() == QEvent::ShortcutOverride) {
        // Single letters and Ctrl+C belong to the chart that has the focus, not to the window's actions.
        const auto* key = static_cast<QKeyEvent*>(event);
        const bool plain = key->modifiers() == Qt::NoModifier;
        const bool ban = key->key() == Qt::Key_B && (plain || key->modifiers() == Qt::ShiftModifier);
        const bool copy = key->key() == Qt::Key_C && key->modifiers().testFlag(Qt::ControlModifier);
        if (copy || ban ||
            (plain && (key->key() == Qt::Key_T || key->key() == Qt::Key_Space || key->key() == Qt::Key_F ||
                       key->key() == Qt::Key_BracketLeft || key->key() == Qt::Key_BracketRight))) {
            event->accept();
            return true;
        }
    }
    return QAbstractScrollArea::event(event);
}

bool ChartView::viewportEvent(QEvent* event) {
    if (event->type() == QEvent::Leave) {
        if (hover(nullptr)) {
            viewport()->update();
            announce();
        }
    } else if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const QString tip = tipAt(help->pos());
        if (tip.isEmpty()) {
            QToolTip::hideText();
        } else {
            QToolTip::showText(help->globalPos(), tip, viewport());
        }
        return true;
    }
    return QAbstractScrollArea::viewportEvent(event);
}

void ChartView::paintEvent(QPaintEvent*) {
    if (m_dirty) {
        refresh(); // it was behind another tab
    }
    QPainter painter(viewport());
    painter.fillRect(viewport()->rect(), theme().color(Color::Panel));
    paintChart(painter);
    if (m_focusRing) {
        paintFrame(painter, viewport()->rect(), theme().color(Color::AccentText), 2);
    }
}

void ChartView::resizeEvent(QResizeEvent* event) {
    QAbstractScrollArea::resizeEvent(event);
    m_reveal = true;
    invalidate();
}

void ChartView::showEvent(QShowEvent* event) {
    QAbstractScrollArea::showEvent(event);
    if (isSeen()) {
        refresh();
    }
}

void ChartView::hideEvent(QHideEvent* event) {
    QAbstractScrollArea::hideEvent(event);
    hover(nullptr); // the readout goes on under the table
}

void ChartView::changeEvent(QEvent* event) {
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange ||
        event->type() == QEvent::StyleChange) {
        invalidate();
    }
}

void ChartView::mouseMoveEvent(QMouseEvent* event) {
    const QPoint at = event->pos();
    if (hover(&at)) {
        viewport()->update();
        announce();
    }
}

void ChartView::mousePressEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton) {
        click(event->pos());
    }
}

void ChartView::mouseDoubleClickEvent(QMouseEvent* event) {
    // The first of the two clicks selected what is under the pointer.
    if (event->button() == Qt::LeftButton && !openDetail()) {
        click(event->pos());
    }
}

bool ChartView::openCard() {
    const SelectionState& state = m_selection->state();
    const bool some = state.layer >= 0 && state.expert >= 0 && state.expert < m_trace->shape().experts;
    if (some) {
        emit cardRequested();
    }
    return some;
}

void ChartView::keyPressEvent(QKeyEvent* event) {
    const bool control = event->modifiers().testFlag(Qt::ControlModifier);
    const bool shift = event->modifiers().testFlag(Qt::ShiftModifier);
    const bool alone = event->key() == Qt::Key_Control || event->key() == Qt::Key_Shift ||
                       event->key() == Qt::Key_Alt || event->key() == Qt::Key_Meta;
    if (!alone && !control &&
        hover(nullptr)) { // what the keys choose is what the readout tells of, until the pointer moves
        viewport()->update();
        announce();
    }
    if (control) {
        if (event->key() == Qt::Key_C) {
            emit(shift ? copyImageRequested() : copyTableRequested());
            return;
        }
    } else {
        const int token = m_selection->state().token;
        switch (event->key()) {
        case Qt::Key_T: emit twinRequested(); return;
        case Qt::Key_F: filterToExpert(); return;
        case Qt::Key_Space: m_selection->setFollowing(!m_selection->isFollowing()); return;
        case Qt::Key_Return:
        case Qt::Key_Enter:
            if (openDetail()) {
                return;
            }
            break;
        case Qt::Key_BracketLeft: chooseLayer(layerInView() - 1); return;
        case Qt::Key_BracketRight: chooseLayer(layerInView() + 1); return;
        case Qt::Key_B:
            if (changeExpert(shift)) {
                return;
            }
            if (showsExperts() && m_whatIf != nullptr) {
                emit refused(
                    !m_whatIf->refusal().isEmpty() ? m_whatIf->refusal()
                    : m_whatIf->isAbout(m_trace->shape())
                        ? tr("No expert is selected that could be banned or forced.")
                        : tr("Only experts of the loaded model can be banned or forced, and this answer is not "
                             "of that model."));
                return;
            }
            break;
        default: break;
        }
        if (useKey(event)) {
            return;
        }
        if (event->key() == Qt::Key_PageUp || event->key() == Qt::Key_PageDown) {
            const int step = event->key() == Qt::Key_PageUp ? -1 : 1;
            chooseToken(token < 0 ? 0 : token + step);
            return;
        }
    }
    if (control && useKey(event)) {
        return;
    }
    event->ignore(); // the window's keys go on to it
}

void ChartView::contextMenuEvent(QContextMenuEvent* event) {
    if (event->reason() == QContextMenuEvent::Mouse) {
        click(event->pos()); // the menu is about the mark under the pointer
    }
    emit menuRequested(event->reason() == QContextMenuEvent::Mouse ? event->globalPos() : mapToGlobal(rect().center()));
}

void ChartView::focusInEvent(QFocusEvent* event) {
    const Qt::FocusReason reason = event->reason();
    m_focusRing = reason == Qt::TabFocusReason || reason == Qt::BacktabFocusReason ||
                  reason == Qt::ShortcutFocusReason || reason == Qt::OtherFocusReason;
    QAbstractScrollArea::focusInEvent(event);
    viewport()->update();
}

void ChartView::focusOutEvent(QFocusEvent* event) {
    m_focusRing = false;
    QAbstractScrollArea::focusOutEvent(event);
    viewport()->update();
}

} // namespace moescope::ui
