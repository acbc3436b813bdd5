// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/layerstepper.h"

#include "ui/panels/chartpaint.h"
#include "ui/widgets/elidedlabel.h"
#include "ui/widgets/iconbutton.h"

#include <QHBoxLayout>
#include <QLabel>

namespace moescope::ui {

LayerStepper::LayerStepper(QWidget* parent) : QWidget(parent) {
    m_word = new ElidedLabel(tr("Layer"), TextStyle::Small, Color::TextMuted, this);
    m_previous = new IconButton(QStringLiteral("chevron-left"), tr("Previous layer"), this);
    m_layer = new QLabel(this);
    m_next = new IconButton(QStringLiteral("chevron-right"), tr("Next layer"), this);
    m_previous->setSmall(true);
    m_next->setSmall(true);
    m_layer->setAlignment(Qt::AlignCenter);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 4, 0);
    row->setSpacing(0);
    row->addWidget(m_word);
    row->addSpacing(4);
    row->addWidget(m_previous);
    row->addWidget(m_layer);
    row->addWidget(m_next);
    connect(m_previous, &QToolButton::clicked, this, [this] { emit stepped(-1); });
    connect(m_next, &QToolButton::clicked, this, [this] { emit stepped(1); });
}

void LayerStepper::setLayer(int layer, int layers) {
    m_number = layer;
    showNumber();
    m_layer->setFont(bold(theme().font(TextStyle::Mono)));
    m_layer->setMinimumWidth(scaledPx(20));
    m_layer->setAccessibleName(tr("Layer %1 of %2").arg(layer).arg(layers));
    m_previous->setEnabled(layer > 0);
    m_next->setEnabled(layer + 1 < layers);
}

void LayerStepper::setWordShown(bool shown) {
    m_word->setVisible(shown);
    showNumber();
}

void LayerStepper::showNumber() {
    const bool named = !m_word->isHidden();
    m_layer->setText(named ? QString::number(m_number) : QStringLiteral("L%1").arg(m_number));
}

} // namespace moescope::ui
