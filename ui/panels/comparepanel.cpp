// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/comparepanel.h"

#include "ui/models/comparisontext.h"

namespace moescope::ui {

ComparePanel::ComparePanel(const QString& id, const QString& iconName, const QString& title, const QSize& least,
                           Comparison* comparison, QWidget* parent)
    : PanelFrame(id, iconName, title, least, parent), m_comparison(comparison), m_silent(new TraceModel(this)) {
    bind(m_silent, comparison->selection());
    connect(comparison, &Comparison::runsChanged, this, &ComparePanel::update);
    connect(comparison, &Comparison::pairChanged, this, &ComparePanel::update);
    connect(comparison, &Comparison::compared, this, &ComparePanel::update);
    connect(comparison, &Comparison::viewChanged, this, &ComparePanel::update);
    connect(this, &PanelFrame::emptyActionTriggered, this, &ComparePanel::addRunRequested);
}

bool ComparePanel::saysRunsMissing() {
    const auto runs = m_comparison->runs().size();
    const bool offers = m_offersAddRun && runs < 2 && m_comparison->isOpen();
    setEmptyAction(offers ? tr("Add run") : QString(), QStringLiteral("plus"));
    if (!m_comparison->isOpen()) {
        setEmpty(tr("No comparison"), tr("“Compare with…” below a message begins one."));
    } else if (runs == 0) {
        setEmpty(tr("No runs yet"), tr("Add two runs to see where they part."));
    } else if (runs == 1) {
        setEmpty(tr("One run so far"), tr("Add a second run to see where they part."));
    }
    return runs < 2;
}

bool ComparePanel::saysPairMissing() {
    if (saysRunsMissing()) {
        return true;
    }
    if (m_comparison->pair() != nullptr) {
        return false;
    }
    for (const Side side : {Side::A, Side::B}) {
        const RunView& of = *run(side);
        const QString name = side == Side::A ? tr("A") : tr("B");
        if (of.hasAnswer()) {
            continue;
        }
        if (of.phase == RunPhase::Done) {
            setEmpty(tr("No answer of run %1").arg(name), tr("It ended without a token."));
        } else if (of.phase == RunPhase::Failed) {
            setEmpty(tr("Run %1 failed").arg(name), of.error);
        } else if (of.phase == RunPhase::Cancelled) {
            setEmpty(tr("Run %1 was stopped").arg(name), tr("It has no answer to compare. Run again makes one."));
        } else {
            setEmpty(tr("Waiting for run %1").arg(name), tr("Run %1: %2.").arg(name, phaseText(of)));
        }
        return true;
    }
    setEmpty(tr("Comparing the answers"), tr("Their words and tokens are being aligned."));
    return true;
}

bool ComparePanel::saysRoutingMissing() {
    if (saysPairMissing()) {
        return true;
    }
    const RunComparison& pair = *m_comparison->pair();
    if (pair.routing) {
        return false;
    }
    if (pair.a->shape().isDense() || pair.b->shape().isDense()) {
        const TraceShape& dense = pair.a->shape().isDense() ? pair.a->shape() : pair.b->shape();
        setEmpty(tr("No router in this model"),
                 tr("%1 is dense: the same weights work on every token.").arg(dense.model));
    } else if (run(Side::A)->model_key != run(Side::B)->model_key) {
        const auto model = [this](Side side) {
            return QStringList{run(side)->model, run(side)->model_type}.join(u' ').trimmed();
        };
        setEmpty(tr("Two models"), tr("A is of %1 and B of %2: routing is compared where both are of one model.")
                                       .arg(model(Side::A), model(Side::B)));
    } else if (pair.pairs.empty()) {
        setEmpty(tr("No aligned tokens"), tr("The two answers have no token in common."));
    } else {
        setEmpty(tr("No routing recorded"), tr("No aligned token was recorded with its routing in both runs."));
    }
    return true;
}

} // namespace moescope::ui
