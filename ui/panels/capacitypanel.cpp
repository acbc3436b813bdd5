// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/capacitypanel.h"

#include "ui/panels/chartpaint.h"

#include <QComboBox>
#include <QDoubleSpinBox>

namespace moescope::ui {

CapacityPanel::CapacityPanel(TraceModel* trace, Selection* selection, QWidget* parent)
    : PanelFrame(QStringLiteral("capacity"), QStringLiteral("ban"), tr("What-if capacity"), {340, 200}, parent) {
    connect(trace, &TraceModel::currentChanged, this, [this] { m_counted = {}; }); // before it is counted again
    bind(trace, selection);
    m_bars = new CapacityChart(trace, selection, this);
    m_rows = new CapacityTable(this);
    m_factor = new QDoubleSpinBox(this);
    m_factor->setAccessibleName(tr("Capacity factor"));
    m_factor->setToolTip(tr("An expert takes at most factor × tokens × experts a token ÷ experts"));
    m_factor->setRange(0.05, 64);
    m_factor->setDecimals(2);
    m_factor->setSingleStep(0.25);
    m_factor->setValue(1);
    m_factor->setPrefix(tr("Capacity × "));
    m_rule = new QComboBox(this);
    m_rule->setAccessibleName(tr("Tokens without room"));
    m_rule->addItem(tr("Drop the rest"), int(CapacityRule::Drop));
    m_rule->addItem(tr("Recycle the rest"), int(CapacityRule::Recycle));
    addControl(m_factor);
    addControl(m_rule);
    connect(m_factor, &QDoubleSpinBox::valueChanged, this, [this] { refresh(); });
    connect(m_rule, &QComboBox::currentIndexChanged, this, [this] {
        refresh();
        emit probabilitiesWanted(isVisible() && rule() == CapacityRule::Recycle);
    });
    connect(this, &QDockWidget::visibilityChanged, this,
            [this](bool visible) { emit probabilitiesWanted(visible && rule() == CapacityRule::Recycle); });
    setChart(m_bars, m_rows);
}

void CapacityPanel::setFactor(double factor) { m_factor->setValue(factor); }

double CapacityPanel::factor() const { return m_factor->value(); }

void CapacityPanel::setRule(CapacityRule rule) { m_rule->setCurrentIndex(m_rule->findData(int(rule))); }

CapacityRule CapacityPanel::rule() const { return static_cast<CapacityRule>(m_rule->currentData().toInt()); }

void CapacityPanel::count() {
    const Counted now{trace()->current(), trace()->tokenCount(), factor(), rule()};
    if (now != m_counted) {
        m_counted = now;
        ++m_countings;
        const int used = trace()->shape().used;
        const QList<CapacityRow> rows = capacityRows(*trace(), now.factor, now.rule);
        m_bars->setRows(rows, used, now.rule);
        m_rows->setRows(rows, used);
    }
}

void CapacityPanel::refresh() {
    m_rule->setFont(theme().font(TextStyle::Small));
    m_factor->setFont(theme().font(TextStyle::Small));
    m_rule->setFixedHeight(scaledPx(24));
    m_factor->setFixedHeight(scaledPx(24));
    const TraceShape& shape = trace()->shape();
    if (shape.isValid() && shape.isDense()) {
        setEmpty(tr("No router in this model"),
                 tr("%1 is dense: the same weights work on every token.").arg(shape.model));
    } else if (!trace()->hasRouting()) {
        setEmpty(tr("No routing recorded"), tr("Send a message, and its answer is counted as one batch."));
    } else if (rule() == CapacityRule::Recycle && !canRecycle(*trace())) {
        setEmpty(tr("Nothing can be recycled"),
                 shape.used > 1 ? tr("Tokens are recycled where one expert answers each; here %1 do.").arg(shape.used)
                                : tr("This answer was kept without the probabilities of all experts. They are kept "
                                     "while this panel is open."));
    } else {
        setEmpty({}, {});
        count();
    }
}

void CapacityPanel::selectRow(int row) {
    if (row != selectedRow()) {
        selection()->setLayer(row);
    }
}

} // namespace moescope::ui
