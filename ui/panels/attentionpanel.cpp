// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/attentionpanel.h"

#include "ui/models/tokentext.h"
#include "ui/panels/chartpaint.h"
#include "ui/widgets/iconbutton.h"

#include <QComboBox>
#include <QSignalBlocker>

namespace moescope::ui {

AttentionPanel::AttentionPanel(TraceModel* trace, Selection* selection, QWidget* parent)
    : PanelFrame(QStringLiteral("attention"), QStringLiteral("target"), tr("Attention"), {380, 200}, parent) {
    bind(trace, selection);
    m_heads = new AttentionChart(trace, selection, this);
    m_rows = new AttentionTable(this);
    m_back = new IconButton(QStringLiteral("chevron-left"), tr("All heads"), this);
    m_back->setSmall(true);
    m_back->setVisible(false);
    m_layer = new QComboBox(this);
    m_layer->setAccessibleName(tr("Layer"));
    addControl(m_back);
    addControl(m_layer);
    connect(m_back, &QToolButton::clicked, m_heads, [this] { m_heads->openHead(-1); });
    connect(m_layer, &QComboBox::currentIndexChanged, this, &AttentionPanel::chooseLayer);
    connect(m_heads, &AttentionChart::headOpened, this, &AttentionPanel::headOpened);
    connect(this, &PanelFrame::emptyActionTriggered, this, &AttentionPanel::readingWanted);
    setChart(m_heads, m_rows);
}

void AttentionPanel::setModel(int layers, const TraceShape& shape) {
    m_model = shape;
    m_wish = {};
    fill({});
    const QSignalBlocker silent(m_layer);
    m_layer->clear();
    for (int layer = 0; layer < layers; ++layer) {
        m_layer->addItem(tr("Layer %1").arg(layer));
    }
    m_selectedLayer = -1;
    refresh();
}

void AttentionPanel::chooseLayer(int layer) {
    const int routed = layer - m_model.first_block;
    if (routed >= 0 && routed < trace()->shape().layers && trace()->shape().routesLike(m_model)) {
        m_selectedLayer = routed;
        selection()->setLayer(routed); // every panel follows, this one too
    }
    refresh();
}

bool AttentionPanel::canBeSeen() const { return isVisible() && !visibleRegion().isEmpty(); }

AttentionPanel::Wish AttentionPanel::wishNow() {
    const SelectionState& state = selection()->state();
    if (state.layer >= 0 && state.layer != m_selectedLayer) {
        m_selectedLayer = state.layer;
        const QSignalBlocker silent(m_layer);
        m_layer->setCurrentIndex(std::min(m_model.first_block + state.layer, m_layer->count() - 1));
    }
    if (state.token < 0 || state.token >= trace()->tokenCount()) {
        return {};
    }
    return {trace()->current(), int(trace()->token(state.token).position), m_layer->currentIndex()};
}

void AttentionPanel::refresh() {
    if (!canBeSeen()) {
        return;
    }
    m_layer->setFont(theme().font(TextStyle::Small));
    m_layer->setFixedHeight(scaledPx(24));
    m_layer->setEnabled(m_layer->count() > 0);
    const Wish wish = wishNow();
    if (wish != m_wish) {
        m_wish = wish;
        m_missingTitle.clear();
        if (wish.isSet()) {
            emit wanted(wish);
        }
    }
    // What is shown stays until what was asked for is there, and says so.
    const bool current = m_heads->state().position() == wish.position && m_heads->state().layer() == wish.layer;
    if (wish.isSet() && current) {
        const int token = selection()->state().token;
        setInfo({{tr("from token %1 ").arg(tokenNumber(token))},
                 {tokenLabel(trace()->token(token).text), ReadoutSpan::Mono, false}});
    } else {
        setInfo(wish.isSet() && m_missingTitle.isEmpty() ? Readout{{tr("computing")}} : Readout());
    }
    const bool missing = m_layer->count() > 0 && wish.isSet() && !m_missingTitle.isEmpty();
    setEmptyAction(missing && m_readable ? tr("Read it again") : QString(), QStringLiteral("play"));
    if (m_layer->count() == 0) {
        setEmpty(tr("No model loaded"), tr("Attention is computed by the model that gave the answer."));
    } else if (!wish.isSet() && trace()->isReadingPrompt()) {
        setEmpty(tr("Reading the prompt"), tr("Tokens can be chosen from the first one on."));
    } else if (!wish.isSet()) {
        setEmpty(tr("No token selected"), tr("Click a word of an answer, or press Ctrl+Right."));
    } else if (!m_missingTitle.isEmpty()) {
        setEmpty(m_missingTitle, m_missing);
    } else if (m_heads->state().isEmpty()) {
        setEmpty(tr("Computing"), tr("The token goes through the layers once more."));
    } else {
        setEmpty({}, {});
    }
}

void AttentionPanel::fill(const AttentionState& state) {
    m_heads->setState(state);
    m_rows->setState(state, m_heads->openedHead());
}

void AttentionPanel::setAttention(const Wish& wish, const AttentionState& state) {
    if (wish == m_wish) {
        m_missingTitle.clear();
        fill(state);
        refresh();
    }
}

void AttentionPanel::setMissing(const Wish& wish, const QString& title, const QString& sentence, bool readable) {
    if (wish == m_wish) {
        m_readable = readable;
        m_missingTitle = title;
        m_missing = sentence;
        fill({});
        refresh();
    }
}

void AttentionPanel::askAgain() {
    if (!m_missingTitle.isEmpty() || m_heads->state().isEmpty()) {
        m_wish = {};
        refresh();
    }
}

void AttentionPanel::headOpened(int head) {
    m_back->setVisible(head >= 0);
    m_rows->setState(m_heads->state(), head);
}

int AttentionPanel::selectedRow() const {
    return m_heads->openedHead() < 0 && !m_heads->state().isEmpty() ? m_heads->head() : -1;
}

void AttentionPanel::selectRow(int row) {
    if (m_heads->openedHead() < 0) {
        m_heads->setHead(row);
    }
}

} // namespace moescope::ui
